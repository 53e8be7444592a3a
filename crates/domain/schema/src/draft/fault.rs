//! Errors in a declaration.

use std::fmt;
use std::ops::Range;

use crate::model::{ExpressionError, Subject, TableNameError, TypeError};

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
    #[error("a table is partitioned or clustered, not both; Delta refuses clustering on a partitioned table")]
    TwoLayouts,
    /// A list that needs an entry has none.
    #[error("{what} names no column")]
    EmptyList {
        /// Which list.
        what: &'static str,
    },
    /// A foreign key pairs unequal numbers of columns.
    #[error("the key has {here} columns and references {there}; every column needs its partner")]
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
    #[error("`{key}` is not declared as a property: {instead}")]
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

impl Fault {
    /// Stable code of the fault.
    pub fn code(&self) -> &'static str {
        match self.kind {
            FaultKind::Name(_) => "DE101",
            FaultKind::NoColumns => "DE102",
            FaultKind::EmptyName { .. } => "DE103",
            FaultKind::Duplicate { .. } => "DE104",
            FaultKind::Type(_) => "DE105",
            FaultKind::Expression(_) => "DE106",
            FaultKind::UnknownColumn { .. } => "DE107",
            FaultKind::UnknownField { .. } | FaultKind::NotAField { .. } => "DE108",
            FaultKind::TwoLayouts => "DE109",
            FaultKind::EmptyList { .. } => "DE110",
            FaultKind::UnpairedColumns { .. } => "DE111",
            FaultKind::TwoSources(_) => "DE112",
            FaultKind::ZeroIncrement => "DE113",
            FaultKind::RenamedFromItself { .. }
            | FaultKind::SharedFormerName { .. }
            | FaultKind::RenameCycle { .. } => "DE114",
            FaultKind::UnknownProperty { .. } => "DE115",
            FaultKind::ReservedProperty { .. } => "DE116",
            FaultKind::PropertyValue(_) => "DE117",
        }
    }

    /// What to do about it, where the message alone does not say.
    pub fn help(&self) -> Option<&'static str> {
        match self.kind {
            FaultKind::RenameCycle { .. } => Some("rename one of them to a third name, apply, then rename on"),
            FaultKind::NoColumns => Some("list at least one column under `columns`"),
            FaultKind::UnknownProperty { .. } => {
                Some("a key that does not begin with `delta.` is yours and may be anything")
            }
            FaultKind::Name(_)
            | FaultKind::EmptyName { .. }
            | FaultKind::Duplicate { .. }
            | FaultKind::Type(_)
            | FaultKind::Expression(_)
            | FaultKind::UnknownColumn { .. }
            | FaultKind::UnknownField { .. }
            | FaultKind::NotAField { .. }
            | FaultKind::TwoLayouts
            | FaultKind::EmptyList { .. }
            | FaultKind::UnpairedColumns { .. }
            | FaultKind::TwoSources(_)
            | FaultKind::ZeroIncrement
            | FaultKind::RenamedFromItself { .. }
            | FaultKind::SharedFormerName { .. }
            | FaultKind::ReservedProperty { .. }
            | FaultKind::PropertyValue(_) => None,
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
