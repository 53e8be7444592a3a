//! Mixed targets on the live server that `SPARK_REMOTE` names: the server creates and registers, commits to the logs change,
//! and both see the same tables afterwards. On Sail every scenario is run so.

use std::collections::BTreeMap;
use std::sync::Arc;

use delta_engine::native::Lake;
use delta_engine::native::lake::Commits;
use delta_engine::port::{Observation, Relation};
use delta_engine::prelude::*;
use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::{Aspect, Expression, Identifier, Identity, ObservedTable, Path};
use delta_engine::schema::{Finding, Outcome};
use delta_engine::spark::client::Patience;
use delta_engine::spark::{Address, Client, Dialect, Server};
use delta_engine::{
    CancellationToken, ColumnType, Execution, PreparedPlan, PreparedTable, ServerOptions, Status, Through,
    connect_server,
};
use delta_engine_acceptance::judge::{by_dialect, is_refused, mixed, refused};
use delta_engine_acceptance::lake::{self, engine_on, permitting};
use delta_engine_testkit::scenario::{Scenario, scenarios};

/// A schema of its own on the live server, and who works there.
struct Live {
    url: String,
    /// A session of the server beside the engine's.
    other: Client,
    schema: String,
}

/// None where there is no Spark, which is said.
async fn live(test: &str) -> Option<Live> {
    let live =
        live_on(test, "OSS Spark", |dialect| matches!(dialect, Dialect::Delta(_)), format!("mixed_{test}")).await?;
    live.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", live.schema)).await;
    Some(live)
}

/// None where there is no Sail, which is said. With the folder of the schema, which Sail leaves behind.
async fn sail(test: &str) -> Option<(Live, String)> {
    let schema = format!("mixed_{test}_{}", std::process::id());
    let live = live_on(test, "Sail", |dialect| matches!(dialect, Dialect::Sail), schema).await?;
    let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("xtask says where tables go");
    let folder = format!("{warehouse}/{}.db", live.schema);
    live.run(&format!("CREATE SCHEMA {} LOCATION 'file://{folder}'", live.schema)).await;
    Some((live, folder))
}

