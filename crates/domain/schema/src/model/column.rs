//! Top-level columns: a field and what only a column can have.

use super::{DataType, Expression, Field, Identifier, Tags};

/// A top-level column, declared or observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, type, nullability, comment, raw metadata.
    pub field: Field,
    /// Value of later inserts that leave the column out; needs the feature `allowColumnDefaults`.
    pub default: Option<Expression>,
    /// Expression that computes the column; set at creation only.
    pub generated: Option<Expression>,
    /// Numbering by the writer; set at creation only.
    pub identity: Option<Identity>,
    /// Governance tags; Unity Catalog keeps them, the log does not.
    pub tags: Tags,
}

/// How an identity column counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// First value.
    pub start: i64,
    /// Step, never zero.
    pub increment: i64,
    /// Whether explicit values are refused (`GENERATED ALWAYS`).
    pub always: bool,
}

impl Column {
    /// A nullable column without anything else.
    pub fn new(name: impl Into<Identifier>, data_type: DataType) -> Self {
        Self::from_field(Field::new(name, data_type))
    }

    /// A column of this field alone.
    pub fn from_field(field: Field) -> Self {
        Self { field, default: None, generated: None, identity: None, tags: Tags::default() }
    }

    /// The column's name.
    pub fn name(&self) -> &Identifier {
        &self.field.name
    }

    /// The column's type.
    pub fn data_type(&self) -> &DataType {
        &self.field.data_type
    }
}
