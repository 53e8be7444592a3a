//! The catalog of a server: lists tables, observes them, answers probes.
//!
//! Two requests a table, many tables at once on one connection: the schema as Spark's analyzer has it, and Delta's own
//! `DESCRIBE DETAIL`. A table that is absent, that is no Delta table and that can't be read are three answers; a schema that
//! is not there is remembered for the plan. Knows nothing of Arrow and messages.

mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_application::port::{Answer, Catalog, Observation, Question, Relation, TargetError, Unreadable};
use delta_engine_schema::model::TableName;
use futures::StreamExt;

use crate::client::{Failure, Rows};
use crate::log;
use crate::observe::{Detail, DetailError, needs_log, observe, spark_schema};
use crate::probe;
use crate::server::{SchemaName, Server, schema_of};
use crate::statement;
use trouble::{Trouble, judge, not_delta};

/// Tables looked at at once. A server works on as many requests as it has threads, and queues the others.
const TABLES: usize = 16;

/// Reads the tables of a server.
#[derive(Debug, Clone)]
pub struct SparkCatalog {
    server: Arc<Server>,
}

/// A table as it was answered for.
struct Seen {
    schema: serde_json::Value,
    detail: Detail,
}

/// What looking at a table came to.
enum Look {
    Seen(Box<Seen>),
    Absent,
    Unreadable(Unreadable),
}

impl SparkCatalog {
    /// The catalog of a server.
    pub fn new(server: Arc<Server>) -> Self {
        Self { server }
    }

    /// One table as it is now; an error is trouble with the server, not with the table.
    async fn look(&self, name: &TableName) -> Result<Look, Failure> {
        let quoted = statement::table(name);
        let schema = self.server.ask(|client| {
            let quoted = quoted.clone();
            async move { client.schema_of_table(&quoted).await }
        });
        let (detail, schema) = futures::join!(self.detail(name), schema);
        let detail = match detail? {
            Ok(detail) => detail,
            Err(Trouble::Absent) => return Ok(Look::Absent),
            Err(Trouble::Unreadable(unreadable)) => return Ok(Look::Unreadable(unreadable)),
        };
        if !detail.format.eq_ignore_ascii_case("delta") {
            return Ok(Look::Unreadable(not_delta(&detail.format)));
        }
        match schema {
            Ok(schema) => Ok(Look::Seen(Box::new(Seen { schema: spark_schema(&schema), detail }))),
            Err(failure) => match judge(failure)? {
                // It was there a moment ago.
                Trouble::Absent => Ok(Look::Absent),
                Trouble::Unreadable(unreadable) => Ok(Look::Unreadable(unreadable)),
            },
        }
    }

    /// Delta's own description of a table.
    pub(crate) async fn detail(&self, name: &TableName) -> Result<Result<Detail, Trouble>, Failure> {
        let command = format!("DESCRIBE DETAIL {}", statement::table(name));
        Ok(match self.show(command).await {
            Ok(rows) => match rows.map_err(DetailError::from).and_then(|rows| Detail::read(&rows)) {
                Ok(detail) => Ok(detail),
                Err(error) => Err(Trouble::Unreadable(Unreadable { reason: error.to_string(), help: None })),
            },
            Err(failure) => Err(judge(failure)?),
        })
    }

    async fn show(&self, command: String) -> Result<Result<Rows, crate::client::DecodeError>, Failure> {
        let answer = self.server.ask(|client| {
            let command = command.clone();
            async move { client.show(&command).await }
        });
        answer.await.map(|answer| answer.rows())
    }

    /// Which schemas of tables that are not there are not there themselves.
    async fn look_for_schemas(&self, absent: BTreeSet<SchemaName>) -> Result<BTreeMap<SchemaName, Unreadable>, Failure> {
        let mut unreadable = BTreeMap::new();
        for schema in absent {
            let command = format!("DESCRIBE SCHEMA {}", statement::schema(&schema));
            match self.show(command).await {
                Ok(_) => self.server.saw_schema(schema, true),
                Err(Failure::Refused(refusal)) if refusal.is("SCHEMA_NOT_FOUND") => {
                    self.server.saw_schema(schema, false);
                }
                Err(failure) => match judge(failure)? {
                    Trouble::Absent => self.server.saw_schema(schema, false),
                    Trouble::Unreadable(why) => drop(unreadable.insert(schema, why)),
                },
            }
        }
        Ok(unreadable)
    }

