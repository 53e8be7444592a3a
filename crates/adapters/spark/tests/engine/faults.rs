//! What happens on the way to the server, at every moment of a run: reading, settings, statements, looking again.

use std::time::Duration;

use delta_engine_application::Execution;
use delta_engine_testkit::connect::{Conduct, Fault, Faults};
use futures::StreamExt;

use crate::run::{Trouble, check};

/// Runs at once: they mostly wait.
const RUNS: usize = 8;

/// Faults at these moments, of all there are.
fn at(faults: impl IntoIterator<Item = (usize, Fault)>) -> Trouble {
    let faults: Vec<(usize, Fault)> = faults.into_iter().collect();
    let mut number = 0;
    Trouble::on_the_way(Faults::new(move |_| {
        number += 1;
        faults.iter().find(|(at, _)| *at == number - 1).map(|(_, fault)| *fault)
    }))
}

/// How many moments a run has when nothing goes wrong.
async fn moments() -> usize {
    let (sender, receiver) = std::sync::mpsc::channel();
    let counting = Faults::new(move |_| {
        // The run that follows counts for nobody.
        let _ = sender.send(());
        None
    });
    let ended = check("nothing", Conduct::default(), Trouble::on_the_way(counting)).await;
    assert!(ended.report.is_some_and(|report| report.executions.iter().all(Execution::is_applied)));
    receiver.try_iter().count()
}

#[derive(Default)]
struct Tally {
    runs: usize,
    faults: usize,
    unclear: usize,
    clean: usize,
}

/// What it is called, how the server behaves, and what goes wrong at which moment.
type Case = (String, Conduct, Vec<(usize, Fault)>);

async fn check_all(cases: Vec<Case>) -> Tally {
    let runs = cases.into_iter().map(|(case, conduct, faults)| async move {
        tokio::spawn(async move { check(&case, conduct, at(faults)).await }).await.expect("a run that holds")
    });
    let mut runs = futures::stream::iter(runs).buffer_unordered(RUNS);
    let mut tally = Tally::default();
    while let Some(ended) = runs.next().await {
        let executions = ended.report.map(|report| report.executions).unwrap_or_default();
        let any_unclear = executions.iter().any(|execution| matches!(execution, Execution::Unclear(_)));
        tally.runs += 1;
        tally.faults += ended.journal.faults;
        tally.unclear += usize::from(any_unclear);
        tally.clean += usize::from(!executions.is_empty() && executions.iter().all(Execution::is_applied));
    }
    tally
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fault_at_every_moment_of_a_run() {
    let moments = moments().await;
    let mut cases = Vec::new();
    for number in 0..moments {
        // Cut and restarted everywhere, and one after the other of what else can happen.
        let others = [Fault::LoseSession, Fault::Throttle(Duration::from_millis(5)), Fault::End, Fault::Unavailable];
        for fault in [Fault::Cut, Fault::Restart, others[number % 4], others[(number + 1) % 4]] {
            cases.push((format!("{fault:?} at {number}"), Conduct::default(), vec![(number, fault)]));
        }
    }
    let Tally { runs, faults, unclear, clean } = check_all(cases).await;
    println!("{moments} moments: {runs} runs, {faults} faults; {clean} went through, {unclear} left a table unclear");
    assert!(faults >= 500, "{faults} faults");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_faults_while_statements_run() {
    let moments = moments().await;
    let mut cases = Vec::new();
    for (index, number) in (moments / 4..moments).step_by(15).enumerate() {
        for (other, one) in Fault::ALL.into_iter().enumerate() {
            let two = Fault::ALL[(index + other) % Fault::ALL.len()];
            let next = number + 1 + (index + other) % 4;
            cases.push((
                format!("{one:?} at {number}, {two:?} at {next}"),
                Conduct::default(),
                vec![(number, one), (next, two)],
            ));
        }
    }
    let Tally { runs, faults, unclear, clean } = check_all(cases).await;
    println!("{runs} runs, {faults} faults; {clean} went through, {unclear} left a table unclear");
    assert!(2 * faults > 3 * runs, "{faults} faults in {runs} runs");
}

/// Statements take their time, so a session or a server goes while one is under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_while_statements_are_under_way() {
    let slow = Conduct {
        duration: Duration::from_millis(6),
        longest_stream: Some(Duration::from_millis(2)),
        ..Conduct::default()
    };
    let kinds = [Fault::Cut, Fault::LoseSession, Fault::Restart, Fault::ForgetOperations];
    let case =
        |number: usize, fault: Fault| (format!("slow, {fault:?} at {number}"), slow.clone(), vec![(number, fault)]);
    let cases = (0..100).step_by(5).flat_map(|number| kinds.map(|fault| case(number, fault))).collect();
    let Tally { runs, faults, unclear, clean } = check_all(cases).await;
    println!("{runs} runs, {faults} faults; {clean} went through, {unclear} left a table unclear");
    assert_eq!(faults, runs);
}
