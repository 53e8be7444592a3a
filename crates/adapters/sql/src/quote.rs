//! The only doors through which names and texts enter a statement.

use delta_engine_schema::model::{Expression, ExpressionToken, Identifier, Path, Step, TableName};

/// A name in backticks, inner backticks doubled.
pub(crate) fn identifier(name: &Identifier) -> String {
    name.quoted()
}

/// A text as a literal.
///
/// A quote is escaped by a backslash: Delta's own grammar (`DeltaSqlBase.g4`, STRING) and Spark 3 know no `''`.
/// Right for `spark.sql.parser.escapedStringLiterals=false`, the default.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
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

/// An expression as it was written, fit to be followed by more of the statement; it holds no comment.
pub(crate) fn expression(expression: &Expression) -> String {
    let text = expression.text();
    // Delta's grammar reads `'it''s'` in a CHECK as two literals, `its`.
    let quotes = |token: &ExpressionToken| matches!(token, ExpressionToken::Text(text) if text.contains('\''));
    if text.contains("''") && expression.tokens().iter().any(quotes) {
        return expression.tokens().iter().map(token).collect::<Vec<_>>().join(" ");
    }
    text.to_owned()
}

fn token(token: &ExpressionToken) -> String {
    match token {
        ExpressionToken::Word(text) | ExpressionToken::Number(text) | ExpressionToken::Symbol(text) => text.clone(),
        ExpressionToken::Quoted(name) => identifier(name),
        ExpressionToken::Text(text) => literal(text),
    }
}

#[cfg(test)]
mod tests {
    use sqlparser::dialect::{DatabricksDialect, Dialect};
    use sqlparser::tokenizer::{Token, Tokenizer};

    use super::*;

    /// sqlparser's Databricks dialect with the escapes it lacks: in Spark's literals a backslash escapes.
    #[derive(Debug)]
    struct Escaping;

    impl Dialect for Escaping {
        fn is_delimited_identifier_start(&self, letter: char) -> bool {
            DatabricksDialect.is_delimited_identifier_start(letter)
        }

        fn is_identifier_start(&self, letter: char) -> bool {
            DatabricksDialect.is_identifier_start(letter)
        }

        fn is_identifier_part(&self, letter: char) -> bool {
            DatabricksDialect.is_identifier_part(letter)
        }

        fn supports_nested_comments(&self) -> bool {
            DatabricksDialect.supports_nested_comments()
        }

        fn supports_string_literal_backslash_escape(&self) -> bool {
            true
        }
    }

    fn tokens(sql: &str) -> Vec<Token> {
        Tokenizer::new(&Escaping, sql).tokenize().unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn check(text: &str) {
        let name = Identifier::new(text);
        assert_eq!(tokens(&literal(text)), [Token::SingleQuotedString(text.to_owned())], "{text:?}");
        assert_eq!(tokens(&identifier(&name)), [Token::make_word(text, Some('`'))], "{text:?}");
        // Between other tokens they end where they should.
        let sql = format!("{}{}{};", literal(text), identifier(&name), literal(text));
        let quoted = || Token::SingleQuotedString(text.to_owned());
        assert_eq!(tokens(&sql), [quoted(), Token::make_word(text, Some('`')), quoted(), Token::SemiColon], "{text:?}");
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
            "\\%",
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
    fn expressions_are_kept_as_written_where_that_is_safe() {
        let read = |text: &str| expression(&Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")));
        assert_eq!(read("CAST(created_at AS DATE)"), "CAST(created_at AS DATE)");
        assert_eq!(read("Status <> ''"), "Status <> ''");
        assert_eq!(read("Name <> 'it''s'"), r"name <> 'it\'s'", "Delta's grammar knows no doubled quote");
        assert_eq!(read("Name <> \"it's\""), "Name <> \"it's\"");
        assert_eq!(read(r"a <> 'C:\\x'"), r"a <> 'C:\\x'");
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
