//! Finding tables under the root: folders of the layout that hold `_delta_log`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use delta_engine_application::port::Relation;
use delta_engine_schema::model::{Identifier, TableName};
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

    /// For each of these names the table, if any, whose folders differ from the name's own in upper and lower case only: its
    /// name as the folders spell it, and where it is. A folder is listed once, however many names are looked for in it; one that
    /// can't be listed holds none that can be told.
    pub async fn in_other_case(&self, names: &[&TableName]) -> Vec<Option<(TableName, String)>> {
        let mut listings = Listings { lake: self, known: BTreeMap::new() };
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            found.push(listings.in_other_case(name).await);
        }
        found
    }

    /// The folders in a folder under the root.
    async fn folders_in(&self, folders: &[String]) -> Result<Vec<String>, FindError> {
        if let Some(root) = super::local_path(&self.root).filter(|_| !self.only_stores) {
            let path = folders.iter().fold(root, |path, folder| path.join(folder));
            let list = tokio::task::spawn_blocking(move || names_in(&path));
            return Ok(list.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?);
        }
        let (store, root) = self.store(&self.root)?;
        let path: ObjectPath = root.parts().chain(folders.iter().map(|part| part.as_str().into())).collect();
        let listed = store.list_with_delimiter(Some(&path)).await.map_err(|source| failed(path.as_ref(), source))?;
        Ok(listed.common_prefixes.iter().filter_map(|path| path.filename()).map(str::to_owned).collect())
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

/// The folders under a root, as far as they were listed.
struct Listings<'l> {
    lake: &'l Lake,
    /// By the folder they are in, and by their name without case.
    known: BTreeMap<Vec<String>, BTreeMap<Identifier, Vec<String>>>,
}

impl Listings<'_> {
    async fn in_other_case(&mut self, name: &TableName) -> Option<(TableName, String)> {
        let own = self.lake.template.folders(name);
        let mut level: Vec<Vec<String>> = vec![Vec::new()];
        for folder in &own {
            let mut next = Vec::new();
            for above in level {
                let alike = self.alike(&above, folder).await;
                next.extend(alike.iter().map(|folder| above.iter().chain([folder]).cloned().collect::<Vec<_>>()));
            }
            level = next;
        }
        for folders in level.into_iter().filter(|folders| *folders != own) {
            let is_table = self.alike(&folders, LOG_FOLDER).await.iter().any(|folder| folder == LOG_FOLDER);
            if let Some(name) = self.lake.template.name(&folders).filter(|_| is_table) {
                let relation = Relation { name, location: None };
                let place = Lake::display(&self.lake.table_url(&relation).ok()?);
                return Some((relation.name, place));
            }
        }
        None
    }

    /// The folders in this one that have this name but for upper and lower case.
    async fn alike(&mut self, above: &[String], name: &str) -> Vec<String> {
        if !self.known.contains_key(above) {
            let mut known: BTreeMap<Identifier, Vec<String>> = BTreeMap::new();
            let listed = self.lake.folders_in(above).await.unwrap_or_else(|error| {
                // Reading a table by its name needs no right to list the folders above it.
                tracing::debug!(?above, %error, "folder not listed");
                Vec::new()
            });
            for folder in listed {
                known.entry(Identifier::new(folder.as_str())).or_default().push(folder);
            }
            self.known.insert(above.to_vec(), known);
        }
        let known = self.known.get(above).and_then(|known| known.get(&Identifier::new(name)));
        known.cloned().unwrap_or_default()
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
    for name in names_in(folder)?.into_iter().filter(|name| !is_hidden(name)) {
        let below = folder.join(&name);
        names.push(name);
        walk(&below, names, depth, found)?;
        names.pop();
    }
    Ok(())
}

/// The names of the folders in a folder; none where it is not there.
fn names_in(folder: &Path) -> Result<Vec<String>, StorageError> {
    let failed = |source: std::io::Error| StorageError {
        path: folder.display().to_string(),
        missing: false,
        source: Box::new(source),
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir() || kind.is_symlink() && entry.path().is_dir()) {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

#[cfg(test)]
mod tests {
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
        let lake = Lake::open(folder.path().to_str().unwrap(), BTreeMap::new()).unwrap();
        check(&lake).await;
        check_other_case(&lake).await;
        let nowhere = Lake::open("/nowhere/at/all", BTreeMap::new()).unwrap();
        assert_eq!(nowhere.tables().await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_cannot_be_listed_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("silver"), "a file").unwrap();
        let lake = Lake::open(folder.path().to_str().unwrap(), BTreeMap::new()).unwrap();
        assert_eq!(lake.in_other_case(&[&"silver.orders".parse().unwrap()]).await, [None]);
    }

    async fn check_other_case(lake: &Lake) {
        let names: Vec<TableName> = [
            "silver.Orders",
            "SILVER.orders",
            "DEV.silver.Customers",
            "silver.orders",
            "silver.order",
            "dev.silver.no_Table",
        ]
        .map(|name| name.parse().unwrap())
        .into();
        let found = lake.in_other_case(&names.iter().collect::<Vec<_>>()).await;
        let found: Vec<String> =
            found.into_iter().map(|found| found.map_or("-".to_owned(), |(name, _)| name.to_string())).collect();
        assert_eq!(found, ["silver.orders", "silver.orders", "dev.silver.customers", "-", "-", "-"]);
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
        check_other_case(&lake).await;
    }
}
