//! Parts of a declaration that are written and could not be read.
//!
//! Whoever reads a declaration reports why. The marks only keep other faults from following: what was not read is not
//! judged, nor is what rests on it. A draft with a mark never becomes a table.

/// A part of a table, column or key as it is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The name, or what completes it.
    Name,
    /// One of the columns at least, so that a name that none of the others has may be its.
    Columns,
    /// One of the referenced columns at least.
    ReferencedColumns,
    /// The referenced table.
    References,
    /// The type.
    Type,
    /// The default.
    Default,
    /// The generation expression.
    Generated,
    /// The numbering.
    Identity,
    /// Anything else, which no other part rests on.
    Other,
}

/// A set of parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unread(u16);

impl Unread {
    /// Marks a part.
    pub fn insert(&mut self, part: Part) {
        self.0 |= Self::bit(part);
    }

    /// Whether the part is marked.
    pub fn contains(self, part: Part) -> bool {
        self.0 & Self::bit(part) != 0
    }

    /// Whether everything was read.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(part: Part) -> u16 {
        1 << part as u16
    }
}
