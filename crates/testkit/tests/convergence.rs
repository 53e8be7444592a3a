//! Accepted plans land, refused ones do nothing: 20,000 random pairs, and as many of the small scope.
//!
//! `DELTA_ENGINE_PAIRS` sets how many, `DELTA_ENGINE_SEED` where the random ones begin.

use delta_engine_testkit::{Broken, Tally, prove, prove_small_scope};

const PAIRS: usize = 20_000;

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn pairs() -> usize {
    variable("DELTA_ENGINE_PAIRS").unwrap_or(PAIRS)
}

#[expect(clippy::panic, clippy::print_stdout, reason = "the run prints how often everything was hit")]
fn shown(title: &str, result: Result<Tally, Broken>) -> Tally {
    let tally = result.unwrap_or_else(|broken| panic!("{broken}"));
    println!("{title}\n{tally}");
    tally
}

#[test]
fn random_pairs_converge() {
    let tally = shown("random pairs", prove(pairs(), variable("DELTA_ENGINE_SEED").unwrap_or(1)));
    if pairs() < PAIRS {
        return;
    }
    assert!(tally.acceptance() >= 60, "only {} % of the pairs made by legal edits are accepted", tally.acceptance());
    assert_eq!(tally.rare(100), Vec::<&str>::new(), "hit less than 100 times");
}

#[test]
fn small_scope_pairs_converge() {
    shown("small scope", prove_small_scope(pairs()));
}
