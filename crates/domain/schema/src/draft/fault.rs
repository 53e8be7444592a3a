//! Errors in a declaration.

mod explain;

use std::fmt;
use std::ops::Range;

use crate::explanation::Explanation;
use crate::model::{ExpressionError, Subject, TableNameError, TypeError};

pub use explain::FAULTS;

/// One error in a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is, in terms of the declaration.
    pub subject: Subject,
    /// What is wrong.
    pub kind: FaultKind,
    /// Which column or foreign key of the draft it is in, from 0: names may be missing, or stand twice.
    pub index: Option<usize>,
}

/// What is wrong with a declaration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The table's name cannot be read.
    #[error(transparent)]
    Name(#[from] TableNameError),
    /// The table has no columns.
    #[error("the table has no columns")]
    NoColumns,
    /// A name is empty.
    #[error("{what} has an empty name")]
    EmptyName {
        /// What has it.
        what: &'static str,
    },
    /// Two siblings share a name, ignoring case.
    #[error("`{name}` is declared twice; names compare without case{}", first.as_ref().map(|first| format!(", and `{first}` is there already")).unwrap_or_default())]
    Duplicate {
        /// The second one's spelling.
        name: String,
        /// The first one's spelling, where it differs.
        first: Option<String>,
    },
    /// Two siblings have the id that column mapping gives to one.
    #[error("column id {id} is that of `{first}` already, and two columns are never one")]
    SameId {
        /// The id.
        id: u32,
        /// The first one's name.
        first: String,
    },
    /// The type cannot be read.
    #[error(transparent)]
    Type(#[from] TypeError),
    /// An expression cannot be read.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A path or name names no column or field of the table.
    #[error("the table has no column `{name}`{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownColumn {
        /// The name as written.
        name: String,
        /// The nearest column name.
        suggestion: Option<String>,
    },
    /// `fields` names nothing below its column.
    #[error("`{path}` is no field of this column's type{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownField {
        /// The path as written.
        path: String,
        /// The nearest field.
        suggestion: Option<String>,
    },
    /// An array's elements or a map's keys or values can't have what is said of them.
    #[error("`{path}` is no field of a struct: elements, keys and values have no name and no comment of their own")]
    NotAField {
        /// The path as written.
        path: String,
    },
    /// Partitioned and clustered at once.
    #[error("a table is partitioned or clustered, not both: Delta refuses clustering on a partitioned table")]
    TwoLayouts,
    /// A list that needs an entry has none.
    #[error("{what} names no column")]
    EmptyList {
        /// Which list.
        what: &'static str,
    },
    /// A foreign key pairs unequal numbers of columns.
    #[error("the key has {here} column{} and references {there}; every column needs its partner", if *here == 1 { "" } else { "s" })]
    UnpairedColumns {
        /// Columns here.
        here: usize,
        /// Columns there.
        there: usize,
    },
    /// Two ways to fill one column.
    #[error("a column is filled by a default, an expression or an identity, not by {0} at once")]
    TwoSources(&'static str),
    /// An identity whose step is zero.
    #[error("an identity's increment cannot be 0")]
    ZeroIncrement,
    /// A column that was renamed from itself.
    #[error("`{name}` cannot be renamed from itself")]
    RenamedFromItself {
        /// The name.
        name: String,
    },
    /// Two columns claim one former name.
    #[error("`{source_name}` is the former name of `{first}` and of `{second}`; it can have become one of them only")]
    SharedFormerName {
        /// The former name.
        source_name: String,
        /// One claimant.
        first: String,
        /// The other.
        second: String,
    },
    /// Renames that go in a circle.
    #[error("the renames go in a circle ({cycle}); by name alone the result looks like the beginning")]
    RenameCycle {
        /// The circle, as `a → b → a`.
        cycle: String,
    },
    /// A `delta.` property that Delta does not know.
    #[error("Delta knows no property `{key}`{}", suggestion.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownProperty {
        /// The key as written.
        key: String,
        /// The nearest known key.
        suggestion: Option<&'static str>,
    },
    /// A property that the platform writes or that another key of the format declares.
    #[error("`{key}` cannot be declared as a property: {instead}")]
    ReservedProperty {
        /// The key as written.
        key: String,
        /// What to write instead.
        instead: &'static str,
    },
    /// A property value of the wrong form.
    #[error("{0}")]
    PropertyValue(String),
}

