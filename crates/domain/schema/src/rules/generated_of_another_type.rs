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
    let told = as_computed(told_type(expression, review.columns_after())?);
    let (name, data_type) = (column.name(), column.data_type());
    let is_same = told == *data_type || is_text(&told) && matches!(data_type, DataType::String(_));
    if is_same || told.is_nested() || matches!(told, DataType::Opaque(_)) {
        return None;
    }
    let message = format!("`{name}` is declared as {data_type}, and `{expression}` gives {told}");
    let help = match as_computed(data_type.clone()) == *data_type {
        true => format!("declare `{name}` as {told}, or write generated: CAST({expression} AS {data_type})"),
        false => format!("declare `{name}` as {told}: no expression gives char or varchar"),
    };
    Some(Report::new(review.at(&Path::column(name.clone())).aspect(Aspect::Generated), message, help))
}

/// The type in an expression: a text of any length is a string there, cast to char and varchar too.
fn as_computed(data_type: DataType) -> DataType {
    match is_text(&data_type) {
        true => DataType::STRING,
        false => data_type,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Char(_) | DataType::Varchar(_) | DataType::String(_))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{creation_helps, on_change, on_create, table};
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
        let said = "`g` is declared as varchar(9), and `CAST(a AS VARCHAR(9))` gives string";
        check("a: int, g: varchar(9)", "CAST(a AS VARCHAR(9))", said);
        check("a: char(3), g: char(3)", "a", "`g` is declared as char(3), and `a` gives string");
        check("a: int, g: int", "'x'", "`g` is declared as int, and `'x'` gives string");
    }

    #[test]
    fn the_way_out_is_a_cast_but_for_lengths() {
        let check = |data_type: &str, help: &str| {
            creation_helps(&RULE, table(&format!("a: int, g: {data_type}")).generated("g", "a"), &[help]);
        };
        check("bigint", "declare `g` as int, or write generated: CAST(a AS bigint)");
        check("varchar(9)", "declare `g` as int: no expression gives char or varchar");
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
