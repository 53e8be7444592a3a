//! Definitions in files, for registries built in Rust.

use std::path::{Path, PathBuf};

use delta_engine_application::RegistryBuilder;
use delta_engine_definitions::{Context, read_files};

/// Adds definition files to a registry.
///
/// ```
/// use delta_engine::prelude::*;
///
/// # let folder = tempfile::tempdir().unwrap();
/// let tables = folder.path().join("tables");
/// std::fs::create_dir(&tables).unwrap();
/// std::fs::write(tables.join("orders.yml"), "tables:\n  - name: orders\n    columns: [{ name: id, type: bigint }]\n").unwrap();
/// let customers = Table::new("customers").column(Column::new("id", BIGINT));
/// let registry = Registry::new().table(customers).files(tables.join("**/*.yml")).build().unwrap();
/// assert_eq!(registry.len(), 2);
/// ```
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
