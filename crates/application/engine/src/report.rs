//! What a run planned and what became of it.

use std::fmt;
use std::sync::Arc;

use delta_engine_schema::model::{ObservedTable, TableName};
use delta_engine_schema::{Finding, Outcome, TablePlan};

use crate::port::{Proof, Relation, Step};
use crate::registry::RegisteredTable;

/// A plan as it was shown; applying it consumes it.
#[derive(Debug, Clone)]
pub struct PreparedPlan {
    /// One entry for each declared table, sorted by name.
    pub tables: Vec<PreparedTable>,
    /// What concerns the run as a whole.
    pub notices: Vec<Notice>,
    /// Digest of what will be done; it goes into every commit.
    pub digest: String,
}

/// One table of a plan.
#[derive(Debug, Clone)]
pub struct PreparedTable {
    /// The declaration and its places.
    pub declared: RegisteredTable,
    /// Where the table is.
    pub relation: Relation,
    /// The table as it was seen.
    pub observed: Option<Arc<ObservedTable>>,
    /// What will be done.
    pub plan: TablePlan,
    /// How the backend will do it.
    pub steps: Vec<Step>,
    /// What was proved of its data, and the steps rest on.
    pub proofs: Vec<Proof>,
}

/// Something about the run as a whole that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable code.
    pub code: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// What is worth knowing.
    pub message: String,
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct Report {
    /// The plan.
    pub plan: PreparedPlan,
    /// What became of each of its tables, in the same order.
    pub executions: Vec<Execution>,
}

/// What became of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Execution {
    /// Nothing was to be done, or nothing was allowed to be.
    NotRun,
    /// Everything was done, and a second plan of the table is empty.
    Applied {
        /// The version the last step wrote, where the backend has one.
        version: Option<u64>,
        /// Foreign commits in between that were tolerated.
        tolerated: Vec<u64>,
        /// What did not go well after the table was changed, with what to do about it.
        remarks: Vec<String>,
    },
    /// Somebody else brought the table into its declared state in between.
    AlreadyApplied,
    /// The table changed in between, so that what was shown is not what would be done.
    Stale(Failure),
    /// Some steps ran and a later one failed.
    PartlyApplied {
        /// Steps that ran.
        done: usize,
        /// Steps in all.
        steps: usize,
        /// Why the next one failed.
        failure: Failure,
    },
    /// Nothing was changed.
    Failed(Failure),
    /// It is unknown whether the table was changed.
    Unclear(Failure),
    /// The run was stopped before the table's turn, or before its point of no return.
    Interrupted,
    /// A table it depends on failed.
    HeldBack {
        /// That table.
        by: TableName,
    },
}

/// Why something failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// How a run ended, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It was stopped.
    Interrupted,
    /// Some of what was to be done was done, or may have been.
    PartlyApplied,
    /// Tables changed between plan and apply.
    Stale,
    /// Findings hold tables back.
    Blocked,
    /// Something failed and nothing was changed.
    Failed,
    /// There is something to do.
    ChangesPending,
    /// Everything is as declared.
    InSync,
}

impl PreparedPlan {
    /// How many tables have this outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.tables.iter().filter(|table| table.plan.outcome == outcome).count()
    }

    /// How many tables will be created.
    pub fn creates(&self) -> usize {
        self.tables.iter().filter(|table| table.plan.outcome == Outcome::Changes && table.observed.is_none()).count()
    }

    /// How the plan stands, before anything is run.
    pub fn status(&self) -> Status {
        let outcomes = |outcome| self.count(outcome) > 0;
        if outcomes(Outcome::Blocked) {
            Status::Blocked
        } else if outcomes(Outcome::Unreadable) {
            Status::Failed
        } else if outcomes(Outcome::Changes) {
            Status::ChangesPending
        } else {
            Status::InSync
        }
    }

    /// Every finding with its table.
    pub fn findings(&self) -> impl Iterator<Item = (&PreparedTable, &Finding)> {
        self.tables.iter().flat_map(|table| table.plan.findings.iter().map(move |finding| (table, finding)))
    }
}

