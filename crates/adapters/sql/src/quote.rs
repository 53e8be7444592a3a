//! The only doors through which names and texts enter a statement.

use delta_engine_schema::model::{Expression, Identifier, Path, Step, TableName};

/// A name in backticks, inner backticks doubled.
pub fn identifier(name: &Identifier) -> String {
    name.quoted()
}

/// A text as a literal.
///
/// A quote is escaped by a backslash: Delta's own grammar (`DeltaSqlBase.g4`, STRING) and Spark 3 know no `''`. Nothing else
/// is, but for the `$` of a `${`: Spark replaces what such braces hold before it reads the statement, in literals too
/// (`VariableSubstitution`; measured). Right for `spark.sql.parser.escapedStringLiterals=false`, the default.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace("${", "\\u0024{"))
}

/// Every part of a table's name, quoted.
pub(crate) fn table(name: &TableName) -> String {
    name.parts().map(identifier).collect::<Vec<_>>().join(".")
}

/// A column or nested field; `element`, `key` and `value` are words of Spark's and stand bare.
pub(crate) fn path(path: &Path) -> String {
    let step = |step: &Step| match step {
        Step::Field(name) => identifier(name),
        Step::Element | Step::Key | Step::Value => step.to_string(),
    };
    path.steps().iter().map(step).collect::<Vec<_>>().join(".")
}

/// Names in parentheses.
pub(crate) fn list(names: &[Identifier]) -> String {
    format!("({})", names.iter().map(identifier).collect::<Vec<_>>().join(", "))
}

/// An expression as it was written, but for quotes inside literals: `'it''s'` becomes `'it\'s'`.
///
/// Delta's own grammar, which CHECK conditions go through, reads the first as two literals, `its`.
pub(crate) fn expression(expression: &Expression) -> String {
    let mut written = String::with_capacity(expression.text().len());
    let mut letters = expression.text().chars().peekable();
    let mut open: Option<(char, bool)> = None;
    while let Some(letter) = letters.next() {
        let Some((quote, verbatim)) = open else {
            let opens = matches!(letter, '\'' | '"' | '`');
            open = opens.then(|| (letter, letter == '`' || is_raw(&written)));
            written.push(letter);
            continue;
        };
        if letter == '\\' && !verbatim {
            written.push(letter);
            written.extend(letters.next());
        } else if letter == quote && !verbatim && letters.next_if_eq(&quote).is_some() {
            written.extend(['\\', quote]);
        } else {
            written.push(letter);
            open = open.filter(|_| letter != quote);
        }
    }
    written
}

/// Whether a literal that begins behind this text is a raw one, `r'…'`.
fn is_raw(before: &str) -> bool {
    let mut letters = before.chars().rev();
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    letters.next().is_some_and(|letter| letter.eq_ignore_ascii_case(&'r')) && !letters.next().is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::{Grammar, Token, tokens};

    fn check(text: &str) {
        let name = Identifier::new(text);
        let (quoted, named) = (Token::Text(text.to_owned()), Token::Name(text.to_owned()));
        for grammar in [Grammar::Spark, Grammar::Delta] {
            assert_eq!(tokens(grammar, &literal(text)), std::slice::from_ref(&quoted), "{text:?}");
            assert!(!literal(text).contains("${"), "{text:?}");
            assert_eq!(tokens(grammar, &identifier(&name)), std::slice::from_ref(&named), "{text:?}");
            // Between other tokens they end where they should.
            let sql = format!("{}{},{};", literal(text), identifier(&name), literal(text));
            let symbol = |letter: &str| Token::Symbol(letter.to_owned());
            let expected = [quoted.clone(), named.clone(), symbol(","), quoted.clone(), symbol(";")];
            assert_eq!(tokens(grammar, &sql), expected, "{text:?}");
        }
    }

    #[test]
    fn hostile_texts_decode_to_themselves() {
        for text in [
            "",
            "'",
            "''",
            "\\",
            "\\'",
            "'\\",
            "`",
            "``",
            "a.b",
            "${env:HOME}",
            "line\nbreak",
            "-- x",
            "*/",
            "\\u0041",
            "\\U0001F600",
            "\\101",
            "\\%",
            "\\_",
            "\\0",
            "\0",
            "r'",
            "\u{202e}right to left",
            "😀",
        ] {
            check(text);
        }
    }

    #[test]
    fn two_thousand_generated_texts_decode_to_themselves() {
        const LETTERS: [char; 20] = [
            '\'', '\'', '\\', '\\', '`', '`', '"', '$', '{', '}', '\n', '\r', '\t', '\0', ';', '-', 'n', 'u', '0', '語',
        ];
        let mut state = 42_u64;
        let mut next = |below: usize| {
            // Knuth's MMIX constants; the high bits are the random ones.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % below
        };
        for _ in 0..2_000 {
            let length = next(13);
            check(&(0..length).map(|_| LETTERS[next(LETTERS.len())]).collect::<String>());
        }
    }

    #[test]
    fn expressions_are_kept_as_written_where_both_grammars_read_them_alike() {
        let check = |text: &str, expected: &str| {
            let read = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(expression(&read), expected);
        };
        let same = |text: &str| check(text, text);
        same("CAST(created_at AS DATE)");
        same("Status <> '' AND x = ''");
        same("Name <> \"it's\"");
        same(r"a <> 'C:\\x' AND b = '\'' AND `it''s` = 1");
        check("Name <> 'it''s'", r"Name <> 'it\'s'");
        check("Name <> '''' AND `a``b` = 'say ''no'''", r"Name <> '\'' AND `a``b` = 'say \'no\''");
        check("a = \"say \"\"no\"\"\"", r#"a = "say \"no\"""#);
        check(r"a = '50\%''' ", r"a = '50\%\''");
    }

    #[test]
    fn paths_quote_fields_and_leave_steps_bare() {
        let nested = Path::from(vec![Step::Field("lines".into()), Step::Element, Step::Field("odd.name".into())]);
        assert_eq!(path(&nested), "`lines`.element.`odd.name`");
        let map = Path::from(vec![Step::Field("value".into()), Step::Value]);
        assert_eq!(path(&map), "`value`.value");
        assert_eq!(table(&"dev.silver.`a``b`".parse().expect("a name")), "`dev`.`silver`.`a``b`");
    }
}
