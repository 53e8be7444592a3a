//! Columns that a catalog keeps of a table since it was registered, held against those of its log.
//!
//! Sail reads the log at each statement, and mixes its columns with those that the table was registered with: after a rename
//! `SELECT *` fails, after a change of a type new values can't be read (docs/reference/platform.md). A table that is registered
//! without columns follows its log.

use delta_engine_application::port::{ExecutionError, Relation};
use delta_engine_schema::model::Identifier;
use delta_engine_sql::literal;
use serde_json::Value;

use super::failure;
use crate::client::Failure;
use crate::observe::spark_schema;
use crate::server::Server;
use crate::statement;

/// Says where the catalog goes on showing other columns than the log has.
pub(super) async fn check(server: &Server, relation: &Relation) -> Result<(), ExecutionError> {
    let Some(place) = &relation.location else { return Ok(()) };
    let name = statement::table(&relation.name);
    match is_as_in_log(server, &name, place).await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let again = format!("DROP TABLE {name}; CREATE TABLE {name} USING delta LOCATION {}", literal(place));
            Err(failure::registered_otherwise(&again))
        }
        Err(cause) => Err(failure::not_refreshed(cause, &format!("SELECT * FROM {name}"))),
    }
}

async fn is_as_in_log(server: &Server, name: &str, place: &str) -> Result<bool, Failure> {
    let registered = server.ask(|client| {
        let name = name.to_owned();
        async move { client.schema_of_table(&name).await }
    });
    let log = server.ask(|client| {
        let query = format!("SELECT * FROM delta.{}", Identifier::new(place).quoted());
        async move { client.schema_of_query(&query).await }
    });
    let (registered, log) = futures::join!(registered, log);
    Ok(shape(spark_schema(&registered?)) == shape(spark_schema(&log?)))
}

/// A schema without the metadata of its fields.
fn shape(schema: Value) -> Value {
    match schema {
        Value::Object(entries) => {
            let kept = entries.into_iter().filter(|(key, _)| key != "metadata");
            Value::Object(kept.map(|(key, value)| (key, shape(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(shape).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => schema,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_held_against_each_other_without_metadata() {
        let schema = |name: &str, metadata: Value| {
            let field = json!({ "name": name, "type": "long", "nullable": true, "metadata": metadata });
            shape(json!({ "type": "struct", "fields": [field] }))
        };
        assert_eq!(schema("a", json!({})), schema("a", json!({ "comment": "x" })));
        assert_ne!(schema("a", json!({})), schema("b", json!({})));
    }
}
