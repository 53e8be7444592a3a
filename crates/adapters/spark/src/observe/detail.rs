//! The row that `DESCRIBE DETAIL` answers, as a value.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use delta_engine_schema::model::{Feature, Identifier, Layout, Path, Step, is_true, split_dotted};

use crate::client::{DecodeError, RowError, Rows};

/// What Delta tells of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Detail {
    /// `delta`, or what else the table is of.
    pub(crate) format: String,
    pub(crate) table_id: String,
    pub(crate) comment: Option<String>,
    pub(crate) location: String,
    /// `metaData.configuration` as it is.
    pub(crate) configuration: BTreeMap<String, String>,
    /// Legacy versions expanded.
    pub(crate) features: BTreeSet<Feature>,
    /// None where it names a column in a way that can't be understood.
    pub(crate) layout: Option<Layout>,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// An answer that is no row of a table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DetailError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Row(#[from] RowError),
    #[error("the server's description of the table is empty")]
    Empty,
}

impl Detail {
    /// Reads the one row.
    pub(crate) fn read(rows: &Rows) -> Result<Self, DetailError> {
        let batch = rows.batches().iter().find(|batch| batch.num_rows() > 0).ok_or(DetailError::Empty)?;
        let row = rows.first().ok_or(DetailError::Empty)?;
        // A table that is not Delta's has no id and no features.
        let text = |name: &str| row.text(name).map(|text| text.unwrap_or_default().to_owned());
        let number = |name: &str| row.integer(name).ok().flatten().and_then(|number| u64::try_from(number).ok());
        let configuration = map(batch, "properties");
        Ok(Self {
            format: text("format")?,
            table_id: text("id")?,
            comment: row.text("description")?.filter(|comment| !comment.is_empty()).map(str::to_owned),
            location: text("location")?,
            features: features(batch, number("minReaderVersion"), number("minWriterVersion")),
            layout: layout(batch, &configuration),
            configuration,
            files: number("numFiles").unwrap_or_default(),
            bytes: number("sizeInBytes").unwrap_or_default(),
        })
    }
}

fn features(batch: &RecordBatch, reader: Option<u64>, writer: Option<u64>) -> BTreeSet<Feature> {
    let listed = list(batch, "tableFeatures");
    if !listed.is_empty() {
        return listed.iter().map(|name| Feature::from_name(name)).collect();
    }
    let version = |version: Option<u64>| version.and_then(|version| u8::try_from(version).ok()).unwrap_or_default();
    Feature::legacy_set(version(reader), version(writer))
}

fn layout(batch: &RecordBatch, configuration: &BTreeMap<String, String>) -> Option<Layout> {
    let partitions = list(batch, "partitionColumns");
    if !partitions.is_empty() {
        return Some(Layout::Partitioned(partitions.into_iter().map(Identifier::new).collect()));
    }
    if configuration.get("clusterByAuto").is_some_and(|value| is_true(value)) {
        return Some(Layout::ClusteredAuto);
    }
    let paths: Vec<Path> = list(batch, "clusteringColumns").iter().map(|text| path(text)).collect::<Option<_>>()?;
    Some(if paths.is_empty() { Layout::Flat } else { Layout::Clustered(paths) })
}

/// A path through structs, odd names in backticks: ``s.`q.r` ``.
fn path(text: &str) -> Option<Path> {
    let steps: Vec<Step> = split_dotted(text)?.into_iter().map(|part| Step::Field(Identifier::new(part))).collect();
    Some(Path::from(steps))
}

/// The texts of a list in the first row; empty where it is null or not there.
fn list(batch: &RecordBatch, name: &str) -> Vec<String> {
    let lists = batch.column_by_name(name).and_then(|column| column.as_list_opt::<i32>());
    lists.filter(|lists| lists.is_valid(0)).map(|lists| texts(&lists.value(0))).unwrap_or_default()
}

/// The entries of a map of texts in the first row.
fn map(batch: &RecordBatch, name: &str) -> BTreeMap<String, String> {
    let Some(maps) = batch.column_by_name(name).and_then(|column| column.as_map_opt()) else { return BTreeMap::new() };
    if maps.is_null(0) {
        return BTreeMap::new();
    }
    let entries = maps.value(0);
    texts(entries.column(0)).into_iter().zip(texts(entries.column(1))).collect()
}

fn texts(array: &ArrayRef) -> Vec<String> {
    let text = |at: usize| {
        let short = || array.as_string_opt::<i32>().map(|array| array.value(at).to_owned());
        let long = || array.as_string_opt::<i64>().map(|array| array.value(at).to_owned());
        short().or_else(long).unwrap_or_default()
    };
    (0..array.len()).map(text).collect()
}
