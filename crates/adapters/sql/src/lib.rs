//! What an action means in Spark SQL: the text a person would type for OSS Delta.
//!
//! Owns the spelling of statements, and where user text enters them (`quote`). Knows nothing of connections, sessions or
//! what a table looks like: the same action gives the same text. No I/O, no async, no serde, no hash maps.
//! Platform facts are those of docs/reference/platform.md.

mod action;
mod column;
mod create;
mod data_type;
mod quote;
mod statement;

pub use action::{script, statements};
pub use statement::{Remark, Statement};
