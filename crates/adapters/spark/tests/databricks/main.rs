//! The way of reading and changing tables of Unity Catalog, on the scripted server: no workspace is asked.
//!
//! What the answers look like comes from documentation (`crates/testkit/recorded/databricks`), so these tests show that the
//! program does what is meant with such answers, and not that Databricks gives them.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panic")]

mod changes;
mod mixed;
mod observe;
mod probes;
mod secrets;
mod support;
mod trouble;
mod workspace;
