//! The backend on a real server: what is declared is there afterwards, and a second plan is empty.
//!
//! The server is the one that `SPARK_REMOTE` names; without it every test says by name that it was skipped.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panic")]

mod actions;
mod answers;
mod observe;
mod support;
