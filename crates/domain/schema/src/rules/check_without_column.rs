//! DE237: a check says something of a row.

use std::collections::BTreeMap;

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Expression, ExpressionToken, Identifier, nearest};

pub(super) static RULE: Rule = Rule {
    code: "DE237",
    name: "check-without-column",
    severity: Some(Severity::Rejection),
    summary: "a check mentions at least one column of its table",
    why: "A condition without a column is the same for every row, and mostly a misspelt name. Delta refuses names that the \
          table does not have (`DELTA_INVALID_CHECK_CONSTRAINT_REFERENCES`, `UNRESOLVED_COLUMN`).",
    way_out: "Correct the name of the column, or remove the check.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let mut added: BTreeMap<&Identifier, &Expression> = BTreeMap::new();
    for action in &review.diff.actions {
        if let Action::CreateTable { table } = action {
            added.extend(&table.checks);
        } else if let Action::AddCheck { name, expression } = action {
            added.insert(name, expression);
        }
    }
    added.into_iter().filter_map(|(name, condition)| report(review, name, condition)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, condition: &Expression) -> Option<Report> {
    let columns: Vec<&str> = review.desired.columns.iter().map(|column| column.name().as_str()).collect();
    if review.desired.columns.iter().any(|column| condition.mentions(column.name())) {
        return None;
    }
    let suggestion = condition.tokens().iter().find_map(|token| {
        let word = match token {
            ExpressionToken::Word(word) => word.as_str(),
            ExpressionToken::Quoted(name) => name.as_str(),
            ExpressionToken::Text(_) | ExpressionToken::Number(_) | ExpressionToken::Symbol(_) => return None,
        };
        Some((word, nearest(word, &columns)?))
    });
    let help = match suggestion {
        Some((word, column)) => format!("did you mean `{column}` where it says `{word}`?"),
        None => format!("mention a column in it, or remove check `{name}`"),
    };
    let message = format!("check `{name}` ({condition}) mentions no column of the table");
    Some(Report::new(review.table().aspect(Aspect::Check).key(name.as_str()), message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_misspelt_column_is_refused_with_the_right_one() {
        let desired = || table("amount: int").check("positive", "amuont > 0");
        let refused = "silver.t (check positive): check `positive` (amuont > 0) mentions no column of the table";
        on_create(&RULE, desired(), &[refused]);
        on_change(&RULE, desired(), table("amount: int"), &[refused]);
        helps(&RULE, desired(), table("amount: int"), &["did you mean `amount` where it says `amuont`?"]);
    }

    #[test]
    fn one_column_is_enough_and_old_checks_are_left_alone() {
        on_create(&RULE, table("a: int").check("positive", "`A` > 0"), &[]);
        on_change(&RULE, table("a: int").check("old", "1 = 1"), table("a: int").check("old", "1 = 1"), &[]);
    }
}
