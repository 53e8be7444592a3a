//! What every way of declaring fills in: texts as written, not yet judged.
//!
//! YAML, SQL and the Rust builder end here. `TableDraft::check` is the one place that judges a declaration by itself, and
//! returns every fault at once. What could not be read is marked (`Unread`) and has no faults that follow from it.

mod check;
mod fault;
mod unread;

use crate::model::{DataType, Identity, Metadata, Scope, TableName};

pub use fault::{FAULTS, Fault, FaultKind};
pub use unread::{Part, Unread};

/// A table as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableDraft {
    /// `[catalog.][schema.]table` as written.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<ColumnDraft>,
    /// Comment.
    pub comment: Option<String>,
    /// Partition columns, where the table is partitioned.
    pub partitioned_by: Option<Vec<String>>,
    /// Clustering columns, where the table is clustered.
    pub clustered_by: Option<ClusteringDraft>,
    /// Primary key.
    pub primary_key: Option<PrimaryKeyDraft>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKeyDraft>,
    /// Check constraints: name and condition.
    pub checks: Vec<(String, String)>,
    /// Properties: key and value; no value means the property must not be set.
    pub properties: Vec<(String, Option<String>)>,
    /// Table tags.
    pub tags: Vec<(String, String)>,
    /// Where the files of an external table are.
    pub location: Option<String>,
    /// How much of the table is ours.
    pub scope: Scope,
    /// Id of the table this was taken from, where it is a snapshot.
    pub origin: Option<String>,
    /// Check constraints whose condition could not be read, by name.
    pub unread_checks: Vec<String>,
    /// Properties whose value could not be read, by key.
    pub unread_properties: Vec<String>,
    /// What else could not be read.
    pub unread: Unread,
}

/// A column as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnDraft {
    /// Name.
    pub name: String,
    /// Type.
    pub data_type: TypeDraft,
    /// Whether it may be null.
    pub nullable: bool,
    /// Comment.
    pub comment: Option<String>,
    /// Default, as SQL.
    pub default: Option<String>,
    /// Generation expression, as SQL.
    pub generated: Option<String>,
    /// Numbering.
    pub identity: Option<Identity>,
    /// Tags.
    pub tags: Vec<(String, String)>,
    /// Former names, newest first.
    pub renamed_from: Vec<String>,
    /// What is said of nested fields, by path below the column.
    pub fields: Vec<FieldDraft>,
    /// Raw field metadata, where the declaration is a snapshot.
    pub metadata: Metadata,
    /// What could not be read.
    pub unread: Unread,
}

/// What a declaration says of a nested field beside its type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FieldDraft {
    /// Path below the column, as written: `street`, `lines.element.sku`.
    pub path: String,
    /// Comment.
    pub comment: Option<String>,
    /// Former names, newest first.
    pub renamed_from: Vec<String>,
    /// Raw field metadata, where the declaration is a snapshot.
    pub metadata: Metadata,
}

/// A type as text or as a value.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeDraft {
    /// Type text.
    Text(String),
    /// A type that is one already.
    Type(DataType),
}

/// Clustering as somebody wrote it.
#[derive(Debug, Clone, PartialEq)]
pub enum ClusteringDraft {
    /// By these columns or nested fields.
    By(Vec<String>),
    /// By columns the platform chooses.
    Auto,
}

/// A primary key as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PrimaryKeyDraft {
    /// Name.
    pub name: Option<String>,
    /// Member columns.
    pub columns: Vec<String>,
    /// Whether the optimizer may rely on it.
    pub rely: bool,
    /// What could not be read.
    pub unread: Unread,
}

/// A foreign key as somebody wrote it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForeignKeyDraft {
    /// Name.
    pub name: Option<String>,
    /// Columns of this table.
    pub columns: Vec<String>,
    /// The referenced table.
    pub references: String,
    /// Columns there; the same names as here where empty.
    pub referenced_columns: Vec<String>,
    /// Whether the optimizer may rely on it.
    pub rely: bool,
    /// What could not be read.
    pub unread: Unread,
}

impl TableDraft {
    /// An empty draft of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The table's name, where it was read and is one.
    pub fn table_name(&self) -> Option<TableName> {
        if self.unread.contains(Part::Name) { None } else { self.name.parse().ok() }
    }

    /// Whether all of it was read.
    pub fn is_whole(&self) -> bool {
        self.unread.is_empty()
            && self.unread_checks.is_empty()
            && self.unread_properties.is_empty()
            && self.columns.iter().all(|column| column.unread.is_empty())
            && self.primary_key.iter().all(|key| key.unread.is_empty())
            && self.foreign_keys.iter().all(|key| key.unread.is_empty())
    }
}

impl ColumnDraft {
    /// A nullable column of this type.
    pub fn new(name: impl Into<String>, data_type: TypeDraft) -> Self {
        Self {
            name: name.into(),
            data_type,
            nullable: true,
            comment: None,
            default: None,
            generated: None,
            identity: None,
            tags: Vec::new(),
            renamed_from: Vec::new(),
            fields: Vec::new(),
            metadata: Metadata::default(),
            unread: Unread::default(),
        }
    }
}
