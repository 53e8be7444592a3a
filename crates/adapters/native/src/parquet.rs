//! Parquet through `TableFiles`: some columns, and the rows that have one of them.
//!
//! Owns ranged reads and the skipping of row groups. Knows nothing of what the columns mean.

use std::sync::Arc;

use bytes::Bytes;
use deltalake::arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use deltalake::arrow::buffer::BooleanBuffer;
use deltalake::arrow::compute::filter_record_batch;
use deltalake::arrow::error::ArrowError;
use deltalake::arrow::json::LineDelimitedWriter;
use deltalake::parquet::DecodeResult;
use deltalake::parquet::arrow::ProjectionMask;
use deltalake::parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, RowFilter};
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
    #[error("its columns have an unexpected form")]
    Arrow(#[from] ArrowError),
}

/// The tail that is read at first: footers of checkpoints seldom are longer.
const TAIL: u64 = 64 * 1024;

/// How many of a file's rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Nearly all: they are read straight through.
    Most,
    /// A handful among many: they are found by one leaf of each top-level column, and only their pages are decoded.
    Few,
}

/// The rows in which one of the kept leaves is not null, with those leaves only, as JSON lines without nulls. `keep` gets
/// the path of a leaf.
pub(crate) async fn rows_as_json(
    file: ParquetFile<'_>,
    keep: &(dyn Fn(&[String]) -> bool + Sync),
    wanted: Wanted,
) -> Result<Bytes, ReadError> {
    let metadata = footer(file).await?;
    let leaves = leaves(&metadata, keep);
    let groups = metadata.row_groups().iter().enumerate().filter(|(_, group)| may_hold(group, &leaves));
    let groups: Vec<usize> = groups.map(|(index, _)| index).collect();
    let mut lines = Vec::new();
    let mut writer = LineDelimitedWriter::new(&mut lines);
    let filter = (wanted == Wanted::Few).then(|| first_leaves(&metadata, &leaves));
    read(file, metadata, &leaves, groups, filter, &mut |batch| {
        Ok(writer.write(&filter_record_batch(&batch, &any_there(&batch))?)?)
    })
    .await?;
    writer.finish()?;
    drop(writer);
    Ok(lines.into())
}

/// The indexes of the leaves whose path is kept.
pub(crate) fn leaves(metadata: &ParquetMetaData, keep: &(dyn Fn(&[String]) -> bool + Sync)) -> Vec<usize> {
    let columns = metadata.file_metadata().schema_descr().columns().iter().enumerate();
    columns.filter(|(_, column)| keep(column.path().parts())).map(|(index, _)| index).collect()
}

/// Rows in which a column is not null.
fn any_there(batch: &RecordBatch) -> BooleanArray {
    let there = |column: &ArrayRef| match column.nulls() {
        Some(nulls) => nulls.inner().clone(),
        None => BooleanBuffer::new_set(batch.num_rows()),
    };
    let any = batch.columns().iter().map(there).reduce(|left, right| &left | &right);
    BooleanArray::from(any.unwrap_or_else(|| BooleanBuffer::new_unset(batch.num_rows())))
}

/// The first leaf of each top-level column that is there in every row that has the column: actions begin with a required
/// field.
fn first_leaves(metadata: &ParquetMetaData, leaves: &[usize]) -> Vec<usize> {
    let schema = metadata.file_metadata().schema_descr();
    let mut first: Vec<usize> = Vec::new();
    for leaf in leaves.iter().copied().filter(|leaf| schema.column(*leaf).max_rep_level() == 0) {
        let root = schema.get_column_root_idx(leaf);
        if !first.iter().any(|other| schema.get_column_root_idx(*other) == root) {
            first.push(leaf);
        }
    }
    first
}

/// Hands over these leaves of these row groups in batches, in the order of the file.
pub(crate) async fn read_leaves(
    file: ParquetFile<'_>,
    metadata: Arc<ParquetMetaData>,
    leaves: &[usize],
    row_groups: Vec<usize>,
    each: &mut (dyn FnMut(RecordBatch) -> Result<(), ReadError> + Send),
) -> Result<(), ReadError> {
    read(file, metadata, leaves, row_groups, None, each).await
}

async fn read(
    file: ParquetFile<'_>,
    metadata: Arc<ParquetMetaData>,
    leaves: &[usize],
    row_groups: Vec<usize>,
    filter: Option<Vec<usize>>,
    each: &mut (dyn FnMut(RecordBatch) -> Result<(), ReadError> + Send),
) -> Result<(), ReadError> {
    if leaves.is_empty() || row_groups.is_empty() {
        return Ok(());
    }
    let mask = ProjectionMask::leaves(metadata.file_metadata().schema_descr(), leaves.iter().copied());
    // The embedded Arrow schema is a writer's hint and may not fit what other writers made of the file.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let schema = metadata.file_metadata().schema_descr_ptr();
    let mut builder = ParquetPushDecoderBuilder::try_new_decoder_with_options(metadata, options)?
        .with_projection(mask)
        .with_row_groups(row_groups)
        .with_batch_size(16 * 1024);
    if let Some(leaves) = filter {
        let predicate = |batch: RecordBatch| Ok(any_there(&batch));
        let mask = ProjectionMask::leaves(&schema, leaves);
        builder = builder.with_row_filter(RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, predicate))]));
    }
    let mut decoder = builder.build()?;
    loop {
        match decoder.try_decode()? {
            DecodeResult::Data(batch) => each(batch)?,
            DecodeResult::Finished => return Ok(()),
            DecodeResult::NeedsData(ranges) => {
                let mut reads = Vec::with_capacity(ranges.len());
                for range in &ranges {
                    reads.push(file.files.read_range(file.path, range.clone()));
                }
                let read = futures::future::try_join_all(reads).await?;
                decoder.push_ranges(ranges, read)?;
            }
        }
    }
}

/// The footer of a file.
pub(crate) async fn footer(file: ParquetFile<'_>) -> Result<Arc<ParquetMetaData>, ReadError> {
    // Where pages begin lets a handful of rows be read without decoding all others; what is in them is not looked at.
    let mut decoder = ParquetMetaDataPushDecoder::try_new(file.size)?
        .with_column_index_policy(PageIndexPolicy::Skip)
        .with_offset_index_policy(PageIndexPolicy::Optional);
    let tail = file.size.saturating_sub(TAIL)..file.size;
    let bytes = file.files.read_range(file.path, tail.clone()).await?;
    // The decoder subtracts the length that a footer claims from that of the file, unchecked.
    if let [.., a, b, c, d, b'P', b'A', b'R', b'1'] = *bytes
        && u64::from(u32::from_le_bytes([a, b, c, d])) + 8 > file.size
    {
        return Err(ParquetError::General("its footer is longer than the file".to_owned()).into());
    }
    decoder.push_range(tail, bytes)?;
    loop {
        match decoder.try_decode()? {
            DecodeResult::Data(metadata) => return Ok(Arc::new(metadata)),
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

/// Whether a row group may hold a value in one of the leaves; true unless statistics rule it out.
fn may_hold(group: &RowGroupMetaData, leaves: &[usize]) -> bool {
    leaves.iter().map(|leaf| group.column(*leaf)).any(|chunk| {
        // Null counts of repeated leaves say nothing about the rows; each action has other, required leaves.
        if chunk.column_descr().max_rep_level() > 0 {
            return false;
        }
        let nulls = chunk.statistics().and_then(|statistics| statistics.null_count_opt());
        nulls.is_none_or(|nulls| i64::try_from(nulls).is_ok_and(|nulls| nulls < chunk.num_values()))
    })
}
