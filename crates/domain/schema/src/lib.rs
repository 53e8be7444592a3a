//! delta-engine's domain: what a Delta table should be, what it is, and the exact steps between.
//!
//! Pure values and functions. No I/O, no async, no clock, no randomness, no logging, no hash maps: the same input gives
//! the same bytes. Knows nothing of files, SQL statements, JSON or backends.

mod action;
mod change;
mod claim;
mod diff;
pub mod draft;
mod explanation;
mod finding;
pub mod model;
mod plan;
mod policy;
pub mod rules;
mod schedule;
mod simulate;

pub use action::{Action, Phase, Position};
pub use change::Change;
pub use claim::{Answer, Claim, Statement, claims};
pub use diff::{Difference, TableDiff, diff};
pub use explanation::{BACKEND, Explanation};
pub use finding::{Finding, Severity};
pub use plan::{NOT_STORED, Outcome, RehearsalError, TableInput, TablePlan, plan_digest, plan_table};
pub use policy::{Day, Permission, PermissionError, Policy};
pub use schedule::{Stage, Unit, schedule};
pub use simulate::{BASE_FEATURES, SimulationError, renamed_in_list, simulate};
