//! delta-engine's table definitions and project file: YAML with every fault placed.
//!
//! Reads text into drafts and sources and reports every fault of a file at once. Judges no types, columns or
//! properties: that is the domain's, and `Sources` tells where in the file its faults stand. Knows no backend.

mod context;
mod fault;
mod files;
mod interpolate;
mod keys;
mod load;
mod project;
mod read;
mod reader;
pub mod schema;
pub mod snapshot;
mod source;
mod table;
pub mod template;
mod text;
mod tree;

pub use context::Context;
pub use fault::FILE_FAULTS;
pub use files::read_files;
pub use load::load;
pub use project::{
    Commits, PROJECT_FILE, Permission, Project, ResolvedTarget, RuleSetting, Secret, TargetSettings, Through, shown_url,
};
pub use read::read_tables;
