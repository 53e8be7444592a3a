//! DE250: a generated column is computed from its own row, always alike.

use super::mention::{BY_CHANCE, OVER_ROWS, called, holds_subquery, names_column};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Column, DataType, Path};

/// Built-in functions of Spark that ask the clock; the parentheses may be left out.
const OF_THE_CLOCK: [&str; 5] = ["current_date", "curdate", "current_timestamp", "localtimestamp", "now"];

pub(super) static RULE: Rule = Rule {
    code: "DE250",
    name: "generated-expression",
    severity: Some(Severity::Rejection),
    summary: "a generated column is computed from its own row, and comes out alike every time",
    why: "Writers compute the value, and check one that they are given against the expression. Delta refuses queries, chance \
          and the clock in it (`UNSUPPORTED_EXPRESSION_GENERATED_COLUMN`, \
          `DELTA_UNSUPPORTED_EXPRESSION_GENERATED_COLUMN`), and a variant as its result \
          (`DELTA_UNSUPPORTED_DATA_TYPE_IN_GENERATED_COLUMN`).",
    way_out: "Compute the column from other columns of the row, or make it an ordinary one and write the value where rows are \
              written; a default may ask the clock.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.created_columns().iter().filter_map(|column| report(review, column)).collect()
}

fn report(review: &Review<'_>, column: &Column) -> Option<Report> {
    let expression = column.generated.as_ref()?;
    let is_column = |name: &str| review.desired.column(&name.into()).is_some();
    let bare = |name: &&&str| names_column(expression, &(**name).into()) && !is_column(name);
    let on_the_clock = called(expression, &OF_THE_CLOCK).or_else(|| OF_THE_CLOCK.iter().find(bare).copied());
    let why = if holds_subquery(expression) {
        "it holds a query".to_owned()
    } else if let Some(function) = called(expression, &OVER_ROWS) {
        format!("{function}() is over many rows")
    } else if let Some(function) = called(expression, &BY_CHANCE) {
        format!("{function}() gives another value each time")
    } else if let Some(function) = on_the_clock {
        format!("{function} asks the clock")
    } else if *column.data_type() == DataType::Variant {
        "a variant cannot be computed".to_owned()
    } else {
        return None;
    };
    let name = column.name();
    let message = format!("`{name}` cannot be generated as `{expression}`: {why}");
    let help = format!("compute it from columns of the row, or remove `generated` and write `{name}` with the rows");
    Some(Report::new(review.at(&Path::column(name.clone())).aspect(Aspect::Generated), message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn queries_chance_and_the_clock_are_refused() {
        let check = |expression: &str, why: &str| {
            let said = format!("silver.t.g: `g` cannot be generated as `{expression}`: {why}");
            on_create(&RULE, table("a: int, g: int").generated("g", expression), &[&said]);
        };
        check("a + (SELECT 1)", "it holds a query");
        check("a + max(a)", "max() is over many rows");
        check("length(uuid())", "uuid() gives another value each time");
        check("year(current_date())", "current_date asks the clock");
        check("year(CURRENT_DATE) + a", "current_date asks the clock");
        check("year(now())", "now asks the clock");
    }

    #[test]
    fn a_variant_is_not_computed() {
        on_create(
            &RULE,
            table("a: string, v: variant").generated("v", "parse_json(a)"),
            &["silver.t.v: `v` cannot be generated as `parse_json(a)`: a variant cannot be computed"],
        );
    }

    #[test]
    fn what_comes_from_the_row_is_fine_and_so_is_what_is_there() {
        on_create(&RULE, table("now: int, a: int, g: int").generated("g", "now + a"), &[]);
        on_create(&RULE, table("a: int, v: variant"), &[]);
        let there = || table("a: int, g: int").generated("g", "year(now())");
        on_change(&RULE, there(), there(), &[]);
    }
}
