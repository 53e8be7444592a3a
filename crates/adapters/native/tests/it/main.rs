//! Whole tables, as other programs wrote them and as accidents leave them.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests fail by panic, and say what they skip"
)]

mod damaged;
mod fixtures;
mod mutated;
mod times;
