//! Whatever request fails, and however: the table is as before or as declared, and the next apply ends the work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use delta_engine::native::Lake;
use delta_engine::schema::draft::{ClusteringDraft, ColumnDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, ObservedTable};
use delta_engine::{Execution, Status};
use delta_engine_acceptance::faults::{Failing, Fault, Request, Verb, Watched};
use delta_engine_acceptance::fixtures::{copy, fixtures};
use delta_engine_acceptance::foreign;
use delta_engine_acceptance::lake::{NAME, engine, engine_on, observed, registry, table_folder};
use delta_engine_acceptance::reader::{By, Row, reader};
use delta_engine_acceptance::shown::shown;
use delta_engine_acceptance::{declared::as_declared, log, setting};
use delta_engine_native::log::read_state;
use delta_engine_native::storage::LocalFiles;
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value;

/// Requests that fail, in all scenarios together.
const POINTS: usize = 450;
/// Points that differ by more than the number of a commit, where at least twice as many are asked for.
const DISTINCT: usize = 1_000;
/// After every so many points DuckDB reads the table; after each where more points than usual are asked for.
const READ_EVERY: usize = 4;
/// The scenarios whose tables DuckDB can't read before: their logs name files that are not there.
const UNREADABLE: &[&str] = &["prove in a long log"];

/// Puts what is there before into a lake.
type Start = Box<dyn for<'p> Fn(&'p Path) -> BoxFuture<'p, ()>>;

/// A table that is there or not, and what is to become of it.
struct Scenario {
    name: &'static str,
    start: Start,
    change: fn(&mut TableDraft),
}

