//! The same declarations applied to a bare log and over the server that `SPARK_REMOTE` names end in the same state, and each
//! side finds nothing to do on the tables of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use delta_engine::native::Lake;
use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::{Aspect, ObservedTable, Path, TableName};
use delta_engine::schema::{Action, Outcome, TablePlan, diff, simulate};
use delta_engine::spark::client::Patience;
use delta_engine::spark::{Address, Client, Server, SparkCatalog, SparkExecutor};
use delta_engine::{Engine, Execution, PreparedPlan, connect_lake};
use delta_engine_acceptance::differential::{Bijection, State, differences};
use delta_engine_acceptance::lake::{blockers, permitting, registry};
use delta_engine_acceptance::log::Text;
use delta_engine_acceptance::setting;
use delta_engine_testkit::Tally;
use delta_engine_testkit::portable::{Changed, changed};
use delta_engine_testkit::rng::Rng;
use futures::{FutureExt, StreamExt};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Pairs of declarations.
const PAIRS: usize = 40;
/// Alters of a pair, features aside.
const ALTERS: usize = 3;
/// Hits of every kind of action.
const HITS: usize = 5;
/// Statements at once.
const AT_ONCE: usize = 8;
/// The least share of pairs that both sides execute, in percent.
const EXECUTABLE: usize = 70;

/// Kinds of actions that one of the two can't do by its nature.
const ONE_SIDED: [(&str, &str); 9] = [
    ("set_column_not_null", "OSS Spark has no statement for it"),
    ("set_table_tag", "neither a log nor OSS Spark has a place for tags"),
    ("unset_table_tag", "neither a log nor OSS Spark has a place for tags"),
    ("set_column_tag", "neither a log nor OSS Spark has a place for tags"),
    ("unset_column_tag", "neither a log nor OSS Spark has a place for tags"),
    ("add_primary_key", "neither a log nor OSS Spark has a place for keys"),
    ("drop_primary_key", "neither a log nor OSS Spark has a place for keys"),
    ("add_foreign_key", "neither a log nor OSS Spark has a place for keys"),
    ("drop_foreign_key", "neither a log nor OSS Spark has a place for keys"),
];

