//! delta-engine's domain: what a Delta table should be, what it is, and the exact steps between.
//!
//! Pure values and functions. No I/O, no async, no clock, no randomness, no logging, no hash maps: the same input gives
//! the same bytes. Knows nothing of files, SQL statements, JSON or backends.

mod action;
mod change;
pub mod draft;
mod finding;
pub mod model;

pub use action::{Action, Phase, Position};
pub use change::Change;
pub use finding::{Finding, Severity};
