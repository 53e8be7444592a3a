//! What an action is in SQL: the one exhaustive match that spells actions, whatever the dialect.
//!
//! A clause is the part of a statement that neighbours of its kind can share a statement with; `fuse` puts them together.

use std::collections::BTreeMap;

use delta_engine_schema::model::{
    Column, Expression, Feature, ForeignKey, Identifier, Layout, Path, PrimaryKey, canonical_value,
};
use delta_engine_schema::{Action, Position};

use crate::create::{create_table, feature_key};
use crate::quote::{expression, identifier, list, literal, path as quoted, table as quoted_table};
use crate::{column, data_type};

/// A part of a statement about one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Clause {
    /// One of SET TBLPROPERTIES.
    SetProperty {
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// One of UNSET TBLPROPERTIES.
    UnsetProperty {
        /// Its key.
        key: String,
    },
    /// One of SET TAGS, of the table or a column.
    SetTag {
        /// The column, or the table.
        of: Path,
        /// Its key.
        key: String,
        /// Its value.
        value: String,
    },
    /// One of UNSET TAGS, of the table or a column.
    UnsetTag {
        /// The column, or the table.
        of: Path,
        /// Its key.
        key: String,
    },
    /// One of ADD COLUMNS.
    AddColumn {
        /// Where it will be.
        path: Path,
        /// Type, clauses and place.
        definition: String,
    },
    /// One of ALTER COLUMN.
    AlterColumn {
        /// Which column.
        path: Path,
        /// What becomes of it.
        change: String,
        /// With which others it may share a statement.
        kind: Alteration,
    },
    /// One of DROP COLUMNS.
    DropColumn {
        /// Which.
        path: Path,
    },
    /// All of what follows ALTER TABLE and the name.
    Alter(String),
    /// A whole statement.
    Whole(String),
    /// Nothing that SQL could say.
    Nothing,
}

/// Which changes of columns go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alteration {
    /// Metadata alone.
    Plain,
    /// Reads the data, and so may fail where the others do not.
    Scan,
    /// Its place among siblings that are changing places too.
    Move,
}

/// The clause of an action on a table of this quoted name.
pub(crate) fn clause(table: &str, action: &Action) -> Clause {
    let of_table = Path::table();
    match action {
        Action::CreateTable { table: desired } => Clause::Whole(create_table(table, desired)),
        Action::EnableFeature { feature: Feature::Clustering } => Clause::Nothing,
        Action::EnableFeature { feature } => {
            Clause::SetProperty { key: feature_key(feature), value: "supported".to_owned() }
        }
        Action::SetProperty { key, change } => match change.to() {
            Some(value) => Clause::SetProperty { key: key.clone(), value: canonical_value(key, value).to_owned() },
            None => Clause::UnsetProperty { key: key.clone() },
        },
        Action::UnsetProperty { key, .. } => Clause::UnsetProperty { key: key.clone() },
        Action::SetTableTag { key, change } => tag(&of_table, key, change.to().as_deref()),
        Action::UnsetTableTag { key, .. } => tag(&of_table, key, None),
        Action::DropForeignKey { key } => Clause::Alter(drop_foreign_key(key)),
        Action::DropPrimaryKey { .. } => Clause::Alter("DROP PRIMARY KEY".to_owned()),
        Action::DropCheck { name, .. } => Clause::Alter(format!("DROP CONSTRAINT {}", identifier(name))),
        Action::RenameColumn { path, to } => {
            Clause::Alter(format!("RENAME COLUMN {} TO {}", quoted(path), identifier(to)))
        }
        Action::MoveColumn { path, to } => match place(to) {
            Some(change) => alter(path, change, Alteration::Move),
            None => Clause::Nothing,
        },
        Action::AddColumn { parent, column, position } => {
            Clause::AddColumn { path: parent.field(column.name()), definition: added(column, position) }
        }
        Action::AlterColumnType { path, change } => {
            alter(path, format!("TYPE {}", data_type::data_type(change.to())), Alteration::Plain)
        }
        Action::SetClustering { change } => layout(change.to()),
        Action::UnsetColumnTag { path, key, .. } => tag(path, key, None),
        Action::DropColumn { path, .. } => Clause::DropColumn { path: path.clone() },
        Action::DropColumnNotNull { path } => alter(path, "DROP NOT NULL".to_owned(), Alteration::Plain),
        Action::SetColumnNotNull { path } => alter(path, "SET NOT NULL".to_owned(), Alteration::Scan),
        Action::SetColumnDefault { path, change } => alter(path, default(change.to().as_ref()), Alteration::Plain),
        Action::DropColumnDefault { path, .. } => alter(path, default(None), Alteration::Plain),
        // There is no UNSET COMMENT; an empty comment and none are the same.
        Action::SetColumnComment { path, change } => {
            let text = literal(change.to().as_deref().unwrap_or_default());
            alter(path, format!("COMMENT {text}"), Alteration::Plain)
        }
        Action::SetTableComment { change } => {
            let text = change.to().as_deref().map_or_else(|| "NULL".to_owned(), literal);
            Clause::Whole(format!("COMMENT ON TABLE {table} IS {text}"))
        }
        Action::SetColumnTag { path, key, change } => tag(path, key, change.to().as_deref()),
        Action::AddCheck { name, expression: condition } => {
            Clause::Alter(format!("ADD CONSTRAINT {} CHECK ({})", identifier(name), expression(condition)))
        }
        Action::AddPrimaryKey { key } => Clause::Alter(add_primary_key(key)),
        Action::AddForeignKey { key } => Clause::Alter(add_foreign_key(key)),
    }
}

