//! What the scripted server tells of a table, in Spark's and Delta's words: its registration, its detail, its schema.

use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder};
use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use delta_engine_schema::model::{Column, DataType, Field, Layout, ObservedTable};
use delta_engine_spark_proto as proto;
use delta_engine_testkit::connect::Reply;
use proto::data_type::{Array, Kind, Map, Struct, StructField, Unparsed};
use serde_json::json;

/// A command that only looks.
pub(crate) enum Look {
    /// `SHOW TABLE EXTENDED` of a schema.
    Register(String),
    /// `DESCRIBE SCHEMA`.
    Schema(String),
    /// `DESCRIBE DETAIL` of a table.
    Detail(String),
    /// `DESCRIBE HISTORY` of a table.
    History(String),
}

impl Look {
    pub(crate) fn of(statement: &str) -> Option<Self> {
        if let Some(rest) = statement.strip_prefix("SHOW TABLE EXTENDED IN ") {
            return Some(Self::Register(bare(rest.split(" LIKE ").next()?)));
        }
        if let Some(schema) = statement.strip_prefix("DESCRIBE SCHEMA ") {
            return Some(Self::Schema(bare(schema)));
        }
        if let Some(rest) = statement.strip_prefix("DESCRIBE HISTORY ") {
            return Some(Self::History(rest.split(" LIMIT ").next()?.to_owned()));
        }
        statement.strip_prefix("DESCRIBE DETAIL ").map(|table| Self::Detail(table.to_owned()))
    }
}

/// The schema that a statement creates.
pub(crate) fn created_schema(statement: &str) -> Option<String> {
    statement.strip_prefix("CREATE SCHEMA IF NOT EXISTS ").map(bare)
}

fn bare(quoted: &str) -> String {
    quoted.trim_matches('`').to_owned()
}

/// One row for each table.
pub(crate) fn register<'t>(tables: impl Iterator<Item = &'t ObservedTable>) -> Reply {
    let tables: Vec<&ObservedTable> = tables.collect();
    let names: Vec<&str> = tables.iter().map(|table| table.name.table.as_str()).collect();
    let told = |table: &&ObservedTable| {
        let location = table.location.as_deref().unwrap_or_default();
        format!("Type: MANAGED\nProvider: delta\nLocation: {location}\n")
    };
    let information: Vec<String> = tables.iter().map(told).collect();
    let rows: Vec<[Option<&str>; 2]> =
        names.iter().zip(&information).map(|(name, told)| [Some(*name), Some(told.as_str())]).collect();
    Reply::rows(["tableName", "information"], &rows)
}

/// The row of `DESCRIBE DETAIL`.
pub(crate) fn detail(table: &ObservedTable) -> Reply {
    let text = |value: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let number = |value: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![value])) };
    let mut properties = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    let checks =
        table.checks.iter().map(|(name, check)| (format!("delta.constraints.{name}"), check.text().to_owned()));
    for (key, value) in table.properties.iter().map(|(key, value)| (key.clone(), value.clone())).chain(checks) {
        properties.keys().append_value(key);
        properties.values().append_value(value);
    }
    properties.append(true).expect("as many keys as values");
    let partitions = table.layout.partition_columns().iter().map(ToString::to_string).collect();
    let clustering = match &table.layout {
        Layout::Clustered(paths) => paths.iter().map(ToString::to_string).collect(),
        Layout::Flat | Layout::Partitioned(_) | Layout::ClusteredAuto => Vec::new(),
    };
    let features = table.features.iter().map(|feature| feature.name().to_owned()).collect();
    let columns: [(&str, ArrayRef); 10] = [
        ("format", text(Some("delta"))),
        ("id", text(Some(&table.table_id))),
        ("description", text(table.comment.as_deref())),
        ("location", text(table.location.as_deref())),
        ("partitionColumns", list(partitions)),
        ("clusteringColumns", list(clustering)),
        ("numFiles", number(0)),
        ("sizeInBytes", number(0)),
        ("properties", Arc::new(properties.finish())),
        ("tableFeatures", list(features)),
    ];
    Reply::batches(vec![RecordBatch::try_from_iter(columns).expect("columns of one row")])
}

/// The newest commit, which another has made.
pub(crate) fn history(table: &ObservedTable) -> Reply {
    let text = |value: &str| -> ArrayRef { Arc::new(StringArray::from(vec![value])) };
    let version = i64::try_from(table.version).expect("a version");
    let columns: [(&str, ArrayRef); 4] = [
        ("version", Arc::new(Int64Array::from(vec![version]))),
        ("operation", text("SET TBLPROPERTIES")),
        ("userName", text("another")),
        ("userMetadata", Arc::new(StringArray::from(vec![None::<&str>]))),
    ];
    Reply::batches(vec![
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true)))
            .expect("columns of one row"),
    ])
}

fn list(values: Vec<String>) -> ArrayRef {
    let mut lists = ListBuilder::new(StringBuilder::new());
    values.iter().for_each(|value| lists.values().append_value(value));
    lists.append(true);
    Arc::new(lists.finish())
}

/// The schema as Spark has it.
pub(crate) fn schema(table: &ObservedTable) -> proto::DataType {
    structure(table.columns.iter().map(|column| field(&column.field, Some(column))).collect())
}

fn structure(fields: Vec<StructField>) -> proto::DataType {
    kind(Kind::Struct(Struct { fields, ..Default::default() }))
}

fn kind(kind: Kind) -> proto::DataType {
    proto::DataType { kind: Some(kind) }
}

fn field(field: &Field, column: Option<&Column>) -> StructField {
    let mut metadata = json!({});
    if let Some(comment) = &field.comment {
        metadata["comment"] = json!(&**comment);
    }
    if let Some(default) = column.and_then(|column| column.default.as_ref()) {
        metadata["CURRENT_DEFAULT"] = json!(default.text());
    }
    StructField {
        name: field.name.to_string(),
        data_type: Some(data_type(&field.data_type)),
        nullable: field.nullable,
        metadata: Some(metadata.to_string()),
    }
}

fn data_type(of: &DataType) -> proto::DataType {
    if let DataType::Struct(fields) = of {
        return structure(fields.iter().map(|inner| field(inner, None)).collect());
    }
    if let DataType::Array(array) = of {
        let element_type = Some(Box::new(data_type(&array.element)));
        return kind(Kind::Array(Box::new(Array {
            element_type,
            contains_null: array.element_nullable,
            ..Default::default()
        })));
    }
    if let DataType::Map(map) = of {
        return kind(Kind::Map(Box::new(Map {
            key_type: Some(Box::new(data_type(&map.key))),
            value_type: Some(Box::new(data_type(&map.value))),
            value_contains_null: map.value_nullable,
            ..Default::default()
        })));
    }
    let text = of.to_string();
    let data_type_string = match text.as_str() {
        "tinyint" => "byte".to_owned(),
        "smallint" => "short".to_owned(),
        "int" => "integer".to_owned(),
        "bigint" => "long".to_owned(),
        _ => text,
    };
    kind(Kind::Unparsed(Unparsed { data_type_string }))
}
