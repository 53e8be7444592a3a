//! Answers by their question: written in a test, or recorded in a file.
//!
//! A recording is a JSON list. Each entry has one question, `{ "statement" | "query" | "schema_of_table" |
//! "schema_of_query": TEXT }`, and one answer:
//! - `"rows": { COLUMN: [TEXT or null, …] }`, where all values are text;
//! - `"columns": { COLUMN: TYPE }, "rows": [ { COLUMN: VALUE } ]`, with Arrow's types (`typed`);
//! - `"data_type": BASE64`, the message of a schema;
//! - `"refused": { "class", "sqlstate", "message", "parameters" }`.

mod typed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, StringArray};
use base64::Engine;
use delta_engine_spark_proto::Message;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Ask, Conduct, Refused, Reply, Script};

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
    /// An answer that is not what it says.
    #[error("the {what} of entry {entry} of the recording can't be read")]
    Answer {
        /// From 1.
        entry: usize,
        /// Rows, or a schema.
        what: &'static str,
    },
    /// Rows that are not of the types they say.
    #[error("the rows of entry {entry} of the recording are not of its types: {source}")]
    Types {
        /// From 1.
        entry: usize,
        /// Why.
        source: arrow_schema::ArrowError,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    statement: Option<String>,
    query: Option<String>,
    schema_of_table: Option<String>,
    schema_of_query: Option<String>,
    columns: Option<Map<String, Value>>,
    rows: Option<Value>,
    data_type: Option<String>,
    /// The schema again, for people.
    #[serde(rename = "reads")]
    _reads: Option<serde::de::IgnoredAny>,
    refused: Option<Refused>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    value: Option<String>,
    modifiable: Option<String>,
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

    /// With all of a recording; of a question that is there twice, the last answer counts.
    pub fn recorded(mut self, json: &str) -> Result<Self, RecordingError> {
        let entries: Vec<Recorded> = serde_json::from_str(json)?;
        for (index, entry) in entries.into_iter().enumerate() {
            let number = index + 1;
            let wanted = "statement, query, schema_of_table, schema_of_query";
            let ask = entry.ask().ok_or(RecordingError::Entry { entry: number, wanted })?;
            self.0.insert(ask, entry.reply(number)?);
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

impl Conduct {
    /// With recorded settings: `{ NAME: { "value": TEXT or null, "modifiable": "true" | "false" } }`.
    pub fn with_settings(mut self, json: &str) -> Result<Self, RecordingError> {
        let settings: BTreeMap<String, Setting> = serde_json::from_str(json)?;
        let fixed = |setting: &Setting| setting.modifiable.as_deref() == Some("false");
        let names = settings.iter().filter(|(_, setting)| fixed(setting)).map(|(name, _)| name.clone());
        self.fixed_settings.extend(names.collect::<BTreeSet<_>>());
        self.settings.extend(settings.into_iter().filter_map(|(name, setting)| Some((name, setting.value?))));
        Ok(self)
    }
}

impl Recorded {
    /// The one question.
    fn ask(&self) -> Option<Ask> {
        let asks = [
            self.statement.clone().map(Ask::Statement),
            self.query.clone().map(Ask::Query),
            self.schema_of_table.clone().map(Ask::SchemaOfTable),
            self.schema_of_query.clone().map(Ask::SchemaOfQuery),
        ];
        let mut asks = asks.into_iter().flatten();
        match (asks.next(), asks.next()) {
            (Some(ask), None) => Some(ask),
            (Some(_), Some(_)) | (None, _) => None,
        }
    }

    /// The one answer.
    fn reply(self, entry: usize) -> Result<Reply, RecordingError> {
        let unreadable = |what| RecordingError::Answer { entry, what };
        match (self.rows, self.data_type, self.refused) {
            (Some(rows), None, None) => {
                let Some(columns) = &self.columns else { return texts(&rows).ok_or_else(|| unreadable("rows")) };
                let Value::Array(rows) = rows else { return Err(unreadable("rows")) };
                typed::rows(columns, rows).map_err(|source| RecordingError::Types { entry, source })
            }
            (None, Some(encoded), None) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).ok();
                let schema = bytes.and_then(|bytes| delta_engine_spark_proto::DataType::decode(bytes.as_slice()).ok());
                schema.map(Reply::schema).ok_or_else(|| unreadable("schema"))
            }
            (None, None, Some(refused)) => Ok(Reply::refused(refused)),
            _ => Err(RecordingError::Entry { entry, wanted: "rows, data_type, refused" }),
        }
    }
}

/// Columns of text.
fn texts(rows: &Value) -> Option<Reply> {
    let column = |values: &Value| {
        let text = |value: &Value| match value {
            Value::Null => Some(None),
            Value::String(text) => Some(Some(text.clone())),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        values.as_array()?.iter().map(text).collect::<Option<StringArray>>()
    };
    let named = |(name, values): (&String, &Value)| Some((name.clone(), column(values)?));
    let columns: Vec<(String, StringArray)> = rows.as_object()?.iter().map(named).collect::<Option<_>>()?;
    let same = columns.windows(2).all(|pair| pair[0].1.len() == pair[1].1.len());
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
                let rows: usize = batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
                let types =
                    batches.iter().flat_map(|batch| batch.columns()).map(|column| column.data_type().to_string());
                format!("{rows} of {}", types.collect::<Vec<_>>().join(" "))
            }
            Says::Refused(refused) => refused.class.unwrap_or_default(),
            Says::Schema(schema) => format!("{:?}", schema.kind.is_some()),
        })
    }

    fn query() -> Ask {
        Ask::Query("q".to_owned())
    }

    #[test]
    fn recordings_answer() {
        let json = r#"[
            { "query": "q", "rows": { "name": ["a", null], "kind": ["t", "t"] } },
            { "statement": "DROP x", "refused": { "class": "TABLE_OR_VIEW_NOT_FOUND", "message": "no x" } }
        ]"#;
        assert_eq!(check(json, query()), Ok("2 of Utf8 Utf8".to_owned()));
        assert_eq!(check(json, Ask::Statement("DROP x".to_owned())), Ok("TABLE_OR_VIEW_NOT_FOUND".to_owned()));
        assert_eq!(check(json, Ask::Query("DROP x".to_owned())), Ok("SCRIPT_IS_SILENT".to_owned()));
    }

    #[test]
    fn recordings_of_other_types_answer() {
        let json = r#"[{
            "query": "q",
            "columns": { "n": "int64", "at": "timestamp[us, tz=UTC]", "l": "list<element: string>", "m": "map<string, string>" },
            "rows": [{ "n": 1, "at": "2026-11-21T08:33:26.473000+00:00", "l": ["a"], "m": [["k", "v"]] }]
        }]"#;
        let found = check(json, query()).unwrap();
        assert!(found.starts_with("1 of Int64 Timestamp(µs"), "{found}");
        let schema = r#"[{ "query": "q", "data_type": "qgEaCgoKAmlkEgIyABgBCgwKBG5hbWUSAloAGAE=" }]"#;
        assert_eq!(check(schema, query()), Ok("true".to_owned()));
    }

    #[test]
    fn recordings_that_are_none_say_where() {
        let fault = |json: &str| check(json, query()).expect_err(json);
        assert!(
            fault(r#"[{ "query": "q" }]"#).contains("entry 1 of the recording needs one of rows, data_type, refused")
        );
        assert!(fault(r#"[{ "rows": {} }]"#).contains("entry 1 of the recording needs one of statement"));
        let ragged = r#"[{ "query": "q", "rows": { "a": ["x"], "b": [] } }]"#;
        assert!(fault(ragged).contains("the rows of entry 1 of the recording can't be read"));
        assert!(fault(r#"[{ "query": "q", "rows": { "a": [1] } }]"#).contains("the rows of entry 1"));
        assert!(
            fault(r#"[{ "query": "q", "columns": { "a": "tensor" }, "rows": [] }]"#).contains("the rows of entry 1")
        );
        assert!(fault(r#"[{ "query": "q", "data_type": "?" }]"#).contains("the schema of entry 1"));
    }

    #[test]
    fn every_recording_of_the_repository_is_read() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded");
        let mut read = 0;
        for server in ["spark-4.2", "spark-4.0", "sail-0.7"] {
            let text = |file: &str| std::fs::read_to_string(folder.join(server).join(file)).expect(file);
            for file in ["answers.json", "typed.json", "schemas.json", "statements.json"] {
                let answers = Answers::new().recorded(&text(file));
                assert!(answers.is_ok(), "{server} {file}: {answers:?}");
                read += answers.map_or(0, |answers| answers.0.len());
            }
            let conduct = Conduct::default().with_settings(&text("settings.json")).expect(server);
            assert!(!conduct.settings.is_empty(), "{server}");
        }
        for file in ["descriptions.json", "information_schema.json"] {
            let text = std::fs::read_to_string(folder.join("databricks").join(file)).expect(file);
            let answers = Answers::new().recorded(&text);
            assert!(answers.is_ok(), "databricks {file}: {answers:?}");
            read += answers.map_or(0, |answers| answers.0.len());
        }
        assert!(read > 100, "{read} answers");
    }
}
