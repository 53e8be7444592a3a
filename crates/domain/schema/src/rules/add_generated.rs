//! DE222: generated and identity columns are made at creation.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE222",
    name: "add-generated",
    severity: Some(Severity::Rejection),
    summary: "a generated or identity column cannot be added to an existing table",
    why: "The rows that are there would have to be computed or numbered. Delta takes GENERATED only in CREATE TABLE \
          (docs.delta.io, \"Use generated columns\"; \"Use identity columns\").",
    way_out: "Add an ordinary column and fill it where rows are written, or create the table anew.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::AddColumn { column, .. } = action else { return None };
        let name = column.name();
        let table = &review.desired.name;
        let (message, help) = match (&column.generated, column.identity) {
            (Some(expression), _) => (
                format!("`{name}` is new and generated, but generated columns are made with their table only"),
                format!(
                    "remove `generated`, apply, and fill it: UPDATE {table} SET {} = {expression}",
                    name.quoted_if_needed()
                ),
            ),
            (None, Some(_)) => (
                format!("`{name}` is new and an identity column, but these are made with their table only"),
                "remove `identity`, and let the writer number the rows; or create the table anew".to_owned(),
            ),
            (None, None) => return None,
        };
        Some(Report::new(action.subject(table), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn new_generated_and_identity_columns_are_refused() {
        let desired = || table("ts: timestamp, d: date, n: bigint").generated("d", "to_date(ts)").identity("n");
        on_change(
            &RULE,
            desired(),
            table("ts: timestamp"),
            &[
                "silver.t.d: `d` is new and generated, but generated columns are made with their table only",
                "silver.t.n: `n` is new and an identity column, but these are made with their table only",
            ],
        );
        helps(
            &RULE,
            desired(),
            table("ts: timestamp"),
            &[
                "remove `generated`, apply, and fill it: UPDATE silver.t SET d = to_date(ts)",
                "remove `identity`, and let the writer number the rows; or create the table anew",
            ],
        );
    }

    #[test]
    fn a_new_table_may_have_them() {
        on_create(&RULE, table("a: int, b: int").generated("b", "a + 1"), &[]);
    }
}
