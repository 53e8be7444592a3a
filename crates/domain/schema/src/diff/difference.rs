//! What no action can close.

use std::fmt;

use crate::action::Action;
use crate::model::{DataType, Expression, Identifier, Identity, Layout, Path, Scope};

/// A difference between declaration and observation that no action closes. Each becomes a finding.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    /// The table is not there and the scope gives no authority to create it.
    MissingTable,
    /// An action would be needed that the scope gives no authority for.
    OutOfScope {
        /// The action.
        action: Box<Action>,
        /// The scope.
        scope: Scope,
    },
    /// A type that old data cannot be read as.
    Type {
        /// Which column, field, element, key or value.
        path: Path,
        /// Observed type.
        from: DataType,
        /// Declared type.
        to: DataType,
    },
    /// Partitioning differs; partitions are directories of files, so all data would have to be written again.
    Partitioning {
        /// Observed layout.
        from: Layout,
        /// Declared layout.
        to: Layout,
    },
    /// A generation expression differs; it is set at creation only.
    Generated {
        /// Which column.
        path: Path,
        /// Observed expression.
        from: Option<Expression>,
        /// Declared expression.
        to: Option<Expression>,
    },
    /// Identity numbering differs; it is set at creation only.
    Identity {
        /// Which column.
        path: Path,
        /// Observed numbering.
        from: Option<Identity>,
        /// Declared numbering.
        to: Option<Identity>,
    },
    /// A column's former name and its new name are both there.
    AmbiguousRename {
        /// The declared path.
        path: Path,
        /// The former name, still there.
        source: Identifier,
    },
    /// Columns that, by their ids, trade names.
    RenameCycle {
        /// One of the declared paths.
        path: Path,
        /// The name it has now.
        source: Identifier,
    },
}

/// What differs, in a few words for people.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingTable => f.write_str("the table is not there"),
            Self::OutOfScope { action, scope } => write!(f, "{} is outside the scope {scope}", action.kind()),
            Self::Type { path, from, to } => write!(f, "the type of `{path}` is {from} and not {to}"),
            Self::Partitioning { from, to } => write!(f, "the layout is {from} and not {to}"),
            Self::Generated { path, .. } => write!(f, "the generation expression of `{path}`"),
            Self::Identity { path, .. } => write!(f, "the identity numbering of `{path}`"),
            Self::AmbiguousRename { path, source } => {
                write!(f, "both `{path}` and its former name `{source}` are there")
            }
            Self::RenameCycle { path, source } => write!(f, "`{path}` has the name `{source}` now, in a circle"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_has_words() {
        let path = || Path::column("a");
        let generated = Difference::Generated { path: path(), from: None, to: None };
        for (difference, expected) in [
            (Difference::MissingTable, "the table is not there"),
            (
                Difference::Type { path: path(), from: DataType::Long, to: DataType::Integer },
                "the type of `a` is bigint and not int",
            ),
            (generated, "the generation expression of `a`"),
            (
                Difference::AmbiguousRename { path: path(), source: "b".into() },
                "both `a` and its former name `b` are there",
            ),
            (Difference::RenameCycle { path: path(), source: "b".into() }, "`a` has the name `b` now, in a circle"),
        ] {
            assert_eq!(difference.to_string(), expected);
        }
    }
}
