//! Declaring tables in Rust. Nothing fails before `Registry::build`; faults point at the Rust line.

use std::fmt::Display;
use std::ops::Range;
use std::panic::Location as Caller;
use std::sync::Arc;

use delta_engine_schema::draft::{
    ClusteringDraft, ColumnDraft, Fault, FieldDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
};
use delta_engine_schema::model::{Aspect, DataType, Identifier, Identity, Scope, Subject};

use crate::source::{Declaration, Location, Sources};

/// A table declared in Rust.
///
/// ```
/// use delta_engine_application::{Column, Registry, Table};
///
/// let customers = Table::new("silver.customers")
///     .comment("One row per customer")
///     .column(Column::new("id", "bigint").not_null())
///     .column(Column::new("full_name", "string").renamed_from("name"))
///     .clustered_by(["id"])
///     .property("delta.enableChangeDataFeed", true);
/// let registry = Registry::new().table(customers).build().unwrap();
/// assert_eq!(registry.len(), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    draft: TableDraft,
    declared_at: &'static Caller<'static>,
    columns_at: Vec<(Identifier, &'static Caller<'static>)>,
}

/// A column declared in Rust.
///
/// ```
/// use delta_engine_application::{Column, Registry, Table};
///
/// let orders = Table::new("silver.orders")
///     .column(Column::new("order_id", "bigint").not_null().comment("Never used again").tag("pii", "no"))
///     .column(Column::new("status", "string").default_value("'new'"))
///     .column(Column::new("ordered_at", "timestamp"))
///     .column(Column::new("ordered_on", "date").generated("CAST(ordered_at AS DATE)"))
///     .column(Column::new("address", "struct<street: string, postcode: string>")
///         .field_comment("street", "First line")
///         .field_renamed_from("postcode", "zip"));
/// assert_eq!(Registry::new().table(orders).build().unwrap().tables()[0].desired.columns.len(), 5);
/// ```
#[derive(Debug, Clone)]
pub struct Column {
    draft: ColumnDraft,
    declared_at: &'static Caller<'static>,
}

/// A type as text or as a value: `"struct<a: int>"` or `BIGINT`.
///
/// ```
/// use delta_engine_application::{Column, Registry, Table};
/// use delta_engine_schema::model::DataType;
///
/// let table = Table::new("t")
///     .column(Column::new("id", DataType::Long))
///     .column(Column::new("price", "decimal(12,2)"))
///     .column(Column::new("wrong", "decimal(99)"));
/// // A type that cannot be read is a fault like any other: nothing fails before `build`.
/// let faults = Registry::new().table(table).build().unwrap_err();
/// assert_eq!((faults.0.len(), faults.0[0].code), (1, "DE105"));
/// ```
#[derive(Debug, Clone)]
pub struct ColumnType(TypeDraft);

impl From<&str> for ColumnType {
    fn from(text: &str) -> Self {
        Self(TypeDraft::Text(text.to_owned()))
    }
}

impl From<String> for ColumnType {
    fn from(text: String) -> Self {
        Self(TypeDraft::Text(text))
    }
}

impl From<DataType> for ColumnType {
    fn from(data_type: DataType) -> Self {
        Self(TypeDraft::Type(data_type))
    }
}

/// A primary key declared in Rust.
///
/// ```
/// use delta_engine_application::{Column, PrimaryKey, Registry, Table};
///
/// let id = || Column::new("id", "bigint").not_null();
/// let short = Table::new("a").column(id()).primary_key(["id"]);
/// let long = Table::new("b").column(id()).primary_key(PrimaryKey::from(["id"]).named("pk_b").rely());
/// assert_eq!(Registry::new().table(short).table(long).build().unwrap().len(), 2);
/// ```
#[derive(Debug, Clone)]
pub struct PrimaryKey(PrimaryKeyDraft);

impl<S: Into<String>, const N: usize> From<[S; N]> for PrimaryKey {
    fn from(columns: [S; N]) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self(PrimaryKeyDraft { columns, ..PrimaryKeyDraft::default() })
    }
}

impl PrimaryKey {
    /// Names the key.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.0.name = Some(name.into());
        self
    }

    /// Lets the optimizer rely on the key.
    pub fn rely(mut self) -> Self {
        self.0.rely = true;
        self
    }
}

impl Table {
    /// A table of this name: `[catalog.][schema.]table`.
    #[track_caller]
    pub fn new(name: impl Into<String>) -> Self {
        Self { draft: TableDraft::new(name), declared_at: Caller::caller(), columns_at: Vec::new() }
    }

