//! Which columns and fields are there under another name.
//!
//! Hints: old present and new absent is a rename; both present is ambiguous, unless the old name is declared in its own
//! right; only the new, or neither, is inert. Where both sides carry column ids of one table, ids decide.
//! Chains (`a → b`, `b → c`) run from their free end. A trade of names can't be told from its result by name and is a
//! fault of the declaration.

use std::collections::BTreeSet;

use super::{Difference, TableDiff};
use crate::action::Action;
use crate::model::{DataType, DesiredTable, Field, Identifier, ObservedTable, Path, Step};

pub(super) fn diff_names(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    let by_id = desired.origin.as_deref() == Some(observed.table_id.as_str());
    if desired.renames.is_empty() && !by_id {
        return;
    }
    let wanted: Vec<&Field> = desired.columns.iter().map(|column| &column.field).collect();
    let there: Vec<&Field> = observed.columns.iter().map(|column| &column.field).collect();
    Names { desired, by_id, diff }.level(&Path::table(), &wanted, &there);
}

struct Names<'d> {
    desired: &'d DesiredTable,
    by_id: bool,
    diff: &'d mut TableDiff,
}

/// A column that is there as `source` and is declared as `target`.
struct Pending<'f> {
    source: &'f Field,
    target: &'f Field,
    by_id: bool,
}

