//! Primary keys that can't go: a foreign key of another table rests on one, and the plan does not drop it.
//!
//! A server refuses to drop such a key, after other steps have run. Knows the plans of a run as a whole, which no review of one
//! table does; what keys there are is the catalog's to say.

use delta_engine_schema::model::{Aspect, InboundKey, Subject};
use delta_engine_schema::{Action, BACKEND, Finding, Outcome, Severity};

use crate::report::PreparedTable;

/// Holds back the tables whose primary key others rest on. One that is held back keeps its own foreign keys, and so may hold
/// back the next.
pub(super) fn hold_back(tables: &mut [PreparedTable]) {
    loop {
        let held: Vec<(usize, Finding)> = tables
            .iter()
            .enumerate()
            .filter_map(|(index, table)| Some((index, finding(table, resting(table, tables)?))))
            .collect();
        if held.is_empty() {
            return;
        }
        for (index, finding) in held {
            let plan = &mut tables[index].plan;
            plan.outcome = Outcome::Blocked;
            // The gravest come first, and none is graver.
            plan.findings.insert(0, finding);
        }
    }
}

/// The first key that rests on the primary key which the plan of the table drops.
fn resting<'t>(table: &'t PreparedTable, tables: &[PreparedTable]) -> Option<&'t InboundKey> {
    let drops = |action: &Action| matches!(action, Action::DropPrimaryKey { .. });
    if table.plan.outcome != Outcome::Changes || !table.plan.actions.iter().any(drops) {
        return None;
    }
    table.observed.as_ref()?.inbound_keys.iter().find(|key| !tables.iter().any(|other| is_dropped(key, other)))
}

fn is_dropped(resting: &InboundKey, by: &PreparedTable) -> bool {
    let drops = |action: &Action| matches!(action, Action::DropForeignKey { key } if key.name == resting.name);
    by.plan.outcome == Outcome::Changes && by.plan.name == resting.table && by.plan.actions.iter().any(drops)
}

fn finding(table: &PreparedTable, key: &InboundKey) -> Finding {
    let name = key.name.as_ref().map(|name| format!(" `{name}`")).unwrap_or_default();
    let child = &key.table;
    Finding {
        code: BACKEND.code,
        name: BACKEND.name,
        severity: Severity::Rejection,
        subject: Subject::table(&table.plan.name).aspect(Aspect::PrimaryKey),
        message: format!("the foreign key{name} of `{child}` rests on the primary key, and this plan does not drop it"),
        help: Some(format!("change `{child}` in the same run, or drop its foreign key first")),
        permission: None,
    }
}
