//! Our side of `cargo xtask bench spark`: does on a server what standard input asks for, a line at a time, and answers each
//! line with one line of JSON. A benchmark, not a test; `xtask/src/bench/spark/peer.py` is the other side, and answers alike.
//!
//! - `observe WAY PREFIX COUNT [PREFIX COUNT]…`: reads these tables of the schema `bench`, by the way `logs` or `descriptions`.
//! - `create PREFIX COUNT`, `alter PREFIX COUNT`: plans, applies and looks again.

#![expect(clippy::expect_used, clippy::panic, reason = "a benchmark ends where a server does not do its part")]
#![expect(clippy::print_stdout, reason = "the answers are what it is for")]

use std::io::BufRead;
use std::sync::Arc;
use std::time::Instant;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_application::{Column, Engine, Registry, Table};
use delta_engine_schema::model::{Layout, ObservedTable};
use delta_engine_spark::client::Patience;
use delta_engine_spark::{Address, Server, SparkCatalog, SparkExecutor};
use serde_json::{Value, json};

const SCHEMA: &str = "bench";

/// As a table is created, and as it is to be afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Created,
    Altered,
}

/// Table number N of a prefix; every fourth is of the same kind.
fn declared(prefix: &str, number: usize, stage: Stage) -> Table {
    let (is_new, kind) = (stage == Stage::Created, number % 4);
    let said = |before: &'static str, after: &'static str| if is_new { before } else { after };
    let is_renamed = kind == 3 && !is_new;
    let quantity = match is_renamed {
        true => Column::new("quantity", "int").renamed_from("qty"),
        false => Column::new("qty", "int"),
    };
    let mut table = Table::new(format!("{SCHEMA}.{prefix}{number}"))
        .comment(said("One row per order", "One row per order line"))
        .column(Column::new("id", "bigint").not_null().comment("Key"))
        .column(Column::new("name", "string").comment("As on the invoice, it's \"quoted\""))
        .column(Column::new("amount", "decimal(12,2)"))
        .column(Column::new("created_at", "timestamp"))
        .column(Column::new("created_on", "date"))
        .column(Column::new("country", "varchar(2)"))
        .column(Column::new("status", "string").comment(said("Open or closed", "Open, closed or void")))
        .column(quantity)
        .column(Column::new("note", "string").comment(said("Free text", "Free text of the clerk")))
        .column(Column::new("address", "struct<street: string comment 'First line', zip: string>"))
        .column(Column::new("labels", "array<string>"))
        .column(Column::new("attributes", "map<string, bigint>"))
        .property("team.owner", said("sales", "orders"))
        .property("delta.enableDeletionVectors", true);
    if kind == 3 {
        table = table.property("delta.columnMapping.mode", "name").check("valid", "id > 0");
    }
    if !is_new {
        table = table
            .column(Column::new("channel", "string").comment("Shop or web"))
            .column(Column::new("score", "double"))
            .property("delta.logRetentionDuration", "interval 60 days");
    }
    match kind {
        1 => table.partitioned_by(["country", "created_on"]),
        2 => table.clustered_by(["id", "address.zip"]),
        _ => table,
    }
}

fn registry(prefix: &str, count: usize, stage: Stage) -> Registry {
    let tables = (0..count).map(|number| declared(prefix, number, stage));
    let registry = tables.fold(Registry::new(), |registry, table| registry.table(table));
    registry.build().unwrap_or_else(|faults| panic!("{faults}"))
}

/// One side of the comparison.
struct Side {
    server: Arc<Server>,
    catalog: SparkCatalog,
    engine: Engine,
}

impl Side {
    async fn connect() -> Self {
        let address = Address::from_environment().expect("a URL in SPARK_REMOTE").expect("SPARK_REMOTE");
        let server = Arc::new(Server::connect(&address, Patience::default()).await.expect("a server"));
        let catalog = SparkCatalog::new(Arc::clone(&server));
        let engine = Engine::new(Arc::new(catalog.clone()), Arc::new(SparkExecutor::new(Arc::clone(&server))));
        Self { server, catalog, engine }
    }

