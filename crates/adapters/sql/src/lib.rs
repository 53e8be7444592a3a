//! What actions mean in Spark SQL: the statements that a server runs, and what it has none for.
//!
//! Owns the spelling of statements, where user text enters them (`quote`), and what each dialect can do (`dialect`, `refuse`).
//! Knows nothing of connections, sessions or who runs a statement: the same actions give the same text. No I/O, no async, no
//! serde, no hash maps. Platform facts are those of docs/reference/platform.md.

mod check;
mod clause;
mod column;
mod create;
mod data_type;
mod dialect;
mod fuse;
#[cfg(test)]
mod lexer;
mod own;
mod preview;
mod quote;
mod reason;
mod refuse;
mod script;
mod statement;

pub use dialect::{Dialect, SparkLine};
pub use preview::preview;
pub use quote::{identifier, literal};
pub use reason::{Reason, Refusal};
pub use script::{Script, script};
pub use statement::Statement;
