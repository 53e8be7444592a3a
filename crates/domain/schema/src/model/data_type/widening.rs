//! The exact matrix of type changes that keep old data files readable.
//!
//! Source: PROTOCOL.md, "Type Widening", the same as Delta `TypeWidening.isTypeChangeSupported`;
//! for char and varchar Spark's `CheckAnalysis.canAlterColumnType`.

use super::{DataType, Decimal};

/// How one leaf type relates to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeChange {
    /// Old files stay readable when the feature `typeWidening` is on.
    Widening,
    /// Only the length marker of char or varchar changes; no feature needed.
    Length,
    /// Old data would have to be rewritten, or cannot be converted.
    Incompatible,
}

/// Classifies the change of a leaf type; struct, array and map are changed leaf by leaf and are incompatible here.
pub fn classify_type_change(from: &DataType, to: &DataType) -> TypeChange {
    use DataType::{Byte, Char, Date, Double, Float, Integer, Long, Short, TimestampNtz, Varchar};
    let widening = |holds: bool| if holds { TypeChange::Widening } else { TypeChange::Incompatible };
    match from {
        Byte => widening(matches!(to, Short | Integer | Long | Double) || holds_integer(to, 10)),
        Short => widening(matches!(to, Integer | Long | Double) || holds_integer(to, 10)),
        Integer => widening(matches!(to, Long | Double) || holds_integer(to, 10)),
        Long => widening(holds_integer(to, 20)),
        Float => widening(matches!(to, Double)),
        Date => widening(matches!(to, TimestampNtz)),
        DataType::Decimal(narrow) => widening(matches!(to, DataType::Decimal(wide) if holds_decimal(*narrow, *wide))),
        Char(length) => text_change(*length, to, true),
        Varchar(length) => text_change(*length, to, false),
        DataType::String(_)
        | Double
        | DataType::Boolean
        | DataType::Binary
        | DataType::Timestamp
        | TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => TypeChange::Incompatible,
    }
}

fn holds_integer(to: &DataType, digits: u8) -> bool {
    matches!(to, DataType::Decimal(decimal) if decimal.integer_digits() >= digits)
}

fn holds_decimal(narrow: Decimal, wide: Decimal) -> bool {
    narrow != wide && wide.scale() >= narrow.scale() && wide.integer_digits() >= narrow.integer_digits()
}

fn text_change(length: u32, to: &DataType, fixed: bool) -> TypeChange {
    let allowed = match to {
        DataType::String(None) => true,
        DataType::Varchar(longer) => *longer >= length,
        DataType::Char(same) => fixed && *same == length,
        DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::Float
        | DataType::Double
        | DataType::Decimal(_)
        | DataType::String(Some(_))
        | DataType::Boolean
        | DataType::Binary
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => false,
    };
    if allowed { TypeChange::Length } else { TypeChange::Incompatible }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(from: &str, to: &str, expected: TypeChange) {
        let read = |text: &str| text.parse::<DataType>().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(classify_type_change(&read(from), &read(to)), expected, "{from} -> {to}");
    }

    /// Every ordered pair of these leaf types, held against the matrix as the protocol prints it.
    #[test]
    fn the_matrix_is_exact() {
        let leaves = [
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "decimal(9,0)",
            "decimal(10,0)",
            "decimal(10,2)",
            "decimal(12,2)",
            "decimal(20,0)",
            "decimal(12,4)",
            "string",
            "boolean",
            "binary",
            "date",
            "timestamp",
            "timestamp_ntz",
            "variant",
        ];
        let allowed: &[(&str, &[&str])] = &[
            ("tinyint", &["smallint", "int", "bigint", "double", "decimal(10,0)", "decimal(12,2)", "decimal(20,0)"]),
            ("smallint", &["int", "bigint", "double", "decimal(10,0)", "decimal(12,2)", "decimal(20,0)"]),
            ("int", &["bigint", "double", "decimal(10,0)", "decimal(12,2)", "decimal(20,0)"]),
            ("bigint", &["decimal(20,0)"]),
            ("float", &["double"]),
            ("date", &["timestamp_ntz"]),
            ("decimal(9,0)", &["decimal(10,0)", "decimal(12,2)", "decimal(20,0)"]),
            ("decimal(10,0)", &["decimal(12,2)", "decimal(20,0)"]),
            ("decimal(10,2)", &["decimal(12,2)", "decimal(12,4)"]),
        ];
        for from in leaves {
            for to in leaves {
                let listed = allowed.iter().any(|(narrow, wide)| *narrow == from && wide.contains(&to));
                check(from, to, if listed { TypeChange::Widening } else { TypeChange::Incompatible });
            }
        }
    }

    #[test]
    fn text_lengths_grow_without_a_feature() {
        check("char(3)", "varchar(3)", TypeChange::Length);
        check("char(3)", "char(4)", TypeChange::Incompatible);
        check("varchar(3)", "varchar(10)", TypeChange::Length);
        check("varchar(3)", "varchar(2)", TypeChange::Incompatible);
        check("varchar(3)", "string", TypeChange::Length);
        check("string", "varchar(3)", TypeChange::Incompatible);
    }
}
