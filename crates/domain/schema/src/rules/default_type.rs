//! DE256: a literal that is a default is one of its column's type.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Expression, ExpressionToken, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE256",
    name: "default-of-another-type",
    severity: Some(Severity::Rejection),
    summary: "a default that is a literal can be stored in its column",
    why: "Spark casts a default when it is declared and refuses one that does not fit (`INVALID_DEFAULT_VALUE.DATA_TYPE`). On a \
          bare log nobody would notice, until the first statement that leaves the column out fails. Texts, numbers, true and \
          false are looked at, as Spark 4.2 was seen to take or refuse them (docs/reference/platform.md); what a function gives is \
          not.",
    way_out: "Write a literal of the column's type.",
    check,
};

/// A literal that is the whole default.
#[derive(Clone, Copy)]
enum Literal<'e> {
    Text(&'e str),
    Number { negative: bool, digits: &'e str },
    Boolean,
}

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_defaults().into_iter().filter_map(|(name, default)| report(review, name, default)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, default: &Expression) -> Option<Report> {
    let data_type = review.desired.column(name)?.data_type();
    if default_fits(default, data_type) {
        return None;
    }
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Default);
    let message = format!("the default of `{name}` ({default}) is no {data_type}");
    Some(Report::new(subject, message, format!("write one of type {data_type}, or remove the default of `{name}`")))
}

/// Whether a default can be stored in a column of this type, as far as it is a literal.
pub(super) fn default_fits(default: &Expression, data_type: &DataType) -> bool {
    literal(default).is_none_or(|literal| fits(literal, data_type))
}

fn literal(default: &Expression) -> Option<Literal<'_>> {
    let (negative, tokens) = match default.tokens() {
        [ExpressionToken::Symbol(sign), rest @ ..] if sign == "-" => (true, rest),
        tokens => (false, tokens),
    };
    match tokens {
        [ExpressionToken::Text(text)] if !negative => Some(Literal::Text(text)),
        [ExpressionToken::Number(digits)] => Some(Literal::Number { negative, digits }),
        [ExpressionToken::Word(word)] if !negative && (word == "true" || word == "false") => Some(Literal::Boolean),
        _ => None,
    }
}

