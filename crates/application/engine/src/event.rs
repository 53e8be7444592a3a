//! What a run tells while it goes on.

use delta_engine_schema::model::TableName;

/// Hears of the progress of a run; called from many tasks.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// use delta_engine_application::{Column, Engine, Event, Events, MemoryLake, Registry, Table};
///
/// #[derive(Default)]
/// struct Applied(AtomicUsize);
///
/// impl Events for Applied {
///     fn event(&self, event: &Event) {
///         if let Event::Finished { applied: true, .. } = event {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (lake, applied) = (MemoryLake::new(), Arc::new(Applied::default()));
/// let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake)).with_events(applied.clone());
/// engine.sync(&Registry::new().table(Table::new("t").column(Column::new("id", "bigint"))).build()?).await?;
/// assert_eq!(applied.0.load(Ordering::Relaxed), 1);
/// # Ok(())
/// # }
/// ```
pub trait Events: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Tables are being read.
    Observing {
        /// How many.
        tables: usize,
    },
    /// All tables were read.
    Observed {
        /// How many.
        tables: usize,
    },
    /// Data is being looked at to prove what an action needs.
    Probing {
        /// How many statements.
        statements: usize,
    },
    /// The plan begins to be applied.
    ApplyStarted {
        /// How many units there are: a table's actions, in parts where other tables have to come between them.
        units: usize,
    },
    /// A unit's actions begin.
    Applying {
        /// Its table.
        table: TableName,
    },
    /// A unit came to an end, well or not, or was held back.
    UnitEnded {
        /// Its table.
        table: TableName,
    },
    /// A table was looked at again after its actions.
    Finished {
        /// Which.
        table: TableName,
        /// Whether all of them were applied.
        applied: bool,
    },
    /// A table was changed by somebody else; it is looked at again.
    Conflict {
        /// Which.
        table: TableName,
        /// Which try comes next, from 2.
        next_try: u32,
    },
    /// What became of a change of a table is not known, because its answer was lost or is an error that can come after
    /// the commit; the table is looked at again.
    Unclear {
        /// Which.
        table: TableName,
        /// Which try comes next, from 2.
        next_try: u32,
    },
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Events for Silent {
    fn event(&self, _event: &Event) {}
}
