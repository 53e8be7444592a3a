//! The data files of a version, with what their statistics say of some columns.
//!
//! Owns the reconciliation of `add` and `remove` (PROTOCOL.md, "Action Reconciliation": a file is its path and deletion
//! vector, the newest action wins) and the two forms of statistics. Reads no data file.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::checkpoint::{self, Wanted};
use super::error::LogError;
use super::line;
use super::segment::{self, Checkpoint, CommitFile, commit_path};
use crate::json::Json;
use crate::storage::{LogFile, TableFiles};

/// A data file of a version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataFile {
    /// The path as the log spells it: URL-encoded, relative to the table or absolute.
    pub(crate) path: String,
    /// Its length in bytes.
    pub(crate) size: u64,
    /// Values of the partition columns by physical name; null where there is none.
    pub(crate) partition_values: BTreeMap<String, Option<String>>,
    /// Rows in the file, deleted ones included.
    pub(crate) rows: Option<u64>,
    /// Whether statistics are exact; else they count deleted rows, or guess.
    pub(crate) tight: bool,
    /// What `nullCount` has for each column asked for, in that order.
    pub(crate) nulls: Vec<Option<Json>>,
    /// What `minValues` and `maxValues` have for each column asked for, in that order.
    pub(crate) extremes: Vec<(Option<Json>, Option<Json>)>,
    /// Deleted rows.
    pub(crate) deletion: Option<DeletionVector>,
}

/// Where the deleted rows of a file are listed (PROTOCOL.md, "Deletion Vector Descriptor Schema").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeletionVector {
    pub(crate) storage_type: String,
    pub(crate) path_or_inline_dv: String,
    pub(crate) offset: Option<u64>,
    pub(crate) size_in_bytes: u64,
    pub(crate) cardinality: u64,
}

#[derive(Deserialize)]
struct FileActions<'l> {
    #[serde(borrow)]
    add: Option<Add<'l>>,
    #[serde(borrow)]
    remove: Option<Remove<'l>>,
    #[serde(borrow)]
    sidecar: Option<Sidecar<'l>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Add<'l> {
    #[serde(borrow)]
    path: Cow<'l, str>,
    #[serde(default)]
    partition_values: BTreeMap<String, Option<String>>,
    #[serde(default)]
    size: u64,
    #[serde(borrow)]
    stats: Option<Cow<'l, str>>,
    #[serde(rename = "stats_parsed")]
    stats_parsed: Option<Stats>,
    deletion_vector: Option<DeletionVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Remove<'l> {
    #[serde(borrow)]
    path: Cow<'l, str>,
    deletion_vector: Option<DeletionVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sidecar<'l> {
    #[serde(borrow)]
    path: Cow<'l, str>,
    size_in_bytes: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Stats {
    num_records: Option<u64>,
    tight_bounds: Option<bool>,
    null_count: Option<Json>,
    // Raw: floats would not be read exactly, and mostly nobody asks.
    min_values: Option<Box<RawValue>>,
    max_values: Option<Box<RawValue>>,
}

/// What a kind of statistics has for a column.
fn statistic(values: Option<&Json>, column: &[String]) -> Option<Json> {
    column.iter().try_fold(values?, |values, part| values.get(part)).cloned()
}

/// The files of a version, with the null counts of these columns, each given by its physical names from the root; only those
/// added after version `since`, where that is given and can be told. `None` where there is no log.
///
/// # Errors
/// Where the log is damaged or the version is not in it.
pub(crate) async fn data_files(
    files: &dyn TableFiles,
    version: u64,
    since: Option<u64>,
    columns: &[Vec<String>],
) -> Result<Option<Vec<DataFile>>, LogError> {
    if let Some(since) = since.filter(|since| *since <= version) {
        let paths = (since + 1..=version).rev().map(commit_path).collect();
        let mut found = Found::new(columns);
        match found.absorb_commits(files, paths).await {
            Ok(()) => return Ok(Some(found.active)),
            // Commits behind a checkpoint may be cleaned up: then every file is in question.
            Err(LogError::Storage(error)) if error.missing => {}
            Err(error) => return Err(error),
        }
    }
    let Some(segment) = segment::find(files, Some(version)).await? else { return Ok(None) };
    let mut found = Found::new(columns);
    found.absorb_commits(files, segment.commits.iter().map(CommitFile::path).collect()).await?;
    if let Some(checkpoint) = &segment.checkpoint {
        found.absorb_checkpoint(files, checkpoint).await?;
    }
    Ok(Some(found.active))
}

struct Found<'c> {
    columns: &'c [Vec<String>],
    /// Files that a newer action has decided about.
    settled: HashSet<String>,
    active: Vec<DataFile>,
}

impl<'c> Found<'c> {
    fn new(columns: &'c [Vec<String>]) -> Self {
        Self { columns, settled: HashSet::new(), active: Vec::new() }
    }

