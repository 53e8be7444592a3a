//! Declare Delta tables, see exactly what a change would do, and apply it safely: without Spark, without a JVM.
//!
//! ```
//! use delta_engine::prelude::*;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let lake = folder.path().to_str().ok_or("a path that is text")?;
//! let customers = Table::new("silver.customers")
//!     .comment("One row per customer")
//!     .column(Column::new("id", BIGINT).not_null())
//!     .column(Column::new("address", "struct<street: string not null, zip: string>"))
//!     .column(Column::new("full_name", STRING).renamed_from("name"))
//!     .clustered_by(["id"])
//!     .property("delta.enableChangeDataFeed", true);
//! let registry = Registry::new().table(customers).build()?; // every fault at once
//! let report = Engine::connect(lake).await?.sync(&registry).await?;
//! assert_eq!(report.applied(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! The parts: declarations ([`Table`], [`Column`], files) become a [`Registry`]; an [`Engine`] plans and applies it on
//! one target; a [`Report`] says what happened.

mod connect;
#[cfg(feature = "definitions")]
mod files;
pub mod types;
#[cfg(all(feature = "native", feature = "spark"))]
mod writers;

pub use delta_engine_application::{
    CancellationToken, CheckedTable, Column, ColumnType, Declaration, DeclarationFault, DeclarationFaults, Declared,
    EXPLANATIONS, Engine, EngineError, Event, Events, Execution, Failure, Location, MemoryLake, Notice, PreparedPlan,
    PreparedTable, PrimaryKey, RegisteredTable, Registry, RegistryBuilder, Report, Silent, Sources, Status, SyncFailed,
    Table, port, wire,
};
#[cfg(feature = "definitions")]
pub use delta_engine_definitions as definitions;
#[cfg(feature = "native")]
pub use delta_engine_native as native;
pub use delta_engine_schema as schema;
pub use delta_engine_schema::{Permission, Policy};
#[cfg(feature = "spark")]
pub use delta_engine_spark as spark;

#[cfg(feature = "native")]
pub use connect::connect_lake;
pub use connect::{Connect, ConnectError, SERVER_SCHEME, ServerOptions, Through, connect_server};
#[cfg(feature = "definitions")]
pub use files::DefinitionFiles;

/// What a program that declares and syncs tables needs.
pub mod prelude {
    pub use crate::Connect;
    #[cfg(feature = "definitions")]
    pub use crate::DefinitionFiles;
    pub use crate::types::*;
    pub use crate::{Column, Engine, Permission, PrimaryKey, Registry, Report, SyncFailed, Table};
}