/// Keys and values, one a line.
pub(crate) fn properties(set: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = set.iter().map(|(key, value)| format!("  {}", pair(key, value))).collect();
    format!("(\n{}\n)", lines.join(",\n"))
}

/// A key and its value.
pub(crate) fn pair(key: &str, value: &str) -> String {
    format!("{} = {}", literal(key), literal(value))
}

/// Clustering by these paths; by none where there are none.
pub(crate) fn clustering(paths: &[Path]) -> String {
    if paths.is_empty() {
        return "CLUSTER BY NONE".to_owned();
    }
    format!("CLUSTER BY ({})", paths.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

fn alter(path: &Path, change: String, kind: Alteration) -> Clause {
    Clause::AlterColumn { path: path.clone(), change, kind }
}

fn tag(of: &Path, key: &str, value: Option<&str>) -> Clause {
    let (of, key) = (of.clone(), key.to_owned());
    match value {
        Some(value) => Clause::SetTag { of, key, value: value.to_owned() },
        None => Clause::UnsetTag { of, key },
    }
}

fn layout(to: &Layout) -> Clause {
    match to {
        Layout::Flat => Clause::Alter("CLUSTER BY NONE".to_owned()),
        Layout::Clustered(paths) => Clause::Alter(clustering(paths)),
        Layout::ClusteredAuto => Clause::Alter("CLUSTER BY AUTO".to_owned()),
        Layout::Partitioned(_) => Clause::Nothing,
    }
}

fn default(value: Option<&Expression>) -> String {
    value.map_or_else(|| "DROP DEFAULT".to_owned(), |value| format!("SET DEFAULT {}", expression(value)))
}

/// `None` for the end, which SQL has no word for.
fn place(position: &Position) -> Option<String> {
    match position {
        Position::First => Some("FIRST".to_owned()),
        Position::After(sibling) => Some(format!("AFTER {}", identifier(sibling))),
        Position::Last => None,
    }
}

/// A new column without a place goes to the end.
fn added(column: &Column, position: &Position) -> String {
    [column::definition(column)].into_iter().chain(place(position)).collect::<Vec<_>>().join(" ")
}

fn add_primary_key(key: &PrimaryKey) -> String {
    format!("ADD {}PRIMARY KEY {}{}", constraint(key.name.as_ref()), list(&key.columns), rely(key.rely))
}

fn add_foreign_key(key: &ForeignKey) -> String {
    let (columns, there) = (list(&key.columns), list(&key.referenced_columns));
    let references = quoted_table(&key.references);
    let name = constraint(key.name.as_ref());
    format!("ADD {name}FOREIGN KEY {columns} REFERENCES {references} {there}{}", rely(key.rely))
}

/// A name is written as it was observed: DROP CONSTRAINT finds it by its exact spelling only (Databricks).
fn drop_foreign_key(key: &ForeignKey) -> String {
    match &key.name {
        Some(name) => format!("DROP CONSTRAINT {}", identifier(name)),
        None => format!("DROP FOREIGN KEY {}", list(&key.columns)),
    }
}

fn constraint(name: Option<&Identifier>) -> String {
    name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", identifier(name)))
}

fn rely(rely: bool) -> &'static str {
    if rely { " RELY" } else { "" }
}
