//! The engine on object stores: what it writes is read by others, of two writers one wins, and a store that does not keep
//! put-if-absent is not written to.
//!
//! `cargo xtask stores` starts the servers and tells where they are; a store without a server is skipped by name.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use delta_engine::native::Lake;
use delta_engine::native::lake::Commits;
use delta_engine::port::{Observation, Relation};
use delta_engine::schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine::{Engine, Execution, Status, connect_lake};
use delta_engine_acceptance::lake::{NAME, engine_on, observation, registry};
use delta_engine_acceptance::reader::{By, reader};
use delta_engine_acceptance::setting;
use deltalake::logstore::object_store::path::Path as ObjectPath;
use deltalake::logstore::object_store::{ObjectStore, ObjectStoreExt};
use futures::future::join_all;
use futures::{StreamExt, TryStreamExt, stream};

/// Races of each kind, and how many writers are in one.
const RACES: usize = 10;
const WRITERS: usize = 8;

/// A bucket that a server on this machine stands in for.
#[derive(Debug, Clone)]
struct Store {
    url: String,
    commits: Option<Commits>,
    options: BTreeMap<String, String>,
}

/// The stores that keep put-if-absent, each with a folder of this test's own.
fn stores(test: &str) -> Vec<Store> {
    let known = [
        ("DELTA_ENGINE_S3", "s3://bucket", Some(Commits::ConditionalPut)),
        ("DELTA_ENGINE_AZURE", "abfss://bucket@devstoreaccount1.dfs.core.windows.net", None),
    ];
    let running = known.into_iter().filter(|(server, ..)| runs(server));
    running
        .map(|(_, bucket, commits)| Store { url: format!("{bucket}/{test}"), commits, options: BTreeMap::new() })
        .collect()
}

/// Whether a server runs; one that does not is named, and fails in CI.
fn runs(server: &str) -> bool {
    let runs = std::env::var_os(server).is_some();
    if !runs {
        let skipped = format!("skipped: no object store ({server}); `cargo xtask stores` starts one");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{skipped}");
        println!("{skipped}");
    }
    runs
}

/// A bucket of the S3 server that breaks its promise.
fn dishonest(bucket: &str, commits: Option<Commits>, options: &[(&str, &str)]) -> Option<Store> {
    let options = options.iter().map(|(option, value)| ((*option).to_owned(), (*value).to_owned())).collect();
    runs("DELTA_ENGINE_S3").then(|| Store { url: format!("s3://{bucket}/lake"), commits, options })
}

impl Store {
    fn lake(&self) -> Lake {
        let lake = Lake::open(&self.url, self.options.clone()).unwrap();
        match self.commits {
            Some(commits) => lake.with_commits(commits).unwrap(),
            None => lake,
        }
    }

    fn engine(&self) -> Engine {
        engine_on(self.lake())
    }

    /// The same store, another folder.
    fn folder(&self, name: &str) -> Self {
        Self { url: format!("{}/{name}", self.url), ..self.clone() }
    }

    fn table(&self) -> String {
        format!("{}/silver/t", self.url)
    }

    /// The bucket, and the path of the lake in it.
    fn bucket(&self) -> (std::sync::Arc<dyn ObjectStore>, ObjectPath) {
        let lake = self.lake();
        let relation = Relation { name: NAME.parse().unwrap(), location: None };
        let store = lake.log_store(&relation).unwrap().root_object_store(None);
        (store, ObjectPath::from_url_path(lake.root().path()).unwrap())
    }

    /// The objects of the lake, as paths below it.
    async fn objects(&self) -> Vec<String> {
        let (store, root) = self.bucket();
        let found: Vec<_> = store.list(Some(&root)).try_collect().await.unwrap();
        let below = |path: &ObjectPath| path.as_ref().strip_prefix(root.as_ref()).unwrap_or_default()[1..].to_owned();
        let mut paths: Vec<String> = found.iter().map(|object| below(&object.location)).collect();
        paths.sort();
        paths
    }

    async fn version(&self) -> u64 {
        match observation(&self.engine(), NAME, None).await {
            Observation::Present(table) => table.version,
            other => panic!("{other:?}"),
        }
    }
}

fn column(name: &str, data_type: &str) -> ColumnDraft {
    ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
}

fn declared() -> TableDraft {
    let mut draft = TableDraft::new(NAME);
    draft.columns = vec![column("id", "bigint"), column("name", "string")];
    draft
}

fn with_comment(comment: &str) -> TableDraft {
    TableDraft { comment: Some(comment.to_owned()), ..declared() }
}

async fn apply(engine: &Engine, draft: TableDraft) -> Execution {
    let plan = engine.plan(&registry([draft]).unwrap()).await.unwrap();
    assert_eq!(plan.status(), Status::ChangesPending);
    engine.apply(plan).await.unwrap().executions.remove(0)
}

