//! `cargo xtask bench spark`: our client beside a PySpark Connect client that works table by table, on one server in one run.
//!
//! Owns the course of the comparison, and what must hold in it: both sides learn the same, and ours makes at most two requests
//! a table. What each side does is in `crates/adapters/spark/examples/spark_speed.rs` and in `peer.py`; the figures go into
//! docs/benchmarks-spark.md.

mod page;
mod proxy;
mod side;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use self::side::{Deed, Side};
use crate::run::{self, Outcome};
use crate::server::Lifetime;
use crate::spark;

/// Tables that are read unless said otherwise; half of them are made by each side.
const TABLES: usize = 200;
/// Tables of each side that are made first, to warm up the server.
const WARM: usize = 8;
/// What a byte waits in each direction on the slow way to the server.
const DELAY: Duration = Duration::from_millis(25);
/// How often the tables are read in turns: directly, after one turn that warms up the server, and on the slow way.
const RUNS: usize = 3;
const SLOW_RUNS: usize = 2;
/// How often tables are made and changed.
const CHANGES: usize = 1;
/// Requests that reading a table may take.
const MOST: u64 = 2;

/// A way of reading tables: whose it is, and what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Logs,
    Descriptions,
    PeerProperties,
    PeerDetail,
}

impl Way {
    /// In the order in which they take turns.
    const ALL: [Self; 4] = [Self::Logs, Self::PeerProperties, Self::Descriptions, Self::PeerDetail];

    /// What the side is told.
    fn word(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Descriptions => "descriptions",
            Self::PeerProperties => "properties",
            Self::PeerDetail => "detail",
        }
    }

    fn is_ours(self) -> bool {
        match self {
            Self::Logs | Self::Descriptions => true,
            Self::PeerProperties | Self::PeerDetail => false,
        }
    }
}

/// What was measured of reading, by way.
type Readings = BTreeMap<Way, Vec<Deed>>;

/// What was measured of one change of many tables.
#[derive(Debug, Default)]
struct Changes {
    ours: Vec<Deed>,
    peer: Vec<Deed>,
}

/// The two sides, on one way to the server.
struct Pair {
    ours: Side,
    peer: Side,
    /// The server's process.
    server: u32,
}

/// Reads this many tables, half of which each side makes and changes.
pub(super) fn run(tables: Option<usize>) -> Outcome {
    let count = tables.unwrap_or(TABLES) / 2;
    let programs = (example()?, spark::pyspark(spark::Profile::Newest)?);
    let server = spark::start(spark::Profile::Newest, &[], Lifetime::Guarded)?;
    if server.is_borrowed() {
        return Err("a server runs already, and others may use it; stop it with `cargo xtask spark down`".into());
    }
    let (port, process) = (server.port()?, server.process_id());
    let mut pair = Pair::start(&programs, port, process)?;
    pair.change("warm", WARM)?;
    let [mut creations, mut alterations] = [Changes::default(), Changes::default()];
    for turn in 0..CHANGES {
        let [created, altered] = pair.change(&format!("t{turn}"), count)?;
        creations.take(created);
        alterations.take(altered);
    }
    let sets = format!("ours_t0_ {count} peer_t0_ {count}");
    pair.read(&sets, 1, 2 * count)?;
    let direct = pair.read(&sets, RUNS, 2 * count)?;
    pair.end()?;
    let mut pair = Pair::start(&programs, proxy::start(port, DELAY)?, process)?;
    let slow = pair.read(&sets, SLOW_RUNS, 2 * count)?;
    pair.end()?;
    let round_trips = [proxy::round_trip(Duration::ZERO)?, proxy::round_trip(DELAY)?];
    let page = page::Page { tables: 2 * count, creations, alterations, direct, slow, round_trips };
    let text = page.text();
    print!("{text}");
    fs::write(run::root().join("docs/benchmarks-spark.md"), text)?;
    let factors = page.factors();
    match factors.iter().zip(page::AIMS).find(|(factor, aim)| **factor < *aim || factor.is_nan()) {
        Some((factor, aim)) => {
            Err(format!("reading is {factor:.1} times faster than PySpark, and {aim} is aimed at").into())
        }
        None => Ok(()),
    }
}

