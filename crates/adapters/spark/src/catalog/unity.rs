//! The tables of Unity Catalog: one description a table, many at once, and beside them the same few queries of a catalog's
//! information schema for all of its tables.
//!
//! Where a server or a catalog has no descriptions as JSON, a table is described as on any other server. Names are asked for
//! with catalog and schema always. Knows nothing of what descriptions and rows mean.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_application::port::{Relation, Unreadable};
use delta_engine_schema::model::{Aspect, Identifier, RelationKind, TableName};
use futures::StreamExt;

use super::describe::describe;
use super::trouble::{Trouble, foreign, judge, materialized_view, no_catalog, not_delta, of_unknown_kind, view};
use super::{Look, TABLES, detail};
use crate::client::{Failure, Refusal};
use crate::information::{self, Information, Place, lower};
use crate::observe::{Described, Description, Document, Mentioned, observe_governed};
use crate::server::Server;
use crate::statement;

/// Catalogs asked at once.
const CATALOGS: usize = 4;
/// What Databricks calls the catalog that Unity Catalog does not govern.
const UNGOVERNED: [&str; 2] = ["hive_metastore", "spark_catalog"];

/// A table's full name as Unity Catalog keeps it; without what neither the name nor the session says.
#[derive(Debug, Clone)]
struct FullName {
    catalog: Option<String>,
    place: Option<Place>,
}

impl FullName {
    /// The catalog, where it has an information schema.
    fn governed(&self) -> Option<&String> {
        self.catalog.as_ref().filter(|catalog| !UNGOVERNED.contains(&catalog.as_str()))
    }
}

/// What is known of the tables after one look at all of them. Absent ones are held against `looks` later: whether their
/// schemas are there is another question.
pub(super) async fn look(server: &Server, names: &[&TableName], looks: &mut [Look]) -> Result<(), Failure> {
    let full = full_names(server, names).await?;
    let descriptions = descriptions(server, names, &full);
    let (descriptions, catalogs) = futures::join!(descriptions, catalogs(server, names, &full));
    let catalogs = catalogs?;
    for (index, description) in descriptions?.into_iter().enumerate() {
        let FullName { catalog, place } = &full[index];
        let information = catalog.as_ref().and_then(|catalog| catalogs.get(catalog));
        looks[index] = match (description, information) {
            (Ok(description), information) => {
                let facts = match information {
                    Some(Information::Of(facts)) => place.as_ref().and_then(|place| facts.get(place)),
                    Some(Information::NoCatalog { .. }) | None => None,
                };
                super::seen(observe_governed(names[index], &description, facts))
            }
            (Err(Trouble::Absent), Some(Information::NoCatalog { words })) => {
                Look::Unreadable(no_catalog(catalog.as_deref().unwrap_or_default(), words))
            }
            (Err(Trouble::Absent), _) => Look::Absent,
            (Err(Trouble::Unreadable(unreadable)), _) => Look::Unreadable(unreadable),
        };
    }
    Ok(())
}

/// Which of these schemas are surely there, by one query a catalog; the others may be missing or hidden.
pub(super) async fn schemas_there(
    server: &Server,
    names: &[&TableName],
) -> Result<BTreeSet<(Option<Identifier>, Identifier)>, Failure> {
    let full = full_names(server, names).await?;
    let mut catalogs: BTreeMap<&String, BTreeSet<String>> = BTreeMap::new();
    for name in &full {
        if let (Some(catalog), Some((schema, _))) = (name.governed(), &name.place) {
            catalogs.entry(catalog).or_default().insert(schema.clone());
        }
    }
    let mut there: BTreeSet<(String, String)> = BTreeSet::new();
    for (catalog, schemas) in catalogs {
        let rows = match server.query(&information::schemata(catalog, &schemas)).await {
            Err(Failure::Refused(refusal)) => {
                tracing::debug!(catalog, %refusal, "schemas not listed");
                continue;
            }
            rows => rows?,
        };
        let schema = |row: crate::client::Row<'_>| row.text("schema_name").ok().flatten().map(str::to_lowercase);
        there.extend(rows.iter().filter_map(schema).map(|schema| (catalog.clone(), schema)));
    }
    let is_there = |full: &FullName| {
        let at = full.catalog.clone().zip(full.place.as_ref().map(|(schema, _)| schema.clone()));
        at.is_some_and(|at| there.contains(&at))
    };
    let found = names.iter().zip(&full).filter(|(_, full)| is_there(full));
    Ok(found.filter_map(|(name, _)| crate::server::schema_of(name)).collect())
}

/// The Delta tables of a schema, or of the session's catalog.
pub(super) async fn list(server: &Server, schema: Option<&TableName>) -> Result<Vec<Relation>, Failure> {
    let named = schema.and_then(|schema| schema.schema.clone());
    let catalog = match &named {
        Some(catalog) => lower(catalog),
        None => server.current().await?.0.unwrap_or_default(),
    };
    let wanted = schema.map(|schema| lower(&schema.table));
    let rows = server.query(&information::delta_tables(&catalog, wanted.as_deref())).await?;
    let relation = |row: crate::client::Row<'_>| {
        let text = |column: &str| row.text(column).ok().flatten().map(Identifier::new);
        let name = TableName { catalog: named.clone(), schema: text("table_schema"), table: text("table_name")? };
        Some(Relation { name, location: None })
    };
    Ok(rows.iter().filter_map(relation).collect())
}

