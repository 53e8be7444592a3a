//! What Spark refuses: an exception of the server's as a value.
//!
//! A status holds the class, SQLSTATE and parameters of an exception, but leaves class and parameters out where they are
//! long, and cuts the message (`ErrorUtils.scala`); the place in the statement it never holds. All of it can be fetched for
//! a while by the error's id.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use delta_engine_spark_proto::fetch_error_details_response as details;
use tonic::Status;
use tonic_types::StatusExt;

/// The domain of Spark's exceptions in a status.
const SPARK: &str = "org.apache.spark";
/// What Sail says in words, and Spark by a class (measured on Sail 0.7.2).
const IN_WORDS: [(&str, &str); 3] = [
    ("Table not found: ", "TABLE_OR_VIEW_NOT_FOUND"),
    ("Database not found: ", "SCHEMA_NOT_FOUND"),
    ("Table already exists: ", "TABLE_OR_VIEW_ALREADY_EXISTS"),
];
/// Where messages of a status are cut (`SparkConnectService.extractErrorMessage`).
const LONGEST_MESSAGE: usize = 2048;

/// An exception that the server answered with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refusal {
    /// Error class with its subclass, as `TABLE_OR_VIEW_NOT_FOUND` or `INVALID_HANDLE.SESSION_CLOSED`; of Sail, which has
    /// none, the class that its words stand for.
    pub class: Option<String>,
    /// SQLSTATE.
    pub sqlstate: Option<String>,
    /// The whole message, which often begins with the class in brackets.
    pub message: String,
    /// Where in the statement, in characters from 0.
    pub position: Option<Range<usize>>,
    /// What the message speaks of, by name.
    pub parameters: BTreeMap<String, String>,
    /// The exception's Java class.
    pub exception: Option<String>,
    /// What the details can be fetched by.
    pub(super) error_id: Option<String>,
}

impl Refusal {
    /// The exception that a status tells of; none where the status is not Spark's.
    pub(super) fn of(status: &Status) -> Option<Self> {
        let info = status.get_details_error_info();
        let message = status.message().to_owned();
        let bracketed = class_of_message(&message).or_else(|| class_of_words(&message)).map(str::to_owned);
        if info.as_ref().is_none_or(|info| info.domain != SPARK) && bracketed.is_none() {
            return None;
        }
        let (exception, mut metadata) = info.map(|info| (info.reason, info.metadata)).unwrap_or_default();
        let parameters = metadata.remove("messageParameters").and_then(|json| serde_json::from_str(&json).ok());
        Some(Self {
            class: metadata.remove("errorClass").filter(|class| !class.is_empty()).or(bracketed),
            sqlstate: metadata.remove("sqlState").filter(|state| !state.is_empty()),
            message,
            position: None,
            parameters: parameters.unwrap_or_default(),
            exception: Some(exception).filter(|class| !class.is_empty()),
            error_id: metadata.remove("errorId"),
        })
    }

    /// An answer that names no exception, but is the server's.
    pub(super) fn foreign(status: &Status) -> Self {
        let message = match status.message() {
            "" => status.code().description().to_owned(),
            message => message.to_owned(),
        };
        Self { class: class_of_words(&message).map(str::to_owned), message, ..Self::default() }
    }

    /// Whether it is of a class, or of a subclass of it.
    pub fn is(&self, class: &str) -> bool {
        self.class.as_deref().and_then(|own| own.strip_prefix(class)).is_some_and(|rest| {
            // `A` is the class of `A.B`, but not of `A_B`.
            rest.is_empty() || rest.starts_with('.')
        })
    }

    /// Whether the status left something out.
    pub(super) fn is_cut(&self) -> bool {
        let message = self.message.chars().count() >= LONGEST_MESSAGE;
        self.error_id.is_some() && (message || self.class.is_none() || self.parameters.is_empty())
    }

    /// Fills in what the status left out.
    pub(super) fn complete(&mut self, error: details::Error) {
        if !error.message.is_empty() {
            self.message = error.message;
        }
        let Some(thrown) = error.spark_throwable else { return };
        self.class = thrown.error_class.or(self.class.take());
        self.sqlstate = thrown.sql_state.or(self.sqlstate.take());
        if !thrown.message_parameters.is_empty() {
            self.parameters = thrown.message_parameters.into_iter().collect();
        }
        // A context with an object speaks of the text of a view, not of the statement.
        let own = |context: &details::QueryContext| {
            context.context_type() == details::query_context::ContextType::Sql && context.object_name.is_empty()
        };
        if let Some(context) = thrown.query_contexts.into_iter().find(own) {
            let start = usize::try_from(context.start_index).unwrap_or_default();
            let stop = usize::try_from(context.stop_index).unwrap_or_default();
            self.position = Some(start..(stop + 1).max(start));
        }
    }

    /// Reads the place from the message, which is where syntax errors have it.
    pub(super) fn locate(&mut self, statement: &str) {
        if self.position.is_none() {
            self.position = place_of_message(&self.message).and_then(|(line, column)| {
                let before: usize = statement.lines().take(line - 1).map(|line| line.chars().count() + 1).sum();
                let start = before + column;
                (start <= statement.chars().count()).then_some(start..start + 1)
            });
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_end();
        match &self.class {
            Some(class) if !message.starts_with('[') => write!(f, "[{class}] {message}"),
            Some(_) | None => f.write_str(message),
        }
    }
}

/// `[CLASS.SUBCLASS]` at the beginning of a message.
fn class_of_message(message: &str) -> Option<&str> {
    let (class, _) = message.trim_start().strip_prefix('[')?.split_once(']')?;
    let letter = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || "._".contains(letter);
    (!class.is_empty() && class.chars().all(letter)).then_some(class)
}

/// The class that stands for the words a message begins with.
fn class_of_words(message: &str) -> Option<&'static str> {
    IN_WORDS.iter().find(|(words, _)| message.starts_with(words)).map(|(_, class)| *class)
}