    /// Sets the comment.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.draft.comment = Some(comment.into());
        self
    }

    /// Adds a column behind those that are there.
    pub fn column(mut self, column: Column) -> Self {
        self.columns_at.push((Identifier::new(column.draft.name.as_str()), column.declared_at));
        self.draft.columns.push(column.draft);
        self
    }

    /// Partitions the table by these columns.
    pub fn partitioned_by<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.draft.partitioned_by = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Clusters the table by these columns or nested fields.
    pub fn clustered_by<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.draft.clustered_by = Some(ClusteringDraft::By(columns.into_iter().map(Into::into).collect()));
        self
    }

    /// Lets the platform choose the clustering columns.
    pub fn clustered_automatically(mut self) -> Self {
        self.draft.clustered_by = Some(ClusteringDraft::Auto);
        self
    }

    /// Sets the primary key.
    pub fn primary_key(mut self, key: impl Into<PrimaryKey>) -> Self {
        self.draft.primary_key = Some(key.into().0);
        self
    }

    /// Adds a foreign key from columns here to columns of another table.
    pub fn foreign_key<S: Into<String>, T: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = S>,
        references: impl Into<String>,
        referenced_columns: impl IntoIterator<Item = T>,
    ) -> Self {
        self.draft.foreign_keys.push(ForeignKeyDraft {
            columns: columns.into_iter().map(Into::into).collect(),
            references: references.into(),
            referenced_columns: referenced_columns.into_iter().map(Into::into).collect(),
            ..ForeignKeyDraft::default()
        });
        self
    }

    /// Adds a check constraint.
    pub fn check(mut self, name: impl Into<String>, condition: impl Into<String>) -> Self {
        self.draft.checks.push((name.into(), condition.into()));
        self
    }

    /// Sets a property: a text, a number or a boolean.
    pub fn property(mut self, key: impl Into<String>, value: impl Display) -> Self {
        self.draft.properties.push((key.into(), Some(value.to_string())));
        self
    }

    /// Says that a property must not be set.
    pub fn without_property(mut self, key: impl Into<String>) -> Self {
        self.draft.properties.push((key.into(), None));
        self
    }

    /// Sets a tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.draft.tags.push((key.into(), value.into()));
        self
    }

    /// Says where the files of an external table are.
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.draft.location = Some(location.into());
        self
    }

    /// Says how much of the table is declared here.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.draft.scope = scope;
        self
    }
}

impl Column {
    /// A nullable column.
    #[track_caller]
    pub fn new(name: impl Into<String>, data_type: impl Into<ColumnType>) -> Self {
        Self { draft: ColumnDraft::new(name, data_type.into().0), declared_at: Caller::caller() }
    }

    /// Forbids null.
    pub fn not_null(mut self) -> Self {
        self.draft.nullable = false;
        self
    }

    /// Sets the comment.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.draft.comment = Some(comment.into());
        self
    }

    /// Sets the default of later rows, as SQL.
    pub fn default_value(mut self, expression: impl Into<String>) -> Self {
        self.draft.default = Some(expression.into());
        self
    }

    /// Computes the column from others, as SQL.
    pub fn generated(mut self, expression: impl Into<String>) -> Self {
        self.draft.generated = Some(expression.into());
        self
    }

    /// Numbers the rows.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.draft.identity = Some(identity);
        self
    }

    /// Names a former name; call again for older ones.
    pub fn renamed_from(mut self, name: impl Into<String>) -> Self {
        self.draft.renamed_from.push(name.into());
        self
    }

    /// Sets a tag.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.draft.tags.push((key.into(), value.into()));
        self
    }

    /// Sets the comment of a nested field, by its path below the column.
    pub fn field_comment(mut self, path: impl Into<String>, comment: impl Into<String>) -> Self {
        let comment = Some(comment.into());
        self.draft.fields.push(FieldDraft { path: path.into(), comment, ..FieldDraft::default() });
        self
    }

    /// Names a former name of a nested field, by its path below the column.
    pub fn field_renamed_from(mut self, path: impl Into<String>, name: impl Into<String>) -> Self {
        let renamed_from = vec![name.into()];
        self.draft.fields.push(FieldDraft { path: path.into(), renamed_from, ..FieldDraft::default() });
        self
    }
}

impl From<Table> for Declaration {
    fn from(table: Table) -> Self {
        let sources = RustSources { table: table.declared_at, columns: table.columns_at };
        Self { draft: table.draft, sources: Arc::new(sources) }
    }
}

#[derive(Debug)]
struct RustSources {
    table: &'static Caller<'static>,
    columns: Vec<(Identifier, &'static Caller<'static>)>,
}

impl Sources for RustSources {
    fn locate(&self, subject: &Subject, _within: Option<Range<usize>>) -> Option<Location> {
        // The last of two columns of one name is the one that is one too many.
        let column = self.columns.iter().rev().find(|(name, _)| Some(name) == subject.path.root());
        Some(line(column.map_or(self.table, |(_, caller)| caller)))
    }

    fn locate_faults(&self, faults: &[Fault]) -> Vec<Option<Location>> {
        let of_table =
            |fault: &Fault| fault.subject.path.is_table() || fault.subject.aspect == Some(Aspect::ForeignKey);
        let place = |fault: &Fault| match fault.index.and_then(|index| self.columns.get(index)) {
            _ if of_table(fault) => Some(line(self.table)),
            Some((_, caller)) => Some(line(caller)),
            None => self.locate(&fault.subject, None),
        };
        faults.iter().map(place).collect()
    }
}

fn line(caller: &Caller<'_>) -> Location {
    Location {
        file: caller.file().to_owned(),
        line: caller.line() as usize,
        column: caller.column() as usize,
        length: 1,
        excerpt: None,
    }
}
