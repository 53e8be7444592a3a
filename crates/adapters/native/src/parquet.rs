//! Parquet through `TableFiles`: some columns, and the rows that have one of them.
//!
//! Owns ranged reads and the skipping of row groups. Knows nothing of what the columns mean.

use std::sync::Arc;

use bytes::Bytes;
use deltalake::arrow::array::{Array, BooleanArray, RecordBatch};
use deltalake::arrow::compute::filter_record_batch;
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::json::LineDelimitedWriter;
use deltalake::parquet::DecodeResult;
use deltalake::parquet::arrow::ProjectionMask;
use deltalake::parquet::arrow::arrow_reader::ArrowReaderOptions;
use deltalake::parquet::arrow::push_decoder::ParquetPushDecoderBuilder;
use deltalake::parquet::errors::ParquetError;
use deltalake::parquet::file::metadata::{
    PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder, RowGroupMetaData,
};

use crate::storage::{StorageError, TableFiles};

/// A parquet file of a table.
#[derive(Clone, Copy)]
pub(crate) struct ParquetFile<'f> {
    pub(crate) files: &'f dyn TableFiles,
    pub(crate) path: &'f str,
    pub(crate) size: u64,
}

/// A parquet file could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("it is not valid parquet")]
    Parquet(#[from] ParquetError),
    #[error("its columns are not those of a checkpoint")]
    Arrow(#[from] ArrowError),
}

/// The tail that is read at first: footers of checkpoints seldom are longer.
const TAIL: u64 = 64 * 1024;

/// The rows in which at least one of these top-level columns is not null, with these columns only, as JSON lines without
/// nulls. A column that the file does not have is left out.
pub(crate) async fn rows_as_json(file: ParquetFile<'_>, columns: &[&str]) -> Result<Bytes, ReadError> {
    let mut lines = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut lines);
    read_columns(file, columns, &mut |batch| {
        let there = batch
            .columns()
            .iter()
            .map(|column| (0..batch.num_rows()).map(|row| column.is_valid(row)).collect::<Vec<bool>>());
        let any = there.reduce(|left, right| left.iter().zip(right).map(|(left, right)| *left || right).collect());
        let rows = filter_record_batch(&batch, &BooleanArray::from(any.unwrap_or_default()))?;
        Ok(writer.write(&rows)?)
    })
    .await?;
    writer.finish()?;
    drop(writer);
    Ok(lines.into())
}

/// Hands over these top-level columns in batches, without the row groups in which statistics say they are all null.
pub(crate) async fn read_columns(
    file: ParquetFile<'_>,
    columns: &[&str],
    each: &mut (dyn FnMut(RecordBatch) -> Result<(), ReadError> + Send),
) -> Result<(), ReadError> {
    let metadata = Arc::new(footer(file).await?);
    let descriptor = metadata.file_metadata().schema_descr();
    let roots = descriptor.root_schema().get_fields().iter().enumerate();
    let roots: Vec<usize> = roots.filter(|(_, root)| columns.contains(&root.name())).map(|(index, _)| index).collect();
    let row_groups = metadata.row_groups().iter().enumerate();
    let row_groups: Vec<usize> =
        row_groups.filter(|(_, group)| may_hold(group, columns)).map(|(index, _)| index).collect();
    if roots.is_empty() || row_groups.is_empty() {
        return Ok(());
    }
    let mask = ProjectionMask::roots(descriptor, roots);
    // The embedded Arrow schema is a writer's hint and may not fit what other writers made of the file.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let mut decoder = ParquetPushDecoderBuilder::try_new_decoder_with_options(metadata, options)?
        .with_projection(mask)
        .with_row_groups(row_groups)
        .with_batch_size(16 * 1024)
        .build()?;
    loop {
        match decoder.try_decode()? {
            DecodeResult::Data(batch) => each(batch)?,
            DecodeResult::Finished => return Ok(()),
            DecodeResult::NeedsData(ranges) => {
                let reads = ranges.iter().map(|range| file.files.read_range(file.path, range.clone()));
                let read = futures::future::try_join_all(reads).await?;
                decoder.push_ranges(ranges, read)?;
            }
        }
    }
}

async fn footer(file: ParquetFile<'_>) -> Result<ParquetMetaData, ReadError> {
    let mut decoder = ParquetMetaDataPushDecoder::try_new(file.size)?.with_page_index_policy(PageIndexPolicy::Skip);
    let tail = file.size.saturating_sub(TAIL)..file.size;
    let bytes = file.files.read_range(file.path, tail.clone()).await?;
    decoder.push_range(tail, bytes)?;
    loop {
        match decoder.try_decode()? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::Finished => return Err(ParquetError::General("it has no footer".to_owned()).into()),
            DecodeResult::NeedsData(ranges) => {
                for range in ranges {
                    let bytes = file.files.read_range(file.path, range.clone()).await?;
                    decoder.push_range(range, bytes)?;
                }
            }
        }
    }
}

/// Whether a row group may hold a value in one of the columns; true unless statistics rule it out.
fn may_hold(group: &RowGroupMetaData, columns: &[&str]) -> bool {
    group.columns().iter().any(|chunk| {
        let root = chunk.column_path().parts().first().is_some_and(|root| columns.contains(&root.as_str()));
        // Null counts of repeated columns say nothing about the rows.
        if !root || chunk.column_descr().max_rep_level() > 0 {
            return false;
        }
        let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
        nulls.is_none_or(|nulls| i64::try_from(nulls).is_ok_and(|nulls| nulls < chunk.num_values()))
    })
}
