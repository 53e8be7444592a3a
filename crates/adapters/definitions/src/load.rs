//! The declarations of a project for one target.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use delta_engine_application::Declared;

use crate::files::{read_files, read_patterns};
use crate::project::{Project, TargetSettings};

/// Reads the definitions of a project for a target: those of the project file, or those of `paths` alone.
///
/// `variables` are those that were typed, nearest of all. `paths` start where the user is, not at the project file.
/// Without values for the variables of the project no file is read.
pub fn load(
    project: &Project,
    target: &TargetSettings,
    variables: &BTreeMap<String, String>,
    paths: Option<&[PathBuf]>,
) -> Declared {
    let context = match project.context(target, variables) {
        Ok(context) => context,
        Err(faults) => return faults.into(),
    };
    match paths {
        Some(paths) => read_files(paths, Path::new(""), &context),
        None => {
            let patterns: Vec<PathBuf> = project.definitions().iter().map(PathBuf::from).collect();
            read_patterns(&patterns, project.root(), project.prefix(), &context)
        }
    }
}
