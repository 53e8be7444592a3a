//! A store that is told not to put conditionally, for tables that nobody else writes.
//!
//! Some stores know no conditional put and refuse every request that asks for one. Where the option
//! `aws_conditional_put: disabled` says so, a file is looked for and then written. That keeps nobody apart, which
//! `commits: single-writer` says in so many words; where the option is not set, conditions stay on and cost nothing.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use futures::stream::BoxStream;

/// The store of tables that nobody else writes.
#[derive(Debug)]
pub(super) struct SingleWriter(pub(super) Arc<dyn ObjectStore>);

impl fmt::Display for SingleWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SingleWriter({})", self.0)
    }
}

#[async_trait]
impl ObjectStore for SingleWriter {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        match self.0.put_opts(location, payload.clone(), options.clone()).await {
            // Said by the client, before it sends anything.
            Err(Error::NotImplemented { .. }) if options.mode == PutMode::Create => {}
            answer => return answer,
        }
        match self.0.head(location).await {
            Ok(_) => Err(Error::AlreadyExists { path: location.to_string(), source: "it was found there".into() }),
            Err(Error::NotFound { .. }) => {
                self.0.put_opts(location, payload, PutOptions { mode: PutMode::Overwrite, ..options }).await
            }
            Err(error) => Err(error),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use deltalake::logstore::object_store::memory::InMemory;

    use super::*;
    use crate::lake::test_store::{Creates, TestStore};

    async fn check(creates: Creates) {
        let store = SingleWriter(Arc::new(TestStore { inner: Arc::new(InMemory::new()), creates }));
        let path = Path::from("_delta_log/00000000000000000000.json");
        let create = async |text: &'static str| store.put_opts(&path, text.into(), PutMode::Create.into()).await;
        create("first").await.unwrap();
        assert!(matches!(create("second").await, Err(Error::AlreadyExists { .. })));
        let kept = store.get(&path).await.unwrap().bytes().await.unwrap();
        assert_eq!(kept, "first");
    }

    #[tokio::test]
    async fn a_file_that_is_there_stays_with_conditions_and_without() {
        check(Creates::Once).await;
        check(Creates::Never).await;
    }
}
