//! `cargo xtask test`: everything that must hold before a change goes in.
//!
//! Everything is built first. Then come the tests that need nothing, then those of live servers (`live`), one server after the
//! other. What a machine lacks is reported as skipped, by name; a CI run may not skip.

mod live;
mod targets;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::example;
use crate::python;
use crate::run::{self, Outcome};
use targets::Targets;

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

/// What the test programs reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: BTreeSet<String>,
}

pub(crate) fn run(tier: Tier) -> Outcome {
    let began = Instant::now();
    let mut tally = Tally::default();
    let targets = Targets::of_workspace()?;
    run::succeed(run::cargo(["test", "--workspace", "--no-run", "--message-format", "short"]).args(["--quiet"]))?;
    let mut failures = Vec::new();
    let mut note = |outcome: Outcome| failures.extend(outcome.err().map(|error| error.to_string()));
    let python = if tier == Tier::Quick { None } else { python(&mut tally) };
    let kinds = [targets.plain_arguments(), vec!["--doc".to_owned()]];
    for kind in kinds.into_iter().filter(|_| tier != Tier::Live) {
        let mut command = run::cargo(["test", "--workspace", "--no-fail-fast"]);
        command.args(kind).args(["--", "--show-output"]);
        // What the environment names is for live tests, which have a turn of their own.
        command.env_remove("DELTA_ENGINE_PYTHON").env_remove("SPARK_REMOTE");
        command.envs(python.iter().map(|path| ("DELTA_ENGINE_PYTHON", path)));
        // A number of tables at which times are worth nothing, so that the code that takes them runs.
        command.env("DELTA_ENGINE_TIMES", "10");
        note(watch(&mut command, &mut tally));
    }
    if tier == Tier::Full {
        note(example::embed());
    }
    if tier != Tier::Quick {
        // Built before the server runs that it needs.
        note(example::build_spark());
        live::run(&targets, python.as_deref(), &mut tally).into_iter().for_each(&mut note);
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
    if !failures.is_empty() {
        return Err(failures.join("; ").into());
    }
    if run::is_ci() && tier != Tier::Quick && !tally.skipped.is_empty() {
        return Err("tests were skipped, and a CI run may not skip".into());
    }
    Ok(())
}

/// The Python of independent readers.
fn python(tally: &mut Tally) -> Option<std::path::PathBuf> {
    let python = python::interpreter();
    if let Err(error) = &python {
        tally.skipped.insert(format!("independent readers (DuckDB, Python deltalake): {error}"));
    }
    python.ok()
}

/// Runs the tests, passes on what they say and leaves out what passing tests print.
fn watch(command: &mut Command, tally: &mut Tally) -> Outcome {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut quiet = false;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            tally.count(&line);
            quiet = match line.as_str() {
                "successes:" => true,
                "failures:" => false,
                _ => quiet && !line.starts_with("test result: "),
            };
            let is_news = !line.ends_with(" ... ok") && !line.starts_with("running ") && !line.trim().is_empty();
            if !quiet && is_news {
                println!("{line}");
            }
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("cargo test failed ({status})").into()) }
}

impl Tally {
    fn count(&mut self, line: &str) {
        if let Some(skipped) = line.strip_prefix("skipped: ") {
            self.skipped.insert(skipped.to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let number = |what: &str| {
            let parts = result.split(['.', ';']);
            parts.filter_map(|part| part.trim().strip_suffix(what)).find_map(|part| part.trim().parse::<usize>().ok())
        };
        self.passed += number(" passed").unwrap_or(0);
        self.failed += number(" failed").unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_skips_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "skipped: duckdb: not installed",
            "skipped: duckdb: not installed",
            "test a ... ok",
        ] {
            tally.count(line);
        }
        let skipped = BTreeSet::from(["duckdb: not installed".to_owned()]);
        assert_eq!(tally, Tally { passed: 15, failed: 2, skipped });
    }
}
