//! `apply`: show the plan, ask, do it, and say what became of it.

use std::io::IsTerminal;

use delta_engine::schema::Outcome as TableOutcome;
use delta_engine::wire::WirePlan;
use delta_engine::{CancellationToken, Engine, PreparedPlan};

use super::{plan, stoppable, with_engine};
use crate::args::ApplyArgs;
use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::project::{Run, wire_target};
use crate::screen::{Line, Tone, allow_step, counts, show_plan, show_report, tables};
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_, '_>, arguments: &ApplyArgs, stop: &CancellationToken) -> Outcome {
    if !arguments.yes && !arguments.dry_run {
        check_asking(session)?;
    }
    let run = Run::read(session.options, &arguments.paths.paths)?;
    let engine = stoppable(stop, run.engine(session.options, stop)).await?.map_err(Trouble::before_anything)?;
    with_engine(session, engine, async |session, engine| applied(session, &run, engine, arguments, stop).await).await
}

async fn applied(
    session: &mut Session<'_, '_>,
    run: &Run,
    engine: &Engine,
    arguments: &ApplyArgs,
    stop: &CancellationToken,
) -> Outcome {
    let plan = stoppable(stop, engine.plan(&run.registry)).await?;
    let plan = plan.map_err(|error| Trouble::from(error).before_anything())?;
    let held_back = plan.count(TableOutcome::Blocked) + plan.count(TableOutcome::Unreadable);
    let refused = arguments.all_or_nothing && held_back > 0;
    if arguments.dry_run || refused || plan.count(TableOutcome::Changes) == 0 {
        let remark = refused.then(|| format!("--all-or-nothing: {} cannot be applied, so none is.", tables(held_back)));
        plan::show(session, run, &plan, "apply", remark)?;
        let detailed = arguments.dry_run && session.options.detailed_exitcode;
        return Ok(Exit::of(plan.status(), detailed));
    }
    if !session.is_json() {
        show_plan(&mut session.out, &plan::heading(run), &plan);
        session.out.line(Line::new().toned(Tone::Strong, format!("Plan: {}.", counts(&plan))));
        session.out.blank();
        session.out.flush();
    }
    if !arguments.yes && !ask(session, &plan, stop).await? {
        session.out.say("Declined. Nothing was changed.");
        return Ok(Exit::Error);
    }
    let exit = execute(session, run, engine, plan).await?;
    // Whatever it came to when it was stopped.
    Ok(if stop.is_cancelled() && exit != Exit::Done { Exit::Interrupted } else { exit })
}

async fn execute(session: &mut Session<'_, '_>, run: &Run, engine: &Engine, plan: PreparedPlan) -> Outcome {
    let next = allow_step(&plan, &session.typed, "apply");
    let report = engine.apply(plan).await.map_err(|error| {
        let trouble = Trouble::from(error);
        Trouble {
            message: format!("{}\nsome tables may have been changed: type `delta-engine plan` to see", trouble.message),
            ..trouble
        }
    })?;
    if session.is_json() {
        plan::json(session, &WirePlan::of_report(&report, wire_target(&run.target)))?;
    } else {
        show_report(&mut session.out, &report, next);
    }
    Ok(Exit::of(report.status(), false))
}

/// Nobody is asked where nobody can answer.
fn check_asking(session: &Session<'_, '_>) -> Result<(), Trouble> {
    let message = if session.is_json() {
        "apply --format json does not ask"
    } else if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        "apply asks before it changes anything, and there is no terminal to ask on"
    } else {
        return Ok(());
    };
    Err(Trouble::usage(message, "add --yes to apply without being asked, or --dry-run to only look"))
}

async fn ask(session: &mut Session<'_, '_>, plan: &PreparedPlan, stop: &CancellationToken) -> Result<bool, Trouble> {
    let blocked = plan.count(TableOutcome::Blocked) + plan.count(TableOutcome::Unreadable);
    let others = match blocked {
        0 => String::new(),
        count => format!(" and leave {count} alone"),
    };
    let question = format!("Apply {}{others}? [y/N] ", tables(plan.count(TableOutcome::Changes)));
    session.talk.raw(&question);
    session.talk.flush();
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).map(|_| answer)
    });
    let answer = stoppable(stop, read).await?;
    let answer = answer.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    let answer = answer.map_err(|error| Trouble::io("read the answer", &error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