/// Whether Spark would cast the literal. Where it is not sure, it fits.
fn fits(literal: Literal<'_>, data_type: &DataType) -> bool {
    match data_type {
        DataType::Byte => is_whole(literal, i64::from(i8::MIN), i64::from(i8::MAX)),
        DataType::Short => is_whole(literal, i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::Integer => is_whole(literal, i64::from(i32::MIN), i64::from(i32::MAX)),
        DataType::Long => is_whole(literal, i64::MIN, i64::MAX),
        DataType::Float | DataType::Double => is_number(literal),
        DataType::Decimal(decimal) => {
            is_number(literal) && before_the_point(literal) <= usize::from(decimal.integer_digits())
        }
        DataType::Boolean => matches!(literal, Literal::Boolean),
        DataType::Date | DataType::TimestampNtz => is_day(literal),
        DataType::Timestamp => is_day(literal) || matches!(literal, Literal::Number { .. }),
        DataType::Char(most) | DataType::Varchar(most) => match literal {
            Literal::Text(text) => u32::try_from(text.trim_end().chars().count()).is_ok_and(|length| length <= *most),
            Literal::Number { .. } | Literal::Boolean => true,
        },
        DataType::Binary => !matches!(literal, Literal::Boolean),
        DataType::Struct(_) | DataType::Array(_) | DataType::Map(_) => false,
        DataType::String(_) | DataType::Variant | DataType::Opaque(_) => true,
    }
}

fn is_number(literal: Literal<'_>) -> bool {
    match literal {
        Literal::Text(text) => text.trim().trim_end_matches(['d', 'D', 'f', 'F']).parse::<f64>().is_ok(),
        Literal::Number { .. } => true,
        Literal::Boolean => false,
    }
}

/// Whether a text can begin with a year.
fn is_day(literal: Literal<'_>) -> bool {
    match literal {
        Literal::Text(text) => text.chars().filter(char::is_ascii_digit).count() >= 4,
        Literal::Number { .. } | Literal::Boolean => false,
    }
}

/// The digits before the point of a number that is written without an exponent.
fn before_the_point(literal: Literal<'_>) -> usize {
    let text = match literal {
        Literal::Text(text) => text.trim().trim_start_matches(['+', '-']),
        Literal::Number { digits, .. } => digits,
        Literal::Boolean => "",
    };
    let whole = text.split('.').next().unwrap_or_default().trim_start_matches('0');
    if whole.bytes().all(|byte| byte.is_ascii_digit()) { whole.len() } else { 0 }
}

/// Whether a whole number is within these bounds; of `1.5`, `1e3` and `1L` only that they are numbers is asked.
fn is_whole(literal: Literal<'_>, least: i64, most: i64) -> bool {
    let is_within = |text: &str| text.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number));
    match literal {
        Literal::Text(text) => {
            let text = text.trim().trim_start_matches('+');
            let digits = text.trim_start_matches('-');
            is_number(literal) && (!digits.bytes().all(|byte| byte.is_ascii_digit()) || is_within(text))
        }
        Literal::Number { negative, digits } => {
            let sign = if negative { "-" } else { "" };
            !digits.bytes().all(|byte| byte.is_ascii_digit()) || is_within(&format!("{sign}{digits}"))
        }
        Literal::Boolean => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    /// What Spark 4.2 said to defaults of these types in `CREATE TABLE`.
    const REFUSED: [(&str, &[&str]); 15] = [
        ("tinyint", &["'abc'", "'2026-01-01'", "'300'", "300", "-129", "true"]),
        ("int", &["'abc'", "'2026-01-01'", "99999999999", "true"]),
        ("bigint", &["'abc'", "false", "9223372036854775808"]),
        ("double", &["'abc'", "'2026-01-01'", "true"]),
        ("decimal(5,2)", &["'abc'", "99999999999", "'1000'", "true"]),
        ("boolean", &["'abc'", "'1'", "1", "-1", "1.5"]),
        ("varchar(3)", &["'abcd'"]),
        ("char(3)", &["'2026-01-01'"]),
        ("binary", &["true"]),
        ("date", &["'abc'", "'1'", "1", "-1", "1.5", "true"]),
        ("timestamp", &["'abc'", "'1'", "true"]),
        ("timestamp_ntz", &["'abc'", "'1'", "1", "true"]),
        ("array<int>", &["'abc'", "1", "true"]),
        ("map<string, int>", &["'abc'", "1", "true"]),
        ("struct<a: int>", &["'abc'", "1", "true"]),
    ];
    const TAKEN: [(&str, &[&str]); 13] = [
        ("tinyint", &["'1'", "1", "-1", "1.5", "1L", "1e2", "NULL", "-128", "~300", "-true", "-'abc'"]),
        ("int", &["'1'", "300", "abs(-1)", "CAST('1' AS INT)"]),
        ("bigint", &["99999999999", "1.5D", "-9223372036854775808"]),
        ("float", &["'1'", "1", "99999999999"]),
        ("decimal(5,2)", &["'1'", "300", "1.5", "1e2", "-999.99"]),
        ("boolean", &["true", "FALSE", "NULL"]),
        ("string", &["'abc'", "1", "true", "date '2026-01-01'"]),
        ("varchar(3)", &["'abc'", "'abc   '", "300"]),
        ("binary", &["'abc'", "X'1F'", "1"]),
        ("date", &["'2026-01-01'", "date '2026-01-01'", "NULL", "current_date()"]),
        ("timestamp", &["'2026-01-01'", "1", "1.5", "current_timestamp()"]),
        ("timestamp_ntz", &["'2026-01-01'", "NULL"]),
        ("array<int>", &["array(1)", "NULL"]),
    ];

    #[test]
    fn literals_are_taken_and_refused_as_spark_does() {
        for (data_type, defaults) in REFUSED {
            for default in defaults {
                let said = format!("silver.t.b: the default of `b` ({default}) is no {data_type}");
                let desired = || table(&format!("a: int, b: {data_type}")).default("b", default);
                on_create(&RULE, desired(), &[&said]);
                on_change(&RULE, desired(), table("a: int"), &[&said]);
            }
        }
        for (data_type, defaults) in TAKEN {
            for default in defaults {
                on_create(&RULE, table(&format!("a: int, b: {data_type}")).default("b", default), &[]);
            }
        }
    }

    #[test]
    fn the_way_out_names_the_type_and_what_is_there_is_left_alone() {
        let desired = || table("b: int").default("b", "'x'");
        helps(&RULE, desired(), table("b: int"), &["write one of type int, or remove the default of `b`"]);
        on_change(&RULE, desired(), desired(), &[]);
    }
}
