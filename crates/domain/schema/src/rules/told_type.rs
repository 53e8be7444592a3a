//! What an expression comes out as, as far as it can be told without the grammar of SQL.
//!
//! A declaration is refused for it, so what is not sure is not told: calls of functions, `CASE`, parameters.

use super::mention::{is_symbol, is_word};
use crate::model::{Column, DataType, Expression, ExpressionToken, Identifier, Path, find_type};

/// Words that make a condition of what stands beside them.
const OF_CONDITIONS: [&str; 11] =
    ["and", "or", "not", "in", "is", "between", "like", "ilike", "rlike", "regexp", "exists"];
/// Words behind which the rules of this page end.
const UNSURE: [&str; 4] = ["case", "select", "lambda", "interval"];

/// The type of a literal, of a column or field, and of a cast.
pub(super) fn told_type(expression: &Expression, columns: &[Column]) -> Option<DataType> {
    match expression.tokens() {
        [ExpressionToken::Text(_)] => Some(DataType::STRING),
        [ExpressionToken::Number(digits)] if digits.parse::<i32>().is_ok() => Some(DataType::Integer),
        [ExpressionToken::Word(word)] if word == "true" || word == "false" => Some(DataType::Boolean),
        tokens => cast(tokens).or_else(|| find_type(columns, &path(tokens)?).cloned()),
    }
}

/// Whether a value is computed and never a condition: at its outermost there is arithmetic, and nothing that compares or
/// combines conditions.
pub(super) fn is_arithmetic(expression: &Expression) -> bool {
    let outermost = outermost(expression.tokens());
    let is_any = |words: &[&str], token: &ExpressionToken| words.iter().any(|word| is_word(Some(token), word));
    let is_comparison = |token: &ExpressionToken| matches!(token, ExpressionToken::Symbol(symbol) if symbol.contains(['=', '<', '>', '!']));
    let compares =
        |token: &&ExpressionToken| is_comparison(token) || is_any(&OF_CONDITIONS, token) || is_any(&UNSURE, token);
    let computes =
        |token: &&ExpressionToken| ["+", "-", "*", "/", "%", "||"].iter().any(|symbol| is_symbol(Some(token), symbol));
    !outermost.iter().any(compares) && outermost.iter().skip(1).any(computes)
}

/// The tokens that stand in no parentheses and no brackets.
fn outermost(tokens: &[ExpressionToken]) -> Vec<&ExpressionToken> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for token in tokens {
        if [")", "]"].iter().any(|closing| is_symbol(Some(token), closing)) {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            found.push(token);
        }
        if ["(", "["].iter().any(|opening| is_symbol(Some(token), opening)) {
            depth += 1;
        }
    }
    found
}

/// The type behind the `AS` of an expression that is one cast.
fn cast(tokens: &[ExpressionToken]) -> Option<DataType> {
    let [function, rest @ ..] = tokens else { return None };
    let is_cast = ["cast", "try_cast"].iter().any(|name| is_word(Some(function), name));
    if !is_cast || outermost(rest).len() != 2 {
        return None;
    }
    let inside = rest.get(1..rest.len().checked_sub(1)?)?;
    let types: Vec<usize> = (0..inside.len()).filter(|at| is_word(inside.get(*at), "as")).collect();
    let [at] = types[..] else { return None };
    let text: Vec<String> = inside.get(at + 1..)?.iter().map(text).collect::<Option<_>>()?;
    text.join(" ").parse().ok()
}

/// A token of a type that has no names in it.
fn text(token: &ExpressionToken) -> Option<String> {
    match token {
        ExpressionToken::Word(word) => Some(word.clone()),
        ExpressionToken::Number(number) => Some(number.clone()),
        ExpressionToken::Symbol(symbol) if ["(", ",", ")"].contains(&symbol.as_str()) => Some(symbol.clone()),
        ExpressionToken::Symbol(_) | ExpressionToken::Quoted(_) | ExpressionToken::Text(_) => None,
    }
}

/// The column or field that is the whole expression.
fn path(tokens: &[ExpressionToken]) -> Option<Path> {
    let names = tokens.split(|token| is_symbol(Some(token), "."));
    names.into_iter().try_fold(Path::table(), |path, name| match name {
        [ExpressionToken::Word(word)] => Some(path.field(&Identifier::new(word.as_str()))),
        [ExpressionToken::Quoted(name)] => Some(path.field(name)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::table;
    use super::*;

    #[test]
    fn the_type_of_what_is_whole_is_told() {
        let columns = table("a: int, s: struct<`x y`: date>, l: array<int>").there().columns;
        let check = |expression: &str, expected: Option<&str>| {
            let told = told_type(&Expression::parse(expression).unwrap(), &columns);
            assert_eq!(told.map(|told| told.to_string()).as_deref(), expected, "{expression}");
        };
        check("'x'", Some("string"));
        check("7", Some("int"));
        check("TRUE", Some("boolean"));
        check("A", Some("int"));
        check("s.`X y`", Some("date"));
        check("l", Some("array<int>"));
        check("CAST(a + 1 AS DECIMAL(10, 2))", Some("decimal(10,2)"));
        check("try_cast(lower('x') AS date)", Some("date"));
        for unsure in [
            "7L",
            "9999999999",
            "1.5",
            "NULL",
            "a + 1",
            "abs(a)",
            "nosuch",
            "s.no",
            "a b",
            "a.",
            "l[0]",
            "a 'x'",
            "CAST(a AS INT) + 1",
            "CAST(a AS nonsense)",
            "CAST(CAST(a AS INT) AS STRING)",
            "CAST(a AS STRUCT<x: INT>)",
            "struct(a AS INT)",
            ".a",
            "a..b",
            "a.b.",
        ] {
            check(unsure, None);
        }
    }

    #[test]
    fn arithmetic_is_no_condition() {
        let check = |expression: &str, expected: bool| {
            assert_eq!(is_arithmetic(&Expression::parse(expression).unwrap()), expected, "{expression}");
        };
        for arithmetic in ["a + 1", "a - (b > 1)", "f(a) * 2", "a % 2", "'x' || a", "s.x / 3", "2 * -a"] {
            check(arithmetic, true);
        }
        for other in [
            "a + 1 > 2",
            "a % 2 = 0",
            "a + 1 IN (1)",
            "NOT a + 1",
            "a + 1 IS NULL",
            "a",
            "f(a + 1)",
            "-a",
            "(a + 1)",
            "a - 1 BETWEEN 0 AND 1",
            "CASE WHEN a THEN b + 1 END",
            "a + 1 <=> 2",
            "a || 'x' LIKE 'y'",
            "a + 1 != 2",
            "a[b + 1]",
            "a['x' || b]",
        ] {
            check(other, false);
        }
    }
}
