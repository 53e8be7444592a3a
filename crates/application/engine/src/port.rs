//! What the engine asks of a backend. Object-safe; every message type stands beside its trait.

mod catalog;
mod executor;

pub use catalog::{Answer, Catalog, Effort, Observation, Question, Relation, Statement, TargetError, Unreadable};
pub use executor::{Compiled, Context, ErrorKind, ExecutionError, Executor, Proof, Receipt, Step};
