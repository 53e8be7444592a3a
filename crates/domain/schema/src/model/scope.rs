//! How much of a table is ours.

use std::fmt;

use super::Aspect;

/// Authority over a table's aspects, from everything down to tags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Tags alone.
    Tags,
    /// Tags and comments.
    Annotations,
    /// Tags, comments and keys.
    Metadata,
    /// Everything.
    #[default]
    Full,
}

impl Scope {
    /// Every scope, the widest first.
    pub const ALL: [Self; 4] = [Self::Full, Self::Metadata, Self::Annotations, Self::Tags];

    /// Whether the scope has authority over an aspect.
    pub fn covers(self, aspect: Aspect) -> bool {
        let least = match aspect {
            Aspect::Tags => Self::Tags,
            Aspect::Comment => Self::Annotations,
            Aspect::PrimaryKey | Aspect::ForeignKey | Aspect::Rely => Self::Metadata,
            Aspect::Existence
            | Aspect::Name
            | Aspect::Order
            | Aspect::Type
            | Aspect::Nullability
            | Aspect::Default
            | Aspect::Generated
            | Aspect::Identity
            | Aspect::Layout
            | Aspect::Check
            | Aspect::Property
            | Aspect::Feature
            | Aspect::Location => Self::Full,
        };
        self >= least
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tags => "tags",
            Self::Annotations => "annotations",
            Self::Metadata => "metadata",
            Self::Full => "full",
        })
    }
}
