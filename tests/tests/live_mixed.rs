//! Mixed targets on the live server that `SPARK_REMOTE` names: the server creates and registers, commits to the logs change,
//! and both see the same tables afterwards.

use std::sync::Arc;

use delta_engine::native::lake::Commits;
use delta_engine::port::{Observation, Relation};
use delta_engine::prelude::*;
use delta_engine::schema::Outcome;
use delta_engine::schema::model::{Aspect, Expression, Identity, ObservedTable, Path};
use delta_engine::spark::client::Patience;
use delta_engine::spark::{Address, Client, Dialect, Server};
use delta_engine::{
    CancellationToken, ColumnType, Execution, PreparedPlan, ServerOptions, Status, Through, connect_server,
};

/// A schema of its own on the live server, and who works there.
struct Live {
    url: String,
    /// A session of the server beside the engine's.
    other: Client,
    schema: String,
}

/// None where there is no Spark, which is said.
async fn live(test: &str) -> Option<Live> {
    let skipped = |why: &str| println!("skipped: live_mixed::{test}: {why}");
    let Ok(url) = std::env::var("SPARK_REMOTE") else {
        skipped("SPARK_REMOTE is not set");
        return None;
    };
    let address = Address::parse(&url).expect("a URL in SPARK_REMOTE");
    let server = Server::connect(&address, Patience::default()).await.expect("a server");
    let dialect = server.dialect();
    server.close().await;
    if !matches!(dialect, Dialect::Delta(_)) {
        skipped(&format!("{dialect} is no OSS Spark"));
        return None;
    }
    let other = Client::connect(&address, Patience::default()).await.expect("a session");
    let live = Live { url, other, schema: format!("mixed_{test}") };
    live.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", live.schema)).await;
    Some(live)
}

impl Live {
    async fn engine(&self, options: ServerOptions) -> Engine {
        let engine = connect_server(&self.url, options).await.expect("an engine");
        let rules = ["drop-column", "upgrade-protocol", "break-streams", "scan-data", "streams-restart"];
        rules.iter().fold(engine, |engine, rule| engine.allowing(format!("{rule}:*").parse().expect("a permission")))
    }

    async fn mixed(&self) -> Engine {
        let commits = Some(Commits::SingleWriter);
        self.engine(ServerOptions { execute: Through::Native, commits, ..ServerOptions::default() }).await
    }

    async fn plain(&self) -> Engine {
        self.engine(ServerOptions::default()).await
    }

    async fn run(&self, statement: &str) {
        if let Err(failure) = self.other.execute(statement, &CancellationToken::new()).await {
            panic!("{statement}: {failure}");
        }
    }

    fn name(&self, table: &str) -> String {
        format!("{}.{table}", self.schema)
    }

    async fn end(self) {
        self.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).await;
        self.other.close().await;
    }
}

fn registry(table: &Table) -> Registry {
    Registry::new().table(table.clone()).build().unwrap_or_else(|faults| panic!("{faults}"))
}

