//! The tables of the scripted server. What a statement means is what the engine compiled it from, and what it does is the
//! domain's simulation; knows no SQL beyond the few commands that look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delta_engine_application::port::{Compiled, Context, ExecutionError, Executor, Receipt, Step};
use delta_engine_schema::model::{DesiredTable, ObservedTable, TableName};
use delta_engine_schema::{Action, SimulationError, simulate};
use delta_engine_spark::SparkExecutor;
use delta_engine_testkit::connect::{Ask, Refused, Reply, Script};

use crate::told;

/// Something that goes wrong within the server, with one statement.
#[derive(Clone)]
pub(crate) enum Mishap {
    /// It does what it should, and then answers with this.
    AfterCommit(Refused),
    /// It does nothing, and answers with this.
    Instead(Refused),
    /// Another writer changes the table first; then this.
    Overtaken(fn(&mut ObservedTable), Refused),
    /// Another writer does the very same first; then this.
    Anticipated(Refused),
}

/// What goes wrong with the statement of this number, from 0.
pub(crate) type Mishaps = Box<dyn FnMut(usize) -> Option<Mishap> + Send>;

/// The tables, shared by the server, the engine's compiler and the test.
#[derive(Clone)]
pub(crate) struct Tables(Arc<Mutex<State>>);

struct State {
    schemas: BTreeSet<String>,
    tables: BTreeMap<TableName, ObservedTable>,
    meanings: BTreeMap<String, (TableName, Vec<Action>)>,
    effects: Vec<Effect>,
    repeated: Vec<String>,
    mishaps: Mishaps,
    changes: usize,
}

/// A statement that changed a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) table: TableName,
    pub(crate) statement: String,
}

