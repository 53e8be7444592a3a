//! Declarations of one table before and after a change, without what a bare log or OSS Spark has no place for.
//!
//! The edits take turns, so that a small number of changes hits every kind of edit. What only one of the two can do comes up
//! now and then (NOT NULL on a column that is there), and is for the other to refuse.

use delta_engine_schema::model::DataType;

use crate::declaration::{Declaration, Kind, LayoutSpec, Node};
use crate::edit::{Editor, TURNS};
use crate::rng::Rng;
use crate::table::{Taste, declaration};
use crate::words::SWITCHES;

/// Edits in turn of one change.
const EDITS: usize = 4;

/// A declaration, and the same after at least four edits.
#[derive(Debug, Clone)]
pub struct Changed {
    /// What is declared first.
    pub before: Declaration,
    /// What is declared then.
    pub after: Declaration,
}

/// The change whose turn it is, of a table of this name.
pub fn changed(rng: &mut Rng, turn: usize, name: &str) -> Changed {
    loop {
        if let Some(changed) = attempt(rng, turn, name) {
            return changed;
        }
    }
}

/// None where the declaration has nothing that the edits of this turn could change.
fn attempt(rng: &mut Rng, turn: usize, name: &str) -> Option<Changed> {
    let mut before = declaration(rng, Taste::Legal).ok()?;
    name.clone_into(&mut before.name);
    if rng.chance(20) {
        let (key, value) = *rng.pick(SWITCHES)?;
        before.set_property(key, Some(value));
    }
    restrict(&mut before);
    before.draft().check().ok()?;
    let mut after = before.clone();
    let mut editor = Editor::new(Rng::new(rng.bits()), &before);
    for step in 0..EDITS {
        editor.edit_in_turn(&mut after, (turn * EDITS + step) % TURNS)?;
        restrict(&mut after);
    }
    if rng.chance(25) {
        editor.edit(&mut after, 2);
    }
    restrict(&mut after);
    after.draft().check().ok()?;
    Some(Changed { before, after })
}

/// Takes out what a log or OSS Spark can't hold, or a server can't be told of a new table.
fn restrict(declaration: &mut Declaration) {
    declaration.columns.iter_mut().for_each(|node| restrict_node(node, false));
    if matches!(declaration.layout, LayoutSpec::Auto) {
        declaration.layout = LayoutSpec::Flat;
    }
    // OSS Delta knows neither the key nor the other level.
    let is_foreign = |key: &str, value: Option<&str>| {
        key == "delta.parquet.compression.codec"
            || key == "delta.isolationLevel" && value.is_some_and(|value| !value.eq_ignore_ascii_case("Serializable"))
    };
    declaration.properties.retain(|(key, value)| !is_foreign(key, value.as_deref()));
}

fn restrict_node(node: &mut Node, in_collection: bool) {
    node.nullable |= in_collection;
    restrict_kind(&mut node.kind, in_collection);
}

fn restrict_kind(kind: &mut Kind, in_collection: bool) {
    match kind {
        Kind::Leaf(leaf @ (DataType::Opaque(_) | DataType::String(Some(_)))) => *leaf = DataType::STRING,
        Kind::Leaf(_) => {}
        Kind::Struct(fields) => fields.iter_mut().for_each(|field| restrict_node(field, in_collection)),
        Kind::Array(element, nullable) => {
            *nullable = true;
            restrict_kind(element, true);
        }
        Kind::Map(key, value, nullable) => {
            *nullable = true;
            restrict_kind(key, true);
            restrict_kind(value, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use delta_engine_schema::model::{Aspect, Path};
    use delta_engine_schema::{Action, diff, simulate};

    use super::*;

    #[test]
    fn few_changes_hit_every_kind_of_action_that_a_log_and_a_server_know() {
        let mut rng = Rng::new(1);
        let mut hits: BTreeMap<&str, usize> = BTreeMap::new();
        for turn in 0..40 {
            let Changed { before, after } = changed(&mut rng, turn, "s.t");
            let create = Action::CreateTable { table: Box::new(before.draft().check().unwrap()) };
            let mut table = simulate(None, &[create], "id").unwrap();
            for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
                table.unknown.insert(aspect, Path::table());
            }
            let actions = diff(&after.draft().check().unwrap(), Some(&table)).actions;
            actions.iter().for_each(|action| *hits.entry(action.kind()).or_default() += 1);
        }
        let rare: Vec<_> = hits.iter().filter(|(kind, count)| **kind != "set_column_not_null" && **count < 7).collect();
        assert!(hits.len() >= 16 && rare.is_empty(), "{rare:?} of {hits:?}");
    }
}