    /// Takes in commits, newest first.
    async fn absorb_commits(&mut self, files: &dyn TableFiles, paths: Vec<String>) -> Result<(), LogError> {
        let read = |path: String| async move { files.read(&path).await.map(|content| (path, content.bytes)) };
        let mut commits = futures::stream::iter(paths).map(read).buffered(files.parallelism());
        while let Some((path, bytes)) = commits.try_next().await? {
            self.absorb(&path, &bytes, true)?;
        }
        Ok(())
    }

    async fn absorb_checkpoint(&mut self, files: &dyn TableFiles, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let columns = self.columns;
        let keep = |path: &[String]| is_wanted(path, columns);
        let mut sidecars = Vec::new();
        for (path, lines) in checkpoint::lines(files, checkpoint, &keep, Wanted::Most).await? {
            sidecars.extend(self.absorb(&path, &lines, false)?);
        }
        let mut reads = Vec::with_capacity(sidecars.len());
        for sidecar in &sidecars {
            reads.push(checkpoint::file_lines(files, sidecar, &keep, Wanted::Most));
        }
        let mut read = futures::stream::iter(reads).buffered(files.parallelism());
        while let Some((path, lines)) = read.try_next().await? {
            self.absorb(&path, &lines, false)?;
        }
        Ok(())
    }

    /// Takes in a file's actions; gives the sidecars it names. Nothing is older than a checkpoint, so its actions settle
    /// nothing.
    fn absorb(&mut self, path: &str, bytes: &Bytes, settles: bool) -> Result<Vec<LogFile>, LogError> {
        let mut sidecars = Vec::new();
        // Removed and added back in one commit: the add wins, whatever their order.
        let mut removed = Vec::new();
        for (number, text) in line::lines(bytes) {
            let actions: FileActions<'_> = line::parse(path, number, text)?;
            if let Some(add) = actions.add {
                let key = key(&add.path, add.deletion_vector.as_ref());
                let is_new = if settles { self.settled.insert(key) } else { !self.settled.contains(&key) };
                if is_new {
                    self.active.push(self.data_file(add));
                }
            }
            if let Some(remove) = actions.remove.filter(|_| settles) {
                removed.push(key(&remove.path, remove.deletion_vector.as_ref()));
            }
            if let Some(sidecar) = actions.sidecar {
                // Sidecars are always in `_sidecars`; the log may spell the whole path.
                let name = sidecar.path.rsplit('/').next().unwrap_or_default();
                sidecars.push(LogFile { name: format!("_sidecars/{name}"), size: sidecar.size_in_bytes });
            }
        }
        self.settled.extend(removed);
        Ok(sidecars)
    }

    fn data_file(&self, add: Add<'_>) -> DataFile {
        // Statistics that can't be read are none.
        let text = add.stats.and_then(|text| serde_json::from_str::<Stats>(&text).ok());
        let stats = text.or(add.stats_parsed).unwrap_or_default();
        let asked = !self.columns.is_empty();
        let read =
            |raw: &Option<Box<RawValue>>| raw.as_ref().filter(|_| asked).and_then(|raw| Json::parse(raw.get()).ok());
        let (least, greatest) = (read(&stats.min_values), read(&stats.max_values));
        let extremes = |column: &Vec<String>| (statistic(least.as_ref(), column), statistic(greatest.as_ref(), column));
        DataFile {
            nulls: self.columns.iter().map(|column| statistic(stats.null_count.as_ref(), column)).collect(),
            extremes: self.columns.iter().map(extremes).collect(),
            path: add.path.into_owned(),
            size: add.size,
            partition_values: add.partition_values,
            rows: stats.num_records,
            tight: stats.tight_bounds.unwrap_or(true),
            deletion: add.deletion_vector,
        }
    }
}

fn key(path: &str, deletion: Option<&DeletionVector>) -> String {
    match deletion {
        None => path.to_owned(),
        Some(vector) => {
            let offset = vector.offset.map(|offset| format!("@{offset}")).unwrap_or_default();
            format!("{path}\n{}{}{offset}", vector.storage_type, vector.path_or_inline_dv)
        }
    }
}

fn is_wanted(path: &[String], columns: &[Vec<String>]) -> bool {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["sidecar", ..] => true,
        ["add", "path" | "partitionValues" | "size" | "deletionVector" | "stats", ..] => true,
        ["add", "stats_parsed", "numRecords" | "tightBounds"] => true,
        // A column asked for may be a struct, whose leaves then count.
        ["add", "stats_parsed", "nullCount" | "minValues" | "maxValues", rest @ ..] => {
            columns.iter().any(|column| rest.iter().zip(column).all(|(a, b)| *a == b.as_str()))
        }
        _ => false,
    }
}
