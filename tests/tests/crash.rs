//! Whatever request fails, and however: the table is as before or as declared, and the next apply ends the work.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use delta_engine::native::Lake;
use delta_engine::schema::draft::{ClusteringDraft, ColumnDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, ObservedTable};
use delta_engine::{Execution, Status};
use delta_engine_acceptance::faults::{Fault, Verb, Watched};
use delta_engine_acceptance::fixtures::{copy, fixtures};
use delta_engine_acceptance::foreign;
use delta_engine_acceptance::lake::{NAME, engine, engine_on, observed, registry, table_folder};
use delta_engine_acceptance::reader::{By, reader};
use delta_engine_acceptance::{declared::as_declared, log, setting};
use futures::FutureExt;
use futures::future::BoxFuture;

/// Requests that fail, in all scenarios together.
const POINTS: usize = 450;

/// Puts what is there before into a lake.
type Start = Box<dyn for<'p> Fn(&'p Path) -> BoxFuture<'p, ()>>;

/// A table that is there or not, and what is to become of it.
struct Scenario {
    name: &'static str,
    start: Start,
    change: fn(&mut TableDraft),
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_may_fail_in_every_way() {
    let scenarios = scenarios();
    let share = setting("DELTA_ENGINE_FAULT_POINTS", POINTS).div_ceil(scenarios.len());
    let mut points = 0;
    let mut ends = BTreeMap::new();
    for scenario in &scenarios {
        points += check(scenario, share, &mut ends).await;
    }
    println!("{points} points: {ends:?}");
    assert!(points >= 200);
}

/// Runs a scenario once for every point, or for `most` of them; says how many were reached.
async fn check(scenario: &Scenario, most: usize, ends: &mut BTreeMap<String, usize>) -> usize {
    let template = tempfile::tempdir().unwrap();
    (scenario.start)(template.path()).await;
    let before = observed(template.path()).await;
    let mut draft = before.as_ref().map_or_else(new_table, |table| as_declared(table, NAME));
    (scenario.change)(&mut draft);

    let quiet = Watched::new();
    let whole = attempt(template.path(), &draft, &quiet).await;
    assert!(matches!(whole.1, Ending::Execution(Execution::Applied { .. })), "{}: {}", scenario.name, whole.1);
    let requests = quiet.requests();
    let is_point = |(at, fault): &(usize, Fault)| *fault != Fault::AlreadyExists || requests[*at].verb == Verb::Put;
    let all: Vec<(usize, Fault)> =
        (0..requests.len()).flat_map(|at| Fault::ALL.map(|fault| (at, fault))).filter(is_point).collect();
    // Every point of the puts, and the others evenly.
    let (puts, others): (Vec<_>, Vec<_>) = all.iter().copied().partition(|(at, _)| requests[*at].verb == Verb::Put);
    let stride = others.len().div_ceil(most.saturating_sub(puts.len()).max(1)).max(1);
    let chosen: Vec<(usize, Fault)> = puts.into_iter().chain(others.into_iter().step_by(stride)).collect();
    println!("{}: {} requests, {} of {} points", scenario.name, requests.len(), chosen.len(), all.len());
    let mut points = 0;
    for (index, (at, fault)) in chosen.into_iter().enumerate() {
        let watched = Watched::failing(at, fault);
        let (lake, ending) = attempt(template.path(), &draft, &watched).await;
        let shown = format!("{}: {fault:?} at {at} {:?}", scenario.name, requests[at]);
        let end = judge(&shown, lake.path(), before.as_ref(), &draft, ending).await;
        // Reads ahead are given up at different moments, so that a run may make a request less.
        let reached = watched.was_hit();
        assert!(reached || end == "applied", "{shown}: {end}, though nothing failed");
        points += usize::from(reached);
        *ends.entry(if reached { end } else { "not reached".to_owned() }).or_default() += 1;
        if index % 16 == 0 && before.is_some() {
            same_rows(&shown, template.path(), lake.path());
        }
    }
    points
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

/// The data is still read by others.
fn same_rows(shown: &str, template: &Path, lake: &Path) {
    let Some(mut reader) = reader() else { return };
    let Ok(before) = reader.rows(By::DuckDb, &table_folder(template), "count(*)") else { return };
    let after = reader.rows(By::DuckDb, &table_folder(lake), "count(*)");
    assert_eq!(after, Ok(before), "{shown}");
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
    for (name, fixture) in [
        ("checkpoint", "delta-rs/simple_table_with_checkpoint"),
        ("sidecars", "delta-kernel-rs/v2-parquet-sidecars-struct-stats-only"),
        ("deletion vectors", "delta-rs/table-with-dv-small"),
    ] {
        let folder = &fixtures.tables.iter().find(|(name, _)| name == fixture).unwrap().1;
        let folder = folder.clone();
        scenarios.push(Scenario {
            name,
            start: Box::new(move |lake| {
                let folder = folder.clone();
                async move { copy(&folder, &table_folder(lake)) }.boxed()
            }),
            change: |draft| {
                draft.comment = Some("changed".to_owned());
                draft.columns.push(ColumnDraft::new("added", TypeDraft::Type(DataType::Integer)));
            },
        });
    }
    scenarios
}