/// The names as the catalog keeps them. The session is only asked where a declaration leaves something out.
async fn full_names(server: &Server, names: &[&TableName]) -> Result<Vec<FullName>, Failure> {
    let is_short = |name: &&TableName| name.catalog.is_none() || name.schema.is_none();
    let (catalog, schema) = if names.iter().any(is_short) { server.current().await? } else { (None, None) };
    let full = |name: &&TableName| {
        let schema = name.schema.as_ref().map(lower).or_else(|| schema.clone());
        FullName {
            catalog: name.catalog.as_ref().map(lower).or_else(|| catalog.clone()),
            place: schema.map(|schema| (schema, lower(&name.table))),
        }
    };
    Ok(names.iter().map(full).collect())
}

type Descriptions = Vec<Result<Description, Trouble>>;

async fn descriptions(server: &Server, names: &[&TableName], full: &[FullName]) -> Result<Descriptions, Failure> {
    let asked: Vec<_> =
        names.iter().zip(full).map(|(name, full)| async move { description(server, name, full).await }).collect();
    let mut asked = futures::stream::iter(asked).buffered(TABLES);
    let mut descriptions = Vec::new();
    while let Some(description) = asked.next().await {
        descriptions.push(description?);
    }
    Ok(descriptions)
}

/// One table; an error is trouble with the server.
async fn description(
    server: &Server,
    name: &TableName,
    full: &FullName,
) -> Result<Result<Description, Trouble>, Failure> {
    if full.governed().is_none() || server.lacks_json() {
        return plain(server, name).await;
    }
    let command = format!("DESCRIBE TABLE EXTENDED {} AS JSON", statement::table(name));
    let rows = match server.show(&command).await {
        Ok(rows) => rows,
        Err(Failure::Refused(refusal)) => match objection(&refusal) {
            Objection::Server => {
                server.saw_no_json();
                return plain(server, name).await;
            }
            Objection::Table => return plain(server, name).await,
            Objection::Foreign => return Ok(Err(Trouble::Unreadable(foreign()))),
            Objection::Other => return judge(Failure::Refused(refusal)).map(Err),
        },
        Err(failure) => return Err(failure),
    };
    let text = rows.first().and_then(|row| row.text("json_metadata").ok().flatten().map(str::to_owned));
    let document = match Document::read(&text.unwrap_or_default()) {
        Ok(document) => document,
        Err(error) => {
            let help = Some("report it, with the answer to DESCRIBE TABLE EXTENDED … AS JSON".to_owned());
            return Ok(Err(Trouble::Unreadable(Unreadable { reason: error.to_string(), help })));
        }
    };
    let kind = match &document.relation {
        Described::Delta(kind) => *kind,
        Described::View => return Ok(Err(Trouble::Unreadable(view()))),
        Described::MaterializedView => return Ok(Err(Trouble::Unreadable(materialized_view()))),
        Described::Foreign => return Ok(Err(Trouble::Unreadable(foreign()))),
        Described::OtherFormat(format) => return Ok(Err(Trouble::Unreadable(not_delta(format)))),
        Described::Unknown(kind) => return Ok(Err(Trouble::Unreadable(of_unknown_kind(kind)))),
    };
    settle(server, name, kind, document).await.map(Ok)
}

/// What a document leaves open, Delta's own description tells; where it does not, it stays open.
async fn settle(
    server: &Server,
    name: &TableName,
    kind: RelationKind,
    document: Document,
) -> Result<Description, Failure> {
    let Document { schema, detail: mut told, mut open, mentions, .. } = document;
    if !open.is_empty()
        && let Ok(detail) = detail(server, name).await?
    {
        open.clear();
        told = detail;
    }
    Ok(Description { kind, schema, is_sparks: false, detail: told, open, mentions })
}

/// A table as any server describes it.
async fn plain(server: &Server, name: &TableName) -> Result<Result<Description, Trouble>, Failure> {
    let described = describe(server, name).await?;
    Ok(described.map(|described| Description {
        kind: RelationKind::Table,
        schema: described.schema,
        is_sparks: true,
        detail: described.detail,
        open: BTreeSet::<Aspect>::new(),
        mentions: Mentioned::default(),
    }))
}

/// What a refused description as JSON objects to.
enum Objection {
    /// The server knows no such statement.
    Server,
    /// The table's catalog has none.
    Table,
    /// The table is another system's.
    Foreign,
    /// Something else, which is the table's own trouble.
    Other,
}

fn objection(refusal: &Refusal) -> Objection {
    if refusal.is("PARSE_SYNTAX_ERROR") {
        // Before runtime 16.2.
        Objection::Server
    } else if refusal.is("UNSUPPORTED_FEATURE.DESC_JSON_TABLE_TYPE") {
        Objection::Foreign
    } else if refusal.is("NOT_SUPPORTED_COMMAND_FOR_V2_TABLE") || refusal.is("UNSUPPORTED_FEATURE") {
        Objection::Table
    } else {
        Objection::Other
    }
}

async fn catalogs(
    server: &Server,
    names: &[&TableName],
    full: &[FullName],
) -> Result<BTreeMap<String, Information>, Failure> {
    let mut asked: BTreeMap<&String, BTreeMap<Place, &TableName>> = BTreeMap::new();
    for (full, name) in full.iter().zip(names) {
        if let (Some(catalog), Some(place)) = (full.governed(), &full.place) {
            asked.entry(catalog).or_default().insert(place.clone(), name);
        }
    }
    let asked: Vec<_> = asked
        .into_iter()
        .map(|(catalog, names)| async move { (catalog.clone(), information::read(server, catalog, &names).await) })
        .collect();
    let mut asked = futures::stream::iter(asked).buffered(CATALOGS);
    let mut catalogs = BTreeMap::new();
    while let Some((catalog, information)) = asked.next().await {
        catalogs.insert(catalog, information?);
    }
    Ok(catalogs)
}
