//! The steps a plan is made of: one variant per smallest semantic change, nested fields included.

use std::fmt;

use crate::change::Change;
use crate::model::{
    Aspect, Column, DataType, DesiredTable, Expression, Feature, ForeignKey, Identifier, Layout, Path, PrimaryKey,
    STATISTICS_COLUMNS, Subject, TableName,
};

/// One change of one table.
///
/// Paths are the names that are true when the action runs: observed names up to `Phase::RenameColumn`, declared names
/// after it.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Create the table as declared.
    CreateTable {
        /// The declaration.
        table: Box<DesiredTable>,
    },
    /// Add a feature to the table's protocol; it can't be taken back.
    EnableFeature {
        /// The feature.
        feature: Feature,
    },
    /// Set a property.
    SetProperty {
        /// Canonical key.
        key: String,
        /// Old value, none where unset, and new value.
        change: Change<Option<String>>,
    },
    /// Unset a property.
    UnsetProperty {
        /// Canonical key.
        key: String,
        /// The value it has.
        from: String,
    },
    /// Set a table tag.
    SetTableTag {
        /// Tag key.
        key: String,
        /// Old value, none where unset, and new value.
        change: Change<Option<String>>,
    },
    /// Remove a table tag.
    UnsetTableTag {
        /// Tag key.
        key: String,
        /// The value it has.
        from: String,
    },
    /// Drop a foreign key.
    DropForeignKey {
        /// The key.
        key: ForeignKey,
    },
    /// Drop the primary key.
    DropPrimaryKey {
        /// The key.
        key: PrimaryKey,
    },
    /// Drop a check constraint.
    DropCheck {
        /// Its name.
        name: Identifier,
        /// Its condition.
        expression: Expression,
    },
    /// Rename a column or nested field; its data stays.
    RenameColumn {
        /// Where it is.
        path: Path,
        /// Its new name.
        to: Identifier,
    },
    /// Move a column or field among its siblings.
    MoveColumn {
        /// Which.
        path: Path,
        /// Where to.
        to: Position,
    },
    /// Add a nullable column or nested field; default, tags follow as actions of their own.
    AddColumn {
        /// The struct it goes into; the table for a top-level column.
        parent: Path,
        /// Name, type, nullability, comment.
        column: Box<Column>,
        /// Its place.
        position: Position,
    },
    /// Change the type of a leaf.
    AlterColumnType {
        /// Which.
        path: Path,
        /// Old and new type.
        change: Change<DataType>,
    },
    /// Set, change or remove clustering.
    SetClustering {
        /// Old and new layout, neither of them partitioned.
        change: Change<Layout>,
    },
    /// Remove a column's tag.
    UnsetColumnTag {
        /// Which column.
        path: Path,
        /// Tag key.
        key: String,
        /// The value it has.
        from: String,
    },
    /// Drop a column or nested field, and with it its data.
    DropColumn {
        /// Which.
        path: Path,
        /// Its type.
        data_type: DataType,
    },
    /// Allow null.
    DropColumnNotNull {
        /// Which column, field, element or value.
        path: Path,
    },
    /// Forbid null; existing rows must hold none.
    SetColumnNotNull {
        /// Which column, field, element or value.
        path: Path,
    },
    /// Set a column's default for later rows.
    SetColumnDefault {
        /// Which column.
        path: Path,
        /// Old default, none where unset, and new default.
        change: Change<Option<Expression>>,
    },
    /// Remove a column's default.
    DropColumnDefault {
        /// Which column.
        path: Path,
        /// The default it has.
        from: Expression,
    },
    /// Set or remove a column's or field's comment.
    SetColumnComment {
        /// Which.
        path: Path,
        /// Old and new comment.
        change: Change<Option<String>>,
    },
    /// Set or remove the table's comment.
    SetTableComment {
        /// Old and new comment.
        change: Change<Option<String>>,
    },
    /// Set a column's tag.
    SetColumnTag {
        /// Which column.
        path: Path,
        /// Tag key.
        key: String,
        /// Old value, none where unset, and new value.
        change: Change<Option<String>>,
    },
    /// Add a check constraint; existing rows must satisfy it.
    AddCheck {
        /// Its name.
        name: Identifier,
        /// Its condition.
        expression: Expression,
    },
    /// Add a primary key.
    AddPrimaryKey {
        /// The key.
        key: PrimaryKey,
    },
    /// Add a foreign key.
    AddForeignKey {
        /// The key.
        key: ForeignKey,
    },
}

