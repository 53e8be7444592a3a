//! Others write while the engine plans and applies: no row of theirs is lost, and nothing that was proved is contradicted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use delta_engine::native::Lake;
use delta_engine::schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::Identity;
use delta_engine::{Execution, Status};
use delta_engine_acceptance::declared::as_declared;
use delta_engine_acceptance::faults::Watched;
use delta_engine_acceptance::fixtures::{copy, fixtures};
use delta_engine_acceptance::lake::{NAME, engine, engine_on, observed, registry, table_folder};
use delta_engine_acceptance::log::{Text, commit, newest};
use delta_engine_acceptance::reader::{By, reader};
use delta_engine_acceptance::{foreign, setting};
use delta_engine_testkit::rng::Rng;
use serde_json::{Value, json};

/// Interleavings of a writer that may break what was proved.
const INTERLEAVINGS: usize = 200;

fn column(name: &str, data_type: &str) -> ColumnDraft {
    ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
}

fn declared() -> TableDraft {
    let mut draft = TableDraft::new(NAME);
    draft.columns = vec![column("id", "bigint"), column("name", "string")];
    draft
}

/// A lake with one table of the engine's own.
async fn lake(draft: TableDraft) -> tempfile::TempDir {
    let lake = tempfile::tempdir().unwrap();
    engine(lake.path()).await.sync(&registry([draft]).unwrap()).await.unwrap();
    lake
}

/// A copy of a lake.
fn twin(of: &Path) -> tempfile::TempDir {
    let lake = tempfile::tempdir().unwrap();
    copy(of, lake.path());
    lake
}

/// Plans and applies over a watched store; none where the plan was not for running.
async fn apply(lake: &Path, draft: TableDraft, watched: &Arc<Watched>) -> Option<Execution> {
    let engine = engine_on(Lake::over(lake.to_str().unwrap(), watched.clone()).unwrap());
    let plan = engine.plan(&registry([draft]).unwrap()).await.unwrap();
    if plan.status() != Status::ChangesPending {
        return None;
    }
    Some(engine.apply(plan).await.unwrap().executions.remove(0))
}

/// How many versions the table has.
fn versions(lake: &Path) -> usize {
    let table = table_folder(lake);
    if table.exists() { usize::try_from(newest(&table)).unwrap() + 1 } else { 0 }
}

/// How many requests an undisturbed run makes.
async fn requests(lake: &Path, draft: &TableDraft) -> usize {
    let (lake, quiet) = (twin(lake), Watched::new());
    let execution = apply(lake.path(), draft.clone(), &quiet).await;
    assert!(matches!(execution, Some(Execution::Applied { .. })), "{execution:?}");
    quiet.requests().len()
}

/// Runs a future to its end while the caller waits.
fn meanwhile<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    std::thread::spawn(run).join().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_applies_at_once_one_wins_and_the_other_converges_or_is_stale() {
    let with_comment = |comment: &str| TableDraft { comment: Some(comment.to_owned()), ..declared() };
    let template = lake(declared()).await;
    let empty = tempfile::tempdir().unwrap();
    let check = async |start: &Path, mine: TableDraft, theirs: TableDraft| {
        let same = mine == theirs;
        for at in 0..requests(start, &mine).await {
            let (lake, watched) = (twin(start), Watched::new());
            let other: Arc<Mutex<Option<Option<Execution>>>> = Arc::default();
            let (theirs, folder, answer) = (theirs.clone(), lake.path().to_owned(), other.clone());
            watched.before_each(move |number, _| {
                if number == at {
                    let (theirs, folder) = (theirs.clone(), folder.clone());
                    let execution = meanwhile(async move { apply(&folder, theirs, &Watched::new()).await });
                    *answer.lock().unwrap() = Some(execution);
                }
            });
            let first = apply(lake.path(), mine.clone(), &watched).await;
            // A run may make a request less, where reads ahead are given up earlier.
            let Some(second) = other.lock().unwrap().take() else { continue };
            let shown = format!("at {at}: mine {first:?}, theirs {second:?}");
            // One that was undone by the other before it looked again committed too.
            let won = |execution: &Option<Execution>| match execution {
                Some(Execution::PartlyApplied { done, steps, .. }) => done == steps && !same,
                other => matches!(other, Some(Execution::Applied { .. })),
            };
            if won(&second) {
                let expected = match &first {
                    None | Some(Execution::AlreadyApplied) => same,
                    Some(Execution::Stale(_)) => !same,
                    // It planned after the other had ended, or the other planned after it.
                    Some(_) => won(&first) && !same,
                };
                assert!(expected || at < 3 && first.is_none(), "{shown}");
            } else {
                assert!(won(&first), "{shown}");
            }
            let commits = usize::from(won(&first)) + usize::from(won(&second));
            assert_eq!(versions(lake.path()), versions(start) + commits, "{shown}");
        }
    };
    check(template.path(), with_comment("one"), with_comment("one")).await;
    check(template.path(), with_comment("one"), with_comment("two")).await;
    check(empty.path(), declared(), declared()).await;
    check(empty.path(), declared(), with_comment("two")).await;
}

