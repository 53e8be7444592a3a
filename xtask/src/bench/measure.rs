//! Measuring whole processes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{self, Outcome};

/// Runs of each program. They take turns, so that what disturbs one disturbs the others.
pub(super) const RUNS: usize = 7;
/// Runs of a program that takes longer than `LONG` each.
pub(super) const LONG_RUNS: usize = 2;
pub(super) const LONG: Duration = Duration::from_secs(5);

/// A program to measure; the same one is started again and again.
pub(super) struct Subject<'s> {
    pub(super) what: &'s str,
    pub(super) program: &'s Path,
    pub(super) arguments: &'s [&'s str],
    /// The exit codes that count as success.
    pub(super) exits: &'s [i32],
}

/// What was measured of one subject.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) best: Duration,
    pub(super) median: Duration,
    /// Largest resident memory in MiB, where `/usr/bin/time` is there to tell.
    pub(super) memory: Option<u64>,
}

/// Runs the subjects in turns. The first turn brings files and programs into the page cache and does not count, but for
/// programs that take long.
pub(super) fn side_by_side(folder: &Path, subjects: &[Subject<'_>]) -> Outcome<Vec<Figure>> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(RUNS + 1); subjects.len()];
    for _ in 0..=RUNS {
        for (subject, times) in subjects.iter().zip(&mut times) {
            let takes_long = times.iter().any(|took| *took > LONG);
            if !takes_long || times.len() < LONG_RUNS {
                times.push(subject.once(folder)?);
            }
        }
    }
    for times in times.iter_mut().filter(|times| times.len() > RUNS) {
        times.remove(0);
    }
    let mut figures = Vec::new();
    for (subject, mut times) in subjects.iter().zip(times) {
        times.sort_unstable();
        let figure = Figure {
            what: subject.what.to_owned(),
            best: times[0],
            median: times[times.len() / 2],
            memory: subject.memory(folder)?,
        };
        let memory = figure.memory.map(|memory| format!(", {memory} MiB")).unwrap_or_default();
        println!("{}: best {:?}, median {:?}{memory}", figure.what, figure.best, figure.median);
        figures.push(figure);
    }
    Ok(figures)
}

impl Subject<'_> {
    fn once(&self, folder: &Path) -> Outcome<Duration> {
        let began = Instant::now();
        let output = run::output(Command::new(self.program).args(self.arguments).current_dir(folder))?;
        let took = began.elapsed();
        if !output.status.code().is_some_and(|code| self.exits.contains(&code)) {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("{}: failed ({}): {said}", self.what, output.status).into());
        }
        Ok(took)
    }

    /// One more run, under GNU time.
    fn memory(&self, folder: &Path) -> Outcome<Option<u64>> {
        let time = Path::new("/usr/bin/time");
        if !time.exists() {
            return Ok(None);
        }
        let mut command = Command::new(time);
        command.args(["--quiet", "-f", "%M"]).arg(self.program).args(self.arguments);
        let output = run::output(command.current_dir(folder).stdout(Stdio::null()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        Ok(said.lines().last().and_then(|line| line.trim().parse::<u64>().ok()).map(|kibibytes| kibibytes / 1024))
    }
}
