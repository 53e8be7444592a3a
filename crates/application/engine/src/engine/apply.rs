//! Run the units of a plan, tables at once within a bound, and look again.

use std::sync::Arc;

use delta_engine_schema::model::ObservedTable;
use delta_engine_schema::{Action, Outcome, Stage, TablePlan, Unit, schedule};
use futures::stream::{self, StreamExt};

use super::{Engine, EngineError, plan};
use crate::event::Event;
use crate::port::{Context, ErrorKind, ExecutionError, Observation, Receipt, Step, with_causes};
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
    let executions = verify(engine, &plan, executions).await;
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
    let Some(trouble) = units.iter().find(|execution| !execution.is_applied()) else {
        return units.last().map_or(Execution::NotRun, |last| (*last).clone());
    };
    let done = units.iter().filter(|execution| matches!(execution, Execution::Applied { .. })).count();
    if done == 0 {
        return (*trouble).clone();
    }
    let failure = trouble.failure().cloned().unwrap_or_else(|| Failure {
        message: if let Execution::HeldBack { by } = trouble {
            format!("the rest waits for `{by}`, which failed")
        } else {
            "the run was stopped before the rest".to_owned()
        },
        help: Some("apply again: what is done is not done twice".to_owned()),
    });
    Execution::PartlyApplied { done, steps: units.len(), failure }
}

#[tracing::instrument(name = "unit", skip_all, fields(table = %table.plan.name))]
async fn run_unit(engine: &Engine, table: &PreparedTable, unit: &Unit, alone: bool, digest: &str) -> Execution {
    if engine.cancellation.is_cancelled() {
        return Execution::Interrupted;
    }
    engine.events.event(&Event::Applying { table: table.plan.name.clone() });
    let mut current = table.clone();
    let mut steps = steps_of(engine, table, unit, alone);
    let mut last = Receipt { version: None, tolerated: Vec::new(), remarks: Vec::new() };
    let mut tries = 1;
    // Steps that ran: of the plan as it is now, and of those before it that it was made of anew.
    let mut done = 0;
    let mut before = 0;
    // Whether a step changed the table, or may have without that anybody told us.
    let mut begun = false;
    // Whether the step that is at hand was sent before, and may be done or still under way.
    let mut unsure = false;
    while done < steps.len() {
        let error = match engine.executor.execute(&steps[done], &context(engine, &current, digest)).await {
            Ok(receipt) => {
                last.version = receipt.version;
                last.tolerated.extend(receipt.tolerated);
                last.remarks.extend(receipt.remarks);
                begun |= !steps[done].actions.is_empty();
                unsure = false;
                done += 1;
                tries = 1;
                continue;
            }
            Err(error) => error,
        };
        let (ran, all) = (before + done, before + steps.len());
        let ends = |otherwise: Execution| match unsure && ran == 0 {
            true => Execution::Unclear(failure(&error)),
            false => otherwise,
        };
        match error.kind {
            // What was sent before may be why it is refused now.
            ErrorKind::Refused if unsure => (),
            ErrorKind::Refused | ErrorKind::Unavailable => return ends(stopped(ran, all, &error)),
            ErrorKind::Interrupted if ran == 0 => return ends(Execution::Interrupted),
            ErrorKind::Interrupted => return stopped(ran, all, &error),
            ErrorKind::Conflict => (),
            ErrorKind::Ambiguous | ErrorKind::Broken => begun = true,
        }
        let is_conflict = error.kind == ErrorKind::Conflict;
        tries += 1;
        if tries > TRIES {
            return match is_conflict {
                false => Execution::Unclear(failure(&error)),
                true if ran > 0 => stopped(ran, all, &error),
                true => ends(Execution::Stale(failure(&error))),
            };
        }
        let (name, next_try) = (table.plan.name.clone(), tries);
        engine.events.event(&match is_conflict {
            true => Event::Conflict { table: name, next_try },
            false => Event::Unclear { table: name, next_try },
        });
        let again = match plan::replan(engine, &table.declared).await {
            Ok(again) => again,
            Err(_) if is_conflict => return ends(stopped(ran, all, &error)),
            Err(_) => return Execution::Unclear(failure(&error)),
        };
        let left = steps_of(engine, &again, unit, alone);
        match what_is_left(table, unit, &steps[done..], &again, &left) {
            // What somebody else did to the end we had begun, or may have.
            Next::Nothing if begun => break,
            Next::Nothing => return Execution::AlreadyApplied,
            // It did not happen, and would end in the same way. A step of no action leaves nothing to see.
            Next::Same
                if matches!(error.kind, ErrorKind::Broken | ErrorKind::Refused)
                    && !steps[done].actions.is_empty()
                    && !engine.cancellation.is_cancelled() =>
            {
                return ends(stopped(ran, all, &error));
            }
            next @ (Next::Same | Next::Rest) => {
                if is_conflict && done == 0 {
                    last.tolerated.extend(between(&current, &again));
                }
                let is_done = matches!(next, Next::Rest) && (!is_conflict || unsure);
                before = ran + usize::from(is_done);
                unsure = !is_done && (unsure || error.kind == ErrorKind::Ambiguous);
                done = 0;
                steps = left;
                current = again;
            }
            // The step may be done, and what is left to do looks different because of others, or can't be read.
            Next::Other if !is_conflict => return Execution::Unclear(failure(&error)),
            Next::Other if ran > 0 => return stopped(ran, all, &error),
            Next::Other => return ends(Execution::Stale(stale(&error))),
        }
    }
    Execution::Applied { version: last.version, tolerated: last.tolerated, remarks: last.remarks }
}

