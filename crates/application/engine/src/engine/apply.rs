//! Run the units of a plan, tables at once within a bound, and look again.

use std::sync::Arc;

use delta_engine_schema::model::ObservedTable;
use delta_engine_schema::{Action, Outcome, Stage, TablePlan, Unit, schedule};
use futures::stream::{self, StreamExt};

use super::{Engine, EngineError, plan};
use crate::event::Event;
use crate::port::{Context, ErrorKind, ExecutionError, Observation, Receipt, Step};
use crate::report::{Execution, Failure, PreparedPlan, PreparedTable, Report};

/// How often a table that was changed by others is looked at again.
const TRIES: u32 = 5;

pub(super) async fn run(engine: &Engine, plan: PreparedPlan) -> Result<Report, EngineError> {
    let plans: Vec<TablePlan> = plan.tables.iter().map(scheduled).collect();
    let inbound = |table: usize| {
        plan.tables[table].observed.as_ref().map(|observed| observed.inbound_keys.clone()).unwrap_or_default()
    };
    let units = schedule(&plans, inbound);
    engine.events.event(&Event::ApplyStarted { units: units.len() });
    let ended = run_units(engine, &plan, &units).await;
    let executions = (0..plan.tables.len())
        .map(|table| {
            together(units.iter().zip(&ended).filter(|(unit, _)| unit.table == table).map(|(_, execution)| execution))
        })
        .collect();
    let executions = verify(engine, &plan, executions).await?;
    for (table, execution) in
        plan.tables.iter().zip(&executions).filter(|(table, _)| table.plan.outcome == Outcome::Changes)
    {
        engine.events.event(&Event::Finished { table: table.plan.name.clone(), applied: execution.is_applied() });
    }
    Ok(Report { plan, executions })
}

/// The plan of a table as it is scheduled: a creation that adds foreign keys in steps of their own is what its steps do, so
/// that the keys come when the tables that they reference are in shape.
fn scheduled(table: &PreparedTable) -> TablePlan {
    let actions = || table.steps.iter().flat_map(|step| &step.actions);
    let creates = matches!(table.plan.actions.first(), Some(Action::CreateTable { .. }));
    if !creates || !actions().any(|action| action.stage() == Stage::Attach) {
        return table.plan.clone();
    }
    TablePlan { actions: actions().cloned().collect(), ..table.plan.clone() }
}

/// Runs units as soon as those before them have ended; one whose predecessor failed is held back.
async fn run_units(engine: &Engine, plan: &PreparedPlan, units: &[Unit]) -> Vec<Execution> {
    let unit_ended = |index: usize| {
        let table = plan.tables[units[index].table].plan.name.clone();
        engine.events.event(&Event::UnitEnded { table });
    };
    let mut ended: Vec<Option<Execution>> = vec![None; units.len()];
    while ended.iter().any(Option::is_none) {
        let is_ready = |unit: &Unit| unit.after.iter().all(|before| ended[*before].is_some());
        let ready: Vec<usize> =
            (0..units.len()).filter(|index| ended[*index].is_none() && is_ready(&units[*index])).collect();
        let failed = |unit: &Unit| {
            unit.after.iter().copied().find(|before| !ended[*before].as_ref().is_some_and(Execution::is_applied))
        };
        let (held, free): (Vec<_>, Vec<_>) =
            ready.into_iter().map(|index| (index, failed(&units[index]))).partition(|(_, failed)| failed.is_some());
        for (index, cause) in held {
            let by = plan.tables[units[cause.unwrap_or(index)].table].plan.name.clone();
            ended[index] = Some(Execution::HeldBack { by });
            unit_ended(index);
        }
        let runs = free.into_iter().map(|(index, _)| {
            let unit = &units[index];
            let alone = units.iter().filter(|other| other.table == unit.table).count() == 1;
            async move { (index, run_unit(engine, &plan.tables[unit.table], unit, alone, &plan.digest).await) }
        });
        let mut runs = stream::iter(runs).buffer_unordered(engine.parallelism);
        while let Some((index, execution)) = runs.next().await {
            ended[index] = Some(execution);
            unit_ended(index);
        }
    }
    ended.into_iter().flatten().collect()
}

