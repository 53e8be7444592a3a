//! DE259: a generated column has the type of its expression.

use super::told_type::told_type;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Column, DataType, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE259",
    name: "generated-of-another-type",
    severity: Some(Severity::Rejection),
    summary: "a generated column is declared with the type that its expression has",
    why: "Delta refuses a generated column of another type (`DELTA_GENERATED_COLUMNS_EXPR_TYPE_MISMATCH`), and neither its \
          expression nor its type can be changed later. Literals, columns and casts are looked at; what a function gives is \
          not.",
    way_out: "Declare the type of the expression, or cast the expression.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.created_columns().iter().filter_map(|column| report(review, column)).collect()
}

fn report(review: &Review<'_>, column: &Column) -> Option<Report> {
    let expression = column.generated.as_ref()?;
    let told = told_type(expression, review.columns_after())?;
    if told.is_nested() || matches!(told, DataType::Opaque(_)) || is_taken(&told, column.data_type()) {
        return None;
    }
    let (name, data_type) = (column.name(), column.data_type());
    let message = format!("`{name}` is declared as {data_type}, and `{expression}` gives {told}");
    let help = format!("declare `{name}` as {told}, or write generated: CAST({expression} AS {data_type})");
    Some(Report::new(review.at(&Path::column(name.clone())).aspect(Aspect::Generated), message, help))
}

/// Whether a column of this type takes what an expression of that type gives. A text of a length is a string to readers, and a
/// string is none of a length; collations are not looked at.
fn is_taken(given: &DataType, column: &DataType) -> bool {
    match (given, column) {
        (DataType::Char(_) | DataType::Varchar(_), DataType::Char(_) | DataType::Varchar(_) | DataType::String(_)) => {
            true
        }
        (DataType::String(_), DataType::String(_)) => true,
        (given, column) => given == column,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn another_type_is_refused() {
        let check = |columns: &str, expression: &str, said: &str| {
            on_create(&RULE, table(columns).generated("g", expression), &[&format!("silver.t.g: {said}")]);
        };
        let said = "`g` is declared as date, and `CAST(a AS STRING)` gives string";
        check("a: timestamp, g: date", "CAST(a AS STRING)", said);
        check("a: int, g: bigint", "a", "`g` is declared as bigint, and `a` gives int");
        check("s: struct<x: date>, g: string", "s.x", "`g` is declared as string, and `s.x` gives date");
        check("a: string, g: varchar(9)", "a", "`g` is declared as varchar(9), and `a` gives string");
        check("a: int, g: int", "'x'", "`g` is declared as int, and `'x'` gives string");
    }

    #[test]
    fn the_same_type_is_fine_and_so_is_what_is_not_told() {
        let fine = [
            ("a: timestamp, g: date", "CAST(a AS DATE)"),
            ("a: int, g: string", "CAST(a AS VARCHAR(5))"),
            ("a: bigint, g: int", "7"),
            ("a: varchar(9), g: string", "a"),
            ("a: int, g: bigint", "a + 1"),
            ("a: int, g: bigint", "abs(a)"),
            ("s: struct<x: int>, g: struct<x: bigint>", "s"),
        ];
        for (columns, expression) in fine {
            on_create(&RULE, table(columns).generated("g", expression), &[]);
        }
        let there = || table("a: int, g: bigint").generated("g", "a");
        on_change(&RULE, there(), there(), &[]);
    }
}
