//! DE203: a type changes only to one that old data files can be read as.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Decimal, Path, TypeChange, classify_type_change};

pub(super) static RULE: Rule = Rule {
    code: "DE203",
    name: "type-change",
    severity: Some(Severity::Rejection),
    summary: "a column's type can only change to a wider one",
    why: "Data files are not rewritten when a type changes, so the new type must read what the old one wrote. The pairs \
          that do are listed in PROTOCOL.md, \"Type Widening\"; Delta refuses all others \
          (`DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP`, `NOT_SUPPORTED_CHANGE_COLUMN`).",
    way_out: "Keep the type, declare one it can widen to (tinyint, smallint and int to bigint, double or decimal(10,0); \
              bigint to decimal(20,0); float to double; decimal to more digits; date to timestamp_ntz), or add a new \
              column, fill it, and drop the old one.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::Type { path, from, to } = difference else { return None };
        let message = format!("`{path}` cannot change from {from} to {to}: its data files cannot be read as that");
        Some(Report::new(review.at(path).aspect(Aspect::Type), message, help(review, path, from, to)))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

fn help(review: &Review<'_>, path: &Path, from: &DataType, to: &DataType) -> String {
    let replace = replacement(review, path, from, to);
    if let Some(near) = nearest_wider(from, to) {
        return format!("declare {near} instead; or {replace}");
    }
    match widest(from) {
        Some(widest) => format!("keep {from}, or widen it to {widest}; or {replace}"),
        None => format!("keep {from}; or {replace}"),
    }
}

/// The way round: a new column beside the old one.
fn replacement(review: &Review<'_>, path: &Path, from: &DataType, to: &DataType) -> String {
    let table = &review.desired.name;
    let leaf = path.leaf_name().filter(|_| !path.crosses_collection());
    let Some(name) = leaf else {
        let column = path.root().map(|column| column.quoted_if_needed()).unwrap_or_default();
        return format!("declare a new column beside `{column}`, apply, fill it, then remove `{column}`");
    };
    let new = path.parent().unwrap_or_default().field(&format!("{name}_new").into());
    if from.is_nested() || to.is_nested() {
        return format!("declare a new `{new}` of the new type, apply, fill it, then remove `{path}`");
    }
    format!(
        "declare a new `{new}` of type {to}, apply, fill it (UPDATE {table} SET {new} = CAST({path} AS {to})), then remove `{path}`"
    )
}

/// A type near the wanted one that the old one does widen to.
fn nearest_wider(from: &DataType, to: &DataType) -> Option<DataType> {
    let decimal = |digits: u8, scale: u8| Decimal::new(digits.checked_add(scale)?, scale).map(DataType::Decimal);
    let candidate = match to {
        DataType::Float => Some(DataType::Double),
        DataType::Double => decimal(20, 0),
        DataType::Timestamp => Some(DataType::TimestampNtz),
        DataType::Char(length) => Some(DataType::Varchar(*length)),
        DataType::String(Some(_)) => Some(DataType::STRING),
        DataType::Decimal(wanted) => match from {
            DataType::Decimal(there) => {
                decimal(there.integer_digits().max(wanted.integer_digits()), there.scale().max(wanted.scale()))
            }
            DataType::Byte | DataType::Short | DataType::Integer => {
                decimal(wanted.integer_digits().max(10), wanted.scale())
            }
            DataType::Long => decimal(wanted.integer_digits().max(20), wanted.scale()),
            DataType::Float
            | DataType::Double
            | DataType::String(_)
            | DataType::Char(_)
            | DataType::Varchar(_)
            | DataType::Boolean
            | DataType::Binary
            | DataType::Date
            | DataType::Timestamp
            | DataType::TimestampNtz
            | DataType::Variant
            | DataType::Struct(_)
            | DataType::Array(_)
            | DataType::Map(_)
            | DataType::Opaque(_) => None,
        },
        DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::String(None)
        | DataType::Varchar(_)
        | DataType::Boolean
        | DataType::Binary
        | DataType::Date
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => None,
    };
    candidate.filter(|candidate| classify_type_change(from, candidate) != TypeChange::Incompatible)
}

/// The widest types that the old one widens to.
fn widest(from: &DataType) -> Option<&'static str> {
    match from {
        DataType::Byte | DataType::Short | DataType::Integer => Some("bigint, double or decimal(10,0)"),
        DataType::Long => Some("decimal(20,0)"),
        DataType::Float => Some("double"),
        DataType::Decimal(_) => Some("a decimal with more digits"),
        DataType::Date => Some("timestamp_ntz"),
        DataType::Char(_) | DataType::Varchar(_) => Some("string"),
        DataType::Double
        | DataType::String(_)
        | DataType::Boolean
        | DataType::Binary
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    fn help_for(from: &str, to: &str, expected: &str) {
        helps(&RULE, table(&format!("a: {to}")), table(&format!("a: {from}")), &[expected]);
    }

    #[test]
    fn a_type_that_is_not_wider_is_refused() {
        on_change(
            &RULE,
            table("a: string"),
            table("a: int"),
            &["silver.t.a: `a` cannot change from int to string: its data files cannot be read as that"],
        );
    }

    #[test]
    fn a_wider_type_is_none_of_its_business() {
        on_change(&RULE, table("a: bigint, b: varchar(9)"), table("a: int, b: varchar(3)"), &[]);
    }

    #[test]
    fn the_help_names_what_is_possible() {
        let replace = |to: &str| {
            format!(
                "declare a new `a_new` of type {to}, apply, fill it (UPDATE silver.t SET a_new = CAST(a AS {to})), then remove `a`"
            )
        };
        let widen = |from: &str, to: &str, widest: &str| {
            help_for(from, to, &format!("keep {from}, or widen it to {widest}; or {}", replace(to)));
        };
        widen("int", "string", "bigint, double or decimal(10,0)");
        widen("bigint", "int", "decimal(20,0)");
        help_for("boolean", "int", &format!("keep boolean; or {}", replace("int")));
        for (from, to, near) in [
            ("int", "float", "double"),
            ("bigint", "double", "decimal(20,0)"),
            ("date", "timestamp", "timestamp_ntz"),
            ("int", "decimal(5,2)", "decimal(12,2)"),
            ("decimal(10,2)", "decimal(10,4)", "decimal(12,4)"),
            ("varchar(3)", "char(5)", "varchar(5)"),
        ] {
            help_for(from, to, &format!("declare {near} instead; or {}", replace(to)));
        }
    }

    #[test]
    fn what_no_cast_fills_is_replaced_without_one() {
        let replace = "declare a new `a_new` of the new type, apply, fill it, then remove `a`";
        help_for("date", "struct<x: int>", &format!("keep date, or widen it to timestamp_ntz; or {replace}"));
        help_for("struct<x: int>", "date", &format!("keep struct<x: int>; or {replace}"));
    }

    #[test]
    fn inside_a_collection_the_column_is_replaced() {
        help_for(
            "array<bigint>",
            "array<int>",
            "keep bigint, or widen it to decimal(20,0); or declare a new column beside `a`, apply, fill it, then remove `a`",
        );
    }
}
