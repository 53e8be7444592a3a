//! Reads Delta logs: which files make up a version, and what they say about the table.
//!
//! Owns file names, checkpoints and reconciliation. Knows nothing of the model (`observe` does) and of stores
//! (`storage` does), and never reads a data file.

mod access;
mod checkpoint;
mod commit;
mod error;
mod files;
mod line;
mod replay;
mod segment;
mod state;

pub use commit::{Commit, read_commit};
pub use error::LogError;
pub(crate) use files::{DataFile, DeletionVector, data_files};
pub use state::{LogState, NewestCommit, Protocol};

use crate::storage::TableFiles;

/// Reads the newest version of a table, or version `at`; `None` where there is no log.
///
/// # Errors
/// Where the log is damaged, the version is not in it, or the table needs a reader that knows more.
pub async fn read_state(files: &dyn TableFiles, at: Option<u64>) -> Result<Option<LogState>, LogError> {
    match segment::find(files, at).await? {
        Some(segment) => {
            let state = replay::replay(files, &segment).await?;
            access::check(&state.protocol)?;
            Ok(Some(state))
        }
        None => Ok(None),
    }
}
