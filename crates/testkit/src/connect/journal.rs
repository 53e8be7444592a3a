//! What the server was asked, what it accepted and what took effect.

use std::collections::BTreeMap;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the protocol")]
pub enum Rpc {
    ExecutePlan,
    ReattachExecute,
    ReleaseExecute,
    AnalyzePlan,
    Config,
    Interrupt,
    FetchErrorDetails,
    ReleaseSession,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its kind.
    pub rpc: Rpc,
    /// The session it names.
    pub session: String,
    /// The operation it names.
    pub operation: Option<String>,
    /// Its headers, other than those of the protocol.
    pub headers: BTreeMap<String, String>,
}

/// A plan that the server took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its operation.
    pub operation: String,
    /// Its text.
    pub statement: String,
}

/// All of it, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Journal {
    /// Every request.
    pub asked: Vec<Entry>,
    /// Every plan that was accepted; one that was only attached to again is not among them.
    pub accepted: Vec<Accepted>,
    /// Every statement that ran to its end.
    pub ran: Vec<String>,
    /// Faults that happened.
    pub faults: usize,
    /// The most requests that waited for the server's latency at the same time.
    pub most_at_once: usize,
}

impl Journal {
    /// How many requests of a kind came.
    pub fn count(&self, rpc: Rpc) -> usize {
        self.asked.iter().filter(|entry| entry.rpc == rpc).count()
    }

    /// How often a statement was accepted.
    pub fn times_accepted(&self, statement: &str) -> usize {
        self.accepted.iter().filter(|accepted| accepted.statement == statement).count()
    }

    /// How often a statement took effect.
    pub fn times_run(&self, statement: &str) -> usize {
        self.ran.iter().filter(|ran| *ran == statement).count()
    }
}