/// What a table's units came to together: the first trouble counts, and says how many units ran.
fn together<'e>(units: impl Iterator<Item = &'e Execution>) -> Execution {
    let units: Vec<&Execution> = units.collect();
    let done = units.iter().filter(|execution| execution.is_applied()).count();
    let trouble = units.iter().find(|execution| !execution.is_applied());
    match (trouble, trouble.and_then(|execution| execution.failure())) {
        (Some(_), Some(failure)) if done > 0 => {
            Execution::PartlyApplied { done, steps: units.len(), failure: failure.clone() }
        }
        (Some(trouble), _) => (*trouble).clone(),
        (None, _) => units.last().map_or(Execution::NotRun, |last| (*last).clone()),
    }
}

#[tracing::instrument(name = "unit", skip_all, fields(table = %table.plan.name))]
async fn run_unit(engine: &Engine, table: &PreparedTable, unit: &Unit, alone: bool, digest: &str) -> Execution {
    if engine.cancellation.is_cancelled() {
        return Execution::Interrupted;
    }
    engine.events.event(&Event::Applying { table: table.plan.name.clone() });
    let mut current = table.clone();
    let mut steps = steps_of(engine, table, unit, alone);
    let mut done = 0;
    let mut last = Receipt { version: None, tolerated: Vec::new() };
    let mut tries = 1;
    while done < steps.len() {
        let error = match engine.executor.execute(&steps[done], &context(engine, &current, digest)).await {
            Ok(receipt) => {
                last.version = receipt.version;
                last.tolerated.extend(receipt.tolerated);
                done += 1;
                continue;
            }
            Err(error) => error,
        };
        match error.kind {
            ErrorKind::Refused | ErrorKind::Unavailable => return stopped(done, steps.len(), &error),
            ErrorKind::Interrupted if done == 0 => return Execution::Interrupted,
            ErrorKind::Interrupted => return stopped(done, steps.len(), &error),
            ErrorKind::Conflict | ErrorKind::Ambiguous => (),
        }
        tries += 1;
        if tries > TRIES {
            return if error.kind == ErrorKind::Ambiguous {
                Execution::Unclear(failure(&error))
            } else {
                Execution::Stale(failure(&error))
            };
        }
        engine.events.event(&Event::Conflict { table: table.plan.name.clone(), next_try: tries });
        let again = match plan::replan(engine, &table.declared).await {
            Ok(again) => again,
            Err(_) if error.kind == ErrorKind::Ambiguous => return Execution::Unclear(failure(&error)),
            Err(_) => return stopped(done, steps.len(), &error),
        };
        match next_after_race(table, unit, &steps[done..], &again) {
            Next::Nothing => return Execution::AlreadyApplied,
            Next::Same => {
                steps = steps_of(engine, &again, unit, alone);
                done = 0;
                current = again;
            }
            // The step may be done, and what is left to do looks different because of others, or can't be read.
            Next::Other if error.kind == ErrorKind::Ambiguous => return Execution::Unclear(failure(&error)),
            Next::Other if done > 0 => return stopped(done, steps.len(), &error),
            Next::Other => return Execution::Stale(stale(&error)),
        }
    }
    Execution::Applied { version: last.version, tolerated: last.tolerated }
}

enum Next {
    Nothing,
    Same,
    Other,
}

/// The steps of a unit: those that were shown, where each belongs to one stage.
fn steps_of(engine: &Engine, table: &PreparedTable, unit: &Unit, alone: bool) -> Vec<Step> {
    if alone {
        return table.steps.clone();
    }
    let stage = |step: &Step| step.actions.first().map_or(Stage::Shape, Action::stage);
    let is_whole = |step: &Step| step.actions.iter().all(|action| action.stage() == stage(step));
    if table.steps.iter().all(is_whole) {
        return table.steps.iter().filter(|step| stage(step) == unit.stage).cloned().collect();
    }
    engine.executor.compile(&table.declared.desired, table.observed.as_deref(), &unit.actions).steps
}

