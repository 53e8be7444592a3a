//! What a finding, fault or action is about.

use std::fmt;

use super::{Path, TableName};

/// One side of a table or column that can differ by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// That the object is there.
    Existence,
    /// Its name.
    Name,
    /// Its place among its siblings.
    Order,
    /// Its type.
    Type,
    /// Whether it may be null.
    Nullability,
    /// Its comment.
    Comment,
    /// Its default.
    Default,
    /// Its generation expression.
    Generated,
    /// Its identity numbering.
    Identity,
    /// Its tags.
    Tags,
    /// Partitioning or clustering.
    Layout,
    /// A table property.
    Property,
    /// A table feature.
    Feature,
    /// A check constraint.
    Check,
    /// The primary key.
    PrimaryKey,
    /// A foreign key.
    ForeignKey,
    /// Whether the optimizer may rely on the keys.
    Rely,
    /// Where the files are.
    Location,
}

impl Aspect {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Existence => "existence",
            Self::Name => "name",
            Self::Order => "order",
            Self::Type => "type",
            Self::Nullability => "nullability",
            Self::Comment => "comment",
            Self::Default => "default",
            Self::Generated => "generated",
            Self::Identity => "identity",
            Self::Tags => "tags",
            Self::Layout => "layout",
            Self::Property => "property",
            Self::Feature => "feature",
            Self::Check => "check",
            Self::PrimaryKey => "primary_key",
            Self::ForeignKey => "foreign_key",
            Self::Rely => "rely",
            Self::Location => "location",
        }
    }
}

/// A table, or a column or aspect of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The table.
    pub object: TableName,
    /// The column or nested field; the empty path is the table.
    pub path: Path,
    /// The aspect, where the subject is narrower than the object.
    pub aspect: Option<Aspect>,
    /// Which one, where the aspect is a map: a property key, a check's name, a feature.
    pub key: Option<String>,
}

impl Subject {
    /// The table as a whole.
    pub fn table(object: &TableName) -> Self {
        Self { object: object.clone(), path: Path::table(), aspect: None, key: None }
    }

    /// A column or nested field.
    pub fn path(object: &TableName, path: &Path) -> Self {
        Self { object: object.clone(), path: path.clone(), aspect: None, key: None }
    }

    /// The same object, narrowed to an aspect.
    pub fn aspect(mut self, aspect: Aspect) -> Self {
        self.aspect = Some(aspect);
        self
    }

    /// The same aspect, narrowed to a key.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The object a permission names: `schema.table` or `schema.table.column.field`.
    pub fn permission_object(&self) -> String {
        if self.path.is_table() { self.object.to_string() } else { format!("{}.{}", self.object, self.path) }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.permission_object())?;
        match (self.aspect, &self.key) {
            (Some(aspect), Some(key)) => write!(f, " ({} {key})", aspect.as_str().replace('_', " ")),
            (_, _) => Ok(()),
        }
    }
}
