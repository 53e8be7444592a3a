//! Partitioning and clustering of a document. A name that is none of the table's columns makes the layout unknown: documents
//! have been seen to name columns physically.

use std::collections::BTreeMap;

use delta_engine_schema::model::{Identifier, Layout, Path, Step, is_true, split_dotted};
use serde_json::{Map, Value};

/// The layout; `None` where nothing is said of one, `Some(None)` where what is said can't be understood.
#[expect(clippy::option_option, reason = "nothing is said, what is said is no layout, a layout")]
pub(super) fn read(
    document: &Map<String, Value>,
    properties: &BTreeMap<String, String>,
    fields: &[Value],
) -> Option<Option<Layout>> {
    let listed = |key: &str| document.get(key).and_then(Value::as_array).filter(|list| !list.is_empty());
    if let Some(columns) = listed("partition_columns") {
        return Some(names(columns, fields).map(Layout::Partitioned));
    }
    if properties.get("clusterByAuto").is_some_and(|value| is_true(value)) {
        return Some(Some(Layout::ClusteredAuto));
    }
    if let Some(columns) = document.get("clustering_columns") {
        return Some(columns.as_array().and_then(|columns| clustered(columns, fields)));
    }
    let columns = properties.get("clusteringColumns")?;
    let columns = serde_json::from_str::<Vec<Value>>(columns).ok();
    Some(columns.and_then(|columns| clustered(&columns, fields)))
}

fn names(columns: &[Value], fields: &[Value]) -> Option<Vec<Identifier>> {
    let name = |value: &Value| {
        let name = Identifier::new(value.as_str()?);
        field(fields, &name).map(|_| name)
    };
    columns.iter().map(name).collect()
}

fn clustered(columns: &[Value], fields: &[Value]) -> Option<Layout> {
    let paths: Vec<Path> = columns.iter().map(|column| path(column, fields)).collect::<Option<_>>()?;
    Some(if paths.is_empty() { Layout::Flat } else { Layout::Clustered(paths) })
}

/// A column by its name, a path as Spark joins it (``s.`x.y` ``), or the parts of one.
fn path(column: &Value, fields: &[Value]) -> Option<Path> {
    let parts: Vec<String> = match column {
        Value::String(name) if field(fields, &Identifier::new(name.as_str())).is_some() => vec![name.clone()],
        Value::String(path) => split_dotted(path)?,
        Value::Array(parts) => parts.iter().map(|part| part.as_str().map(str::to_owned)).collect::<Option<_>>()?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    let mut level = Some(fields.to_vec());
    let mut steps = Vec::new();
    for part in parts {
        let name = Identifier::new(part);
        let data_type = field(&level?, &name)?.get("type")?.clone();
        level = data_type.get("fields").and_then(Value::as_array).cloned();
        steps.push(Step::Field(name));
    }
    (!steps.is_empty()).then(|| Path::from(steps))
}

fn field<'f>(fields: &'f [Value], name: &Identifier) -> Option<&'f Value> {
    fields
        .iter()
        .find(|field| field.get("name").and_then(Value::as_str).is_some_and(|own| Identifier::new(own) == *name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(document: &Value, properties: &[(&str, &str)], expected: &str) {
        let inner = json!([{ "name": "x.y", "type": "long" }]);
        let fields = json!([
            { "name": "a", "type": "long" },
            { "name": "b.c", "type": "long" },
            { "name": "s", "type": { "type": "struct", "fields": inner } }
        ]);
        let properties = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let layout = read(document.as_object().unwrap(), &properties, fields.as_array().unwrap());
        let shown = match layout {
            None => "nothing".to_owned(),
            Some(None) => "unknown".to_owned(),
            Some(Some(layout)) => format!("{layout:?}"),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn every_way_of_saying_it_is_read() {
        check(&json!({}), &[], "nothing");
        check(&json!({ "partition_columns": ["b.c", "A"] }), &[], r#"Partitioned(["b.c", "A"])"#);
        check(&json!({ "partition_columns": [] }), &[("clusterByAuto", "true")], "ClusteredAuto");
        let paths = r#"Clustered([Path([Field("b.c")]), Path([Field("s"), Field("x.y")])])"#;
        check(&json!({ "clustering_columns": ["b.c", "s.`x.y`"] }), &[], paths);
        check(&json!({}), &[("clusteringColumns", r#"[["b.c"],["s","x.y"]]"#)], paths);
        check(&json!({ "clustering_columns": [] }), &[], "Flat");
        check(&json!({}), &[("clusteringColumns", "[]")], "Flat");
    }

    #[test]
    fn a_column_that_the_table_does_not_have_makes_it_unknown() {
        check(&json!({ "partition_columns": ["z"] }), &[], "unknown");
        check(&json!({ "clustering_columns": ["col-b76d3d9e-a915-403c-aaf1-23a0346f55c7"] }), &[], "unknown");
        check(&json!({ "clustering_columns": ["a.x"] }), &[], "unknown");
        check(&json!({ "clustering_columns": [1] }), &[], "unknown");
        check(&json!({ "clustering_columns": "a" }), &[], "unknown");
        check(&json!({}), &[("clusteringColumns", "a")], "unknown");
    }
}
