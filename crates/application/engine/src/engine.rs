//! One run: observe everything, one pure plan, execute its steps, observe again.

mod apply;
mod places;
pub(crate) mod plan;
mod resting;

use std::sync::Arc;

use delta_engine_schema::{Policy, RehearsalError};
use tokio_util::sync::CancellationToken;

use crate::event::{Events, Silent};
use crate::port::{Catalog, Executor, TargetError};
use crate::registry::Registry;
use crate::report::{PreparedPlan, Report, Status, SyncFailed};

/// Plans and applies declarations on one target.
///
/// ```
/// use std::sync::Arc;
///
/// use delta_engine_application::{Column, Engine, MemoryLake, Registry, Status, Table};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let lake = MemoryLake::new();
/// let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake)).with_parallelism(4);
/// let table = || Table::new("orders").property("delta.columnMapping.mode", "name");
/// let both = table().column(Column::new("id", "bigint")).column(Column::new("note", "string"));
/// let plan = engine.plan(&Registry::new().table(both).build()?).await?;
/// assert_eq!((plan.status(), plan.creates()), (Status::ChangesPending, 1));
/// assert_eq!(engine.apply(plan).await?.applied(), 1);
///
/// // What deletes data waits for a permission by name.
/// let one = Registry::new().table(table().column(Column::new("id", "bigint"))).build()?;
/// let refused = engine.sync(&one).await.unwrap_err();
/// assert!(refused.to_string().contains("DE305 drop-column"), "{refused}");
/// let report = engine.clone().allowing("drop-column:orders.note".parse()?).sync(&one).await?;
/// assert_eq!(report.status(), Status::InSync);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Engine {
    catalog: Arc<dyn Catalog>,
    executor: Arc<dyn Executor>,
    policy: Policy,
    parallelism: usize,
    events: Arc<dyn Events>,
    cancellation: CancellationToken,
}

/// A run that could not be made; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The target can't be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A plan does not land on its declaration.
    #[error("{0}; this is an error in delta-engine, and nothing was changed: please report it")]
    Rehearsal(#[from] RehearsalError),
}

/// How many tables are worked on at once unless told otherwise.
const DEFAULT_PARALLELISM: usize = 16;

impl Engine {
    /// An engine over a catalog and an executor.
    pub fn new(catalog: Arc<dyn Catalog>, executor: Arc<dyn Executor>) -> Self {
        Self {
            catalog,
            executor,
            policy: Policy::default(),
            parallelism: DEFAULT_PARALLELISM,
            events: Arc::new(Silent),
            cancellation: CancellationToken::new(),
        }
    }

    /// Sets severities and permissions.
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Lets a hazard pass; see [`delta_engine_schema::Permission`].
    pub fn allowing(mut self, permission: delta_engine_schema::Permission) -> Self {
        self.policy.permissions.push(permission);
        self
    }

    /// Sets how many tables are worked on at once, at least one.
    pub fn with_parallelism(mut self, tables: usize) -> Self {
        self.parallelism = tables.max(1);
        self
    }

    /// Sets who hears of the progress.
    pub fn with_events(mut self, events: Arc<dyn Events>) -> Self {
        self.events = events;
        self
    }

    /// Sets what stops a run: tables whose turn has not come are left alone.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use delta_engine_application::{CancellationToken, Column, Engine, MemoryLake, Registry, Status, Table};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (lake, stop) = (MemoryLake::new(), CancellationToken::new());
    /// let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake)).with_cancellation(stop.clone());
    /// let registry = Registry::new().table(Table::new("t").column(Column::new("id", "bigint"))).build()?;
    /// let plan = engine.plan(&registry).await?;
    /// stop.cancel();
    /// assert_eq!(engine.apply(plan).await?.status(), Status::Interrupted);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_cancellation(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The catalog, to look at what is there beside what is declared.
    pub fn catalog(&self) -> &Arc<dyn Catalog> {
        &self.catalog
    }

    /// Reads the declared tables and plans what is between; changes nothing.
    ///
    /// # Errors
    /// Where the target can't be used. A table that can't be read is an outcome of its own.
    #[tracing::instrument(skip_all, fields(tables = registry.len()))]
    pub async fn plan(&self, registry: &Registry) -> Result<PreparedPlan, EngineError> {
        self.catalog.begins(&self.cancellation);
        plan::prepare(self, registry.tables()).await
    }

    /// Runs exactly the plan that was shown.
    ///
    /// # Errors
    /// Where the target can't be used at all. What fails for one table is in the report.
    #[tracing::instrument(skip_all, fields(digest = %plan.digest))]
    pub async fn apply(&self, plan: PreparedPlan) -> Result<Report, EngineError> {
        self.catalog.begins(&self.cancellation);
        apply::run(self, plan).await
    }

    /// Lets go of what the target keeps for this engine: the session of a server ends. Takes two seconds at most, never fails,
    /// and is worth calling at the end of a program that goes on for longer than its runs; a server lets go by itself at last.
    pub async fn close(&self) {
        self.executor.close().await;
    }

    /// Plans and applies.
    ///
    /// # Errors
    /// Unless every table is as declared afterwards.
    pub async fn sync(&self, registry: &Registry) -> Result<Report, SyncFailed> {
        let plan = self.plan(registry).await?;
        let report = self.apply(plan).await?;
        if report.status() == Status::InSync { Ok(report) } else { Err(SyncFailed::Tables(Box::new(report))) }
    }
}
