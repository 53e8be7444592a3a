//! docs/benchmarks-spark.md, made from what was measured.

use std::fmt::Write as _;
use std::time::Duration;

use super::side::Deed;
use super::{CHANGES, Changes, DELAY, RUNS, Readings, SLOW_RUNS, Way};

/// How many times less reading has to take than the faster way of the peer, directly and on the slow way.
pub(super) const AIMS: [f64; 2] = [3.0, 8.0];

/// All figures of a run.
pub(super) struct Page {
    pub(super) tables: usize,
    pub(super) creations: Changes,
    pub(super) alterations: Changes,
    pub(super) direct: Readings,
    pub(super) slow: Readings,
    /// Of one byte to an echo and back, over the proxy without and with its delay.
    pub(super) round_trips: [Duration; 2],
}

impl Page {
    /// How many times longer the faster way of the peer takes, directly and on the slow way.
    pub(super) fn factors(&self) -> [f64; 2] {
        [factor(&self.direct), factor(&self.slow)]
    }

    pub(super) fn text(&self) -> String {
        let Self { tables, creations, alterations, direct, slow, round_trips } = self;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let half = tables / 2;
        let delay = 2 * DELAY.as_millis();
        let [without, with] = round_trips.map(|time| format!("{:.1} ms", time.as_secs_f64() * 1000.0));
        let mut text = format!(
            "# Benchmarks on Spark\n\n<!-- Made by `cargo xtask bench spark`; edits here are lost. -->\n\n\
             Our client beside PySpark Connect, on one Spark 4.2 server with Delta 4.4 in one run. Server and clients share the\n\
             {cores} cores of one machine. Both sides are connected and warm before anything is measured; times are on the clients'\n\
             clocks, best and median of runs in turns. A request is one that makes the server run or analyze something\n\
             (`ExecutePlan`, `AnalyzePlan`), counted in both clients; what only keeps the books (settings, releasing an answer) is not\n\
             among them. Processor time is that of the server's process, best run.\n\n\
             PySpark works in the way of the Python delta-engine: table by table, statement by statement, one `spark.sql(…).collect()`\n\
             after another. That engine's own questions are refused by OSS Spark, so it asks what tells the same, in two sets;\n\
             `xtask/src/bench/spark/peer.py` has both, and every statement. It skips what the Python engine would ask beyond that, and\n\
             makes no plan.\n\n\
             ## Reading {tables} tables\n\n\
             12 to 14 columns each, nested ones among them; a quarter partitioned, a quarter clustered, a quarter with column mapping\n\
             and a check. Every turn holds what was learnt against the others: columns with types, nullability and comments, nested ones\n\
             too, comment, properties, partitioning, clustering, checks, features. What only the logs tell (version, column ids,\n\
             generation expressions, identity) is extra.\n\n\
             Directly, {RUNS} runs:\n\n"
        );
        reading(&mut text, *tables, direct);
        let _ = write!(
            text,
            "\nThrough a proxy that lets every byte wait {} ms in each direction: a byte takes {without} to an echo and back over the\n\
             proxy without its delay, and {with} with it. {SLOW_RUNS} runs:\n\n",
            DELAY.as_millis()
        );
        reading(&mut text, *tables, slow);
        let [near, far] = self.factors();
        let _ = write!(
            text,
            "\nOf the two ways of ours, {} is the cheaper one for the server, and is what `plan` does on OSS Spark. Beside the faster\n\
             way of PySpark it takes {near:.1} times less directly and {far:.1} times less with {delay} ms of latency (medians; aimed at:\n\
             {} and {}).\n\n",
            if cheaper(direct) == Way::Logs { "reading logs" } else { "describing" },
            AIMS[0],
            AIMS[1],
        );
        let _ = write!(
            text,
            "## Creating and altering {half} tables\n\n\
             Directly, each side with tables of its own, {CHANGES} time(s) in turns; afterwards both sides' tables are the same. Each\n\
             alteration changes the table's comment, two columns' comments and a property, sets another property and adds two columns; a\n\
             quarter of the tables has a column renamed too. Ours reads all tables, plans, looks at each changed table again before its\n\
             first statement, and reads all of them afterwards, which is in its time. PySpark reads each table, and runs its statements.\n\n\
             | what | best | median | statements a table | requests a table | server's processor a table |\n|---|---|---|---|---|---|\n"
        );
        for (what, deeds) in [
            ("create, ours", &creations.ours),
            ("create, PySpark", &creations.peer),
            ("alter, ours", &alterations.ours),
            ("alter, PySpark", &alterations.peer),
        ] {
            let statements = deeds.first().map_or(0, |deed| deed.statements);
            let statements = per(statements, half);
            let _ = writeln!(
                text,
                "| {what} | {} | {} | {statements} | {} | {} |",
                seconds(best(deeds)),
                seconds(median(deeds)),
                per(most_work(deeds), half),
                processor(deeds, half),
            );
        }
        let planned = |changes: &Changes| changes.ours.iter().filter_map(|deed| deed.planned).min().map(seconds);
        if let (Some(create), Some(alter)) = (planned(creations), planned(alterations)) {
            let _ =
                write!(text, "\nOf our times, the plan takes {create} before creating and {alter} before altering.\n");
        }
        text
    }
}

