//! Every fault at every moment: a statement is accepted at most once, and what is said of it is true.

use std::time::Duration;

use delta_engine_spark::client::{Ambiguity, Client, Failure, Unavailable};
use delta_engine_testkit::connect::{Conduct, Fault, Faults, Journal, Moment, Rpc, ScriptedServer};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::support::{QUERY, STATEMENT, connect, start};

/// What became of a request, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Done,
    Refused,
    Ambiguous,
    Unavailable,
    Interrupted,
}

fn outcome<T>(result: &Result<T, Failure>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(Failure::Refused(_)) => Outcome::Refused,
        Err(Failure::Ambiguous(_)) => Outcome::Ambiguous,
        Err(Failure::Unavailable(_)) => Outcome::Unavailable,
        Err(Failure::Interrupted(_)) => Outcome::Interrupted,
    }
}

async fn ready(conduct: Conduct) -> (ScriptedServer, Client) {
    let server = start(Faults::none(), conduct).await;
    let client = connect(&server).await;
    (server, client)
}

/// Runs the statement with these faults.
async fn execute(faults: Faults, conduct: Conduct) -> (Result<(), Failure>, Journal) {
    let (server, client) = ready(conduct).await;
    server.set_faults(faults);
    let result = client.execute(STATEMENT, &CancellationToken::new()).await.map(|_| ());
    (result, server.journal())
}

/// What must hold whatever happened.
fn check_truth(case: &str, outcome: Outcome, journal: &Journal) {
    let (accepted, run) = (journal.times_accepted(STATEMENT), journal.times_run(STATEMENT));
    assert!(accepted <= 1, "{case}: accepted {accepted} times");
    match outcome {
        Outcome::Done => assert_eq!((accepted, run), (1, 1), "{case}"),
        Outcome::Unavailable => assert_eq!((accepted, run), (0, 0), "{case}"),
        Outcome::Ambiguous => {}
        Outcome::Refused | Outcome::Interrupted => panic!("{case}: {outcome:?}, and nobody refused or interrupted"),
    }
}