/// What all scenarios came to.
#[derive(Default)]
struct Sum {
    points: usize,
    distinct: usize,
    read: usize,
    ends: BTreeMap<String, usize>,
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_may_fail_in_every_way() {
    let scenarios = scenarios();
    let asked = setting("DELTA_ENGINE_FAULT_POINTS", POINTS);
    let share = asked.div_ceil(scenarios.len());
    let read_every = if asked > POINTS { 1 } else { READ_EVERY };
    let mut sum = Sum::default();
    for scenario in &scenarios {
        check(scenario, share, read_every, &mut sum).await;
    }
    let Sum { points, distinct, read, ends } = sum;
    println!("{points} points, {distinct} of them distinct, {read} read by DuckDB: {ends:?}");
    assert!(points >= 200);
    // Asked for twice as many, no scenario is cut down to less than its share of them.
    assert!(asked < 2 * DISTINCT || distinct >= DISTINCT, "{distinct} distinct points are too few");
}

/// Runs a scenario once for every point, or for `most` of them.
async fn check(scenario: &Scenario, most: usize, read_every: usize, sum: &mut Sum) {
    let template = tempfile::tempdir().unwrap();
    (scenario.start)(template.path()).await;
    let before = observed(template.path()).await;
    let mut draft = before.as_ref().map_or_else(new_table, |table| as_declared(table, NAME));
    (scenario.change)(&mut draft);
    let read = readable(scenario.name, before.as_ref().map(|_| template.path()), &draft);

    let quiet = Watched::new();
    let (lake, whole) = attempt(template.path(), &draft, &quiet).await;
    assert!(matches!(whole, Ending::Execution(Execution::Applied { .. })), "{}: {whole}", scenario.name);
    read.iter().for_each(|wanted| wanted.hold(scenario.name, lake.path()));
    let requests = quiet.requests();
    let (chosen, all) = points(&requests, most);
    let tried = chosen.len();
    let (mut reached, mut kinds) = (0, BTreeSet::new());
    for (index, (at, fault)) in chosen.into_iter().enumerate() {
        let watched = Watched::failing(at, fault);
        let (lake, ending) = attempt(template.path(), &draft, &watched).await;
        let shown = format!("{}: {fault:?} at {at} {:?}", scenario.name, requests[at]);
        let end = judge(&shown, lake.path(), before.as_ref(), &draft, ending).await;
        // Reads ahead are given up at different moments, so that a run may make a request less.
        let was_hit = watched.was_hit();
        assert!(was_hit || end == "applied", "{shown}: {end}, though nothing failed");
        if was_hit {
            reached += 1;
            kinds.insert((kind(&requests, at), format!("{fault:?}")));
        }
        *sum.ends.entry(if was_hit { end } else { "not reached".to_owned() }).or_default() += 1;
        if let Some(wanted) = read.as_ref().filter(|_| index % read_every == 0) {
            wanted.hold(&shown, lake.path());
            sum.read += 1;
        }
    }
    let (name, distinct) = (scenario.name, kinds.len());
    println!("{name}: {} requests, {tried} of {all} points, {reached} reached, {distinct} distinct", requests.len());
    sum.points += reached;
    sum.distinct += distinct;
}

/// Every point of the puts, and of the others `most` evenly; and how many points there are.
fn points(requests: &[Request], most: usize) -> (Vec<(usize, Fault)>, usize) {
    let is_point = |(at, fault): &(usize, Fault)| *fault != Fault::AlreadyExists || requests[*at].verb == Verb::Put;
    let all = (0..requests.len()).flat_map(|at| Fault::ALL.map(|fault| (at, fault))).filter(is_point);
    let (puts, others): (Vec<_>, Vec<_>) = all.partition(|(at, _)| requests[*at].verb == Verb::Put);
    let count = puts.len() + others.len();
    let stride = others.len().div_ceil(most.saturating_sub(puts.len()).max(1)).max(1);
    (puts.into_iter().chain(others.into_iter().step_by(stride)).collect(), count)
}

/// What a request is, so that the reads of one long tail of commits are all the same: the verb, the file without its
/// numbers, and how often that file was asked for before.
fn kind(requests: &[Request], at: usize) -> (String, String, usize) {
    let Request { verb, path } = &requests[at];
    // The lake is in a folder of its own for every attempt.
    let inside = path.split_once(FOLDER).map_or(path.as_str(), |(_, inside)| inside);
    let without_numbers: String = inside.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let before = requests[..at].iter().filter(|other| other.verb == *verb && other.path == *path).count();
    (format!("{verb:?}"), without_numbers, before)
}

/// The table's folder in every lake.
const FOLDER: &str = "silver/t";

/// What DuckDB is to read after a scenario.
struct Wanted {
    rows: Vec<Row>,
    columns: Value,
}

/// What DuckDB is to read in the end, where it can read the table before; none where there is no reader, and where the
/// scenario is one of those that say so.
fn readable(name: &str, before: Option<&Path>, draft: &TableDraft) -> Option<Wanted> {
    let mut reader = reader()?;
    let rows = match before {
        Some(lake) => reader.rows(By::DuckDb, &table_folder(lake), "count(*)"),
        None => Ok(vec![vec![Some("0".to_owned())]]),
    };
    assert_eq!(rows.is_err(), UNREADABLE.contains(&name), "{name}: {rows:?}");
    let columns = shown(By::DuckDb, &registry([draft.clone()]).unwrap().tables()[0].desired.columns);
    Some(Wanted { rows: rows.ok()?, columns })
}

impl Wanted {
    /// The data is still read by others, as what was declared.
    fn hold(&self, shown: &str, lake: &Path) {
        let Some(mut reader) = reader() else { return };
        let table = table_folder(lake);
        assert_eq!(reader.rows(By::DuckDb, &table, "count(*)").as_ref(), Ok(&self.rows), "{shown}");
        assert_eq!(reader.schema(By::DuckDb, &table).as_ref(), Ok(&self.columns), "{shown}");
    }
}

/// The log of every fixture is read from the disk alone, as folders are read where nobody puts a store before them: a file
/// that can't be read, or is gone between the listing and the read, is an error or no matter, and never another state.
#[tokio::test(flavor = "multi_thread")]
async fn every_read_of_a_local_log_may_fail() {
    let Some(fixtures) = fixtures() else { return };
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for (name, folder) in &fixtures.tables {
        let quiet = Failing::new(LocalFiles::new(folder));
        let Ok(whole) = read_state(&quiet, None).await else { continue };
        for (at, request) in quiet.requests().iter().enumerate() {
            for missing in [false, true] {
                let files = Failing::at(LocalFiles::new(folder), at, missing);
                let end = match read_state(&files, None).await {
                    Err(_) => "an error",
                    Ok(state) if state == whole => "the same state",
                    Ok(state) => panic!("{name}: {request} (missing: {missing}): {state:?}, and not {whole:?}"),
                };
                *ends.entry(format!("{end}, missing: {missing}")).or_default() += 1;
            }
        }
    }
    println!("{} fixtures, read from the disk: {ends:?}", fixtures.tables.len());
    assert!(ends.values().sum::<usize>() >= 500, "{ends:?}");
}

/// How an attempt ended.
enum Ending {
    /// The plan was not for running.
    NoPlan(String),
    /// The run had no report.
    NoReport(String),
    /// The table's row in the report.
    Execution(Execution),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlan(why) => write!(f, "nothing was planned: {why}"),
            Self::NoReport(why) => write!(f, "there is no report: {why}"),
            Self::Execution(execution) => write!(f, "{execution:?}"),
        }
    }
}

