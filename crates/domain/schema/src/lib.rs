//! delta-engine's domain: what a Delta table should be, what it is, and the exact steps between.
//!
//! Pure values and functions. No I/O, no async, no clock, no randomness, no logging, no hash maps: the same input gives
//! the same bytes. Knows nothing of files, SQL statements, JSON or backends.
//!
//! ```
//! use delta_engine_schema::draft::{ColumnDraft, TableDraft, TypeDraft};
//! use delta_engine_schema::model::DataType;
//! use delta_engine_schema::{Outcome, Policy, TableInput, diff, plan_table, simulate};
//!
//! let declare = |columns: &[&str]| {
//!     let mut table = TableDraft::new("silver.orders");
//!     let column = |name: &&str| ColumnDraft::new(*name, TypeDraft::Type(DataType::Long));
//!     table.columns = columns.iter().map(column).collect();
//!     table.check().unwrap()
//! };
//! // What is there is what an earlier declaration came to.
//! let observed = simulate(None, &diff(&declare(&["id"]), None).actions, "7b1d").unwrap();
//!
//! let desired = declare(&["id", "customer"]);
//! let input = TableInput {
//!     desired: &desired,
//!     observed: Some(&observed),
//!     diff: diff(&desired, Some(&observed)),
//!     answers: Vec::new(),
//!     backend: Vec::new(),
//!     residual: Vec::new(),
//! };
//! let plan = plan_table(input, &Policy::default()).unwrap();
//! assert_eq!(plan.outcome, Outcome::Changes);
//! assert_eq!(plan.actions[0].kind(), "add_column");
//!
//! let after = simulate(Some(observed), &plan.actions, "").unwrap();
//! assert!(diff(&desired, Some(&after)).is_empty());
//! ```

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