impl FaultKind {
    /// What the fault means, whatever its case.
    pub fn explanation(&self) -> &'static Explanation {
        match self {
            Self::Name(_) => &explain::TABLE_NAME,
            Self::NoColumns => &explain::NO_COLUMNS,
            Self::EmptyName { .. } => &explain::EMPTY_NAME,
            Self::Duplicate { .. } | Self::SameId { .. } => &explain::DUPLICATE_NAME,
            Self::Type(_) => &explain::TYPE,
            Self::Expression(_) => &explain::EXPRESSION,
            Self::UnknownColumn { .. } => &explain::UNKNOWN_COLUMN,
            Self::UnknownField { .. } | Self::NotAField { .. } => &explain::UNKNOWN_FIELD,
            Self::TwoLayouts => &explain::TWO_LAYOUTS,
            Self::EmptyList { .. } => &explain::EMPTY_LIST,
            Self::UnpairedColumns { .. } => &explain::UNPAIRED_COLUMNS,
            Self::TwoSources(_) => &explain::TWO_SOURCES,
            Self::ZeroIncrement => &explain::ZERO_INCREMENT,
            Self::RenamedFromItself { .. } | Self::SharedFormerName { .. } | Self::RenameCycle { .. } => {
                &explain::RENAMES
            }
            Self::UnknownProperty { .. } => &explain::UNKNOWN_PROPERTY,
            Self::ReservedProperty { .. } => &explain::RESERVED_PROPERTY,
            Self::PropertyValue(_) => &explain::PROPERTY_VALUE,
        }
    }
}

impl Fault {
    /// Stable code of the fault.
    pub fn code(&self) -> &'static str {
        self.kind.explanation().code
    }

    /// What to do about it; none where the message says that itself.
    pub fn help(&self) -> Option<&'static str> {
        match &self.kind {
            FaultKind::RenameCycle { .. } => Some("rename one of them to a third name, apply, then rename on"),
            FaultKind::SameId { .. } => Some(
                "remove `delta.columnMapping.id` from the metadata of the new one, so that it gets an id of its own",
            ),
            FaultKind::RenamedFromItself { .. } => Some("write the name the column had before, or remove the key"),
            FaultKind::UnknownColumn { suggestion: Some(_), .. }
            | FaultKind::UnknownField { suggestion: Some(_), .. }
            | FaultKind::Type(_)
            | FaultKind::ReservedProperty { .. }
            | FaultKind::PropertyValue(_) => None,
            FaultKind::Name(_)
            | FaultKind::NoColumns
            | FaultKind::EmptyName { .. }
            | FaultKind::Duplicate { .. }
            | FaultKind::Expression(_)
            | FaultKind::UnknownColumn { suggestion: None, .. }
            | FaultKind::UnknownField { suggestion: None, .. }
            | FaultKind::NotAField { .. }
            | FaultKind::TwoLayouts
            | FaultKind::EmptyList { .. }
            | FaultKind::UnpairedColumns { .. }
            | FaultKind::TwoSources(_)
            | FaultKind::ZeroIncrement
            | FaultKind::SharedFormerName { .. }
            | FaultKind::UnknownProperty { .. } => Some(self.kind.explanation().way_out),
        }
    }

    /// The bytes of the written value that are wrong, where the fault is inside one.
    pub fn range(&self) -> Option<Range<usize>> {
        if let FaultKind::Type(error) = &self.kind { Some(error.offset..error.offset + error.length) } else { None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.kind)
    }
}