impl Execution {
    /// Whether the table is as declared now, by this run or another.
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied { .. } | Self::AlreadyApplied)
    }

    /// Why it is not, where something failed.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Stale(failure)
            | Self::Failed(failure)
            | Self::Unclear(failure)
            | Self::PartlyApplied { failure, .. } => Some(failure),
            Self::NotRun | Self::Applied { .. } | Self::AlreadyApplied | Self::Interrupted | Self::HeldBack { .. } => {
                None
            }
        }
    }
}

impl Report {
    /// Tables with what became of them.
    pub fn tables(&self) -> impl Iterator<Item = (&PreparedTable, &Execution)> {
        self.plan.tables.iter().zip(&self.executions)
    }

    /// How many tables this run changed.
    pub fn applied(&self) -> usize {
        self.executions.iter().filter(|execution| matches!(execution, Execution::Applied { .. })).count()
    }

    /// How the run ended.
    pub fn status(&self) -> Status {
        let any = |wanted: fn(&Execution) -> bool| self.executions.iter().any(wanted);
        let failed = any(|execution| matches!(execution, Execution::Failed(_) | Execution::HeldBack { .. }));
        let partly = any(|execution| matches!(execution, Execution::PartlyApplied { .. } | Execution::Unclear(_)));
        if any(|execution| matches!(execution, Execution::Interrupted)) {
            Status::Interrupted
        } else if partly || failed && self.applied() > 0 {
            Status::PartlyApplied
        } else if any(|execution| matches!(execution, Execution::Stale(_))) {
            Status::Stale
        } else if self.plan.count(Outcome::Blocked) > 0 {
            Status::Blocked
        } else if failed || self.plan.count(Outcome::Unreadable) > 0 {
            Status::Failed
        } else {
            Status::InSync
        }
    }
}

impl fmt::Display for Report {
    /// One line for each table that is not as declared, and a last line that says what was changed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (table, execution) in self.tables() {
            let name = &table.plan.name;
            for finding in table.plan.findings.iter().filter(|finding| finding.blocks()) {
                writeln!(f, "{}: {} {}: {}", finding.subject, finding.code, finding.name, finding.message)?;
                if let Some(help) = &finding.help {
                    writeln!(f, "    {help}")?;
                }
            }
            if let Some(failure) = execution.failure() {
                writeln!(f, "{name}: {}", failure.message)?;
                if let Some(help) = &failure.help {
                    writeln!(f, "    {help}")?;
                }
            } else if let Execution::Applied { remarks, .. } = execution {
                for remark in remarks {
                    writeln!(f, "{name}: {remark}")?;
                }
            } else if let Execution::HeldBack { by } = execution {
                writeln!(f, "{name}: held back, because `{by}` failed")?;
            } else if matches!(execution, Execution::Interrupted) {
                writeln!(f, "{name}: interrupted; it was not changed")?;
            }
        }
        write!(f, "{} tables changed, {} blocked", self.applied(), self.plan.count(Outcome::Blocked))
    }
}

/// A sync after which some table is not as declared.
///
/// ```
/// use std::sync::Arc;
///
/// use delta_engine_application::{Column, Engine, MemoryLake, Registry, SyncFailed, Table};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let lake = MemoryLake::new();
/// let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake));
/// let table = || Table::new("orders").column(Column::new("id", "bigint"));
/// engine.sync(&Registry::new().table(table().column(Column::new("note", "string"))).build()?).await?;
///
/// // Dropping a column is a hazard that nobody permitted, so nothing happens.
/// let Err(SyncFailed::Tables(report)) = engine.sync(&Registry::new().table(table()).build()?).await else { panic!() };
/// assert_eq!(report.applied(), 0);
/// assert!(report.to_string().contains("orders"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
pub enum SyncFailed {
    /// The run could not be made.
    #[error(transparent)]
    Run(#[from] crate::engine::EngineError),
    /// Some tables are not as declared.
    #[error("{0}")]
    Tables(Box<Report>),
}
