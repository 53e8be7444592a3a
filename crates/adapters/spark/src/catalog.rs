//! The catalog of a server: lists tables, observes them, answers probes.
//!
//! Observation takes the cheapest way that tells all. OSS Spark lists the tables of a schema in one request, and reads the
//! logs of many tables in two queries (`log`). What that leaves open is described table by table, many at once. Unity Catalog
//! is asked in a way of its own (`unity`). A table that is absent, that is no Delta table and that can't be read are three answers; a schema that is not there is remembered for
//! the plan. Knows nothing of messages.

mod describe;
mod logged;
mod occupied;
mod register;
mod trouble;
mod unity;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delta_engine_application::port::{Answer, Catalog, Observation, Question, Relation, TargetError, Unreadable};
use delta_engine_schema::model::{Identifier, ObservedTable, TableName};
use delta_engine_sql::Dialect;
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::client::Failure;
use crate::log;
use crate::observe::{SchemaError, observe};
use crate::probe;
use crate::server::{SchemaName, Server, schema_of};
use crate::statement;
use describe::describe;
use register::Entry;
use trouble::{judge, not_delta, spelled_otherwise, view, without_log};

pub(crate) use describe::detail;
pub(crate) use trouble::{Trouble, first_part, is_permission};

/// Tables looked at at once. A server works on as many requests as it has threads, and queues the others.
const TABLES: usize = 16;

/// Reads the tables of a server.
#[derive(Debug, Clone)]
pub struct SparkCatalog {
    server: Arc<Server>,
    reads_logs: bool,
    /// Where the tables are registered that could not be read when they were last looked at.
    unread: Arc<Mutex<BTreeMap<TableName, String>>>,
}

/// What is known of a table so far.
#[derive(Debug)]
enum Look {
    /// Nothing.
    Open,
    /// There is a Delta table with files at this place.
    At(String),
    Absent,
    Unreadable(Unreadable),
    Seen(Box<ObservedTable>),
}

impl SparkCatalog {
    /// The catalog of a server.
    pub fn new(server: Arc<Server>) -> Self {
        let reads_logs = matches!(server.dialect(), Dialect::Delta(_));
        Self { server, reads_logs, unread: Arc::default() }
    }

    /// The same catalog, which describes every table by itself: for servers that let nobody read paths, and to hold one way
    /// against the other.
    pub fn one_by_one(self) -> Self {
        Self { reads_logs: false, ..self }
    }

    async fn observe_all(&self, relations: &[Relation]) -> Result<Vec<Observation>, Failure> {
        let names: Vec<&TableName> = relations.iter().map(|relation| &relation.name).collect();
        let mut looks: Vec<Look> = names.iter().map(|_| Look::Open).collect();
        names.iter().for_each(|name| drop(self.unread().remove(*name)));
        if self.reads_logs || !self.server.dialect().describes_details() {
            Box::pin(self.look_into_register(&names, &mut looks)).await?;
        }
        if self.reads_logs {
            Box::pin(self.look_into_logs(&names, &mut looks)).await?;
        }
        if self.is_governed() {
            Box::pin(unity::look(&self.server, &names, &mut looks)).await?;
        } else {
            Box::pin(self.look_one_by_one(&names, &mut looks)).await?;
        }
        Box::pin(self.look_for_schemas(&names, &mut looks)).await?;
        Box::pin(occupied::look(&self.server, relations, &mut looks)).await?;
        Ok(looks.into_iter().map(observation).collect())
    }

    /// Whether catalogs are Unity Catalog's.
    fn is_governed(&self) -> bool {
        self.server.dialect().has_information_schema()
    }

    /// Which of the tables are there, by one request a schema.
    async fn look_into_register(&self, names: &[&TableName], looks: &mut [Look]) -> Result<(), Failure> {
        let mut schemas: BTreeMap<Option<SchemaName>, Vec<usize>> = BTreeMap::new();
        for (index, name) in names.iter().enumerate().filter(|(_, name)| register::is_plain(name)) {
            schemas.entry(schema_of(name)).or_default().push(index);
        }
        let asked = schemas.into_iter().map(|(schema, at)| async move {
            let quoted = schema.as_ref().map(statement::schema);
            let tables: Vec<&TableName> = at.iter().map(|index| names[*index]).collect();
            let answer = self.server.show(&register::command(quoted.as_deref(), &tables)).await;
            (at, answer)
        });
        let asked: Vec<_> = asked.collect();
        let mut asked = futures::stream::iter(asked).buffered(TABLES);
        while let Some((at, answer)) = asked.next().await {
            let entries = match answer {
                Ok(rows) => register::entries(&rows).ok(),
                Err(failure) if register::is_missing_schema(&failure) => Some(BTreeMap::new()),
                // One table that can't be listed fails the list of its schema.
                Err(Failure::Refused(_)) => None,
                Err(failure) => return Err(failure),
            };
            let Some(entries) = entries else { continue };
            for index in at {
                let table = &names[index].table;
                looks[index] = match entries.get_key_value(table) {
                    Some((there, _)) if !self.finds(table, there) => Look::Unreadable(spelled_otherwise(there)),
                    Some((_, Entry::Delta { location })) => Look::At(location.clone()),
                    Some((_, Entry::Foreign { format })) => Look::Unreadable(not_delta(format)),
                    Some((_, Entry::View)) => Look::Unreadable(view()),
                    Some((_, Entry::Unclear)) => Look::Open,
                    None => Look::Absent,
                };
            }
        }
        Ok(())
    }

