//! How types are spelled to people: Spark's DDL in lower case, with what that DDL cannot say (`array<string not null>`).

use std::fmt;

use super::{DataType, Decimal, Field};

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "decimal({},{})", self.precision, self.scale)
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte => f.write_str("tinyint"),
            Self::Short => f.write_str("smallint"),
            Self::Integer => f.write_str("int"),
            Self::Long => f.write_str("bigint"),
            Self::Float => f.write_str("float"),
            Self::Double => f.write_str("double"),
            Self::Decimal(decimal) => decimal.fmt(f),
            Self::String(None) => f.write_str("string"),
            Self::String(Some(collation)) => write!(f, "string collate {collation}"),
            Self::Char(length) => write!(f, "char({length})"),
            Self::Varchar(length) => write!(f, "varchar({length})"),
            Self::Boolean => f.write_str("boolean"),
            Self::Binary => f.write_str("binary"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::TimestampNtz => f.write_str("timestamp_ntz"),
            Self::Variant => f.write_str("variant"),
            Self::Struct(fields) => {
                f.write_str("struct<")?;
                for (index, field) in fields.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    write_field(f, field)?;
                }
                f.write_str(">")
            }
            Self::Array(array) => write!(f, "array<{}{}>", array.element, not_null(array.element_nullable)),
            Self::Map(map) => write!(f, "map<{}, {}{}>", map.key, map.value, not_null(map.value_nullable)),
            Self::Opaque(raw) => write!(f, "opaque {raw}"),
        }
    }
}

fn write_field(f: &mut fmt::Formatter<'_>, field: &Field) -> fmt::Result {
    write!(f, "{}: {}{}", field.name.quoted_if_needed(), field.data_type, not_null(field.nullable))?;
    match &field.comment {
        Some(comment) => write!(f, " comment {}", quote(comment)),
        None => Ok(()),
    }
}

fn not_null(nullable: bool) -> &'static str {
    if nullable { "" } else { " not null" }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