/// A change of a table that rests on nothing but its metadata.
fn harmless(draft: &mut TableDraft) {
    draft.comment = Some("changed".to_owned());
    draft.columns.push(column("added", "int"));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_appended_in_between_are_kept() {
    let Some(fixtures) = fixtures() else { return };
    let (_, folder) = fixtures.tables.iter().find(|(name, _)| name == "delta-rs/simple_table_with_checkpoint").unwrap();
    let start = tempfile::tempdir().unwrap();
    copy(folder, &table_folder(start.path()));
    let version = newest(&table_folder(start.path()));
    let last = commit(&table_folder(start.path()), version).unwrap();
    let add = last.into_iter().find(|(kind, _)| kind == "add").unwrap().1;
    let table = observed(start.path()).await.unwrap();
    let mut draft = as_declared(&table, NAME);
    harmless(&mut draft);
    let most = requests(start.path(), &draft).await;
    let mut rng = Rng::new(7);
    let mut tolerated_in_all = 0;
    for round in 0..setting("DELTA_ENGINE_APPENDS", 40) {
        let (lake, watched) = (twin(start.path()), Watched::new());
        let table = table_folder(lake.path());
        let appended: Arc<Mutex<Vec<u64>>> = Arc::default();
        // Each third round also hits the moment before every try of the commit.
        let moments: Vec<usize> = (0..1 + rng.below(3)).map(|_| rng.below(most)).collect();
        let (folder, versions, copied) = (table.clone(), appended.clone(), add.clone());
        watched.before_each(move |number, request| {
            let times = moments.iter().filter(|moment| **moment == number).count();
            let late = usize::from(round % 3 == 0 && request.verb == delta_engine_acceptance::faults::Verb::Put);
            for _ in 0..times + late {
                let mut versions = versions.lock().unwrap();
                let number = versions.len();
                // Even the most patient engine must win at last.
                if number < 12 {
                    versions.push(append_again(&folder, &copied, number));
                }
            }
        });
        let execution = apply(lake.path(), draft.clone(), &watched).await;
        let appended = appended.lock().unwrap().clone();
        let Some(Execution::Applied { version: Some(ours), tolerated, .. }) = execution else {
            panic!("round {round}: {execution:?} with appends {appended:?}")
        };
        assert!(
            tolerated.iter().all(|theirs| appended.contains(theirs) && *theirs < ours),
            "{tolerated:?} {appended:?}"
        );
        assert_eq!(newest(&table), version + appended.len() as u64 + 1, "round {round}: a commit was overwritten");
        for theirs in &appended {
            assert!(
                commit(&table, *theirs).unwrap().iter().any(|(kind, _)| kind == "add"),
                "round {round}: {theirs} is lost"
            );
        }
        tolerated_in_all += tolerated.len();
        if let Some(mut reader) = reader() {
            let of = |reader: &mut delta_engine_acceptance::reader::Reader, table: &Path| -> u64 {
                reader.rows(By::DuckDb, table, "count(*)").unwrap()[0][0].as_deref().unwrap().parse().unwrap()
            };
            let once = twin(start.path());
            append_again(&table_folder(once.path()), &add, 0);
            let before = of(&mut reader, &table_folder(start.path()));
            let one = of(&mut reader, &table_folder(once.path())) - before;
            assert_eq!(of(&mut reader, &table), before + one * appended.len() as u64, "round {round}");
        }
    }
    assert!(tolerated_in_all > 0);
}

/// Appends a copy of a data file.
fn append_again(table: &Path, add: &Value, number: usize) -> u64 {
    let name = format!("again-{number}.parquet");
    std::fs::copy(table.join(add["path"].as_str().unwrap()), table.join(&name)).unwrap();
    let mut add = add.clone();
    add["path"] = json!(name);
    foreign::commit(table, &[json!({ "add": add })])
}

/// What a foreign commit brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Brings {
    GoodRows,
    BadRows,
    NoStatistics,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_proved_is_never_contradicted_by_rows_that_came_in_between() {
    not_null().await;
    condition().await;
}

async fn not_null() {
    let mut draft = declared();
    draft.columns[0].nullable = false;
    let bad = |name: &str| foreign::add(name, 10, &[("id", 1), ("name", 0)], &[("id", 1, 9)]);
    let binds = |text: &Text| text.schema()["fields"][0]["nullable"] == json!(false);
    let breaks = |add: &Value| statistics(add).is_none_or(|statistics| statistics["nullCount"]["id"] != json!(0));
    never_contradicted("not null", draft, bad, binds, breaks).await;
}

async fn condition() {
    let mut draft = declared();
    draft.checks = vec![("positive".to_owned(), "id > 0".to_owned())];
    let bad = |name: &str| foreign::add(name, 10, &[("id", 0), ("name", 0)], &[("id", -5, 9)]);
    let binds = |text: &Text| text.property("delta.constraints.positive").is_some();
    let breaks = |add: &Value| {
        statistics(add).is_none_or(|statistics| {
            statistics["minValues"]["id"].as_i64().is_none_or(|least| least <= 0)
                || statistics["nullCount"]["id"] != json!(0)
        })
    };
    let start = lake(declared()).await;
    let plan = engine(start.path()).await.plan(&registry([draft.clone()]).unwrap()).await.unwrap();
    assert_eq!(plan.status(), Status::ChangesPending, "{:?}", plan.tables[0].plan.findings);
    never_contradicted("check", draft, bad, binds, breaks).await;
}

fn statistics(add: &Value) -> Option<Value> {
    serde_json::from_str(add["stats"].as_str()?).ok()
}

/// `binds` says whether a table's metadata forbids bad rows, which a foreign writer then heeds; `breaks` whether a file may
/// hold bad rows.
async fn never_contradicted(
    title: &str,
    draft: TableDraft,
    bad: fn(&str) -> Value,
    binds: fn(&Text) -> bool,
    breaks: fn(&Value) -> bool,
) {
    let start = lake(declared()).await;
    let table = table_folder(start.path());
    let good = |name: &str| foreign::add(name, 10, &[("id", 0), ("name", 2)], &[("id", 1, 9)]);
    for file in 0..3 {
        foreign::commit(&table, &[good(&format!("old-{file}.parquet"))]);
    }
    let most = requests(start.path(), &draft).await;
    let mut rng = Rng::new(setting("DELTA_ENGINE_SEED", 11));
    let mut ends: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for round in 0..setting("DELTA_ENGINE_INTERLEAVINGS", INTERLEAVINGS) {
        let (lake, watched) = (twin(start.path()), Watched::new());
        let table = table_folder(lake.path());
        let script: Vec<(usize, Brings)> = (0..1 + rng.below(2))
            .map(|_| {
                let brings =
                    *rng.pick(&[Brings::GoodRows, Brings::BadRows, Brings::BadRows, Brings::NoStatistics]).unwrap();
                (rng.below(most), brings)
            })
            .collect();
        let (moments, folder) = (script.clone(), table.clone());
        watched.before_each(move |number, _| {
            for (index, (_, brings)) in moments.iter().enumerate().filter(|(_, (moment, _))| *moment == number) {
                let forbidden = binds(&meanwhile({
                    let folder = folder.clone();
                    async move { Text::read(&folder).await }
                }));
                let name = format!("new-{index}.parquet");
                let file = match brings {
                    Brings::GoodRows => good(&name),
                    Brings::BadRows if forbidden => continue,
                    Brings::BadRows => bad(&name),
                    Brings::NoStatistics if forbidden => continue,
                    Brings::NoStatistics => {
                        let mut add = good(&name);
                        add["add"].as_object_mut().unwrap().remove("stats");
                        add
                    }
                };
                foreign::commit(&folder, &[file]);
            }
        });
        let execution = apply(lake.path(), draft.clone(), &watched).await;
        let shown = format!("{title}, round {round}, {script:?}: {execution:?}");
        let ours = (1..=newest(&table))
            .find(|version| commit(&table, *version).unwrap().iter().any(|(kind, _)| kind == "metaData"));
        let applied = matches!(execution, Some(Execution::Applied { .. }));
        assert_eq!(applied, ours.is_some(), "{shown}");
        let before: Vec<Value> = (1..ours.unwrap_or(0))
            .flat_map(|version| commit(&table, version).unwrap())
            .filter_map(|(kind, action)| (kind == "add").then_some(action))
            .collect();
        assert!(!before.iter().any(breaks), "{shown}: version {ours:?} contradicts a row before it");
        let worst = script.iter().map(|(_, brings)| *brings).max().unwrap();
        let end = match &execution {
            None => "not planned",
            Some(Execution::Applied { .. }) => "applied",
            Some(Execution::Stale(_)) => "stale",
            Some(other) => panic!("{shown}: {other:?}"),
        };
        *ends.entry((format!("{worst:?}"), end)).or_default() += 1;
    }
    println!("{title}: {ends:?}");
    let any = |end: &str| ends.iter().filter(|((_, theirs), _)| *theirs == end).map(|(_, count)| count).sum::<usize>();
    assert!(any("applied") > 0 && any("stale") > 0, "{ends:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_that_rise_in_between_never_go_back() {
    let mut with_identity = declared();
    with_identity.columns[0].identity = Some(Identity { start: 1, increment: 1, always: true });
    let identity = lake(with_identity).await;
    raise_identity(&table_folder(identity.path()), 10);
    let tracked = tempfile::tempdir().unwrap();
    write_tracked(&table_folder(tracked.path()));
    let timed = lake(TableDraft {
        properties: vec![("delta.enableInCommitTimestamps".to_owned(), Some("true".to_owned()))],
        ..declared()
    })
    .await;

    let mark = |text: &Text| text.schema()["fields"][0]["metadata"]["delta.identity.highWaterMark"].as_i64();
    check_mark(identity.path(), |table| raise_identity(table, 99), mark, 99).await;
    let mark = |text: &Text| {
        let domain: Value = serde_json::from_str(&text.domains["delta.rowTracking"]).unwrap();
        domain["rowIdHighWaterMark"].as_i64()
    };
    check_mark(tracked.path(), |table| assert!(foreign::commit(table, &[tracking(99)]) > 0), mark, 99).await;

    // In-commit timestamps rise too, whatever the clock says.
    let ahead = 4_000_000_000_000_i64;
    let stamped = move |table: &Path| {
        let info = json!({ "commitInfo": { "timestamp": ahead, "inCommitTimestamp": ahead, "operation": "WRITE" } });
        foreign::commit(table, &[info, foreign::add("late.parquet", 1, &[("id", 0)], &[])]);
    };
    for at in moments(timed.path()).await {
        let Some(lake) = interrupted(timed.path(), at, stamped).await else { continue };
        let table = table_folder(lake.path());
        let stamps: Vec<i64> = (0..=newest(&table))
            .map(|version| commit(&table, version).unwrap()[0].1["inCommitTimestamp"].as_i64().unwrap())
            .collect();
        // A foreign commit after ours is its writer's matter.
        let upto = if stamps.last() == Some(&ahead) { stamps.len() - 1 } else { stamps.len() };
        assert!(stamps[..upto].windows(2).all(|pair| pair[0] < pair[1]), "at {at}: {stamps:?}");
    }
}

async fn check_mark(start: &Path, raise: fn(&Path), mark: fn(&Text) -> Option<i64>, expected: i64) {
    for at in moments(start).await {
        let Some(lake) = interrupted(start, at, raise).await else { continue };
        let text = Text::read(&table_folder(lake.path())).await;
        assert_eq!(mark(&text), Some(expected), "at {at}: the mark went back");
        assert_eq!(text.metadata["description"], json!("changed"), "at {at}");
    }
}

async fn moments(start: &Path) -> std::ops::Range<usize> {
    0..requests(start, &changed(start).await).await
}

async fn changed(start: &Path) -> TableDraft {
    let mut draft = as_declared(&observed(start).await.unwrap(), NAME);
    harmless(&mut draft);
    draft
}

/// A run during which something happens once; none where it ended before.
async fn interrupted(start: &Path, at: usize, happens: impl Fn(&Path) + Send + 'static) -> Option<tempfile::TempDir> {
    let (lake, watched) = (twin(start), Watched::new());
    let folder: PathBuf = table_folder(lake.path());
    watched.before_each(move |number, _| {
        if number == at {
            happens(&folder);
        }
    });
    let execution = apply(lake.path(), changed(start).await, &watched).await;
    assert!(matches!(execution, Some(Execution::Applied { .. })), "at {at}: {execution:?}");
    (watched.requests().len() > at).then_some(lake)
}

/// A commit of rows that raises the mark of the identity column, as Delta's writers do it: with a new `metaData`.
fn raise_identity(table: &Path, mark: i64) {
    let text = meanwhile({
        let table = table.to_owned();
        async move { Text::read(&table).await }
    });
    let (mut metadata, mut schema) = (text.metadata.clone(), text.schema());
    schema["fields"][0]["metadata"]["delta.identity.highWaterMark"] = json!(mark);
    metadata["schemaString"] = json!(schema.to_string());
    let add = foreign::add(&format!("rows-{mark}.parquet"), 10, &[("id", 0)], &[("id", 1, mark)]);
    foreign::commit(table, &[json!({ "metaData": metadata }), add]);
}

fn tracking(mark: i64) -> Value {
    let configuration = json!({ "rowIdHighWaterMark": mark }).to_string();
    json!({ "domainMetadata": { "domain": "delta.rowTracking", "configuration": configuration, "removed": false } })
}

/// A table with row tracking, which the engine does not create.
fn write_tracked(table: &Path) {
    std::fs::create_dir_all(table.join("_delta_log")).unwrap();
    let schema =
        json!({ "type": "struct", "fields": [{ "name": "id", "type": "long", "nullable": true, "metadata": {} }] });
    let features = ["appendOnly", "invariants", "rowTracking", "domainMetadata"];
    let actions = [
        json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 7, "writerFeatures": features } }),
        json!({ "metaData": {
            "id": "tracked", "format": { "provider": "parquet", "options": {} }, "schemaString": schema.to_string(),
            "partitionColumns": [], "configuration": { "delta.enableRowTracking": "true" }, "createdTime": 1,
        } }),
        tracking(5),
    ];
    assert!(foreign::commit_at(table, 0, &actions));
}