    /// Whether a statement that says one name finds the table of the other, which is the same but for the case.
    fn finds(&self, said: &Identifier, there: &Identifier) -> bool {
        self.server.dialect().finds_tables_in_any_case() || said.as_str() == there.as_str()
    }

    async fn look_into_logs(&self, names: &[&TableName], looks: &mut [Look]) -> Result<(), Failure> {
        let place = |look: &Look| if let Look::At(place) = look { Some(place.clone()) } else { None };
        let places: Vec<Option<String>> = looks.iter().map(place).collect();
        let logs = log::read(&self.server, places.iter().flatten().map(String::as_str).collect()).await?;
        for ((look, name), place) in looks.iter_mut().zip(names).zip(&places) {
            let Some(logged) = place.as_ref().and_then(|place| logs.get(place)) else { continue };
            *look = seen(observe(name, &logged.schema, Some(logged.version), &logged.detail));
        }
        Ok(())
    }

    /// The tables of which nothing final is known yet.
    async fn look_one_by_one(&self, names: &[&TableName], looks: &mut [Look]) -> Result<(), Failure> {
        let is_open = |look: &Look| matches!(look, Look::Open | Look::At(_));
        let open: Vec<usize> = (0..looks.len()).filter(|index| is_open(&looks[*index])).collect();
        let places: Vec<Option<String>> =
            looks.iter().map(|look| if let Look::At(place) = look { Some(place.clone()) } else { None }).collect();
        let asked: Vec<_> = open
            .into_iter()
            .map(|index| {
                let place = places[index].as_deref();
                async move { (index, self.look_at(names[index], place).await) }
            })
            .collect();
        let mut asked = futures::stream::iter(asked).buffered(TABLES);
        while let Some((index, look)) = asked.next().await {
            looks[index] = look?;
            self.remember(names[index], &looks[index], places[index].as_deref());
        }
        Ok(())
    }

    /// Keeps where a table is that can't be read: others may be able to.
    fn remember(&self, name: &TableName, look: &Look, place: Option<&str>) {
        if let (Look::Unreadable(_), Some(place)) = (look, place) {
            self.unread().insert(name.clone(), place.to_owned());
        }
    }

    fn unread(&self) -> MutexGuard<'_, BTreeMap<TableName, String>> {
        // Whole at every moment: every change is one call.
        self.unread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One table by its name.
    async fn look_at(&self, name: &TableName, place: Option<&str>) -> Result<Look, Failure> {
        let observed = if self.server.dialect().describes_details() {
            let described = describe(&self.server, name).await?;
            described.map(|described| observe(name, &described.schema, None, &described.detail))
        } else {
            let logged = logged::describe(&self.server, name, place).await?;
            logged.map(|logged| observe(name, &logged.schema, Some(logged.version), &logged.detail))
        };
        Ok(match observed {
            Ok(observed) => seen(observed),
            // Its name is taken all the same, so that creating it would fail.
            Err(Trouble::Absent) if place.is_some() => Look::Unreadable(without_log(place)),
            Err(Trouble::Absent) => Look::Absent,
            Err(Trouble::Unreadable(unreadable)) => Look::Unreadable(unreadable),
        })
    }

