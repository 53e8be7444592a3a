//! An executor made of two: which of them does what, decided when the plan is made.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panic")]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use delta_engine_application::port::{
    Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Receipt, Relation, Step,
};
use delta_engine_application::wire::{WirePlan, WireTarget};
use delta_engine_application::{
    Column, Engine, Execution, MemoryLake, Mixed, PreparedPlan, Refused, Registry, Report, Status, Table, layered,
};
use delta_engine_schema::model::{Aspect, DesiredTable, Feature, Layout, ObservedTable, Subject};
use delta_engine_schema::{Action, BACKEND, Finding, Severity};

/// One of the two executors, with kinds of actions that it can't do and a journal of what it did.
struct Side {
    name: &'static str,
    lake: MemoryLake,
    refuses: &'static [&'static str],
    journal: Arc<Mutex<Vec<String>>>,
}

impl Side {
    fn says(&self, what: &str) {
        self.journal.lock().unwrap().push(format!("{}: {what}", self.name));
    }

    fn refusals(&self, desired: &DesiredTable, action: &Action) -> Vec<Finding> {
        let refusal = |subject: Subject| Finding {
            code: BACKEND.code,
            name: BACKEND.name,
            severity: Severity::Rejection,
            subject,
            message: format!("{} can't do that", self.name),
            help: None,
            permission: None,
        };
        let mut found = Vec::new();
        if self.refuses.contains(&action.kind()) {
            found.push(refusal(action.subject(&desired.name)));
        }
        if let Action::CreateTable { table } = action
            && self.refuses.contains(&"clustering")
            && table.layout != Layout::Flat
        {
            found.push(refusal(Subject::table(&desired.name).aspect(Aspect::Layout)));
        }
        found
    }
}

#[async_trait]
impl Executor for Side {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let mut compiled = self.lake.compile(desired, observed, actions);
        compiled.findings.extend(actions.iter().flat_map(|action| self.refusals(desired, action)));
        compiled
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let place = context.relation.location.as_deref().unwrap_or("nowhere");
        self.says(&format!("{} at {place}", step.preview.lines().last().unwrap_or_default()));
        self.lake.execute(step, context).await
    }

    async fn refresh(&self, relation: &Relation) -> Result<(), ExecutionError> {
        self.says(&format!("refresh {}", relation.name));
        if !self.refuses.contains(&"refresh") {
            return Ok(());
        }
        Err(ExecutionError {
            kind: ErrorKind::Unavailable,
            message: "it may go on showing the old one".to_owned(),
            help: Some(format!("run REFRESH TABLE {}", relation.name)),
            source: Some("the line is dead".into()),
        })
    }
}

struct Target {
    lake: MemoryLake,
    engine: Engine,
    journal: Arc<Mutex<Vec<String>>>,
}

/// A server whose tables and logs are in one memory.
fn target(statements: &'static [&'static str], commits: &'static [&'static str]) -> Target {
    let lake = MemoryLake::new();
    let journal = Arc::new(Mutex::new(Vec::new()));
    let side = |name, refuses| Arc::new(Side { name, lake: lake.clone(), refuses, journal: Arc::clone(&journal) });
    let catalog = layered(Arc::new(lake.clone()), Arc::new(lake.clone())).logs_first();
    let gate = |location: Option<&str>| match location {
        Some(place) if place.starts_with("dbfs:") => {
            Err(Refused { message: format!("`{place}` is out of reach"), help: "move it".to_owned() })
        }
        _ => Ok(()),
    };
    let executor = Mixed::new(catalog.clone(), side("statements", statements), side("commits", commits), gate);
    let engine = Engine::new(Arc::new(catalog) as Arc<dyn Catalog>, Arc::new(executor));
    Target { lake, engine, journal }
}

impl Target {
    async fn plan(&self, table: &Table) -> PreparedPlan {
        self.engine.plan(&Registry::new().table(table.clone()).build().unwrap()).await.unwrap()
    }

    async fn sync(&self, table: &Table) -> Report {
        self.engine.apply(self.plan(table).await).await.unwrap()
    }

    fn did(&self) -> Vec<String> {
        std::mem::take(&mut self.journal.lock().unwrap())
    }
}

fn customers() -> Table {
    Table::new("s.customers").column(Column::new("id", "bigint")).location("file:/w/customers")
}

/// What blocks a plan.
fn blocking(plan: &PreparedPlan) -> Vec<String> {
    plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.message.clone()).collect()
}

#[tokio::test]
async fn statements_create_and_commits_change() {
    let target = target(&[], &[]);
    target.sync(&customers()).await;
    assert_eq!(target.did(), ["statements: create_table at file:/w/customers"]);
    let wider = customers().column(Column::new("name", "string")).comment("One row each");
    let plan = target.plan(&wider).await;
    let preview =
        "-- one commit to the log at file:/w/customers, which the server is told of\nadd_column, set_table_comment";
    assert_eq!(plan.tables[0].steps[0].preview, preview);
    let report = target.engine.apply(plan).await.unwrap();
    assert_eq!(report.status(), Status::InSync, "{report}");
    assert_eq!(
        target.did(),
        ["commits: add_column, set_table_comment at file:/w/customers", "statements: refresh s.customers"]
    );
}

#[tokio::test]
async fn what_commits_cannot_do_goes_over_statements_as_a_whole() {
    let target = target(&[], &["set_table_comment"]);
    target.sync(&customers()).await;
    target.did();
    let wider = customers().column(Column::new("name", "string")).comment("One row each");
    let plan = target.plan(&wider).await;
    let notes: Vec<_> = plan.findings().map(|(_, finding)| finding.message.as_str()).collect();
    assert_eq!(notes, ["the change is made by statements, because a commit to the log can't: commits can't do that"]);
    target.engine.apply(plan).await.unwrap();
    assert_eq!(target.did(), ["statements: add_column, set_table_comment at file:/w/customers"]);
}

