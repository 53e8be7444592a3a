//! What each backend says of a scenario before anything runs, asked without a server: of the code that plans.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use delta_engine::native::{NativeExecutor, Reach, RegisteredLogs};
use delta_engine::port::{
    Answer, Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Question, Receipt, Relation,
    Step, TargetError,
};
use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::{DesiredTable, ObservedTable, TableName};
use delta_engine::schema::{Action, Finding, diff, simulate};
use delta_engine_application::{Mixed, layered};
use delta_engine_sql::{Dialect, script};
use delta_engine_testkit::scenario::Scenario;
use futures::FutureExt;

/// What a backend says of the actions of a table.
pub type Judge<'a> = dyn Fn(&DesiredTable, Option<&ObservedTable>, &[Action]) -> Vec<Finding> + 'a;

/// Why a backend can't do a change, or can't have the table it begins with; empty where it can do both.
pub fn refused(scenario: &Scenario, judge: &Judge<'_>) -> Vec<Finding> {
    let checked = |draft: &TableDraft| draft.clone().check().unwrap();
    let judge = |desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]| {
        let mut findings = judge(desired, observed, actions);
        findings.retain(Finding::blocks);
        findings
    };
    let before = scenario.before.as_ref().map(|before| {
        let before = checked(before);
        let create = Action::CreateTable { table: Box::new(before.clone()) };
        let found = judge(&before, None, std::slice::from_ref(&create));
        (simulate(None, &[create], "id").unwrap(), found)
    });
    match before {
        Some((_, found)) if !found.is_empty() => found,
        before => {
            let (after, observed) = (checked(&scenario.after), before.map(|(table, _)| table));
            judge(&after, observed.as_ref(), &diff(&after, observed.as_ref()).actions)
        }
    }
}

/// Whether a backend can't have a table.
pub fn is_refused(table: &TableDraft, judge: &Judge<'_>) -> bool {
    let scenario = Scenario { action: "", case: "", before: None, after: table.clone() };
    !refused(&scenario, judge).is_empty()
}

/// A bare log.
pub fn of_log(desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Vec<Finding> {
    NativeExecutor::judge(desired, observed, actions).findings
}

/// The statements of a server.
pub fn by_dialect(dialect: Dialect) -> impl Fn(&DesiredTable, Option<&ObservedTable>, &[Action]) -> Vec<Finding> {
    move |desired, observed, actions| Statements(dialect).compile(desired, observed, actions).findings
}

/// A server with `execute: native`, where commits may go to every log and every log is reached.
pub fn mixed(dialect: Dialect) -> impl Fn(&DesiredTable, Option<&ObservedTable>, &[Action]) -> Vec<Finding> {
    move |desired, observed, actions| {
        let placed =
            observed.map(|table| Arc::new(ObservedTable { location: Some("file:/w/t".to_owned()), ..table.clone() }));
        let seen: Arc<dyn Catalog> = Arc::new(Seen(placed.clone()));
        let catalog = layered(Arc::clone(&seen), seen).logs_first();
        let relation = Relation { name: desired.name.clone(), location: None };
        let looked = catalog.observe(&[relation]).now_or_never();
        assert!(looked.is_some_and(|looked| looked.is_ok()), "nothing waits");
        let logs = RegisteredLogs::new(Reach::Folders, BTreeMap::new(), None);
        let mixed = Mixed::new(catalog, Arc::new(Statements(dialect)), Arc::new(logs), |_| Ok(()));
        mixed.compile(desired, placed.as_deref(), actions).findings
    }
}

/// The statements of a dialect, which nobody runs.
struct Statements(Dialect);

#[async_trait]
impl Executor for Statements {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let script = script(self.0, &desired.name, observed, actions);
        let findings = script.refusals.iter().map(delta_engine_sql::Refusal::finding).collect();
        Compiled { findings, residual: script.residual, steps: Vec::new() }
    }

    async fn execute(&self, _: &Step, _: &Context) -> Result<Receipt, ExecutionError> {
        let message = "there is no server".to_owned();
        Err(ExecutionError { kind: ErrorKind::Unavailable, message, help: None, source: None })
    }
}

/// One table, as the server and its log show it alike.
struct Seen(Option<Arc<ObservedTable>>);

#[async_trait]
impl Catalog for Seen {
    async fn list(&self, _: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        Ok(Vec::new())
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let observation = self.0.clone().map_or(Observation::Absent, Observation::Present);
        Ok(relations.iter().map(|_| observation.clone()).collect())
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        Ok(questions.iter().map(|_| Answer::Proven).collect())
    }
}