/// What was shown is all that may be done: the remaining plan is the same, or empty, or this run is stale. Of a table whose
/// plan runs in several units, each goes on with its own part.
fn next_after_race(table: &PreparedTable, unit: &Unit, remaining: &[Step], again: &PreparedTable) -> Next {
    let in_steps = |action: &Action| table.steps.iter().any(|step| step.actions.contains(action));
    let left: Vec<&Action> = remaining.iter().flat_map(|step| &step.actions).collect();
    let own: Vec<&Action> = again.plan.actions.iter().filter(|action| action.stage() == unit.stage).collect();
    let is_shown = again.plan.actions.iter().all(|action| table.plan.actions.contains(action) || in_steps(action));
    match again.plan.outcome {
        Outcome::InSync => Next::Nothing,
        Outcome::Changes if is_shown && own.is_empty() => Next::Nothing,
        Outcome::Changes if is_shown && (own.iter().copied().eq(&unit.actions) || own == left) => Next::Same,
        Outcome::Changes | Outcome::Blocked | Outcome::Unreadable => Next::Other,
    }
}

fn context(engine: &Engine, table: &PreparedTable, digest: &str) -> Context {
    Context {
        relation: table.relation.clone(),
        desired: Arc::clone(&table.declared.desired),
        observed: table.observed.clone(),
        proofs: table.proofs.clone(),
        digest: digest.to_owned(),
        cancellation: engine.cancellation.clone(),
    }
}

fn stopped(done: usize, steps: usize, error: &ExecutionError) -> Execution {
    let failure = failure(error);
    if done == 0 { Execution::Failed(failure) } else { Execution::PartlyApplied { done, steps, failure } }
}

fn failure(error: &ExecutionError) -> Failure {
    let mut message = error.message.clone();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let text = next.to_string();
        // Many errors tell their causes themselves.
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = next.source();
    }
    Failure { message, help: error.help.clone() }
}

fn stale(error: &ExecutionError) -> Failure {
    Failure {
        message: format!("{}; what is left to do is not what was shown, so nothing was done", error.message),
        help: Some("plan again, and apply that plan".to_owned()),
    }
}

/// "Applied" means that a second plan of the table is empty.
async fn verify(
    engine: &Engine,
    plan: &PreparedPlan,
    mut executions: Vec<Execution>,
) -> Result<Vec<Execution>, EngineError> {
    let touched: Vec<usize> = (0..executions.len()).filter(|index| executions[*index].is_applied()).collect();
    if touched.is_empty() {
        return Ok(executions);
    }
    let relations: Vec<_> = touched.iter().map(|index| plan.tables[*index].relation.clone()).collect();
    let observations = engine.catalog.observe(&relations).await?;
    for (index, observation) in touched.into_iter().zip(observations) {
        let table = &plan.tables[index];
        if let Some(message) = not_converged(table, &observation) {
            executions[index] = Execution::PartlyApplied {
                done: table.steps.len(),
                steps: table.steps.len(),
                failure: Failure { message, help: Some("plan again to see what is left".to_owned()) },
            };
        }
    }
    Ok(executions)
}

fn not_converged(table: &PreparedTable, observation: &Observation) -> Option<String> {
    let observed: &ObservedTable = match observation {
        Observation::Present(observed) => observed,
        Observation::Absent => return Some("all steps ran, but afterwards the table is not there".to_owned()),
        Observation::Unreadable(unreadable) => {
            return Some(format!("all steps ran, but afterwards the table can't be read: {unreadable}"));
        }
    };
    let left = delta_engine_schema::diff(&table.declared.desired, Some(observed));
    if left.is_empty() {
        return None;
    }
    let kinds = left.actions.iter().map(|action| action.kind().to_owned());
    let differences = left.differences.iter().map(|difference| format!("{difference:?}"));
    let left: Vec<String> = kinds.chain(differences).collect();
    Some(format!("all steps ran, but afterwards the table is not as declared ({} left)", left.join(", ")))
}
