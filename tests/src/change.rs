//! A declaration applied to the one table of a lake, and which of its fields stay.

use std::path::Path;

use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::Path as Place;
use delta_engine::schema::{Action, Outcome};
use delta_engine::{Execution, PreparedPlan, Status};

use crate::committed::fields;
use crate::lake::{blockers, engine, registry};
use crate::log::Text;

/// How an attempt to change a table ended.
#[derive(Debug)]
pub enum Applied {
    /// It was changed.
    Yes(Box<PreparedPlan>),
    /// It was refused: the names of the rules, or the faults of the declaration.
    No(String),
}

/// Plans and applies with every permission; a second plan is then empty.
pub async fn apply(shown: &str, lake: &Path, draft: &TableDraft) -> Applied {
    let registry = match registry([draft.clone()]) {
        Ok(registry) => registry,
        Err(faults) => return Applied::No(format!("faults: {faults}")),
    };
    let engine = engine(lake).await;
    let plan = engine.plan(&registry).await.unwrap();
    if plan.tables[0].plan.outcome != Outcome::Changes {
        let why = blockers(&plan.tables[0].plan);
        assert!(
            !why.is_empty(),
            "{shown}: {:?} without a reason: {:?}",
            plan.tables[0].plan.outcome,
            plan.tables[0].plan
        );
        return Applied::No(why.iter().filter_map(|why| why.split(':').next()).collect::<Vec<_>>().join(", "));
    }
    let report = engine.apply(plan.clone()).await.unwrap();
    assert!(matches!(report.executions[0], Execution::Applied { .. }), "{shown}: {:?}", report.executions[0]);
    let again = engine.plan(&registry).await.unwrap();
    assert_eq!(again.status(), Status::InSync, "{shown}: {:?}", again.tables[0].plan);
    Applied::Yes(Box::new(plan))
}

/// The fields that stay, from the renames, drops and moves of a plan.
pub fn kept(before: &Text, actions: &[Action]) -> Vec<(Place, Place)> {
    let schema = before.schema();
    let mut kept: Vec<(Place, Place)> = fields(&schema).into_iter().map(|(path, _)| (path.clone(), path)).collect();
    for action in actions {
        if let Action::RenameColumn { path, to } = action {
            let renamed = path.parent().unwrap().field(to);
            for (_, place) in &mut kept {
                if let Some(moved) = place.renamed(path, &renamed) {
                    *place = moved;
                }
            }
        } else if let Action::DropColumn { path, .. } = action {
            kept.retain(|(_, place)| !place.starts_with(path));
        }
    }
    kept
}
