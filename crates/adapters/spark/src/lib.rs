//! delta-engine over Spark Connect: on Spark with Delta Lake, on Databricks, on Sail.
//!
//! Owns the client (connection, session, statements that run at most once), what a server can do (`server`), reading tables
//! (`catalog`) and changing them (`executor`). Statements come from `delta_engine_sql`; knows nothing of files, and decides
//! nothing about schemas.

mod catalog;
pub mod client;
mod executor;
mod information;
mod log;
mod observe;
mod probe;
mod server;
mod statement;

pub use catalog::SparkCatalog;
pub use client::{Address, Client};
pub use delta_engine_sql::{Dialect, SparkLine};
pub use executor::SparkExecutor;
pub use server::{Server, ServerError};
