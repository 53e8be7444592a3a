//! Where tables are: a root, a layout template, and the store behind them.
//!
//! Owns the way from a relation to a URL, to its files and to delta-rs's log store, and finding tables under the root.
//! Knows nothing of what logs say. A relation's own location wins over the template.

mod commits;
mod error;
mod find;
mod occupied;
mod options;
mod registered;
mod scratch;
mod single_writer;
mod stores;
mod template;
#[cfg(test)]
mod test_store;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use delta_engine_application::port::Relation;
use deltalake::logstore::object_store::ObjectStore;
use deltalake::logstore::{LogStoreRef, logstore_with, object_store_factories};
use tokio::sync::OnceCell;
use url::{Position, Url};

pub use commits::{Commits, CommitsError};
pub use error::LakeError;
pub use find::FindError;
pub use registered::{Unreachable, store_url};
pub use template::{Template, TemplateError};

use crate::storage::{LocalFiles, ObjectFiles, TableFiles};

/// Whether the writers of a bucket are kept apart, once that was asked.
type Known = Arc<OnceCell<Result<(), CommitsError>>>;

/// A root with tables under it.
pub struct Lake {
    root: Url,
    template: Template,
    /// May hold secrets, and is never printed.
    options: BTreeMap<String, String>,
    commits: Option<Commits>,
    /// One client for each bucket, shared by all of its tables: connections are worth keeping.
    stores: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>>,
    /// What is known of each bucket's writers; asked once, before the first commit.
    kept_apart: Mutex<BTreeMap<String, Known>>,
    /// Whether local folders too are read through their store.
    only_stores: bool,
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake")
            .field("root", &self.root.as_str())
            .field("template", &self.template)
            .field("commits", &self.commits)
            .finish_non_exhaustive()
    }
}

impl Lake {
    /// The lake at a path or URL, with the default layout. `options` are delta-rs's storage options.
    ///
    /// # Errors
    /// Where the text is neither, no store is built in for its scheme, or that store has no such option.
    pub fn open(root: &str, options: BTreeMap<String, String>) -> Result<Self, LakeError> {
        let working = std::env::current_dir().map_err(|_| LakeError::Location(root.to_owned()))?;
        let root = folder_url(root, &working)?;
        if !object_store_factories().iter().any(|entry| entry.key().scheme() == root.scheme()) {
            return Err(LakeError::Scheme { scheme: root.scheme().to_owned(), url: root.into() });
        }
        let lake = Self {
            root,
            template: Template::default(),
            options,
            commits: None,
            stores: Mutex::default(),
            kept_apart: Mutex::default(),
            only_stores: false,
        };
        lake.check_options().map(|()| lake)
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

    /// A table's place as people write it: a path where it is local.
    pub(crate) fn display(url: &Url) -> String {
        let text = local_path(url).map_or_else(|| url.to_string(), |path| path.display().to_string());
        text.trim_end_matches('/').to_owned()
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
        if let Some(host) = url.host_str().filter(|_| url.scheme() == "file") {
            return Err(LakeError::Host { url: text.to_owned(), host: host.to_owned() });
        }
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
    fn a_folder_on_a_host_is_refused() {
        let error = Lake::open("file://lake/x", BTreeMap::new()).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "`file://lake/x` names the host `lake`, and a folder is on none");
        check("/lake", "s.t", Some("file://x/y"), "`file://x/y` names the host `x`, and a folder is on none");
    }

    #[test]
    fn a_scheme_without_a_store_is_refused() {
        let error = Lake::open("gopher://x/y", BTreeMap::new()).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "`gopher://x/y/` needs a store for `gopher://`, which is not built in");
    }
}
