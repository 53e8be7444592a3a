//! A server whose address says that it is Databricks', an engine there, and the written answers.

use std::sync::Arc;
use std::time::Duration;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_application::{Engine, PreparedPlan, Registry, Table};
use delta_engine_schema::model::ObservedTable;
use delta_engine_spark::client::Patience;
use delta_engine_spark::{Address, Server, SparkCatalog, SparkExecutor};
use delta_engine_testkit::connect::{Answers, Ask, Conduct, Faults, Reply, Rpc, Script, ScriptedServer};

pub(crate) const TOKEN: &str = "dapi-SECRET";
pub(crate) const HEADER: &str = "0101-SECRET";

/// Hazards that may pass: these tests are about what a server does.
const ALLOWED: [&str; 3] = ["upgrade-protocol:*", "scan-data:*", "break-streams:*"];

/// Views of the information schema, in the order in which a query names them.
const VIEWS: [&str; 6] = ["schemata", "table_tags", "column_tags", "table_constraints", "columns", "tables"];

/// The view that a query reads; `keys` stands for the three of keys.
pub(crate) fn view(query: &str) -> Option<&'static str> {
    let found = VIEWS.into_iter().find(|view| query.contains(&format!(".information_schema.{view} ")))?;
    Some(if found == "table_constraints" { "keys" } else { found })
}

/// The written answers; those of a view by its name, whatever tables are asked for.
pub(crate) fn written() -> impl Script {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testkit/recorded/databricks/");
    let read = |file: &str| std::fs::read_to_string(format!("{folder}{file}")).expect("a recording");
    let answers = Answers::new().recorded(&read("descriptions.json")).expect("descriptions");
    let mut answers = answers.recorded(&read("information_schema.json")).expect("views");
    move |ask: &Ask| match ask {
        Ask::Query(query) => answers.reply(&Ask::Query(view(query).unwrap_or(query.as_str()).to_owned())),
        Ask::Statement(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => answers.reply(ask),
    }
}

/// A server with an engine.
pub(crate) struct Databricks {
    pub(crate) scripted: ScriptedServer,
    pub(crate) catalog: SparkCatalog,
    pub(crate) engine: Engine,
}

impl Databricks {
    pub(crate) async fn start(script: impl Script + 'static) -> Self {
        let conduct = Conduct { token: Some(TOKEN.to_owned()), version: "4.0.0".to_owned(), ..Conduct::default() };
        let scripted = ScriptedServer::start(script, Faults::none(), conduct).await.expect("a server");
        let url = format!("{}/;token={TOKEN};x-databricks-cluster-id={HEADER}", scripted.url());
        let patience = Patience {
            start: Duration::from_secs(5),
            outage: Duration::from_secs(5),
            stop: Duration::from_secs(1),
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(20),
        };
        let server = Server::connect(&Address::parse(&url).expect("an address"), patience).await.expect("a server");
        assert!(server.dialect().has_information_schema(), "{}", server.dialect());
        let server = Arc::new(server);
        let catalog = SparkCatalog::new(Arc::clone(&server));
        let engine = Engine::new(Arc::new(catalog.clone()), Arc::new(SparkExecutor::new(server)));
        let allow = |engine: Engine, rule: &str| engine.allowing(rule.parse().expect("a permission"));
        let engine = ALLOWED.into_iter().fold(engine, allow);
        Self { scripted, catalog, engine }
    }

    pub(crate) async fn observe(&self, tables: &[&str]) -> Vec<Observation> {
        let relation = |table: &&str| Relation { name: table.parse().expect("a name"), location: None };
        let relations: Vec<Relation> = tables.iter().map(relation).collect();
        self.catalog.observe(&relations).await.unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) async fn plan(&self, registry: &Registry) -> PreparedPlan {
        self.engine.plan(registry).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Requests that do work on the server, so far.
    pub(crate) fn requests(&self) -> usize {
        let journal = self.scripted.journal();
        journal.count(Rpc::ExecutePlan) + journal.count(Rpc::AnalyzePlan)
    }

    /// What was accepted, one after another.
    pub(crate) fn accepted(&self) -> Vec<String> {
        self.scripted.journal().accepted.into_iter().map(|accepted| accepted.statement).collect()
    }
}

pub(crate) fn registry(tables: Vec<Table>) -> Registry {
    let registry = tables.into_iter().fold(Registry::new(), |registry, table| registry.table(table));
    registry.build().unwrap_or_else(|faults| panic!("{faults}"))
}

pub(crate) fn present(observation: &Observation) -> &ObservedTable {
    match observation {
        Observation::Present(table) => table,
        Observation::Absent => panic!("the table is absent"),
        Observation::Unreadable(unreadable) => panic!("{unreadable}"),
    }
}

/// What an observation is, with its words and its help.
pub(crate) fn told(observation: &Observation) -> String {
    match observation {
        Observation::Present(_) => "present".to_owned(),
        Observation::Absent => "absent".to_owned(),
        Observation::Unreadable(unreadable) => {
            format!("{unreadable} ({})", unreadable.help.clone().unwrap_or_default())
        }
    }
}

/// What of a table is unknown, one word an aspect with its path.
pub(crate) fn unknown(table: &ObservedTable) -> Vec<String> {
    let entries = table.unknown.iter();
    entries.map(|(aspect, path)| format!("{} {path}", aspect.as_str()).trim_end().to_owned()).collect()
}

/// The same answers, but for what is asked here.
pub(crate) fn but(mut other: impl FnMut(&Ask) -> Option<Reply> + Send, mut script: impl Script) -> impl Script {
    move |ask: &Ask| other(ask).unwrap_or_else(|| script.reply(ask))
}