async fn live_on(test: &str, wanted: &str, fits: impl Fn(Dialect) -> bool, schema: String) -> Option<Live> {
    let skipped = |why: &str| println!("skipped: live_mixed::{test}: {why}");
    let Ok(url) = std::env::var("SPARK_REMOTE") else {
        skipped("SPARK_REMOTE is not set");
        return None;
    };
    let address = Address::parse(&url).expect("a URL in SPARK_REMOTE");
    let server = Server::connect(&address, Patience::default()).await.expect("a server");
    let dialect = server.dialect();
    server.close().await;
    if !fits(dialect) {
        skipped(&format!("{dialect} is no {wanted}"));
        return None;
    }
    let other = Client::connect(&address, Patience::default()).await.expect("a session");
    Some(Live { url, other, schema })
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

    /// The values of a column of text.
    async fn texts(&self, query: &str, column: &str) -> Vec<String> {
        let rows = self.other.query(query).await.expect(query).rows().expect("rows");
        rows.iter().map(|row| row.text(column).expect(column).unwrap_or_default().to_owned()).collect()
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

/// What the backend says of a planned table.
fn said(table: &PreparedTable) -> Vec<String> {
    let of_backend = table.plan.findings.iter().filter(|finding| finding.blocks() && finding.name == "backend");
    messages(of_backend)
}

fn messages<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<String> {
    let mut messages: Vec<String> = findings.into_iter().map(|finding| finding.message.clone()).collect();
    messages.sort();
    messages
}

/// How many tables of a registry an engine finds as declared, and what it says of the others.
async fn in_sync(who: &str, engine: &Engine, drafts: &[TableDraft]) -> Vec<String> {
    let registry = lake::registry(drafts.iter().cloned()).expect("declarations");
    let plan = engine.plan(&registry).await.unwrap_or_else(|error| panic!("{who}: {error}"));
    let others = plan.tables.iter().filter(|table| table.plan.outcome != Outcome::InSync);
    let shown = |table: &PreparedTable| {
        format!("{who}: {}: {:?} {:?}", table.plan.name, table.plan.actions, messages(&table.plan.findings))
    };
    others.map(shown).collect()
}

/// Sail creates and commits do the rest: what it has no statement for lands too, both sides see it, and nothing is left to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_scenario_lands_or_is_refused_in_the_plan_on_sail() {
    let Some((live, folder)) = sail("sail").await else { return };
    let (alone, both) = (by_dialect(Dialect::Sail), mixed(Dialect::Sail));
    // Where the table itself can't be had, there is nothing to change.
    let scenarios: Vec<Scenario> = scenarios(&live.schema)
        .into_iter()
        .filter(|scenario| !scenario.before.as_ref().is_some_and(|before| is_refused(before, &both)))
        .collect();
    let engine = permitting(live.mixed().await);
    let before = lake::registry(scenarios.iter().filter_map(|scenario| scenario.before.clone())).expect("declarations");
    engine.sync(&before).await.unwrap_or_else(|error| panic!("{error}"));

    let named = |scenario: &Scenario| scenario.after.clone().check().expect("a declaration").name.table;
    let by_name: BTreeMap<Identifier, &Scenario> =
        scenarios.iter().map(|scenario| (named(scenario), scenario)).collect();
    let after = lake::registry(scenarios.iter().map(|scenario| scenario.after.clone())).expect("declarations");
    let plan = engine.plan(&after).await.unwrap_or_else(|error| panic!("{error}"));
    let mut wrong = Vec::new();
    for table in &plan.tables {
        let scenario = by_name[&table.plan.name.table];
        let expected = messages(&refused(scenario, &both));
        let outcome = if expected.is_empty() { Outcome::Changes } else { Outcome::Blocked };
        if (said(table), table.plan.outcome) != (expected, outcome) {
            let (action, case) = (scenario.action, scenario.case);
            wrong.push(format!("{action}: {case}: {:?}: {:?}", table.plan.outcome, messages(&table.plan.findings)));
        }
    }
    let report = engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    let (mut landed, mut beyond_sail) = (Vec::new(), 0);
    for (table, execution) in report.tables() {
        let scenario = by_name[&table.plan.name.table];
        match (execution, table.plan.outcome) {
            (Execution::Applied { .. }, _) => {
                landed.push(scenario.after.clone());
                beyond_sail += usize::from(!refused(scenario, &alone).is_empty());
            }
            (Execution::NotRun, Outcome::Blocked) => {}
            _ => wrong.push(format!("{}: {}: {execution:?}", scenario.action, scenario.case)),
        }
    }
    // A session of its own of each side, which has seen none of this: the server reads the logs, and so do we.
    wrong.extend(in_sync("mixed", &engine, &landed).await);
    wrong.extend(in_sync("Sail", &permitting(live.plain().await), &landed).await);
    let lake =
        Lake::open(&folder, BTreeMap::new()).expect("a lake").with_template("{table}".parse().expect("a layout"));
    wrong.extend(in_sync("log", &engine_on(lake), &landed).await);
    let all = scenarios.len();
    println!("Sail, mixed: {} of {all} scenarios landed, {beyond_sail} that Sail refuses", landed.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(beyond_sail > 20, "{beyond_sail}");
    live.end().await;
}

/// What did not go well after an apply.
fn remarks(report: &Report) -> &[String] {
    let Execution::Applied { remarks, .. } = &report.executions[0] else { panic!("{report}") };
    remarks
}

/// Sail's catalog keeps the columns of the registration, and a table that is registered without any follows its log.
#[tokio::test]
async fn sail_goes_on_with_added_columns_and_is_told_to_register_the_table_again_after_others() {
    let Some((live, _)) = sail("sail_sees").await else { return };
    let engine = live.mixed().await;
    sync(&engine, &orders(&live)).await;
    let name = live.name("orders");
    live.run(&format!("INSERT INTO {name} VALUES (1, 'a', named_struct('street', 's', 'zip', 'z'))")).await;
    let added = sync(&engine, &orders(&live).column(Column::new("amount", "decimal(10,2)"))).await;
    assert_eq!(remarks(&added), [""; 0]);
    // In the session that was there before.
    live.run(&format!("INSERT INTO {name} VALUES (2, 'b', named_struct('street', 's', 'zip', 'y'), 1.5)")).await;

    let changed = Table::new(&name)
        .comment("One row per order")
        .column(Column::new("id", BIGINT).not_null())
        .column(Column::new("remark", STRING).renamed_from("note"))
        .column(Column::new("place", "struct<street: string, zip: string, city: string>"))
        .column(Column::new("amount", "decimal(10,2)"))
        .check("positive", "id > 0")
        .property("delta.columnMapping.mode", "name");
    let shown = plan(&engine, &changed).await;
    assert_eq!(blocking(&shown), Vec::<String>::new());
    assert_eq!(shown.tables[0].steps.len(), 1);
    let report = sync(&engine, &changed).await;
    let all = format!("SELECT * FROM {name}");
    assert!(live.other.query(&all).await.is_err(), "Sail has learnt to follow the log: platform.md");

    let [remark] = remarks(&report) else { panic!("{report}") };
    let (_, statements) = remark.split_once("leaves its files alone: ").expect("statements");
    for statement in statements.split("; ") {
        live.run(statement).await;
    }
    let place = "named_struct('street', 's', 'zip', 'x', 'city', 'c')";
    live.run(&format!("INSERT INTO {name} VALUES (3, 'c', {place}, 2.5)")).await;
    let lines =
        format!("SELECT concat_ws(' ', id, remark, place.zip, place.city, amount) AS line FROM ({all}) ORDER BY id");
    assert_eq!(live.texts(&lines, "line").await, ["1 a z", "2 b y 1.50", "3 c x c 2.50"]);
    assert_eq!(plan(&engine, &changed).await.status(), Status::InSync);
    // From then on it follows.
    let more = changed.column(Column::new("more", STRING));
    assert_eq!(remarks(&sync(&engine, &more).await), [""; 0]);
    live.end().await;
}