/// The versions that others wrote since a table was planned, where none of them is ours; none where versions are not seen.
fn between(table: &PreparedTable, again: &PreparedTable) -> std::ops::Range<u64> {
    let version = |table: &PreparedTable| table.observed.as_ref().map_or(0, |observed| observed.version);
    match (version(table), version(again)) {
        (0, _) => 0..0,
        (seen, now) => seen + 1..now + 1,
    }
}

/// What is left of a plan after a step that did not end well.
enum Next {
    /// Nothing: the table is as declared.
    Nothing,
    /// All of it, that step included.
    Same,
    /// What comes after that step, which is done.
    Rest,
    /// Something else.
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

/// What is left of a unit, whose remaining steps are known, by a plan that was made again, and whose steps of that unit these
/// are. What was shown is all that may be done: the remaining plan is the same, or empty, or this run is stale.
fn what_is_left(shown: &PreparedTable, unit: &Unit, remaining: &[Step], again: &PreparedTable, left: &[Step]) -> Next {
    let own: Vec<&Action> = again.plan.actions.iter().filter(|action| action.stage() == unit.stage).collect();
    let is = |steps: &[Step]| bare(left).eq(bare(steps));
    match again.plan.outcome {
        Outcome::InSync => Next::Nothing,
        Outcome::Changes if !was_shown(shown, again) => Next::Other,
        Outcome::Changes if own.is_empty() => Next::Nothing,
        Outcome::Changes if own.iter().copied().eq(&unit.actions) || is(remaining) => Next::Same,
        Outcome::Changes if remaining.split_first().is_some_and(|(_, rest)| is(rest)) => Next::Rest,
        Outcome::Changes | Outcome::Blocked | Outcome::Unreadable => Next::Other,
    }
}

/// Whether a plan that was made again holds nothing but what was shown, as an action or as a part of a step.
fn was_shown(shown: &PreparedTable, again: &PreparedTable) -> bool {
    let in_steps = |action: &Action| shown.steps.iter().any(|step| step.actions.contains(action));
    let is_feature = |action: &Action| matches!(action, Action::EnableFeature { .. });
    let mut others = again.plan.actions.iter().filter(|action| !is_feature(action));
    others.all(|action| shown.plan.actions.contains(action) || in_steps(action))
        && has_no_new_features(&shown.plan.actions, &again.plan.actions)
}

/// The actions of steps in the backend's order. Without features: a backend may give one to the step that needs it, and a
/// step that was done may have brought it.
fn bare(steps: &[Step]) -> impl Iterator<Item = &Action> {
    let actions = steps.iter().flat_map(|step| &step.actions);
    actions.filter(|action| !matches!(action, Action::EnableFeature { .. }))
}

/// Whether every feature that is enabled now was to be enabled, or is one of a table that was to be created.
fn has_no_new_features(shown: &[Action], now: &[Action]) -> bool {
    let creates = shown.iter().any(|action| matches!(action, Action::CreateTable { .. }));
    let mut features = now.iter().filter(|action| matches!(action, Action::EnableFeature { .. }));
    creates || features.all(|feature| shown.contains(feature))
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
    Failure { message: with_causes(error), help: error.help.clone() }
}

fn stale(error: &ExecutionError) -> Failure {
    Failure {
        message: format!("{}, and the plan is another one now, so nothing was done", error.message),
        help: Some("look at the new plan, then apply again".to_owned()),
    }
}

/// "Applied" means that a second plan of the table is empty.
async fn verify(engine: &Engine, plan: &PreparedPlan, mut executions: Vec<Execution>) -> Vec<Execution> {
    let touched: Vec<usize> = (0..executions.len()).filter(|index| executions[*index].is_applied()).collect();
    if touched.is_empty() {
        return executions;
    }
    let relations: Vec<_> = touched.iter().map(|index| plan.tables[*index].relation.clone()).collect();
    let (observations, unseen) = match engine.catalog.observe(&relations).await {
        Ok(observations) => (observations, None),
        // What was done is done, whether or not it can be seen.
        Err(error) => (Vec::new(), Some(with_causes(&error))),
    };
    for (at, index) in touched.into_iter().enumerate() {
        let table = &plan.tables[index];
        let trouble = match (&unseen, observations.get(at)) {
            (None, Some(observation)) => not_converged(table, observation),
            (unseen, _) => {
                let why = unseen.as_deref().unwrap_or("it was not observed");
                Some(format!("all steps ran, but afterwards the table could not be looked at: {why}"))
            }
        };
        if let Some(message) = trouble {
            executions[index] = Execution::PartlyApplied {
                done: table.steps.len(),
                steps: table.steps.len(),
                failure: Failure { message, help: Some("plan again to see what is left".to_owned()) },
            };
        }
    }
    executions
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
    let differences = left.differences.iter().map(ToString::to_string);
    let left: Vec<String> = kinds.chain(differences).collect();
    Some(format!("all steps ran, but afterwards the table is not as declared ({} left)", left.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(units: &[Execution], expected: &str) {
        let together = together(units.iter());
        let shown = if let Execution::PartlyApplied { done, steps, failure } = &together {
            format!("{done} of {steps}: {}", failure.message)
        } else {
            format!("{together:?}")
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_was_changed_is_told_however_the_rest_ended() {
        let applied = || Execution::Applied { version: None, tolerated: Vec::new(), remarks: Vec::new() };
        let held = || Execution::HeldBack { by: "s.parent".parse().unwrap() };
        check(&[applied(), held()], "1 of 2: the rest waits for `s.parent`, which failed");
        check(&[applied(), Execution::Interrupted], "1 of 2: the run was stopped before the rest");
        // What others did is no change of ours.
        check(&[Execution::AlreadyApplied, Execution::Interrupted], "Interrupted");
        check(&[Execution::Interrupted, Execution::Interrupted], "Interrupted");
    }
}
