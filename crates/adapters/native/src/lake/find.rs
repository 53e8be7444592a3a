//! Finding tables under the root: folders of the layout that hold `_delta_log`.

use std::path::Path;
use std::sync::Arc;

use delta_engine_application::port::Relation;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::object_store::{self, ObjectStore};
use futures::{StreamExt, TryStreamExt};

use super::{Lake, LakeError};
use crate::storage::{LOG_FOLDER, StorageError};

/// Listings under way at once.
const LISTINGS: usize = 16;

/// Tables could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The root can't be used.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// A folder can't be listed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Lake {
    /// The tables under the root, by name. Folders whose name starts with `_` or `.` are not looked into, and none below a
    /// table.
    ///
    /// # Errors
    /// Where the root or a folder under it can't be listed; a root that is not there has no tables.
    pub async fn tables(&self) -> Result<Vec<Relation>, FindError> {
        let folders = match super::local_path(&self.root) {
            Some(root) => {
                let depth = self.template.depth();
                let walk = tokio::task::spawn_blocking(move || {
                    let mut found = Vec::new();
                    walk(&root, &mut Vec::new(), depth, &mut found).map(|()| found)
                });
                walk.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?
            }
            None => {
                let (store, root) = self.store(&self.root)?;
                self.stored(&store, &root).await?
            }
        };
        let name = |folders: &Vec<String>| self.template.name(folders);
        let mut relations: Vec<Relation> =
            folders.iter().filter_map(name).map(|name| Relation { name, location: None }).collect();
        relations.sort();
        Ok(relations)
    }

    /// The folders of tables in an object store, level by level.
    async fn stored(&self, store: &Arc<dyn ObjectStore>, root: &ObjectPath) -> Result<Vec<Vec<String>>, StorageError> {
        let mut found = Vec::new();
        let mut level: Vec<Vec<String>> = vec![Vec::new()];
        for depth in 0..=self.template.depth() {
            let is_last = depth == self.template.depth();
            let listed: Vec<(Vec<String>, Listed)> = futures::stream::iter(level)
                .map(|folders| async move {
                    let path: ObjectPath =
                        root.parts().chain(folders.iter().map(|part| part.as_str().into())).collect();
                    let listed = if is_last { has_log(store, &path).await } else { below(store, &path).await };
                    listed.map(|listed| (folders, listed)).map_err(|source| failed(path.as_ref(), source))
                })
                .buffered(LISTINGS)
                .try_collect()
                .await?;
            level = Vec::new();
            for (folders, listed) in listed {
                match listed {
                    Listed::Table => found.push(folders),
                    Listed::Folders(names) => level.extend(names.into_iter().map(|name| {
                        let mut below = folders.clone();
                        below.push(name);
                        below
                    })),
                }
            }
        }
        Ok(found)
    }
}

/// What a folder is.
enum Listed {
    Table,
    Folders(Vec<String>),
}

async fn below(store: &Arc<dyn ObjectStore>, path: &ObjectPath) -> Result<Listed, object_store::Error> {
    let listed = store.list_with_delimiter(Some(path)).await?;
    let names: Vec<String> =
        listed.common_prefixes.iter().filter_map(|path| path.filename()).map(str::to_owned).collect();
    if names.iter().any(|name| name == LOG_FOLDER) {
        return Ok(Listed::Table);
    }
    Ok(Listed::Folders(names.into_iter().filter(|name| !is_hidden(name)).collect()))
}

/// Asks for the log alone: listing the folder itself would page through all of its data files.
async fn has_log(store: &Arc<dyn ObjectStore>, path: &ObjectPath) -> Result<Listed, object_store::Error> {
    let log: ObjectPath = path.parts().chain(std::iter::once(LOG_FOLDER.into())).collect();
    match store.list(Some(&log)).next().await {
        Some(Ok(_)) => Ok(Listed::Table),
        Some(Err(error)) if !matches!(error, object_store::Error::NotFound { .. }) => Err(error),
        Some(Err(_)) | None => Ok(Listed::Folders(Vec::new())),
    }
}

fn failed(path: &str, source: object_store::Error) -> StorageError {
    StorageError { path: path.to_owned(), missing: false, source: Box::new(source) }
}

fn walk(
    folder: &Path,
    names: &mut Vec<String>,
    depth: usize,
    found: &mut Vec<Vec<String>>,
) -> Result<(), StorageError> {
    if !names.is_empty() && folder.join(LOG_FOLDER).is_dir() {
        found.push(names.clone());
        return Ok(());
    }
    if names.len() == depth {
        return Ok(());
    }
    let failed = |source: std::io::Error| StorageError {
        path: folder.display().to_string(),
        missing: false,
        source: Box::new(source),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir());
        match entry.file_name().into_string() {
            Ok(name) if is_folder && !is_hidden(&name) => {
                names.push(name);
                walk(&entry.path(), names, depth, found)?;
                names.pop();
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FILES: [&str; 6] = [
        "dev/silver/customers/_delta_log/00000000000000000000.json",
        "dev/silver/customers/inner/t/_delta_log/00000000000000000000.json",
        "silver/orders/_delta_log/00000000000000000000.json",
        "dev/silver/no_table/part.parquet",
        ".hidden/silver/t/_delta_log/00000000000000000000.json",
        "too/deep/to/be/one/_delta_log/00000000000000000000.json",
    ];

    async fn check(lake: &Lake) {
        let names: Vec<String> =
            lake.tables().await.unwrap().iter().map(|relation| relation.name.to_string()).collect();
        assert_eq!(names, ["silver.orders", "dev.silver.customers"]);
    }

    #[tokio::test]
    async fn folders_with_a_log_are_found_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        for file in FILES {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        check(&Lake::open(folder.path().to_str().unwrap(), BTreeMap::new()).unwrap()).await;
        let nowhere = Lake::open("/nowhere/at/all", BTreeMap::new()).unwrap();
        assert_eq!(nowhere.tables().await.unwrap(), []);
    }

    #[tokio::test]
    async fn folders_with_a_log_are_found_in_a_store() {
        use deltalake::logstore::object_store::ObjectStoreExt;
        let lake = Lake::open("memory:///root/lake", BTreeMap::new()).unwrap();
        let (store, root) = lake.store(lake.root()).unwrap();
        for file in FILES {
            store.put(&ObjectPath::from(format!("{root}/{file}")), "".into()).await.unwrap();
        }
        check(&lake).await;
    }
}
