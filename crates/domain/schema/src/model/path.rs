//! Where a field stands in a table: a list of steps, never a dotted string.

use std::fmt;

use super::{DataType, Identifier};

/// One step down into a type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Into a field of a struct (or a column of the table).
    Field(Identifier),
    /// Into the elements of an array.
    Element,
    /// Into the keys of a map.
    Key,
    /// Into the values of a map.
    Value,
}

/// A column, a nested field, or the elements, keys or values of one. The empty path is the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

impl Path {
    /// The path of the table itself.
    pub fn table() -> Self {
        Self::default()
    }

    /// The path of a top-level column.
    pub fn column(name: impl Into<Identifier>) -> Self {
        Self(vec![Step::Field(name.into())])
    }

    /// The steps, from the table down.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether this is the table itself.
    pub fn is_table(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is a top-level column.
    pub fn is_column(&self) -> bool {
        self.0.len() == 1
    }

    /// This path with one more step.
    pub fn join(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// This path with one more field step.
    pub fn field(&self, name: &Identifier) -> Self {
        self.join(Step::Field(name.clone()))
    }

    /// Everything but the last step; `None` for the table.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, rest)| Self(rest.to_vec()))
    }

    /// The last step; `None` for the table.
    pub fn last(&self) -> Option<&Step> {
        self.0.last()
    }

    /// The name of the last step where it is a field.
    pub fn leaf_name(&self) -> Option<&Identifier> {
        self.0.last().and_then(Step::as_field)
    }

    /// The top-level column this path stands in.
    pub fn root(&self) -> Option<&Identifier> {
        self.0.first().and_then(Step::as_field)
    }

    /// Whether this path is `ancestor` or stands below it.
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        self.0.starts_with(&ancestor.0)
    }

    /// This path where `from` is now called `to`; `None` where it does not stand at or below `from`.
    pub fn renamed(&self, from: &Self, to: &Self) -> Option<Self> {
        let below = self.0.strip_prefix(from.0.as_slice())?;
        Some(Self(to.0.iter().chain(below).cloned().collect()))
    }

    /// Whether the path passes through the elements of an array or the keys or values of a map.
    pub fn crosses_collection(&self) -> bool {
        self.0.iter().any(|step| step.as_field().is_none())
    }

    /// Reads written parts against a type: `element`, `key` and `value` are steps where the type is an array or a map,
    /// and field names everywhere else.
    pub fn resolve<'a>(parts: &[Identifier], columns: impl Fn(&Identifier) -> Option<&'a DataType>) -> Option<Self> {
        let (first, rest) = parts.split_first()?;
        let mut data_type = columns(first)?;
        let mut path = Self::column(first.clone());
        for part in rest {
            let (step, next) = data_type.step(part)?;
            path.0.push(step);
            data_type = next;
        }
        Some(path)
    }
}

impl Step {
    /// The field's name, where the step is one into a field.
    pub fn as_field(&self) -> Option<&Identifier> {
        match self {
            Self::Field(name) => Some(name),
            Self::Element | Self::Key | Self::Value => None,
        }
    }
}

impl From<Vec<Step>> for Path {
    fn from(steps: Vec<Step>) -> Self {
        Self(steps)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(&name.quoted_if_needed()),
            Self::Element => f.write_str("element"),
            Self::Key => f.write_str("key"),
            Self::Value => f.write_str("value"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{step}")?;
        }
        Ok(())
    }
}
