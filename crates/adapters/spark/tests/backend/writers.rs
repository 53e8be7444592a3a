//! Others that write while plans are applied: no row and no property of theirs is lost, and the report says what came in
//! between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use delta_engine_application::{Column, Event, Events, Execution, SyncFailed, Table};
use delta_engine_schema::model::DataType;
use delta_engine_spark::Client;
use delta_engine_spark::client::Failure;
use tokio_util::sync::CancellationToken;

use crate::support::{Live, live, registry};

/// How long others write.
const WRITING: Duration = Duration::from_secs(15);

/// How long an insert takes that is to be overtaken, in milliseconds.
const SLOW: u64 = 12_000;

/// What a writer did: what was accepted, and how often what was refused.
#[derive(Debug, Default)]
struct Written {
    accepted: Vec<i64>,
    refused: BTreeMap<String, usize>,
}

/// Runs a statement with the numbers from 0 on, until it is told to stop.
async fn write(client: Client, statement: fn(&str, i64) -> String, table: String, stop: CancellationToken) -> Written {
    let mut written = Written::default();
    for number in 0.. {
        if stop.is_cancelled() {
            break;
        }
        match client.execute(&statement(&table, number), &CancellationToken::new()).await {
            Ok(_) => written.accepted.push(number),
            Err(Failure::Refused(refusal)) => {
                let class = refusal.class.clone().unwrap_or_else(|| refusal.message.clone());
                *written.refused.entry(class).or_default() += 1;
            }
            Err(failure) => panic!("{failure}"),
        }
    }
    written
}

/// Counts what others did to the tables while they were changed.
#[derive(Default)]
struct Conflicts(Mutex<Vec<String>>);

impl Events for Conflicts {
    fn event(&self, event: &Event) {
        if let Event::Conflict { table, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(table.to_string());
        }
    }
}

/// The table after a number of changes: each gives it a column, a check over all rows, a property and a comment.
fn declared(name: String, changes: usize) -> Table {
    let table = Table::new(name)
        .comment(format!("change {changes}"))
        .property("delta.columnMapping.mode", "name")
        .property("team.changes", changes)
        .column(Column::new("id", DataType::Long));
    (0..changes).fold(table, |table, change| {
        table
            .column(Column::new(format!("c{change}"), DataType::STRING))
            .check(format!("k{change}"), format!("id > -{}", change + 1))
    })
}

/// What became of the changes of the table, by the name of the end, and the words where others were faster.
async fn change_while_others_write(live: &Live) -> (usize, BTreeMap<&'static str, usize>, BTreeSet<String>) {
    let began = Instant::now();
    let (mut ends, mut words) = (BTreeMap::new(), BTreeSet::new());
    let mut changes = 0;
    while began.elapsed() < WRITING {
        let wanted = registry(vec![declared(live.name("t"), changes + 1)]);
        let report = match live.engine.sync(&wanted).await {
            Ok(report) => report,
            Err(SyncFailed::Tables(report)) => *report,
            Err(SyncFailed::Run(error)) => panic!("{error}"),
        };
        let execution = &report.executions[0];
        let end = match execution {
            Execution::Applied { .. } => "applied",
            Execution::AlreadyApplied => "already applied",
            Execution::Stale(_) => "stale",
            Execution::PartlyApplied { .. } => "partly applied",
            Execution::NotRun
            | Execution::Failed(_)
            | Execution::Unclear(_)
            | Execution::Interrupted
            | Execution::HeldBack { .. } => panic!("{report}"),
        };
        *ends.entry(end).or_default() += 1;
        words.extend(execution.failure().map(|failure| failure.message.clone()));
        // What others held up is declared again.
        changes += usize::from(execution.is_applied());
    }
    (changes, ends, words)
}

/// Whether a message says that somebody else changed the table: found before a statement, or by the server.
fn blames_others(message: &str) -> bool {
    message.contains("was changed since the plan was made") || message.contains("not as the plan saw it")
}

/// Whether it also says by which commit.
fn names_others(message: &str) -> bool {
    blames_others(message) && message.contains("the other commit is version ")
}

