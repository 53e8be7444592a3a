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
    assert!(words.iter().all(|word| blames_others(word)), "{words:?}");
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
    assert!(words.iter().all(|word| blames_others(word)), "{words:?}");
    assert!(written.accepted.len() >= 2);
    let observed = live.observe_with(&live.catalog, &[&live.name("t")]).await;
    let theirs = crate::support::present(&observed[0]).properties.get("theirs.n").cloned();
    assert_eq!(theirs, written.accepted.last().map(ToString::to_string));
    live.sync(vec![declared(live.name("t"), changes + 1)]).await;
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
                Some(failure) => blames_others(&failure.message),
                None => execution.is_applied() || *execution == Execution::NotRun,
            };
            assert!(executions.iter().all(is_told), "{executions:?}");
        }
        live.sync(vec![declared(live.name("t"), change)]).await;
    }
    live.end().await;
}
