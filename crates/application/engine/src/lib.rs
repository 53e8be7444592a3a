//! delta-engine's engine: observe everything, one pure plan, execute its steps, observe again.
//!
//! Owns the registry of declarations, the ports, the run and its report. Names no backend and reads no files.

mod checked;
mod codes;
mod declare;
mod engine;
mod event;
mod layered;
mod memory;
mod mixed;
pub mod port;
mod registry;
mod report;
mod source;
pub mod wire;

pub use checked::{CheckedTable, Declared};
pub use codes::EXPLANATIONS;
pub use declare::{Column, ColumnType, PrimaryKey, Table};
pub use engine::{Engine, EngineError};
pub use event::{Event, Events, Silent};
pub use layered::{Layered, layered};
pub use memory::MemoryLake;
pub use mixed::{Gate, Mixed, Refused};
pub use registry::{DeclarationFaults, RegisteredTable, Registry, RegistryBuilder};
pub use report::{Execution, Failure, Notice, PreparedPlan, PreparedTable, Report, Status, SyncFailed};
pub use source::{Declaration, DeclarationFault, Location, Sources};
pub use tokio_util::sync::CancellationToken;
