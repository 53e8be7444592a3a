//! Where tables are: a root, a layout template, and the store behind them.
//!
//! Owns the way from a relation to a URL, to its files and to delta-rs's log store, and finding tables under the root.
//! Knows nothing of what logs say. A relation's own location wins over the template.

mod find;
mod template;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use delta_engine_application::port::{Relation, Unreadable};
use deltalake::DeltaTableError;
use deltalake::logstore::object_store::ObjectStore;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::{LogStoreRef, StorageConfig, logstore_with, object_store_factories};
use url::{Position, Url};

pub use find::FindError;
pub use template::{Template, TemplateError};

use crate::storage::{LocalFiles, ObjectFiles, TableFiles};

/// A root with tables under it.
#[derive(Debug)]
pub struct Lake {
    root: Url,
    template: Template,
    options: BTreeMap<String, String>,
    /// One client for each bucket, shared by all of its tables: connections are worth keeping.
    stores: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>,
    /// Whether local folders too are read through their store.
    only_stores: bool,
}

/// A place can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The text is neither a path nor a URL.
    #[error("`{0}` is neither a path nor a URL")]
    Location(String),
    /// No store is built in for this kind of URL.
    #[error("`{url}` needs a store for `{scheme}://`, which is not built in")]
    Scheme {
        /// The URL.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// The name can't be a folder.
    #[error("the name `{0}` can't be a folder of the layout")]
    Name(String),
    /// The store refuses its options.
    #[error("the store of `{url}` can't be opened")]
    Store {
        /// The URL.
        url: String,
        /// The cause.
        #[source]
        source: Box<DeltaTableError>,
    },
}

impl Lake {
    /// The lake at a path or URL, with the default layout. `options` are delta-rs's storage options.
    ///
    /// # Errors
    /// Where the text is neither, or no store is built in for its scheme.
    pub fn open(root: &str, options: BTreeMap<String, String>) -> Result<Self, LakeError> {
        let working = std::env::current_dir().map_err(|_| LakeError::Location(root.to_owned()))?;
        let root = folder_url(root, &working)?;
        if !object_store_factories().iter().any(|entry| entry.key().scheme() == root.scheme()) {
            return Err(LakeError::Scheme { scheme: root.scheme().to_owned(), url: root.into() });
        }
        Ok(Self { root, template: Template::default(), options, stores: Mutex::default(), only_stores: false })
    }

    /// The lake at a path or URL, read and written through this store alone, whose own root is that of the URL's authority:
    /// for stores that are built elsewhere, or that watch or fail on purpose.
    ///
    /// # Errors
    /// As `open`.
    pub fn over(root: &str, store: Arc<dyn ObjectStore>) -> Result<Self, LakeError> {
        let lake = Self::open(root, BTreeMap::new())?;
        let authority = lake.root[..Position::BeforePath].to_owned();
        Ok(Self { stores: Mutex::new(BTreeMap::from([(authority, store)])), only_stores: true, ..lake })
    }

    /// The same lake with another layout.
    pub fn with_template(mut self, template: Template) -> Self {
        self.template = template;
        self
    }

    /// The root, ending in a slash.
    pub fn root(&self) -> &Url {
        &self.root
    }

    /// Where a relation's table is, ending in a slash.
    ///
    /// # Errors
    /// Where a name can't be a folder, or the location is neither a path nor a URL.
    pub fn table_url(&self, relation: &Relation) -> Result<Url, LakeError> {
        if let Some(location) = &relation.location {
            return match local_path(&self.root) {
                Some(root) => folder_url(location, &root),
                None if is_url(location) || Path::new(location).is_absolute() => folder_url(location, Path::new("/")),
                None => joined(&self.root, location.split('/').filter(|part| !part.is_empty() && *part != ".")),
            };
        }
        let folders = self.template.folders(&relation.name);
        if let Some(unsafe_folder) = folders.iter().find(|folder| !is_folder_name(folder)) {
            return Err(LakeError::Name(unsafe_folder.clone()));
        }
        joined(&self.root, folders.iter().map(String::as_str))
    }

    /// The files of a relation's table.
    ///
    /// # Errors
    /// Where the place can't be used; that there is a table is not checked.
    pub fn files(&self, relation: &Relation) -> Result<Arc<dyn TableFiles>, LakeError> {
        let url = self.table_url(relation)?;
        if let Some(folder) = local_path(&url).filter(|_| !self.only_stores) {
            return Ok(Arc::new(LocalFiles::new(folder)));
        }
        let (store, path) = self.store(&url)?;
        Ok(Arc::new(ObjectFiles::new(store, path)))
    }

    /// delta-rs's log store of a relation's table, for commits.
    ///
    /// # Errors
    /// Where the place can't be used.
    pub fn log_store(&self, relation: &Relation) -> Result<LogStoreRef, LakeError> {
        let url = self.table_url(relation)?;
        let (store, _) = self.store(&url)?;
        let failed = |source| LakeError::Store { url: url.to_string(), source: Box::new(source) };
        logstore_with(store, &url, self.storage_config().map_err(failed)?).map_err(failed)
    }

    /// Whether a table is read from the local disk, by reads that never wait.
    pub(crate) fn is_local(&self, relation: &Relation) -> bool {
        !self.only_stores && self.table_url(relation).map_or(true, |url| url.scheme() == "file")
    }

