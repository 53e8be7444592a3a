//! What whole scenarios share: tables that others wrote, readers that share no code with the engine, faults, and a comparer
//! of committed text that knows nothing of the differ. Not published.

pub mod change;
pub mod committed;
pub mod declared;
pub mod differential;
pub mod edits;
pub mod faults;
pub mod fixtures;
pub mod foreign;
pub mod judge;
pub mod lake;
pub mod leaves;
pub mod log;
pub mod reader;
pub mod shown;
pub mod spark;
pub mod written;

use std::str::FromStr;

/// A number or text that scales a test, from the environment.
pub fn setting<T: FromStr>(name: &str, default: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
