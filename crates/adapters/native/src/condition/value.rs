//! Values of the closed language, and how they compare.

use std::cmp::Ordering;

use delta_engine_schema::model::DataType;

/// A value; integers and decimals are one kind of exact number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// No value.
    Null,
    /// `unscaled` / 10^`scale`.
    Number {
        /// Digits without the point.
        unscaled: i128,
        /// Digits after the point.
        scale: u32,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// True or false.
    Boolean(bool),
    /// Text, compared by its bytes, as `UTF8_BINARY` is.
    Text(String),
}

/// What kind of values a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Integers and decimals.
    Number,
    /// Dates.
    Date,
    /// Booleans.
    Boolean,
    /// Text.
    Text,
}

impl Kind {
    /// The kind of a column's type; `None` where the language has none for it.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Byte | DataType::Short | DataType::Integer | DataType::Long | DataType::Decimal(_) => {
                Some(Self::Number)
            }
            DataType::Date => Some(Self::Date),
            DataType::Boolean => Some(Self::Boolean),
            DataType::String(None) | DataType::Varchar(_) => Some(Self::Text),
            // Spark pads char on reads and comparisons; floats have NaN and -0.0; timestamps have a session zone.
            DataType::Char(_)
            | DataType::Float
            | DataType::Double
            | DataType::String(Some(_))
            | DataType::Binary
            | DataType::Timestamp
            | DataType::TimestampNtz
            | DataType::Variant
            | DataType::Struct(_)
            | DataType::Array(_)
            | DataType::Map(_)
            | DataType::Opaque(_) => None,
        }
    }

    /// The kind's name for people.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Boolean => "a boolean",
            Self::Text => "a string",
        }
    }
}

impl Value {
    /// A whole number.
    pub(crate) fn integer(value: impl Into<i128>) -> Self {
        Self::Number { unscaled: value.into(), scale: 0 }
    }

    /// Reads an exact number such as `-12.50`; `None` for exponents and what does not fit.
    pub(crate) fn number(text: &str) -> Option<Self> {
        let (digits, scale) = match text.split_once('.') {
            None => (text.to_owned(), 0),
            Some((whole, fraction)) => (format!("{whole}{fraction}"), u32::try_from(fraction.len()).ok()?),
        };
        let plain = digits.strip_prefix('-').unwrap_or(&digits);
        let fits = !plain.is_empty() && plain.len() <= 38 && plain.bytes().all(|digit| digit.is_ascii_digit());
        fits.then(|| digits.parse().ok()).flatten().map(|unscaled| Self::Number { unscaled, scale })
    }

    /// Reads a date such as `2026-11-21`.
    pub(crate) fn date(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let year: i64 = parts.next().filter(|part| part.len() == 4)?.parse().ok()?;
        let month: i64 =
            parts.next().filter(|part| part.len() == 2)?.parse().ok().filter(|month| (1..=12).contains(month))?;
        let day: i64 = parts.next().filter(|part| part.len() == 2)?.parse().ok()?;
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (1..=length).contains(&day).then_some(())?;
        // Days from civil, counting years from March so that a leap day is the last of its year.
        let shifted = year - i64::from(month <= 2);
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        i32::try_from(days).ok().map(Self::Date)
    }

    /// The kind; none for null.
    pub(crate) fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Number { .. } => Some(Kind::Number),
            Self::Date(_) => Some(Kind::Date),
            Self::Boolean(_) => Some(Kind::Boolean),
            Self::Text(_) => Some(Kind::Text),
        }
    }

    /// How two values compare; `None` where one is null, or where their kinds differ, which the parser rules out.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number { unscaled, scale }, Self::Number { unscaled: theirs, scale: their_scale }) => {
                compare_numbers((*unscaled, *scale), (*theirs, *their_scale))
            }
            (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Self::Text(left), Self::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
            (_, _) => None,
        }
    }
}

/// Compares exactly; `None` where the common scale does not fit, which 38 digits against 38 digits can reach.
fn compare_numbers(left: (i128, u32), right: (i128, u32)) -> Option<Ordering> {
    let scale = left.1.max(right.1);
    let rescaled =
        |(unscaled, own): (i128, u32)| 10_i128.checked_pow(scale - own).and_then(|factor| unscaled.checked_mul(factor));
    Some(rescaled(left)?.cmp(&rescaled(right)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days() {
        assert_eq!(Value::date("1970-01-01"), Some(Value::Date(0)));
        assert_eq!(Value::date("2000-03-01"), Some(Value::Date(11_017)));
        assert_eq!(Value::date("1969-12-31"), Some(Value::Date(-1)));
        assert_eq!(Value::date("2024-02-29"), Some(Value::Date(19_782)));
        assert_eq!(Value::date("2023-02-29"), None);
        assert_eq!(Value::date("2023-2-1"), None);
    }

    #[test]
    fn numbers_compare_across_scales() {
        let number = |text| Value::number(text).unwrap();
        assert_eq!(number("1.50").compare(&number("1.5")), Some(Ordering::Equal));
        assert_eq!(number("-2").compare(&number("-1.99")), Some(Ordering::Less));
        assert_eq!(Value::number("1e5"), None);
        assert_eq!(Value::number("1.2.3"), None);
    }
}
