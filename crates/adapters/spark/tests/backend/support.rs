//! A schema of its own on the live server, and an engine there.

use std::sync::Arc;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_application::{
    Declaration, Engine, Location, PreparedPlan, Registry, RegistryBuilder, Report, Sources, Status, Table,
};
use delta_engine_schema::Severity;
use delta_engine_schema::draft::TableDraft;
use delta_engine_schema::model::{ObservedTable, Subject};
use delta_engine_schema::rules::{RULES, Rule};
use delta_engine_spark::client::{Patience, REMOTE_VARIABLE};
use delta_engine_spark::{Address, Client, Server, SparkCatalog, SparkExecutor};
use delta_engine_sql::Dialect;
use tokio_util::sync::CancellationToken;

pub(crate) struct Live {
    pub(crate) engine: Engine,
    pub(crate) catalog: SparkCatalog,
    /// A session beside the engine's, of another user of the server.
    pub(crate) other: Client,
    pub(crate) schema: String,
    pub(crate) dialect: Dialect,
}

/// The live server; none where there is none, which is said.
pub(crate) async fn live(test: &str) -> Option<Live> {
    let Some(address) = Address::from_environment().expect("a URL in SPARK_REMOTE") else {
        println!("skipped: backend::{test}: {REMOTE_VARIABLE} is not set");
        return None;
    };
    let (engine, catalog, dialect) = connect(&address).await;
    let other = Client::connect(&address, Patience::default()).await.expect("a session");
    // Others may run the same test on the same server.
    let live = Live { engine, catalog, other, schema: format!("live_{test}_{}", std::process::id()), dialect };
    live.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", live.schema)).await;
    Some(live)
}

/// Another engine on the same server, with a session of its own.
pub(crate) async fn rival(live: &Live) -> Engine {
    connect(live.other.address()).await.0
}

async fn connect(address: &Address) -> (Engine, SparkCatalog, Dialect) {
    let server = Server::connect(address, Patience::default()).await.expect("a server");
    let dialect = server.dialect();
    let server = Arc::new(server);
    let catalog = SparkCatalog::new(Arc::clone(&server));
    let engine = Engine::new(Arc::new(catalog.clone()), Arc::new(SparkExecutor::new(server)));
    // Every hazard may pass: these tests are about what a server does.
    let hazards = RULES.iter().filter(|rule| rule.severity == Some(Severity::Hazard));
    let allow = |engine: Engine, rule: &Rule| match format!("{}:*", rule.name).parse() {
        Ok(permission) => engine.allowing(permission),
        Err(_) => engine,
    };
    (hazards.fold(engine, |engine, rule| allow(engine, rule)), catalog, dialect)
}

impl Live {
    /// Runs a statement in the other session.
    pub(crate) async fn run(&self, statement: &str) {
        let done = self.other.execute(statement, &CancellationToken::new()).await;
        if let Err(failure) = done {
            panic!("{statement}: {failure}");
        }
    }

    /// Makes the schema with a place of its own, which not every server gives one.
    pub(crate) async fn make_schema(&self) {
        let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("xtask says where tables go");
        self.run(&format!("CREATE SCHEMA {} LOCATION 'file://{warehouse}/{}.db'", self.schema, self.schema)).await;
    }

    /// A table's full name.
    pub(crate) fn name(&self, table: &str) -> String {
        format!("{}.{table}", self.schema)
    }

    pub(crate) async fn plan(&self, tables: Vec<Table>) -> PreparedPlan {
        self.plan_of(&registry(tables)).await
    }

    pub(crate) async fn plan_of(&self, registry: &Registry) -> PreparedPlan {
        self.engine.plan(registry).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Applies, and holds that a second plan is empty.
    pub(crate) async fn sync(&self, tables: Vec<Table>) -> Report {
        let registry = registry(tables);
        let report = self.engine.sync(&registry).await.unwrap_or_else(|error| panic!("{error}"));
        let again = self.engine.plan(&registry).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(again.status(), Status::InSync, "{:?}", actions(&again));
        report
    }

    pub(crate) async fn observe_with(&self, catalog: &SparkCatalog, tables: &[&str]) -> Vec<Observation> {
        let relation = |table: &&str| Relation { name: table.parse().expect("a name"), location: None };
        let relations: Vec<Relation> = tables.iter().map(relation).collect();
        catalog.observe(&relations).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) async fn end(self) {
        self.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).await;
        self.other.close().await;
    }
}

#[derive(Debug)]
struct Nowhere;

impl Sources for Nowhere {
    fn locate(&self, _: &Subject, _: Option<std::ops::Range<usize>>) -> Option<Location> {
        None
    }
}

/// A registry of these drafts.
pub(crate) fn registry_of(drafts: impl IntoIterator<Item = TableDraft>) -> Registry {
    let declared = drafts.into_iter().map(|draft| Declaration { draft, sources: Arc::new(Nowhere) });
    let add = |builder: RegistryBuilder, table| builder.declarations([table]);
    declared.fold(Registry::new(), add).build().unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn registry(tables: Vec<Table>) -> Registry {
    let registry = tables.into_iter().fold(Registry::new(), |registry, table| registry.table(table));
    registry.build().unwrap_or_else(|faults| panic!("{faults}"))
}

/// What a plan would do, by table.
pub(crate) fn actions(plan: &PreparedPlan) -> Vec<String> {
    let of_table = |table: &delta_engine_application::PreparedTable| {
        let name = &table.plan.name.table;
        table.plan.actions.iter().map(|action| format!("{name}: {}", action.kind())).collect::<Vec<_>>()
    };
    plan.tables.iter().flat_map(of_table).collect()
}

/// The table of an observation.
pub(crate) fn present(observation: &Observation) -> &ObservedTable {
    match observation {
        Observation::Present(table) => table,
        Observation::Absent => panic!("the table is absent"),
        Observation::Unreadable(unreadable) => panic!("{unreadable}"),
    }
}
