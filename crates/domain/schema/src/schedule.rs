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