/// `(line 1, pos 0)` or `(line 1, position 0)` in a message: the line from 1, the column from 0.
fn place_of_message(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.split_once("(line ")?;
    let (line, rest) = rest.split_once(", pos")?;
    let (_, rest) = rest.split_once(' ')?;
    let (column, _) = rest.split_once(')')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    (line > 0).then_some((line, column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    fn check(message: &str, metadata: &[(&str, &str)]) -> Option<Refusal> {
        let metadata: std::collections::HashMap<_, _> =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let details = ErrorDetails::with_error_info("org.apache.spark.sql.AnalysisException", SPARK, metadata);
        Refusal::of(&Status::with_error_details(Code::Internal, message, details))
    }

    #[test]
    fn an_exception_is_read_from_the_details() {
        let metadata = [
            ("errorClass", "TABLE_OR_VIEW_NOT_FOUND"),
            ("sqlState", "42P01"),
            ("messageParameters", r#"{"relationName":"`a`"}"#),
            ("errorId", "7"),
        ];
        let refusal = check("[TABLE_OR_VIEW_NOT_FOUND] no `a`", &metadata).unwrap();
        assert_eq!(refusal.class.as_deref(), Some("TABLE_OR_VIEW_NOT_FOUND"));
        assert_eq!(refusal.sqlstate.as_deref(), Some("42P01"));
        assert_eq!(refusal.parameters["relationName"], "`a`");
        assert!(!refusal.is_cut());
        assert_eq!(refusal.to_string(), "[TABLE_OR_VIEW_NOT_FOUND] no `a`");
    }

    #[test]
    fn what_is_cut_off_is_known() {
        let long = "x".repeat(LONGEST_MESSAGE);
        let whole = [("errorId", "7"), ("errorClass", "A"), ("messageParameters", r#"{"a":"b"}"#)];
        assert!(!check("short", &whole).unwrap().is_cut());
        assert!(check(&long, &whole).unwrap().is_cut());
        assert!(check("no class", &[("errorId", "7")]).unwrap().is_cut());
        assert!(!check("nothing to fetch", &[]).unwrap().is_cut());
    }

    #[test]
    fn a_class_is_read_from_the_message_where_the_details_have_none() {
        let class = |message: &str| Refusal::of(&Status::internal(message)).and_then(|refusal| refusal.class);
        assert_eq!(class("[DELTA_METADATA_CHANGED] changed").as_deref(), Some("DELTA_METADATA_CHANGED"));
        assert_eq!(class("[INVALID_HANDLE.SESSION_CLOSED] x").as_deref(), Some("INVALID_HANDLE.SESSION_CLOSED"));
        assert_eq!(class("[not a class] x"), None);
        assert_eq!(class("RST_STREAM closed stream"), None);
        assert_eq!(class("Database not found: s").as_deref(), Some("SCHEMA_NOT_FOUND"));
        assert_eq!(class("Table not found: [TABLE_OR_VIEW_NOT_FOUND] t").as_deref(), Some("TABLE_OR_VIEW_NOT_FOUND"));
    }

    #[test]
    fn a_class_is_that_of_its_subclasses() {
        let refusal = Refusal { class: Some("INVALID_HANDLE.SESSION_CLOSED".to_owned()), ..Refusal::default() };
        let asked = ["INVALID_HANDLE", "INVALID_HANDLE.SESSION_CLOSED", "INVALID", "INVALID_HANDLE.SESSION"];
        assert_eq!(asked.map(|class| refusal.is(class)), [true, true, false, false]);
    }

    #[test]
    fn syntax_errors_are_placed_by_their_message() {
        let place = |message: &str, statement: &str| {
            let mut refusal = Refusal { message: message.to_owned(), ..Refusal::default() };
            refusal.locate(statement);
            refusal.position
        };
        assert_eq!(place("Syntax error (line 1, pos 7)\n== SQL ==", "SELECT FROM"), Some(7..8));
        assert_eq!(place("Syntax error (line 2, position 1)", "ä\nbc"), Some(3..4));
        assert_eq!(place("Syntax error (line 9, pos 1)", "ab"), None);
        assert_eq!(place("no place", "ab"), None);
    }

    #[test]
    fn fetched_details_win() {
        let mut refusal = check("cut…", &[("errorId", "7"), ("sqlState", "42703")]).unwrap();
        let context = details::QueryContext { start_index: 7, stop_index: 9, ..Default::default() };
        let thrown = details::SparkThrowable {
            error_class: Some("A.B".to_owned()),
            query_contexts: vec![context],
            ..Default::default()
        };
        let whole = "the whole message".to_owned();
        refusal.complete(details::Error {
            message: whole.clone(),
            spark_throwable: Some(thrown),
            ..Default::default()
        });
        assert_eq!((refusal.message.as_str(), refusal.position.clone()), (whole.as_str(), Some(7..10)));
        assert_eq!((refusal.class.as_deref(), refusal.sqlstate.as_deref()), (Some("A.B"), Some("42703")));
    }
}
