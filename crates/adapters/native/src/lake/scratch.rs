//! Trying on scratch keys whether a store keeps its promise of put-if-absent.
//!
//! Not every store that speaks S3 does: some overwrite what is there, some look first and then write, so that of two
//! writers at once both win (docs/reference/platform.md, "Stores"). A store that passes may still break it on a worse day;
//! one that fails is never written to.

use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{self, ObjectStore, ObjectStoreExt, PutMode};
use futures::future::join_all;
use uuid::Uuid;

use super::CommitsError;

/// How many scratch keys are raced for, and by how many writers each. All at once: a store that looks and then writes lets
/// two of them win in every fifth race or so (measured on Adobe's S3Mock), so one race would show it too seldom.
const KEYS: usize = 4;
const RACERS: usize = 4;

/// Tries whether exactly one of many creates of one key is taken, at once and afterwards. Scratch objects are removed.
pub(super) async fn try_out(store: &dyn ObjectStore, folder: &Path, shown: &str) -> Result<(), CommitsError> {
    let outcomes = join_all((0..KEYS).map(async |_| {
        let key = folder.clone().join(format!("_delta_engine_scratch_{}", Uuid::new_v4()));
        let outcome = race(store, &key, shown).await;
        if let Err(error) = store.delete(&key).await {
            tracing::warn!(%key, %error, "a scratch object could not be removed");
        }
        outcome
    }));
    outcomes.await.into_iter().collect()
}

async fn race(store: &dyn ObjectStore, key: &Path, shown: &str) -> Result<(), CommitsError> {
    let url = || shown.to_owned();
    let create = async || store.put_opts(key, "delta-engine was here".into(), PutMode::Create.into()).await;
    let answers = join_all((0..RACERS).map(|_| create())).await;
    let mut taken = answers.iter().filter(|answer| answer.is_ok()).count();
    let mut tries = RACERS;
    // Where none of the racers won, the next create does, and the one after it must not.
    while taken <= 1 {
        tries += 1;
        match create().await {
            Ok(_) => taken += 1,
            Err(object_store::Error::AlreadyExists { .. }) => return Ok(()),
            Err(object_store::Error::NotImplemented { .. }) => return Err(CommitsError::Disabled { url: url() }),
            Err(error) => return Err(CommitsError::Untried { url: url(), why: error.to_string() }),
        }
    }
    Err(CommitsError::Overwrites { url: url(), taken, tries })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use deltalake::logstore::object_store::memory::InMemory;
    use futures::TryStreamExt;

    use super::*;
    use crate::lake::test_store::{Creates, TestStore};

    async fn check(creates: Creates, expected: Result<(), &str>) {
        let inner = Arc::new(InMemory::new());
        let store = TestStore { inner: inner.clone(), creates };
        let answer = try_out(&store, &Path::from("lake"), "s3://bucket/lake").await.map_err(|error| error.to_string());
        assert_eq!(answer, expected.map_err(str::to_owned));
        assert!(inner.list(None).try_next().await.unwrap().is_none(), "the scratch object is left");
    }

    #[tokio::test]
    async fn a_store_that_keeps_the_first_is_trusted() {
        check(Creates::Once, Ok(())).await;
    }

    #[tokio::test]
    async fn a_store_that_overwrites_is_refused() {
        check(
            Creates::Always,
            Err(
                "the store of `s3://bucket/lake` does not keep two writers apart: 4 of 4 objects were taken under one scratch key, though each was to be put only if there was none",
            ),
        )
        .await;
    }

    #[tokio::test]
    async fn a_store_in_which_two_at_once_win_is_refused() {
        check(
            Creates::OnceButForRaces(AtomicUsize::new(0)),
            Err(
                "the store of `s3://bucket/lake` does not keep two writers apart: 2 of 4 objects were taken under one scratch key, though each was to be put only if there was none",
            ),
        )
        .await;
    }

    #[tokio::test]
    async fn conditions_that_are_switched_off_are_refused() {
        check(
            Creates::Never,
            Err(
                "the option `aws_conditional_put: disabled` of `s3://bucket/lake` takes away what `commits: conditional-put` needs",
            ),
        )
        .await;
    }
}
