//! Informational keys.

use super::{Identifier, TableName};

/// A primary key. Equal keys have the same set of columns; name and order are preferences of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrimaryKey {
    /// Name, where one is declared or observed.
    pub name: Option<Identifier>,
    /// Member columns.
    pub columns: Vec<Identifier>,
    /// Whether the optimizer may rely on it.
    pub rely: bool,
}

/// A foreign key. Equal keys pair the same columns with the same columns of the same table; the order only makes lists of
/// keys the same however they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignKey {
    /// Name, where one is declared or observed.
    pub name: Option<Identifier>,
    /// Columns of this table.
    pub columns: Vec<Identifier>,
    /// The referenced table.
    pub references: TableName,
    /// Columns there, paired by position with `columns`.
    pub referenced_columns: Vec<Identifier>,
    /// Whether the optimizer may rely on it.
    pub rely: bool,
}

/// A foreign key of another table that references this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundKey {
    /// The table that holds the key.
    pub table: TableName,
    /// The key's name, where it has one.
    pub name: Option<Identifier>,
    /// Columns of this table that it references.
    pub referenced_columns: Vec<Identifier>,
}

impl PrimaryKey {
    /// Whether both mean the same key.
    pub fn same_key(&self, other: &Self) -> bool {
        self.same_columns(other) && self.rely == other.rely
    }

    /// Whether both have the same columns.
    pub fn same_columns(&self, other: &Self) -> bool {
        let sorted = |key: &Self| {
            let mut columns = key.columns.clone();
            columns.sort();
            columns
        };
        sorted(self) == sorted(other)
    }
}

impl ForeignKey {
    /// Whether both mean the same key.
    pub fn same_key(&self, other: &Self) -> bool {
        self.same_reference(other) && self.rely == other.rely
    }

    /// Whether both pair the same columns with the same columns of the same table.
    pub fn same_reference(&self, other: &Self) -> bool {
        self.references == other.references && self.pairs() == other.pairs()
    }

    fn pairs(&self) -> Vec<(&Identifier, &Identifier)> {
        let mut pairs: Vec<_> = self.columns.iter().zip(&self.referenced_columns).collect();
        pairs.sort();
        pairs
    }

    /// The key's name, or its columns where it has none.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => name.to_string(),
            None => self.columns.iter().map(Identifier::quoted_if_needed).collect::<Vec<_>>().join(", "),
        }
    }
}