async fn attempt(template: &Path, draft: &TableDraft, watched: &Arc<Watched>) -> (tempfile::TempDir, Ending) {
    let lake = tempfile::tempdir().unwrap();
    copy(template, lake.path());
    let engine = engine_on(Lake::over(lake.path().to_str().unwrap(), watched.clone()).unwrap());
    let ending = match engine.plan(&registry([draft.clone()]).unwrap()).await {
        Err(error) => Ending::NoPlan(error.to_string()),
        Ok(plan) if plan.status() != Status::ChangesPending => {
            Ending::NoPlan(format!("{:?}", plan.tables[0].plan.findings))
        }
        Ok(plan) => match engine.apply(plan).await {
            Ok(mut report) => Ending::Execution(report.executions.remove(0)),
            Err(error) => Ending::NoReport(error.to_string()),
        },
    };
    (lake, ending)
}

/// The old state or the new one, told rightly, and a next run that ends in the new one.
async fn judge(shown: &str, lake: &Path, before: Option<&ObservedTable>, draft: &TableDraft, ending: Ending) -> String {
    let after = observed(lake).await;
    let registry = registry([draft.clone()]).unwrap();
    let engine = engine(lake).await;
    let is_new = after.as_ref() != before;
    let next = before.map_or(0, |before| before.version + 1);
    if is_new {
        assert_eq!(after.as_ref().map(|table| table.version), Some(next), "{shown}");
        assert_eq!(engine.plan(&registry).await.unwrap().status(), Status::InSync, "{shown}: neither old nor new");
    }
    let end = match (&ending, is_new) {
        (Ending::NoPlan(_), false) => "planned nothing, changed nothing",
        (Ending::Execution(Execution::Applied { version, .. }), true) => {
            assert_eq!(*version, Some(next), "{shown}");
            "applied"
        }
        (Ending::Execution(Execution::Failed(_) | Execution::Stale(_)), false) => "failed, changed nothing",
        (Ending::Execution(Execution::Unclear(_)), true) => "unclear, changed",
        (Ending::Execution(Execution::Unclear(_)), false) => "unclear, unchanged",
        (Ending::Execution(Execution::PartlyApplied { done, steps, .. }), true) if done == steps => {
            "applied, not verified"
        }
        (Ending::Execution(Execution::AlreadyApplied), true) => "already applied",
        (Ending::NoReport(_), _) | (Ending::NoPlan(_), true) | (Ending::Execution(_), _) => {
            panic!("{shown}: {ending}, and the table is {}", if is_new { "new" } else { "old" })
        }
    };
    engine.sync(&registry).await.unwrap_or_else(|error| panic!("{shown}: the next run: {error}"));
    let settled = observed(lake).await.unwrap();
    assert_eq!(settled.version, next, "{shown}: committed more than once");
    assert_eq!(engine.plan(&registry).await.unwrap().status(), Status::InSync, "{shown}");
    let own = log::commit(&table_folder(lake), next).unwrap();
    assert!(own[0].1["txnId"].is_string(), "{shown}");
    end.to_owned()
}

fn new_table() -> TableDraft {
    let mut draft = TableDraft::new(NAME);
    draft.columns = vec![column("id", "bigint"), column("name", "string"), column("place", "struct<city: string>")];
    draft
}

fn column(name: &str, data_type: &str) -> ColumnDraft {
    ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
}

fn property(draft: &mut TableDraft, key: &str, value: &str) {
    draft.properties.push((key.to_owned(), Some(value.to_owned())));
}

/// A table of one commit of the engine's own.
async fn own(lake: &Path) {
    engine(lake).await.sync(&registry([new_table()]).unwrap()).await.unwrap();
}

