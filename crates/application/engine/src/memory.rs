//! A backend in memory: the domain's simulation, for tests and for trying things out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delta_engine_schema::model::{DesiredTable, ObservedTable, TableName};
use delta_engine_schema::{Action, Answer, Statement, simulate};

use crate::port::{
    Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Question, Receipt, Relation, Step,
    TargetError,
};

/// Tables in memory. Without rows, so every statement about their data holds unless `answer` says otherwise.
///
/// ```
/// use std::sync::Arc;
///
/// use delta_engine_application::{Column, Engine, MemoryLake, Registry, Status, Table};
/// use delta_engine_schema::model::Path;
/// use delta_engine_schema::{Answer, Statement};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let lake = MemoryLake::new();
/// let engine = Engine::new(Arc::new(lake.clone()), Arc::new(lake.clone()));
/// let id = || Column::new("id", "bigint");
/// engine.sync(&Registry::new().table(Table::new("t").column(id())).build()?).await?;
/// let there = lake.get(&"t".parse()?).ok_or("the table is there")?;
/// assert_eq!((there.version, there.columns.len()), (0, 1));
///
/// // A row without an id stands against NOT NULL.
/// let null = Answer::Refuted { example: "row 7".to_owned() };
/// lake.answer(&"t".parse()?, Statement::NoNulls(Path::column("id")), null);
/// let strict = Registry::new().table(Table::new("t").column(id().not_null())).build()?;
/// assert_eq!(engine.plan(&strict).await?.status(), Status::Blocked);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryLake {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    tables: BTreeMap<TableName, Arc<ObservedTable>>,
    answers: Vec<(TableName, Statement, Answer)>,
    created: u32,
}

impl MemoryLake {
    /// A lake without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a table there, in place of one of that name.
    pub fn put(&self, table: ObservedTable) {
        self.state().tables.insert(table.name.clone(), Arc::new(table));
    }

    /// The table of this name.
    pub fn get(&self, name: &TableName) -> Option<Arc<ObservedTable>> {
        self.state().tables.get(name).cloned()
    }

    /// Says what is known of a statement about a table's data.
    pub fn answer(&self, table: &TableName, statement: Statement, answer: Answer) {
        self.state().answers.push((table.clone(), statement, answer));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the maps whole: every change of them is one call.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Catalog for MemoryLake {
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        let state = self.state();
        let inside = |name: &&TableName| schema.is_none_or(|schema| name.schema.as_ref() == Some(&schema.table));
        Ok(state.tables.keys().filter(inside).map(|name| Relation { name: name.clone(), location: None }).collect())
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let state = self.state();
        let observe = |relation: &Relation| {
            state.tables.get(&relation.name).cloned().map_or(Observation::Absent, Observation::Present)
        };
        Ok(relations.iter().map(observe).collect())
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let state = self.state();
        let answer = |question: &Question| {
            let mut known = state
                .answers
                .iter()
                .filter(|(table, statement, _)| *table == question.relation.name && *statement == question.statement);
            known.next().map_or(Answer::Proven, |(_, _, answer)| answer.clone())
        };
        Ok(questions.iter().map(answer).collect())
    }
}

#[async_trait]
impl Executor for MemoryLake {
    fn compile(&self, _desired: &DesiredTable, _observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let preview = actions.iter().map(Action::kind).collect::<Vec<_>>().join(", ");
        let steps = if actions.is_empty() { Vec::new() } else { vec![Step { preview, actions: actions.to_vec() }] };
        Compiled { steps, ..Compiled::default() }
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let mut state = self.state();
        let error = |kind, message: String| ExecutionError { kind, message, help: None, source: None };
        let current = state.tables.get(&context.relation.name).cloned();
        let seen = context.observed.as_deref();
        if current.as_deref().map(|table| (&table.table_id, table.version))
            != seen.map(|table| (&table.table_id, table.version))
        {
            return Err(error(ErrorKind::Conflict, "the table was changed in between".to_owned()));
        }
        state.created += 1;
        let table_id = format!("memory-{}", state.created);
        let after = simulate(current.as_deref().cloned(), &step.actions, &table_id)
            .map_err(|cause| error(ErrorKind::Refused, cause.to_string()))?;
        let version = after.version;
        state.tables.insert(context.relation.name.clone(), Arc::new(after));
        Ok(Receipt { version: Some(version), tolerated: Vec::new(), remarks: Vec::new() })
    }
}
