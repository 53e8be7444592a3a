//! Definitions in files, for registries built in Rust.

use std::path::{Path, PathBuf};

use delta_engine_application::RegistryBuilder;
use delta_engine_definitions::{Context, read_files};

/// Adds definition files to a registry.
pub trait DefinitionFiles: Sized {
    /// Adds the tables of the YAML files that a path or pattern names, relative to the working folder. Their faults are
    /// reported by `build`, together with all others.
    fn files(self, pattern: impl Into<PathBuf>) -> Self;
}

impl DefinitionFiles for RegistryBuilder {
    fn files(self, pattern: impl Into<PathBuf>) -> Self {
        self.declared(read_files(&[pattern.into()], Path::new(""), &Context::default()))
    }
}
