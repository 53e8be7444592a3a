//! One run: tables as they were, a declaration, a sync with something that goes wrong, and what must hold of it.

use std::sync::Arc;
use std::time::Duration;

use delta_engine_application::{Column, Engine, EngineError, Execution, Registry, Report, SyncFailed, Table};
use delta_engine_schema::model::{DesiredTable, ObservedTable, TableName};
use delta_engine_schema::{Action, diff, simulate};
use delta_engine_spark::client::Patience;
use delta_engine_spark::{Address, Server, SparkCatalog, SparkExecutor};
use delta_engine_testkit::connect::{Conduct, Faults, Journal, ScriptedServer};

use crate::tables::{Mishaps, Tables, Telling};

/// What goes wrong.
pub(crate) struct Trouble {
    pub(crate) faults: Faults,
    pub(crate) mishaps: Mishaps,
}

impl Trouble {
    pub(crate) fn on_the_way(faults: Faults) -> Self {
        Self { faults, mishaps: Box::new(|_| None) }
    }

    pub(crate) fn within(mishaps: Mishaps) -> Self {
        Self { faults: Faults::none(), mishaps }
    }
}

/// How it ended.
pub(crate) struct Ended {
    /// What was said of it; none where the run could not be made.
    pub(crate) report: Option<Report>,
    /// Of the run with the trouble alone.
    pub(crate) journal: Journal,
    /// Statements that came to the tables.
    pub(crate) changes: usize,
}

impl Ended {
    /// What became of a table.
    pub(crate) fn of(&self, table: &str) -> &Execution {
        let report = self.report.as_ref().expect("a report");
        let found = report.tables().find(|(prepared, _)| prepared.plan.name.to_string() == table);
        found.expect("a table of the report").1
    }
}

/// Short enough that a server which is gone is given up soon.
pub(crate) fn patience() -> Patience {
    Patience {
        start: Duration::from_millis(1000),
        outage: Duration::from_millis(1000),
        stop: Duration::from_millis(300),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(10),
    }
}

fn orders() -> Table {
    Table::new("s.orders")
        .property("delta.columnMapping.mode", "name")
        .column(Column::new("id", "bigint"))
        .column(Column::new("name", "string"))
        .column(Column::new("old", "string"))
        .column(Column::new("place", "struct<city: string>"))
}

/// As the tables are.
fn before() -> [Table; 1] {
    [orders()]
}

/// As they shall be: one with statements of every kind, and one whose schema is not there either.
pub(crate) fn after() -> [Table; 2] {
    let changed = Table::new("s.orders")
        .property("delta.columnMapping.mode", "name")
        .property("team.owner", "sales")
        .column(Column::new("id", "bigint").comment("Never used twice"))
        .column(Column::new("full_name", "string").renamed_from("name"))
        .column(Column::new("place", "struct<city: string, zip: string>"))
        .column(Column::new("price", "decimal(10,2)"))
        .check("positive", "id > 0");
    let fresh = Table::new("t.first")
        .property("delta.columnMapping.mode", "name")
        .column(Column::new("a", "bigint"))
        .column(Column::new("b", "string"))
        .check("small", "a < 9");
    [changed, fresh]
}

pub(crate) fn registry(tables: impl IntoIterator<Item = Table>) -> Registry {
    let registry = tables.into_iter().fold(Registry::new(), |registry, table| registry.table(table));
    registry.build().unwrap_or_else(|faults| panic!("{faults}"))
}

/// The tables before the run.
pub(crate) fn there() -> Vec<ObservedTable> {
    let create = |desired: &DesiredTable| {
        let action = Action::CreateTable { table: Box::new(desired.clone()) };
        simulate(None, &[action], "id").expect("a table")
    };
    let placed = |table: ObservedTable| ObservedTable { location: Some(format!("file:/w/{}", table.name)), ..table };
    registry(before()).tables().iter().map(|table| placed(create(&table.desired))).collect()
}

