//! The stores behind URLs, with the options of the target.

use std::sync::{Arc, PoisonError};

use deltalake::DeltaTableError;
use deltalake::logstore::object_store::ObjectStore;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::{StorageConfig, object_store_factories};
use url::{Position, Url};

use super::single_writer::SingleWriter;
use super::{Commits, Lake, LakeError, options};

impl Lake {
    /// The store of a URL and the path in it.
    pub(super) fn store(&self, url: &Url) -> Result<(Arc<dyn ObjectStore>, Path), LakeError> {
        let failed = |source| LakeError::Store { url: url.to_string(), source: Box::new(source) };
        let scheme = || LakeError::Scheme { url: url.to_string(), scheme: url.scheme().to_owned() };
        let path = Path::from_url_path(url.path()).map_err(|error| failed(error.into()))?;
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
        let store: Arc<dyn ObjectStore> = match self.commits {
            Some(Commits::SingleWriter) => Arc::new(SingleWriter(store)),
            Some(Commits::ConditionalPut | Commits::DynamoDb) | None => store,
        };
        stores.insert(authority, store.clone());
        Ok((store, path))
    }

    pub(super) fn check_options(&self) -> Result<(), LakeError> {
        let scheme = self.root.scheme();
        let config = self.storage_config();
        let config =
            config.map_err(|source| LakeError::Store { url: self.root.to_string(), source: Box::new(source) })?;
        let mut names: Vec<&String> = config.unknown_properties.keys().collect();
        names.sort();
        match names.into_iter().find(|name| !options::is_known(scheme, name)) {
            Some(option) => Err(LakeError::Option { option: option.clone(), scheme: scheme.to_owned() }),
            None => Ok(()),
        }
    }

    pub(super) fn storage_config(&self) -> Result<StorageConfig, DeltaTableError> {
        StorageConfig::parse_options(self.options.iter().map(|(key, value)| (key.clone(), value.clone())))
    }
}