/// Whether both sides can do it, some tables and types aside.
fn is_two_sided(action: &Action) -> bool {
    match action {
        Action::CreateTable { .. }
        | Action::EnableFeature { .. }
        | Action::SetProperty { .. }
        | Action::UnsetProperty { .. }
        | Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::SetClustering { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::AddCheck { .. } => true,
        Action::SetColumnNotNull { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::SetColumnTag { .. }
        | Action::UnsetColumnTag { .. }
        | Action::AddPrimaryKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::AddForeignKey { .. }
        | Action::DropForeignKey { .. } => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_and_the_newest_spark_end_in_the_same_state() {
    let Some(sides) = Sides::connect().await else { return };
    let client = sides.client.clone();
    let schemas = sides.schemas();
    // Whatever goes wrong, nothing is left on the server.
    let compared = AssertUnwindSafe(sides.compare()).catch_unwind().await;
    for schema in schemas {
        execute(&client, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await;
    }
    client.close().await;
    let failures = compared.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

async fn execute(client: &Client, statement: &str) {
    client
        .execute(statement, &CancellationToken::new())
        .await
        .unwrap_or_else(|failure| panic!("{statement}: {failure}"));
}

/// Two places for the same tables.
struct Sides {
    /// The schema of the tables, on both sides.
    schema: String,
    log: Engine,
    server: Engine,
    /// Reads and writes the server's tables as bare logs.
    server_as_log: Engine,
    client: Client,
    lake: TempDir,
    warehouse: PathBuf,
    pairs: Vec<Changed>,
    bijections: BTreeMap<TableName, Bijection>,
    hits: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, usize>,
    failures: Vec<String>,
}

impl Sides {
    /// None where there is no server to compare with.
    async fn connect() -> Option<Self> {
        const NAME: &str = "live_differential::a_log_and_the_newest_spark_end_in_the_same_state";
        let Some(address) = Address::from_environment().expect("SPARK_REMOTE is a URL") else {
            println!("skipped: {NAME}: SPARK_REMOTE is not set");
            return None;
        };
        let Some(warehouse) = std::env::var_os("DELTA_ENGINE_WAREHOUSE").map(PathBuf::from) else {
            println!("skipped: {NAME}: DELTA_ENGINE_WAREHOUSE does not name the folder of the server's tables");
            return None;
        };
        let server = Arc::new(Server::connect(&address, Patience::default()).await.expect("a server"));
        println!("over {}", server.dialect());
        if !server.dialect().reshapes_tables() {
            println!("nothing to compare: tables that are there can't be changed over this server");
            return None;
        }
        let schema = format!("differential_{}", std::process::id());
        let lake = tempfile::tempdir().unwrap();
        let open = |folder: &std::path::Path| Lake::open(folder.to_str().unwrap(), BTreeMap::new()).unwrap();
        let template = "{schema}.db/{table}".parse().unwrap();
        let catalog = SparkCatalog::new(Arc::clone(&server));
        Some(Self {
            log: permitting(connect_lake(open(lake.path()))),
            server_as_log: permitting(connect_lake(open(&warehouse).with_template(template))),
            server: permitting(Engine::new(Arc::new(catalog), Arc::new(SparkExecutor::new(server)))),
            client: Client::connect(&address, Patience::default()).await.expect("a session"),
            pairs: pairs(&schema),
            schema,
            lake,
            warehouse,
            bijections: BTreeMap::new(),
            hits: Tally::default().actions.into_keys().map(|kind| (kind, 0)).collect(),
            refused: BTreeMap::new(),
            failures: Vec::new(),
        })
    }

    fn schemas(&self) -> [String; 2] {
        [self.schema.clone(), self.schema_of_logs()]
    }

    /// Where the tables of the log are registered on the server.
    fn schema_of_logs(&self) -> String {
        format!("{}_log", self.schema)
    }

    async fn compare(mut self) -> Vec<String> {
        let began = Instant::now();
        let all: Vec<TableDraft> = self.pairs.iter().map(|pair| pair.before.draft()).collect();
        let created = self.apply(all).await;
        println!("{} created on both sides after {} s", created.len(), began.elapsed().as_secs());
        let is_created = |draft: &TableDraft| created.contains(&draft.table_name().unwrap());
        let changed: Vec<TableDraft> = self.pairs.iter().map(|pair| pair.after.draft()).filter(is_created).collect();
        let executed = self.apply(changed).await;
        println!("{} changed on both sides after {} s", executed.len(), began.elapsed().as_secs());
        let declared = |pair: &Changed| {
            let (before, after) = (pair.before.draft(), pair.after.draft());
            let name = after.table_name().unwrap();
            if executed.contains(&name) { Some(after) } else { created.contains(&name).then_some(before) }
        };
        let declared: Vec<TableDraft> = self.pairs.iter().filter_map(declared).collect();
        self.look_across(declared).await;
        println!("each side looked at the other's after {} s", began.elapsed().as_secs());
        self.judge(&executed);
        self.failures
    }

    /// Applies these declarations on both sides where both can; the tables of which that is true.
    async fn apply(&mut self, drafts: Vec<TableDraft>) -> BTreeSet<TableName> {
        let registry = registry(drafts).unwrap();
        let (log, server) = tokio::join!(self.log.plan(&registry), self.server.plan(&registry));
        let (mut log, mut server) = (log.unwrap(), server.unwrap());
        let mut executable = BTreeSet::new();
        for (log, server) in log.tables.iter().zip(&server.tables) {
            if self.both_can(&log.plan, &server.plan) {
                executable.insert(log.plan.name.clone());
            }
        }
        for plan in [&mut log, &mut server] {
            plan.tables.retain(|table| executable.contains(&table.plan.name));
        }
        for action in server.tables.iter().flat_map(|table| &table.plan.actions) {
            *self.hits.entry(action.kind()).or_default() += 1;
        }
        let (log, server) = tokio::join!(run(&self.log, log), run(&self.server, server));
        for (side, failed) in [("on the log", log), ("over the server", server)] {
            for (name, failure) in failed {
                self.failures.push(format!("{name}, {side}: {failure}"));
                executable.remove(&name);
            }
        }
        executable.into_iter().filter(|name| self.is_same(name)).collect()
    }

    /// Whether both sides would change the table. They plan the same, and what one of them can't do it says in the plan.
    fn both_can(&mut self, log: &TablePlan, server: &TablePlan) -> bool {
        let name = &log.name;
        let (on_log, over_server) = (actions(log), actions(server));
        if on_log != over_server {
            self.failures.push(format!("{name}: planned on the log {on_log:?}, over the server {over_server:?}"));
        }
        for (side, plan) in [("the log", log), ("the server", server)] {
            match plan.outcome {
                Outcome::Changes => {}
                Outcome::Blocked => {
                    blockers(plan)
                        .into_iter()
                        .for_each(|why| *self.refused.entry(format!("{side}: {why}")).or_default() += 1);
                }
                Outcome::InSync | Outcome::Unreadable => {
                    self.failures.push(format!("{name}: {side} has outcome {:?}: {:?}", plan.outcome, plan.findings));
                }
            }
        }
        let both = log.outcome == Outcome::Changes && server.outcome == Outcome::Changes;
        let one_sided = log.actions.iter().filter(|action| !is_two_sided(action));
        self.failures.extend(one_sided.filter(|_| both).map(|action| format!("{name}: both did {}", action.kind())));
        both
    }

    /// Whether both logs say the same; what they don't goes to the failures.
    fn is_same(&mut self, name: &TableName) -> bool {
        let table = name.table.as_str();
        let log = State::of(&Text::replayed(&self.lake.path().join(&self.schema).join(table)));
        let server = State::of(&Text::replayed(&self.warehouse.join(format!("{}.db", self.schema)).join(table)));
        let found = differences(&log, &server, self.bijections.entry(name.clone()).or_default());
        self.failures.extend(found.iter().map(|difference| format!("{name}: {difference}")));
        found.is_empty()
    }

    /// Plans the declarations on the tables of the other side: there is nothing to do.
    async fn look_across(&mut self, declared: Vec<TableDraft>) {
        let schema = self.schema_of_logs();
        execute(&self.client, &format!("CREATE SCHEMA {schema}")).await;
        let of_log = |draft: &TableDraft| format!("{schema}.{}", draft.table_name().unwrap().table);
        let register = |draft: &TableDraft| {
            let folder = self.lake.path().join(&self.schema).join(draft.table_name().unwrap().table.as_str());
            format!("CREATE TABLE {} USING delta LOCATION 'file://{}'", of_log(draft), folder.to_str().unwrap())
        };
        let statements: Vec<String> = declared.iter().map(register).collect();
        let registered = statements.iter().map(|statement| execute(&self.client, statement));
        let registered: Vec<_> = registered.collect();
        futures::stream::iter(registered).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
        let of_logs: Vec<TableDraft> =
            declared.iter().map(|draft| TableDraft { name: of_log(draft), ..draft.clone() }).collect();
        let (declared, of_logs) = (registry(declared).unwrap(), registry(of_logs).unwrap());
        let (by_log, by_server) = tokio::join!(self.server_as_log.plan(&declared), self.server.plan(&of_logs));
        for (side, plan) in [("the log's reader", by_log.unwrap()), ("the server", by_server.unwrap())] {
            for table in plan.tables.iter().filter(|table| table.plan.outcome != Outcome::InSync) {
                let TablePlan { name, outcome, actions, findings, .. } = &table.plan;
                self.failures.push(format!("{name}: {side} is not content: {outcome:?} {actions:?} {findings:?}"));
            }
        }
    }

    /// Whether the run was wide enough to prove something.
    fn judge(&mut self, executed: &BTreeSet<TableName>) {
        let (wanted, share) = (self.pairs.len(), 100 * executed.len() / self.pairs.len().max(1));
        println!("{} of {wanted} pairs ({share} %) executed on both sides: {:?}", executed.len(), self.hits);
        self.refused.iter().for_each(|(why, count)| println!("refused {count} times by {why}"));
        if share < EXECUTABLE {
            self.failures.push(format!("only {share} % of the pairs were executed on both sides"));
        }
        let is_one_sided = |kind: &str| ONE_SIDED.iter().any(|(one, _)| *one == kind);
        let rare = self.hits.iter().filter(|(kind, count)| !is_one_sided(kind) && **count < HITS);
        self.failures.extend(rare.map(|(kind, count)| format!("{kind} was executed {count} times only")));
    }
}

/// What is planned, features in any order: which of them a change needs is the same, and not more.
fn actions(plan: &TablePlan) -> Vec<String> {
    plan.actions.iter().map(|action| format!("{} {}", action.kind(), action.subject(&plan.name))).collect()
}

/// Applies a plan; what failed of it.
async fn run(engine: &Engine, plan: PreparedPlan) -> Vec<(TableName, String)> {
    let report = engine.apply(plan).await.unwrap();
    let executions = report.plan.tables.iter().zip(&report.executions);
    let failed = executions.filter(|(_, execution)| !matches!(execution, Execution::Applied { .. }));
    failed
        .map(|(table, execution)| {
            let steps: Vec<&str> = table.steps.iter().map(|step| step.preview.as_str()).collect();
            (table.plan.name.clone(), format!("{execution:?} of {}", steps.join("\n")))
        })
        .collect()
}

/// Pairs whose declarations are at least some alters apart.
fn pairs(schema: &str) -> Vec<Changed> {
    let mut rng = Rng::new(setting("DELTA_ENGINE_SEED", 11));
    let mut pair = |turn: usize| loop {
        let pair = changed(&mut rng, turn, &format!("{schema}.t{turn:03}"));
        if alters(&pair) >= ALTERS {
            return pair;
        }
    };
    (0..setting("DELTA_ENGINE_DIFFERENTIAL", PAIRS)).map(&mut pair).collect()
}

/// How many actions lead from one declaration to the other where there are neither tags nor keys, features aside.
fn alters(pair: &Changed) -> usize {
    let create = Action::CreateTable { table: Box::new(pair.before.draft().check().unwrap()) };
    let mut table: ObservedTable = simulate(None, &[create], "id").unwrap();
    for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
        table.unknown.insert(aspect, Path::table());
    }
    let actions = diff(&pair.after.draft().check().unwrap(), Some(&table)).actions;
    actions.iter().filter(|action| !matches!(action, Action::EnableFeature { .. })).count()
}
