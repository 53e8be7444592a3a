//! SQL expressions as text and tokens: compared as tokens, never evaluated here.

mod literal;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use sqlparser::dialect::Dialect;
use sqlparser::tokenizer::{Token, Tokenizer, TokenizerError, Whitespace};

use self::literal::unescaped;
use super::Identifier;

/// A SQL expression of a default, a check or a generated column.
///
/// Equal when the tokens are: Delta stores checks re-assembled from tokens (`a>0` as `a > 0`), so text is no ground
/// for a difference.
/// One pointer wide and shared: every column has room for two, and hardly any has one.
#[derive(Clone)]
pub struct Expression(Arc<Read>);

/// Words that are whole expressions: constants that take no parentheses. localtimestamp and current_schema want them (measured on
/// Spark 4.2).
pub const CONSTANT_WORDS: [&str; 9] = [
    "true",
    "false",
    "null",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "session_user",
    "user",
];

/// What was read.
struct Read {
    text: Box<str>,
    tokens: Box<[ExpressionToken]>,
}

/// A token, normalised: words in lower case, literals with their escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpressionToken {
    /// A keyword, function or bare identifier, in lower case.
    Word(String),
    /// An identifier in backticks.
    Quoted(Identifier),
    /// A text literal.
    Text(String),
    /// A number as written, in lower case.
    Number(String),
    /// Anything else.
    Symbol(String),
}

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// Nothing but space.
    #[error("the expression is empty")]
    Empty,
    /// A quote that is never closed.
    #[error("the quote {mark} at character {at} of the expression is never closed")]
    Unclosed {
        /// What opens it.
        mark: String,
        /// Where it opens, in characters from 1.
        at: usize,
    },
    /// The text cannot be split into tokens for another reason.
    #[error("the expression cannot be read: {0}")]
    Token(String),
    /// A statement separator inside an expression.
    #[error("`;` cannot stand in an expression")]
    Statement,
    /// A comment inside an expression.
    #[error("a comment cannot stand in an expression")]
    Comment,
    /// Parentheses do not pair up.
    #[error("the parentheses of the expression do not pair up")]
    Parentheses,
}

impl Expression {
    /// Reads an expression into tokens.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let tokens = Tokenizer::new(&Spark, text).with_unescape(false).tokenize();
        let tokens = tokens.map_err(|error| unreadable(text, &error))?;
        let is_comment = |space: &Whitespace| {
            matches!(space, Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_))
        };
        if tokens.iter().any(|token| matches!(token, Token::Whitespace(space) if is_comment(space))) {
            return Err(ExpressionError::Comment);
        }
        let tokens: Vec<ExpressionToken> = normalised(tokens);
        if tokens.is_empty() {
            return Err(ExpressionError::Empty);
        }
        let symbol = |token: &ExpressionToken, wanted: &str| matches!(token, ExpressionToken::Symbol(symbol) if symbol == wanted);
        if tokens.iter().any(|token| symbol(token, ";")) {
            return Err(ExpressionError::Statement);
        }
        let mut depth = 0_i64;
        for token in &tokens {
            depth += i64::from(symbol(token, "(")) - i64::from(symbol(token, ")"));
            if depth < 0 {
                return Err(ExpressionError::Parentheses);
            }
        }
        if depth != 0 {
            return Err(ExpressionError::Parentheses);
        }
        Ok(Self(Arc::new(Read { text: text.trim().into(), tokens: tokens.into() })))
    }

    /// The text as written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The tokens.
    pub fn tokens(&self) -> &[ExpressionToken] {
        &self.0.tokens
    }

    /// Whether an identifier token equals this name: over-approximate on purpose, a function or keyword of that name counts.
    pub fn mentions(&self, name: &Identifier) -> bool {
        self.tokens().iter().any(|token| match token {
            ExpressionToken::Word(word) => Identifier::new(word.as_str()) == *name,
            ExpressionToken::Quoted(quoted) => quoted == name,
            ExpressionToken::Text(_) | ExpressionToken::Number(_) | ExpressionToken::Symbol(_) => false,
        })
    }

    /// The expression with column names replaced, all at once; `None` where the result can't be read again.
    pub fn with_columns(&self, replacements: &[(&Identifier, &Identifier)]) -> Option<Self> {
        let replaced =
            |name: &Identifier| replacements.iter().find(|(from, _)| *from == name).map(|(_, to)| to.quoted());
        let text = |token: &ExpressionToken| match token {
            ExpressionToken::Word(word) => replaced(&Identifier::new(word.as_str())).unwrap_or_else(|| word.clone()),
            ExpressionToken::Quoted(name) => replaced(name).unwrap_or_else(|| name.quoted()),
            ExpressionToken::Text(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            ExpressionToken::Number(number) => number.clone(),
            ExpressionToken::Symbol(symbol) => symbol.clone(),
        };
        if !replacements.iter().any(|(from, _)| self.mentions(from)) {
            return Some(self.clone());
        }
        Self::parse(&self.tokens().iter().map(text).collect::<Vec<_>>().join(" ")).ok()
    }

    /// Those of `names` that the expression mentions.
    pub fn columns<'n>(&self, names: impl IntoIterator<Item = &'n Identifier>) -> BTreeSet<&'n Identifier> {
        names.into_iter().filter(|name| self.mentions(name)).collect()
    }
}

/// How Spark splits text into tokens: backticks around identifiers, backslash escapes in literals.
#[derive(Debug)]
struct Spark;

impl Dialect for Spark {
    fn is_delimited_identifier_start(&self, letter: char) -> bool {
        letter == '`'
    }

    fn is_identifier_start(&self, letter: char) -> bool {
        letter.is_alphabetic() || letter == '_'
    }

