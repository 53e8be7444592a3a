//! Counting nulls in the data of one file.
//!
//! Reads only the columns in question. A column that the file does not have is null in all of its rows.

use std::sync::Arc;

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

/// A data file that is open for reading.
pub(super) struct Opened<'f> {
    file: ParquetFile<'f>,
    metadata: Arc<ParquetMetaData>,
    deleted: Option<RoaringTreemap>,
}

/// Opens a file: its footer and the list of its deleted rows.
async fn open<'f>(
    files: &'f dyn TableFiles,
    file: &'f DataFile,
    path: &'f ObjectPath,
) -> Result<Opened<'f>, ScanError> {
    let deleted = match &file.deletion {
        Some(vector) => Some(deletion::deleted_rows(files, vector).await?),
        None => None,
    };
    let parquet_file = ParquetFile { files, path: path.as_ref(), size: file.size };
    let metadata = parquet::footer(parquet_file).await.map_err(|error| unreadable(file, error))?;
    Ok(Opened { file: parquet_file, metadata, deleted })
}

fn unreadable(file: &DataFile, error: ReadError) -> ScanError {
    match error {
        ReadError::Storage(error) => ScanError::Storage(error),
        ReadError::Parquet(_) | ReadError::Arrow(_) => ScanError::Data(file.path.clone(), error),
    }
}

/// Where the file is; shallow clones point into other tables.
fn place(file: &DataFile) -> Result<ObjectPath, ScanError> {
    let outside = || ScanError::Path(file.path.clone());
    let is_absolute = file.path.starts_with('/') || url::Url::parse(&file.path).is_ok();
    if is_absolute { Err(outside()) } else { ObjectPath::from_url_path(&file.path).map_err(|_| outside()) }
}

impl Opened<'_> {
    /// Rows that are not deleted.
    fn live(&self) -> u64 {
        let rows = u64::try_from(self.metadata.file_metadata().num_rows()).unwrap_or(0);
        rows - self.deleted.as_ref().map_or(0, |deleted| deleted.range_cardinality(0..rows))
    }

    /// Hands over these top-level columns of the rows that are not deleted, in batches.
    async fn read(
        &self,
        roots: &[String],
        each: &mut (dyn FnMut(&RecordBatch) -> Result<(), ReadError> + Send),
    ) -> Result<(), ReadError> {
        let leaves = parquet::leaves(&self.metadata, &|path| path.first().is_some_and(|root| roots.contains(root)));
        let groups = (0..self.metadata.num_row_groups()).collect();
        let mut first = 0;
        let mut live = |batch: RecordBatch| {
            let length = u64::try_from(batch.num_rows()).unwrap_or(0);
            let batch = match &self.deleted {
                Some(deleted) => without(&batch, deleted, first)?,
                None => batch,
            };
            first += length;
            each(&batch)
        };
        parquet::read_leaves(self.file, self.metadata.clone(), &leaves, groups, &mut live).await
    }
}

/// Looks for nulls in a file's rows; what was found, for people, or `None`.
pub(super) async fn scan(
    files: &dyn TableFiles,
    file: &DataFile,
    target: &Target,
) -> Result<Option<String>, ScanError> {
    let path = place(file)?;
    let opened = open(files, file, &path).await?;
    let mut nulls = 0;
    match root(&opened.metadata, target).filter(|_| !target.is_partition) {
        None => nulls = opened.live(),
        Some(root) => {
            let mut count = |batch: &RecordBatch| {
                nulls += nulls_below(batch.column(0), target.way.get(1..).unwrap_or_default(), target.by_id)?;
                Ok(())
            };
            opened.read(&[root], &mut count).await.map_err(|error| unreadable(file, error))?;
        }
    }
    let live = opened.live();
    Ok((nulls > 0).then(|| format!("{nulls} values of `{}` are null in `{}` ({live} rows)", target.path, file.path)))
}

/// Says why a row breaks a condition, given columns and the row's number in them.
pub(super) type Breaks<'b> = dyn Fn(&[Option<ArrayRef>], usize) -> Result<Option<String>, ReadError> + Sync + 'b;

/// Looks for rows for which `breaks` says why they break a condition; the first, for people, or `None`. A row is given as
/// the columns of `targets` in order, `None` for a column that the file does not have, and the row's number in them.
pub(super) async fn scan_rows(
    files: &dyn TableFiles,
    file: &DataFile,
    targets: &[Target],
    breaks: &Breaks<'_>,
) -> Result<Option<String>, ScanError> {
    let path = place(file)?;
    let opened = open(files, file, &path).await?;
    let roots: Vec<Option<String>> =
        targets.iter().map(|target| root(&opened.metadata, target).filter(|_| !target.is_partition)).collect();
    let wanted: Vec<String> = roots.iter().flatten().cloned().collect();
    let mut found = None;
    if wanted.is_empty() {
        // All of the condition's columns are constant in this file.
        if opened.live() > 0 {
            let nothing = vec![None; targets.len()];
            found = breaks(&nothing, 0).map_err(|error| unreadable(file, error))?;
        }
    } else {
        let mut judge = |batch: &RecordBatch| {
            let columns: Vec<Option<ArrayRef>> =
                roots.iter().map(|root| root.as_ref().and_then(|root| batch.column_by_name(root)).cloned()).collect();
            for row in 0..batch.num_rows() {
                if found.is_some() {
                    break;
                }
                found = breaks(&columns, row)?;
            }
            Ok(())
        };
        opened.read(&wanted, &mut judge).await.map_err(|error| unreadable(file, error))?;
    }
    Ok(found.map(|row| format!("a row of `{}` with {row}", file.path)))
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
