//! docs/benchmarks.md, made from what was measured.

use std::fmt::Write as _;
use std::time::Duration;

use super::lake::{COLUMNS, LONG_LOG_COMMITS, LONG_LOG_FILES};
use super::measure::{Figure, LONG, LONG_RUNS, RUNS};

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
        let long = LONG.as_secs();
        let text = format!(
            "# Benchmarks\n\n<!-- Made by `cargo xtask bench`; edits here are lost. -->\n\n\
             Whole processes on a local disk with the page cache warm, {cores} cores, {RUNS} runs each in turns ({LONG_RUNS} of what\n\
             takes more than {long} s). Times are best and median; memory is the largest resident set. The floor lists the same\n\
             folders and reads the same files on as many threads as there are cores, and looks at nothing in them. Servers have\n\
             [a page of their own](benchmarks-spark.md).\n\n\
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

    /// `short` are the same programs on the same table with its first commit alone.
    pub(super) fn long_log(&mut self, long: &[Figure], short: &[Figure]) {
        self.text.push_str(&format!(
            "\n## A long log\n\nOne table of {} commits with {} data files and a checkpoint that Python `deltalake` wrote at \
             the last\nversion but one. The floor lists the log and reads the checkpoint and the newest commit.\n\n",
            grouped(LONG_LOG_COMMITS),
            grouped(LONG_LOG_FILES)
        ));
        self.table(long);
        self.text.push_str("\nThe same programs on the same table with its first commit alone:\n\n");
        self.table(short);
        let best = |figures: &[Figure], what: &str| {
            figures.iter().find(|figure| figure.what == what).map(|figure| figure.best.as_secs_f64())
        };
        let more = |what: &str| Some(best(long, what)? - best(short, what)?);
        let whole = |what: &str| best(long, what);
        if let (Some(floor), Some(plan), Some(python)) = (more(FLOOR), more(PLAN), more(PYTHON))
            && let (Some(whole_floor), Some(whole_plan), Some(whole_python)) =
                (whole(FLOOR), whole(PLAN), whole(PYTHON))
        {
            self.text.push_str(&format!(
                "\nThe long log costs the plan {:.2} times what it costs the floor, and Python `deltalake` {:.0} times what it \
                 costs the plan\n(best times, the start of each program taken off). As whole processes, reading definitions \
                 included, it is {:.1} times the\nfloor, and Python `deltalake` {:.0} times the plan.\n",
                plan / floor,
                python / plan,
                whole_plan / whole_floor,
                whole_python / whole_plan
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