    pub(crate) async fn observe_all(&self, relations: &[Relation]) -> Result<Vec<Observation>, Failure> {
        let looks = relations.iter().map(|relation| self.look(&relation.name)).collect::<Vec<_>>();
        let looks: Vec<Result<Look, Failure>> = futures::stream::iter(looks).buffered(TABLES).collect().await;
        let looks = looks.into_iter().collect::<Result<Vec<Look>, Failure>>()?;
        let is_absent = |(_, look): &(&Relation, &Look)| matches!(look, Look::Absent);
        let absent = relations.iter().zip(&looks).filter(is_absent);
        let absent = absent.filter_map(|(relation, _)| schema_of(&relation.name)).collect();
        let nowhere = self.look_for_schemas(absent).await?;
        let logs = self.logs(&looks).await?;
        let observations = relations.iter().zip(looks).map(|(relation, look)| match look {
            Look::Seen(seen) => present(&relation.name, &seen, logs.get(&seen.detail.location)),
            Look::Absent => match schema_of(&relation.name).and_then(|schema| nowhere.get(&schema)) {
                Some(why) => Observation::Unreadable(why.clone()),
                None => Observation::Absent,
            },
            Look::Unreadable(unreadable) => Observation::Unreadable(unreadable),
        });
        Ok(observations.collect())
    }

    /// What the logs say of the tables whose schema Spark shows in part only.
    async fn logs(&self, looks: &[Look]) -> Result<BTreeMap<String, log::Logged>, Failure> {
        let in_part = looks.iter().filter_map(|look| {
            let Look::Seen(seen) = look else { return None };
            needs_log(&seen.detail).then_some(&seen.detail)
        });
        log::read(&self.server, in_part.collect()).await
    }

    fn target_error(&self, attempt: &str, failure: Failure) -> TargetError {
        TargetError {
            attempt: format!("{attempt} {}", self.server.address()),
            help: Some("nothing was changed; try again when the server is well".to_owned()),
            source: Box::new(failure),
        }
    }

    async fn list_schema(&self, schema: &SchemaName) -> Result<Vec<Relation>, Failure> {
        let command = format!("SHOW TABLE EXTENDED IN {} LIKE '*'", statement::schema(schema));
        let rows = match self.show(command).await? {
            Ok(rows) => rows,
            Err(error) => return Err(unreadable_answer(&error)),
        };
        let mut relations = Vec::new();
        for row in rows.iter() {
            let text = |column: &str| row.text(column).map(|text| text.unwrap_or_default().to_owned());
            let (Ok(table), Ok(information)) = (text("tableName"), text("information")) else { continue };
            if is_delta(&information) {
                let (catalog, schema) = schema.clone();
                let name = TableName { catalog, schema: Some(schema), table: table.into() };
                relations.push(Relation { name, location: None });
            }
        }
        Ok(relations)
    }

    async fn list_all(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, Failure> {
        let schemas = match schema {
            Some(name) => vec![(name.schema.clone(), name.table.clone())],
            None => self.schemas().await?,
        };
        let mut relations = Vec::new();
        for schema in &schemas {
            relations.extend(self.list_schema(schema).await?);
        }
        Ok(relations)
    }

    async fn schemas(&self) -> Result<Vec<SchemaName>, Failure> {
        let rows = self.show("SHOW SCHEMAS".to_owned()).await?.map_err(|error| unreadable_answer(&error))?;
        let name = |row: crate::client::Row<'_>| row.text("namespace").ok().flatten().map(|name| (None, name.into()));
        Ok(rows.iter().filter_map(name).collect())
    }
}

fn present(name: &TableName, seen: &Seen, logged: Option<&log::Logged>) -> Observation {
    let read = match logged {
        Some(logged) => observe(name, &logged.schema, Some(logged.version), &seen.detail),
        None => observe(name, &seen.schema, None, &seen.detail),
    };
    match read {
        Ok(table) => Observation::Present(Arc::new(table)),
        Err(error) => Observation::Unreadable(Unreadable { reason: error.to_string(), help: None }),
    }
}

/// Whether the information that `SHOW TABLE EXTENDED` has of a relation is that of a Delta table.
fn is_delta(information: &str) -> bool {
    let says = |key: &str| information.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    says("Provider:").is_some_and(|provider| provider.eq_ignore_ascii_case("delta"))
}

fn unreadable_answer(error: &dyn std::error::Error) -> Failure {
    let message = error.to_string();
    Failure::Refused(Box::new(crate::client::Refusal { message, ..crate::client::Refusal::default() }))
}

#[async_trait]
impl Catalog for SparkCatalog {
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        self.list_all(schema).await.map_err(|failure| self.target_error("list the tables of", failure))
    }

    #[tracing::instrument(skip_all, fields(tables = relations.len()))]
    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        self.observe_all(relations).await.map_err(|failure| self.target_error("read the tables of", failure))
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let mut groups: BTreeMap<&TableName, Vec<usize>> = BTreeMap::new();
        for (index, question) in questions.iter().enumerate() {
            groups.entry(&question.relation.name).or_default().push(index);
        }
        let asked = groups.into_iter().map(|(table, at)| async move {
            let of_table: Vec<&Question> = at.iter().map(|index| &questions[*index]).collect();
            (probe::answers(self, table, &of_table).await, at)
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

impl SparkCatalog {
    /// Runs a query for rows.
    pub(crate) async fn query(&self, query: &str) -> Result<Rows, Failure> {
        let answer = self.server.ask(|client| {
            let query = query.to_owned();
            async move { client.query(&query).await }
        });
        answer.await?.rows().map_err(|error| unreadable_answer(&error))
    }
}
