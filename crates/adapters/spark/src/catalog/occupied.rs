//! Places of new tables: a Delta log that lies where a table is declared that no catalog has registered.
//!
//! A dropped external table, a catalog that was begun anew and a session that is gone leave their logs behind. `CREATE TABLE`
//! with columns makes no new table there: it takes the old one over where all is alike, and fails where it is not
//! (docs/reference/platform.md). Only absent tables cost a request, one each: those that say where they are, and on Sail those of
//! a schema that does.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_application::port::{Relation, Unreadable};
use delta_engine_schema::model::{Identifier, TableName};
use delta_engine_sql::literal;
use futures::StreamExt;

use super::{Look, TABLES, register};
use crate::client::{Failure, Rows};
use crate::observe::Detail;
use crate::server::{SchemaName, Server, schema_of};
use crate::statement;

/// Absent tables whose place is taken can't be created.
pub(super) async fn look(server: &Server, relations: &[Relation], looks: &mut [Look]) -> Result<(), Failure> {
    let absent = relations.iter().enumerate().filter(|(index, _)| matches!(looks[*index], Look::Absent));
    let absent: Vec<(usize, &Relation)> = absent.collect();
    let schemas = places_of_schemas(server, &absent).await?;
    let places = absent.into_iter().filter_map(|(index, relation)| {
        let place = match &relation.location {
            Some(place) => place.clone(),
            None => format!("{}/{}", schemas.get(&schema_of(&relation.name)?)?, relation.name.table),
        };
        is_absolute(&place).then_some((index, &relation.name, place))
    });
    let asked = places.map(|(index, name, place)| async move {
        let log = lies_at(server, &place).await;
        (index, name, place, log)
    });
    let asked: Vec<_> = asked.collect();
    let mut asked = futures::stream::iter(asked).buffered(TABLES);
    while let Some((index, name, place, log)) = asked.next().await {
        if let Some(log) = log? {
            looks[index] = Look::Unreadable(taken(server, name, &place, &log));
        }
    }
    Ok(())
}

/// Where tables go that say nothing of it, by schema: of a server that leaves the files of dropped tables there, and takes them
/// over as it does at a declared place (Sail, measured). Spark creates none in a folder that is not empty.
async fn places_of_schemas(
    server: &Server,
    absent: &[(usize, &Relation)],
) -> Result<BTreeMap<SchemaName, String>, Failure> {
    let mut places = BTreeMap::new();
    if server.dialect().gives_schemas_a_place() {
        return Ok(places);
    }
    let unplaced = absent.iter().map(|(_, relation)| *relation).filter(|relation| relation.location.is_none());
    let unplaced = unplaced.filter(|relation| register::is_plain(&relation.name));
    let there = unplaced.filter(|relation| !server.is_without_schema(&relation.name));
    let schemas: BTreeSet<SchemaName> = there.filter_map(|relation| schema_of(&relation.name)).collect();
    for schema in schemas {
        match server.show(&format!("DESCRIBE SCHEMA {}", statement::schema(&schema))).await {
            Ok(rows) => places.extend(register::place_of_schema(&rows).map(|place| (schema, place))),
            Err(Failure::Refused(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(places)
}

/// Elsewhere the server decides which folder is meant.
fn is_absolute(place: &str) -> bool {
    place.starts_with('/') || place.contains(":/")
}

/// What is known of the log at a place, in words; none where there is no log, or where the server does not tell.
async fn lies_at(server: &Server, place: &str) -> Result<Option<String>, Failure> {
    let details = server.dialect().describes_details();
    let answer = if details {
        server.show(&format!("DESCRIBE DETAIL delta.{}", path(place))).await
    } else {
        let commits = format!("{}/_delta_log/*.json", place.trim_end_matches('/'));
        server.query(&format!("SELECT path FROM binaryFile.{}", path(&commits))).await
    };
    match answer {
        Ok(rows) if details => Ok(described(&rows)),
        Ok(rows) => Ok(listed(&rows)),
        // There is nothing, or it is nobody's business; `CREATE TABLE` says so where it is in the way.
        Err(Failure::Refused(refusal)) => {
            tracing::debug!(%refusal, place, "no log seen");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// A path where a name stands.
fn path(path: &str) -> String {
    Identifier::new(path).quoted()
}

fn described(rows: &Rows) -> Option<String> {
    let detail = Detail::read(rows).ok()?;
    (detail.format.eq_ignore_ascii_case("delta") && !detail.table_id.is_empty()).then(|| {
        let Detail { table_id, files, .. } = detail;
        format!("id {table_id}, {files} files of data")
    })
}

fn listed(rows: &Rows) -> Option<String> {
    let commits = rows.iter().count();
    (commits > 0).then(|| format!("{commits} commits in its log"))
}

fn taken(server: &Server, name: &TableName, place: &str, log: &str) -> Unreadable {
    let missing = schema_of(name).filter(|_| server.is_without_schema(name));
    let schema = missing.map(|schema| format!("CREATE SCHEMA {}; ", statement::schema(&schema))).unwrap_or_default();
    Unreadable {
        reason: format!(
            "a Delta table lies at `{place}` ({log}) that the server has not registered, so that a new one would take it over or \
             fail half-way"
        ),
        help: Some(format!(
            "register it and plan again: {schema}CREATE TABLE {} USING delta LOCATION {}; or declare another location",
            statement::table(name),
            literal(place)
        )),
    }
}
