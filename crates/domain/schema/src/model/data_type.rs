//! Delta's data types, and the nested fields they hold.
//!
//! Names follow the protocol ("Schema Serialization Format"); the spelling people read and write is Spark's DDL.

mod display;
mod parse;
mod widening;

use std::sync::Arc;

pub use parse::{TypeError, TypeErrorKind};
pub use widening::{TypeChange, classify_type_change};

use super::{Identifier, Metadata, Step};

/// A data type, nullability of nested parts included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataType {
    /// 8-bit integer, `tinyint`.
    Byte,
    /// 16-bit integer, `smallint`.
    Short,
    /// 32-bit integer, `int`.
    Integer,
    /// 64-bit integer, `bigint`.
    Long,
    /// 32-bit float.
    Float,
    /// 64-bit float.
    Double,
    /// Exact decimal.
    Decimal(Decimal),
    /// Text, with a collation other than `UTF8_BINARY` where one is named.
    String(Option<Identifier>),
    /// Text of exactly this many characters; stored as string with a marker in the field's metadata.
    Char(u32),
    /// Text of at most this many characters; stored like `Char`.
    Varchar(u32),
    /// True or false.
    Boolean,
    /// Bytes.
    Binary,
    /// A calendar day.
    Date,
    /// A point in time.
    Timestamp,
    /// A wall-clock time without zone; needs the feature `timestampNtz`.
    TimestampNtz,
    /// Semi-structured data; needs the feature `variantType`.
    Variant,
    /// Named fields.
    Struct(Vec<Field>),
    /// A list.
    Array(Box<ArrayType>),
    /// A map.
    Map(Box<MapType>),
    /// A type this model does not know, as raw JSON: observed only, equal to itself, never created or altered.
    Opaque(Arc<str>),
}

/// Precision 1..=38 and scale 0..=precision, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    precision: u8,
    scale: u8,
}

/// The widest precision a decimal can have.
pub const MAX_DECIMAL_PRECISION: u8 = 38;

impl Decimal {
    /// `None` unless 1 <= precision <= 38 and scale <= precision (PROTOCOL.md, "Primitive Types").
    pub fn new(precision: u8, scale: u8) -> Option<Self> {
        (1..=MAX_DECIMAL_PRECISION).contains(&precision).then_some(())?;
        (scale <= precision).then_some(Self { precision, scale })
    }

    /// Digits in all.
    pub fn precision(self) -> u8 {
        self.precision
    }

    /// Digits after the point.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// Digits before the point.
    pub fn integer_digits(self) -> u8 {
        self.precision - self.scale
    }
}

/// The elements of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrayType {
    /// Type of the elements.
    pub element: DataType,
    /// Whether an element may be null (`containsNull`).
    pub element_nullable: bool,
}

/// The keys and values of a map; keys are never null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapType {
    /// Type of the keys.
    pub key: DataType,
    /// Type of the values.
    pub value: DataType,
    /// Whether a value may be null (`valueContainsNull`).
    pub value_nullable: bool,
}

/// A column's or nested field's name, type, nullability, comment and raw metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Identifier,
    /// Its type.
    pub data_type: DataType,
    /// Whether it may be null.
    pub nullable: bool,
    /// Its comment; an empty comment and none are the same (OSS Delta cannot unset one).
    pub comment: Option<Arc<str>>,
    /// The observed metadata map without what the model names, verbatim. Empty on declared fields.
    pub metadata: Metadata,
}

impl Field {
    /// A nullable field without comment.
    pub fn new(name: impl Into<Identifier>, data_type: DataType) -> Self {
        Self { name: name.into(), data_type, nullable: true, comment: None, metadata: Metadata::default() }
    }
}

impl DataType {
    /// Text without a collation.
    pub const STRING: Self = Self::String(None);

    /// The fields, where this is a struct.
    pub fn as_struct(&self) -> Option<&[Field]> {
        if let Self::Struct(fields) = self { Some(fields) } else { None }
    }

    /// The element type and its nullability, where this is an array.
    pub fn as_array(&self) -> Option<&ArrayType> {
        if let Self::Array(array) = self { Some(array) } else { None }
    }

    /// The key and value types, where this is a map.
    pub fn as_map(&self) -> Option<&MapType> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// Whether the type holds others: struct, array or map.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::Struct(_) | Self::Array(_) | Self::Map(_))
    }

    /// The type one step below, and that step, for a written path part.
    pub fn step(&self, part: &Identifier) -> Option<(Step, &DataType)> {
        if let Some(fields) = self.as_struct() {
            let field = fields.iter().find(|field| field.name == *part)?;
            return Some((Step::Field(field.name.clone()), &field.data_type));
        }
        if let Some(array) = self.as_array() {
            return (part == &Identifier::new("element")).then_some((Step::Element, &array.element));
        }
        let map = self.as_map()?;
        if part == &Identifier::new("key") {
            return Some((Step::Key, &map.key));
        }
        (part == &Identifier::new("value")).then_some((Step::Value, &map.value))
    }

    /// The type one step below.
    pub fn child(&self, step: &Step) -> Option<&DataType> {
        match step {
            Step::Field(name) => {
                self.as_struct()?.iter().find(|field| field.name == *name).map(|field| &field.data_type)
            }
            Step::Element => self.as_array().map(|array| &array.element),
            Step::Key => self.as_map().map(|map| &map.key),
            Step::Value => self.as_map().map(|map| &map.value),
        }
    }

    /// The type one step below, to change it.
    pub fn child_mut(&mut self, step: &Step) -> Option<&mut DataType> {
        match (step, self) {
            (Step::Field(name), Self::Struct(fields)) => {
                fields.iter_mut().find(|field| field.name == *name).map(|field| &mut field.data_type)
            }
            (Step::Element, Self::Array(array)) => Some(&mut array.element),
            (Step::Key, Self::Map(map)) => Some(&mut map.key),
            (Step::Value, Self::Map(map)) => Some(&mut map.value),
            (_, _) => None,
        }
    }

    /// Calls `visit` with this type and every type below it.
    pub fn walk(&self, visit: &mut impl FnMut(&DataType)) {
        visit(self);
        if let Some(fields) = self.as_struct() {
            fields.iter().for_each(|field| field.data_type.walk(visit));
        } else if let Some(array) = self.as_array() {
            array.element.walk(visit);
        } else if let Some(map) = self.as_map() {
            map.key.walk(visit);
            map.value.walk(visit);
        }
    }

    /// Whether this type or one below it satisfies `wanted`.
    pub fn contains(&self, wanted: impl Fn(&DataType) -> bool) -> bool {
        let mut found = false;
        self.walk(&mut |data_type| found |= wanted(data_type));
        found
    }
}
