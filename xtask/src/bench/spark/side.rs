//! One side of the comparison: a program that stays connected to the server and does what it is told, a line at a time.
//!
//! Knows what an answer holds, and measures what the server's process has to do for it. Nothing of it is estimated.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::run::{self, Outcome};

/// A running program.
pub(super) struct Side {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a program did, and what it took.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    /// By the program's own clock, without what it takes to write the answer.
    pub(super) wall: Duration,
    /// Of this, until there was a plan; none for a program that makes none.
    pub(super) planned: Option<Duration>,
    /// Processor time of the server's process meanwhile, where the system tells.
    pub(super) processor: Option<Duration>,
    /// Requests that make the server run or analyze something.
    pub(super) work: u64,
    /// All requests, by their names in the protocol.
    pub(super) requests: BTreeMap<String, u64>,
    /// Statements that change something.
    pub(super) statements: u64,
    /// What was learnt, by table.
    pub(super) tables: BTreeMap<String, Value>,
}

impl Side {
    /// Starts a program that talks to the server at this port.
    pub(super) fn start(name: &'static str, command: &mut Command, port: u16) -> Outcome<Self> {
        command.env("SPARK_REMOTE", format!("sc://127.0.0.1:{port}")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("failed to start {name}: {error}"))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let (Some(input), Some(output)) = (input, output) else { return Err(format!("{name} has no pipes").into()) };
        Ok(Self { name, child, input, output: BufReader::new(output) })
    }

    /// Lets it do something, and measures the process of the server beside it.
    pub(super) fn run(&mut self, order: &str, server: u32) -> Outcome<Deed> {
        let before = processor(server);
        writeln!(self.input, "{order}")?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(format!("{} ended at `{order}` ({})", self.name, self.child.wait()?).into());
        }
        let processor = before.zip(processor(server)).map(|(before, after)| after.saturating_sub(before));
        let answer: Value = serde_json::from_str(&line)?;
        let deed = Deed::read(&answer, processor).ok_or_else(|| format!("{} answered `{line}`", self.name))?;
        println!("{} {order}: {:?}, server {:?}, requests {:?}", self.name, deed.wall, deed.processor, deed.requests);
        Ok(deed)
    }

    /// Lets it end by itself.
    pub(super) fn end(mut self) -> Outcome {
        drop(self.input);
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", self.name).into()) }
    }
}

impl Deed {
    fn read(answer: &Value, processor: Option<Duration>) -> Option<Self> {
        let seconds = |key: &str| Duration::try_from_secs_f64(answer[key].as_f64()?).ok();
        let entries = |key: &str| answer[key].as_object().cloned().unwrap_or_default().into_iter();
        Some(Self {
            wall: seconds("seconds")?,
            planned: seconds("planned"),
            processor,
            work: answer["work"].as_u64()?,
            requests: entries("requests").filter_map(|(name, count)| Some((name, count.as_u64()?))).collect(),
            statements: answer["statements"].as_u64().unwrap_or_default(),
            tables: entries("tables").collect(),
        })
    }
}

/// The processor time that a process had so far, in its own code and in the system's.
fn processor(id: u32) -> Option<Duration> {
    // proc(5): the name stands in brackets and may hold anything; state comes next, the two times are the 12th and 13th.
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    let ticks = times.next()? + times.next()?;
    Some(Duration::from_millis(ticks * 1000 / ticks_in_a_second()?))
}

fn ticks_in_a_second() -> Option<u64> {
    let told = run::stdout(Command::new("getconf").arg("CLK_TCK")).ok()?;
    told.trim().parse().ok().filter(|ticks| *ticks > 0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_processor_time_of_a_process_grows_with_its_work() {
        let own = std::process::id();
        let before = processor(own).unwrap();
        let began = std::time::Instant::now();
        let mut sum = 0_u64;
        while began.elapsed() < Duration::from_millis(300) {
            sum = std::hint::black_box(sum.wrapping_add(1));
        }
        assert!(processor(own).unwrap() > before);
        assert!(processor(u32::MAX).is_none());
    }
}