impl Tables {
    pub(crate) fn new(schemas: &[&str], tables: &[ObservedTable]) -> Self {
        let state = State {
            schemas: schemas.iter().map(|schema| (*schema).to_owned()).collect(),
            tables: tables.iter().map(|table| (table.name.clone(), table.clone())).collect(),
            meanings: BTreeMap::new(),
            effects: Vec::new(),
            repeated: Vec::new(),
            mishaps: Box::new(|_| None),
            changes: 0,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn set_mishaps(&self, mishaps: Mishaps) {
        let mut state = self.state();
        state.mishaps = mishaps;
        state.changes = 0;
    }

    /// A table as it is now.
    pub(crate) fn get(&self, name: &TableName) -> Option<ObservedTable> {
        self.state().tables.get(name).cloned()
    }

    pub(crate) fn has_schema(&self, name: &str) -> bool {
        self.state().schemas.contains(name)
    }

    /// Statements that changed a table, in order.
    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.state().effects.clone()
    }

    /// Statements that came again although they had changed their table.
    pub(crate) fn repeated(&self) -> Vec<String> {
        self.state().repeated.clone()
    }

    /// How many statements came that are there to change something.
    pub(crate) fn changes(&self) -> usize {
        self.state().changes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Script for Tables {
    fn reply(&mut self, ask: &Ask) -> Reply {
        let mut state = self.state();
        match ask {
            Ask::Statement(text) => match told::Look::of(text) {
                Some(look) => state.look(&look),
                None => state.change(text),
            },
            Ask::SchemaOfTable(name) => state.with_table(name, |table| Reply::schema(told::schema(table))),
            // Its logs are nobody's to read, so every table is described.
            Ask::Query(_) | Ask::Files { .. } => Reply::refused(Refused::new("PATH_NOT_FOUND", "no such path")),
            Ask::SchemaOfQuery(_) => Reply::refused(Refused::new("PARSE_SYNTAX_ERROR", "no such question")),
        }
    }
}

impl State {
    fn look(&mut self, look: &told::Look) -> Reply {
        match look {
            told::Look::Register(schema) if self.schemas.contains(schema) => {
                let inside =
                    |table: &&ObservedTable| table.name.schema.as_ref().is_some_and(|it| it.as_str() == schema);
                told::register(self.tables.values().filter(inside))
            }
            told::Look::Schema(schema) if self.schemas.contains(schema) => Reply::done(),
            told::Look::Register(_) | told::Look::Schema(_) => {
                Reply::refused(Refused::new("SCHEMA_NOT_FOUND", "no such schema"))
            }
            told::Look::Detail(name) => self.with_table(name, told::detail),
            told::Look::History(name) => self.with_table(name, told::history),
        }
    }

    fn with_table(&self, name: &str, tell: impl Fn(&ObservedTable) -> Reply) -> Reply {
        let table = name.parse().ok().and_then(|name: TableName| self.tables.get(&name));
        table.map_or_else(|| Reply::refused(Refused::new("TABLE_OR_VIEW_NOT_FOUND", "no such table")), tell)
    }

    fn change(&mut self, statement: &str) -> Reply {
        let number = self.changes;
        self.changes += 1;
        match (self.mishaps)(number) {
            None => self.carry_out(statement).map_or_else(Reply::refused, |()| Reply::done()),
            Some(Mishap::Instead(refused)) => Reply::refused(refused),
            Some(Mishap::AfterCommit(refused)) => Reply::refused(self.carry_out(statement).err().unwrap_or(refused)),
            Some(Mishap::Overtaken(change, refused)) => {
                let table = self.meanings.get(statement).and_then(|(name, _)| self.tables.get_mut(name));
                if let Some(table) = table {
                    change(table);
                    table.version += 1;
                }
                Reply::refused(refused)
            }
            Some(Mishap::Anticipated(refused)) => {
                let done = self.carry_out(statement);
                // It was not this statement that did it.
                self.effects.pop_if(|_| done.is_ok());
                Reply::refused(done.err().unwrap_or(refused))
            }
        }
    }

    fn carry_out(&mut self, statement: &str) -> Result<(), Refused> {
        if let Some(schema) = told::created_schema(statement) {
            self.schemas.insert(schema);
            return Ok(());
        }
        let Some((name, actions)) = self.meanings.get(statement) else {
            return Err(Refused::new("PARSE_SYNTAX_ERROR", "nobody compiled this"));
        };
        let name = name.clone();
        if name.schema.as_ref().is_none_or(|schema| !self.schemas.contains(schema.as_str())) {
            return Err(Refused::new("SCHEMA_NOT_FOUND", "no such schema"));
        }
        if self.effects.iter().any(|effect| effect.statement == statement) {
            self.repeated.push(statement.to_owned());
        }
        let id = format!("id-{}", self.effects.len());
        let after = simulate(self.tables.get(&name).cloned(), actions, &id).map_err(|error| unfit(&error))?;
        self.tables.insert(name.clone(), ObservedTable { location: Some(format!("file:/w/{name}")), ..after });
        self.effects.push(Effect { table: name, statement: statement.to_owned() });
        Ok(())
    }
}

/// What Delta says where a statement does not fit the table.
fn unfit(error: &SimulationError) -> Refused {
    let class = match error {
        SimulationError::NoTable => "TABLE_OR_VIEW_NOT_FOUND",
        SimulationError::TableExists(_) => "TABLE_OR_VIEW_ALREADY_EXISTS",
        SimulationError::NoColumn(_) | SimulationError::NoFields(_) => "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        SimulationError::ColumnExists(_) => "FIELD_ALREADY_EXISTS",
        SimulationError::Entry { .. } => "DELTA_CONSTRAINT_ALREADY_EXISTS",
    };
    Refused::new(class, &error.to_string())
}

/// The executor of the server, whose steps tell the tables what their statements mean.
pub(crate) struct Telling {
    pub(crate) executor: SparkExecutor,
    pub(crate) tables: Tables,
}

#[async_trait]
impl Executor for Telling {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let compiled = self.executor.compile(desired, observed, actions);
        let mut state = self.tables.state();
        for step in compiled.steps.iter().filter(|step| !step.actions.is_empty()) {
            let statement = step.preview.trim_end().trim_end_matches(';').to_owned();
            state.meanings.insert(statement, (desired.name.clone(), step.actions.clone()));
        }
        compiled
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        self.executor.execute(step, context).await
    }
}
