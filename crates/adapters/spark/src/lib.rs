//! delta-engine over Spark Connect: on Spark with Delta Lake, on Databricks, on Sail.
//!
//! Owns the client: connection, session, statements that run at most once. Knows nothing of files, and decides nothing about
//! schemas.

pub mod client;

pub use client::{Address, Client};
