//! Changing tables: the plan's actions as statements, one a step, run one after the other.
//!
//! What a step shows is what is sent. Statements of a server are not one transaction: before the first one of a table the
//! table is looked at again, and what an answer leaves open is `Ambiguous`, after which the engine looks before anything is
//! sent again. Knows no SQL: that is `delta_engine_sql`'s.

mod again;
mod failure;
mod others;
mod registered;
mod tags;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use delta_engine_application::port::{
    Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Receipt, Relation, Step,
};
use delta_engine_schema::model::{DesiredTable, ObservedTable, Subject, TableName};
use delta_engine_schema::{Action, Finding, Severity};
use delta_engine_sql::{Statement, script};

use crate::catalog::SparkCatalog;
use crate::client::{Failure, Interruption};
use crate::server::{Remark, Server, schema_of};
use crate::statement;

/// Changes the tables of a server.
pub struct SparkExecutor {
    server: Arc<Server>,
    /// What tables are looked at through before they are changed.
    catalog: Arc<dyn Catalog>,
    /// The observation that each table's first step was held against; later steps follow our own changes.
    begun: Mutex<BTreeMap<TableName, Arc<ObservedTable>>>,
    /// Tables with a statement that was asked to stop and may still be running.
    running: Mutex<BTreeSet<TableName>>,
}

impl SparkExecutor {
    /// The executor of a server.
    pub fn new(server: Arc<Server>) -> Self {
        let catalog = Arc::new(SparkCatalog::new(Arc::clone(&server)));
        Self { server, catalog, begun: Mutex::default(), running: Mutex::default() }
    }

    /// The same executor, which looks at tables through this catalog: the one that the plan is made with.
    pub fn looking_through(self, catalog: Arc<dyn Catalog>) -> Self {
        Self { catalog, ..self }
    }

    /// What a person should know of a statement before it runs.
    fn refused(&self, table: &TableName, statement: &Statement) -> Option<Finding> {
        (statement.mentions_substitution() && self.server.substitutes()).then(|| Finding {
            severity: Severity::Rejection,
            ..note(
                table,
                "the server replaces `${…}` in statements and can't be kept from it, and a name or expression holds it",
                "set spark.sql.variable.substitute to false on the server",
            )
        })
    }

    /// What happens beside the actions when a table is created.
    fn beside_creation(&self, desired: &DesiredTable) -> (Option<Step>, Vec<Finding>) {
        let mut findings = Vec::new();
        if desired.location.is_none() && self.server.is_without_place(&desired.name) {
            findings.push(Finding {
                severity: Severity::Rejection,
                ..note(
                    &desired.name,
                    "the server has no place for tables of this schema",
                    "declare the table's location, or create the schema with one: CREATE SCHEMA … LOCATION 'file:///…'",
                )
            });
        }
        let step = schema_of(&desired.name).filter(|_| self.server.is_without_schema(&desired.name)).map(|schema| {
            let name = statement::schema(&schema);
            findings.push(note(
                &desired.name,
                &format!("the schema {name} is not there, and is created first"),
                "nothing, or create it yourself where it needs a place or owner of its own",
            ));
            Step { preview: format!("CREATE SCHEMA IF NOT EXISTS {name};"), actions: Vec::new() }
        });
        let Some(defaults) = self.server.defaults() else {
            findings.push(note(
                &desired.name,
                "the server does not tell which properties it gives to new tables (spark.databricks.delta.properties.defaults)",
                "declare the properties that matter to you; look at the others when the table is there",
            ));
            return (step, findings);
        };
        let added = defaults.iter().filter(|(key, _)| !desired.properties.contains_key(*key));
        findings.extend(added.map(|(key, value)| {
            note(
                &desired.name,
                &format!("the server gives new tables {key} = {value}"),
                "declare the property, with this value or another, to make it yours",
            )
        }));
        (step, findings)
    }

    /// The table must be as the plan saw it, and the commits of the session name the plan.
    async fn make_ready(&self, context: &Context) -> Result<(), ExecutionError> {
        self.look_again(context).await?;
        self.server.mark(&context.digest).await.map_err(failure::not_sent)
    }

