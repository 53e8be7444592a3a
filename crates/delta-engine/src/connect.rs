//! From the address of a target to an engine.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use delta_engine_application::Engine;
use delta_engine_native::lake::LakeError;
use delta_engine_native::{Lake, NativeCatalog, NativeExecutor};

/// Why there is no engine for an address.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is one of a server that this build can't talk to.
    #[error("`{0}` is the address of a server; this version of delta-engine works on folders and buckets only")]
    Server(String),
    /// The lake can't be used.
    #[error("failed to open the lake `{url}`")]
    Lake {
        /// The address.
        url: String,
        /// The cause.
        #[source]
        source: LakeError,
    },
}

/// Makes engines from addresses.
pub trait Connect: Sized {
    /// The engine of a folder (`./lake`, `file:///lake`) or, with the features `s3`, `azure` and `gcs`, of a bucket.
    fn connect(url: &str) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}

impl Connect for Engine {
    async fn connect(url: &str) -> Result<Self, ConnectError> {
        if url.starts_with("sc://") {
            return Err(ConnectError::Server(url.to_owned()));
        }
        let lake =
            Lake::open(url, BTreeMap::new()).map_err(|source| ConnectError::Lake { url: url.to_owned(), source })?;
        Ok(connect_lake(lake))
    }
}

/// The engine of a lake that was opened with a layout or options of its own.
pub fn connect_lake(lake: Lake) -> Engine {
    let lake = Arc::new(lake);
    Engine::new(Arc::new(NativeCatalog::new(Arc::clone(&lake))), Arc::new(NativeExecutor::new(lake)))
}