    /// Whether the schemas of tables that are not there are there themselves: a schema can be created, a catalog can't.
    async fn look_for_schemas(&self, names: &[&TableName], looks: &mut [Look]) -> Result<(), Failure> {
        let absent = |index: &usize| matches!(looks[*index], Look::Absent);
        let absent: Vec<usize> = (0..looks.len()).filter(absent).collect();
        let mut schemas: BTreeSet<SchemaName> = absent.iter().filter_map(|index| schema_of(names[*index])).collect();
        if self.is_governed() && !schemas.is_empty() {
            let absent: Vec<&TableName> = absent.iter().map(|index| names[*index]).collect();
            for schema in unity::schemas_there(&self.server, &absent).await? {
                schemas.remove(&schema);
                self.server.saw_schema(&schema);
            }
        }
        for schema in schemas {
            let command = format!("DESCRIBE SCHEMA {}", statement::schema(&schema));
            let why = match self.server.show(&command).await {
                Ok(rows) => {
                    self.server.saw_schema(&schema);
                    self.server.saw_place_of_schema(schema, register::place_of_schema(&rows));
                    continue;
                }
                Err(failure) if register::is_missing_schema(&failure) => Trouble::Absent,
                Err(failure) => judge(failure)?,
            };
            if let Trouble::Unreadable(why) = why {
                let of_schema = absent.iter().filter(|index| schema_of(names[**index]).as_ref() == Some(&schema));
                of_schema.for_each(|index| looks[*index] = Look::Unreadable(why.clone()));
            } else {
                self.server.missed_schema(schema);
            }
        }
        Ok(())
    }

    async fn list_all(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, Failure> {
        if self.is_governed() {
            return unity::list(&self.server, schema).await;
        }
        let schemas = match schema {
            Some(name) => vec![(name.schema.clone(), name.table.clone())],
            None => self.schemas().await?,
        };
        let mut relations = Vec::new();
        for schema in &schemas {
            let rows = match self.server.show(&register::command(Some(&statement::schema(schema)), &[])).await {
                // Dropped by somebody since the schemas were listed.
                Err(failure) if register::is_missing_schema(&failure) => continue,
                rows => rows?,
            };
            let entries = register::entries(&rows).unwrap_or_default();
            let tables = entries.into_iter().filter(|(_, entry)| matches!(entry, Entry::Delta { .. } | Entry::Unclear));
            relations.extend(tables.map(|(table, _)| {
                let (catalog, schema) = schema.clone();
                Relation { name: TableName { catalog, schema: Some(schema), table }, location: None }
            }));
        }
        Ok(relations)
    }

    async fn schemas(&self) -> Result<Vec<SchemaName>, Failure> {
        let rows = self.server.show("SHOW SCHEMAS").await?;
        // Spark's word for it, and Sail's.
        let text = |row: crate::client::Row<'_>, column| row.text(column).ok().flatten().map(Identifier::new);
        let name = |row| text(row, "namespace").or_else(|| text(row, "name"));
        Ok(rows.iter().filter_map(name).map(|name| (None, name)).collect())
    }

    fn target_error(&self, attempt: &str, failure: Failure) -> TargetError {
        TargetError {
            attempt: format!("{attempt} {}", self.server.address()),
            help: Some("nothing was changed by this; try again when the server is well".to_owned()),
            source: Box::new(failure),
        }
    }
}

fn seen(table: Result<ObservedTable, SchemaError>) -> Look {
    match table {
        Ok(table) => Look::Seen(Box::new(table)),
        Err(error) => Look::Unreadable(Unreadable { reason: error.to_string(), help: None }),
    }
}

fn observation(look: Look) -> Observation {
    match look {
        Look::Seen(table) => Observation::Present(Arc::new(*table)),
        Look::Absent => Observation::Absent,
        Look::Unreadable(unreadable) => Observation::Unreadable(unreadable),
        // Every table is described at last.
        Look::Open | Look::At(_) => Observation::Unreadable(Unreadable {
            reason: "the server told nothing of the table".to_owned(),
            help: None,
        }),
    }
}

#[async_trait]
impl Catalog for SparkCatalog {
    fn begins(&self, cancellation: &CancellationToken) {
        self.server.stops_with(cancellation);
    }

    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        self.list_all(schema).await.map_err(|failure| self.target_error("list the tables of", failure))
    }

    #[tracing::instrument(skip_all, fields(tables = relations.len()))]
    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        self.observe_all(relations).await.map_err(|failure| self.target_error("read the tables of", failure))
    }

    fn place(&self, relation: &Relation) -> Option<String> {
        self.unread().get(&relation.name).cloned()
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let mut groups: BTreeMap<&TableName, Vec<usize>> = BTreeMap::new();
        for (index, question) in questions.iter().enumerate() {
            groups.entry(&question.relation.name).or_default().push(index);
        }
        let asked = groups.into_iter().map(|(table, at)| async move {
            let of_table: Vec<&Question> = at.iter().map(|index| &questions[*index]).collect();
            (probe::answers(&self.server, table, &of_table).await, at)
        });
        let asked: Vec<_> = asked.collect();
        let mut answers = vec![Answer::Proven; questions.len()];
        let mut asked = futures::stream::iter(asked).buffered(TABLES);
        while let Some((read, at)) = asked.next().await {
            let read = read.map_err(|failure| self.target_error("read the data of tables on", failure))?;
            at.into_iter().zip(read).for_each(|(index, answer)| answers[index] = answer);
        }
        Ok(answers)
    }
}
