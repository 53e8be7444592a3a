//! A small workspace: tables that statements change, and what a server would then say of them.
//!
//! It knows the statements of a plan by their text and applies their actions with the domain's own simulation, so it can't
//! show that Databricks would take them. What it adds is the platform's own: names of constraints, which key may come and go
//! when, and keys that a rename takes away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use delta_engine_application::{PreparedPlan, Registry};
use delta_engine_schema::model::{Column, DataType, ForeignKey, Identifier, Layout, ObservedTable, TableName};
use delta_engine_schema::{Action, simulate};
use delta_engine_testkit::connect::{Answers, Ask, Refused, Reply, Script};
use serde_json::{Map, Value, json};

use crate::support::view;

/// The workspace, and a hand on it while a server runs.
#[derive(Clone, Default)]
pub(crate) struct Workspace(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    schemas: BTreeSet<String>,
    tables: BTreeMap<TableName, ObservedTable>,
    /// By its text: the table and the actions of a statement.
    statements: BTreeMap<String, (TableName, Vec<Action>)>,
}

impl Workspace {
    /// One with these tables as they are declared.
    pub(crate) fn of(registry: &Registry) -> Self {
        let workspace = Self::default();
        {
            let mut state = workspace.state();
            for table in registry.tables() {
                let desired = &table.desired;
                let create = Action::CreateTable { table: Box::new((**desired).clone()) };
                let table = simulate(None, &[create], "").expect("a table");
                state.schemas.insert(schema(&desired.name));
                state.tables.insert(desired.name.clone(), named(table));
            }
        }
        workspace
    }

    /// Knows the statements of a plan from now on.
    pub(crate) fn expect(&self, plan: &PreparedPlan) {
        for table in &plan.tables {
            for step in &table.steps {
                let text = step.preview.trim_end_matches(';').to_owned();
                self.state().statements.insert(text, (table.plan.name.clone(), step.actions.clone()));
            }
        }
    }

