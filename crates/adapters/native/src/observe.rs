//! From what a log says to the model: `LogState` → `ObservedTable`.
//!
//! Owns the reading of configuration, features and layout; `observe/schema` reads columns. Loses nothing that a commit
//! needs, because commits edit the raw state and not this. What can't be understood becomes unknown, opaque or stays raw
//! metadata; a strange part never makes a table unreadable.

mod layout;
pub(crate) mod schema;

use std::collections::BTreeMap;

use delta_engine_schema::model::{Aspect, ObservedTable, Path, RelationKind, TableName, Unknown, read_configuration};

use crate::log::{LogError, LogState};

/// The table that a log describes. `location` is where it was read from, as people write it.
///
/// # Errors
/// Where the schema is not one of the protocol's form at all.
pub fn observe(name: &TableName, location: Option<&str>, state: &LogState) -> Result<ObservedTable, LogError> {
    let mut unknown = Unknown::default();
    // A log has no place for these; a catalog that keeps them can fill them in.
    for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
        unknown.insert(aspect, Path::table());
    }
    let columns = schema::columns(&state.schema, &mut unknown).ok_or_else(|| LogError::Action {
        action: "metaData",
        file: "_delta_log".to_owned(),
        fault: "has a `schemaString` that is no struct of named and typed fields".to_owned(),
    })?;
    let layout = layout::layout(state, &mut unknown);

    let (checks, properties) = read_configuration(state.configuration(), &mut unknown);

    Ok(ObservedTable {
        name: name.clone(),
        columns,
        comment: state.description().filter(|comment| !comment.is_empty()).map(str::to_owned),
        layout,
        primary_key: None,
        foreign_keys: Vec::new(),
        inbound_keys: Vec::new(),
        checks,
        properties,
        features: state.protocol.features(),
        tags: BTreeMap::new(),
        location: location.map(str::to_owned),
        table_id: state.table_id().to_owned(),
        version: state.version,
        kind: RelationKind::Table,
        unknown,
    })
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::{DataType, Layout};

    use super::*;
    use crate::log::{Protocol, read_state};
    use crate::storage::LocalFiles;

    /// Reads a table of one commit.
    fn read(protocol: &str, fields: &str, metadata: &str, more: &str) -> ObservedTable {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("_delta_log")).unwrap();
        let schema = serde_json::to_string(&format!(r#"{{"type":"struct","fields":[{fields}]}}"#)).unwrap();
        let commit = format!(
            "{{\"protocol\":{protocol}}}\n{{\"metaData\":{{\"id\":\"t\",\"schemaString\":{schema}{metadata}}}}}\n{more}"
        );
        std::fs::write(folder.path().join("_delta_log/00000000000000000000.json"), commit).unwrap();
        let files = LocalFiles::new(folder.path());
        let state = futures::executor::block_on(read_state(&files, None)).unwrap().unwrap();
        observe(&TableName::bare("t"), None, &state).unwrap()
    }

    const PLAIN: &str = r#"{"minReaderVersion":1,"minWriterVersion":2}"#;

    #[test]
    fn configuration_becomes_properties_and_checks() {
        let configuration = r#","partitionColumns":[],"configuration":{"DELTA.APPENDONLY":"TRUE","delta.appendOnly":"false","Team.Owner":"x","delta.feature.clustering":"supported","delta.constraints.positive":"id > 0"}"#;
        let table = read(PLAIN, r#"{"name":"id","type":"long","nullable":false,"metadata":{}}"#, configuration, "");
        let properties: Vec<_> = table.properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(properties, ["Team.Owner=x", "delta.appendOnly=false"]);
        assert_eq!(table.checks[&delta_engine_schema::model::Identifier::new("POSITIVE")].text(), "id > 0");
        assert!(table.features.iter().map(|feature| feature.name()).eq(["appendOnly", "invariants"]));
    }

    #[test]
    fn what_is_not_understood_is_unknown_or_opaque() {
        let fields = r#"{"name":"a","type":"hologram(3)","nullable":true,"metadata":{}},{"name":"b","type":"long","nullable":true,"metadata":{"CURRENT_DEFAULT":"(1"}}"#;
        let table = read(PLAIN, fields, r#","configuration":{"delta.constraints.c":"'open"}"#, "");
        assert_eq!(table.columns[0].data_type(), &DataType::Opaque("\"hologram(3)\"".into()));
        assert!(table.unknown.covers(Aspect::Default, &Path::column("b")));
        assert!(!table.unknown.covers(Aspect::Default, &Path::column("a")));
        assert!(table.unknown.covers(Aspect::Check, &Path::table()));
        assert!(table.unknown.covers(Aspect::Tags, &Path::column("a")));
    }

    #[test]
    fn checks_that_differ_in_case_only_and_invariants_are_not_relied_on() {
        let column = r#"{"name":"a","type":"long","nullable":true,"metadata":{}}"#;
        let checks = r#","configuration":{"Delta.Constraints.c":"a > 0","delta.constraints.C":"a > 1"}"#;
        let table = read(PLAIN, column, checks, "");
        assert!(table.unknown.covers(Aspect::Check, &Path::table()));

        let invariant = r#"{"name":"x","type":"long","nullable":true,"metadata":{"delta.invariants":"{\"expression\":{\"expression\":\"a > 3\"}}"}}"#;
        let nested = format!(
            r#"{column},{{"name":"s","type":{{"type":"struct","fields":[{invariant}]}},"nullable":true,"metadata":{{}}}}"#
        );
        let table = read(PLAIN, &nested, "", "");
        let unseen: Vec<String> = table
            .unknown
            .iter()
            .filter(|(aspect, _)| *aspect == Aspect::Check)
            .map(|(_, path)| path.to_string())
            .collect();
        assert_eq!(unseen, ["s"]);
    }

    #[test]
    fn clustering_is_read_by_physical_names_in_every_spelling() {
        let protocol =
            r#"{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["clustering","domainMetadata"]}"#;
        let fields = r#"{"name":"id","type":"long","nullable":true,"metadata":{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-1"}},{"name":"s","type":{"type":"struct","fields":[{"name":"x.y","type":"string","nullable":true,"metadata":{"delta.columnMapping.physicalName":"col-3"}}]},"nullable":true,"metadata":{"delta.columnMapping.physicalName":"col-2"}}"#;
        let check = |columns: &str, expected: &str| {
            let configuration = serde_json::to_string(&format!(r#"{{"clusteringColumns":{columns}}}"#)).unwrap();
            let domain = format!(
                r#"{{"domainMetadata":{{"domain":"delta.clustering","configuration":{configuration},"removed":false}}}}"#
            );
            // Also where a mapping is off that once was on.
            for mapped in [r#","configuration":{"delta.columnMapping.mode":"name"}"#, r#","configuration":{}"#] {
                let table = read(protocol, fields, mapped, &domain);
                let unknown = if table.unknown.covers(Aspect::Layout, &Path::table()) { " (unknown)" } else { "" };
                assert_eq!(format!("{}{unknown}", table.layout), expected);
            }
            let automatic = read(protocol, fields, r#","configuration":{"clusterByAuto":"true"}"#, &domain);
            let chosen = automatic.unknown.iter().filter(|(aspect, _)| *aspect == Aspect::Layout);
            let chosen = chosen.map(|(_, path)| path.to_string()).collect::<Vec<_>>().join(", ");
            let understood =
                ["clustered by ", "flat"].iter().fold(expected, |text, word| text.trim_start_matches(word));
            assert_eq!(automatic.layout, Layout::ClusteredAuto);
            assert_eq!(chosen, understood.replace(" (unknown)", &Path::table().to_string()));
        };
        check(r#"[["col-1"],["col-2","col-3"]]"#, "clustered by id, s.`x.y`");
        check(r#"["col-1","col-2.col-3"]"#, "clustered by id, s.`x.y`");
        check(r#"[{"physicalName":["col-1"]}]"#, "clustered by id");
        check("[]", "flat");
        check(r#"[["col-9"]]"#, "flat (unknown)");
        check("7", "flat (unknown)");
    }

    #[test]
    fn partitioning_is_by_logical_names() {
        let fields = r#"{"name":"day","type":"date","nullable":true,"metadata":{}}"#;
        let table = read(PLAIN, fields, r#","partitionColumns":["day"],"description":"all days""#, "");
        assert_eq!(table.layout, Layout::Partitioned(vec!["day".into()]));
        assert_eq!(table.comment.as_deref(), Some("all days"));
    }

    #[test]
    fn feature_lists_are_merged_and_legacy_versions_expanded() {
        let check = |raw: &str, expected: &str| {
            let protocol = Protocol::read(crate::json::Json::parse(raw).unwrap(), "f").unwrap();
            let features: Vec<_> = protocol.features().iter().map(|feature| feature.name().to_owned()).collect();
            assert_eq!(features.join(" "), expected);
        };
        check(r#"{"minReaderVersion":1,"minWriterVersion":3}"#, "appendOnly invariants checkConstraints");
        check(r#"{"minReaderVersion":2,"minWriterVersion":7,"writerFeatures":["columnMapping"]}"#, "columnMapping");
        check(
            r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["variantType-preview"],"writerFeatures":["variantType-preview","appendOnly"]}"#,
            "appendOnly variantType-preview",
        );
    }
}
