//! DE249: a default is a constant.

use super::mention::{BY_CHANCE, called, holds_subquery, names_column};
use super::references::unknown;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, CONSTANT_WORDS, Expression, ExpressionToken, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE249",
    name: "default-not-constant",
    severity: Some(Severity::Rejection),
    summary: "a default mentions no column, no other name, no other rows and no chance",
    why: "A default is worked out once for a statement, before there are rows. Spark refuses one that mentions a column or a \
          name that it does not know, holds a query, or calls a function that gives every row another value \
          (`INVALID_DEFAULT_VALUE` with NOT_CONSTANT, SUBQUERY_EXPRESSION and NON_DETERMINISTIC); \
          current_timestamp() and its like are allowed. In YAML `default: new` is the SQL name, `default: \"'new'\"` the text.",
    way_out: "Write a constant, a text in single quotes, or leave the default out and write the value where rows are written. \
              What is computed from other columns can be a generated column of a new table.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_defaults().into_iter().filter_map(|(name, default)| report(review, name, default)).collect()
}

/// The name that is all there is; words that Spark has a value for are none.
fn bare_word(default: &Expression) -> Option<String> {
    let [ExpressionToken::Word(word)] = default.tokens() else { return None };
    (!CONSTANT_WORDS.contains(&word.as_str())).then(|| word.clone())
}

fn report(review: &Review<'_>, name: &Identifier, default: &Expression) -> Option<Report> {
    let mentioned = || review.desired.columns.iter().map(|column| column.name());
    let mut help = format!("write a constant, or remove the default of `{name}`");
    let what = if holds_subquery(default) {
        "holds a query".to_owned()
    } else if let Some(function) = called(default, &BY_CHANCE) {
        format!("calls {function}()")
    } else if let Some(column) = mentioned().find(|column| names_column(default, column)) {
        format!("mentions column `{column}`")
    } else {
        let named = bare_word(default).or_else(|| Some(unknown(default, &review.desired.name, &[])?.name))?;
        help = format!("if `{named}` is meant as a text, write it in quotes of SQL: '{named}'");
        format!("names `{named}`")
    };
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Default);
    let message = format!("the default of `{name}` ({default}) {what}, and only a constant can be one");
    Some(Report::new(subject, message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
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
        check("new", "names `new`");
        check("v1", "names `v1`");
        check("current_schema", "names `current_schema`");
        check("`new`", "names `new`");
        check("upper(neww)", "names `neww`");
        let quoted = ["if `new` is meant as a text, write it in quotes of SQL: 'new'"];
        helps(&RULE, table("a: string").default("a", "new"), table("a: string"), &quoted);
    }

    #[test]
    fn constants_are_fine_and_what_is_there_is_left_alone() {
        for default in [
            "1",
            "-1",
            "'a'",
            "NULL",
            "current_timestamp()",
            "date '2026-01-01'",
            "abs(-1)",
            "current_date",
            "INTERVAL 1 DAY",
        ] {
            on_create(&RULE, table("a: string, date: string, b: string").default("b", default), &[]);
        }
        let there = || table("a: int, b: int").default("b", "a + 1");
        on_change(&RULE, there(), there(), &[]);
        on_change(&RULE, table("a: int, b: int"), there(), &[]);
    }
}
