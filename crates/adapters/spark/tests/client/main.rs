//! The client against the scripted server: what it answers, what goes wrong, and what is still known then.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panic")]

mod access;
mod faults;
mod interrupt;
mod requests;
mod support;