    /// The store of a URL and the path in it.
    fn store(&self, url: &Url) -> Result<(Arc<dyn ObjectStore>, ObjectPath), LakeError> {
        let failed = |source| LakeError::Store { url: url.to_string(), source: Box::new(source) };
        let scheme = || LakeError::Scheme { url: url.to_string(), scheme: url.scheme().to_owned() };
        let path = ObjectPath::from_url_path(url.path()).map_err(|error| failed(error.into()))?;
        let authority = url[..Position::BeforePath].to_owned();
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = stores.get(&authority) {
            return Ok((store.clone(), path));
        }
        let key = Url::parse(&format!("{}://", url.scheme())).map_err(|_| scheme())?;
        let factories = object_store_factories();
        let factory = factories.get(&key).ok_or_else(scheme)?;
        let config = self.storage_config().map_err(failed)?;
        let (store, _) = factory.value().parse_url_opts(url, &config).map_err(failed)?;
        stores.insert(authority, store.clone());
        Ok((store, path))
    }

    fn storage_config(&self) -> Result<StorageConfig, DeltaTableError> {
        StorageConfig::parse_options(self.options.iter().map(|(key, value)| (key.clone(), value.clone())))
    }

    /// A table's place as people write it: a path where it is local.
    pub(crate) fn display(url: &Url) -> String {
        let text = local_path(url).map_or_else(|| url.to_string(), |path| path.display().to_string());
        text.trim_end_matches('/').to_owned()
    }
}

impl From<LakeError> for Unreadable {
    fn from(error: LakeError) -> Self {
        let help = match &error {
            LakeError::Location(_) => Some("write a path, or a URL such as s3://bucket/folder".to_owned()),
            LakeError::Scheme { .. } => Some("build delta-engine with the feature `s3`, `azure` or `gcs`".to_owned()),
            LakeError::Name(_) => Some("give the table a `location`".to_owned()),
            LakeError::Store { .. } => None,
        };
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        Self { reason: format!("{error}{source}"), help }
    }
}

/// The folder of a `file://` URL.
pub(crate) fn local_path(url: &Url) -> Option<PathBuf> {
    // `to_file_path` reads any URL without a host as a path.
    (url.scheme() == "file").then(|| url.to_file_path().ok())?
}

/// Whether a text is a URL; a Windows drive is no scheme.
fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| scheme.len() > 1 && rest.starts_with('/'))
        && Url::parse(text).is_ok()
}

/// The URL of a folder, ending in a slash; a relative path starts at `base`.
fn folder_url(text: &str, base: &Path) -> Result<Url, LakeError> {
    let unusable = || LakeError::Location(text.to_owned());
    if is_url(text) {
        let mut url = Url::parse(text).map_err(|_| unusable())?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        return Ok(url);
    }
    if text.is_empty() {
        return Err(unusable());
    }
    let path: PathBuf = std::path::absolute(base.join(text)).map_err(|_| unusable())?;
    Url::from_directory_path(normal(&path)).map_err(|()| unusable())
}

/// The path without `.` and `..`, as text: two spellings of one folder give one URL.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(normal.pop()),
            std::path::Component::CurDir => {}
            std::path::Component::Prefix(_) | std::path::Component::RootDir | std::path::Component::Normal(_) => {
                normal.push(part);
            }
        }
    }
    normal
}

fn joined<'p>(root: &Url, parts: impl Iterator<Item = &'p str>) -> Result<Url, LakeError> {
    let mut url = root.clone();
    url.path_segments_mut().map_err(|()| LakeError::Location(root.to_string()))?.pop_if_empty().extend(parts).push("");
    Ok(url)
}

/// Whether a name stays within its folder on every store.
fn is_folder_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\']) && !name.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(root: &str, name: &str, location: Option<&str>, expected: &str) {
        let lake = Lake::open(root, BTreeMap::new()).unwrap();
        let relation = Relation { name: name.parse().unwrap(), location: location.map(str::to_owned) };
        let found = lake.table_url(&relation).map_or_else(|error| error.to_string(), |url| url.to_string());
        assert_eq!(found, expected);
    }

    #[test]
    fn names_become_folders_and_absent_parts_drop_theirs() {
        check("/lake", "dev.silver.customers", None, "file:///lake/dev/silver/customers/");
        check("/lake/x/../", "silver.customers", None, "file:///lake/silver/customers/");
        check("memory:///lake", "customers", None, "memory:///lake/customers/");
        check("/lake", "s.`my table`", None, "file:///lake/s/my%20table/");
        check("/lake", "s.`50%`", None, "file:///lake/s/50%25/");
        check("/lake", "s.`..`", None, "the name `..` can't be a folder of the layout");
        check("/lake", "s.`a/b`", None, "the name `a/b` can't be a folder of the layout");
    }

    #[test]
    fn a_location_wins_over_the_layout() {
        check("/lake", "s.t", Some("raw/t"), "file:///lake/raw/t/");
        check("/lake", "s.t", Some("../other"), "file:///other/");
        check("/lake", "s.t", Some("/data/t"), "file:///data/t/");
        check("/lake", "s.t", Some("s3://bucket/t"), "s3://bucket/t/");
        check("memory:///lake", "s.t", Some("raw/t"), "memory:///lake/raw/t/");
    }

    #[test]
    fn a_scheme_without_a_store_is_refused() {
        let error = Lake::open("gopher://x/y", BTreeMap::new()).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "`gopher://x/y/` needs a store for `gopher://`, which is not built in");
    }
}
