//! The two tables a plan stands between.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::metadata::MAX_COLUMN_ID;
use super::property::{MappingMode, is_true};
use super::{
    Aspect, Column, DataType, Expression, Feature, Field, ForeignKey, Identifier, InboundKey, Layout, Path, PrimaryKey,
    Scope, Step, TableName,
};

/// A table as declared; built by the checks of a draft only, and trusted afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredTable {
    /// Full name.
    pub name: TableName,
    /// Columns in declared order.
    pub columns: Vec<Column>,
    /// Former names by declared path, newest first.
    pub renames: BTreeMap<Path, Vec<Identifier>>,
    /// Comment; none is wanted where none is declared.
    pub comment: Option<String>,
    /// Layout.
    pub layout: Layout,
    /// Primary key.
    pub primary_key: Option<PrimaryKey>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Check constraints by name.
    pub checks: BTreeMap<Identifier, Expression>,
    /// Declared properties in canonical spelling; `None` must not be set. A key that is not here is not ours.
    pub properties: BTreeMap<String, Option<String>>,
    /// Features declared by `delta.feature.<name>`, beside those the content requires.
    pub features: BTreeSet<Feature>,
    /// Table tags.
    pub tags: BTreeMap<String, String>,
    /// Where the files of an external table are.
    pub location: Option<String>,
    /// How much of the table is ours.
    pub scope: Scope,
    /// The id of the table this declaration was taken from, where it is a snapshot: column ids then decide renames.
    pub origin: Option<String>,
}

/// A table as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedTable {
    /// Full name.
    pub name: TableName,
    /// Columns in the order of the log.
    pub columns: Vec<Column>,
    /// Comment.
    pub comment: Option<String>,
    /// Layout.
    pub layout: Layout,
    /// Primary key.
    pub primary_key: Option<PrimaryKey>,
    /// Foreign keys.
    pub foreign_keys: Vec<ForeignKey>,
    /// Foreign keys of other tables that reference this one.
    pub inbound_keys: Vec<InboundKey>,
    /// Check constraints by name.
    pub checks: BTreeMap<Identifier, Expression>,
    /// Properties without what is modelled elsewhere (`delta.constraints.*`, `delta.feature.*`).
    pub properties: BTreeMap<String, String>,
    /// Supported features, legacy versions expanded.
    pub features: BTreeSet<Feature>,
    /// Table tags.
    pub tags: BTreeMap<String, String>,
    /// Where the files are.
    pub location: Option<String>,
    /// The id in the log (`metaData.id`).
    pub table_id: String,
    /// The version that was read.
    pub version: u64,
    /// What kind of relation it is.
    pub kind: RelationKind,
    /// What the source could not see.
    pub unknown: Unknown,
}

/// What kind of relation was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    /// An ordinary Delta table.
    Table,
    /// A streaming table, owned by its pipeline.
    StreamingTable,
}

/// Aspects the source could not see: never diffed, never guessed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown(BTreeSet<(Aspect, Path)>);

impl Unknown {
    /// Marks an aspect as unseen at a path and everywhere below it; the empty path means the whole table.
    pub fn insert(&mut self, aspect: Aspect, path: Path) {
        self.0.insert((aspect, path));
    }

    /// Whether everything was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the aspect is unseen at this path.
    pub fn covers(&self, aspect: Aspect, path: &Path) -> bool {
        !self.0.is_empty() && self.0.iter().any(|(unseen, at)| *unseen == aspect && path.starts_with(at))
    }

    /// Follows a rename: what is unseen of a column stays unseen under its new name.
    pub(crate) fn follow_rename(&mut self, from: &Path, to: &Path) {
        if self.0.iter().any(|(_, at)| at.starts_with(from)) {
            let entries = std::mem::take(&mut self.0).into_iter();
            self.0 = entries.map(|(aspect, at)| (aspect, at.renamed(from, to).unwrap_or(at))).collect();
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (Aspect, &Path)> {
        self.0.iter().map(|(aspect, path)| (*aspect, path))
    }
}

impl DesiredTable {
    /// The type at a path.
    pub fn type_at(&self, path: &Path) -> Option<&DataType> {
        find_type(&self.columns, path)
    }

    /// The declared value of a property; `None` also where it must not be set.
    pub fn property(&self, key: &str) -> Option<&str> {
        self.properties.get(key)?.as_deref()
    }

    /// The top-level column of this name.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| column.name() == name)
    }
}

impl ObservedTable {
    /// The type at a path.
    pub fn type_at(&self, path: &Path) -> Option<&DataType> {
        find_type(&self.columns, path)
    }