/// Where a column goes among its siblings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// Before all others.
    First,
    /// Right after this sibling.
    After(Identifier),
    /// Behind all others.
    Last,
}

/// The order of execution within a table. Each variant says why it stands where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Nothing else can run on a table that is not there.
    CreateTable,
    /// Features come before what needs them: Delta refuses a type, default or constraint whose feature is missing.
    EnableFeature,
    /// Properties switch on what later steps need (column mapping for drop and rename, type widening for types).
    SetProperty,
    /// Before columns change, so that a property that names a feature's use goes while the use is gone or going.
    UnsetProperty,
    /// Tags bind nothing; before columns only to keep table-level steps together.
    TableTag,
    /// Keys hold their columns, and a referenced key cannot go before the keys that reference it.
    DropForeignKey,
    /// Before columns are renamed or dropped: Databricks silently drops keys of renamed columns.
    DropPrimaryKey,
    /// A check freezes the columns it mentions for rename, drop and type (`DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE`).
    DropCheck,
    /// From here on declared names are true, so every later step can use them.
    RenameColumn,
    /// Kept columns reach their declared order before others are added between them.
    MoveColumn,
    /// Before clustering, defaults and checks that use the new column.
    AddColumn,
    /// Before defaults and checks, which are read against the declared type.
    AlterColumnType,
    /// After adds and renames, before drops: a clustering column cannot be dropped.
    SetClustering,
    /// Governed tags block the drop of their column.
    UnsetColumnTag,
    /// After clustering has let go of the column.
    DropColumn,
    /// `delta.dataSkippingStatsColumns` names declared columns, and renames and drops rewrite it on their way
    /// (`StatisticsCollection.validateDeltaStatsColumns`, `renameDeltaStatsColumn`, `dropDeltaStatsColumns`).
    SetStatisticsColumns,
    /// Loosening first: a nested NOT NULL binds its parents.
    DropColumnNotNull,
    /// Before primary keys, whose columns must be NOT NULL.
    SetColumnNotNull,
    /// Needs the column and the feature.
    ColumnDefault,
    /// Needs the column.
    ColumnComment,
    /// Needs nothing.
    TableComment,
    /// Needs the column.
    SetColumnTag,
    /// Checks see the declared columns and types.
    AddCheck,
    /// After NOT NULL.
    AddPrimaryKey,
    /// After the key it references.
    AddForeignKey,
}

impl Action {
    /// The phase the action runs in.
    pub fn phase(&self) -> Phase {
        match self {
            Self::CreateTable { .. } => Phase::CreateTable,
            Self::EnableFeature { .. } => Phase::EnableFeature,
            Self::SetProperty { key, .. } if key == STATISTICS_COLUMNS => Phase::SetStatisticsColumns,
            Self::SetProperty { .. } => Phase::SetProperty,
            Self::UnsetProperty { .. } => Phase::UnsetProperty,
            Self::SetTableTag { .. } | Self::UnsetTableTag { .. } => Phase::TableTag,
            Self::DropForeignKey { .. } => Phase::DropForeignKey,
            Self::DropPrimaryKey { .. } => Phase::DropPrimaryKey,
            Self::DropCheck { .. } => Phase::DropCheck,
            Self::RenameColumn { .. } => Phase::RenameColumn,
            Self::MoveColumn { .. } => Phase::MoveColumn,
            Self::AddColumn { .. } => Phase::AddColumn,
            Self::AlterColumnType { .. } => Phase::AlterColumnType,
            Self::SetClustering { .. } => Phase::SetClustering,
            Self::UnsetColumnTag { .. } => Phase::UnsetColumnTag,
            Self::DropColumn { .. } => Phase::DropColumn,
            Self::DropColumnNotNull { .. } => Phase::DropColumnNotNull,
            Self::SetColumnNotNull { .. } => Phase::SetColumnNotNull,
            Self::SetColumnDefault { .. } | Self::DropColumnDefault { .. } => Phase::ColumnDefault,
            Self::SetColumnComment { .. } => Phase::ColumnComment,
            Self::SetTableComment { .. } => Phase::TableComment,
            Self::SetColumnTag { .. } => Phase::SetColumnTag,
            Self::AddCheck { .. } => Phase::AddCheck,
            Self::AddPrimaryKey { .. } => Phase::AddPrimaryKey,
            Self::AddForeignKey { .. } => Phase::AddForeignKey,
        }
    }

