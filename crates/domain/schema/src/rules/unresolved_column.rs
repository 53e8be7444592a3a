//! DE254: checks and generated columns name columns that are there.

use super::references::unknown;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Column, Expression, Path, Subject};

pub(super) static RULE: Rule = Rule {
    code: "DE254",
    name: "unresolved-column",
    severity: Some(Severity::Rejection),
    summary: "a check or a generated column names only columns and fields that the table has",
    why: "Every writer works the expression out for every row; with a name that is not there all of them fail. Delta refuses \
          such a check (`DELTA_INVALID_CHECK_CONSTRAINT_REFERENCES`, `UNRESOLVED_COLUMN`) and such a generated column. A name \
          is looked for where only a column can stand; expressions with parameters (`x -> …`) are not looked into.",
    way_out: "Correct the name, or declare the column.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let columns = review.columns_after();
    let checks = review.new_checks().into_iter().filter_map(|(name, condition)| {
        let subject = review.table().aspect(Aspect::Check).key(name.as_str());
        report(review, columns, condition, &format!("check `{name}`"), subject)
    });
    let generated = review.created_columns().iter().filter_map(|column| {
        let subject = review.at(&Path::column(column.name().clone())).aspect(Aspect::Generated);
        let what = format!("the expression of `{}`", column.name());
        report(review, columns, column.generated.as_ref()?, &what, subject)
    });
    checks.chain(generated).collect()
}

fn report(
    review: &Review<'_>,
    columns: &[Column],
    expression: &Expression,
    what: &str,
    subject: Subject,
) -> Option<Report> {
    let unknown = unknown(expression, &review.desired.name, columns)?;
    let message = format!("{what} ({expression}) names `{}`, and the table has no such column", unknown.name);
    let help = match unknown.nearest {
        Some(nearest) => format!("did you mean `{nearest}` where it says `{}`?", unknown.name),
        None => format!("correct `{}`, or declare it as a column", unknown.name),
    };
    Some(Report::new(subject, message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_misspelt_column_of_a_check_is_refused_with_the_right_one() {
        let desired = || table("id: int, amount: int").check("positive", "id > 0 AND amuont > 0");
        let refused = "silver.t (check positive): check `positive` (id > 0 AND amuont > 0) names `amuont`, and the table has no such column";
        on_create(&RULE, desired(), &[refused]);
        on_change(&RULE, desired(), table("id: int, amount: int"), &[refused]);
        helps(&RULE, desired(), table("id: int, amount: int"), &["did you mean `amount` where it says `amuont`?"]);
        helps(
            &RULE,
            table("id: int").check("c", "id > nosuch"),
            table("id: int"),
            &["correct `nosuch`, or declare it as a column"],
        );
    }

    #[test]
    fn a_generated_column_is_computed_from_what_is_there() {
        on_create(
            &RULE,
            table("ts: timestamp, d: date").generated("d", "CAST(tss AS DATE)"),
            &["silver.t.d: the expression of `d` (CAST(tss AS DATE)) names `tss`, and the table has no such column"],
        );
        on_create(&RULE, table("ts: timestamp, d: date").generated("d", "CAST(ts AS DATE)"), &[]);
    }

    #[test]
    fn what_is_there_is_left_alone_and_what_is_added_may_be_named() {
        let old = || table("a: int").check("old", "b > 0");
        on_change(&RULE, old(), old(), &[]);
        on_change(&RULE, table("a: int, b: int").check("both", "a > b"), table("a: int"), &[]);
    }
}