    fn is_identifier_part(&self, letter: char) -> bool {
        letter.is_alphanumeric() || letter == '_'
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }
}

/// What the tokenizer stumbled over, in words for people: nearly always a quote without its end.
fn unreadable(text: &str, error: &TokenizerError) -> ExpressionError {
    let opening = |letter: &char| matches!(letter, '\'' | '"' | '`');
    let line = usize::try_from(error.location.line).unwrap_or(1).saturating_sub(1);
    let column = usize::try_from(error.location.column).unwrap_or(1).saturating_sub(1);
    let before: usize = text.split('\n').take(line).map(|line| line.chars().count() + 1).sum();
    let mark = text.chars().nth(before + column).filter(opening);
    match mark {
        Some(mark) => ExpressionError::Unclosed { mark: mark.to_string(), at: before + column + 1 },
        None => ExpressionError::Token(error.message.clone()),
    }
}

fn normalised(tokens: Vec<Token>) -> Vec<ExpressionToken> {
    let mut normalised = Vec::with_capacity(tokens.len());
    let mut follows_r = false;
    for token in tokens {
        let is_r =
            matches!(&token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("r"));
        if let Token::SingleQuotedString(text) | Token::DoubleQuotedString(text) = &token
            && follows_r
        {
            // `r'…'` is one literal, in which a backslash is a backslash.
            normalised.pop();
            normalised.push(ExpressionToken::Text(text.clone()));
        } else {
            normalised.extend(normalise(&token));
        }
        follows_r = is_r;
    }
    normalised
}

fn normalise(token: &Token) -> Option<ExpressionToken> {
    if matches!(token, Token::Whitespace(_) | Token::EOF) {
        return None;
    }
    if let Token::Word(word) = token {
        return Some(match word.quote_style {
            Some(_) => ExpressionToken::Quoted(Identifier::new(word.value.replace("``", "`"))),
            None => ExpressionToken::Word(word.value.to_lowercase()),
        });
    }
    if let Token::Number(number, long) = token {
        return Some(ExpressionToken::Number(format!("{}{}", number.to_lowercase(), if *long { "l" } else { "" })));
    }
    if let Token::SingleQuotedString(text) = token {
        return Some(ExpressionToken::Text(unescaped(text, '\'')));
    }
    if let Token::DoubleQuotedString(text) = token {
        return Some(ExpressionToken::Text(unescaped(text, '"')));
    }
    Some(ExpressionToken::Symbol(token.to_string()))
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text() || self.tokens() == other.tokens()
    }
}

impl Eq for Expression {}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({:?})", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expression {
        Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn spacing_and_keyword_case_make_no_difference() {
        assert_eq!(read("a>0 AND b = 'X'"), read("A > 0 and b='X'"));
        assert_ne!(read("b = 'X'"), read("b = 'x'"));
        assert_eq!(read("b = 'it\\'s'"), read("b='it\\'s'"));
        assert_ne!(read("a > 0"), read("a > 1"));
    }

    #[test]
    fn texts_are_equal_where_spark_reads_them_so() {
        for (one, other) in [
            (r"'A'", r"'\u0041'"),
            (r"'A'", r#""\101""#),
            (r"'it''s'", r"'it\'s'"),
            (r"r'\d+'", r"'\\d+'"),
            (r"R'a'", r"'a'"),
            (r"'\q'", r"'q'"),
        ] {
            assert_eq!(read(one), read(other));
        }
        for (one, other) in [
            (r"a LIKE '%_tmp'", r"a LIKE '%\_tmp'"),
            (r"a LIKE '%'", r"a LIKE '\%'"),
            (r"r'\d+'", r"'\d+'"),
            (r"r'd'", "r 'd'"),
            (r"'\f'", "'\u{c}'"),
        ] {
            assert_ne!(read(one), read(other));
        }
    }

    #[test]
    fn what_is_written_anew_reads_as_before() {
        let (from, to) = (Identifier::new("a"), Identifier::new("b`c"));
        let check = |text: &str, expected: &str| {
            let renamed = read(text).with_columns(&[(&from, &to)]).unwrap();
            assert_eq!(renamed, read(expected));
            assert!(renamed.mentions(&to));
        };
        check(r"a LIKE '\%x\_' OR a = 'it\'s \\'", r"`b``c` LIKE '\%x\_' OR `b``c` = 'it\'s \\'");
        check(r"a RLIKE r'\d'", r"`b``c` RLIKE '\\d'");
    }

    #[test]
    fn mentions_are_over_approximate() {
        let expression = read("upper(`Full Name`) = status");
        assert!(expression.mentions(&"full name".into()));
        assert!(expression.mentions(&"UPPER".into()));
        assert!(!expression.mentions(&"other".into()));
        assert!(!read("a = 'status'").mentions(&"status".into()), "a literal is no column");
    }

    #[test]
    fn faulty_text_is_refused() {
        assert_eq!(Expression::parse("  ").map(drop), Err(ExpressionError::Empty));
        assert_eq!(Expression::parse("(a > 0").map(drop), Err(ExpressionError::Parentheses));
        assert_eq!(Expression::parse("a > 0; drop table t").map(drop), Err(ExpressionError::Statement));
        assert_eq!(Expression::parse("a > 0 -- why").map(drop), Err(ExpressionError::Comment));
        let unclosed = |text: &str| Expression::parse(text).map(drop).unwrap_err().to_string();
        assert_eq!(unclosed("a = '\\'"), "the quote ' at character 5 of the expression is never closed", "escaped");
        assert_eq!(unclosed("a\n= 'open"), "the quote ' at character 5 of the expression is never closed");
        assert_eq!(unclosed("`ä > 1"), "the quote ` at character 1 of the expression is never closed");
        assert!(matches!(Expression::parse("a /* open"), Err(ExpressionError::Token(_))));
    }
}
