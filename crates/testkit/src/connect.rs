//! A Spark Connect server that answers from a script, and fails on demand.
//!
//! Owns the protocol as Spark's server keeps it: sessions with an identity of their own, operations that streams can be
//! attached to again, what is forgotten when. It runs no SQL: a `Script` says what each statement answers, `Faults` what
//! goes wrong and when, and the `Journal` keeps what was accepted and what took effect, so that a test can tell whether a
//! statement ran more than once. Knows nothing of the client.
//!
//! What it copies of Spark is in `SparkConnectExecutionManager`, `SparkConnectSessionManager` and `ErrorUtils` of Spark 4.

mod fault;
mod journal;
mod operation;
mod recorded;
mod refused;
mod reply;
mod server;
mod service;
mod session;
mod wire;

pub use fault::{Fault, Faults, Moment};
pub use journal::{Accepted, Entry, Journal, Rpc};
pub use recorded::{Answers, RecordingError};
pub use refused::Refused;
pub use reply::{Ask, Reply, Script};
pub use server::{Conduct, ScriptedServer};
