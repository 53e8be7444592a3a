//! DE236: a generated column is computed from ordinary ones.

use super::mention::names_column;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Column, Expression, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE236",
    name: "generated-reference",
    severity: Some(Severity::Rejection),
    summary: "a generated column cannot be computed from another generated column",
    why: "All generated columns are computed at once from the columns that were written. Delta refuses an expression that \
          mentions another generated column (`DELTA_INVALID_GENERATED_COLUMN_REFERENCES`; docs.delta.io, \"Use \
          generated columns\").",
    way_out: "Write the other column's expression in its place.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let generated: Vec<(&Column, &Expression)> =
        review.created_columns().iter().filter_map(|column| Some((column, column.generated.as_ref()?))).collect();
    let mut reports = Vec::new();
    for (column, expression) in &generated {
        for (other, source) in generated.iter().filter(|(other, _)| other.name() != column.name()) {
            if !names_column(expression, other.name()) {
                continue;
            }
            let (name, other) = (column.name(), other.name());
            let message = format!("`{name}` is generated from `{other}`, which is generated itself");
            let help = format!("write `({source})` instead of `{other}` in the expression of `{name}`");
            let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Generated);
            reports.push(Report::new(subject, message, help));
        }
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_generated_column_of_a_generated_column_is_refused() {
        let desired =
            || table("ts: timestamp, d: date, y: int").generated("d", "CAST(ts AS DATE)").generated("y", "YEAR(d)");
        on_create(&RULE, desired(), &["silver.t.y: `y` is generated from `d`, which is generated itself"]);
        helps(&RULE, desired(), table("x: int"), &[]);
    }

    #[test]
    fn functions_types_and_fields_of_that_name_are_no_columns() {
        on_create(
            &RULE,
            table("ts: timestamp, s: struct<year: int>, date: date, year: int, c: date, d: int")
                .generated("date", "CAST(ts AS DATE)")
                .generated("year", "YEAR(ts)")
                .generated("c", "CAST(ts AS DATE)")
                .generated("d", "YEAR(ts) + s.year + datediff(ts, date '2026-01-01')"),
            &[],
        );
    }

    #[test]
    fn existing_tables_are_left_alone() {
        let both = || table("a: int, b: int, c: int").generated("b", "a + 1").generated("c", "b + 1");
        on_change(&RULE, both(), both(), &[]);
    }
}
