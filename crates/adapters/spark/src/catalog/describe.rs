//! A table by its name alone: two requests at once, the schema as Spark's analyzer has it and Delta's own `DESCRIBE DETAIL`.
//!
//! What a server answers to this it answers for every Delta table that it knows, wherever the table's files are.

use delta_engine_application::port::Unreadable;
use delta_engine_schema::model::TableName;

use super::trouble::{Trouble, judge, not_delta, without_log};
use crate::client::Failure;
use crate::observe::{Detail, DetailError, spark_schema};
use crate::server::Server;
use crate::statement;

/// A table that was described.
pub(super) struct Described {
    pub(super) schema: serde_json::Value,
    pub(super) detail: Detail,
}

/// One table as it is now; an error is trouble with the server, not with the table.
pub(super) async fn describe(server: &Server, name: &TableName) -> Result<Result<Described, Trouble>, Failure> {
    let quoted = statement::table(name);
    let schema = server.ask(|client| {
        let quoted = quoted.clone();
        async move { client.schema_of_table(&quoted).await }
    });
    let (detail, schema) = futures::join!(detail(server, name), schema);
    let detail = match detail? {
        Ok(detail) => detail,
        Err(trouble) => return Ok(Err(trouble)),
    };
    if !detail.format.eq_ignore_ascii_case("delta") {
        return Ok(Err(Trouble::Unreadable(not_delta(&detail.format))));
    }
    // Of a table without a log the detail is what the catalog has registered (Delta `describeNonDeltaTable`).
    if detail.table_id.is_empty() {
        return Ok(Err(Trouble::Unreadable(without_log(Some(&detail.location)))));
    }
    Ok(match schema {
        Ok(schema) => Ok(Described { schema: spark_schema(&schema), detail }),
        Err(failure) => Err(judge(failure)?),
    })
}

/// Delta's own description of a table, or what its log says.
pub(crate) async fn detail(server: &Server, name: &TableName) -> Result<Result<Detail, Trouble>, Failure> {
    if !server.dialect().describes_details() {
        return Ok(super::logged::describe(server, name, None).await?.map(|logged| logged.detail));
    }
    let command = format!("DESCRIBE DETAIL {}", statement::table(name));
    Ok(match server.show(&command).await {
        Ok(rows) => Detail::read(&rows)
            .map_err(|error: DetailError| Trouble::Unreadable(Unreadable { reason: error.to_string(), help: None })),
        Err(failure) => Err(judge(failure)?),
    })
}
