//! DE237: a check says something of a row.

use super::references::unknown;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Expression, Identifier};

pub(super) static RULE: Rule = Rule {
    code: "DE237",
    name: "check-without-column",
    severity: Some(Severity::Rejection),
    summary: "a check mentions at least one column of its table",
    why: "A condition without a column is the same for every row: it lets all of them in, or none.",
    way_out: "Mention a column in it, or remove the check.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_checks().into_iter().filter_map(|(name, condition)| report(review, name, condition)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, condition: &Expression) -> Option<Report> {
    let columns = review.columns_after();
    // A misspelt name is for `unresolved-column` to say.
    let is_misspelt = unknown(condition, &review.desired.name, columns).is_some();
    if is_misspelt || columns.iter().any(|column| condition.mentions(column.name())) {
        return None;
    }
    let message = format!("check `{name}` ({condition}) mentions no column of the table");
    let help = format!("mention a column in it, or remove check `{name}`");
    Some(Report::new(review.table().aspect(Aspect::Check).key(name.as_str()), message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_condition_that_is_the_same_for_every_row_is_refused() {
        let desired = || table("amount: int").check("always", "1 = 1");
        let refused = "silver.t (check always): check `always` (1 = 1) mentions no column of the table";
        on_create(&RULE, desired(), &[refused]);
        on_change(&RULE, desired(), table("amount: int"), &[refused]);
        helps(&RULE, desired(), table("amount: int"), &["mention a column in it, or remove check `always`"]);
        on_create(&RULE, table("amount: int").check("positive", "amuont > 0"), &[]);
    }

    #[test]
    fn one_column_is_enough_and_old_checks_are_left_alone() {
        on_create(&RULE, table("a: int").check("positive", "`A` > 0"), &[]);
        on_change(&RULE, table("a: int").check("old", "1 = 1"), table("a: int").check("old", "1 = 1"), &[]);
    }
}
