//! From a declaration and an observation to the actions between them, and to what no action can close.

mod columns;
mod difference;
mod features;
mod keys;
mod order;
mod renames;

use std::collections::BTreeMap;

use crate::action::Action;
use crate::change::Change;
use crate::model::{
    Aspect, DesiredTable, Layout, ObservedTable, Path, STATISTICS_COLUMNS, Scope, Subject, is_derived_property,
    same_value,
};
use crate::simulate::{renamed_in_list, simulate};

pub use difference::Difference;

/// What lies between a declared and an observed table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableDiff {
    /// Actions in execution order.
    pub actions: Vec<Action>,
    /// What no action can close.
    pub differences: Vec<Difference>,
    /// Parts of the declaration that the source can't see, so that nothing is said of them.
    pub unseen: Vec<Subject>,
}

impl TableDiff {
    /// Whether there is nothing between the two.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.differences.is_empty()
    }
}

/// Lists what turns `observed` into `desired`; `None` observed means that there is no table.
pub fn diff(desired: &DesiredTable, observed: Option<&ObservedTable>) -> TableDiff {
    let mut diff = TableDiff::default();
    let Some(observed) = observed else {
        diff_absent(desired, &mut diff);
        return diff;
    };
    renames::diff_names(desired, observed, &mut diff);
    // From here on declared names are true on both sides.
    let renamed =
        (!diff.actions.is_empty()).then(|| simulate(Some(observed.clone()), &diff.actions, "").ok()).flatten();
    let settled = renamed.as_ref().unwrap_or(observed);
    columns::diff_columns(desired, settled, &mut diff);
    diff_table_comment(desired, settled, &mut diff);
    diff_layout(desired, settled, &mut diff);
    diff_checks(desired, settled, &mut diff);
    diff_properties(desired, settled, &mut diff);
    diff_table_tags(desired, settled, &mut diff);
    // Keys are held against the names as they are: a rename drops the keys of its column on Databricks.
    keys::diff_keys(desired, observed, &mut diff);
    features::add_required_features(desired, observed, &mut diff);
    keep_to_scope(desired.scope, &mut diff);
    diff.actions.sort_by_key(Action::phase);
    diff
}

fn diff_absent(desired: &DesiredTable, diff: &mut TableDiff) {
    if desired.scope == Scope::Full {
        diff.actions.push(Action::CreateTable { table: Box::new(desired.clone()) });
    } else {
        diff.differences.push(Difference::MissingTable);
    }
}

fn diff_table_comment(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Comment, || desired.comment.is_some()) {
        return;
    }
    let known = observed.comment.clone().filter(|comment| !comment.is_empty());
    if let Some(change) = Change::between(known, desired.comment.clone()) {
        diff.actions.push(Action::SetTableComment { change });
    }
}

fn diff_layout(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Layout, || desired.layout != Layout::Flat)
        || desired.layout.same_layout(&observed.layout)
    {
        return;
    }
    let partitioned = |layout: &Layout| matches!(layout, Layout::Partitioned(_));
    if partitioned(&desired.layout) || partitioned(&observed.layout) {
        diff.differences.push(Difference::Partitioning { from: observed.layout.clone(), to: desired.layout.clone() });
    } else if let Some(change) = Change::between(observed.layout.clone(), desired.layout.clone()) {
        diff.actions.push(Action::SetClustering { change });
    }
}

fn diff_checks(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Check, || !desired.checks.is_empty()) {
        return;
    }
    for (name, expression) in &observed.checks {
        if desired.checks.get(name) != Some(expression) {
            diff.actions.push(Action::DropCheck { name: name.clone(), expression: expression.clone() });
        }
    }
    for (name, expression) in &desired.checks {
        if observed.checks.get(name) != Some(expression) {
            diff.actions.push(Action::AddCheck { name: name.clone(), expression: expression.clone() });
        }
    }
}

