//! A store that numbers every request, does something before one of them, and lets one of them fail.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use delta_engine_native::storage::{Content, LOG_FOLDER, LogFile, StorageError, TableFiles};
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::StreamExt;
use futures::stream::{BoxStream, once};

/// How a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An error, and nothing was done.
    ErrorBefore,
    /// It was done, and an error is all that comes back.
    ErrorAfter,
    /// The process ends before the request; nothing is answered any more.
    StopBefore,
    /// The process ends after the request; nothing is answered any more.
    StopAfter,
    /// "Already exists" of a file that is not there: only of a put.
    AlreadyExists,
    /// Time ran out, and nothing was done.
    Timeout,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ErrorBefore, Self::ErrorAfter, Self::StopBefore, Self::StopAfter, Self::AlreadyExists, Self::Timeout];

    fn is_after(self) -> bool {
        matches!(self, Self::ErrorAfter | Self::StopAfter)
    }

    fn stops(self) -> bool {
        matches!(self, Self::StopBefore | Self::StopAfter)
    }

    fn error(self, path: &str) -> Error {
        let source = match self {
            Self::AlreadyExists => {
                return Error::AlreadyExists { path: path.to_owned(), source: "injected".into() };
            }
            Self::Timeout => std::io::Error::new(std::io::ErrorKind::TimedOut, "injected: operation timed out"),
            Self::ErrorBefore | Self::ErrorAfter | Self::StopBefore | Self::StopAfter => {
                std::io::Error::other(format!("injected: {self:?}"))
            }
        };
        Error::Generic { store: "faulty", source: Box::new(source) }
    }
}

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A file or a part of it is read.
    Get,
    /// Names are listed.
    List,
    /// A file is written.
    Put,
    /// Files are copied or deleted.
    Other,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is asked.
    pub verb: Verb,
    /// Of which file or folder.
    pub path: String,
}

type Hook = Box<dyn FnMut(usize, &Request) + Send>;

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    fault: Option<(usize, Fault)>,
    hit: bool,
    stopped: bool,
    hook: Option<Hook>,
}

/// The local disk, watched.
pub struct Watched {
    inner: LocalFileSystem,
    state: Mutex<State>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Watched {
    /// The whole local disk, without faults.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: LocalFileSystem::new(), state: Mutex::default() })
    }

    /// The whole local disk, where request `at` fails.
    pub fn failing(at: usize, fault: Fault) -> Arc<Self> {
        let watched = Self::new();
        watched.state().fault = Some((at, fault));
        watched
    }

