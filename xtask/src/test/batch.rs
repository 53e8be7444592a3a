//! Test programs, run one after the other or some at a time.
//!
//! What two at once print would be mixed up, so each one's words are kept until it ends.

use std::io::{BufRead, BufReader};
use std::panic;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::tally::Tally;
use crate::run;

/// Some of the tests of the workspace: one call of cargo.
#[derive(Debug)]
pub(super) struct Batch {
    name: String,
    command: Command,
}

impl Batch {
    /// The tests that these arguments of cargo choose.
    pub(super) fn new(name: &str, which: &[&str]) -> Self {
        let mut command = run::cargo(["test", "--workspace", "--no-fail-fast"]);
        command.args(which).args(["--", "--show-output"]);
        Self { name: name.to_owned(), command }
    }

    /// The tests of one target.
    pub(super) fn of_target(target: &str) -> Self {
        Self::new(target, &["--test", target])
    }

    /// Its command, to which arguments for the test program and settings of the environment may be added.
    pub(super) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it to its end and prints what it says, without what passing tests print.
    fn run(mut self, tally: &mut Tally) {
        let began = Instant::now();
        let mut news = Vec::new();
        let outcome = watch(&mut self.command, tally, &mut news);
        println!("{}", [vec![format!("--- {}: {} s", self.name, began.elapsed().as_secs())], news].concat().join("\n"));
        tally.failures.extend(outcome.err().map(|error| format!("{}: {error}", self.name)));
    }
}

/// Runs them all, in this order, so many at a time.
pub(super) fn run(batches: Vec<Batch>, at_once: usize, tally: &mut Tally) {
    let waiting = Mutex::new(batches.into_iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut tally = Tally::default();
        while let Some(batch) = next() {
            batch.run(&mut tally);
        }
        tally
    };
    let tallies = thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        ended.collect::<Vec<_>>()
    });
    tallies.into_iter().for_each(|part| tally.merge(part));
}

/// Runs test programs to their end and keeps the lines that are worth reading.
fn watch(command: &mut Command, tally: &mut Tally, news: &mut Vec<String>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("cargo test failed: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut quiet = false;
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let line = line.map_err(failed)?;
        tally.count(&line);
        quiet = match line.as_str() {
            "successes:" => true,
            "failures:" => false,
            _ => quiet && !line.starts_with("test result: "),
        };
        let is_news = !line.ends_with(" ... ok") && !line.starts_with("running ") && !line.trim().is_empty();
        if !quiet && is_news {
            news.push(line);
        }
    }
    let status = child.wait().map_err(failed)?;
    if status.success() { Ok(()) } else { Err(format!("cargo test failed ({status})")) }
}
