//! `cargo xtask prove`: the figures that a CI run has no time for.

use std::time::Instant;

use crate::python;
use crate::run::{self, Outcome};
use crate::server::Lifetime;
use crate::spark::{self, Profile};
use crate::stores;

/// Random pairs, unless said otherwise.
pub(crate) const PAIRS: &str = "1000000";

/// The tests on real tables that do more here, and how much. Fault points are shared out; where a scenario has fewer, all of
/// them are run.
const ON_TABLES: [&str; 3] = ["committed_text", "crash", "race"];
const HOW_MUCH: [(&str, &str); 4] = [
    ("DELTA_ENGINE_COMMITS", "10000"),
    ("DELTA_ENGINE_FAULT_POINTS", "100000"),
    ("DELTA_ENGINE_INTERLEAVINGS", "2000"),
    ("DELTA_ENGINE_APPENDS", "400"),
];
/// Changes that are made on a log and on a server, on each of the two Sparks.
const DIFFERENTIAL: &str = "200";
/// Tables whose every text is hostile.
const HOSTILE: &str = "12";

pub(crate) fn run(pairs: &str) -> Outcome {
    stage(&format!("convergence: {pairs} random pairs, and as many of the small scope"), || convergence(pairs))?;
    stage("real tables: every fault, more races, more commits", on_tables)?;
    for profile in Profile::ALL {
        stage(&format!("a log and Spark {}: {DIFFERENTIAL} pairs", profile.name()), || differential(profile))?;
    }
    stage(&format!("hostile texts in {HOSTILE} tables"), hostile)?;
    stage("object stores, on servers that stand in for them", stores::run)?;
    println!("proved: {pairs} pairs converge, and every test on real tables, servers and object stores holds");
    Ok(())
}

/// Says what begins, and how long it took.
fn stage(what: &str, work: impl FnOnce() -> Outcome) -> Outcome {
    println!("=== {what}");
    let began = Instant::now();
    work()?;
    println!("=== {} s", began.elapsed().as_secs());
    Ok(())
}

fn convergence(pairs: &str) -> Outcome {
    let mut tests = run::cargo(["test", "--release", "--package", "delta-engine-testkit", "--test", "convergence"]);
    run::succeed(tests.args(["--", "--nocapture"]).env("DELTA_ENGINE_PAIRS", pairs))
}

fn on_tables() -> Outcome {
    for (what, how_much) in HOW_MUCH {
        println!("{what}={how_much}");
    }
    // Of the whole workspace, so that what is built is what `cargo xtask test` builds.
    let mut tests = run::cargo(["test", "--workspace"]);
    tests.args(ON_TABLES.iter().flat_map(|name| ["--test", name])).args(["--", "--nocapture"]);
    run::succeed(tests.envs(HOW_MUCH).env("DELTA_ENGINE_PYTHON", python::interpreter()?))
}

fn hostile() -> Outcome {
    let server = spark::start(Profile::Newest, &[], Lifetime::Guarded)?;
    let mut tests = run::cargo(["test", "--workspace", "--test", "backend", "--", "hostile", "--nocapture"]);
    server.tell(&mut tests);
    run::succeed(tests.env("DELTA_ENGINE_HOSTILE", HOSTILE))
}

fn differential(profile: Profile) -> Outcome {
    let server = spark::start(profile, &[], Lifetime::Guarded)?;
    let mut tests = run::cargo(["test", "--workspace", "--test", "live_differential", "--", "--nocapture"]);
    server.tell(&mut tests);
    run::succeed(tests.env("DELTA_ENGINE_DIFFERENTIAL", DIFFERENTIAL))
}
