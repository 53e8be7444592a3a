//! In which order the tables of a plan run: detach, shape, attach.
//!
//! Foreign keys go before the columns and keys they rest on change, and come back after both sides are in shape. So
//! cycles of keys are legal, and a parent that fails holds back the key that needs it, not the child.

use std::collections::BTreeMap;

use crate::action::Action;
use crate::model::{InboundKey, TableName};
use crate::plan::{Outcome, TablePlan};

/// The three parts of a table's plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Drop foreign keys.
    Detach,
    /// Everything local.
    Shape,
    /// Add foreign keys.
    Attach,
}

/// The actions of one table in one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Index of the table's plan.
    pub table: usize,
    /// The stage.
    pub stage: Stage,
    /// Its actions, in order.
    pub actions: Vec<Action>,
    /// Units that must have succeeded before, by index; always smaller than this unit's own.
    pub after: Vec<usize>,
}

impl Action {
    /// The stage the action runs in.
    pub fn stage(&self) -> Stage {
        if matches!(self, Self::DropForeignKey { .. }) {
            Stage::Detach
        } else if matches!(self, Self::AddForeignKey { .. }) {
            Stage::Attach
        } else {
            Stage::Shape
        }
    }
}

/// Cuts the plans that will run into units and orders them. `inbound` gives the keys that reference a table.
pub fn schedule(plans: &[TablePlan], inbound: impl Fn(usize) -> Vec<InboundKey>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut placed: BTreeMap<(Stage, &TableName), usize> = BTreeMap::new();
    for stage in [Stage::Detach, Stage::Shape, Stage::Attach] {
        for (table, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.outcome == Outcome::Changes) {
            let actions: Vec<Action> = plan.actions.iter().filter(|action| action.stage() == stage).cloned().collect();
            if actions.is_empty() {
                continue;
            }
            let after = match stage {
                Stage::Detach => Vec::new(),
                Stage::Shape => {
                    let own = placed.get(&(Stage::Detach, &plan.name)).copied();
                    let children =
                        inbound(table).into_iter().filter_map(|key| placed.get(&(Stage::Detach, &key.table)).copied());
                    own.into_iter().chain(children).collect()
                }
                Stage::Attach => {
                    let parents = actions.iter().filter_map(|action| {
                        let Action::AddForeignKey { key } = action else { return None };
                        placed.get(&(Stage::Shape, &key.references)).copied()
                    });
                    placed.get(&(Stage::Shape, &plan.name)).copied().into_iter().chain(parents).collect()
                }
            };
            placed.insert((stage, &plan.name), units.len());
            units.push(Unit { table, stage, actions, after });
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::diff;
    use crate::draft::ForeignKeyDraft;
    use crate::model::ObservedTable;
    use crate::rules::testing::{Sketch, table};

    /// The plan of `silver.NAME`, whose columns are `id` and `note`, and which references another table or none.
    fn plan(name: &str, note: &str, references: [Option<&str>; 2]) -> TablePlan {
        let sketch = |columns: &str, references: Option<&str>| -> Sketch {
            table(columns).with(|draft| {
                draft.name = format!("silver.{name}");
                draft.foreign_keys = references
                    .map(|table| ForeignKeyDraft {
                        columns: vec!["id".to_owned()],
                        references: format!("silver.{table}"),
                        ..ForeignKeyDraft::default()
                    })
                    .into_iter()
                    .collect();
            })
        };
        let [before, after] = references;
        let observed: ObservedTable = sketch("id: int", before).there();
        let desired = sketch(&format!("id: int{note}"), after).declared();
        let actions = diff(&desired, Some(&observed)).actions;
        let outcome = if actions.is_empty() { Outcome::InSync } else { Outcome::Changes };
        TablePlan { name: desired.name, outcome, actions, findings: Vec::new(), residual: Vec::new() }
    }

    /// Expects each unit as its table, its stage, the kinds of its actions and the units before it.
    fn check(plans: &[TablePlan], inbound: &[(usize, &str)], expected: &[(usize, Stage, &[&str], &[usize])]) {
        let key = |table: &str| InboundKey {
            table: format!("silver.{table}").parse().unwrap(),
            name: None,
            referenced_columns: vec!["id".into()],
        };
        let keys = |wanted: usize| {
            inbound.iter().filter(|(table, _)| *table == wanted).map(|(_, child)| key(child)).collect::<Vec<_>>()
        };
        let units = schedule(plans, keys);
        let kinds = |unit: &Unit| unit.actions.iter().map(Action::kind).collect::<Vec<_>>();
        let shown: Vec<_> =
            units.iter().map(|unit| (unit.table, unit.stage, kinds(unit), unit.after.clone())).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(table, stage, kinds, after)| (*table, *stage, kinds.to_vec(), after.to_vec()))
            .collect();
        assert_eq!(shown, expected);
    }

    const NEW: &str = ", note: string";

    #[test]
    fn tables_that_begin_to_reference_each_other_attach_after_both_are_in_shape() {
        check(
            &[plan("a", NEW, [None, Some("b")]), plan("b", NEW, [None, Some("a")])],
            &[],
            &[
                (0, Stage::Shape, &["add_column"], &[]),
                (1, Stage::Shape, &["add_column"], &[]),
                (0, Stage::Attach, &["add_foreign_key"], &[0, 1]),
                (1, Stage::Attach, &["add_foreign_key"], &[1, 0]),
            ],
        );
    }

    #[test]
    fn a_table_changes_after_its_own_keys_and_those_of_its_children_are_gone() {
        check(
            &[plan("parent", NEW, [None, None]), plan("child", NEW, [Some("parent"), None])],
            &[(0, "child"), (0, "elsewhere")],
            &[
                (1, Stage::Detach, &["drop_foreign_key"], &[]),
                (0, Stage::Shape, &["add_column"], &[0]),
                (1, Stage::Shape, &["add_column"], &[0]),
            ],
        );
    }

    #[test]
    fn a_table_that_stays_or_is_held_back_has_no_unit() {
        let blocked = TablePlan { outcome: Outcome::Blocked, ..plan("b", NEW, [None, None]) };
        check(&[plan("a", "", [None, None]), blocked], &[], &[]);
    }
}
