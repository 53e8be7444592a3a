//! Counting nulls in the data of one file.
//!
//! Reads only the columns in question. A column that the file does not have is null in all of its rows.

use deltalake::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use deltalake::arrow::compute::{filter, filter_record_batch, is_not_null};
use deltalake::arrow::datatypes::FieldRef;
use deltalake::arrow::error::ArrowError;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::parquet::arrow::PARQUET_FIELD_ID_META_KEY;
use deltalake::parquet::file::metadata::ParquetMetaData;
use roaring::RoaringTreemap;

use super::deletion;
use super::target::{Target, Way};
use crate::log::DataFile;
use crate::parquet::{self, ParquetFile, ReadError};
use crate::storage::{StorageError, TableFiles};

/// A file could not be scanned.
#[derive(Debug, thiserror::Error)]
pub(super) enum ScanError {
    #[error("`{0}` is outside of the table's folder")]
    Path(String),
    #[error("the deletion vector `{0}` {1}")]
    Deletion(String, String),
    #[error("`{0}` can't be read")]
    Data(String, #[source] ReadError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ScanError {
    /// The error with its causes.
    pub(super) fn explain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            text = format!("{text}: {source}");
            cause = source.source();
        }
        text
    }
}

/// Looks for nulls in a file's rows; what was found, for people, or `None`.
pub(super) async fn scan(
    files: &dyn TableFiles,
    file: &DataFile,
    target: &Target,
) -> Result<Option<String>, ScanError> {
    let outside = || ScanError::Path(file.path.clone());
    // Shallow clones point into other tables.
    let is_absolute = file.path.starts_with('/') || url::Url::parse(&file.path).is_ok();
    let path = if is_absolute { Err(outside()) } else { ObjectPath::from_url_path(&file.path).map_err(|_| outside()) }?;
    let deleted = match &file.deletion {
        Some(vector) => Some(deletion::deleted_rows(files, vector).await?),
        None => None,
    };
    let unreadable = |error| match error {
        ReadError::Storage(error) => ScanError::Storage(error),
        ReadError::Parquet(_) | ReadError::Arrow(_) => ScanError::Data(file.path.clone(), error),
    };
    let parquet_file = ParquetFile { files, path: path.as_ref(), size: file.size };
    let metadata = parquet::footer(parquet_file).await.map_err(unreadable)?;
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
    let live = rows - deleted.as_ref().map_or(0, |deleted| deleted.range_cardinality(0..rows));

    let mut nulls = 0;
    match root(&metadata, target).filter(|_| !target.is_partition) {
        None => nulls = live,
        Some(root) => {
            let leaves = parquet::leaves(&metadata, &|path| path.first() == Some(&root));
            let groups = (0..metadata.num_row_groups()).collect();
            let mut first = 0;
            let mut count = |batch: RecordBatch| {
                let length = u64::try_from(batch.num_rows()).unwrap_or(0);
                let batch = match &deleted {
                    Some(deleted) => without(&batch, deleted, first)?,
                    None => batch,
                };
                first += length;
                nulls += nulls_below(batch.column(0), target.way.get(1..).unwrap_or_default(), target.by_id)?;
                Ok(())
            };
            parquet::read_leaves(parquet_file, metadata.clone(), &leaves, groups, &mut count)
                .await
                .map_err(unreadable)?;
        }
    }
    Ok((nulls > 0).then(|| format!("{nulls} values of `{}` are null in `{}` ({live} rows)", target.path, file.path)))
}

/// The top-level column in the file: by id where the table says so and the file has ids, else by name.
fn root(metadata: &ParquetMetaData, target: &Target) -> Option<String> {
    let Some(Way::Field { name, id }) = target.way.first() else { return None };
    let roots = metadata.file_metadata().schema_descr().root_schema().get_fields();
    let has_ids = roots.iter().any(|root| root.get_basic_info().has_id());
    let found = roots.iter().find(|root| {
        if target.by_id && has_ids {
            return root.get_basic_info().has_id() && Some(root.get_basic_info().id()) == *id;
        }
        root.name() == name
    });
    found.map(|root| root.name().to_owned())
}

fn without(batch: &RecordBatch, deleted: &RoaringTreemap, first: u64) -> Result<RecordBatch, ArrowError> {
    let rows = first..first + u64::try_from(batch.num_rows()).unwrap_or(0);
    let live: BooleanArray = rows.map(|row| Some(!deleted.contains(row))).collect();
    filter_record_batch(batch, &live)
}

/// The nulls at the end of the way, where everything above is not null.
fn nulls_below(array: &ArrayRef, way: &[Way], by_id: bool) -> Result<u64, ArrowError> {
    let Some((step, rest)) = way.split_first() else {
        return Ok(u64::try_from(array.logical_null_count()).unwrap_or(u64::MAX));
    };
    let there = if array.null_count() == 0 { array.clone() } else { filter(array, &is_not_null(array)?)? };
    let unlike =
        || ArrowError::SchemaError(format!("a column is {} in the file, unlike the schema", there.data_type()));
    let child = match step {
        Way::Field { name, id } => {
            let fields = there.as_struct_opt().ok_or_else(unlike)?;
            let is_it = |field: &FieldRef| match field.metadata().get(PARQUET_FIELD_ID_META_KEY) {
                Some(theirs) if by_id => id.is_some_and(|id| id.to_string() == *theirs),
                Some(_) | None => field.name() == name,
            };
            match fields.fields().iter().position(is_it) {
                Some(at) => fields.column(at).clone(),
                // The file was written before the field was there: it is null wherever its struct is not.
                None => return Ok(u64::try_from(there.len()).unwrap_or(u64::MAX)),
            }
        }
        Way::Element => {
            let list = there.as_list_opt::<i32>().ok_or_else(unlike)?;
            used(list.values(), list.value_offsets())
        }
        Way::Key | Way::Value => {
            let map = there.as_map_opt().ok_or_else(unlike)?;
            used(if *step == Way::Key { map.keys() } else { map.values() }, map.value_offsets())
        }
    };
    nulls_below(&child, rest, by_id)
}

/// The part of the values that the offsets speak of.
fn used(values: &ArrayRef, offsets: &[i32]) -> ArrayRef {
    let at = |offset: Option<&i32>| offset.and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    let (first, last) = (at(offsets.first()), at(offsets.last()));
    values.slice(first, last - first)
}
