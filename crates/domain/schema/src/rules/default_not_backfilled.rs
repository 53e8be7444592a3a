//! DE502: a default is for later rows.

use super::default_type::default_fits;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::ExpressionToken;

pub(super) static RULE: Rule = Rule {
    code: "DE502",
    name: "default-not-backfilled",
    severity: Some(Severity::Warning),
    summary: "rows that are there do not get a new default",
    why: "A default is the value of later inserts that leave the column out (PROTOCOL.md, \"Default Columns\"). Rows that are \
          there keep null, also in a column that is added together with its default.",
    way_out: "Fill the rows with an UPDATE after the apply, if they are to have the value too.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::SetColumnDefault { path, change } = action else { return None };
        let default = change.to().as_ref().filter(|_| change.from().is_none())?;
        let null = matches!(default.tokens(), [ExpressionToken::Word(word)] if word == "null");
        let column = review.desired.column(path.root()?)?;
        if null || !column.field.nullable || !default_fits(default, column.data_type()) {
            return None;
        }
        let table = &review.desired.name;
        let message = format!("rows that are there keep null in `{path}`; {default} is for later ones");
        let help = format!("to fill them after the apply: UPDATE {table} SET {path} = {default} WHERE {path} IS NULL");
        Some(Report::new(action.subject(table), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn rows_of_a_new_and_of_an_old_column_keep_null() {
        let desired = || table("a: int, b: int").default("a", "1").default("b", "2");
        on_change(
            &RULE,
            desired(),
            table("a: int"),
            &[
                "silver.t.a: rows that are there keep null in `a`; 1 is for later ones",
                "silver.t.b: rows that are there keep null in `b`; 2 is for later ones",
            ],
        );
        helps(
            &RULE,
            desired(),
            table("a: int, b: int").default("b", "2"),
            &["to fill them after the apply: UPDATE silver.t SET a = 1 WHERE a IS NULL"],
        );
    }

    #[test]
    fn where_no_row_keeps_null_nothing_is_said() {
        on_create(&RULE, table("a: int").default("a", "1"), &[]);
        on_change(
            &RULE,
            table("a: int not null, b: int, c: int").default("a", "1").default("b", "NULL").default("c", "2"),
            table("a: int not null, b: int, c: int").default("c", "1"),
            &[],
        );
    }
}
