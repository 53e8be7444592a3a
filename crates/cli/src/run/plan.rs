//! `plan`: what would be done.

use std::path::PathBuf;

use delta_engine::wire::WirePlan;
use delta_engine::{CancellationToken, PreparedPlan, Status};

use super::script::script;
use super::{stoppable, with_engine};
use crate::args::Format;
use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::project::{Run, target_name, wire_target};
use crate::screen::{Heading, Line, Tone, counts, next_step, show_plan, tables_as_declared};
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_, '_>, paths: &[PathBuf], stop: &CancellationToken) -> Outcome {
    let run = Run::read(session.options, paths)?;
    let engine = stoppable(stop, run.engine(session.options, stop)).await??;
    with_engine(session, engine, async |session, engine| {
        let plan = stoppable(stop, engine.plan(&run.registry)).await??;
        match session.options.format {
            Format::Text | Format::Json => show(session, &run, &plan, "plan", None)?,
            Format::Sql => session.out.raw(&script(&run, &plan)),
        }
        Ok(Exit::of(plan.status(), session.options.detailed_exitcode))
    })
    .await
}

/// Shows a plan that stays a plan, with the command that would apply it.
pub(super) fn show(
    session: &mut Session<'_, '_>,
    run: &Run,
    plan: &PreparedPlan,
    command: &str,
    remark: Option<String>,
) -> Result<(), Trouble> {
    if session.is_json() {
        return json(session, &WirePlan::of_plan(plan, wire_target(&run.target)));
    }
    show_plan(&mut session.out, &heading(run), plan);
    if let Some((words, line)) = next_step(plan, &session.typed, command) {
        session.out.line(Line::new().plain(words).plain("  ").toned(Tone::Strong, line));
        session.out.blank();
    }
    if let Some(remark) = remark {
        session.out.say(remark);
    }
    session.out.line(Line::new().toned(Tone::Strong, last_line(plan)));
    Ok(())
}

/// The first line of a run's plan.
pub(super) fn heading(run: &Run) -> Heading<'_> {
    Heading::Target { name: target_name(&run.target), url: &run.target.shown_url }
}

/// The last line of a plan that nobody applied.
pub(super) fn last_line(plan: &PreparedPlan) -> String {
    match (plan.status(), plan.tables.len()) {
        (Status::InSync, 0) => "No table is declared. Nothing to do.".to_owned(),
        (Status::InSync, _) => format!("Everything is as declared: {}. Nothing to do.", tables_as_declared(plan)),
        _ => format!("Plan: {}. Nothing was changed.", counts(plan)),
    }
}

/// Writes a plan or report as JSON.
pub(super) fn json(session: &mut Session<'_, '_>, plan: &WirePlan) -> Result<(), Trouble> {
    let text = serde_json::to_string_pretty(plan)
        .map_err(|error| Trouble::failed(format!("failed to write the plan as JSON: {error}"), None))?;
    session.out.raw(&text);
    session.out.blank();
    Ok(())
}