fn diff_properties(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Property, || !desired.properties.is_empty()) {
        return;
    }
    let listed = listed_after_drops(observed, &diff.actions);
    for (key, wanted) in desired.properties.iter().filter(|(key, _)| !is_derived_property(key)) {
        let there = if key == STATISTICS_COLUMNS { listed.as_deref() } else { observed.property(key) };
        match (there, wanted) {
            (Some(from), None) => diff.actions.push(Action::UnsetProperty { key: key.clone(), from: from.to_owned() }),
            (Some(from), Some(to)) if same_value(key, from, to) => (),
            (_, Some(to)) => {
                let change = Change::between(there.map(str::to_owned), Some(to.clone()));
                diff.actions.extend(change.map(|change| Action::SetProperty { key: key.clone(), change }));
            }
            (None, None) => (),
        }
    }
}

/// The columns with statistics that are left: a drop takes its column off the list.
fn listed_after_drops(observed: &ObservedTable, actions: &[Action]) -> Option<String> {
    let listed = observed.property(STATISTICS_COLUMNS)?.to_owned();
    let dropped = actions.iter().filter_map(dropped_column);
    Some(dropped.fold(listed, |listed, path| renamed_in_list(&listed, path, None)))
}

fn dropped_column(action: &Action) -> Option<&Path> {
    if let Action::DropColumn { path, .. } = action { Some(path) } else { None }
}

fn diff_table_tags(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if diff.hides(observed, Aspect::Tags, || !desired.tags.is_empty()) {
        return;
    }
    for (key, from) in removed_tags(&desired.tags, &observed.tags) {
        diff.actions.push(Action::UnsetTableTag { key, from });
    }
    for (key, change) in changed_tags(&desired.tags, &observed.tags) {
        diff.actions.push(Action::SetTableTag { key, change });
    }
}

/// Observed tags that are not declared: removed first, so that a full set never passes the platform's cap.
fn removed_tags(desired: &BTreeMap<String, String>, observed: &BTreeMap<String, String>) -> Vec<(String, String)> {
    observed
        .iter()
        .filter(|(key, _)| !desired.contains_key(*key))
        .map(|(key, from)| (key.clone(), from.clone()))
        .collect()
}

fn changed_tags(
    desired: &BTreeMap<String, String>,
    observed: &BTreeMap<String, String>,
) -> Vec<(String, Change<Option<String>>)> {
    let change = |key: &String, to: &String| Change::between(observed.get(key).cloned(), Some(to.clone()));
    desired.iter().filter_map(|(key, to)| change(key, to).map(|change| (key.clone(), change))).collect()
}

impl TableDiff {
    /// Whether the source can't see a table-level aspect; what is declared of it is listed.
    fn hides(&mut self, observed: &ObservedTable, aspect: Aspect, declared: impl Fn() -> bool) -> bool {
        let hidden = observed.unknown.covers(aspect, &Path::table());
        if hidden && declared() {
            self.unseen.push(Subject::table(&observed.name).aspect(aspect));
        }
        hidden
    }
}

