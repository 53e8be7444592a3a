//! One checksum file: protocol, metadata and domains at a version.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{Feature, Layout, PHYSICAL_NAME, Path, is_true};
use serde::Deserialize;
use serde_json::Value;

use super::Logged;
use crate::observe::Detail;

/// A line that is no checksum.
#[derive(Debug, thiserror::Error)]
#[error("the checksum is not of the known form")]
pub(super) struct LogError(#[from] serde_json::Error);

/// What of the file matters here; writers add more as they like.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    protocol: Protocol,
    metadata: Metadata,
    /// A writer that does not track domains leaves them out.
    domain_metadata: Option<Vec<Domain>>,
    #[serde(default)]
    num_files: u64,
    #[serde(default)]
    table_size_bytes: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Protocol {
    min_reader_version: u8,
    min_writer_version: u8,
    #[serde(default)]
    reader_features: Vec<String>,
    writer_features: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    id: String,
    description: Option<String>,
    schema_string: String,
    #[serde(default)]
    partition_columns: Vec<String>,
    #[serde(default)]
    configuration: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Domain {
    domain: String,
    configuration: String,
    #[serde(default)]
    removed: bool,
}

/// The table of a checksum; none where the file does not tell all of it.
pub(super) fn read(place: &str, version: u64, line: &str) -> Result<Option<Logged>, LogError> {
    let checksum: Checksum = serde_json::from_str(line)?;
    let schema: Value = serde_json::from_str(&checksum.metadata.schema_string)?;
    let features = checksum.protocol.features();
    let lacks_domains = features.contains(&Feature::DomainMetadata) && checksum.domain_metadata.is_none();
    if features.iter().any(Feature::leaves_commits_to_others) || lacks_domains {
        return Ok(None);
    }
    let layout = layout(&checksum, &schema);
    let Metadata { id, description, configuration, .. } = checksum.metadata;
    let detail = Detail {
        format: "delta".to_owned(),
        table_id: id,
        comment: description.filter(|comment| !comment.is_empty()),
        location: place.to_owned(),
        configuration,
        features,
        layout,
        files: checksum.num_files,
        bytes: checksum.table_size_bytes,
    };
    Ok(Some(Logged { version, schema, detail }))
}

impl Protocol {
    fn features(&self) -> BTreeSet<Feature> {
        let listed = self.reader_features.iter().chain(self.writer_features.iter().flatten());
        let mut features: BTreeSet<Feature> = listed.map(|name| Feature::from_name(name)).collect();
        // Versions that have lists imply nothing; of the writer's that is 7 (PROTOCOL.md, "Table Features").
        if self.min_writer_version < 7 {
            features.extend(Feature::legacy_set(self.min_reader_version, self.min_writer_version));
        }
        features
    }
}

/// The layout; none where the log names one that can't be understood.
fn layout(checksum: &Checksum, schema: &Value) -> Option<Layout> {
    let partitions = &checksum.metadata.partition_columns;
    if !partitions.is_empty() {
        return Some(Layout::Partitioned(partitions.iter().map(|name| name.as_str().into()).collect()));
    }
    let mut domains = checksum.domain_metadata.iter().flatten().filter(|domain| !domain.removed);
    let Some(domain) = domains.find(|domain| domain.domain == "delta.clustering") else { return Some(Layout::Flat) };
    let configuration = &checksum.metadata.configuration;
    if configuration.get("clusterByAuto").is_some_and(|value| is_true(value)) {
        return Some(Layout::ClusteredAuto);
    }
    let domain: Value = serde_json::from_str(&domain.configuration).ok()?;
    let columns = domain.get("clusteringColumns")?.as_array()?;
    let paths: Vec<Path> = columns.iter().map(|column| path(schema, column)).collect::<Option<_>>()?;
    Some(if paths.is_empty() { Layout::Flat } else { Layout::Clustered(paths) })
}

/// Delta writes one list of physical names a column (`ClusteringMetadataDomain`).
fn path(schema: &Value, column: &Value) -> Option<Path> {
    let mut path = Path::table();
    let mut level = Some(schema);
    for part in column.as_array()? {
        let part = part.as_str()?;
        let fields = level?.get("fields")?.as_array()?;
        let field = fields.iter().find(|field| kept_name(field) == Some(part))?;
        path = path.field(&field.get("name")?.as_str()?.into());
        level = field.get("type");
    }
    (!path.is_table()).then_some(path)
}

/// The physical name that is kept of a field, also where a mapping is off that once was on (Delta `getPhysicalName`; measured).
fn kept_name(field: &Value) -> Option<&str> {
    let mapped = || field.get("metadata")?.get(PHYSICAL_NAME)?.as_str();
    mapped().or(field.get("name")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(protocol: &str, configuration: &str, rest: &str) -> Option<Logged> {
        let fields =
            r#"[{"name":"a b","type":"long","nullable":true,"metadata":{"delta.columnMapping.physicalName":"col-1"}}]"#;
        let schema = serde_json::to_string(&format!(r#"{{"type":"struct","fields":{fields}}}"#)).unwrap();
        let metadata = format!(
            r#"{{"id":"7","format":{{}},"schemaString":{schema},"partitionColumns":[],"configuration":{configuration}}}"#
        );
        let line = format!(r#"{{"txnId":"x","numFiles":2,"protocol":{protocol},"metadata":{metadata}{rest}}}"#);
        read("file:/w/t", 3, &line).unwrap()
    }

    fn features(logged: &Logged) -> Vec<&str> {
        logged.detail.features.iter().map(Feature::name).collect()
    }

    #[test]
    fn a_checksum_tells_all_of_a_table() {
        let logged = check(r#"{"minReaderVersion":1,"minWriterVersion":2}"#, r#"{"x":"y"}"#, "").unwrap();
        assert_eq!((logged.version, logged.detail.table_id.as_str(), logged.detail.files), (3, "7", 2));
        assert_eq!(features(&logged), ["appendOnly", "invariants"]);
        assert_eq!(logged.detail.layout, Some(Layout::Flat));
    }

    #[test]
    fn clustering_is_by_the_physical_names_that_are_kept() {
        let protocol =
            r#"{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["clustering","domainMetadata"]}"#;
        let domain = |column: &str| {
            let configuration = format!(r#"{{\"clusteringColumns\":[[\"{column}\"]]}}"#);
            format!(
                r#","domainMetadata":[{{"domain":"delta.clustering","configuration":"{configuration}","removed":false}}]"#
            )
        };
        let layout = |configuration: &str, column: &str| {
            check(protocol, configuration, &domain(column)).unwrap().detail.layout.map(|layout| layout.to_string())
        };
        for configuration in [r#"{"delta.columnMapping.mode":"name"}"#, "{}"] {
            assert_eq!(layout(configuration, "col-1").as_deref(), Some("clustered by `a b`"));
            assert_eq!(layout(configuration, "a b"), None);
        }
    }

    #[test]
    fn what_the_file_does_not_tell_is_left_to_others() {
        let with = |feature: &str| {
            let lists = format!(r#""readerFeatures":["{feature}"],"writerFeatures":["{feature}"]"#);
            check(&format!(r#"{{"minReaderVersion":3,"minWriterVersion":7,{lists}}}"#), "{}", "")
        };
        assert!(with("catalogManaged").is_none());
        assert!(with("domainMetadata").is_none());
        assert!(with("timestampNtz").is_some());
    }
}
