//! Why a log can't be read, and what to do about it.

use delta_engine_application::port::{Unreadable, with_causes};

use crate::storage::StorageError;

/// Why the log of one table can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file could not be listed or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The commits between the checkpoint (or version 0) and the newest one have a gap.
    #[error("`_delta_log/{file}` is missing, and the log goes on to version {newest}{}", checkpoint_note(.incomplete))]
    MissingCommit {
        /// Name of the missing file.
        file: String,
        /// The newest version there is.
        newest: u64,
        /// A checkpoint that would do without the commit, and what it lacks.
        incomplete: Option<String>,
    },
    /// There are files of a log, but neither a commit nor a checkpoint.
    #[error("`_delta_log` holds `{file}` but neither a commit nor a complete checkpoint")]
    NoCommits {
        /// One of the files there are.
        file: String,
    },
    /// The version asked for is not there.
    #[error("version {version} is not in the log, whose newest version is {newest}")]
    NoVersion {
        /// The version asked for.
        version: u64,
        /// The newest version there is.
        newest: u64,
    },
    /// A line is not the JSON of an action.
    #[error("`{file}` line {line} is not a complete JSON action")]
    Json {
        /// The file, from the table's root.
        file: String,
        /// Line number, from 1.
        line: usize,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A checkpoint is not the parquet file it should be.
    #[error("the checkpoint `{file}` can't be read")]
    Checkpoint {
        /// The file, from the table's root.
        file: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An action lacks what the protocol requires of it.
    #[error("the `{action}` action in `{file}` {fault}")]
    Action {
        /// `protocol`, `metaData` or `domainMetadata`.
        action: &'static str,
        /// The file, from the table's root.
        file: String,
        /// What is wrong, as "has no `schemaString`".
        fault: String,
    },
    /// No action of a kind that every table has.
    #[error("the log up to version {version} has no `{action}` action")]
    NoAction {
        /// `protocol` or `metaData`.
        action: &'static str,
        /// The version that was read.
        version: u64,
    },
    /// The reader version is beyond what this build knows.
    #[error("the table needs reader version {0}, and delta-engine knows versions 1 to 3")]
    ReaderVersion(i64),
    /// A reader feature that this build does not know.
    #[error("the table needs reader feature `{0}`, which this version of delta-engine doesn't know")]
    ReaderFeature(String),
    /// The newest commits may be with a catalog.
    #[error("the table has the feature `{0}`: its newest commits may be in its catalog only, not in the log")]
    CatalogCommits(String),
}

fn checkpoint_note(incomplete: &Option<String>) -> String {
    incomplete.as_ref().map(|lacks| format!(" ({lacks})")).unwrap_or_default()
}

impl LogError {
    /// What to do about it.
    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Storage(_) => "check that the location is right and that the credentials may list and read it",
            Self::MissingCommit { .. } | Self::NoCommits { .. } => {
                "restore the missing log files from a backup or from older versions that the bucket keeps; if the table is \
                 gone on purpose, remove its `_delta_log` folder"
            }
            Self::NoVersion { .. } => return None,
            Self::Json { file, .. } | Self::Checkpoint { file, .. } | Self::Action { file, .. } => {
                return Some(format!(
                    "restore the table's `{file}` from a backup or an older version that the bucket keeps"
                ));
            }
            Self::NoAction { .. } => {
                "restore the table's `_delta_log` from a backup or from older versions that the bucket keeps"
            }
            Self::ReaderVersion(_) | Self::ReaderFeature(_) => {
                "use a newer delta-engine, or drop the feature with the engine that added it: \
                 ALTER TABLE … DROP FEATURE …"
            }
            Self::CatalogCommits(_) => "reach the table through its catalog: use a target with an `sc://` URL",
        };
        Some(help.to_owned())
    }
}

impl From<LogError> for Unreadable {
    fn from(error: LogError) -> Self {
        Self { reason: with_causes(&error), help: error.help() }
    }
}
