//! The tests of live servers: Spark with Delta Lake, the newest pair and the oldest, then Sail, one after the other.
//!
//! Owns which tests run where. A test's name says it, so that a test that does not fit a server is not started there, and
//! `skipped:` stays a sign that something is missing. Knows no server: `spark` and `sail` start them.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::batch::{self, Batch};
use super::tally::Tally;
use super::targets::Targets;
use crate::example;
use crate::run::Outcome;
use crate::sail;
use crate::server::{Lifetime, Server};
use crate::spark::{self, Profile, Setting};

/// How long the tests of one server may take; then it is stopped, and what still runs fails.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// A server that tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Spark(Profile),
    Sail,
}

const LANES: [Lane; 3] = [Lane::Spark(Profile::Newest), Lane::Spark(Profile::Oldest), Lane::Sail];

/// Runs them all.
pub(super) fn run(targets: &Targets, python: Option<&Path>, tally: &mut Tally) {
    for lane in LANES {
        let outcome = lane.run(targets, python, tally);
        tally.note(outcome.map_err(|error| format!("live tests on {}: {error}", lane.name()).into()));
    }
}

impl Lane {
    fn name(self) -> String {
        match self {
            Self::Spark(profile) => format!("Spark {}", profile.name()),
            Self::Sail => "Sail".to_owned(),
        }
    }

    fn run(self, targets: &Targets, python: Option<&Path>, tally: &mut Tally) -> Outcome {
        if let Some(lack) = self.lack()? {
            tally.skipped.insert(format!("live tests on {}: {lack}", self.name()));
            return Ok(());
        }
        let began = Instant::now();
        let (server, pyspark) = self.start()?;
        println!("--- {} is ready after {} s", self.name(), began.elapsed().as_secs());
        let batches = targets.live.iter().map(|target| {
            let mut batch = Batch::of_target(target);
            let command = server.tell(batch.command().args(self.filter()));
            command.env_remove("DELTA_ENGINE_PYTHON").env_remove("DELTA_ENGINE_PYSPARK");
            command.envs(python.iter().map(|path| ("DELTA_ENGINE_PYTHON", path)));
            command.envs(pyspark.iter().map(|path| ("DELTA_ENGINE_PYSPARK", path)));
            batch
        });
        let batches = batches.collect();
        let outcome = within(LIMIT, &server, || {
            // A server is no faster with two programs at once (measured: slower).
            batch::run(batches, 1, tally);
            match self {
                Self::Spark(Profile::Newest) => example::spark(server.remote()),
                Self::Spark(Profile::Oldest) | Self::Sail => Ok(()),
            }
        });
        println!("--- {}: {} s", self.name(), began.elapsed().as_secs());
        outcome
    }

    /// What this machine lacks, or why the server can't be started beside another one.
    fn lack(self) -> Outcome<Option<String>> {
        match self {
            Self::Spark(profile) => spark::lack(profile, &settings()),
            Self::Sail => sail::lack(),
        }
    }

    /// The server, and a PySpark of its version to call it by.
    fn start(self) -> Outcome<(Server, Option<PathBuf>)> {
        match self {
            Self::Spark(profile) => {
                let server = spark::start(profile, &settings(), Lifetime::Guarded)?;
                Ok((server, Some(spark::pyspark(profile)?)))
            }
            Self::Sail => Ok((sail::start(Lifetime::Guarded)?, None)),
        }
    }

    /// Which tests run there, by a part of their name: `sail` on Sail only, `every_server` on all, `newest` on the newest Spark
    /// only, and what names none of them on both Sparks.
    fn filter(self) -> &'static [&'static str] {
        match self {
            Self::Spark(Profile::Newest) => &["--skip", "sail"],
            Self::Spark(Profile::Oldest) => &["--skip", "sail", "--skip", "newest"],
            Self::Sail => &["sail", "every_server"],
        }
    }
}

/// Streams that end after two seconds, so that every longer statement is attached to again; and two catalogs beside the
/// session's that can't have Delta tables: a database in memory, of the Derby that Spark brings, and Delta's own class, which has
/// nothing behind it there. Spark makes a catalog when it is first named.
fn settings() -> [Setting; 5] {
    [
        ("spark.connect.execute.reattachable.senderMaxStreamDuration", "2s"),
        ("spark.sql.catalog.other", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
        ("spark.sql.catalog.jdbc", "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog"),
        ("spark.sql.catalog.jdbc.url", "jdbc:derby:memory:other;create=true"),
        ("spark.sql.catalog.jdbc.driver", "org.apache.derby.iapi.jdbc.AutoloadedDriver"),
    ]
    .map(|(key, value)| Setting::new(key, value))
}

/// Does something with a server, and stops the server where that takes too long: what waits for it then fails.
fn within(limit: Duration, server: &Server, work: impl FnOnce() -> Outcome) -> Outcome {
    let (done, waiting) = mpsc::channel::<()>();
    let process = server.process().clone();
    let watchman = std::thread::spawn(move || {
        let is_late = waiting.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        // Where it can't be stopped, what waits for it is still told.
        is_late && process.stop().is_ok()
    });
    let outcome = work();
    drop(done);
    if watchman.join().unwrap_or(false) {
        return Err(format!("the tests took more than {} s, and the server was stopped", limit.as_secs()).into());
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_server_has_tests_of_its_own() {
        let filters = LANES.map(Lane::filter);
        for (index, filter) in filters.iter().enumerate() {
            assert!(!filter.is_empty() && !filters[..index].contains(filter), "{filter:?}");
        }
    }
}
