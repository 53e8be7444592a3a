//! How many requests a connection has carried, by their names in the protocol. Every attempt counts, also one that failed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests of the client that make the server run or analyze something. The others are about its own books: settings,
/// sessions, answers that are fetched again or let go.
const WORK: [&str; 2] = ["ExecutePlan", "AnalyzePlan"];

/// Requests by their names in the protocol.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests(BTreeMap<String, u64>);

impl Requests {
    /// Those that make the server work on a table: `ExecutePlan` and `AnalyzePlan`.
    pub fn work(&self) -> u64 {
        WORK.iter().filter_map(|name| self.0.get(*name)).sum()
    }

    /// All of them, by name.
    pub fn by_name(&self) -> &BTreeMap<String, u64> {
        &self.0
    }

    /// Those that came since an earlier count.
    pub fn since(&self, earlier: &Self) -> Self {
        let count = |(name, count): (&String, &u64)| {
            let before = earlier.0.get(name).copied().unwrap_or_default();
            Some((name.clone(), count.checked_sub(before).filter(|new| *new > 0)?))
        };
        Self(self.0.iter().filter_map(count).collect())
    }
}

/// The count of a connection, which all its users share.
#[derive(Debug, Clone, Default)]
pub(super) struct Count(Arc<Mutex<Requests>>);

impl Count {
    pub(super) fn add(&self, name: &str) {
        *self.requests().0.entry(name.to_owned()).or_default() += 1;
    }

    pub(super) fn so_far(&self) -> Requests {
        self.requests().clone()
    }

    /// Whole at every moment: a number goes up by one.
    fn requests(&self) -> std::sync::MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_since_is_told_and_what_is_work() {
        let count = Count::default();
        ["Config", "AnalyzePlan"].into_iter().for_each(|name| count.add(name));
        let before = count.so_far();
        ["ExecutePlan", "ReleaseExecute", "ExecutePlan", "AnalyzePlan"].into_iter().for_each(|name| count.add(name));
        let new = count.so_far().since(&before);
        let by_name: Vec<(&str, u64)> = new.by_name().iter().map(|(name, count)| (name.as_str(), *count)).collect();
        assert_eq!(by_name, [("AnalyzePlan", 1), ("ExecutePlan", 2), ("ReleaseExecute", 1)]);
        assert_eq!((before.work(), new.work()), (1, 3));
    }
}
