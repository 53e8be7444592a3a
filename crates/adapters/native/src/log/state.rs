//! What a log says about a table at one version, raw: everything a commit that follows has to keep.
//!
//! Owns the three action kinds that describe a table (PROTOCOL.md, "Protocol Evolution", "Change Metadata", "Domain
//! Metadata") and access to their fields. Knows nothing of the model and of data files.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{Feature, MappingMode, is_true};

use super::error::LogError;
use crate::json::Json;

/// The newest writer version that this crate knows: the one of feature lists.
const NEWEST_WRITER: i64 = 7;

/// What a log says about a table at one version.
#[derive(Debug, Clone, PartialEq)]
pub struct LogState {
    /// The version.
    pub version: u64,
    /// The protocol.
    pub protocol: Protocol,
    /// The `metaData` action's object, in the log's spelling and key order.
    pub metadata: Json,
    /// The schema, read from `metaData.schemaString`.
    pub schema: Json,
    /// The configurations of the metadata domains that are not removed, by domain, as text.
    pub domains: BTreeMap<String, String>,
    /// The commit of this version, where it is still in the log.
    pub newest: Option<NewestCommit>,
}

/// The protocol of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// `minReaderVersion`.
    pub reader: i64,
    /// `minWriterVersion`.
    pub writer: i64,
    /// The names in `readerFeatures` and `writerFeatures`, both; empty without lists.
    pub listed: BTreeSet<String>,
    /// The names in `readerFeatures`.
    pub listed_for_readers: BTreeSet<String>,
    /// The `protocol` action's object, in the log's spelling and key order.
    pub raw: Json,
}

/// The commit of the version that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestCommit {
    /// Its `commitInfo` object; none where the commit has none.
    pub info: Option<Json>,
    /// When its file was written, in milliseconds since 1970.
    pub modified: i64,
}

impl LogState {
    /// The id of the table (`metaData.id`).
    pub fn table_id(&self) -> &str {
        self.metadata.get("id").and_then(Json::as_str).unwrap_or_default()
    }

    /// The table's comment (`metaData.description`).
    pub fn description(&self) -> Option<&str> {
        self.metadata.get("description").and_then(Json::as_str)
    }

    /// The partition columns, by their logical names.
    pub fn partition_columns(&self) -> impl Iterator<Item = &str> {
        self.metadata
            .get("partitionColumns")
            .and_then(Json::as_array)
            .unwrap_or_default()
            .iter()
            .filter_map(Json::as_str)
    }

    /// The configuration, in the log's order.
    pub fn configuration(&self) -> impl Iterator<Item = (&str, &str)> {
        let entries = self.metadata.get("configuration").and_then(Json::as_object).unwrap_or_default();
        entries.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }

    /// The value of a configuration key, whatever its case in the log.
    pub fn property(&self, key: &str) -> Option<&str> {
        let exact = self.configuration().find(|(theirs, _)| *theirs == key);
        exact
            .or_else(|| self.configuration().find(|(theirs, _)| theirs.eq_ignore_ascii_case(key)))
            .map(|(_, value)| value)
    }

    /// How columns are found in the files.
    pub fn mapping_mode(&self) -> MappingMode {
        self.property("delta.columnMapping.mode").and_then(MappingMode::parse).unwrap_or(MappingMode::None)
    }

    /// Whether commits must carry `inCommitTimestamp` (PROTOCOL.md, "In-Commit Timestamps").
    pub fn has_in_commit_timestamps(&self) -> bool {
        self.protocol.lists(Feature::InCommitTimestamp.name())
            && self.property("delta.enableInCommitTimestamps").is_some_and(is_true)
    }

    /// The `inCommitTimestamp` of the commit of this version, in milliseconds since 1970.
    pub fn in_commit_timestamp(&self) -> Option<i64> {
        self.newest.as_ref()?.info.as_ref()?.get("inCommitTimestamp")?.as_i64()
    }
}

impl Protocol {
    /// Reads a `protocol` action's object.
    pub(crate) fn read(raw: Json, file: &str) -> Result<Self, LogError> {
        let version = |key: &str| {
            raw.get(key).and_then(Json::as_i64).ok_or_else(|| LogError::Action {
                action: "protocol",
                file: file.to_owned(),
                fault: format!("has no whole number in `{key}`"),
            })
        };
        let names = |key: &str| -> BTreeSet<String> {
            let listed = raw.get(key).and_then(Json::as_array).unwrap_or_default();
            listed.iter().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        let listed_for_readers = names("readerFeatures");
        let listed = names("writerFeatures").union(&listed_for_readers).cloned().collect();
        Ok(Self {
            reader: version("minReaderVersion")?,
            writer: version("minWriterVersion")?,
            listed,
            listed_for_readers,
            raw,
        })
    }

    /// Whether the feature lists name this feature.
    pub fn lists(&self, feature: &str) -> bool {
        self.listed.contains(feature)
    }

    /// The features the table supports, legacy versions expanded.
    pub fn features(&self) -> BTreeSet<Feature> {
        let mut features: BTreeSet<Feature> = self.listed.iter().map(|name| Feature::from_name(name)).collect();
        // A legacy version implies its features; writer version 7 and reader version 3 list theirs instead.
        if self.writer < 7 {
            let version = |version: i64| u8::try_from(version).unwrap_or(0);
            features.extend(Feature::legacy_set(version(self.reader), version(self.writer)));
        } else if self.reader == 2 {
            features.insert(Feature::ColumnMapping);
        }
        if self.writer > NEWEST_WRITER {
            // What a later version asks of writers is not known: like a feature that is not known, it is refused by name.
            features.insert(Feature::Other(format!("minWriterVersion={}", self.writer)));
        }
        features
    }
}
