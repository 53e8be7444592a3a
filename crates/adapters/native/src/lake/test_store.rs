//! Stores in memory that keep their promise of put-if-absent, or break it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use deltalake::logstore::object_store::memory::InMemory;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::stream::BoxStream;

/// What becomes of a create of what is there.
#[derive(Debug)]
pub(crate) enum Creates {
    /// It is refused.
    Once,
    /// It overwrites.
    Always,
    /// The first two are taken, as by a store that looks and then writes.
    OnceButForRaces(AtomicUsize),
    /// Every create is refused by the client.
    Never,
}

/// A store in memory.
#[derive(Debug)]
pub(crate) struct TestStore {
    pub(crate) inner: Arc<InMemory>,
    pub(crate) creates: Creates,
}

impl fmt::Display for TestStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestStore")
    }
}

#[async_trait]
impl ObjectStore for TestStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let overwrite = PutOptions { mode: PutMode::Overwrite, ..options.clone() };
        let options = match &self.creates {
            _ if options.mode != PutMode::Create => options,
            Creates::Once => options,
            Creates::Always => overwrite,
            Creates::OnceButForRaces(number) if number.fetch_add(1, Ordering::Relaxed) < 2 => overwrite,
            Creates::OnceButForRaces(_) => options,
            Creates::Never => {
                return Err(Error::NotImplemented { operation: "create".to_owned(), implementer: self.to_string() });
            }
        };
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