/// Our side, built for speed.
fn example() -> Outcome<PathBuf> {
    const NAME: &str = "spark_speed";
    // With the features of the whole workspace, so that a release of its programs and this one share their dependencies.
    let build = ["build", "--release", "--workspace", "--example", NAME, "--message-format", "short"];
    run::succeed(&mut run::cargo(build))?;
    Ok(run::target()?.join("release/examples").join(NAME))
}

impl Pair {
    fn start((ours, python): &(PathBuf, PathBuf), port: u16, server: u32) -> Outcome<Self> {
        let script = run::root().join("xtask/src/bench/spark/peer.py");
        let ours = Side::start("delta-engine", &mut Command::new(ours), port)?;
        let peer = Side::start("PySpark", Command::new(python).args(["-W", "ignore"]).arg(script), port)?;
        Ok(Self { ours, peer, server })
    }

    /// Lets each side create tables of its own and change them, in turns.
    fn change(&mut self, prefix: &str, count: usize) -> Outcome<[(Deed, Deed); 2]> {
        let mut both = |verb: &str| -> Outcome<(Deed, Deed)> {
            let ours = self.ours.run(&format!("{verb} ours_{prefix}_ {count}"), self.server)?;
            Ok((ours, self.peer.run(&format!("{verb} peer_{prefix}_ {count}"), self.server)?))
        };
        let changes = [both("create")?, both("alter")?];
        // Both came to the same tables.
        let read = |side: &mut Side, of: &str| side.run(&format!("observe logs {of}_{prefix}_ {count}"), self.server);
        let (ours, peer) = (read(&mut self.ours, "ours")?, read(&mut self.ours, "peer")?);
        same(&ours.tables.values().collect::<Vec<_>>(), &peer.tables.values().collect::<Vec<_>>(), "what was applied")?;
        Ok(changes)
    }

    /// Reads the tables by every way, in turns.
    fn read(&mut self, sets: &str, runs: usize, tables: usize) -> Outcome<Readings> {
        let mut readings = Readings::new();
        for _ in 0..runs {
            let mut learnt: Option<Vec<(String, Value)>> = None;
            for way in Way::ALL {
                let side = if way.is_ours() { &mut self.ours } else { &mut self.peer };
                let mut deed = side.run(&format!("observe {} {sets}", way.word()), self.server)?;
                let found: Vec<(String, Value)> = std::mem::take(&mut deed.tables).into_iter().collect();
                if found.len() != tables || found.iter().any(|(_, table)| table.is_null()) {
                    return Err(format!("{}: not all tables were found", way.word()).into());
                }
                same(learnt.get_or_insert_with(|| found.clone()), &found, way.word())?;
                if way.is_ours() && deed.work > MOST * tables as u64 {
                    return Err(format!("{}: {} requests for {tables} tables", way.word(), deed.work).into());
                }
                readings.entry(way).or_default().push(deed);
            }
        }
        Ok(readings)
    }

    fn end(self) -> Outcome {
        self.ours.end()?;
        self.peer.end()
    }
}

impl Changes {
    fn take(&mut self, (ours, peer): (Deed, Deed)) {
        self.ours.push(ours);
        self.peer.push(peer);
    }
}

/// Both sides must have learnt the same; the message shows the first difference.
fn same<T: PartialEq + std::fmt::Debug>(first: &[T], second: &[T], what: &str) -> Outcome {
    if first.len() != second.len() {
        return Err(format!("{what}: {} tables and {}", first.len(), second.len()).into());
    }
    match first.iter().zip(second).find(|(first, second)| first != second) {
        Some((first, second)) => Err(format!("{what} differs:\n{first:?}\n{second:?}").into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_an_error() {
        assert!(same(&[1, 2], &[1, 2], "x").is_ok());
        let said = |second: &[i32]| same(&[1, 2], second, "x").unwrap_err().to_string();
        assert_eq!(said(&[1, 3]), "x differs:\n2\n3");
        assert_eq!(said(&[1]), "x: 2 tables and 1");
    }
}
