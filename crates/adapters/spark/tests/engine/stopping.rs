//! A run that is stopped on a server that has fallen silent: it ends soon, and says what is not known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use delta_engine_application::{CancellationToken, Execution};
use delta_engine_spark::client::Patience;
use delta_engine_spark::{Address, Server};
use delta_engine_testkit::connect::{Conduct, Fault, Faults, Moment, Rpc, ScriptedServer};

use crate::run::{after, registry, start, there};
use crate::tables::Tables;

/// Long enough that a statement is met while it runs.
const RUNS: Duration = Duration::from_millis(200);

/// A schedule by which the server falls silent when the switch is turned.
fn silence() -> (Arc<AtomicBool>, Faults) {
    let is_silent = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_silent);
    (switch, Faults::new(move |_| is_silent.load(Ordering::Relaxed).then_some(Fault::Hang)))
}

/// Waits for a request that the server has taken.
async fn taken(server: &ScriptedServer, is_meant: impl Fn(&str) -> bool) {
    let began = Instant::now();
    while !server.journal().accepted.iter().any(|accepted| is_meant(&accepted.statement)) {
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", server.journal().accepted);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What becomes of the tables of a run that is stopped, on a server that is silent from then on, when it has taken such a
/// statement; and how long that took.
async fn stopped(is_meant: impl Fn(&str) -> bool) -> (Vec<Execution>, Duration) {
    let (server, engine) =
        start(&Tables::new(&["s"], &there()), Conduct { duration: RUNS, ..Conduct::default() }).await;
    let (switch, faults) = silence();
    server.set_faults(faults);
    let stop = CancellationToken::new();
    let engine = engine.with_cancellation(stop.clone());
    let plan = engine.plan(&registry(after())).await.expect("a plan");
    let before = server.journal().accepted.len();
    let stopping = async {
        taken(&server, |statement| {
            server.journal().accepted.iter().skip(before).any(|it| it.statement == statement) && is_meant(statement)
        })
        .await;
        switch.store(true, Ordering::Relaxed);
        stop.cancel();
        Instant::now()
    };
    let (report, began) = tokio::join!(engine.apply(plan), stopping);
    (report.expect("a report").executions, began.elapsed())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_under_way_may_still_be_running() {
    let (executions, waited) = stopped(|statement| statement.starts_with("ALTER TABLE `s`.`orders`")).await;
    let told = |execution: &Execution| execution.failure().map(|failure| failure.message.clone()).unwrap_or_default();
    let unclear: Vec<_> = executions.iter().filter(|execution| matches!(execution, Execution::Unclear(_))).collect();
    assert!(!unclear.is_empty(), "{executions:?}");
    assert!(unclear.iter().all(|end| told(end).contains("may still be running on the server")), "{executions:?}");
    // 300 ms for the statement's end, and as long for a look at the table.
    assert!(waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_before_the_first_statement_is_not_waited_for() {
    let (executions, waited) = stopped(|statement| statement == "DESCRIBE DETAIL `s`.`orders`").await;
    assert!(executions.iter().any(|execution| matches!(execution, Execution::Interrupted)), "{executions:?}");
    assert!(waited < Duration::from_secs(3), "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_after_a_stopped_one_waits_for_its_answers() {
    // Longer than an answer is waited for once a run is stopped.
    let duration = 2 * crate::run::patience().stop;
    let (_server, engine) = start(&Tables::new(&["s"], &there()), Conduct { duration, ..Conduct::default() }).await;
    let stop = CancellationToken::new();
    let stopped = engine.clone().with_cancellation(stop.clone());
    let plan = stopped.plan(&registry(after())).await.expect("a plan");
    stop.cancel();
    let report = stopped.apply(plan).await.expect("a report");
    assert!(report.executions.iter().any(|execution| matches!(execution, Execution::Interrupted)), "{report}");
    engine.plan(&registry(after())).await.expect("a plan of a run that nobody stopped");
}

#[tokio::test]
async fn a_session_whose_end_nobody_confirms_is_left_behind() {
    let conduct = Conduct {
        version: "4.0.0".to_owned(),
        settings: [("spark.master", "local"), ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        hidden_settings: ["spark.sql.catalog.spark_catalog".to_owned()].into(),
        ..Conduct::default()
    };
    let silent = Faults::new(|moment| (moment == Moment::Asked(Rpc::ReleaseSession)).then_some(Fault::Hang));
    let tables = Tables::new(&[], &[]);
    let scripted = ScriptedServer::start(tables, silent, conduct).await.expect("a server");
    let address = Address::parse(&scripted.url()).expect("an address");
    let server = Server::connect(&address, Patience::default()).await.expect("a server");
    let began = Instant::now();
    server.close().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(scripted.journal().count(Rpc::ReleaseSession), 1);
}
