//! How Spark and Delta cut a statement into tokens, written after their grammars for tests only.
//!
//! Spark: `SqlBaseLexer.g4` and `SparkParserUtils.unescapeSQLString` with `spark.sql.parser.escapedStringLiterals=false`.
//! Delta, which looks at every statement first: `DeltaSqlBase.g4`.

/// Whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Spark,
    Delta,
}

/// A token as the server understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// A bare word or number.
    Word(String),
    /// A name in backticks, as what it names.
    Name(String),
    /// A literal, as what it says.
    Text(String),
    /// Anything else, letter by letter.
    Symbol(String),
}

/// Panics where a literal, name or comment is open, and where there is a comment at all.
pub(crate) fn tokens(grammar: Grammar, sql: &str) -> Vec<Token> {
    let letters: Vec<char> = sql.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let letter = letters[at];
        let two: String = letters[at..].iter().take(2).collect();
        assert!(two != "--" && two != "/*", "a comment in {sql:?}");
        let raw = grammar == Grammar::Spark && "rR".contains(letter) && matches!(letters.get(at + 1), Some('\'' | '"'));
        if letter.is_whitespace() {
            at += 1;
        } else if letter == '`' {
            let (name, end) = delimited(&letters, at, false, true);
            tokens.push(Token::Name(name));
            at = end;
        } else if raw {
            let (text, end) = delimited(&letters, at + 1, false, false);
            tokens.push(Token::Text(text));
            at = end;
        } else if letter == '\'' || letter == '"' {
            let (text, end) = delimited(&letters, at, true, grammar == Grammar::Spark);
            tokens.push(Token::Text(text));
            at = end;
        } else if is_word(letter) {
            let end = letters[at..].iter().position(|letter| !is_word(*letter)).map_or(letters.len(), |word| at + word);
            tokens.push(Token::Word(letters[at..end].iter().collect()));
            at = end;
        } else {
            tokens.push(Token::Symbol(letter.to_string()));
            at += 1;
        }
    }
    tokens
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What stands between the delimiter at `start` and its end, and where that end is.
fn delimited(letters: &[char], start: usize, escapes: bool, doubles: bool) -> (String, usize) {
    let quote = letters[start];
    let mut text = String::new();
    let mut at = start + 1;
    loop {
        let letter = *letters.get(at).unwrap_or_else(|| panic!("open: {letters:?}"));
        if escapes && letter == '\\' {
            at += escape(&letters[at + 1..], &mut text) + 1;
        } else if letter == quote && doubles && letters.get(at + 1) == Some(&quote) {
            text.push(quote);
            at += 2;
        } else if letter == quote {
            return (text, at + 1);
        } else {
            text.push(letter);
            at += 1;
        }
    }
}

/// Reads what follows a backslash; gives the number of letters it takes.
fn escape(after: &[char], text: &mut String) -> usize {
    let code = |from: usize, digits: usize, base: u32| -> Option<char> {
        let written: String = after.get(from..from + digits)?.iter().collect();
        char::from_u32(u32::from_str_radix(&written, base).ok()?)
    };
    let first = *after.first().unwrap_or_else(|| panic!("open escape"));
    let coded = match first {
        'u' => code(1, 4, 16).map(|letter| (letter, 5)),
        'U' => code(1, 8, 16).map(|letter| (letter, 9)),
        '0' | '1' => code(0, 3, 8).map(|letter| (letter, 3)),
        _ => None,
    };
    if let Some((letter, taken)) = coded {
        text.push(letter);
        return taken;
    }
    match first {
        '0' => text.push('\0'),
        'b' => text.push('\u{8}'),
        'n' => text.push('\n'),
        'r' => text.push('\r'),
        't' => text.push('\t'),
        'Z' => text.push('\u{1a}'),
        // Kept with their backslash, for LIKE.
        '%' | '_' => text.extend(['\\', first]),
        other => text.push(other),
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_spark_reads_them() {
        let check = |sql: &str, expected: &str| {
            assert_eq!(tokens(Grammar::Spark, sql), [Token::Text(expected.to_owned())], "{sql}");
        };
        check(r"'\u0041\U00000042\103\0\Z\%\_\'\x'", "ABC\0\u{1a}\\%\\_'x");
        check("'it''s'", "it's");
        check(r"r'C:\n'", r"C:\n");
        assert_eq!(tokens(Grammar::Delta, "'it''s'").len(), 2, "Delta knows no doubled quote");
    }
}
