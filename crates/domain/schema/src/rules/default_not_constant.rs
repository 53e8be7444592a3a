//! DE249: a default is a constant.

use super::mention::{BY_CHANCE, called, holds_subquery, names_column};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Expression, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE249",
    name: "default-not-constant",
    severity: Some(Severity::Rejection),
    summary: "a default mentions no column, no other rows and no chance",
    why: "A default is worked out once for a statement, before there are rows. Spark refuses one that mentions a column, \
          holds a query, or calls a function that gives every row another value (`INVALID_DEFAULT_VALUE` with \
          NOT_CONSTANT, SUBQUERY_EXPRESSION and NON_DETERMINISTIC); current_timestamp() and its like are allowed.",
    way_out: "Write a constant, or leave the default out and write the value where rows are written. What is computed from \
              other columns can be a generated column of a new table.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_defaults().into_iter().filter_map(|(name, default)| report(review, name, default)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, default: &Expression) -> Option<Report> {
    let mentioned = || review.desired.columns.iter().map(|column| column.name());
    let what = if holds_subquery(default) {
        "holds a query".to_owned()
    } else if let Some(function) = called(default, &BY_CHANCE) {
        format!("calls {function}()")
    } else {
        format!("mentions column `{}`", mentioned().find(|column| names_column(default, column))?)
    };
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Default);
    let message = format!("the default of `{name}` ({default}) {what}, and only a constant can be one");
    Some(Report::new(subject, message, format!("write a constant, or remove the default of `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn what_is_no_constant_is_refused() {
        let check = |default: &str, what: &str| {
            let said = format!("silver.t.b: the default of `b` ({default}) {what}, and only a constant can be one");
            let desired = || table("a: int, b: int").default("b", default);
            on_create(&RULE, desired(), &[&said]);
            on_change(&RULE, desired(), table("a: int, b: int"), &[&said]);
            on_change(&RULE, desired(), table("a: int"), &[&said]);
        };
        check("a + 1", "mentions column `a`");
        check("abs(`B`)", "mentions column `b`");
        check("(SELECT max(a) FROM u)", "holds a query");
        check("CAST(Rand() AS INT)", "calls rand()");
    }

    #[test]
    fn constants_are_fine_and_what_is_there_is_left_alone() {
        for default in ["1", "-1", "'a'", "NULL", "current_timestamp()", "date '2026-01-01'", "abs(-1)"] {
            on_create(&RULE, table("a: string, date: string, b: string").default("b", default), &[]);
        }
        let there = || table("a: int, b: int").default("b", "a + 1");
        on_change(&RULE, there(), there(), &[]);
        on_change(&RULE, table("a: int, b: int"), there(), &[]);
    }
}