    /// The wire name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateTable { .. } => "create_table",
            Self::EnableFeature { .. } => "enable_feature",
            Self::SetProperty { .. } => "set_property",
            Self::UnsetProperty { .. } => "unset_property",
            Self::SetTableTag { .. } => "set_table_tag",
            Self::UnsetTableTag { .. } => "unset_table_tag",
            Self::DropForeignKey { .. } => "drop_foreign_key",
            Self::DropPrimaryKey { .. } => "drop_primary_key",
            Self::DropCheck { .. } => "drop_check",
            Self::RenameColumn { .. } => "rename_column",
            Self::MoveColumn { .. } => "move_column",
            Self::AddColumn { .. } => "add_column",
            Self::AlterColumnType { .. } => "alter_column_type",
            Self::SetClustering { .. } => "set_clustering",
            Self::UnsetColumnTag { .. } => "unset_column_tag",
            Self::DropColumn { .. } => "drop_column",
            Self::DropColumnNotNull { .. } => "drop_column_not_null",
            Self::SetColumnNotNull { .. } => "set_column_not_null",
            Self::SetColumnDefault { .. } => "set_column_default",
            Self::DropColumnDefault { .. } => "drop_column_default",
            Self::SetColumnComment { .. } => "set_column_comment",
            Self::SetTableComment { .. } => "set_table_comment",
            Self::SetColumnTag { .. } => "set_column_tag",
            Self::AddCheck { .. } => "add_check",
            Self::AddPrimaryKey { .. } => "add_primary_key",
            Self::AddForeignKey { .. } => "add_foreign_key",
        }
    }

    /// What the action is about.
    pub fn subject(&self, object: &TableName) -> Subject {
        let table = || Subject::table(object);
        let at = |path: &Path| Subject::path(object, path);
        match self {
            Self::CreateTable { .. } => table().aspect(Aspect::Existence),
            Self::EnableFeature { feature } => table().aspect(Aspect::Feature).key(feature.name()),
            Self::SetProperty { key, .. } | Self::UnsetProperty { key, .. } => {
                table().aspect(Aspect::Property).key(key)
            }
            Self::SetTableTag { key, .. } | Self::UnsetTableTag { key, .. } => table().aspect(Aspect::Tags).key(key),
            Self::DropForeignKey { key } | Self::AddForeignKey { key } => {
                table().aspect(Aspect::ForeignKey).key(key.label())
            }
            Self::DropPrimaryKey { .. } | Self::AddPrimaryKey { .. } => table().aspect(Aspect::PrimaryKey),
            Self::DropCheck { name, .. } | Self::AddCheck { name, .. } => {
                table().aspect(Aspect::Check).key(name.as_str())
            }
            Self::RenameColumn { path, .. } => at(path).aspect(Aspect::Name),
            Self::MoveColumn { path, .. } => at(path).aspect(Aspect::Order),
            Self::AddColumn { parent, column, .. } => at(&parent.field(column.name())).aspect(Aspect::Existence),
            Self::AlterColumnType { path, .. } => at(path).aspect(Aspect::Type),
            Self::SetClustering { .. } => table().aspect(Aspect::Layout),
            Self::UnsetColumnTag { path, key, .. } | Self::SetColumnTag { path, key, .. } => {
                at(path).aspect(Aspect::Tags).key(key)
            }
            Self::DropColumn { path, .. } => at(path).aspect(Aspect::Existence),
            Self::DropColumnNotNull { path } | Self::SetColumnNotNull { path } => at(path).aspect(Aspect::Nullability),
            Self::SetColumnDefault { path, .. } | Self::DropColumnDefault { path, .. } => {
                at(path).aspect(Aspect::Default)
            }
            Self::SetColumnComment { path, .. } => at(path).aspect(Aspect::Comment),
            Self::SetTableComment { .. } => table().aspect(Aspect::Comment),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("first"),
            Self::After(sibling) => write!(f, "after {}", sibling.quoted_if_needed()),
            Self::Last => f.write_str("last"),
        }
    }
}
