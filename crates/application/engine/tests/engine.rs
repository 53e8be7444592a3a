//! Runs of the engine on the in-memory backend.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use delta_engine_application::port::{Compiled, Context, ExecutionError, Executor, Receipt, Step};
use delta_engine_application::{Column, Engine, Execution, MemoryLake, Registry, Status, Table};
use delta_engine_schema::model::{DesiredTable, ObservedTable};
use delta_engine_schema::{Action, Answer, Outcome, Policy, Severity, Statement};

fn engine(lake: &MemoryLake) -> Engine {
    Engine::new(Arc::new(lake.clone()), Arc::new(lake.clone()))
}

fn customers() -> Table {
    Table::new("silver.customers").column(Column::new("id", "bigint").not_null()).column(Column::new("name", "string"))
}

#[tokio::test]
async fn a_table_is_created_changed_and_in_sync() {
    let lake = MemoryLake::new();
    let first = Registry::new().table(customers()).build().unwrap();
    let report = engine(&lake).sync(&first).await.unwrap();
    assert_eq!(report.applied(), 1);
    assert_eq!(engine(&lake).plan(&first).await.unwrap().status(), Status::InSync);

    let second = Registry::new()
        .table(customers().comment("One row per customer").column(Column::new("city", "string")))
        .build()
        .unwrap();
    let plan = engine(&lake).plan(&second).await.unwrap();
    assert_eq!(
        plan.tables[0].plan.actions.iter().map(|action| action.kind()).collect::<Vec<_>>(),
        ["add_column", "set_table_comment"]
    );
    let report = engine(&lake).apply(plan).await.unwrap();
    assert!(matches!(report.executions[0], Execution::Applied { version: Some(1), .. }), "{report}");
    assert_eq!(engine(&lake).plan(&second).await.unwrap().status(), Status::InSync);
}

#[tokio::test]
async fn a_hazard_blocks_until_it_is_permitted() {
    let lake = MemoryLake::new();
    let mapped = || customers().property("delta.columnMapping.mode", "name");
    engine(&lake).sync(&Registry::new().table(mapped()).build().unwrap()).await.unwrap();
    let dropped = Table::new("silver.customers")
        .column(Column::new("id", "bigint").not_null())
        .property("delta.columnMapping.mode", "name");
    let registry = Registry::new().table(dropped).build().unwrap();
    let error = engine(&lake).sync(&registry).await.unwrap_err().to_string();
    assert!(error.contains("allow: --allow drop-column:silver.customers.name"), "{error}");
    let allowed = engine(&lake).allowing("drop-column:silver.customers.name".parse().unwrap());
    assert_eq!(allowed.sync(&registry).await.unwrap().applied(), 1);
}

#[tokio::test]
async fn a_table_changed_in_between_is_stale() {
    let lake = MemoryLake::new();
    engine(&lake).sync(&Registry::new().table(customers()).build().unwrap()).await.unwrap();
    let more = Registry::new().table(customers().column(Column::new("city", "string"))).build().unwrap();
    let shown = engine(&lake).plan(&more).await.unwrap();
    let other = Registry::new().table(customers().column(Column::new("country", "string"))).build().unwrap();
    engine(&lake).sync(&other).await.unwrap();
    let report = engine(&lake).apply(shown).await.unwrap();
    assert_eq!(report.status(), Status::Stale, "{report}");
}

#[tokio::test]
async fn a_race_to_the_same_state_is_no_failure() {
    let lake = MemoryLake::new();
    engine(&lake).sync(&Registry::new().table(customers()).build().unwrap()).await.unwrap();
    let more = Registry::new().table(customers().column(Column::new("city", "string"))).build().unwrap();
    let shown = engine(&lake).plan(&more).await.unwrap();
    engine(&lake).sync(&more).await.unwrap();
    let report = engine(&lake).apply(shown).await.unwrap();
    assert_eq!(report.executions, [Execution::AlreadyApplied]);
}

#[tokio::test]
async fn a_refuted_claim_blocks() {
    let lake = MemoryLake::new();
    engine(&lake).sync(&Registry::new().table(customers()).build().unwrap()).await.unwrap();
    let name = "silver.customers".parse().unwrap();
    let statement = Statement::NoNulls(delta_engine_schema::model::Path::column("name"));
    lake.answer(&name, statement, Answer::Refuted { example: "3 rows of part-0.parquet".to_owned() });
    let strict = Table::new("silver.customers")
        .column(Column::new("id", "bigint").not_null())
        .column(Column::new("name", "string").not_null());
    let plan = engine(&lake).plan(&Registry::new().table(strict).build().unwrap()).await.unwrap();
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Blocked);
}

#[tokio::test]
async fn nothing_is_promised_unproved_where_scans_are_no_hazard() {
    let lake = MemoryLake::new();
    engine(&lake).sync(&Registry::new().table(customers()).build().unwrap()).await.unwrap();
    let name = "silver.customers".parse().unwrap();
    let statement = Statement::NoNulls(delta_engine_schema::model::Path::column("name"));
    // This target asks for a scan also where it was let scan.
    lake.answer(&name, statement, Answer::NeedsScan { files: 1, bytes: 1 });
    let strict = Table::new("silver.customers")
        .column(Column::new("id", "bigint").not_null())
        .column(Column::new("name", "string").not_null());
    let registry = Registry::new().table(strict).build().unwrap();
    for severity in [Some(Severity::Warning), Some(Severity::Note), None] {
        let mut policy = Policy::default();
        policy.severities.insert("scan-data".to_owned(), severity);
        let plan = engine(&lake).with_policy(policy).plan(&registry).await.unwrap();
        let findings: Vec<&str> = plan.tables[0].plan.findings.iter().map(|finding| finding.name).collect();
        assert_eq!((plan.tables[0].plan.outcome, findings), (Outcome::Blocked, vec!["claim-unknowable"]));
    }
}

/// The lake, with steps that wait for one another and are counted.
struct Counted {
    lake: MemoryLake,
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Executor for Counted {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        self.lake.compile(desired, observed, actions)
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        // Every other table that may begin begins meanwhile.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.now.fetch_sub(1, Ordering::SeqCst);
        self.lake.execute(step, context).await
    }
}

#[tokio::test]
async fn no_more_tables_are_changed_at_once_than_was_said() {
    let tables = (0..9).map(|at| Table::new(format!("silver.t{at}")).column(Column::new("id", "bigint")));
    let registry = tables.fold(Registry::new(), |registry, table| registry.table(table)).build().unwrap();
    for said in [1, 3, 20] {
        let lake = MemoryLake::new();
        let counted = Arc::new(Counted { lake: lake.clone(), now: AtomicUsize::new(0), most: AtomicUsize::new(0) });
        let engine = Engine::new(Arc::new(lake), counted.clone()).with_parallelism(said);
        assert_eq!(engine.sync(&registry).await.unwrap().applied(), 9);
        assert_eq!(counted.most.load(Ordering::SeqCst), said.min(9));
    }
}