    /// Runs something before every request, told its number and what is asked.
    pub fn before_each(self: &Arc<Self>, hook: impl FnMut(usize, &Request) + Send + 'static) {
        self.state().hook = Some(Box::new(hook));
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// Whether the fault came.
    pub fn was_hit(&self) -> bool {
        self.state().hit
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers the request; the fault to come after it, or the error instead of it.
    fn enter(&self, verb: Verb, path: &str) -> Result<Option<Fault>> {
        let mut state = self.state();
        let (number, request) = (state.requests.len(), Request { verb, path: path.to_owned() });
        if let Some(mut hook) = state.hook.take() {
            drop(state);
            hook(number, &request);
            state = self.state();
            state.hook = Some(hook);
        }
        state.requests.push(request);
        if state.stopped {
            return Err(Fault::StopBefore.error(path));
        }
        let Some((_, fault)) = state.fault.filter(|(at, _)| *at == number) else { return Ok(None) };
        // Nobody says that something exists when asked to read.
        let fault = if fault == Fault::AlreadyExists && verb != Verb::Put { Fault::ErrorBefore } else { fault };
        state.hit = true;
        state.stopped = fault.stops();
        if fault.is_after() { Ok(Some(fault)) } else { Err(fault.error(path)) }
    }
}

fn leave<T>(fault: Option<Fault>, path: &str, done: Result<T>) -> Result<T> {
    match fault {
        Some(fault) => Err(fault.error(path)),
        None => done,
    }
}

fn shown(prefix: Option<&Path>) -> &str {
    prefix.map_or("", AsRef::as_ref)
}

#[async_trait]
impl ObjectStore for Watched {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let fault = self.enter(Verb::Put, location.as_ref())?;
        leave(fault, location.as_ref(), self.inner.put_opts(location, payload, options).await)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let fault = self.enter(Verb::Put, location.as_ref())?;
        leave(fault, location.as_ref(), self.inner.put_multipart_opts(location, options).await)
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let fault = self.enter(Verb::Get, location.as_ref())?;
        leave(fault, location.as_ref(), self.inner.get_opts(location, options).await)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let fault = self.enter(Verb::Get, location.as_ref())?;
        leave(fault, location.as_ref(), self.inner.get_ranges(location, ranges).await)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.enter(Verb::Other, "delete") {
            Ok(_) => self.inner.delete_stream(locations),
            Err(error) => once(async { Err(error) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.enter(Verb::List, shown(prefix)) {
            Ok(None) => self.inner.list(prefix),
            Ok(Some(fault)) => {
                let error = fault.error(shown(prefix));
                self.inner.list(prefix).chain(once(async { Err(error) })).boxed()
            }
            Err(error) => once(async { Err(error) }).boxed(),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.enter(Verb::List, shown(prefix)) {
            Ok(None) => self.inner.list_with_offset(prefix, offset),
            Ok(Some(fault)) => {
                let error = fault.error(shown(prefix));
                self.inner.list_with_offset(prefix, offset).chain(once(async { Err(error) })).boxed()
            }
            Err(error) => once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let fault = self.enter(Verb::List, shown(prefix))?;
        leave(fault, shown(prefix), self.inner.list_with_delimiter(prefix).await)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let fault = self.enter(Verb::Other, to.as_ref())?;
        leave(fault, to.as_ref(), self.inner.copy_opts(from, to, options).await)
    }
}

/// The files of one table, of which one request fails.
#[derive(Debug)]
pub struct Failing<F> {
    inner: F,
    /// Which request, and whether the file is said to be missing.
    fault: Option<(usize, bool)>,
    requests: Mutex<Vec<String>>,
}

impl<F: TableFiles> Failing<F> {
    /// Files without faults.
    pub fn new(inner: F) -> Self {
        Self { inner, fault: None, requests: Mutex::default() }
    }

    /// Files where request `at` fails, as one of a file that is gone or for another reason.
    pub fn at(inner: F, at: usize, missing: bool) -> Self {
        Self { fault: Some((at, missing)), ..Self::new(inner) }
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn enter(&self, verb: &str, path: &str) -> std::result::Result<(), StorageError> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let number = requests.len();
        requests.push(format!("{verb} {path}"));
        match self.fault.filter(|(at, _)| *at == number) {
            Some((_, missing)) => Err(StorageError { path: path.to_owned(), missing, source: "injected".into() }),
            None => Ok(()),
        }
    }
}

#[async_trait]
impl<F: TableFiles> TableFiles for Failing<F> {
    async fn list_log(&self, after: Option<&str>) -> std::result::Result<Vec<LogFile>, StorageError> {
        self.enter("list", LOG_FOLDER)?;
        self.inner.list_log(after).await
    }

    async fn read(&self, path: &str) -> std::result::Result<Content, StorageError> {
        self.enter("read", path)?;
        self.inner.read(path).await
    }

    async fn read_range(&self, path: &str, range: Range<u64>) -> std::result::Result<Bytes, StorageError> {
        self.enter("read a part of", path)?;
        self.inner.read_range(path, range).await
    }

    async fn size(&self, path: &str) -> std::result::Result<u64, StorageError> {
        self.enter("size of", path)?;
        self.inner.size(path).await
    }

    fn parallelism(&self) -> usize {
        self.inner.parallelism()
    }
}