/// The same with forty commits of others.
async fn long(lake: &Path) {
    own(lake).await;
    for file in 0..40 {
        let add = foreign::add(&format!("part-{file}.parquet"), 10, &[("id", 0), ("name", 3)], &[("id", 1, 9)]);
        foreign::commit(&table_folder(lake), &[add]);
    }
}

fn scenarios() -> Vec<Scenario> {
    let mut scenarios = vec![
        Scenario {
            name: "create",
            start: Box::new(|_| async {}.boxed()),
            change: |draft| {
                property(draft, "delta.columnMapping.mode", "name");
                draft.clustered_by = Some(ClusteringDraft::By(vec!["id".to_owned(), "place.city".to_owned()]));
                draft.comment = Some("made".to_owned());
            },
        },
        Scenario {
            name: "alter",
            start: Box::new(|lake| own(lake).boxed()),
            change: |draft| {
                property(draft, "delta.columnMapping.mode", "name");
                draft.columns[1].renamed_from.push("name".to_owned());
                draft.columns[1].name = "full_name".to_owned();
                draft.columns.insert(0, column("first", "int"));
                draft.clustered_by = Some(ClusteringDraft::By(vec!["id".to_owned()]));
            },
        },
        Scenario {
            name: "timestamps",
            start: Box::new(|lake| own(lake).boxed()),
            change: |draft| property(draft, "delta.enableInCommitTimestamps", "true"),
        },
        Scenario {
            name: "prove in a long log",
            start: Box::new(|lake| long(lake).boxed()),
            change: |draft| {
                draft.columns[0].nullable = false;
                draft.columns[1].comment = Some("may be missing".to_owned());
            },
        },
    ];
    let Some(fixtures) = fixtures() else { return scenarios };
    for &(name, fixture, change) in ON_FIXTURES {
        let folder = &fixtures.tables.iter().find(|(name, _)| name == fixture).unwrap().1;
        let template = tempfile::tempdir().unwrap();
        copy(folder, template.path());
        scenarios.push(Scenario {
            name,
            start: Box::new(move |lake| {
                copy(template.path(), &table_folder(lake));
                async {}.boxed()
            }),
            change,
        });
    }
    scenarios
}

/// A name, a fixture, and what is changed in its declaration.
type OnFixture = (&'static str, &'static str, fn(&mut TableDraft));

/// What is done to tables of others.
const ON_FIXTURES: &[OnFixture] = &[
    ("checkpoint", "delta-rs/simple_table_with_checkpoint", comment_and_add),
    ("sidecars", "delta-kernel-rs/v2-parquet-sidecars-struct-stats-only", comment_and_add),
    ("deletion vectors", "delta-rs/table-with-dv-small", comment_and_add),
    ("rename and add under mapping", "delta-rs/table_with_column_mapping", |draft| {
        let former = std::mem::replace(&mut draft.columns[1].name, "name".to_owned());
        draft.columns[1].renamed_from.push(former);
        draft.columns.insert(0, column("first", "struct<a: int>"));
    }),
    ("prove a check by the data", "delta-rs/simple_table", |draft| {
        draft.checks.push(("known".to_owned(), "id >= 0".to_owned()));
    }),
    ("prove not null by statistics", "delta-kernel-rs/parsed-stats", |draft| {
        draft.columns[0].nullable = false;
        draft.columns[2].nullable = false;
    }),
    (
        "prove not null by a checkpoint of parts",
        "delta-kernel-rs/v1-multi-part-partitioned-struct-stats-only",
        |draft| {
            draft.columns[0].nullable = false;
        },
    ),
    ("drop beside a checkpoint of JSON", "delta-kernel-rs/v2-json-sidecars-struct-stats-only", |draft| {
        property(draft, "delta.columnMapping.mode", "name");
        draft.columns.pop();
    }),
    ("widen", "delta-rs/delta-0.8.0", |draft| {
        property(draft, "delta.enableTypeWidening", "true");
        draft.columns[0].data_type = TypeDraft::Type(DataType::Long);
    }),
    ("cluster and set a default", "delta-kernel-rs/crc-full", |draft| {
        draft.clustered_by = Some(ClusteringDraft::By(vec!["id".to_owned()]));
        draft.columns[0].default = Some("7".to_owned());
    }),
];

fn comment_and_add(draft: &mut TableDraft) {
    draft.comment = Some("changed".to_owned());
    draft.columns.push(ColumnDraft::new("added", TypeDraft::Type(DataType::Integer)));
}
