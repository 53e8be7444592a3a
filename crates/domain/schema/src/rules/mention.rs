//! Where a word of an expression stands for a column, or calls a function.
//!
//! Nearer than `Expression::mentions`, which takes any word: here a declaration would be refused for a word that is none.

use crate::model::{Expression, ExpressionToken, Identifier};

/// Built-in functions of Spark that give every row another value.
pub(super) const BY_CHANCE: [&str; 10] = [
    "rand",
    "random",
    "randn",
    "randstr",
    "uniform",
    "uuid",
    "shuffle",
    "monotonically_increasing_id",
    "spark_partition_id",
    "input_file_name",
];

/// Built-in functions of Spark that work on many rows at once, and those of windows.
pub(super) const OVER_ROWS: [&str; 55] = [
    "any_value",
    "approx_count_distinct",
    "approx_percentile",
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_if",
    "covar_pop",
    "covar_samp",
    "cume_dist",
    "dense_rank",
    "every",
    "first",
    "first_value",
    "histogram_numeric",
    "kurtosis",
    "lag",
    "last",
    "last_value",
    "lead",
    "listagg",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "nth_value",
    "ntile",
    "percent_rank",
    "percentile",
    "percentile_approx",
    "rank",
    "row_number",
    "skewness",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sum",
    "try_avg",
    "try_sum",
    "var_pop",
    "var_samp",
    "variance",
];

/// Whether a token of this name is in the place of a column: not a function (`date(…)`), not a type (`AS date`), not the
/// kind of a literal (`date '2026-01-01'`), not a unit (`1 day`, `year FROM`), not a field of something (`s.date`).
pub(super) fn names_column(expression: &Expression, name: &Identifier) -> bool {
    let tokens = expression.tokens();
    tokens.iter().enumerate().any(|(at, token)| {
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        let after = tokens.get(at + 1);
        match token {
            ExpressionToken::Quoted(quoted) => quoted == name && !is_symbol(before, "."),
            ExpressionToken::Word(word) => {
                Identifier::new(word.as_str()) == *name
                    && !is_symbol(before, ".")
                    && !is_symbol(after, "(")
                    && !is_word(before, "as")
                    && !is_word(after, "from")
                    && !matches!(before, Some(ExpressionToken::Number(_)))
                    && !matches!(after, Some(ExpressionToken::Text(_)))
            }
            ExpressionToken::Text(_) | ExpressionToken::Number(_) | ExpressionToken::Symbol(_) => false,
        }
    })
}

/// The first of these functions that the expression calls.
pub(super) fn called<'f>(expression: &Expression, functions: &[&'f str]) -> Option<&'f str> {
    let calls = |name: &str| {
        let pairs = expression.tokens().windows(2);
        pairs.into_iter().any(|pair| is_word(pair.first(), name) && is_symbol(pair.get(1), "("))
    };
    functions.iter().copied().find(|name| calls(name))
}

/// Whether the expression asks other rows: `SELECT` is a word of the language wherever it stands.
pub(super) fn holds_subquery(expression: &Expression) -> bool {
    expression.tokens().iter().any(|token| is_word(Some(token), "select"))
}

pub(super) fn is_symbol(token: Option<&ExpressionToken>, wanted: &str) -> bool {
    matches!(token, Some(ExpressionToken::Symbol(symbol)) if symbol == wanted)
}

pub(super) fn is_word(token: Option<&ExpressionToken>, wanted: &str) -> bool {
    matches!(token, Some(ExpressionToken::Word(word)) if word == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Expression {
        Expression::parse(text).unwrap()
    }

    #[test]
    fn a_name_counts_where_a_column_can_stand() {
        let check = |expression: &str, expected: bool| {
            assert_eq!(names_column(&parsed(expression), &"date".into()), expected, "{expression}");
        };
        for column in ["date", "DATE + 1", "1 + date", "f(date)", "`date`", "f(`Date`)", "date.year", "date <> 'x'"] {
            check(column, true);
        }
        for other in [
            "dates",
            "1",
            "'date'",
            "date(ts)",
            "cast(ts as date)",
            "date '2026-01-01'",
            "s.date",
            "s.`date`",
            "`d`",
            "now() + interval 1 date",
            "extract(date FROM now())",
        ] {
            check(other, false);
        }
    }

    #[test]
    fn a_function_is_called_by_its_name_and_a_parenthesis() {
        let check = |expression: &str, expected: Option<&str>| {
            assert_eq!(called(&parsed(expression), &["rand", "uuid"]), expected, "{expression}");
        };
        check("RAND()", Some("rand"));
        check("1 + uuid ( )", Some("uuid"));
        for other in ["rand", "rand + (1)", "random()", "'rand()'", "`rand`(1)"] {
            check(other, None);
        }
    }

    #[test]
    fn a_subquery_is_a_select_that_is_no_text() {
        for (expression, expected) in
            [("(SELECT 1)", true), ("1 IN (select 2)", true), ("'select'", false), ("`select`", false)]
        {
            assert_eq!(holds_subquery(&parsed(expression)), expected, "{expression}");
        }
    }
}
