//! What OSS Delta keeps of a check: its tokens, one blank between them (`DeltaSqlParser.buildCheckConstraintText`).
//!
//! Delta's grammar knows fewer tokens than Spark's (`DeltaSqlBase.g4`), so that `->` is kept as `- >`, and what is kept no
//! longer means what was written, or nothing at all.

use delta_engine_schema::model::Expression;

use crate::quote;

/// Whether what Delta keeps still reads as the expression.
pub(crate) fn survives(expression: &Expression) -> bool {
    Expression::parse(&kept(&quote::expression(expression))).is_ok_and(|kept| kept == *expression)
}

/// The text as Delta keeps it.
fn kept(text: &str) -> String {
    tokens(text).join(" ")
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => literal(rest, first),
            '`' => quoted(rest),
            _ => word(rest).max(number(rest)),
        };
        let length = if length == 0 { operator(rest).unwrap_or(first.len_utf8()) } else { length };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Length of a literal with `\` escapes and nothing else; 0 where it is open.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    0
}

/// Length of a name in backticks, doubled ones inside; 0 where it is open.
fn quoted(text: &str) -> usize {
    let mut rest = &text[1..];
    while let Some(end) = rest.find('`') {
        rest = &rest[end + 1..];
        match rest.strip_prefix('`') {
            Some(after) => rest = after,
            None => return text.len() - rest.len(),
        }
    }
    0
}

/// Length of a name, keyword or whole number: letters of ASCII, digits and `_`.
fn word(text: &str) -> usize {
    text.find(|letter: char| !is_word(letter)).unwrap_or(text.len())
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Length of a number with a point or a signed exponent, with the suffixes `D` and `BD`; 0 where there is none, or where
/// more of a word follows (`isValidDecimal`).
fn number(text: &str) -> usize {
    let digits = |text: &str| text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let mut length = whole;
    if let Some(fraction) = text[length..].strip_prefix('.') {
        let fraction = digits(fraction);
        if whole == 0 && fraction == 0 {
            return 0;
        }
        length += 1 + fraction;
    } else if whole == 0 {
        return 0;
    }
    if let Some(exponent) = text[length..].strip_prefix(['e', 'E']) {
        let sign = usize::from(exponent.starts_with(['+', '-']));
        let power = digits(&exponent[sign..]);
        length += if power == 0 { 0 } else { 1 + sign + power };
    }
    let suffix = ["BD", "bd", "D", "d"].into_iter().find(|suffix| text[length..].starts_with(suffix));
    length += suffix.map_or(0, str::len);
    if text[length..].starts_with(is_word) { 0 } else { length }
}

fn operator(text: &str) -> Option<usize> {
    const LONG: [&str; 9] = ["<=>", "==", "<>", "!=", "<=", "!>", ">=", "!<", "||"];
    LONG.into_iter().find(|operator| text.starts_with(operator)).map(str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str, holds: bool) {
        let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(kept(&quote::expression(&expression)), expected, "{text}");
        assert_eq!(survives(&expression), holds, "{text}");
    }

    #[test]
    fn most_conditions_are_kept_as_they_are_meant() {
        check("a>0 AND b<>'x'", "a > 0 AND b <> 'x'", true);
        check("id>0 AND vc IN ('a','b')", "id > 0 AND vc IN ( 'a' , 'b' )", true);
        check("`odd``name` <=> 1.5e-3", "`odd``name` <=> 1.5e-3", true);
        check("s.a[0] >= .5 || -1.25BD", "s . a [ 0 ] >= .5 || - 1.25BD", true);
        check("n <> 'it''s'", r"n <> 'it\'s'", true);
        check(r"n <> 'C:\\' AND m = '\''", r"n <> 'C:\\' AND m = '\''", true);
    }

    #[test]
    fn what_delta_has_no_token_for_falls_apart() {
        check("forall(l, x -> x > 0)", "forall ( l , x - > x > 0 )", false);
        check("a::int > 0", "a : : int > 0", false);
        check("größe > 0", "gr ö ß e > 0", false);
        check("a > 1.5F", "a > 1 . 5F", false);
    }
}
