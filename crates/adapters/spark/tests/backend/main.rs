//! The backend on a real server: what is declared is there afterwards, and a second plan is empty.
//!
//! Where a test runs is told by its name; see CONTRIBUTING.md. The server is the one that `SPARK_REMOTE` names; without it every test says by name that it was skipped.

#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers fail by panic, and say what ran")]

mod actions;
mod answers;
mod catalogs;
mod facts;
mod hostile;
mod observe;
mod places;
mod sail;
mod scenarios;
mod support;
mod writers;