async fn plan(engine: &Engine, table: &Table) -> PreparedPlan {
    engine.plan(&registry(table)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// Applies, and holds that a second plan is empty.
async fn sync(engine: &Engine, table: &Table) -> Report {
    let report = engine.sync(&registry(table)).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(plan(engine, table).await.status(), Status::InSync);
    report
}

async fn observe(engine: &Engine, name: &str) -> Arc<ObservedTable> {
    let relation = Relation { name: name.parse().expect("a name"), location: None };
    match engine.catalog().observe(&[relation]).await.expect("an observation").remove(0) {
        Observation::Present(table) => table,
        other @ (Observation::Absent | Observation::Unreadable(_)) => panic!("{name}: {other:?}"),
    }
}

fn blocking(plan: &PreparedPlan) -> Vec<String> {
    plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.message.clone()).collect()
}

fn orders(live: &Live) -> Table {
    Table::new(live.name("orders"))
        .column(Column::new("id", BIGINT))
        .column(Column::new("note", STRING))
        .column(Column::new("place", "struct<street: string, zip: string>"))
        .property("delta.columnMapping.mode", "name")
}

#[tokio::test]
async fn the_server_creates_and_commits_change() {
    let Some(live) = live("changes").await else { return };
    let engine = live.mixed().await;
    let created = sync(&engine, &orders(&live)).await;
    assert!(created.plan.tables[0].steps.iter().any(|step| step.preview.starts_with("CREATE TABLE")));
    live.run(&format!("INSERT INTO {} VALUES (1, 'a', struct('s', 'z'))", live.name("orders"))).await;

    // SQL has no words for NOT NULL on a column that is there.
    let changed = Table::new(live.name("orders"))
        .comment("One row per order")
        .column(Column::new("id", BIGINT).not_null())
        .column(Column::new("remark", STRING).renamed_from("note"))
        .column(Column::new("place", "struct<street: string, zip: string, city: string>"))
        .column(Column::new("amount", "decimal(10,2)"))
        .check("positive", "id > 0")
        .clustered_by(["id"])
        .property("delta.columnMapping.mode", "name");
    let shown = plan(&engine, &changed).await;
    assert_eq!(blocking(&shown), Vec::<String>::new());
    assert_eq!(shown.tables[0].steps.len(), 1);
    assert!(shown.tables[0].steps[0].preview.starts_with("-- one commit to the log at file:"), "{shown:?}");
    let report = sync(&engine, &changed).await;
    assert!(matches!(report.executions[0], Execution::Applied { version: Some(_), .. }), "{report}");

    // The server sees what was committed beside it, in sessions that were there before.
    live.run(&format!("INSERT INTO {} VALUES (2, 'b', struct('s', 'z', 'c'), 1.5)", live.name("orders"))).await;
    live.end().await;
}

#[tokio::test]
async fn what_the_newest_spark_hides_is_filled_from_the_log() {
    let Some(live) = live("hidden").await else { return };
    let name = live.name("t");
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let columns = "id BIGINT GENERATED ALWAYS AS IDENTITY, a BIGINT, twice BIGINT GENERATED ALWAYS AS (a * 2)";
    let made =
        format!("CREATE TABLE {name} ({columns}) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name')");
    // Spark makes such columns from 4.2 on.
    live.run(&made).await;
    // A commit without a checksum beside it: the server's own way to the log ends there.
    let commented =
        ServerOptions { execute: Through::Native, commits: Some(Commits::SingleWriter), ..ServerOptions::default() };
    let mixed = live.engine(commented).await;
    let declared = Table::new(&name)
        .comment("filled")
        .column(Column::new("id", BIGINT).identity(Identity { start: 1, increment: 1, always: true }))
        .column(Column::new("a", BIGINT))
        .column(Column::new("twice", BIGINT).generated("a * 2"))
        .property("delta.columnMapping.mode", "name");
    sync(&mixed, &declared).await;

    let plain = live.plain().await;
    let table = observe(&plain, &name).await;
    let twice = table.column(&"twice".into()).expect("a column");
    assert_eq!(twice.generated.as_ref().map(Expression::text), Some("a * 2"));
    assert!(table.column(&"id".into()).expect("a column").identity.is_some());
    assert_eq!(twice.field.metadata.column_id(), Some(3));
    for aspect in [Aspect::Generated, Aspect::Identity] {
        assert!(!table.unknown.covers(aspect, &Path::column("twice")), "{aspect:?}");
    }
    assert_eq!(plan(&plain, &declared).await.status(), Status::InSync);
    live.end().await;
}

#[tokio::test]
async fn commits_wait_for_a_word_on_the_other_writers() {
    let Some(live) = live("writers").await else { return };
    sync(&live.plain().await, &orders(&live)).await;
    let options = |commits| ServerOptions { execute: Through::Native, commits, ..ServerOptions::default() };
    let check = async |commits: Option<Commits>, expected: &str| {
        let engine = live.engine(options(commits)).await;
        let plan = plan(&engine, &orders(&live).comment("x")).await;
        assert_eq!(plan.tables[0].plan.outcome, Outcome::Blocked);
        let found = blocking(&plan);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    };
    check(None, "nothing says").await;
    check(Some(Commits::ConditionalPut), "replace a version").await;
    live.end().await;
}

#[tokio::test]
async fn a_table_changed_by_the_server_in_between_is_left_alone() {
    let Some(live) = live("between").await else { return };
    let engine = live.mixed().await;
    sync(&engine, &orders(&live)).await;
    let shown = plan(&engine, &orders(&live).comment("ours")).await;
    live.run(&format!("ALTER TABLE {} ADD COLUMN theirs INT", live.name("orders"))).await;
    let report = engine.apply(shown).await.expect("a report");
    assert_eq!(report.status(), Status::Stale, "{report}");

    // A table of that name that is another one now.
    let shown = plan(&engine, &orders(&live).comment("ours")).await;
    assert_eq!(shown.tables[0].plan.outcome, Outcome::Changes, "{:?}", blocking(&shown));
    live.run(&format!("DROP TABLE {}", live.name("orders"))).await;
    live.run(&format!("CREATE TABLE {} (id BIGINT) USING delta", live.name("orders"))).await;
    let report = engine.apply(shown).await.expect("a report");
    assert_eq!(report.status(), Status::Stale, "{report}");
    live.end().await;
}

#[tokio::test]
async fn rows_that_the_server_wrote_are_proved_from_the_log() {
    let Some(live) = live("proofs").await else { return };
    let engine = live.mixed().await;
    sync(&engine, &orders(&live)).await;
    live.run(&format!("INSERT INTO {} VALUES (1, NULL, NULL)", live.name("orders"))).await;
    let strict = |column: &str| {
        let not_null = |name: &str, column_type: ColumnType| {
            let made = Column::new(name, column_type);
            if name == column { made.not_null() } else { made }
        };
        Table::new(live.name("orders"))
            .column(not_null("id", BIGINT.into()))
            .column(not_null("note", STRING.into()))
            .column(Column::new("place", "struct<street: string, zip: string>"))
            .property("delta.columnMapping.mode", "name")
    };
    let refuted = plan(&engine, &strict("note")).await;
    assert_eq!(refuted.tables[0].plan.outcome, Outcome::Blocked);
    sync(&engine, &strict("id")).await;
    live.end().await;
}
