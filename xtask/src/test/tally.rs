//! What test programs report, added up.

use std::collections::BTreeSet;

use crate::run::Outcome;

/// What the test programs reported.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: BTreeSet<String>,
    /// What did not end as it should, each with its name.
    pub(super) failures: Vec<String>,
}

impl Tally {
    /// Takes in one line of a test program.
    pub(super) fn count(&mut self, line: &str) {
        if let Some(skipped) = line.strip_prefix("skipped: ") {
            self.skipped.insert(skipped.to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let number = |what: &str| {
            let parts = result.split(['.', ';']);
            parts.filter_map(|part| part.trim().strip_suffix(what)).find_map(|part| part.trim().parse::<usize>().ok())
        };
        self.passed += number(" passed").unwrap_or(0);
        self.failed += number(" failed").unwrap_or(0);
    }

    /// Takes in how something ended that is no test program.
    pub(super) fn note(&mut self, outcome: Outcome) {
        self.failures.extend(outcome.err().map(|error| error.to_string()));
    }

    /// Takes in what others counted.
    pub(super) fn merge(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
        self.failures.extend(other.failures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_and_skips_are_counted() {
        let counted = |lines: &[&str]| {
            let mut tally = Tally::default();
            lines.iter().for_each(|line| tally.count(line));
            tally
        };
        let mut tally = counted(&[
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "skipped: duckdb: not installed",
            "test a ... ok",
        ]);
        tally.merge(counted(&[
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "skipped: duckdb: not installed",
        ]));
        let skipped = BTreeSet::from(["duckdb: not installed".to_owned()]);
        assert_eq!(tally, Tally { passed: 15, failed: 2, skipped, failures: Vec::new() });
    }
}
