//! What the engine asks of a backend. Object-safe; every message type stands beside its trait.

mod catalog;
mod executor;

pub use catalog::{Answer, Catalog, Effort, Observation, Question, Relation, Statement, TargetError, Unreadable};
pub use executor::{Compiled, Context, ErrorKind, ExecutionError, Executor, Proof, Receipt, Step};

/// An error and its causes, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let text = next.to_string();
        // Many errors tell their causes themselves.
        if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
        cause = next.source();
    }
    message
}
