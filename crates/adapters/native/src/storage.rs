//! The files of one table, read in place: the only door of the log reader to the outside.
//!
//! Owns two ways in: `std::fs` for local folders (one blocking thread reads a whole table; a folder of one commit costs
//! two system calls more than its files) and delta-rs's object stores for everything else. Knows nothing of what the
//! files mean. Paths are relative to the table's root.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::object_store::{self, GetOptions, ObjectStore, ObjectStoreExt};
use futures::TryStreamExt;

/// The folder of the log.
pub const LOG_FOLDER: &str = "_delta_log";

/// The files of one table.
#[async_trait]
pub trait TableFiles: Send + Sync {
    /// The names directly in `_delta_log`, in any order; only those after `after`, where the storage can tell cheaply.
    /// Nothing where there is no such folder.
    async fn list_log(&self, after: Option<&str>) -> Result<Vec<LogFile>, StorageError>;

    /// A whole file.
    async fn read(&self, path: &str) -> Result<Content, StorageError>;

    /// Some bytes of a file.
    async fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError>;

    /// The length of a file.
    async fn size(&self, path: &str) -> Result<u64, StorageError>;

    /// How many requests are worth having under way at once; 1 where nothing is gained by reading ahead.
    fn parallelism(&self) -> usize;
}

/// A file in `_delta_log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its name, without the folder.
    pub name: String,
    /// Its length, where the listing told.
    pub size: Option<u64>,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its bytes.
    pub bytes: Bytes,
    /// When it was written, in milliseconds since 1970.
    pub modified: i64,
}

/// A file could not be listed or read.
#[derive(Debug, thiserror::Error)]
#[error("`{path}` can't be read")]
pub struct StorageError {
    /// The file or folder.
    pub path: String,
    /// Whether it is not there at all.
    pub missing: bool,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A table in a local folder. Its futures never wait: run them to their end on a blocking thread.
#[derive(Debug, Clone)]
pub struct LocalFiles {
    root: PathBuf,
}

impl LocalFiles {
    /// The table in this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    fn failed(path: &str, source: std::io::Error) -> StorageError {
        let missing = source.kind() == std::io::ErrorKind::NotFound;
        StorageError { path: path.to_owned(), missing, source: Box::new(source) }
    }
}

#[async_trait]
impl TableFiles for LocalFiles {
    async fn list_log(&self, _after: Option<&str>) -> Result<Vec<LogFile>, StorageError> {
        let entries = match std::fs::read_dir(self.root.join(LOG_FOLDER)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            // A file where the table's folder would be: there is no table.
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(Vec::new()),
            Err(error) => return Err(Self::failed(LOG_FOLDER, error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Self::failed(LOG_FOLDER, error))?;
            // Names that are not UTF-8 are none of the protocol's.
            if let Ok(name) = entry.file_name().into_string() {
                files.push(LogFile { name, size: None });
            }
        }
        Ok(files)
    }

    async fn read(&self, path: &str) -> Result<Content, StorageError> {
        let read = || {
            let mut file = std::fs::File::open(self.root.join(path))?;
            let metadata = file.metadata()?;
            let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
            file.read_to_end(&mut bytes)?;
            let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let modified = i64::try_from(modified.as_millis()).unwrap_or(i64::MAX);
            Ok(Content { bytes: bytes.into(), modified })
        };
        read().map_err(|error| Self::failed(path, error))
    }

    async fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let read = || {
            let mut file = std::fs::File::open(self.root.join(path))?;
            // Lengths come from logs and footers, which may be damaged: nothing is allocated for bytes that are not there.
            if range.start > range.end || range.end > file.metadata()?.len() {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            file.seek(SeekFrom::Start(range.start))?;
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
            file.read_exact(&mut bytes)?;
            Ok(bytes.into())
        };
        read().map_err(|error| Self::failed(path, error))
    }

    async fn size(&self, path: &str) -> Result<u64, StorageError> {
        std::fs::metadata(self.root.join(path))
            .map(|metadata| metadata.len())
            .map_err(|error| Self::failed(path, error))
    }

    fn parallelism(&self) -> usize {
        1
    }
}

/// A table in an object store.
#[derive(Debug, Clone)]
pub struct ObjectFiles {
    store: Arc<dyn ObjectStore>,
    root: ObjectPath,
}

impl ObjectFiles {
    /// The table under `root` in a store.
    pub fn new(store: Arc<dyn ObjectStore>, root: ObjectPath) -> Self {
        Self { store, root }
    }

    /// Log and data file names hold nothing that an object path would have to escape again.
    fn path(&self, path: &str) -> Result<ObjectPath, StorageError> {
        let text = if self.root.as_ref().is_empty() { path.to_owned() } else { format!("{}/{path}", self.root) };
        ObjectPath::parse(text).map_err(|source| StorageError {
            path: path.to_owned(),
            missing: false,
            source: Box::new(source),
        })
    }

    fn failed(path: &str, source: object_store::Error) -> StorageError {
        let missing = matches!(source, object_store::Error::NotFound { .. });
        StorageError { path: path.to_owned(), missing, source: Box::new(source) }
    }
}

#[async_trait]
impl TableFiles for ObjectFiles {
    async fn list_log(&self, after: Option<&str>) -> Result<Vec<LogFile>, StorageError> {
        let folder = self.path(LOG_FOLDER)?;
        let listing = match after {
            Some(after) => self.store.list_with_offset(Some(&folder), &self.path(&format!("{LOG_FOLDER}/{after}"))?),
            None => self.store.list(Some(&folder)),
        };
        let listed = listing.try_filter_map(|meta| {
            // Listings go into folders: `_sidecars` and `_staged_commits` are not the log's own files.
            let file = meta.location.as_ref().strip_prefix(folder.as_ref()).and_then(|rest| rest.strip_prefix('/'));
            let file = file.filter(|name| !name.contains('/'));
            let file = file.map(|name| LogFile { name: name.to_owned(), size: Some(meta.size) });
            futures::future::ready(Ok(file))
        });
        match listed.try_collect().await {
            Err(object_store::Error::NotFound { .. }) => Ok(Vec::new()),
            listed => listed.map_err(|error| Self::failed(LOG_FOLDER, error)),
        }
    }

    async fn read(&self, path: &str) -> Result<Content, StorageError> {
        let read = async || {
            let result = self.store.get_opts(&self.path(path)?, GetOptions::default()).await;
            let result = result.map_err(|error| Self::failed(path, error))?;
            let modified = result.meta.last_modified.timestamp_millis();
            let bytes = result.bytes().await.map_err(|error| Self::failed(path, error))?;
            Ok(Content { bytes, modified })
        };
        read().await
    }

    async fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        let bytes = self.store.get_range(&self.path(path)?, range).await;
        bytes.map_err(|error| Self::failed(path, error))
    }

    async fn size(&self, path: &str) -> Result<u64, StorageError> {
        let meta = self.store.head(&self.path(path)?).await;
        meta.map(|meta| meta.size).map_err(|error| Self::failed(path, error))
    }

    fn parallelism(&self) -> usize {
        8
    }
}