/// Servers that answer at once, that take their time, and that end streams early.
fn conducts() -> [(&'static str, Conduct); 3] {
    let slow = Conduct { duration: Duration::from_millis(30), ..Conduct::default() };
    let short = Conduct { longest_stream: Some(Duration::from_millis(5)), ..slow.clone() };
    [("at once", Conduct::default()), ("slow", slow), ("slow, short streams", short)]
}

/// Runs cases side by side, which mostly wait, and adds up the faults that were injected.
async fn all<F: Future<Output = usize>>(cases: impl IntoIterator<Item = F>) -> usize {
    const AT_ONCE: usize = 16;
    futures::stream::iter(cases).buffer_unordered(AT_ONCE).fold(0, |sum, faults| async move { sum + faults }).await
}

/// A fault at one moment after the other, until there is no such moment any more.
async fn at_every_moment(name: &str, conduct: Conduct, fault: Fault) -> usize {
    let mut injected = 0;
    for number in 0..12 {
        let case = format!("{name}, {fault:?} at {number}");
        let (result, journal) = execute(Faults::at(number, fault), conduct.clone()).await;
        check_truth(&case, outcome(&result), &journal);
        if journal.faults == 0 {
            assert_eq!(outcome(&result), Outcome::Done, "{case}");
            break;
        }
        injected += journal.faults;
        let expected = match (fault, number) {
            // A server that asks to wait has not taken it; whether a plan that never came is under way nobody knows.
            (Fault::Throttle(_) | Fault::Busy, 0) => Some(Outcome::Done),
            (Fault::Cut | Fault::End | Fault::Unavailable | Fault::Disconnected, 0) => Some(Outcome::Ambiguous),
            // `interrupt` lets it hang.
            (Fault::LoseSession | Fault::Restart | Fault::ForgetOperations | Fault::Hang, _) => None,
            // What was accepted is seen to its end.
            (
                Fault::Cut | Fault::End | Fault::Unavailable | Fault::Disconnected | Fault::Throttle(_) | Fault::Busy,
                _,
            ) => Some(Outcome::Done),
        };
        assert!(expected.is_none_or(|it| it == outcome(&result)), "{case}: {result:?}");
    }
    injected
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_fault_at_every_moment() {
    let cases = conducts()
        .into_iter()
        .flat_map(|(name, conduct)| Fault::ALL.map(|fault| Box::pin(at_every_moment(name, conduct.clone(), fault))));
    let injected = all(cases).await;
    assert!(injected >= 100, "{injected} faults");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_faults_at_every_pair_of_moments() {
    const MOMENTS: [(usize, usize); 7] = [(0, 1), (0, 3), (1, 2), (1, 4), (2, 3), (2, 4), (3, 4)];
    let faults = Fault::ALL.iter().flat_map(|one| Fault::ALL.iter().map(move |other| (*one, *other)));
    let cases = faults.flat_map(|(one, other)| {
        MOMENTS.map(|(first, second)| {
            Box::pin(async move {
                let case = format!("{one:?} at {first}, {other:?} at {second}");
                let schedule = Faults::at_each([(first, one), (second, other)]);
                let (result, journal) = execute(schedule, Conduct::default()).await;
                check_truth(&case, outcome(&result), &journal);
                journal.faults
            })
        })
    });
    let injected = all(cases).await;
    assert!(injected >= 500, "{injected} faults");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_keeps_its_rows_through_every_cut() {
    for fault in [Fault::Cut, Fault::End, Fault::Unavailable, Fault::Disconnected, Fault::ForgetOperations] {
        for number in 0..12 {
            let (server, client) = ready(Conduct::default()).await;
            server.set_faults(Faults::at(number, fault));
            let answer = client.query(QUERY).await;
            let rows = answer.as_ref().map(|answer| answer.rows().unwrap().len());
            assert!(matches!(rows, Ok(3)), "{fault:?} at {number}: {answer:?}");
            if server.journal().faults == 0 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_long_statement_outlives_its_streams() {
    let conduct = Conduct {
        duration: Duration::from_millis(400),
        longest_stream: Some(Duration::from_millis(50)),
        ..Conduct::default()
    };
    let (result, journal) = execute(Faults::none(), conduct).await;
    assert_eq!(outcome(&result), Outcome::Done, "{result:?}");
    assert!(journal.count(Rpc::ReattachExecute) >= 3, "{}", journal.count(Rpc::ReattachExecute));
    assert_eq!((journal.count(Rpc::ExecutePlan), journal.times_run(STATEMENT)), (1, 1));
}

#[tokio::test]
async fn a_plan_that_never_came_is_not_sent_again() {
    let (result, journal) = execute(Faults::at(0, Fault::Cut), Conduct::default()).await;
    assert!(matches!(result, Err(Failure::Ambiguous(Ambiguity::Unknown))), "{result:?}");
    assert_eq!((journal.count(Rpc::ExecutePlan), journal.accepted.len()), (1, 0));
}

#[tokio::test]
async fn a_plan_that_was_put_off_goes_again_under_its_old_name() {
    let throttled = Fault::Throttle(Duration::from_millis(5));
    let (result, journal) = execute(Faults::at_each([(0, throttled), (2, throttled)]), Conduct::default()).await;
    assert_eq!(outcome(&result), Outcome::Done, "{result:?}");
    let ids: Vec<_> = journal.asked.iter().filter(|it| it.rpc == Rpc::ExecutePlan).map(|it| &it.operation).collect();
    assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert!(journal.count(Rpc::ReattachExecute) >= 1, "asked first whether it is known");
    assert_eq!(journal.times_accepted(STATEMENT), 1);
}

#[tokio::test]
async fn a_statement_that_the_server_has_forgotten_is_not_sent_again() {
    // Asked, accepted, the first message: before the last one the server knows nothing of it any more.
    let (result, journal) = execute(Faults::at(3, Fault::ForgetOperations), Conduct::default()).await;
    assert!(matches!(result, Err(Failure::Ambiguous(Ambiguity::Forgotten))), "{result:?}");
    assert_eq!(journal.times_accepted(STATEMENT), 1);
}

#[tokio::test]
async fn a_server_that_is_gone_leaves_the_question_open() {
    let (server, client) = ready(Conduct { duration: Duration::from_secs(20), ..Conduct::default() }).await;
    let cancellation = CancellationToken::new();
    let statement = client.execute(STATEMENT, &cancellation);
    let gone = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(server);
    };
    let (result, ()) = tokio::join!(statement, gone);
    assert!(matches!(result, Err(Failure::Ambiguous(Ambiguity::ConnectionLost { .. }))), "{result:?}");
    // Nothing more is sent, and that is known.
    let result = client.execute(STATEMENT, &cancellation).await;
    assert!(matches!(result, Err(Failure::Unavailable(Unavailable::NotReached { .. }))), "{result:?}");
}

#[tokio::test]
async fn a_restarted_server_is_another_one() {
    let (server, client) = ready(Conduct::default()).await;
    client.set(&[("spark.sql.variable.substitute", "false")]).await.unwrap();
    server.strike(Fault::Restart);
    // The first one may still go out over the broken connection, and nobody knows how far.
    let first = client.execute(STATEMENT, &CancellationToken::new()).await.unwrap_err();
    assert!(first.session_is_lost(), "{first:?}");
    let second = client.execute(STATEMENT, &CancellationToken::new()).await.unwrap_err();
    assert!(matches!(second, Failure::Unavailable(Unavailable::SessionLost { .. })), "{second:?}");
    let failure = client.settings(&["spark.sql.variable.substitute"]).await.unwrap_err();
    assert!(failure.session_is_lost(), "{failure:?}");
    assert_eq!(server.journal().accepted, [], "nothing runs in a session without its settings");
    let fresh = client.new_session().await.unwrap();
    fresh.execute(STATEMENT, &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn throttling_is_waited_out_for_as_long_as_the_server_asks() {
    let wait = Duration::from_millis(200);
    let began = std::time::Instant::now();
    let (result, journal) = execute(Faults::at(0, Fault::Throttle(wait)), Conduct::default()).await;
    assert_eq!(outcome(&result), Outcome::Done, "{result:?}");
    assert!(began.elapsed() >= wait, "{:?}", began.elapsed());
    assert_eq!(journal.times_accepted(STATEMENT), 1);

    let (server, client) = ready(Conduct::default()).await;
    server.set_faults(Faults::new(|moment| {
        (moment == Moment::Asked(Rpc::Config)).then_some(Fault::Throttle(Duration::from_secs(60)))
    }));
    let failure = client.settings(&["a"]).await.unwrap_err();
    assert!(matches!(failure, Failure::Unavailable(Unavailable::Busy { .. })), "{failure:?}");
}

#[tokio::test]
async fn small_requests_survive_what_passes() {
    for fault in [Fault::Cut, Fault::Unavailable, Fault::Throttle(Duration::from_millis(5)), Fault::Busy] {
        let (server, client) = ready(Conduct::default()).await;
        let mut left = 3;
        server.set_faults(Faults::new(move |moment| {
            let strikes = moment == Moment::Asked(Rpc::Config) && left > 0;
            left -= usize::from(strikes);
            strikes.then_some(fault)
        }));
        assert!(client.settings(&["a"]).await.is_ok(), "{fault:?}");
        assert_eq!(server.journal().faults, 3, "{fault:?}");
    }
}
