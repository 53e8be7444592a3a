//! Checkpoints as JSON lines, projected to the actions asked for (PROTOCOL.md, "Checkpoints").
//!
//! Owns reading parquet and JSON checkpoints, classic or V2, of one file or many. Knows nothing of what the actions mean.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

use super::error::LogError;
use super::segment::Checkpoint;
pub(super) use crate::parquet::Wanted;
use crate::parquet::{self, ParquetFile};
use crate::storage::{LOG_FOLDER, LogFile, TableFiles};

/// Whether the leaf of this path is wanted.
pub(super) type Keep<'k> = &'k (dyn Fn(&[String]) -> bool + Sync);

/// Keeps what describes the table. Sidecars hold data files only and are never read for it.
pub(super) fn table_actions(path: &[String]) -> bool {
    path.first().is_some_and(|root| matches!(root.as_str(), "protocol" | "metaData" | "domainMetadata"))
}

/// The wanted parts of a checkpoint's top-level files, as JSON lines by file. JSON checkpoints come whole.
pub(super) async fn lines(
    files: &dyn TableFiles,
    checkpoint: &Checkpoint,
    keep: Keep<'_>,
    wanted: Wanted,
) -> Result<Vec<(String, Bytes)>, LogError> {
    let mut reads = Vec::with_capacity(checkpoint.files.len());
    for file in &checkpoint.files {
        reads.push(file_lines(files, file, keep, wanted));
    }
    futures::stream::iter(reads).buffered(files.parallelism()).try_collect().await
}

/// The wanted parts of one file under `_delta_log`.
pub(super) async fn file_lines(
    files: &dyn TableFiles,
    file: &LogFile,
    keep: Keep<'_>,
    wanted: Wanted,
) -> Result<(String, Bytes), LogError> {
    let path = format!("{LOG_FOLDER}/{}", file.name);
    if file.name.ends_with(".json") {
        let content = files.read(&path).await?;
        return Ok((path, content.bytes));
    }
    let size = match file.size {
        Some(size) => size,
        None => files.size(&path).await?,
    };
    let lines = parquet::rows_as_json(ParquetFile { files, path: &path, size }, keep, wanted).await;
    let lines = lines.map_err(|source| LogError::Checkpoint { file: path.clone(), source: Box::new(source) })?;
    Ok((path, lines))
}
