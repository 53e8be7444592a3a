//! delta-engine on a bare Delta log: no Spark, no JVM, no catalog.
//!
//! Owns reading logs (`log`, `observe`, `NativeCatalog`), finding tables under a root (`Lake`) and, through delta-rs's
//! log stores, one atomic commit a table. The only crate that compiles `deltalake`. Decides nothing about schemas.

pub mod json;
pub mod log;
mod observe;
mod parquet;
pub mod storage;

pub use observe::observe;
