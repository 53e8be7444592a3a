//! Writing: what a backend can do, and doing it.

use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_schema::model::{DesiredTable, ObservedTable, Subject};
use delta_engine_schema::{Action, Finding};
use tokio_util::sync::CancellationToken;

use super::{Effort, Relation, Statement};

/// Turns actions into steps, and runs them.
#[async_trait]
pub trait Executor: Send + Sync {
    /// Judges what this backend can do and how. Pure: no I/O, the same answer every time, and the only judge of it.
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled;

    /// Runs one step. Either all of it happened, or none, or the error is `Ambiguous`.
    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError>;

    /// Forgets what is kept of a table, because a commit was made to its log beside this executor. A backend that keeps
    /// nothing has nothing to do.
    async fn refresh(&self, _relation: &Relation) -> Result<(), ExecutionError> {
        Ok(())
    }

    /// Lets go of what the target keeps for this run, such as a session. Takes little time and never fails: a target lets go by
    /// itself at last.
    async fn close(&self) {}
}

/// What became of a table's actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compiled {
    /// Steps in order; each runs as a whole or not at all.
    pub steps: Vec<Step>,
    /// What this backend can't do, or does with a danger of its own.
    pub findings: Vec<Finding>,
    /// Parts of the declaration that the backend can't store and that change no data semantics.
    pub residual: Vec<Subject>,
}

/// One thing the backend does as a whole: a commit, or a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What will be run, for people.
    pub preview: String,
    /// The actions it covers, in order.
    pub actions: Vec<Action>,
}

/// What a step needs to know beside itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub relation: Relation,
    /// The declaration.
    pub desired: Arc<DesiredTable>,
    /// The table as the plan saw it; none where it is to be created.
    pub observed: Option<Arc<ObservedTable>>,
    /// What was proved of the data at the observed version, and must be proved again at the version the step follows.
    pub proofs: Vec<Proof>,
    /// Digest of the plan, for the commit.
    pub digest: String,
    /// Asks the step to stop before its point of no return.
    pub cancellation: CancellationToken,
}

/// A statement that was proved of the observed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The statement, in observed names.
    pub statement: Statement,
    /// How far the proof may go: a scan only where one was permitted.
    pub effort: Effort,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The version it wrote, where the backend has one.
    pub version: Option<u64>,
    /// Foreign commits that came in between and were tolerated.
    pub tolerated: Vec<u64>,
    /// What did not go well after it was done, with what to do about it.
    pub remarks: Vec<String>,
}

/// Why a step did not happen, or may have.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExecutionError {
    /// What it means for what comes next.
    pub kind: ErrorKind,
    /// What happened, naming version and file where there are some.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What an execution error means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Nothing happened, and the same step will be refused again.
    Refused,
    /// Nothing happened; the table is not as the plan saw it.
    Conflict,
    /// It is unknown whether it happened, or may still happen.
    Ambiguous,
    /// It ended in an error of the target's own, which does not tell whether it happened before.
    Broken,
    /// Nothing happened; the target can't be reached.
    Unavailable,
    /// Nothing happened; the step was asked to stop.
    Interrupted,
}
