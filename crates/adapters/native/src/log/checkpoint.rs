//! Checkpoints, projected to what describes the table (PROTOCOL.md, "Checkpoints").
//!
//! Owns reading the columns `protocol`, `metaData` and `domainMetadata` of parquet checkpoints, classic or V2, of one
//! file or many, as JSON lines like those of commits. Sidecars hold data files only and are never read here.

use bytes::Bytes;

use super::error::LogError;
use super::segment::Checkpoint;
use crate::parquet::{self, ParquetFile};
use crate::storage::{LOG_FOLDER, TableFiles};

const COLUMNS: [&str; 3] = ["protocol", "metaData", "domainMetadata"];

/// The actions that describe the table, as JSON lines by file.
pub(super) async fn lines(files: &dyn TableFiles, checkpoint: &Checkpoint) -> Result<Vec<(String, Bytes)>, LogError> {
    let read = checkpoint.files.iter().map(|file| async move {
        let path = format!("{LOG_FOLDER}/{}", file.name);
        if file.name.ends_with(".json") {
            let content = files.read(&path).await?;
            return Ok((path, content.bytes));
        }
        let size = match file.size {
            Some(size) => size,
            None => files.size(&path).await?,
        };
        let file = ParquetFile { files, path: &path, size };
        let lines = parquet::rows_as_json(file, &COLUMNS).await;
        let lines = lines.map_err(|source| LogError::Checkpoint { file: path.clone(), source: Box::new(source) })?;
        Ok((path, lines))
    });
    futures::future::try_join_all(read).await
}
