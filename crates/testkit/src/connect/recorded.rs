//! Answers by their question: written in a test, or recorded in a file.
//!
//! A recording is a JSON list of `{ "statement" | "query" | "schema_of_table" | "schema_of_query": TEXT }` with one of
//! `"rows": { COLUMN: [TEXT or null, …] }` and `"refused": { "class", "sqlstate", "message", "parameters" }`; all values are
//! text, as those of `DESCRIBE` and `SHOW` are. Schemas are written in Rust.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Ask, Refused, Reply, Script};

/// Answers by their question. What nobody wrote an answer for is refused with `SCRIPT_IS_SILENT`.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<Ask, Reply>);

/// A recording that can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// No JSON, or other keys.
    #[error("failed to read the recording")]
    Json(#[from] serde_json::Error),
    /// Not exactly one question and one answer.
    #[error("entry {entry} of the recording needs one of {wanted}")]
    Entry {
        /// From 1.
        entry: usize,
        /// The keys it may have.
        wanted: &'static str,
    },
    /// Columns of different lengths, or values that are no text.
    #[error("the rows of entry {entry} of the recording are no table of texts")]
    Rows {
        /// From 1.
        entry: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    statement: Option<String>,
    query: Option<String>,
    schema_of_table: Option<String>,
    schema_of_query: Option<String>,
    rows: Option<Map<String, Value>>,
    refused: Option<Refused>,
}

impl Answers {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    pub fn on(mut self, ask: Ask, reply: Reply) -> Self {
        self.0.insert(ask, reply);
        self
    }

    /// With all of a recording.
    pub fn recorded(mut self, json: &str) -> Result<Self, RecordingError> {
        let entries: Vec<Recorded> = serde_json::from_str(json)?;
        for (index, entry) in entries.into_iter().enumerate() {
            let number = index + 1;
            let asks = [
                entry.statement.map(Ask::Statement),
                entry.query.map(Ask::Query),
                entry.schema_of_table.map(Ask::SchemaOfTable),
                entry.schema_of_query.map(Ask::SchemaOfQuery),
            ];
            let mut asks = asks.into_iter().flatten();
            let (Some(ask), None) = (asks.next(), asks.next()) else {
                return Err(RecordingError::Entry {
                    entry: number,
                    wanted: "statement, query, schema_of_table, schema_of_query",
                });
            };
            let reply = match (entry.rows, entry.refused) {
                (Some(rows), None) => table(&rows).ok_or(RecordingError::Rows { entry: number })?,
                (None, Some(refused)) => Reply::refused(refused),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(RecordingError::Entry { entry: number, wanted: "rows, refused" });
                }
            };
            self.0.insert(ask, reply);
        }
        Ok(self)
    }
}

impl Script for Answers {
    fn reply(&mut self, ask: &Ask) -> Reply {
        let silent = || Reply::refused(Refused::new("SCRIPT_IS_SILENT", &format!("no answer to {ask:?}")));
        self.0.get(ask).cloned().unwrap_or_else(silent)
    }
}

fn table(rows: &Map<String, Value>) -> Option<Reply> {
    let column = |values: &Value| {
        let text = |value: &Value| match value {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        values.as_array()?.iter().map(text).collect::<Option<StringArray>>()
    };
    let columns: Vec<(String, StringArray)> =
        rows.iter().map(|(name, values)| Some((name.clone(), column(values)?))).collect::<Option<_>>()?;
    let same =
        columns.windows(2).all(|pair| arrow_array::Array::len(&pair[0].1) == arrow_array::Array::len(&pair[1].1));
    let erased = |(name, values): (String, StringArray)| (name, Arc::new(values) as ArrayRef);
    same.then(|| Reply::text(columns.into_iter().map(erased).collect()))
}

#[cfg(test)]
mod tests {
    use super::super::reply::Says;
    use super::*;

    fn check(json: &str, ask: Ask) -> Result<String, String> {
        let mut answers = Answers::new().recorded(json).map_err(|error| error.to_string())?;
        Ok(match answers.reply(&ask).says {
            Says::Rows(batches) => {
                format!("{} rows", batches.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>())
            }
            Says::Refused(refused) => refused.class,
            Says::Schema(_) => "schema".to_owned(),
        })
    }

    #[test]
    fn recordings_answer() {
        let json = r#"[
            { "query": "SHOW TABLES", "rows": { "name": ["a", null], "kind": ["t", "t"] } },
            { "statement": "DROP x", "refused": { "class": "TABLE_OR_VIEW_NOT_FOUND", "message": "no x" } }
        ]"#;
        assert_eq!(check(json, Ask::Query("SHOW TABLES".to_owned())), Ok("2 rows".to_owned()));
        assert_eq!(check(json, Ask::Statement("DROP x".to_owned())), Ok("TABLE_OR_VIEW_NOT_FOUND".to_owned()));
        assert_eq!(check(json, Ask::Query("DROP x".to_owned())), Ok("SCRIPT_IS_SILENT".to_owned()));
    }

    #[test]
    fn recordings_that_are_none_say_where() {
        let ask = || Ask::Query("q".to_owned());
        let entry = |json: &str| check(json, ask()).expect_err(json);
        assert!(entry(r#"[{ "query": "q" }]"#).contains("entry 1 of the recording needs one of rows, refused"));
        assert!(entry(r#"[{ "rows": {} }]"#).contains("entry 1 of the recording needs one of statement"));
        let ragged = r#"[{ "query": "q", "rows": { "a": ["x"], "b": [] } }]"#;
        assert!(entry(ragged).contains("the rows of entry 1 of the recording are no table of texts"));
        assert!(entry(r#"[{ "query": "q", "rows": { "a": [1] } }]"#).contains("no table of texts"));
    }
}