impl Names<'_> {
    fn level(&mut self, parent: &Path, wanted: &[&Field], there: &[&Field]) {
        // A column that a declared id names is that one, whatever hints say.
        let mut claimed: BTreeSet<u32> = wanted.iter().filter_map(|target| target.metadata.column_id()).collect();
        if !self.by_id {
            claimed.clear();
        }
        let mut pending: Vec<Pending<'_>> =
            wanted.iter().filter_map(|target| self.pending(parent, target, there, &claimed)).collect();
        let mut names: BTreeSet<&Identifier> = there.iter().map(|field| &field.name).collect();
        let mut renamed: Vec<(&Field, &Field)> = Vec::new();
        while let Some(ready) = pending.iter().position(|rename| !names.contains(&rename.target.name)) {
            let rename = pending.remove(ready);
            names.remove(&rename.source.name);
            names.insert(&rename.target.name);
            self.diff
                .actions
                .push(Action::RenameColumn { path: parent.field(&rename.source.name), to: rename.target.name.clone() });
            renamed.push((rename.target, rename.source));
        }
        for stuck in pending {
            let path = parent.field(&stuck.target.name);
            let source = stuck.source.name.clone();
            if stuck.by_id {
                self.diff.differences.push(Difference::RenameCycle { path, source });
            } else if !wanted.iter().any(|field| field.name == source) {
                self.diff.differences.push(Difference::AmbiguousRename { path, source });
            }
        }
        for target in wanted {
            let partner =
                renamed.iter().find(|(declared, _)| std::ptr::eq(*declared, *target)).map(|(_, source)| *source);
            let free = |field: &&&Field| !renamed.iter().any(|(_, source)| std::ptr::eq(*source, **field));
            let same_name = || there.iter().filter(free).find(|field| field.name == target.name).copied();
            if let Some(partner) = partner.or_else(same_name) {
                self.below(&parent.field(&target.name), &target.data_type, &partner.data_type);
            }
        }
    }

    fn pending<'f>(
        &self,
        parent: &Path,
        target: &'f Field,
        there: &[&'f Field],
        claimed: &BTreeSet<u32>,
    ) -> Option<Pending<'f>> {
        if let Some(id) = target.metadata.column_id().filter(|_| self.by_id) {
            let source = there.iter().find(|field| field.metadata.column_id() == Some(id))?;
            return (source.name != target.name).then_some(Pending { source, target, by_id: true });
        }
        let hints = self.desired.renames.get(&parent.field(&target.name))?;
        let free = |field: &&&Field| field.metadata.column_id().is_none_or(|id| !claimed.contains(&id));
        let source = hints.iter().find_map(|hint| there.iter().filter(free).find(|field| field.name == *hint))?;
        Some(Pending { source, target, by_id: false })
    }

    fn below(&mut self, path: &Path, wanted: &DataType, there: &DataType) {
        if let Some((wanted, there)) = wanted.as_struct().zip(there.as_struct()) {
            self.level(path, &wanted.iter().collect::<Vec<_>>(), &there.iter().collect::<Vec<_>>());
        } else if let Some((wanted, there)) = wanted.as_array().zip(there.as_array()) {
            self.below(&path.join(Step::Element), &wanted.element, &there.element);
        } else if let Some((wanted, there)) = wanted.as_map().zip(there.as_map()) {
            self.below(&path.join(Step::Key), &wanted.key, &there.key);
            self.below(&path.join(Step::Value), &wanted.value, &there.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::draft::FieldDraft;
    use crate::rules::testing::{Sketch, table};
    use crate::simulate::simulate;

    /// Expects these actions, renames as `path to name`, and nothing to be left after them.
    fn check(desired: &DesiredTable, observed: ObservedTable, expected: &[&str]) {
        let found = diff(desired, Some(&observed));
        let shown = found.actions.iter().map(|action| {
            let path = action.subject(&desired.name).path;
            if let Action::RenameColumn { path, to } = action {
                format!("{path} to {to}")
            } else {
                format!("{} {path}", action.kind())
            }
        });
        assert_eq!(
            (shown.collect::<Vec<_>>(), found.differences),
            (expected.iter().map(|text| (*text).to_owned()).collect(), vec![])
        );
        let after = simulate(Some(observed), &found.actions, "").unwrap();
        assert_eq!(diff(desired, Some(&after)).actions, []);
    }

    /// The first column's field of this path was called so before.
    fn formerly(desired: Sketch, path: &str, name: &str) -> Sketch {
        let field = FieldDraft { path: path.to_owned(), renamed_from: vec![name.to_owned()], ..FieldDraft::default() };
        desired.with(|draft| draft.columns[0].fields.push(field))
    }

    #[test]
    fn fields_are_renamed_wherever_they_are() {
        for (of, parent) in [
            ("struct<NAME: int, z: int>", ""),
            ("struct<z: int, s: struct<NAME: int>>", "s."),
            ("array<struct<NAME: int>>", "element."),
            ("map<struct<NAME: int>, int>", "key."),
            ("map<int, struct<NAME: int>>", "value."),
        ] {
            let with = |name: &str| table(&format!("a: {}, b: int", of.replace("NAME", name))).mapped();
            let desired = formerly(with("y"), &format!("{parent}y"), "x");
            check(&desired.declared(), with("x").there(), &[&format!("a.{parent}x to y")]);
        }
    }

    #[test]
    fn a_field_is_renamed_after_the_column_around_it() {
        let desired = formerly(table("t: struct<y: int>").renamed("t", "s"), "y", "x");
        let observed = table("s: struct<x: int>").mapped();
        check(&desired.declared(), observed.there(), &["s to t", "t.x to y"]);
    }

    #[test]
    fn fields_go_with_their_column_and_not_with_its_name() {
        let desired = formerly(table("a: struct<y: int>, b: struct<x: int>").renamed("b", "a"), "y", "x").mapped();
        let observed = table("a: struct<x: int>").mapped();
        check(&desired.declared(), observed.there(), &["a to b", "add_column a"]);
    }

    #[test]
    fn chains_of_names_run_from_their_free_end() {
        let desired = table("b: int, c: int").renamed("b", "a").renamed("c", "b");
        check(&desired.declared(), table("a: int, b: int").mapped().there(), &["b to c", "a to b"]);
    }

    #[test]
    fn ids_name_a_column_whatever_it_is_called() {
        let observed = table("a: int, s: struct<x: int>").mapped().there();
        let mut desired = table("a: int, s: struct<x: int>").mapped().declared();
        desired.origin = Some(observed.table_id.clone());
        desired.columns = observed.columns.clone();
        check(&desired, observed.clone(), &[]);
        desired.columns[0].field.name = "s".into();
        desired.columns[1].field.name = "t".into();
        check(&desired, observed.clone(), &["s to t", "a to s"]);
        // Of another table they say nothing: the names do.
        desired.origin = Some("another".to_owned());
        desired.columns[1].field.name = "a".into();
        desired.columns.reverse();
        desired.columns[0].field.data_type = "int".parse().unwrap();
        desired.columns[1].field.data_type = observed.columns[1].field.data_type.clone();
        check(&desired, observed, &[]);
    }
}
