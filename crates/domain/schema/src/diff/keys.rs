//! Informational keys. Equal keys pair the same columns; names are preferences of creation.

use super::TableDiff;
use crate::action::Action;
use crate::model::{Aspect, DesiredTable, ForeignKey, ObservedTable};

pub(super) fn diff_keys(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    if !diff.hides(observed, Aspect::PrimaryKey, || desired.primary_key.is_some()) {
        diff_primary_key(desired, observed, diff);
    }
    if !diff.hides(observed, Aspect::ForeignKey, || !desired.foreign_keys.is_empty()) {
        diff_foreign_keys(desired, observed, diff);
    }
}

fn diff_primary_key(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    let (wanted, there) = (&desired.primary_key, &observed.primary_key);
    if wanted.as_ref().zip(there.as_ref()).is_some_and(|(wanted, there)| wanted.same_key(there)) {
        return;
    }
    diff.actions.extend(there.clone().map(|key| Action::DropPrimaryKey { key }));
    diff.actions.extend(wanted.clone().map(|key| Action::AddPrimaryKey { key }));
}

fn diff_foreign_keys(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    // The order in which a source lists keys means nothing; that of declared ones is settled by the draft.
    let mut sorted: Vec<&ForeignKey> = observed.foreign_keys.iter().collect();
    sorted.sort();
    for there in sorted {
        if !desired.foreign_keys.iter().any(|wanted| wanted.same_key(there)) {
            diff.actions.push(Action::DropForeignKey { key: there.clone() });
        }
    }
    for wanted in &desired.foreign_keys {
        if !observed.foreign_keys.iter().any(|there| there.same_key(wanted)) {
            diff.actions.push(Action::AddForeignKey { key: wanted.clone() });
        }
    }
}
