//! `cargo xtask test`: everything that must hold before a change goes in.
//!
//! Everything is built first. Then come the tests that need nothing, then those of live servers (`live`), one server after the
//! other. What a machine lacks is reported as skipped, by name; a CI run may not skip.

mod batch;
mod live;
mod tally;
mod targets;

use std::path::{Path, PathBuf};
use std::time::Instant;

use self::batch::Batch;
use self::tally::Tally;
use self::targets::Targets;
use crate::example;
use crate::python;
use crate::run::{self, Outcome};

/// How many programs of plain tests run at once: `rustdoc` links on one core, and long tests end on one.
const PLAIN_AT_ONCE: usize = 2;

/// What a CI run may skip: tables that others wrote stand beside the project, and not on every machine.
const FIXTURES: &str = "fixtures absent";

/// How much is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// Everything but live tests and the example: nothing is installed.
    Quick,
    /// The tests of live servers alone.
    Live,
    /// Everything.
    Full,
}

pub(crate) fn run(tier: Tier) -> Outcome {
    let began = Instant::now();
    let mut tally = Tally::default();
    let targets = Targets::of_workspace()?;
    run::succeed(run::cargo(["test", "--workspace", "--no-run", "--message-format", "short"]).args(["--quiet"]))?;
    println!("--- everything is built after {} s", began.elapsed().as_secs());
    let python = if tier == Tier::Quick { None } else { python(&mut tally) };
    if tier != Tier::Live {
        batch::run(plain(&targets, python.as_deref()), PLAIN_AT_ONCE, &mut tally);
    }
    if tier == Tier::Full {
        tally.note(example::embed());
    }
    if tier != Tier::Quick {
        // Built before the server runs that it needs.
        tally.note(example::build_spark());
        live::run(&targets, python.as_deref(), &mut tally);
    }
    for skipped in &tally.skipped {
        println!("skipped: {skipped}");
    }
    println!(
        "{} tests passed, {} failed, {} skipped, {} s",
        tally.passed,
        tally.failed,
        tally.skipped.len(),
        began.elapsed().as_secs()
    );
    if !tally.failures.is_empty() {
        return Err(tally.failures.join("; ").into());
    }
    let is_lack = |skipped: &String| skipped != FIXTURES;
    if run::is_ci() && tier != Tier::Quick && tally.skipped.iter().any(is_lack) {
        return Err("tests were skipped, and a CI run may not skip".into());
    }
    Ok(())
}

/// The tests that need nothing. Those in docs come first: they take long, and most of that time on one core.
fn plain(targets: &Targets, python: Option<&Path>) -> Vec<Batch> {
    let units = [Batch::new("doc tests", &["--doc"]), Batch::new("unit tests", &["--lib", "--bins"])];
    let mut batches: Vec<Batch> =
        units.into_iter().chain(targets.plain.iter().map(|target| Batch::of_target(target))).collect();
    for command in batches.iter_mut().map(Batch::command) {
        // What the environment names is for live tests, which have a turn of their own.
        command.env_remove("DELTA_ENGINE_PYTHON").env_remove("SPARK_REMOTE");
        command.envs(python.iter().map(|path| ("DELTA_ENGINE_PYTHON", path)));
        // A number of tables at which times are worth nothing, so that the code that takes them runs.
        command.env("DELTA_ENGINE_TIMES", "10");
    }
    batches
}

/// The Python of independent readers.
fn python(tally: &mut Tally) -> Option<PathBuf> {
    let python = python::interpreter();
    if let Err(error) = &python {
        tally.skipped.insert(format!("independent readers (DuckDB, Python deltalake): {error}"));
    }
    python.ok()
}
