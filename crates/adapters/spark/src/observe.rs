//! From what a server says to the model: schema and detail → `ObservedTable`.
//!
//! Owns what is unknown: Spark's schema of a Delta table leaves out generation expressions, identity and mapping
//! (`DeltaTableV2.schema`), so they are unknown where the table's features let it have any, and known to be absent where
//! they don't. Asks nothing of a server.

mod columns;
mod detail;
mod governed;
mod json;
mod wire;

use std::collections::BTreeMap;

use delta_engine_schema::model::{
    Aspect, Feature, ObservedTable, Path, RelationKind, TableName, Unknown, read_configuration,
};
use delta_engine_spark_proto as proto;
use serde_json::Value;

pub(crate) use detail::{Detail, DetailError};
pub(crate) use governed::{Description, observe_governed};
pub(crate) use json::{Described, Document, Mentioned};

/// A schema that is none: not a struct of named and typed fields.
#[derive(Debug, thiserror::Error)]
#[error("the server's schema of the table is no struct of named and typed fields")]
pub(crate) struct SchemaError;

/// The schema as Spark sees it, in the form of Delta logs.
pub(crate) fn spark_schema(schema: &proto::DataType) -> Value {
    wire::json_type(schema)
}

/// The table that a server describes. `schema` is Spark's own unless `of_log` says that it is the log's.
pub(crate) fn observe(
    name: &TableName,
    schema: &Value,
    of_log: Option<u64>,
    detail: &Detail,
) -> Result<ObservedTable, SchemaError> {
    let mut unknown = Unknown::default();
    // A Delta table of OSS Spark has no place for these.
    for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
        unknown.insert(aspect, Path::table());
    }
    if of_log.is_none() {
        hidden_by_spark(detail, &mut unknown);
        columns::hidden_comments(schema, &mut unknown);
    }
    let table = table(name, schema, detail, unknown)?;
    Ok(ObservedTable { version: of_log.unwrap_or_default(), ..table })
}

/// The table without what a catalog keeps beside it. `unknown` is what its source does not show.
fn table(
    name: &TableName,
    schema: &Value,
    detail: &Detail,
    mut unknown: Unknown,
) -> Result<ObservedTable, SchemaError> {
    let columns = columns::columns(schema, &mut unknown).ok_or(SchemaError)?;
    let layout = detail.layout.clone().unwrap_or_else(|| {
        unknown.insert(Aspect::Layout, Path::table());
        Default::default()
    });
    let entries = detail.configuration.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let (checks, properties) = read_configuration(entries, &mut unknown);
    Ok(ObservedTable {
        name: name.clone(),
        columns,
        comment: detail.comment.clone(),
        layout,
        primary_key: None,
        foreign_keys: Vec::new(),
        inbound_keys: Vec::new(),
        checks,
        properties,
        features: detail.features.clone(),
        tags: BTreeMap::new(),
        // A description may leave it out.
        location: Some(detail.location.clone()).filter(|location| !location.is_empty()),
        table_id: detail.table_id.clone(),
        version: 0,
        kind: RelationKind::Table,
        unknown,
    })
}

fn hidden_by_spark(detail: &Detail, unknown: &mut Unknown) {
    let hidden = [(Feature::GeneratedColumns, Aspect::Generated), (Feature::IdentityColumns, Aspect::Identity)];
    for (feature, aspect) in hidden {
        if detail.features.contains(&feature) {
            unknown.insert(aspect, Path::table());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(features: &[Feature], configuration: &[(&str, &str)]) -> Detail {
        let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Detail {
            format: "delta".to_owned(),
            features: features.iter().cloned().collect(),
            configuration: configuration.iter().map(entry).collect(),
            layout: Some(Default::default()),
            ..Detail::default()
        }
    }

    fn check(detail: &Detail, of_log: Option<u64>) -> ObservedTable {
        let schema = serde_json::json!({ "type": "struct", "fields": [{ "name": "a", "type": "long" }] });
        observe(&TableName::bare("t"), &schema, of_log, detail).unwrap()
    }

    fn hidden(table: &ObservedTable, aspect: Aspect) -> bool {
        table.unknown.covers(aspect, &Path::column("a"))
    }

    #[test]
    fn what_features_rule_out_is_known_to_be_absent() {
        let plain = check(&detail(&[Feature::AppendOnly, Feature::Invariants], &[]), None);
        assert_eq!([Aspect::Generated, Aspect::Identity].map(|aspect| hidden(&plain, aspect)), [false, false]);
        let generated = detail(&[Feature::GeneratedColumns], &[]);
        assert!(hidden(&check(&generated, None), Aspect::Generated));
        assert!(!hidden(&check(&generated, Some(3)), Aspect::Generated));
    }

    #[test]
    fn configuration_becomes_properties_and_checks() {
        let configuration = [
            ("DELTA.APPENDONLY", "TRUE"),
            ("delta.appendOnly", "false"),
            ("delta.constraints.positive", "id > 0"),
            ("delta.feature.clustering", "supported"),
            ("Team.Owner", "x"),
        ];
        let table = check(&detail(&[], &configuration), None);
        let properties: Vec<String> = table.properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(properties, ["Team.Owner=x", "delta.appendOnly=false"]);
        assert_eq!(table.checks[&delta_engine_schema::model::Identifier::new("POSITIVE")].text(), "id > 0");
    }

    #[test]
    fn a_check_that_cannot_be_read_hides_all_of_them() {
        let table = check(&detail(&[], &[("delta.constraints.c", "'open")]), None);
        assert!(hidden(&table, Aspect::Check));
    }
}
