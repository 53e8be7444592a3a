//! A new table as the statements make it: first the table, then what CREATE TABLE can't say.

use std::collections::BTreeMap;

use delta_engine_schema::model::{Column, DesiredTable, Feature, Path, Tags};
use delta_engine_schema::{Action, Change};

use crate::dialect::Dialect;

/// A smallest action of a plan, and features that come with it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Index of the planned action that it is, or is a part of.
    pub(crate) index: usize,
    /// What is done.
    pub(crate) action: Action,
    /// Features that its statement brings along, each with the index of the planned action it belongs to.
    pub(crate) along: Vec<(usize, Action)>,
}

/// The actions, with the creation of a table cut into what its statements do; without what the server has no place for.
pub(crate) fn unfold(dialect: Dialect, actions: &[Action]) -> Vec<Part> {
    let part = |index: usize, action: Action| Part { index, action, along: Vec::new() };
    let mut parts = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let Action::CreateTable { table: desired } = action else {
            parts.push(part(index, action.clone()));
            continue;
        };
        parts.push(part(index, Action::CreateTable { table: Box::new(bare(desired)) }));
        let mut following: Vec<Part> =
            following(dialect, desired).into_iter().map(|action| part(index, action)).collect();
        // As a plan of what is left would have them, if the next statement fails.
        following.sort_by_key(|part| part.action.phase());
        let first_check = following.iter_mut().find(|part| matches!(part.action, Action::AddCheck { .. }));
        if let Some(first) = first_check.filter(|_| !desired.features.contains(&Feature::CheckConstraints)) {
            first.along.push((index, Action::EnableFeature { feature: Feature::CheckConstraints }));
        }
        parts.append(&mut following);
    }
    parts
}

/// The table without what CREATE TABLE can't say (docs, "CONSTRAINT clause"), or where only ALTER keeps it apart from what
/// else may fail.
fn bare(desired: &DesiredTable) -> DesiredTable {
    let untagged = |column: &Column| Column { tags: Tags::default(), ..column.clone() };
    DesiredTable {
        columns: desired.columns.iter().map(untagged).collect(),
        checks: BTreeMap::new(),
        primary_key: None,
        foreign_keys: Vec::new(),
        tags: BTreeMap::new(),
        ..desired.clone()
    }
}

fn following(dialect: Dialect, desired: &DesiredTable) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, expression) in &desired.checks {
        actions.push(Action::AddCheck { name: name.clone(), expression: expression.clone() });
    }
    if dialect.keeps_keys() {
        actions.extend(desired.primary_key.iter().map(|key| Action::AddPrimaryKey { key: key.clone() }));
        actions.extend(desired.foreign_keys.iter().map(|key| Action::AddForeignKey { key: key.clone() }));
    }
    if dialect.keeps_tags() {
        actions.extend(tags(desired));
    }
    actions
}

fn tags(desired: &DesiredTable) -> Vec<Action> {
    let given = |value: &String| Change::between(None, Some(value.clone()));
    let of_table = desired
        .tags
        .iter()
        .filter_map(|(key, value)| given(value).map(|change| Action::SetTableTag { key: key.clone(), change }));
    let of_columns = desired.columns.iter().flat_map(|column| {
        let path = Path::column(column.name().clone());
        column.tags.iter().filter_map(move |(key, value)| {
            let (path, key) = (path.clone(), key.clone());
            given(value).map(|change| Action::SetColumnTag { path, key, change })
        })
    });
    of_table.chain(of_columns).collect()
}
