//! From a declaration and an observation to the actions between them, and to what no action can close.

mod columns;
mod difference;
mod features;
mod keys;
mod order;
mod partners;
mod properties;
mod renames;

use std::collections::BTreeMap;

use crate::action::Action;
use crate::change::Change;
use crate::model::{Aspect, DesiredTable, Layout, ObservedTable, Path, Scope, Subject};
use crate::simulate::simulate;

pub use difference::Difference;
pub(crate) use features::features_needed_by;

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
    properties::diff_properties(desired, settled, &mut diff);
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
    use crate::draft::{ClusteringDraft, ColumnDraft, ForeignKeyDraft, TableDraft, TypeDraft};
    use crate::rules::testing::{Sketch, table};

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
        assert_eq!((kinds.as_slice(), found.differences.as_slice()), (expected, [].as_slice()));
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
    fn what_the_source_does_not_see_of_a_table_is_left_alone_and_listed_where_it_is_declared() {
        let hidden = |aspect: Aspect, more: &Sketch| {
            let less = &table("a: int not null");
            let listed = [Subject::table(&less.clone().declared().name).aspect(aspect)];
            for (desired, observed, unseen) in [(more, less, listed.as_slice()), (less, more, &[])] {
                let mut observed = observed.clone().there();
                observed.unknown.insert(aspect, Path::table());
                let found = diff(&desired.clone().declared(), Some(&observed));
                assert_eq!((found.is_empty(), found.unseen.as_slice()), (true, unseen), "{aspect:?}");
            }
        };
        let plain = || table("a: int not null");
        hidden(Aspect::Comment, &plain().with(|draft| draft.comment = Some("x".to_owned())));
        hidden(Aspect::Tags, &plain().with(|draft| draft.tags.push(("pii".to_owned(), "yes".to_owned()))));
        hidden(Aspect::Layout, &plain().clustered(&["a"]));
        hidden(Aspect::Check, &plain().check("positive", "a > 0"));
        hidden(Aspect::Property, &plain().property("team.owner", "b"));
        hidden(Aspect::PrimaryKey, &plain().primary_key(&["a"]));
        let key = ForeignKeyDraft {
            columns: vec!["a".to_owned()],
            references: "silver.u".to_owned(),
            ..ForeignKeyDraft::default()
        };
        hidden(Aspect::ForeignKey, &plain().with(|draft| draft.foreign_keys.push(key)));
    }

    #[test]
    fn comments_and_tags_are_set_changed_and_removed() {
        let with = |comment: Option<&str>, tags: &[(&str, &str)]| {
            let mut draft = draft(&[("a", &[])]);
            draft.comment = comment.map(str::to_owned);
            draft.tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            draft
        };
        let mut observed = created(with(Some("x"), &[("pii", "yes"), ("team", "b")]));
        check(with(Some("x"), &[("pii", "yes"), ("team", "b")]), &observed, &[]);
        check(with(Some("y"), &[("pii", "no"), ("team", "b")]), &observed, &["set_table_tag", "set_table_comment"]);
        check(
            with(None, &[("team", "b"), ("zone", "eu")]),
            &observed,
            &["unset_table_tag", "set_table_tag", "set_table_comment"],
        );
        observed.comment = Some(String::new());
        check(with(None, &[("pii", "yes"), ("team", "b")]), &observed, &[]);
    }

    #[test]
    fn the_layout_follows_a_renamed_column() {
        let columns: [&[(&str, &[&str])]; 2] = [&[("a", &[]), ("b", &[])], &[("c", &["a"]), ("b", &[])]];
        let partitioned =
            [("a", "b"), ("c", "b")].map(|(first, second)| Some(vec![first.to_owned(), second.to_owned()]));
        let by = |side: usize| TableDraft { partitioned_by: partitioned[side].clone(), ..draft(columns[side]) };
        check(by(1), &created(by(0)), &["rename_column"]);
        let clustered = |side: usize| TableDraft {
            clustered_by: partitioned[side].clone().map(ClusteringDraft::By),
            ..draft(columns[side])
        };
        check(clustered(1), &created(clustered(0)), &["rename_column"]);
    }

    #[test]
    fn actions_and_differences_are_both_something() {
        let empty = |desired: Sketch| {
            let diff = diff(&desired.declared(), Some(&table("a: int").there()));
            (diff.actions.is_empty(), diff.differences.is_empty(), diff.is_empty())
        };
        assert_eq!(empty(table("a: int")), (true, true, true));
        assert_eq!(empty(table("a: int, b: int")), (false, true, false));
        assert_eq!(empty(table("a: string")), (true, false, false));
    }
}