#[tokio::test]
async fn what_neither_can_do_is_refused_before_anything_runs() {
    let target = target(&["add_column"], &["set_table_comment"]);
    target.sync(&customers()).await;
    let wider = customers().column(Column::new("name", "string")).comment("One row each");
    assert_eq!(blocking(&target.plan(&wider).await), ["commits can't do that"]);
}

#[tokio::test]
async fn tags_are_the_catalogs() {
    let target = target(&[], &[]);
    target.sync(&customers()).await;
    target.did();
    let report = target.sync(&customers().tag("team", "a").comment("x")).await;
    assert_eq!(report.status(), Status::InSync, "{report}");
    let did = target.did();
    assert!(did.len() == 1 && did[0].starts_with("statements: ") && did[0].contains("set_table_tag"), "{did:?}");
}

#[tokio::test]
async fn a_new_table_that_statements_cannot_make_is_completed_by_a_commit() {
    let target = target(&["clustering"], &[]);
    let clustered = customers().clustered_by(["id"]);
    let plan = target.plan(&clustered).await;
    assert_eq!(blocking(&plan), Vec::<String>::new());
    assert_eq!(plan.tables[0].steps.len(), 2);
    let report = target.engine.apply(plan).await.unwrap();
    assert_eq!(report.status(), Status::InSync, "{report}");
    let did = target.did();
    assert_eq!(did[0], "statements: create_table at file:/w/customers");
    assert!(did[1].starts_with("commits: ") && did[1].contains("set_clustering"), "{did:?}");
    assert_eq!(did.len(), 3, "{did:?}");
    assert_eq!(target.plan(&clustered).await.status(), Status::InSync);
}

#[tokio::test]
async fn a_new_table_that_both_cannot_make_is_refused() {
    let target = target(&["clustering"], &["set_clustering"]);
    assert_eq!(blocking(&target.plan(&customers().clustered_by(["id"])).await), ["statements can't do that"]);
    assert_eq!(target.did(), Vec::<String>::new());
}

#[tokio::test]
async fn commits_beside_a_catalog_that_makes_its_own_are_refused() {
    let target = target(&[], &[]);
    target.sync(&customers()).await;
    let mut managed = (*target.lake.get(&"s.customers".parse().unwrap()).unwrap()).clone();
    managed.features.insert(Feature::from_name("catalogManaged"));
    target.lake.put(managed);
    let found = blocking(&target.plan(&customers().comment("x")).await);
    assert!(found.len() == 1 && found[0].contains("catalogManaged"), "{found:?}");
    // Where nothing is to be done, it is still told that the log was not read.
    let plan = target.plan(&customers()).await;
    assert_eq!(plan.status(), Status::InSync);
    let notes: Vec<_> = plan.findings().map(|(_, finding)| finding.message.as_str()).collect();
    assert!(matches!(notes[..], [note] if note.starts_with("the table's log is not read")), "{notes:?}");
}

#[tokio::test]
async fn a_server_that_was_not_told_of_a_commit_is_in_the_report() {
    let target = target(&["refresh"], &[]);
    target.sync(&customers()).await;
    let report = target.sync(&customers().comment("x")).await;
    assert_eq!(report.status(), Status::InSync, "{report}");
    let told = "it may go on showing the old one: the line is dead; run REFRESH TABLE s.customers";
    assert!(report.to_string().contains(&format!("s.customers: {told}")), "{report}");
    let wire = WirePlan::of_report(&report, WireTarget { name: None, url: String::new() });
    let message = wire.tables[0].execution.as_ref().and_then(|execution| execution.message.clone());
    assert_eq!(message.as_deref(), Some(told));
}

#[tokio::test]
async fn places_behind_the_gate_are_refused_with_its_words() {
    let target = target(&[], &[]);
    let mut table = customers().location("dbfs:/w/customers");
    target.sync(&table).await;
    table = table.comment("x");
    assert_eq!(blocking(&target.plan(&table).await), ["`dbfs:/w/customers` is out of reach"]);
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_in_between_is_stale() {
    let target = target(&[], &[]);
    target.sync(&customers()).await;
    let plan = target.plan(&customers().comment("x")).await;
    let mut other = (*target.lake.get(&"s.customers".parse().unwrap()).unwrap()).clone();
    other.table_id = "another".to_owned();
    other.columns.push(delta_engine_schema::model::Column::new("b", delta_engine_schema::model::DataType::Long));
    target.lake.put(other);
    target.did();
    let report = target.engine.apply(plan).await.unwrap();
    assert!(
        matches!(&report.executions[0], Execution::Stale(failure) if failure.message.contains("another table")),
        "{report}"
    );
    assert_eq!(target.did(), Vec::<String>::new());
}

#[tokio::test]
async fn a_commit_that_lost_a_race_is_made_again_and_told_once() {
    let target = target(&[], &[]);
    target.sync(&customers()).await;
    let plan = target.plan(&customers().comment("x")).await;
    target.did();
    // The log moves on, which the in-memory backend does not tolerate.
    let mut ahead = (*target.lake.get(&"s.customers".parse().unwrap()).unwrap()).clone();
    ahead.version += 1;
    target.lake.put(ahead);
    let report = target.engine.apply(plan).await.unwrap();
    // The engine plans again, and goes on because the plan is the same.
    assert_eq!(report.status(), Status::InSync, "{report}");
    let did = target.did();
    assert_eq!(did.iter().filter(|line| line.contains("refresh")).count(), 1, "{did:?}");
    assert_eq!(did.iter().filter(|line| line.starts_with("commits")).count(), 2, "{did:?}");
}