fn reading(text: &mut String, tables: usize, readings: &Readings) {
    text.push_str("| what | best | median | requests a table | server's processor a table |\n|---|---|---|---|---|\n");
    for (way, deeds) in readings {
        let what = match way {
            Way::Logs => "ours: register, then logs by two requests for 32 tables",
            Way::Descriptions => "ours: schema and `DESCRIBE DETAIL`, 16 tables at once",
            Way::PeerProperties => "PySpark: schema, `SHOW TBLPROPERTIES`, `DESCRIBE TABLE EXTENDED`",
            Way::PeerDetail => "PySpark: schema, `DESCRIBE DETAIL`",
        };
        let (best, median) = (seconds(best(deeds)), seconds(median(deeds)));
        let (work, processor) = (per(most_work(deeds), tables), processor(deeds, tables));
        let _ = writeln!(text, "| {what} | {best} | {median} | {work} | {processor} |");
    }
}

/// How many times longer the faster way of the peer takes than the way of ours that is cheaper for the server.
fn factor(readings: &Readings) -> f64 {
    let median_of = |way: Way| readings.get(&way).map(|deeds| median(deeds).as_secs_f64()).unwrap_or(f64::NAN);
    median_of(Way::PeerProperties).min(median_of(Way::PeerDetail)) / median_of(cheaper(readings))
}

fn cheaper(readings: &Readings) -> Way {
    let cost = |way: &Way| readings.get(way).and_then(|deeds| deeds.iter().filter_map(|deed| deed.processor).min());
    [Way::Logs, Way::Descriptions].into_iter().min_by_key(cost).unwrap_or(Way::Logs)
}

fn best(deeds: &[Deed]) -> Duration {
    deeds.iter().map(|deed| deed.wall).min().unwrap_or_default()
}

fn median(deeds: &[Deed]) -> Duration {
    let mut times: Vec<Duration> = deeds.iter().map(|deed| deed.wall).collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn most_work(deeds: &[Deed]) -> u64 {
    deeds.iter().map(|deed| deed.work).max().unwrap_or_default()
}

fn per(count: u64, tables: usize) -> String {
    format!("{:.2}", count as f64 / tables as f64)
}

fn processor(deeds: &[Deed], tables: usize) -> String {
    let least = deeds.iter().filter_map(|deed| deed.processor).min();
    least.map_or_else(
        || "not measured".to_owned(),
        |time| format!("{:.1} ms", time.as_secs_f64() * 1000.0 / tables as f64),
    )
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}