/// Syncs with this trouble, holds what is said of it against the tables, and syncs again without.
pub(crate) async fn check(case: &str, conduct: Conduct, trouble: Trouble) -> Ended {
    let was = there();
    let tables = Tables::new(&["s"], &was);
    let (server, engine) = start(&tables, conduct).await;
    let declared = registry(after());

    server.set_faults(trouble.faults);
    tables.set_mishaps(trouble.mishaps);
    let earlier = server.journal();
    let ended = engine.sync(&declared).await;
    let mut journal = server.journal();
    journal.faults -= earlier.faults;
    let changes = tables.changes();
    let report = match &ended {
        Ok(report) => Some(report),
        Err(SyncFailed::Tables(report)) => Some(&**report),
        Err(SyncFailed::Run(EngineError::Target(_))) => None,
        Err(SyncFailed::Run(error)) => panic!("{case}: {error}"),
    };
    assert_eq!(tables.repeated(), [""; 0], "{case}: done again");
    match report {
        Some(report) => check_report(case, report, &declared, &was, &tables),
        None => assert_eq!(tables.effects(), [], "{case}: the run was not made"),
    }

    server.set_faults(Faults::none());
    tables.set_mishaps(Box::new(|_| None));
    if let Err(failed) = engine.sync(&declared).await {
        panic!("{case}: the next run: {failed}\nthe run before: {:?}", report.map(|report| &report.executions));
    }
    for table in declared.tables() {
        assert!(is_declared(&declared, &table.desired.name, &tables), "{case}: {}", table.desired.name);
    }
    assert_eq!(tables.repeated(), [""; 0], "{case}: done again by the next run");
    let report = report.cloned();
    Ended { report, journal, changes }
}

/// A Spark with these tables, and an engine there. What the conduct says of settings and version comes on top.
pub(crate) async fn start(tables: &Tables, mut conduct: Conduct) -> (ScriptedServer, Engine) {
    let settings = [
        ("spark.master", "local[2]"),
        ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
        ("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
    ];
    for (name, value) in settings {
        conduct.settings.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    if conduct.version.is_empty() {
        conduct.version = "4.2.0".to_owned();
    }
    let server = ScriptedServer::start(tables.clone(), Faults::none(), conduct).await.expect("a server");
    let engine = engine(&server, tables).await;
    (server, engine)
}

async fn engine(server: &ScriptedServer, tables: &Tables) -> Engine {
    let address = Address::parse(&server.url()).expect("an address");
    let connected = Server::connect(&address, patience()).await.expect("a session");
    let connected = Arc::new(connected);
    let catalog = SparkCatalog::new(Arc::clone(&connected));
    let executor = Telling { executor: SparkExecutor::new(connected), tables: tables.clone() };
    let allowed = ["drop-column:*", "break-streams:*", "upgrade-protocol:*", "scan-data:*", "streams-restart:*"];
    let allow = |engine: Engine, rule: &str| match rule.parse() {
        Ok(permission) => engine.allowing(permission),
        Err(_) => engine,
    };
    allowed.into_iter().fold(Engine::new(Arc::new(catalog), Arc::new(executor)), allow)
}

/// What is said of each table is how it is.
fn check_report(case: &str, report: &Report, declared: &Registry, was: &[ObservedTable], tables: &Tables) {
    let effects = tables.effects();
    for (table, execution) in report.tables() {
        let name = &table.plan.name;
        let done = effects.iter().filter(|effect| effect.table == *name).count();
        // The schema is created by the first step of the table that needs it.
        let schema = usize::from(name.to_string() == "t.first" && tables.has_schema("t"));
        let untouched = tables.get(name).as_ref() == was.iter().find(|was| was.name == *name);
        let finished = is_declared(declared, name, tables);
        let shown = format!("{case}: {name}: {execution:?}, {done} statements changed it");
        match execution {
            Execution::Applied { .. } => assert!(finished && done + schema > 0, "{shown}"),
            Execution::AlreadyApplied => assert!(finished && done == 0, "{shown}"),
            // Another writer may have changed it, and that is none of ours.
            Execution::Stale(_) => assert!(done == 0 && !finished, "{shown}"),
            Execution::NotRun | Execution::Failed(_) | Execution::Interrupted | Execution::HeldBack { .. } => {
                assert!(untouched && done == 0, "{shown}");
            }
            Execution::PartlyApplied { done: said, .. } => {
                assert!((done..=done + schema).contains(said) && *said > 0, "{shown}");
            }
            // Nothing is claimed; what there is to be known is known by looking, so it must be rare.
            Execution::Unclear(_) => {}
        }
    }
}

fn is_declared(declared: &Registry, name: &TableName, tables: &Tables) -> bool {
    let table = declared.tables().iter().find(|table| table.desired.name == *name).expect("a declared table");
    let now = tables.get(name);
    now.is_some() && diff(&table.desired, now.as_ref()).is_empty()
}
