//! Features that the planned actions need and the table lacks: explicit steps, because none can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::TableDiff;
use crate::action::Action;
use crate::model::{
    Aspect, Column, DesiredTable, Feature, Layout, ObservedTable, Path, TypeChange, add_dependencies,
    classify_type_change, required_features,
};

pub(super) fn add_required_features(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if observed.unknown.covers(Aspect::Feature, &Path::table()) {
        return;
    }
    let mut needed: BTreeSet<Feature> = diff.actions.iter().flat_map(needed_by_itself).collect();
    needed.extend(desired.features.iter().cloned());
    add_dependencies(&mut needed);
    for feature in needed.into_iter().filter(|feature| !feature.is_in(&observed.features)) {
        diff.actions.push(Action::EnableFeature { feature });
    }
}

/// The features an action needs on an existing table, and those that they need.
pub(crate) fn features_needed_by(action: &Action) -> BTreeSet<Feature> {
    let mut needed = needed_by_itself(action);
    add_dependencies(&mut needed);
    needed
}

fn needed_by_itself(action: &Action) -> BTreeSet<Feature> {
    let column = |column: &Column| required_features(std::slice::from_ref(column), &Layout::Flat, &BTreeMap::new(), []);
    match action {
        Action::AddColumn { column: new, .. } => column(new),
        Action::AlterColumnType { change, .. } => {
            let mut needed = column(&Column::new("", change.to().clone()));
            if classify_type_change(change.from(), change.to()) == TypeChange::Widening {
                needed.insert(Feature::TypeWidening);
            }
            needed
        }
        Action::SetColumnNotNull { .. } => BTreeSet::from([Feature::Invariants]),
        Action::SetColumnDefault { .. } => BTreeSet::from([Feature::AllowColumnDefaults]),
        Action::AddCheck { .. } => BTreeSet::from([Feature::CheckConstraints]),
        Action::SetClustering { change } => required_features(&[], change.to(), &BTreeMap::new(), []),
        Action::SetProperty { key, change } => {
            let value = change.to().as_deref().map(|value| (key.as_str(), value));
            required_features(&[], &Layout::Flat, &BTreeMap::new(), value)
        }
        Action::CreateTable { .. }
        | Action::EnableFeature { .. }
        | Action::UnsetProperty { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::SetColumnTag { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::rules::testing::{Sketch, table};

    fn check(desired: Sketch, observed: &ObservedTable, expected: &[&str]) {
        let enabled = diff(&desired.declared(), Some(observed)).actions.into_iter().filter_map(|action| {
            if let Action::EnableFeature { feature } = action { Some(feature.name().to_owned()) } else { None }
        });
        assert_eq!(enabled.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn actions_bring_the_features_they_need() {
        let observed = table("a: int, s: varchar(3)").there();
        check(table("a: bigint, s: varchar(3)"), &observed, &["typeWidening"]);
        check(table("a: int, s: varchar(4)"), &observed, &[]);
        check(table("a: int, s: varchar(3), t: timestamp_ntz"), &observed, &["timestampNtz"]);
        check(table("a: int, s: varchar(3)").default("a", "1"), &observed, &["allowColumnDefaults"]);
        check(table("a: int, s: varchar(3)").check("c", "a > 0"), &observed, &["checkConstraints"]);
        check(table("a: int, s: varchar(3)").clustered(&["a"]), &observed, &["domainMetadata", "clustering"]);
        check(table("a: int, s: varchar(3)").with_change_feed(), &observed, &["changeDataFeed"]);
    }

    #[test]
    fn features_that_are_there_or_not_seen_are_not_enabled() {
        let mut observed = table("a: int").with_change_feed().there();
        check(table("a: int").property("delta.enableChangeDataFeed", "false"), &observed, &[]);
        observed.unknown.insert(Aspect::Feature, Path::table());
        check(table("a: int").default("a", "1"), &observed, &[]);
    }
}
