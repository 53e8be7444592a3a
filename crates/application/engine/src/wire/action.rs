//! The JSON of an action: kind, subject, and what it leads from and to.

use delta_engine_schema::model::{
    Column, DesiredTable, Expression, ForeignKey, Identifier, Layout, PrimaryKey, TableName,
};
use delta_engine_schema::{Action, Position};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::WireSubject;

/// One action. `from` and `to` are null where there is nothing.
#[derive(Debug, Serialize)]
pub struct WireAction {
    /// Its name, as `rename_column`.
    pub kind: &'static str,
    /// What it changes.
    pub subject: WireSubject,
    /// What is there.
    pub from: Value,
    /// What will be there.
    pub to: Value,
}

impl WireAction {
    /// The JSON of an action on a table.
    pub fn of(table: &TableName, action: &Action) -> Self {
        let (from, to) = ends(action);
        Self { kind: action.kind(), subject: WireSubject::of(&action.subject(table)), from, to }
    }
}

fn ends(action: &Action) -> (Value, Value) {
    let text = |expression: &Option<Expression>| json!(expression.as_ref().map(Expression::text));
    match action {
        Action::CreateTable { table } => (Value::Null, table_json(table)),
        Action::EnableFeature { feature } => (Value::Null, json!(feature.name())),
        Action::SetProperty { change, .. }
        | Action::SetTableTag { change, .. }
        | Action::SetColumnTag { change, .. } => (json!(change.from()), json!(change.to())),
        Action::UnsetProperty { from, .. }
        | Action::UnsetTableTag { from, .. }
        | Action::UnsetColumnTag { from, .. } => (json!(from), Value::Null),
        Action::DropForeignKey { key } => (foreign_key_json(key), Value::Null),
        Action::DropPrimaryKey { key } => (primary_key_json(key), Value::Null),
        Action::DropCheck { expression, .. } => (json!(expression.text()), Value::Null),
        Action::RenameColumn { path, to } => (json!(path.leaf_name().map(Identifier::as_str)), json!(to.as_str())),
        Action::MoveColumn { to, .. } => (Value::Null, position_json(to)),
        Action::AddColumn { column, position, .. } => {
            let mut to = column_json(column);
            to.insert("position".to_owned(), position_json(position));
            (Value::Null, Value::Object(to))
        }
        Action::AlterColumnType { change, .. } => (json!(change.from().to_string()), json!(change.to().to_string())),
        Action::SetClustering { change } => (layout_json(change.from()), layout_json(change.to())),
        Action::DropColumn { data_type, .. } => (json!({ "type": data_type.to_string() }), Value::Null),
        Action::DropColumnNotNull { .. } => (json!("not null"), json!("null")),
        Action::SetColumnNotNull { .. } => (json!("null"), json!("not null")),
        Action::SetColumnDefault { change, .. } => (text(change.from()), text(change.to())),
        Action::DropColumnDefault { from, .. } => (json!(from.text()), Value::Null),
        Action::SetColumnComment { change, .. } | Action::SetTableComment { change } => {
            (json!(change.from()), json!(change.to()))
        }
        Action::AddCheck { expression, .. } => (Value::Null, json!(expression.text())),
        Action::AddPrimaryKey { key } => (Value::Null, primary_key_json(key)),
        Action::AddForeignKey { key } => (Value::Null, foreign_key_json(key)),
    }
}

fn table_json(table: &DesiredTable) -> Value {
    let columns: Vec<Value> = table.columns.iter().map(|column| Value::Object(column_json(column))).collect();
    let checks: Map<String, Value> =
        table.checks.iter().map(|(name, check)| (name.to_string(), json!(check.text()))).collect();
    json!({
        "columns": columns,
        "comment": table.comment,
        "layout": layout_json(&table.layout),
        "checks": checks,
        "properties": table.properties.iter().filter(|(_, value)| value.is_some()).collect::<std::collections::BTreeMap<_, _>>(),
        "features": table.features.iter().map(|feature| feature.name()).collect::<Vec<_>>(),
        "primary_key": table.primary_key.as_ref().map(primary_key_json),
        "foreign_keys": table.foreign_keys.iter().map(foreign_key_json).collect::<Vec<_>>(),
        "tags": table.tags,
        "location": table.location,
    })
}

fn column_json(column: &Column) -> Map<String, Value> {
    let identity = column
        .identity
        .map(|identity| json!({ "start": identity.start, "increment": identity.increment, "always": identity.always }));
    let entries = [
        ("name", json!(column.name().as_str())),
        ("type", json!(column.data_type().to_string())),
        ("nullable", json!(column.field.nullable)),
        ("comment", json!(column.field.comment.as_deref())),
        ("default", json!(column.default.as_ref().map(Expression::text))),
        ("generated", json!(column.generated.as_ref().map(Expression::text))),
        ("identity", json!(identity)),
        ("tags", json!(*column.tags)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn layout_json(layout: &Layout) -> Value {
    match layout {
        Layout::Flat => Value::Null,
        Layout::Partitioned(columns) => {
            json!({ "partitioned_by": columns.iter().map(Identifier::as_str).collect::<Vec<_>>() })
        }
        Layout::Clustered(paths) => {
            json!({ "clustered_by": paths.iter().map(ToString::to_string).collect::<Vec<_>>() })
        }
        Layout::ClusteredAuto => json!({ "clustered_by": "auto" }),
    }
}

fn position_json(position: &Position) -> Value {
    match position {
        Position::First => json!("first"),
        Position::After(sibling) => json!({ "after": sibling.as_str() }),
        Position::Last => json!("last"),
    }
}

fn primary_key_json(key: &PrimaryKey) -> Value {
    let columns: Vec<&str> = key.columns.iter().map(Identifier::as_str).collect();
    json!({ "name": key.name.as_ref().map(Identifier::as_str), "columns": columns, "rely": key.rely })
}

fn foreign_key_json(key: &ForeignKey) -> Value {
    let names = |columns: &[Identifier]| columns.iter().map(|column| column.as_str().to_owned()).collect::<Vec<_>>();
    json!({
        "name": key.name.as_ref().map(Identifier::as_str),
        "columns": names(&key.columns),
        "references": key.references.to_string(),
        "referenced_columns": names(&key.referenced_columns),
        "rely": key.rely,
    })
}
