//! The actions of version 0, from the simulated table: the same function that rehearsed the plan.

use delta_engine_schema::model::{Feature, Layout, ObservedTable, canonical_value};

use super::edit::{EditError, clustering_domain, physical_path};
use super::field_json::{object, schema_json};
use super::protocol::protocol_json;
use crate::json::Json;

/// `protocol`, `metaData` and `domainMetadata` of a new table.
pub(super) fn created(table: &ObservedTable, now: i64) -> Result<(Json, Json, Vec<Json>), EditError> {
    let schema = schema_json(&table.columns);
    let partitions: Json = table.layout.partition_columns().iter().map(|column| Json::from(column.as_str())).collect();
    let value = |(key, value): (&String, &String)| (key.clone(), Json::from(canonical_value(key, value)));
    let mut configuration: Json = table.properties.iter().map(value).collect();
    for (name, check) in &table.checks {
        configuration.insert(format!("delta.constraints.{}", name.as_str().to_lowercase()), check.text());
    }
    let mut metadata = object([
        ("id", table.table_id.as_str().into()),
        ("format", object([("provider", "parquet".into()), ("options", Json::Object(Vec::new()))])),
        ("schemaString", schema.to_string().into()),
        ("partitionColumns", partitions),
        ("configuration", configuration),
        ("createdTime", now.into()),
    ]);
    if let Some(comment) = &table.comment {
        metadata.insert("description", comment.as_str());
    }
    let domains = if matches!(table.layout, Layout::Clustered(_)) {
        let paths = table.layout.clustering().iter().map(|path| physical_path(&schema, path));
        vec![clustering_domain(paths.collect::<Result<_, _>>()?)]
    } else {
        Vec::new()
    };
    debug_assert!(table.features.contains(&Feature::AppendOnly), "every new table has the base features");
    Ok((protocol_json(&table.features, 1, 1), metadata, domains))
}
