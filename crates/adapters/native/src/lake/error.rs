//! Why a place can't be used, and what to do about it.

use std::error::Error;

use delta_engine_application::port::Unreadable;
use deltalake::DeltaTableError;

/// A place can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The text is neither a path nor a URL.
    #[error("`{0}` is neither a path nor a URL")]
    Location(String),
    /// A folder of this machine has no host in its URL.
    #[error("`{url}` names the host `{host}`, and a folder is on none")]
    Host {
        /// The URL.
        url: String,
        /// Its host.
        host: String,
    },
    /// No store is built in for this kind of URL.
    #[error("`{url}` needs a store for `{scheme}://`, which is not built in")]
    Scheme {
        /// The URL.
        url: String,
        /// Its scheme.
        scheme: String,
    },
    /// The store of this kind of URL has no such option.
    #[error("`{option}` is no storage option of `{scheme}://`")]
    Option {
        /// The option.
        option: String,
        /// The scheme of the URL.
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

impl LakeError {
    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Location(_) => Some("write a path, or a URL such as s3://bucket/folder".to_owned()),
            Self::Host { .. } => Some("write the path, or file:/// with three slashes before it".to_owned()),
            Self::Scheme { scheme, .. } => Some(match feature(scheme) {
                Some(feature) => format!(
                    "build it with that store: cargo install --path crates/cli --features {feature} (in a program: delta-engine = {{ …, features = [\"{feature}\"] }})"
                ),
                None => "delta-engine works on folders, s3://, abfss:// and gs://".to_owned(),
            }),
            Self::Option { scheme, .. } => Some(match scheme.as_str() {
                "s3" | "s3a" => {
                    "options of s3:// are for example aws_region, aws_endpoint, aws_allow_http, aws_profile".to_owned()
                }
                "gs" => "options of gs:// are for example google_service_account, google_bucket".to_owned(),
                "file" | "memory" => "a folder has no storage options".to_owned(),
                _ => {
                    "options of Azure are for example azure_storage_account_name, azure_tenant_id, azure_use_azure_cli"
                        .to_owned()
                }
            }),
            Self::Name(_) => Some("give the table a `location`".to_owned()),
            Self::Store { .. } => None,
        }
    }
}

/// The cargo feature that builds in the store of a scheme.
fn feature(scheme: &str) -> Option<&'static str> {
    match scheme {
        "s3" | "s3a" => Some("s3"),
        "az" | "adl" | "azure" | "abfs" | "abfss" => Some("azure"),
        "gs" => Some("gcs"),
        _ => None,
    }
}

impl From<LakeError> for Unreadable {
    fn from(error: LakeError) -> Self {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self { reason: format!("{error}{source}"), help: error.help() }
    }
}