async fn numbers(live: &Live, query: &str) -> Vec<i64> {
    let rows = live.other.query(query).await.expect(query).rows().expect("rows");
    rows.iter().map(|row| row.integer("id").expect("a number").expect("not null")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_inserted_meanwhile_are_all_there_on_the_newest_spark() {
    let Some(mut live) = live("inserts").await else { return };
    live.sync(vec![declared(live.name("t"), 0)]).await;
    let conflicts = Arc::new(Conflicts::default());
    live.engine = live.engine.clone().with_events(Arc::clone(&conflicts) as Arc<dyn Events>);
    let stop = CancellationToken::new();
    let session = live.other.new_session().await.expect("a session");
    let insert = |table: &str, number: i64| format!("INSERT INTO {table} (id) VALUES ({number})");
    let writer = tokio::spawn(write(session.clone(), insert, live.name("t"), stop.clone()));
    let (changes, ends, words) = change_while_others_write(&live).await;
    stop.cancel();
    let written = writer.await.expect("a writer");
    session.close().await;
    let met = conflicts.0.lock().unwrap_or_else(PoisonError::into_inner).len();
    println!("{changes} changes ({ends:?}), looked again {met} times; {words:?}");
    println!("{} rows inserted, refused: {:?}", written.accepted.len(), written.refused);

    let mut there = numbers(&live, &format!("SELECT id FROM {}", live.name("t"))).await;
    there.sort_unstable();
    assert_eq!(there, written.accepted, "every row whose insert was accepted, once");
    assert!(changes >= 1 && written.accepted.len() >= 2);
    // Inserts that were refused lost to a change of the metadata, and say so.
    assert!(written.refused.keys().all(|class| class.starts_with("DELTA_")), "{:?}", written.refused);
    assert!(words.iter().all(|word| names_others(word)), "{words:?}");
    assert!(met + written.refused.values().sum::<usize>() > 0, "nobody was in anybody's way");
    live.sync(vec![declared(live.name("t"), changes)]).await;
    live.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn properties_that_are_set_meanwhile_are_kept_on_the_newest_spark() {
    let Some(mut live) = live("ddl").await else { return };
    live.sync(vec![declared(live.name("t"), 0)]).await;
    let conflicts = Arc::new(Conflicts::default());
    live.engine = live.engine.clone().with_events(Arc::clone(&conflicts) as Arc<dyn Events>);
    let stop = CancellationToken::new();
    let session = live.other.new_session().await.expect("a session");
    let set = |table: &str, number: i64| format!("ALTER TABLE {table} SET TBLPROPERTIES ('theirs.n' = '{number}')");
    let writer = tokio::spawn(write(session.clone(), set, live.name("t"), stop.clone()));
    let (changes, ends, words) = change_while_others_write(&live).await;
    stop.cancel();
    let written = writer.await.expect("a writer");
    session.close().await;
    let met = conflicts.0.lock().unwrap_or_else(PoisonError::into_inner).len();
    println!("{changes} changes ({ends:?}), looked again {met} times; {words:?}");
    println!("{} properties set, refused: {:?}", written.accepted.len(), written.refused);

    assert!(written.refused.keys().all(|class| class.starts_with("DELTA_")), "{:?}", written.refused);
    assert!(words.iter().all(|word| names_others(word)), "{words:?}");
    assert!(met > 0, "nobody was in anybody's way");
    assert!(written.accepted.len() >= 2);
    let observed = live.observe_with(&live.catalog, &[&live.name("t")]).await;
    let theirs = crate::support::present(&observed[0]).properties.get("theirs.n").cloned();
    assert_eq!(theirs, written.accepted.last().map(ToString::to_string));
    live.sync(vec![declared(live.name("t"), changes + 1)]).await;
    live.end().await;
}

/// Between plan and statement: what does not touch the change is passed over and counted, what does is told.
#[tokio::test]
async fn a_change_of_another_between_plan_and_statement_is_met_and_named() {
    let Some(mut live) = live("between").await else { return };
    let name = live.name("t");
    live.sync(vec![declared(name.clone(), 0)]).await;
    let conflicts = Arc::new(Conflicts::default());
    live.engine = live.engine.clone().with_events(Arc::clone(&conflicts) as Arc<dyn Events>);
    let met = || conflicts.0.lock().unwrap_or_else(PoisonError::into_inner).len();

    // Version 0 would say that no version was seen.
    live.run(&format!("INSERT INTO {name} (id) VALUES (0)")).await;
    let plan = live.plan(vec![declared(name.clone(), 1)]).await;
    live.run(&format!("ALTER TABLE {name} SET TBLPROPERTIES ('theirs' = 'kept')")).await;
    let report = live.engine.apply(plan).await.expect("a report");
    let is_passed_over = matches!(&report.executions[0], Execution::Applied { tolerated, .. } if tolerated == &[2]);
    assert!(is_passed_over, "{:?}", report.executions);
    assert_eq!(met(), 1);
    let observed = live.observe_with(&live.catalog, &[&name]).await;
    assert_eq!(crate::support::present(&observed[0]).properties["theirs"], "kept");

    let plan = live.plan(vec![declared(name.clone(), 2)]).await;
    live.run(&format!("ALTER TABLE {name} ADD COLUMN theirs INT")).await;
    let observed = live.observe_with(&live.catalog, &[&name]).await;
    let version = crate::support::present(&observed[0]).version;
    live.run(&format!("INSERT INTO {name} (id) VALUES (1)")).await;
    let report = live.engine.apply(plan).await.expect("a report");
    let Execution::Stale(failure) = &report.executions[0] else { panic!("{report}") };
    assert!(names_others(&failure.message), "{failure:?}");
    let named = [format!("version {version}, ADD COLUMNS"), format!("version {}, WRITE", version + 1)];
    assert!(named.iter().all(|commit| failure.message.contains(commit)), "{failure:?}");
    assert_eq!(met(), 2);
    live.end().await;
}

/// An insert that began before a change of the metadata and ends after it: the insert loses, and is told so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insert_that_is_overtaken_by_a_change_is_refused_and_not_lost() {
    let Some(live) = live("slow_insert").await else { return };
    let session = live.other.new_session().await.expect("a session");
    let mut is_overtaken = false;
    // On a busy machine a change may take longer than a slow insert does.
    for (turn, sleep) in [SLOW, 4 * SLOW, 16 * SLOW].into_iter().enumerate() {
        let name = live.name(&format!("t{turn}"));
        live.sync(vec![declared(name.clone(), 0)]).await;
        let slow = format!(
            "INSERT INTO {name} (id) SELECT id FROM range(1) WHERE java_method('java.lang.Thread', 'sleep', {sleep}L) IS NULL OR id = 0"
        );
        let insert = {
            let session = session.clone();
            tokio::spawn(async move { session.execute(&slow, &CancellationToken::new()).await })
        };
        tokio::time::sleep(Duration::from_millis(sleep / 4)).await;
        live.sync(vec![declared(name.clone(), 1)]).await;
        let rows = match insert.await.expect("an end") {
            Err(Failure::Refused(refusal)) => {
                assert!(refusal.is("DELTA_METADATA_CHANGED"), "{refusal}");
                is_overtaken = true;
                vec![]
            }
            Ok(_) => vec![0_i64],
            other @ Err(_) => panic!("{other:?}"),
        };
        assert_eq!(numbers(&live, &format!("SELECT id FROM {name}")).await, rows, "told one thing and did another");
        if is_overtaken {
            break;
        }
    }
    assert!(is_overtaken, "no insert was slower than a change");
    session.close().await;
    live.end().await;
}

/// Two make the same change at once: each does it, finds it done, or says that the other was in its way; nobody does harm.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_engines_that_make_the_same_change_at_once_end_well_or_say_why_on_the_newest_spark() {
    let Some(live) = live("both").await else { return };
    live.sync(vec![declared(live.name("t"), 0)]).await;
    let rival = crate::support::rival(&live).await;
    for change in 1..=3 {
        let wanted = registry(vec![declared(live.name("t"), change)]);
        let (ours, theirs) = tokio::join!(live.engine.sync(&wanted), rival.sync(&wanted));
        for end in [ours, theirs] {
            let executions = match end {
                Ok(report) => report.executions,
                Err(SyncFailed::Tables(report)) => report.executions,
                Err(SyncFailed::Run(error)) => panic!("{error}"),
            };
            let is_told = |execution: &Execution| match execution.failure() {
                // The commits of both name the same plan, so that neither is told from one's own.
                Some(failure) => blames_others(&failure.message),
                None => execution.is_applied() || *execution == Execution::NotRun,
            };
            assert!(executions.iter().all(is_told), "{executions:?}");
        }
        live.sync(vec![declared(live.name("t"), change)]).await;
    }
    live.end().await;
}
