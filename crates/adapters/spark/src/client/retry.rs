//! How long to wait for a server that does not answer, and between two tries.

use std::time::Duration;

use tokio::time::Instant;

/// How long troubles that may pass are waited out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// For a server that is starting, while connecting. Databricks starts a stopped cluster in minutes, and answers
    /// UNAVAILABLE meanwhile.
    pub start: Duration,
    /// From the last sign of life on, in a session. Less than the five minutes after which Spark stops an operation that
    /// nobody listens to (`spark.connect.execute.manager.detachedTimeout`).
    pub outage: Duration,
    /// For the end of an operation that was asked to stop.
    pub stop: Duration,
    /// The first wait between two tries; each further one is three times as long.
    pub first_wait: Duration,
    /// The longest wait between two tries, other than one that the server asks for.
    pub longest_wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            start: Duration::from_secs(600),
            outage: Duration::from_secs(120),
            stop: Duration::from_secs(10),
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(10),
        }
    }
}

/// The waits of one trouble.
#[derive(Debug)]
pub(super) struct Backoff<'p> {
    patience: &'p Patience,
    total: Duration,
    since: Option<Instant>,
    wait: Duration,
}

impl<'p> Backoff<'p> {
    /// For a session that is there.
    pub(super) fn outage(patience: &'p Patience) -> Self {
        Self { patience, total: patience.outage, since: None, wait: patience.first_wait }
    }

    /// For a server that is starting.
    pub(super) fn start(patience: &'p Patience) -> Self {
        Self { total: patience.start, ..Self::outage(patience) }
    }

    /// For a server that is asked to stop something.
    pub(super) fn stop(patience: &'p Patience) -> Self {
        Self { total: patience.stop, ..Self::outage(patience) }
    }

    /// The server gave a sign of life.
    pub(super) fn alive(&mut self) {
        *self = Self { total: self.total, ..Self::outage(self.patience) };
    }

    /// How long to wait before the next try, at least as long as the server asks for; none once patience would end before.
    ///
    /// Up to half of a wait is left to chance, so that many clients of one server do not come back at the same moment.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let spread = 0.5 + 0.5 * fastrand::f64();
        let wait = match asked {
            Some(asked) => asked + self.patience.first_wait.mul_f64(spread),
            None => self.wait.mul_f64(spread),
        };
        self.wait = (self.wait * 3).min(self.patience.longest_wait);
        (since.elapsed() + wait <= self.total).then_some(wait)
    }

    /// How long the trouble has lasted.
    pub(super) fn waited(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: Option<u64>) -> (usize, Duration) {
        let patience = Patience {
            outage: Duration::from_secs(60),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(9),
            ..Patience::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let mut backoff = Backoff::outage(&patience);
            let mut tries = 0;
            while let Some(wait) = backoff.next(asked.map(Duration::from_secs)) {
                tokio::time::sleep(wait).await;
                tries += 1;
            }
            (tries, backoff.waited())
        })
    }

    #[test]
    fn waits_grow_until_patience_ends() {
        let (tries, waited) = check(None);
        assert!((7..=14).contains(&tries) && waited <= Duration::from_secs(60), "{tries} tries in {waited:?}");
        assert!(waited > Duration::from_secs(50), "{waited:?}");
    }

    #[test]
    fn the_server_is_given_the_time_it_asks_for() {
        let (tries, waited) = check(Some(20));
        assert!(tries == 2 && waited >= Duration::from_secs(40), "{tries} tries in {waited:?}");
        assert_eq!(check(Some(61)).0, 0);
    }
}