/// Outside the scope nothing is done: properties are ignored, any other difference is one that no action may close.
fn keep_to_scope(scope: Scope, diff: &mut TableDiff) {
    if scope == Scope::Full {
        return;
    }
    let actions = std::mem::take(&mut diff.actions);
    for action in actions {
        if scope.covers(action.aspect()) {
            diff.actions.push(action);
        } else if action.aspect() != Aspect::Property {
            diff.differences.push(Difference::OutOfScope { action: Box::new(action), scope });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{ColumnDraft, ForeignKeyDraft, TableDraft, TypeDraft};

    fn draft(columns: &[(&str, &[&str])]) -> TableDraft {
        let mut draft = TableDraft::new("silver.t");
        for (name, former) in columns {
            let mut column = ColumnDraft::new(*name, TypeDraft::Text("int".to_owned()));
            column.renamed_from = former.iter().map(|name| (*name).to_owned()).collect();
            draft.columns.push(column);
        }
        draft.properties.push(("delta.columnMapping.mode".to_owned(), Some("name".to_owned())));
        draft
    }

    fn created(draft: TableDraft) -> ObservedTable {
        let create = Action::CreateTable { table: Box::new(draft.check().unwrap()) };
        simulate(None, &[create], "id").unwrap()
    }

    fn check(desired: TableDraft, observed: &ObservedTable, expected: &[&str]) {
        let desired = desired.check().unwrap();
        let found = diff(&desired, Some(observed));
        let kinds: Vec<&str> = found.actions.iter().map(Action::kind).collect();
        assert_eq!(kinds, expected);
        let after = simulate(Some(observed.clone()), &found.actions, "").unwrap();
        assert_eq!(diff(&desired, Some(&after)).actions, []);
    }

    #[test]
    fn what_is_unseen_of_a_renamed_column_stays_unseen() {
        let mut observed = created(draft(&[("a", &[])]));
        observed.unknown.insert(Aspect::Comment, Path::column("a"));
        let mut desired = draft(&[("b", &["a"])]);
        desired.columns[0].comment = Some("known to the declaration only".to_owned());
        check(desired, &observed, &["rename_column"]);
    }

    #[test]
    fn a_new_table_has_what_its_declared_features_need() {
        let mut desired = draft(&[("a", &[])]);
        desired.properties.push(("delta.feature.rowTracking".to_owned(), Some("supported".to_owned())));
        check(desired.clone(), &created(desired), &[]);
    }

    #[test]
    fn a_hint_does_not_take_a_column_that_an_id_names() {
        let observed = created(draft(&[("a", &[])]));
        let mut desired = draft(&[("a", &[]), ("b", &["a"])]);
        desired.origin = Some(observed.table_id.clone());
        desired.columns[0].metadata = observed.columns[0].field.metadata.clone();
        check(desired.clone(), &observed, &["add_column"]);
        desired.columns[0].name = "c".to_owned();
        check(desired, &observed, &["rename_column", "add_column"]);
    }

    #[test]
    fn the_list_of_statistics_columns_is_set_once_its_columns_are_there() {
        let with = |columns, listed: &str| {
            let mut draft = draft(columns);
            draft.properties.push(("delta.dataSkippingStatsColumns".to_owned(), Some(listed.to_owned())));
            draft
        };
        let observed = created(with(&[("a", &[]), ("c", &[])], "a,c"));
        check(with(&[("b", &["a"]), ("c", &[])], "b, c"), &observed, &["rename_column"]);
        check(with(&[("b", &["a"]), ("c", &[])], "b"), &observed, &["rename_column", "set_property"]);
        check(with(&[("a", &[])], "a"), &observed, &["drop_column"]);
        check(with(&[("a", &[])], "a,c"), &observed, &["drop_column", "set_property"]);
    }

    #[test]
    fn keys_in_another_order_give_the_same_actions() {
        let key = |column: &str| ForeignKeyDraft {
            columns: vec![column.to_owned()],
            references: "silver.other".to_owned(),
            ..ForeignKeyDraft::default()
        };
        let with = |columns: [&str; 2]| {
            let mut draft = draft(&[("a", &[]), ("b", &[])]);
            draft.foreign_keys = columns.map(key).to_vec();
            draft
        };
        let plain = created(draft(&[("a", &[]), ("b", &[])]));
        let added = |columns| diff(&with(columns).check().unwrap(), Some(&plain)).actions;
        assert_eq!(added(["a", "b"]), added(["b", "a"]));
        let mut observed = created(with(["a", "b"]));
        let dropped = |observed: &ObservedTable| {
            let desired = draft(&[("a", &[]), ("b", &[])]).check().unwrap();
            diff(&desired, Some(observed)).actions
        };
        let first = dropped(&observed);
        observed.foreign_keys.reverse();
        assert_eq!(dropped(&observed), first);
    }
}