    /// The table must be as the plan saw it.
    async fn look_again(&self, context: &Context) -> Result<(), ExecutionError> {
        let Some(seen) = &context.observed else { return Ok(()) };
        let name = &context.relation.name;
        if lock(&self.begun).get(name).is_some_and(|begun| Arc::ptr_eq(begun, seen)) {
            return Ok(());
        }
        let relation = Relation { name: name.clone(), location: None };
        let now = self.catalog.observe(&[relation]).await.map_err(failure::not_looked_at)?;
        let same = match now.first() {
            Some(Observation::Present(now)) => again::is_same(seen, now),
            Some(Observation::Absent | Observation::Unreadable(_)) | None => false,
        };
        if !same {
            let error = failure::conflict("the table was changed since the plan was made".to_owned());
            return Err(Box::pin(others::named(&self.server, context, error)).await);
        }
        lock(&self.begun).insert(name.clone(), Arc::clone(seen));
        Ok(())
    }
}

#[async_trait]
impl Executor for SparkExecutor {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let script = script(self.server.dialect(), &desired.name, observed, actions);
        let mut compiled = Compiled { residual: script.residual, ..Compiled::default() };
        compiled.findings.extend(script.refusals.iter().map(delta_engine_sql::Refusal::finding));
        compiled
            .findings
            .extend(script.statements.iter().filter_map(|statement| self.refused(&desired.name, statement)));
        if observed.is_none() && !script.statements.is_empty() {
            let (step, findings) = self.beside_creation(desired);
            compiled.steps.extend(step);
            compiled.findings.extend(findings);
        }
        if let Some(most) = self.server.dialect().most_tags() {
            compiled.findings.extend(tags::excess(most, desired, actions));
        }
        if !script.statements.is_empty() {
            let remarks = self.server.remarks().iter();
            compiled.findings.extend(remarks.map(|Remark { message, help }| note(&desired.name, message, help)));
        }
        let step =
            |statement: &Statement| Step { preview: statement.to_string(), actions: statement.actions().to_vec() };
        compiled.steps.extend(script.statements.iter().map(step));
        compiled
    }

    #[tracing::instrument(skip_all, fields(table = %context.relation.name))]
    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let name = &context.relation.name;
        if context.cancellation.is_cancelled() {
            return Err(match lock(&self.running).contains(name) {
                true => failure::may_be_running(),
                false => failure::interrupted(),
            });
        }
        // Nothing is sent before this is done, so that stopping has nothing to wait for.
        tokio::select! {
            biased;
            ready = Box::pin(self.make_ready(context)) => ready?,
            () = context.cancellation.cancelled() => return Err(failure::interrupted()),
        }
        let statement = step.preview.trim_end().trim_end_matches(';');
        match self.server.run(statement, &context.cancellation).await {
            Ok(()) => Ok(Receipt { version: None, tolerated: Vec::new(), remarks: Vec::new() }),
            Err(failure) => {
                if matches!(failure, Failure::Interrupted(Interruption::MayBeRunning)) {
                    lock(&self.running).insert(name.clone());
                }
                let error = failure::error(failure, context.observed.is_none());
                if error.kind == ErrorKind::Conflict {
                    lock(&self.begun).remove(name);
                }
                Err(Box::pin(others::named(&self.server, context, error)).await)
            }
        }
    }

    async fn close(&self) {
        self.server.close().await;
    }

    async fn refresh(&self, relation: &Relation) -> Result<(), ExecutionError> {
        if !self.server.dialect().remembers_tables() {
            return registered::check(&self.server, relation).await;
        }
        let command = format!("REFRESH TABLE {}", statement::table(&relation.name));
        self.server.show(&command).await.map(drop).map_err(|failure| failure::not_refreshed(failure, &command))
    }
}

/// Something to know of a table, which holds nothing back.
fn note(table: &TableName, message: &str, help: &str) -> Finding {
    Finding {
        code: "DE410",
        name: "backend",
        severity: Severity::Note,
        subject: Subject::table(table),
        message: message.to_owned(),
        help: Some(help.to_owned()),
        permission: None,
    }
}

/// Whole at every moment: what is guarded changes by single calls.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
