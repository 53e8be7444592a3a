//! Reading: what is there, and what its data proves.

use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_schema::Finding;
use delta_engine_schema::model::{ObservedTable, TableName};
pub use delta_engine_schema::{Answer, Statement};
use tokio_util::sync::CancellationToken;

/// Reads tables and proves statements about their data.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// The tables there are in one schema, or in all of the target where none is named.
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError>;

    /// One observation for each relation, in the same order. The whole set at once, because batching and rate limits are
    /// the adapter's knowledge. One table's trouble is its own observation; an error means that nothing can be read.
    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError>;

    /// What stands in the way of creating each of these, which are absent, in the same order: none where nothing is known to.
    /// A look ahead; whoever creates a table looks again.
    async fn obstacles(&self, relations: &[Relation]) -> Vec<Option<Unreadable>> {
        vec![None; relations.len()]
    }

    /// Where a relation's files are or will be, in one spelling for one place; none where only the target knows.
    fn place(&self, relation: &Relation) -> Option<String> {
        let _ = relation;
        None
    }

    /// A run begins, and this is what stops it: once it is cancelled, no answer is waited for without end.
    fn begins(&self, cancellation: &CancellationToken) {
        let _ = cancellation;
    }

    /// What a plan should say of how a table was last observed; it holds nothing back.
    fn remarks(&self, table: &TableName) -> Vec<Finding> {
        let _ = table;
        Vec::new()
    }

    /// One answer for each question, in the same order. **An answer holds for one table version.**
    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError>;
}

/// A table to look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Relation {
    /// Its name.
    pub name: TableName,
    /// Where its files are, where the declaration says so.
    pub location: Option<String>,
}

/// What was found of one table.
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// There is no table.
    Absent,
    /// There is this table.
    Present(Arc<ObservedTable>),
    /// Something is there that can't be read.
    Unreadable(Unreadable),
}

/// Why a table can't be read; its own failure, not that of the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// What is wrong, naming the file where there is one.
    pub reason: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The target as a whole can't be used.
#[derive(Debug, thiserror::Error)]
#[error("failed to {attempt}")]
pub struct TargetError {
    /// What was attempted, as "read `./lake`".
    pub attempt: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A statement about the data of one version of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The table.
    pub relation: Relation,
    /// The version the answer must hold for.
    pub version: u64,
    /// What is claimed.
    pub statement: Statement,
    /// How far the adapter may go.
    pub effort: Effort,
    /// An earlier version for which the statement is proven: only what came to the table since is in question.
    pub proven_at: Option<u64>,
}

/// How far an adapter may go for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Metadata and file statistics only.
    Statistics,
    /// Read the data of the columns in question.
    Scan,
}