async fn is_applied(engine: &Engine, draft: TableDraft) {
    let execution = apply(engine, draft.clone()).await;
    assert!(matches!(execution, Execution::Applied { .. }), "{execution:?}");
    let again = engine.plan(&registry([draft]).unwrap()).await.unwrap();
    assert_eq!(again.status(), Status::InSync);
}

/// The message of a step that failed.
fn failure(execution: &Execution) -> &str {
    match execution {
        Execution::Failed(failure) => &failure.message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_created_changed_and_read_by_python() {
    for store in stores("changed") {
        let engine = store.engine();
        is_applied(&engine, declared()).await;
        let found = store.lake().tables().await.unwrap();
        assert_eq!(found.iter().map(|table| table.name.to_string()).collect::<Vec<_>>(), [NAME]);
        for _ in 0..3 {
            if let Some(mut reader) = reader() {
                reader.append(Path::new(&store.table())).unwrap();
            }
        }

        let mut draft = declared();
        draft.columns.insert(1, column("added", "int"));
        is_applied(&engine, draft.clone()).await;

        let mut narrower = draft.clone();
        narrower.columns.retain(|column| column.name != "name");
        narrower.properties = vec![("delta.columnMapping.mode".to_owned(), Some("name".to_owned()))];
        let refused = connect_lake(store.lake()).plan(&registry([narrower.clone()]).unwrap()).await.unwrap();
        assert_eq!(refused.status(), Status::Blocked);
        is_applied(&engine, narrower).await;

        if let Some(mut reader) = reader() {
            let table = store.table();
            assert_eq!(reader.columns(By::QueryBuilder, Path::new(&table)).unwrap(), ["id", "added"]);
            assert_eq!(
                reader.rows(By::QueryBuilder, Path::new(&table), "count(*)").unwrap()[0][0].as_deref(),
                Some("3")
            );
        }
        let scratch: Vec<String> = store.objects().await.into_iter().filter(|path| path.contains("scratch")).collect();
        assert!(scratch.is_empty(), "{scratch:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_applies_at_once_one_wins() {
    for store in stores("race") {
        for race in 0..setting("DELTA_ENGINE_RACES", RACES) {
            let store = store.folder(&race.to_string());
            let engines: Vec<Engine> = (0..WRITERS).map(|_| store.engine()).collect();
            // The same table by all of them, then another comment by each.
            let same = |_| declared();
            let other = |writer: usize| with_comment(&format!("by writer {writer}"));
            for (version, draft) in [(0, &same as &dyn Fn(usize) -> TableDraft), (1, &other)] {
                let mut plans = Vec::new();
                for (writer, engine) in engines.iter().enumerate() {
                    plans.push((engine, engine.plan(&registry([draft(writer)]).unwrap()).await.unwrap()));
                }
                let applies = plans.into_iter().map(|(engine, plan)| engine.apply(plan));
                let reports = join_all(applies).await;
                let ends: Vec<Execution> =
                    reports.into_iter().map(|report| report.unwrap().executions.remove(0)).collect();
                let won = ends.iter().filter(|end| matches!(end, Execution::Applied { .. })).count();
                let lost = |end: &&Execution| match version {
                    0 => matches!(end, Execution::AlreadyApplied),
                    _ => matches!(end, Execution::Stale(_)),
                };
                assert_eq!((won, ends.iter().filter(lost).count()), (1, WRITERS - 1), "{}: {ends:?}", store.url);
                assert_eq!(store.version().await, version, "{}", store.url);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_python_appends_meanwhile_are_kept() {
    if reader().is_none() {
        return;
    }
    for store in stores("appended") {
        let engine = store.engine();
        is_applied(&engine, declared()).await;
        let table = store.table();
        let appends = tokio::task::spawn_blocking(move || {
            // Python gives up where the metadata changed under it, and says so.
            (0..12).filter(|_| reader().unwrap().append(Path::new(&table)).is_ok()).count()
        });
        let mut draft = declared();
        for number in 0..4 {
            draft.columns.push(column(&format!("added_{number}"), "int"));
            is_applied(&engine, draft.clone()).await;
        }
        let appended = appends.await.unwrap();
        let table = store.table();
        let rows = reader().unwrap().rows(By::QueryBuilder, Path::new(&table), "count(*)").unwrap();
        assert_eq!(rows[0][0], Some(appended.to_string()), "{}", store.url);
        assert_eq!(store.version().await, appended as u64 + 4, "{}", store.url);
        assert!(appended > 0, "{}", store.url);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_longer_than_a_page_of_the_listing_is_read_to_its_end() {
    for store in stores("long") {
        is_applied(&store.engine(), declared()).await;
        let (bucket, root) = store.bucket();
        let put = async |version: u64| {
            let path = ObjectPath::from(format!("{root}/silver/t/_delta_log/{version:020}.json"));
            bucket.put(&path, r#"{"commitInfo":{"timestamp":0}}"#.into()).await.unwrap();
        };
        let newest = 1_100;
        stream::iter(1..=newest).for_each_concurrent(16, put).await;
        assert_eq!(store.version().await, newest);
        is_applied(&store.engine(), with_comment("late")).await;
        assert_eq!(store.version().await, newest + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_where_nothing_says_how_writers_are_kept_apart() {
    let Some(store) = dishonest("bucket", None, &[]) else { return };
    let store = store.folder("unstated");
    let execution = apply(&store.engine(), declared()).await;
    assert_eq!(failure(&execution), format!("nothing says how two writers of `{}` are kept apart", store.url));
    assert!(store.objects().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_overwrites_is_written_by_a_single_writer_only() {
    let Some(store) = dishonest("overwrites", Some(Commits::ConditionalPut), &[]) else { return };
    let execution = apply(&store.engine(), declared()).await;
    let expected = "the store of `s3://overwrites/lake` does not keep two writers apart: 4 of 4 objects were taken under one scratch key, though each was to be put only if there was none";
    assert_eq!(failure(&execution), expected);
    assert!(store.objects().await.is_empty());

    let alone = Store { commits: Some(Commits::SingleWriter), ..store };
    is_applied(&alone.engine(), declared()).await;
    is_applied(&alone.engine(), with_comment("alone")).await;
    assert_eq!(alone.version().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_without_conditions_is_written_by_a_single_writer_who_says_so() {
    // Else the client asks a server that answers 501 for three minutes.
    let patience = ("max_retries", "1");
    let Some(store) = dishonest("unconditional", Some(Commits::ConditionalPut), &[patience]) else { return };
    let execution = apply(&store.engine(), declared()).await;
    let expected =
        "failed to try on a scratch key whether the store of `s3://unconditional/lake` keeps two writers apart: ";
    assert!(failure(&execution).starts_with(expected), "{execution:?}");
    assert!(failure(&execution).contains("this bucket knows no If-None-Match"), "{execution:?}");
    assert!(store.objects().await.is_empty());

    let off = ("aws_conditional_put", "disabled");
    let alone = dishonest("unconditional", Some(Commits::SingleWriter), &[patience, off]).unwrap();
    is_applied(&alone.engine(), declared()).await;
    is_applied(&alone.engine(), with_comment("alone")).await;
    assert_eq!(alone.version().await, 1);
}

const PROJECT: &str = r#"
targets:
  prod:
    url: "s3://BUCKET/cli"
    commits: conditional-put
    default: true
    storage: { aws_endpoint: "${env.ENDPOINT}", aws_allow_http: true, aws_region: us-east-1, aws_access_key_id: anyone, aws_secret_access_key: "${env.SECRET}" }
"#;

const TABLES: &str = "tables:\n  - name: silver.t\n    columns: [{ name: id, type: bigint }]\n";

/// What the program says to a command in a project on this bucket, and how it ends; nothing but the project tells it of
/// the store.
fn program(bucket: &str, arguments: &[&str]) -> (String, i32) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("tables")).unwrap();
    std::fs::write(folder.path().join("tables/t.yml"), TABLES).unwrap();
    std::fs::write(folder.path().join("delta-engine.yml"), PROJECT.replace("BUCKET", bucket)).unwrap();
    let mut command = Command::new(std::env::var_os("DELTA_ENGINE_PROGRAM").expect("`cargo xtask stores` builds it"));
    command.args(arguments).current_dir(folder.path()).env_clear();
    command.env("ENDPOINT", std::env::var_os("DELTA_ENGINE_S3").unwrap()).env("SECRET", "hush");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(!said.contains("hush"), "{said}");
    (said, output.status.code().unwrap())
}

#[test]
fn the_program_takes_the_store_from_the_project_file() {
    if !runs("DELTA_ENGINE_S3") {
        return;
    }
    let check = |bucket: &str, arguments: &[&str], code: i32, says: &str| {
        let (said, exit) = program(bucket, arguments);
        assert!(exit == code && said.contains(says), "{bucket} {arguments:?}: exit {exit}\n{said}");
    };
    check("bucket", &["plan"], 0, "Plan: 1 create. Nothing was changed.");
    check("bucket", &["apply", "--yes"], 0, "silver.t");
    check("bucket", &["plan"], 0, "Everything is as declared: 1 table. Nothing to do.");
    check("overwrites", &["apply", "--yes"], 1, "does not keep two writers apart");
    check("overwrites", &["apply", "--yes"], 1, "Nothing was changed: 1 failed.");
}
