//! docs/benchmarks.md, made from what was measured.

use std::fmt::Write as _;
use std::time::Duration;

use super::lake::{COLUMNS, LONG_LOG_COMMITS, LONG_LOG_FILES};
use super::measure::{Figure, RUNS};

pub(super) const FLOOR: &str = "floor";
pub(super) const PLAN: &str = "`delta-engine plan`";
pub(super) const PYTHON: &str = "Python `deltalake` opens each table";
pub(super) const PYTHON_START: &str = "(Python starts and imports `deltalake`, nothing else)";

/// The page, grown section by section.
pub(super) struct Page {
    text: String,
}

impl Page {
    pub(super) fn new(planning: &str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let text = format!(
            "# Benchmarks\n\n<!-- Made by `cargo xtask bench`; edits here are lost. -->\n\n\
             Whole processes on a local disk with the page cache warm, {cores} cores, {RUNS} runs each in turns. Times are best\n\
             and median; memory is the largest resident set. The floor lists the same folders and reads the same files on as\n\
             many threads as there are cores, and looks at nothing in them.\n\n\
             ## Planning alone\n\n\
             10,000 tables of 100 columns in memory, half of them with changes, a fifth with nested columns: diff, rules, plan\n\
             and rehearsal, as `crates/testkit/examples/planning_speed.rs` prints them.\n\n```text\n{planning}```\n"
        );
        Self { text }
    }

    pub(super) fn lake(&mut self, tables: usize, figures: &[Figure]) {
        let heading = if tables == 1 { "One table".to_owned() } else { format!("{} tables", grouped(tables as u64)) };
        self.text.push_str(&format!(
            "\n## {heading}\n\n{COLUMNS} columns each, one commit, a definition file a table; every second table is declared with \
             four changes\nor five, every fifth has nested columns.\n\n"
        ));
        self.table(figures);
    }

    pub(super) fn long_log(&mut self, figures: &[Figure]) {
        self.text.push_str(&format!(
            "\n## A long log\n\nOne table of {} commits with {} data files and a checkpoint that Python `deltalake` wrote at \
             the last\nversion but one. The floor lists the log and reads the checkpoint and the newest commit.\n\n",
            grouped(LONG_LOG_COMMITS),
            grouped(LONG_LOG_FILES)
        ));
        self.table(figures);
        let best = |what: &str| figures.iter().find(|figure| figure.what == what).map(|figure| figure.best);
        if let (Some(floor), Some(plan), Some(python), Some(start)) =
            (best(FLOOR), best(PLAN), best(PYTHON), best(PYTHON_START))
        {
            let times = |left: Duration, right: Duration| left.as_secs_f64() / right.as_secs_f64();
            self.text.push_str(&format!(
                "\nThe plan takes {:.2} times the floor; Python `deltalake`, its start taken off, {:.0} times the plan.\n",
                times(plan, floor),
                times(python.saturating_sub(start), plan)
            ));
        }
    }

    fn table(&mut self, figures: &[Figure]) {
        self.text.push_str("| what | best | median | memory |\n|---|---|---|---|\n");
        for Figure { what, best, median, memory } in figures {
            let memory = memory.map_or_else(|| "not measured".to_owned(), |memory| format!("{memory} MiB"));
            let (best, median) = (milliseconds(*best), milliseconds(*median));
            let _ = writeln!(self.text, "| {what} | {best} | {median} | {memory} |");
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// A number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
