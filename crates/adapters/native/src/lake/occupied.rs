//! Files where a new table should go: a table is not created over files that are no table.
//!
//! What writers leave behind that were stopped, and what only marks a folder, is in nobody's way.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use delta_engine_application::port::Relation;
use deltalake::logstore::object_store::{self, ObjectMeta};
use futures::TryStreamExt;
use futures::future::ready;

use super::{Lake, LakeError, local_path};

/// A file in a folder that should hold a table, and has no log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Occupied {
    /// The first file that was found, below the folder.
    file: String,
}

/// The folder can't be looked into.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OccupiedError {
    #[error(transparent)]
    Place(#[from] LakeError),
    #[error("`{}`", .folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Store(#[from] object_store::Error),
}

impl Occupied {
    /// What is wrong, and what to do about it.
    pub(crate) fn reason_and_help(&self) -> (String, &'static str) {
        (
            format!("the table's folder is not empty (`{}`), and there is no Delta log in it", self.file),
            "choose another location, or convert what is there with CONVERT TO DELTA",
        )
    }
}

impl Lake {
    /// What stands in a table's folder, whatever it is; the caller has seen no log there.
    ///
    /// # Errors
    /// Where the folder can't be listed.
    pub(crate) async fn occupied(&self, relation: &Relation) -> Result<Option<Occupied>, OccupiedError> {
        let url = self.table_url(relation)?;
        if let Some(folder) = local_path(&url).filter(|_| !self.only_stores) {
            let found = first_file(&folder)?;
            let below = |path: &Path| path.strip_prefix(&folder).unwrap_or(path).display().to_string();
            return Ok(found.map(|path| Occupied { file: below(&path) }));
        }
        let (store, prefix) = self.store(&url)?;
        let is_file = |file: &ObjectMeta| {
            let is_marker = file.location == prefix || file.location.as_ref().ends_with("_$folder$");
            ready(!is_marker && file.location.filename().is_some_and(|name| !is_left_over(name)))
        };
        let found = store.list(Some(&prefix)).try_filter(is_file).try_next().await?;
        let below = |path: &str| path.strip_prefix(prefix.as_ref()).unwrap_or(path).trim_start_matches('/').to_owned();
        Ok(found.map(|file| Occupied { file: below(file.location.as_ref()) }))
    }
}

/// The first thing below a folder that is no folder.
fn first_file(folder: &Path) -> Result<Option<PathBuf>, OccupiedError> {
    let failed = |source| OccupiedError::Folder { folder: folder.to_owned(), source };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(failed)?,
    };
    let mut entries: Vec<_> = entries.collect::<io::Result<_>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let found = if entry.file_type().map_err(failed)?.is_dir() {
            first_file(&entry.path())?
        } else {
            (!is_left_over(&entry.file_name().to_string_lossy())).then(|| entry.path())
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Whether a writer that was stopped left a file of this name: the local store of delta-rs writes to `name#1` and links it to its
/// name, Hadoop writes to `.name.tmp`.
fn is_left_over(name: &str) -> bool {
    let is_staged = name.rsplit_once('#').is_some_and(|(_, count)| count.parse::<u32>().is_ok());
    is_staged || name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use deltalake::logstore::object_store::local::LocalFileSystem;

    use super::*;

    #[test]
    fn the_first_file_is_found_at_any_depth_on_disk_and_in_a_store() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let relation = Relation { name: "s.t".parse().unwrap(), location: None };
        let lakes = [
            Lake::open(&root, BTreeMap::new()).unwrap(),
            Lake::over(&format!("file://{root}"), Arc::new(LocalFileSystem::new())).unwrap(),
        ];
        let check = |expected: Option<&str>| {
            for lake in &lakes {
                let found = futures::executor::block_on(lake.occupied(&relation)).unwrap();
                assert_eq!(found.as_ref().map(|found| found.file.as_str()), expected);
            }
        };
        check(None);
        fs::create_dir_all(folder.path().join("s/t/a/b")).unwrap();
        fs::write(folder.path().join("s/other"), "").unwrap();
        fs::create_dir(folder.path().join("s/t2")).unwrap();
        fs::write(folder.path().join("s/t2/part.parquet"), "").unwrap();
        fs::create_dir(folder.path().join("s/t/_delta_log")).unwrap();
        for left_over in ["00000000000000000000.json#1", ".00000000000000000000.json.5f.tmp"] {
            fs::write(folder.path().join("s/t/_delta_log").join(left_over), "").unwrap();
        }
        check(None);
        fs::write(folder.path().join("s/t/a/b/part.parquet"), "").unwrap();
        check(Some("a/b/part.parquet"));
    }
}
