//! delta-engine on a bare Delta log: no Spark, no JVM, no catalog.
//!
//! Owns reading logs (`log`, `observe`, `NativeCatalog`), finding tables under a root (`Lake`) and, through delta-rs's
//! log stores, one atomic commit a table. The only crate that compiles `deltalake`. Decides nothing about schemas.

mod catalog;
mod commit;
mod condition;
pub mod json;
pub mod lake;
pub mod log;
mod observe;
mod parquet;
mod probe;
mod registered;
pub mod storage;

pub use catalog::NativeCatalog;
pub use commit::NativeExecutor;
pub use lake::Lake;
pub use observe::observe;
pub use registered::{Reach, RegisteredLogs};
