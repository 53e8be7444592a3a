//! `cargo xtask prove`: the figures that a CI run has no time for.

use crate::run::{self, Outcome};

/// Random pairs, unless said otherwise.
pub(crate) const PAIRS: &str = "1000000";
/// Points at which the fault tests break in.
const FAULT_POINTS: &str = "100000";

pub(crate) fn run(pairs: &str) -> Outcome {
    println!("convergence: {pairs} random pairs, and as many of the small scope");
    let mut convergence =
        run::cargo(["test", "--release", "--package", "delta-engine-testkit", "--test", "convergence"]);
    run::succeed(convergence.args(["--", "--nocapture"]).env("DELTA_ENGINE_PAIRS", pairs))?;
    println!("faults: up to {FAULT_POINTS} points of input and output");
    let mut faults = run::cargo(["test", "--workspace", "--", "fault"]);
    run::succeed(faults.env("DELTA_ENGINE_FAULT_POINTS", FAULT_POINTS))?;
    println!("proved: {pairs} pairs converge, every fault test holds");
    Ok(())
}
