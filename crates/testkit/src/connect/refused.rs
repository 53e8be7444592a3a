//! An exception of the server's: as a status holds it, and as its details do.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use delta_engine_spark_proto::fetch_error_details_response as details;
use serde::Deserialize;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Where Spark cuts the message of a status.
const LONGEST_MESSAGE: usize = 2048;
/// Beyond this Spark leaves class and parameters out of a status (`spark.connect.grpc.maxMetadataSize`).
const LONGEST_PARAMETERS: usize = 1024;

/// Why a statement is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Error class; Sail has none.
    #[serde(default)]
    pub class: Option<String>,
    /// SQLSTATE.
    #[serde(default)]
    pub sqlstate: Option<String>,
    /// Message, with the class before it or without.
    pub message: String,
    /// Its parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// First and last character in the statement, from 0.
    #[serde(default)]
    pub position: Option<RangeInclusive<i32>>,
}

impl Refused {
    /// A class and a message.
    pub fn new(class: &str, message: &str) -> Self {
        Self { class: Some(class.to_owned()), message: message.to_owned(), ..Self::default() }
    }

    fn text(&self) -> String {
        match &self.class {
            Some(class) if !self.message.starts_with('[') => format!("[{class}] {}", self.message),
            Some(_) | None => self.message.clone(),
        }
    }

    /// As Spark puts it into a status.
    pub(super) fn status(&self, error_id: &str) -> Status {
        let parameters = serde_json::json!(self.parameters).to_string();
        let mut metadata = vec![("errorId", error_id.to_owned())];
        metadata.extend(self.sqlstate.clone().map(|state| ("sqlState", state)));
        if parameters.len() <= LONGEST_PARAMETERS {
            metadata.extend(self.class.clone().map(|class| ("errorClass", class)));
            metadata.push(("messageParameters", parameters));
        }
        let text = self.text();
        let message = match text.chars().count() {
            count if count > LONGEST_MESSAGE => text.chars().take(LONGEST_MESSAGE - 3).chain("...".chars()).collect(),
            _ => text,
        };
        let metadata = metadata.into_iter().map(|(name, value)| (name.to_owned(), value));
        let metadata = metadata.collect::<std::collections::HashMap<_, _>>();
        let details = ErrorDetails::with_error_info("org.apache.spark.SparkException", "org.apache.spark", metadata);
        Status::with_error_details(Code::Internal, message, details)
    }

    /// All of it.
    pub(super) fn details(&self) -> details::Error {
        let context = self.position.as_ref().map(|position| details::QueryContext {
            context_type: details::query_context::ContextType::Sql.into(),
            start_index: *position.start(),
            stop_index: *position.end(),
            ..Default::default()
        });
        details::Error {
            message: self.text(),
            spark_throwable: Some(details::SparkThrowable {
                error_class: self.class.clone(),
                message_parameters: self.parameters.clone().into_iter().collect(),
                query_contexts: context.into_iter().collect(),
                sql_state: self.sqlstate.clone(),
                breaking_change_info: None,
            }),
            ..Default::default()
        }
    }
}