    /// The top-level column of this name.
    pub fn column(&self, name: &Identifier) -> Option<&Column> {
        self.columns.iter().find(|column| column.name() == name)
    }

    /// The value of a property by its canonical key, whatever case the log has.
    pub fn property(&self, key: &str) -> Option<&str> {
        if let Some(value) = self.properties.get(key) {
            return Some(value);
        }
        super::known_property(key)?;
        self.properties.iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(key)).map(|(_, value)| value.as_str())
    }

    /// How columns are found in the files.
    pub fn mapping_mode(&self) -> MappingMode {
        self.property("delta.columnMapping.mode").and_then(MappingMode::parse).unwrap_or(MappingMode::None)
    }

    /// The highest id that column mapping has given a field: what `delta.columnMapping.maxColumnId` says, and at least the
    /// highest id in the schema. `u32::MAX` stands for all that is above it.
    pub fn last_column_id(&self) -> u32 {
        let said = self.property(MAX_COLUMN_ID).and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
        let mut last = u32::try_from(said).unwrap_or(u32::MAX);
        let mut meet = |field: &Field| last = last.max(field.metadata.column_id().unwrap_or(0));
        for column in &self.columns {
            meet(&column.field);
            column.field.data_type.walk(&mut |below| below.as_struct().into_iter().flatten().for_each(&mut meet));
        }
        last
    }

    /// Whether a boolean property is on.
    pub fn is_on(&self, key: &str) -> bool {
        self.property(key).is_some_and(is_true)
    }
}

impl ObservedTable {
    /// A column or field beside which there is another one of its name; upper and lower case make no other name. Some writers
    /// take care of case where Delta does not, and no path tells the two apart.
    pub fn ambiguous_field(&self) -> Option<Path> {
        let top = self.columns.iter().map(|column| (column.name(), column.data_type()));
        ambiguous(&Path::table(), top)
    }
}

fn ambiguous<'f>(parent: &Path, fields: impl Iterator<Item = (&'f Identifier, &'f DataType)>) -> Option<Path> {
    let mut seen = BTreeSet::new();
    for (name, data_type) in fields {
        let path = parent.field(name);
        if !seen.insert(name) {
            return Some(path);
        }
        if let Some(below) = ambiguous_below(&path, data_type) {
            return Some(below);
        }
    }
    None
}

fn ambiguous_below(path: &Path, data_type: &DataType) -> Option<Path> {
    let child = |step: Step| ambiguous_below(&path.join(step.clone()), data_type.child(&step)?);
    if let DataType::Struct(fields) = data_type {
        return ambiguous(path, fields.iter().map(|field| (&field.name, &field.data_type)));
    }
    [Step::Element, Step::Key, Step::Value].into_iter().find_map(child)
}

/// The type at a path below these columns.
pub fn find_type<'c>(columns: &'c [Column], path: &Path) -> Option<&'c DataType> {
    let (first, rest) = path.steps().split_first()?;
    let name = first.as_field()?;
    let column = columns.iter().find(|column| column.name() == name)?;
    rest.iter().try_fold(column.data_type(), |data_type, step| data_type.child(step))
}

/// The physical name of a new column: a pure function of the table and the new column's id, so that a retried commit
/// gives the same name and two columns never share one.
pub fn physical_column_name(table_id: &str, column_id: u32) -> String {
    let table = Uuid::new_v5(&Uuid::NAMESPACE_OID, table_id.as_bytes());
    format!("col-{}", Uuid::new_v5(&table, &column_id.to_be_bytes()))
}
