//! DE255: a check is worked out from its own row, always alike.

use super::mention::{BY_CHANCE, OVER_ROWS, called, holds_subquery};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Expression, Identifier};

pub(super) static RULE: Rule = Rule {
    code: "DE255",
    name: "check-expression",
    severity: Some(Severity::Rejection),
    summary: "a check asks its own row only, and comes out alike every time",
    why: "A check holds for every row that is there and for each that is written, by itself. Queries, functions over many rows \
          and chance have no such answer. Spark refuses aggregates and window functions (`INVALID_WHERE_CONDITION`, \
          `WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE`); Delta 4.4 takes queries and rand(), and then every write that meets them \
          fails (docs/reference/platform.md).",
    way_out: "Say it of the columns of one row, or test it where rows are written.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_checks().into_iter().filter_map(|(name, condition)| report(review, name, condition)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, condition: &Expression) -> Option<Report> {
    let why = if holds_subquery(condition) {
        "it holds a query".to_owned()
    } else if let Some(function) = called(condition, &OVER_ROWS) {
        format!("{function}() is over many rows")
    } else {
        format!("{}() gives another value each time", called(condition, &BY_CHANCE)?)
    };
    let message = format!("check `{name}` ({condition}) cannot be kept: {why}");
    let help = format!("use columns of the same row only, or remove check `{name}`");
    Some(Report::new(review.table().aspect(Aspect::Check).key(name.as_str()), message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn what_no_row_can_answer_alone_is_refused() {
        let check = |condition: &str, why: &str| {
            let said = format!("silver.t (check c): check `c` ({condition}) cannot be kept: {why}");
            on_create(&RULE, table("a: int").check("c", condition), &[&said]);
            on_change(&RULE, table("a: int").check("c", condition), table("a: int"), &[&said]);
        };
        check("a IN (SELECT b FROM u)", "it holds a query");
        check("a < Max(a)", "max() is over many rows");
        check("a > 10 * rand()", "rand() gives another value each time");
    }

    #[test]
    fn rows_by_themselves_are_fine_and_so_is_what_is_there() {
        on_create(&RULE, table("a: int, max: int").check("c", "a > max AND abs(a) > 1"), &[]);
        on_create(&RULE, table("a: string").check("c", "a LIKE SOME ('x%', 'y%')"), &[]);
        let there = || table("a: int").check("c", "a > rand()");
        on_change(&RULE, there(), there(), &[]);
    }
}
