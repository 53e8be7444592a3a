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
    let mut needed: BTreeSet<Feature> = diff.actions.iter().flat_map(needed_by).collect();
    needed.extend(desired.features.iter().cloned());
    add_dependencies(&mut needed);
    for feature in needed.into_iter().filter(|feature| !feature.is_in(&observed.features)) {
        diff.actions.push(Action::EnableFeature { feature });
    }
}

/// The features an action needs on an existing table.
fn needed_by(action: &Action) -> BTreeSet<Feature> {
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
