//! Generators of table pairs, and the proofs that every accepted plan lands.
//!
//! Owns random and exhaustive small tables, legal edits, and the laws that hold for every pair. The edits and the laws know
//! nothing of the differ, so that it can't prove itself. With the feature `connect`, also a Spark Connect server that answers
//! from a script. Not published.

#[cfg(feature = "connect")]
pub mod connect;
pub mod declaration;
pub mod edit;
pub mod law;
pub mod pair;
pub mod portable;
mod proofs;
pub mod rng;
pub mod scenario;
pub mod small_scope;
pub mod table;
mod tally;
pub mod trouble;
pub mod words;

pub use proofs::{Broken, prove, prove_small_scope};
pub use tally::Tally;