    async fn observe(&self, way: &str, names: &[String]) -> Value {
        let catalog = match way {
            "logs" => self.catalog.clone(),
            "descriptions" => self.catalog.clone().one_by_one(),
            other => panic!("there is no way `{other}`"),
        };
        let relation = |name: &String| Relation { name: name.parse().expect("a name"), location: None };
        let relations: Vec<Relation> = names.iter().map(relation).collect();
        let (before, began) = (self.server.requests(), Instant::now());
        let observations = catalog.observe(&relations).await.unwrap_or_else(|error| panic!("{error}"));
        let seconds = began.elapsed().as_secs_f64();
        let requests = self.server.requests().since(&before);
        let tables: serde_json::Map<String, Value> =
            names.iter().zip(&observations).map(|(name, observation)| (name.clone(), learnt(observation))).collect();
        json!({ "seconds": seconds, "work": requests.work(), "requests": requests.by_name(), "tables": tables })
    }

    async fn sync(&self, registry: &Registry) -> Value {
        let (before, began) = (self.server.requests(), Instant::now());
        let plan = self.engine.plan(registry).await.unwrap_or_else(|error| panic!("{error}"));
        let planned = began.elapsed().as_secs_f64();
        let statements: usize = plan.tables.iter().map(|table| table.steps.len()).sum();
        let report = self.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(report.applied(), registry.len(), "{report}");
        let requests = self.server.requests().since(&before);
        let work = requests.work();
        json!({
            "seconds": seconds, "planned": planned, "statements": statements, "work": work, "requests": requests.by_name(),
        })
    }
}

/// What both sides can learn of a table, each text as this project spells it.
fn learnt(observation: &Observation) -> Value {
    let table: &ObservedTable = match observation {
        Observation::Present(table) => table,
        Observation::Absent => return Value::Null,
        Observation::Unreadable(unreadable) => panic!("{unreadable}"),
    };
    let column = |column: &delta_engine_schema::model::Column| {
        let field = &column.field;
        let (name, data_type) = (field.name.as_str(), field.data_type.to_string());
        json!({ "name": name, "type": data_type, "nullable": field.nullable, "comment": field.comment.as_deref() })
    };
    let (partitioned_by, clustered_by): (Vec<String>, Vec<String>) = match &table.layout {
        Layout::Flat => Default::default(),
        Layout::Partitioned(columns) => (columns.iter().map(|column| column.as_str().to_owned()).collect(), Vec::new()),
        Layout::Clustered(paths) => (Vec::new(), paths.iter().map(ToString::to_string).collect()),
        Layout::ClusteredAuto => panic!("no table is clustered automatically"),
    };
    let checks: serde_json::Map<String, Value> =
        table.checks.iter().map(|(name, check)| (name.as_str().to_owned(), check.text().into())).collect();
    let mut features: Vec<&str> = table.features.iter().map(|feature| feature.name()).collect();
    features.sort_unstable();
    json!({
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
        "comment": table.comment,
        "partitioned_by": partitioned_by,
        "clustered_by": clustered_by,
        "properties": table.properties,
        "checks": checks,
        "features": features,
    })
}

#[tokio::main]
async fn main() {
    let side = Side::connect().await;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |text: &str| text.parse::<usize>().expect("a number");
        let answer = match words.as_slice() {
            ["observe", way, sets @ ..] => {
                let named = sets.chunks_exact(2).flat_map(|set| {
                    (0..number(set[1])).map(|at| format!("{SCHEMA}.{}{at}", set[0])).collect::<Vec<_>>()
                });
                side.observe(way, &named.collect::<Vec<_>>()).await
            }
            ["create", prefix, count] => side.sync(&registry(prefix, number(count), Stage::Created)).await,
            ["alter", prefix, count] => side.sync(&registry(prefix, number(count), Stage::Altered)).await,
            _ => panic!("what is `{line}`?"),
        };
        println!("{answer}");
    }
    side.server.close().await;
}
