//! The commands.

mod apply;
mod completions;
mod diff;
mod explain;
mod faults;
mod init;
mod plan;
mod schema;
mod script;
mod snapshot;
mod validate;

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use delta_engine::{CancellationToken, Engine};

use crate::args::Command;
use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::session::Session;

/// Runs a command.
pub(crate) fn run(command: &Command, session: &mut Session<'_, '_>) -> Outcome {
    match command {
        Command::Init => init::run(session),
        Command::Validate(paths) => validate::run(session, &paths.paths),
        Command::Plan(paths) => on_runtime(async |stop| plan::run(session, &paths.paths, &stop).await),
        Command::Apply(arguments) => on_runtime(async |stop| apply::run(session, arguments, &stop).await),
        Command::Diff { from, to } => on_runtime(async |stop| diff::run(session, from, to, &stop).await),
        Command::Snapshot { output } => on_runtime(async |stop| snapshot::run(session, output.as_deref(), &stop).await),
        Command::Explain { code } => explain::run(session, code.as_deref()),
        Command::Schema { of } => schema::run(session, *of),
        Command::Completions { shell } => completions::run(session, *shell),
    }
}

/// Runs what waits for the target, and stops it when the user asks for that.
fn on_runtime(work: impl AsyncFnOnce(CancellationToken) -> Outcome) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Trouble::io("start the runtime", &error))?;
    let stop = CancellationToken::new();
    runtime.spawn(watch(stop.clone()));
    let stopped = stop.clone();
    let outcome = runtime.block_on(work(stop));
    if stopped.is_cancelled() {
        // What was left running on a server is asked to stop there.
        runtime.block_on(async { tokio::time::sleep(FAREWELL).await });
    }
    // A question that was interrupted still waits for its answer.
    runtime.shutdown_background();
    outcome
}

/// How long a request to stop may take on its way to a server.
const FAREWELL: Duration = Duration::from_millis(500);

/// The first Ctrl-C asks the run to stop where that is safe, the second one ends the program.
async fn watch(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    stop.cancel();
    let _ = writeln!(std::io::stderr(), "\nstopping where it is safe; press Ctrl-C again to stop at once");
    if tokio::signal::ctrl_c().await.is_ok() {
        let _ = writeln!(
            std::io::stderr(),
            "\nstopped at once: what was begun may still happen; type `delta-engine plan` to see"
        );
        std::process::exit(Exit::Interrupted.code().into());
    }
}

/// Works with an engine, and lets the target go once the result is shown, whatever it came to.
async fn with_engine(
    session: &mut Session<'_, '_>,
    engine: Engine,
    work: impl AsyncFnOnce(&mut Session<'_, '_>, &Engine) -> Outcome,
) -> Outcome {
    let outcome = work(session, &engine).await;
    session.out.flush();
    engine.close().await;
    outcome
}

/// Waits for what changes nothing, unless the user stops it.
async fn stoppable<T>(stop: &CancellationToken, work: impl Future<Output = T>) -> Result<T, Trouble> {
    tokio::select! {
        done = work => Ok(done),
        () = stop.cancelled() => Err(Trouble::interrupted()),
    }
}
