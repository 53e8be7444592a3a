//! Stopping: what the server did about it, and what is known of it.

use std::time::{Duration, Instant};

use delta_engine_spark::client::{Answer, Failure, Interruption};
use delta_engine_testkit::connect::{Conduct, Fault, Faults, Journal, Moment, Rpc};
use tokio_util::sync::CancellationToken;

use crate::support::{QUERY, STATEMENT, connect, start};

const LONG: Duration = Duration::from_secs(20);

/// A statement that takes so long, cancelled after a while.
async fn check(duration: Duration, cancelled_after: Duration, faults: Faults) -> (Result<Answer, Failure>, Journal) {
    let server = start(Faults::none(), Conduct { duration, ..Conduct::default() }).await;
    let client = connect(&server).await;
    server.set_faults(faults);
    let cancellation = CancellationToken::new();
    let cancel = cancellation.clone();
    tokio::spawn(async move {
        tokio::time::sleep(cancelled_after).await;
        cancel.cancel();
    });
    let began = Instant::now();
    let result = client.execute(STATEMENT, &cancellation).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    (result, server.journal())
}

fn interruption(result: &Result<Answer, Failure>) -> Option<Interruption> {
    match result {
        Err(Failure::Interrupted(interruption)) => Some(*interruption),
        Ok(_) | Err(Failure::Refused(_) | Failure::Ambiguous(_) | Failure::Unavailable(_)) => None,
    }
}

#[tokio::test]
async fn before_it_is_sent() {
    let server = start(Faults::none(), Conduct::default()).await;
    let client = connect(&server).await;
    let cancellation = CancellationToken::new();
    cancellation.cancel();
    let result = client.execute(STATEMENT, &cancellation).await;
    assert_eq!(interruption(&result), Some(Interruption::BeforeSent));
    assert_eq!(server.journal().count(Rpc::ExecutePlan), 0);
}

#[tokio::test]
async fn while_it_runs() {
    let (result, journal) = check(LONG, Duration::from_millis(100), Faults::none()).await;
    assert_eq!(interruption(&result), Some(Interruption::Stopped), "{result:?}");
    assert_eq!((journal.count(Rpc::Interrupt), journal.times_run(STATEMENT)), (1, 0));
}

#[tokio::test]
async fn while_it_runs_and_the_connection_breaks() {
    let cut = |moment| (moment == Moment::Asked(Rpc::Interrupt)).then_some(Fault::Cut);
    let mut once = Some(cut);
    let faults = Faults::new(move |moment| {
        let fault = once.as_ref().and_then(|cut| cut(moment));
        once.take_if(|_| fault.is_some());
        fault
    });
    let (result, journal) = check(LONG, Duration::from_millis(100), faults).await;
    assert_eq!(interruption(&result), Some(Interruption::Stopped), "{result:?}");
    assert_eq!(journal.count(Rpc::Interrupt), 2);
}

#[tokio::test]
async fn a_statement_that_was_quicker_is_done() {
    // It ends while the server is asked to stop it.
    let faults = Faults::new(|moment| (moment == Moment::Asked(Rpc::Interrupt)).then_some(Fault::Unavailable));
    let (result, journal) = check(Duration::from_millis(300), Duration::from_millis(100), faults).await;
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(journal.times_run(STATEMENT), 1);
}

#[tokio::test]
async fn a_server_that_does_not_answer_may_still_be_running_it() {
    let faults = Faults::new(|moment| match moment {
        Moment::Asked(Rpc::Interrupt | Rpc::ReattachExecute) => Some(Fault::Cut),
        Moment::Asked(_) | Moment::Accepted | Moment::Message(_) | Moment::Said => None,
    });
    let (result, _) = check(LONG, Duration::from_millis(100), faults).await;
    assert_eq!(interruption(&result), Some(Interruption::MayBeRunning), "{result:?}");
}

#[tokio::test]
async fn a_server_that_is_silent_is_waited_for_no_longer_than_there_is_patience() {
    // It takes the statement, and from then on says nothing, whatever it is asked.
    for silent_from in [Moment::Asked(Rpc::Interrupt), Moment::Accepted] {
        let mut is_silent = false;
        let faults = Faults::new(move |moment| {
            is_silent |= moment == silent_from;
            is_silent.then_some(Fault::Hang)
        });
        let began = Instant::now();
        let (result, journal) = check(LONG, Duration::from_millis(100), faults).await;
        assert_eq!(interruption(&result), Some(Interruption::MayBeRunning), "{silent_from:?}: {result:?}");
        assert_eq!(journal.count(Rpc::Interrupt), 1, "{silent_from:?}");
        // 100 ms until it is cancelled, and then 600.
        assert!(began.elapsed() < Duration::from_millis(1500), "{silent_from:?}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_leaves_nothing_running() {
    let server = start(Faults::none(), Conduct { duration: LONG, ..Conduct::default() }).await;
    let client = connect(&server).await;
    let dropped = tokio::time::timeout(Duration::from_millis(100), client.query(QUERY)).await;
    assert!(dropped.is_err());
    for _ in 0..100 {
        if server.journal().count(Rpc::ReleaseExecute) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let journal = server.journal();
    assert_eq!((journal.count(Rpc::Interrupt), journal.count(Rpc::ReleaseExecute)), (1, 1));
    assert_eq!(journal.times_run(QUERY), 0);
}
