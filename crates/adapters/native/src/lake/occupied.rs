//! Files where a new table should go: a table is not created over files that are no table.
//!
//! What writers leave behind that were stopped, and what only marks a folder, is in nobody's way.

use delta_engine_application::port::Relation;
use deltalake::logstore::object_store::{self, ObjectMeta};
use futures::TryStreamExt;
use futures::future::ready;

use super::{Lake, LakeError};

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
        let (store, prefix) = self.store(&self.table_url(relation)?)?;
        let is_file = |file: &ObjectMeta| {
            let is_marker = file.location == prefix || file.location.as_ref().ends_with("_$folder$");
            // Hadoop writes to `.name.tmp`; what the local store writes to, `name#1`, it does not list.
            let is_hidden = file.location.filename().is_some_and(|name| name.starts_with('.'));
            ready(!is_marker && !is_hidden)
        };
        let found = store.list(Some(&prefix)).try_filter(is_file).try_next().await?;
        let below = |path: &str| path.strip_prefix(prefix.as_ref()).unwrap_or(path).trim_start_matches('/').to_owned();
        Ok(found.map(|file| Occupied { file: below(file.location.as_ref()) }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
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
