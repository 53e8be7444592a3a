//! Text literals as Spark reads them (`SparkParserUtils.unescapeSQLString`, with its default
//! `spark.sql.parser.escapedStringLiterals=false`).

/// What stands between the quotes, with its escapes resolved. A backslash before `%` and `_` stays: LIKE reads it.
pub(super) fn unescaped(raw: &str, quote: char) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        rest = match letter {
            '\\' => escape(after, &mut units),
            _ => {
                push(letter, &mut units);
                // A quote within is doubled.
                if letter == quote { after.strip_prefix(quote).unwrap_or(after) } else { after }
            }
        };
    }
    // Halves of surrogate pairs may be written apart, as in Java.
    String::from_utf16_lossy(&units)
}

/// Reads what follows a backslash; the rest.
fn escape<'r>(after: &'r str, units: &mut Vec<u16>) -> &'r str {
    let code = |begin: usize, digits: usize, radix: u32| {
        let text = after.get(begin..begin + digits).filter(|text| text.chars().all(|digit| digit.is_digit(radix)))?;
        Some((u32::from_str_radix(text, radix).ok()?, after.get(begin + digits..)?))
    };
    let Some(letter) = after.chars().next() else {
        push('\\', units);
        return after;
    };
    let numbered = match letter {
        'u' => code(1, 4, 16),
        'U' => code(1, 8, 16),
        '0' | '1' => code(0, 3, 8),
        _ => None,
    };
    if let Some((code, rest)) = numbered {
        match u16::try_from(code) {
            Ok(unit) => units.push(unit),
            Err(_) => push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), units),
        }
        return rest;
    }
    match letter {
        '0' => push('\0', units),
        'b' => push('\u{8}', units),
        'n' => push('\n', units),
        'r' => push('\r', units),
        't' => push('\t', units),
        'Z' => push('\u{1a}', units),
        '%' | '_' => {
            push('\\', units);
            push(letter, units);
        }
        other => push(other, units),
    }
    &after[letter.len_utf8()..]
}

fn push(letter: char, units: &mut Vec<u16>) {
    units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_spark() {
        let check = |raw: &str, expected: &str| assert_eq!(unescaped(raw, '\''), expected, "{raw}");
        check(r"a\nb\t\r\b\Z\0", "a\nb\t\r\u{8}\u{1a}\0");
        check(r"\u0041\U0001F600\uD83D\uDE00", "A\u{1F600}\u{1F600}");
        check(r"\101\0101\u00e", "A\u{8}1u00e");
        check(r"\%\_\\\'\q", r"\%\_\'q");
        check("it''s \"", "it's \"");
        check(r"\201\8ä\ü", "2018äü");
        check(r"\uD83D", "\u{FFFD}");
        check("", "");
    }
}
