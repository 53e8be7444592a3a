//! The writing half: one atomic commit a table, as an edit of the version it follows.
//!
//! Owns what may be committed (`support`), the edit of raw log state (`edit`, `text_lengths`), the commit file (`entry`) and the race for
//! the next version (`executor`). Never writes a document made from an older read.

mod create;
mod edit;
mod entry;
mod executor;
mod field_json;
mod protocol;
mod support;
mod text_lengths;

pub use executor::NativeExecutor;
