//! DE205: a generation expression is set at creation.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::{Aspect, Expression};

pub(super) static RULE: Rule = Rule {
    code: "DE205",
    name: "generated-change",
    severity: Some(Severity::Rejection),
    summary: "the generation expression of an existing column cannot change",
    why: "A generation expression promises that every row's value is the expression's, and rows that are there were written \
          under the old promise (PROTOCOL.md, \"Generated Columns\"). Delta has no statement that sets, changes or \
          removes one.",
    way_out: "Declare what is there; or add a new column, fill it, and drop the old one; or create the table anew.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::Generated { path, from, to } = difference else { return None };
        let message = match (from, to) {
            (Some(from), Some(to)) => format!("`{path}` is generated as `{from}` and declared as `{to}`"),
            (Some(from), None) => format!("`{path}` is generated as `{from}` and declared without an expression"),
            (None, _) => format!("`{path}` is there as an ordinary column and declared as generated"),
        };
        let help = keep(from.as_ref());
        Some(Report::new(review.at(path).aspect(Aspect::Generated), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

fn keep(from: Option<&Expression>) -> String {
    match from {
        Some(from) => {
            format!("declare generated: \"{}\" as it is", from.text().replace('\\', "\\\\").replace('"', "\\\""))
        }
        None => "remove `generated`; to have it computed by the table, the table has to be created anew".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn another_expression_is_refused() {
        let desired = || table("ts: timestamp, d: date").generated("d", "to_date(ts)");
        let observed = || table("ts: timestamp, d: date").generated("d", "CAST(ts AS DATE)");
        on_change(
            &RULE,
            desired(),
            observed(),
            &["silver.t.d: `d` is generated as `CAST(ts AS DATE)` and declared as `to_date(ts)`"],
        );
        helps(&RULE, desired(), observed(), &["declare generated: \"CAST(ts AS DATE)\" as it is"]);
    }

    #[test]
    fn an_expression_for_an_ordinary_column_is_refused() {
        on_change(
            &RULE,
            table("ts: timestamp, d: date").generated("d", "to_date(ts)"),
            table("ts: timestamp, d: date"),
            &["silver.t.d: `d` is there as an ordinary column and declared as generated"],
        );
    }

    #[test]
    fn the_same_tokens_are_no_change() {
        on_change(
            &RULE,
            table("ts: timestamp, d: date").generated("d", "cast( ts as date )"),
            table("ts: timestamp, d: date").generated("d", "CAST(ts AS DATE)"),
            &[],
        );
    }
}