    /// Changes a table behind everybody's back.
    pub(crate) fn change(&self, table: &str, change: impl FnOnce(&mut ObservedTable)) {
        let name: TableName = table.parse().expect("a name");
        change(self.state().tables.get_mut(&name).expect("a table"));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script for Workspace {
    fn reply(&mut self, ask: &Ask) -> Reply {
        let mut state = self.state();
        match ask {
            Ask::Query(query) if view(query).is_some() => state.view(view(query).unwrap_or_default()),
            Ask::Statement(text) => match state.answer(text) {
                Ok(reply) => reply,
                Err((class, words)) => Reply::refused(Refused::new(class, &words)),
            },
            Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => {
                Reply::refused(Refused::new("SCRIPT_IS_SILENT", &ask.text()))
            }
        }
    }
}

type Refusal = (&'static str, String);

impl State {
    fn answer(&mut self, text: &str) -> Result<Reply, Refusal> {
        let between = |from: &str, to: &str| text.strip_prefix(from).and_then(|rest| rest.strip_suffix(to));
        if let Some(name) = between("DESCRIBE TABLE EXTENDED ", " AS JSON") {
            let name: TableName = name.parse().expect("a name");
            let missing = || ("TABLE_OR_VIEW_NOT_FOUND", format!("The table or view {name} cannot be found."));
            let document = document(self.tables.get(&name).ok_or_else(missing)?).to_string();
            return Ok(Reply::rows(["json_metadata"], &[[Some(document.as_str())]]));
        }
        if let Some(schema) = between("DESCRIBE SCHEMA `main`.`", "`") {
            return match self.schemas.contains(schema) {
                true => Ok(Reply::done()),
                false => Err(("SCHEMA_NOT_FOUND", format!("The schema {schema} cannot be found."))),
            };
        }
        if let Some(schema) = between("CREATE SCHEMA IF NOT EXISTS `main`.`", "`") {
            self.schemas.insert(schema.to_owned());
            return Ok(Reply::done());
        }
        let Some((name, actions)) = self.statements.get(text).cloned() else {
            return Err(("PARSE_SYNTAX_ERROR", format!("nobody expects {text}")));
        };
        for action in &actions {
            self.mind_keys(&name, action)?;
        }
        let table =
            simulate(self.tables.get(&name).cloned(), &actions, "").map_err(|error| ("ERROR", error.to_string()))?;
        self.tables.insert(name, named(table));
        Ok(Reply::done())
    }

    /// What the platform minds of keys and schemas, and what it does to them by itself.
    fn mind_keys(&mut self, name: &TableName, action: &Action) -> Result<(), Refusal> {
        if let Action::CreateTable { .. } = action {
            let schema = schema(name);
            let missing = || ("SCHEMA_NOT_FOUND", format!("The schema {schema} cannot be found."));
            self.schemas.contains(&schema).then_some(()).ok_or_else(missing)?;
        } else if let Action::AddForeignKey { key } = action {
            let parent = self.tables.get(&key.references).and_then(|parent| parent.primary_key.clone());
            // As they are spelled.
            let sorted =
                |columns: &[Identifier]| columns.iter().map(|name| name.as_str().to_owned()).collect::<BTreeSet<_>>();
            if parent.is_none_or(|parent| sorted(&parent.columns) != sorted(&key.referenced_columns)) {
                return Err(("FOREIGN_KEY_MISMATCH", format!("{} has no such primary key", key.references)));
            }
        } else if let Action::DropPrimaryKey { .. } = action {
            if self.tables.values().any(|table| table.foreign_keys.iter().any(|key| key.references == *name)) {
                let words = "Cannot drop the primary key: it has child constraints".to_owned();
                return Err(("DEPENDENT_CONSTRAINTS_EXIST", words));
            }
        } else if let Action::RenameColumn { path, .. } = action {
            let renamed = path.root().cloned();
            let holds = |columns: &[Identifier]| renamed.as_ref().is_some_and(|name| columns.contains(name));
            for (owner, table) in &mut self.tables {
                if owner == name {
                    table.primary_key = table.primary_key.take().filter(|key| !holds(&key.columns));
                    table.foreign_keys.retain(|key| !holds(&key.columns));
                }
                table.foreign_keys.retain(|key| key.references != *name || !holds(&key.referenced_columns));
            }
        }
        Ok(())
    }

    fn view(&self, view: &str) -> Reply {
        let rows: Vec<Value> = match view {
            "schemata" => self.schemas.iter().map(|schema| json!({ "schema_name": schema })).collect(),
            "tables" => self.each(|table| vec![with(table, "table_schema", json!({ "table_type": "MANAGED" }))]),
            "table_tags" => self.each(|table| {
                let row = |(key, value): (&String, &String)| {
                    with(table, "schema_name", json!({ "tag_name": key, "tag_value": value }))
                };
                table.tags.iter().map(row).collect()
            }),
            "column_tags" => self.each(column_tags),
            "keys" => self.tables.values().flat_map(|table| keys(table, &self.tables)).collect(),
            _ => Vec::new(),
        };
        let names = ["schema_name", "table_schema", "table_name", "table_type", "column_name", "column_default"];
        let more =
            ["generation_expression", "is_identity", "identity_generation", "identity_start", "identity_increment"];
        let keys = ["constraint_name", "constraint_type", "referenced_schema", "referenced_table", "referenced_column"];
        let tags = ["tag_name", "tag_value", "referenced_type"];
        let texts = names.iter().chain(&more).chain(&keys).chain(&tags);
        let mut columns: Map<String, Value> = texts.map(|name| ((*name).to_owned(), json!("string"))).collect();
        columns.insert("ordinal_position".to_owned(), json!("int32"));
        let recorded = json!([{ "query": "q", "columns": columns, "rows": rows }]).to_string();
        let mut answers = Answers::new().recorded(&recorded).expect("rows");
        answers.reply(&Ask::Query("q".to_owned()))
    }

    fn each(&self, rows: impl Fn(&ObservedTable) -> Vec<Value>) -> Vec<Value> {
        self.tables.values().flat_map(rows).collect()
    }
}

fn schema(name: &TableName) -> String {
    name.schema.as_ref().expect("a schema").as_str().to_lowercase()
}

/// A row with the table's name in it.
fn with(table: &ObservedTable, schema_column: &str, mut row: Value) -> Value {
    row[schema_column] = json!(schema(&table.name));
    row["table_name"] = json!(table.name.table.as_str().to_lowercase());
    row
}

fn column_tags(table: &ObservedTable) -> Vec<Value> {
    let of_column = |column: &Column| {
        let row = |(key, value): (&String, &String)| {
            let row = json!({ "column_name": column.name().as_str(), "tag_name": key, "tag_value": value });
            with(table, "schema_name", row)
        };
        column.tags.iter().map(row).collect::<Vec<_>>()
    };
    table.columns.iter().flat_map(of_column).collect()
}

fn keys(table: &ObservedTable, tables: &BTreeMap<TableName, ObservedTable>) -> Vec<Value> {
    let row = |name: &Option<Identifier>, kind: &str, at: usize, column: &Identifier| {
        let name = name.as_ref().map(Identifier::as_str);
        let row = json!({ "constraint_name": name, "constraint_type": kind, "column_name": column.as_str(),
            "ordinal_position": at + 1 });
        with(table, "table_schema", row)
    };
    let primary = table.primary_key.iter().flat_map(|key| {
        key.columns.iter().enumerate().map(|(at, column)| row(&key.name, "PRIMARY KEY", at, column)).collect::<Vec<_>>()
    });
    let foreign = table.foreign_keys.iter().flat_map(|key| {
        assert!(tables.contains_key(&key.references), "{key:?}");
        let pairs = key.columns.iter().zip(&key.referenced_columns).enumerate();
        let pair = |(at, (column, referenced)): (usize, (&Identifier, &Identifier))| {
            let mut row = row(&key.name, "FOREIGN KEY", at, column);
            row["referenced_schema"] = json!(schema(&key.references));
            row["referenced_table"] = json!(key.references.table.as_str().to_lowercase());
            row["referenced_column"] = json!(referenced.as_str());
            row["referenced_type"] = json!("PRIMARY KEY");
            row
        };
        pairs.map(pair).collect::<Vec<_>>()
    });
    primary.chain(foreign).collect()
}

/// Constraints as the catalog keeps them: named, in lower case.
fn named(mut table: ObservedTable) -> ObservedTable {
    let name = table.name.table.as_str().to_lowercase();
    let lower = |given: &Option<Identifier>, otherwise: String| {
        Some(Identifier::new(given.as_ref().map_or(otherwise, |name| name.as_str().to_lowercase())))
    };
    if let Some(key) = &mut table.primary_key {
        key.name = lower(&key.name, format!("{name}_pk"));
    }
    for (at, key) in table.foreign_keys.iter_mut().enumerate() {
        let ForeignKey { name: given, .. } = key;
        *given = lower(given, format!("{name}_fk{at}"));
    }
    table
}

/// The table as `DESCRIBE … AS JSON` has it.
fn document(table: &ObservedTable) -> Value {
    let column = |column: &Column| {
        let mut json = json!({ "name": column.name().as_str(), "type": data_type(column.data_type()),
            "nullable": column.field.nullable });
        if let Some(comment) = &column.field.comment {
            json["comment"] = json!(comment.to_string());
        }
        if let Some(default) = &column.default {
            json["default"] = json!(default.text());
        }
        json
    };
    let mut properties: Map<String, Value> =
        table.properties.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    properties.extend(table.features.iter().map(|feature| (format!("delta.feature.{feature}"), json!("supported"))));
    let checks = table.checks.iter();
    properties.extend(checks.map(|(name, check)| (format!("delta.constraints.{name}"), json!(check.text()))));
    let mut document = json!({
        "table_name": table.name.table.as_str(),
        "type": "MANAGED",
        "provider": "delta",
        "comment": table.comment.clone().unwrap_or_default(),
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
        "statistics": { "num_rows": 1, "data_skipping_columns": ["col-b76d3d9e"] },
    });
    if let Some(location) = &table.location {
        document["location"] = json!(location);
    }
    match &table.layout {
        Layout::Flat => document["clustering_columns"] = json!([]),
        Layout::Partitioned(columns) => {
            document["partition_columns"] = json!(columns.iter().map(Identifier::as_str).collect::<Vec<_>>());
        }
        Layout::Clustered(paths) => {
            document["clustering_columns"] = json!(paths.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
        Layout::ClusteredAuto => drop(properties.insert("clusterByAuto".to_owned(), json!("true"))),
    }
    document["table_properties"] = Value::Object(properties);
    document
}

/// Types of these tests: texts, whole numbers, decimals, structs.
fn data_type(of: &DataType) -> Value {
    if let Some(fields) = of.as_struct() {
        let field = |field: &delta_engine_schema::model::Field| json!({ "name": field.name.as_str(), "type": data_type(&field.data_type), "nullable": field.nullable });
        return json!({ "name": "struct", "fields": fields.iter().map(field).collect::<Vec<_>>() });
    }
    if let DataType::Decimal(decimal) = of {
        return json!({ "name": "decimal", "precision": decimal.precision(), "scale": decimal.scale() });
    }
    json!({ "name": of.to_string() })
}
