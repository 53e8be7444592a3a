//! `cargo xtask prove`: the figures that a CI run has no time for.

use crate::python;
use crate::run::{self, Outcome};
use crate::stores;

/// Random pairs, unless said otherwise.
pub(crate) const PAIRS: &str = "1000000";

/// How much the tests on real tables do. Fault points are shared out; where a scenario has fewer, all of them are run.
const ON_TABLES: [(&str, &str); 4] = [
    ("DELTA_ENGINE_COMMITS", "10000"),
    ("DELTA_ENGINE_FAULT_POINTS", "100000"),
    ("DELTA_ENGINE_INTERLEAVINGS", "2000"),
    ("DELTA_ENGINE_APPENDS", "400"),
];

pub(crate) fn run(pairs: &str) -> Outcome {
    println!("convergence: {pairs} random pairs, and as many of the small scope");
    let mut convergence =
        run::cargo(["test", "--release", "--package", "delta-engine-testkit", "--test", "convergence"]);
    run::succeed(convergence.args(["--", "--nocapture"]).env("DELTA_ENGINE_PAIRS", pairs))?;
    for (what, how_much) in ON_TABLES {
        println!("{what}={how_much}");
    }
    let mut on_tables = run::cargo(["test", "--package", "delta-engine-acceptance", "--", "--nocapture"]);
    run::succeed(on_tables.envs(ON_TABLES).env("DELTA_ENGINE_PYTHON", python::interpreter()?))?;
    println!("object stores, on servers that stand in for them");
    stores::run()?;
    println!("proved: {pairs} pairs converge, and every test on real tables and object stores holds");
    Ok(())
}
