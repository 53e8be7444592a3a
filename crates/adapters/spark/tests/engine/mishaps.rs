//! What happens within the server: errors after a commit, writers that were faster.

use delta_engine_application::Execution;
use delta_engine_schema::model::ObservedTable;
use delta_engine_testkit::connect::{Conduct, Refused};

use crate::run::{Ended, Trouble, check};
use crate::tables::Mishap;

const CONFLICTS: [&str; 4] = [
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_CONCURRENT_WRITE",
    "DELTA_CONCURRENT_APPEND.WITHOUT_HINT",
];

fn refused(class: &str) -> Refused {
    Refused::new(class, "told so by the script")
}

/// An exception of the JVM's, which has no class of Spark's.
fn bare() -> Refused {
    Refused { message: "java.lang.OutOfMemoryError: Java heap space".to_owned(), ..Refused::default() }
}

/// One mishap, with each statement that changes something.
async fn each(name: &str, mishap: Mishap) -> Vec<Ended> {
    let mut ends = Vec::new();
    for at in 0.. {
        let this = mishap.clone();
        let mishaps = Box::new(move |number| (number == at).then(|| this.clone()));
        let ended = check(&format!("{name} at {at}"), Conduct::default(), Trouble::within(mishaps)).await;
        if ended.changes <= at {
            return ends;
        }
        ends.push(ended);
    }
    ends
}

fn is_applied(ended: &Ended) -> bool {
    ended.report.as_ref().is_some_and(|report| report.executions.iter().all(Execution::is_applied))
}

#[tokio::test]
async fn an_error_after_the_commit_is_no_failure() {
    for refused in [
        refused("DELTA_POST_COMMIT_HOOK_FAILED"),
        refused("DELTA_UNIVERSAL_FORMAT_CONVERSION_FAILED"),
        refused("INTERNAL_ERROR"),
        refused("OPERATION_CANCELED"),
        bare(),
    ] {
        let ends = each(&format!("{refused:?} after"), Mishap::AfterCommit(refused)).await;
        assert!(ends.len() >= 8, "{} statements", ends.len());
        for ended in ends {
            assert!(is_applied(&ended), "{:?}", ended.report.map(|report| report.executions));
        }
    }
}

#[tokio::test]
async fn an_error_of_the_servers_own_is_told_and_not_tried_again() {
    let statements = each("nothing", Mishap::AfterCommit(refused("DELTA_POST_COMMIT_HOOK_FAILED"))).await.len();
    for (error, words) in
        [(bare(), "Java heap space"), (refused("OPERATION_CANCELED"), "somebody stopped the statement")]
    {
        let mut passed = 0;
        for (at, ended) in each("instead", Mishap::Instead(error)).await.into_iter().enumerate() {
            if is_applied(&ended) {
                // A schema is created again without harm.
                passed += 1;
                continue;
            }
            let report = ended.report.expect("a report");
            let failures: Vec<&str> =
                report.executions.iter().filter_map(Execution::failure).map(|failure| &*failure.message).collect();
            assert!(matches!(failures[..], [one] if one.contains(words)), "at {at}: {failures:?}");
            assert!(ended.changes <= statements, "at {at}: {} statements", ended.changes);
        }
        assert_eq!(passed, 1);
    }
}

#[tokio::test]
async fn a_conflict_is_looked_into_and_the_same_plan_goes_on() {
    for class in CONFLICTS {
        for ended in each(class, Mishap::Instead(refused(class))).await {
            assert!(is_applied(&ended), "{class}: {:?}", ended.report.map(|report| report.executions));
        }
    }
}

#[tokio::test]
async fn a_change_of_somebody_elses_that_does_not_matter_is_passed_over() {
    let mishap = Mishap::Overtaken(owned, refused("DELTA_METADATA_CHANGED"));
    fn owned(table: &mut ObservedTable) {
        table.properties.insert("team.unheard".to_owned(), "of".to_owned());
    }
    for ended in each("overtaken", mishap).await {
        assert!(is_applied(&ended), "{:?}", ended.report.map(|report| report.executions));
    }
}

#[tokio::test]
async fn a_change_of_somebody_elses_that_matters_stops_the_table() {
    fn another(table: &mut ObservedTable) {
        table.columns.push(delta_engine_schema::model::Column::new("theirs", "string".parse().expect("a type")));
    }
    let mut stopped = 0;
    for ended in each("overtaken", Mishap::Overtaken(another, refused("DELTA_METADATA_CHANGED"))).await {
        let ends = [ended.of("s.orders"), ended.of("t.first")];
        let is_stopped = |end: &&&Execution| matches!(end, Execution::Stale(_) | Execution::PartlyApplied { .. });
        for end in ends.iter().filter(is_stopped) {
            let told = &end.failure().expect("a failure").message;
            assert!(
                told.contains("the other commit is version ") && told.contains(", SET TBLPROPERTIES by another"),
                "{told}"
            );
            stopped += 1;
        }
        // The other table is done.
        assert!(ends.iter().any(|end| matches!(end, Execution::Applied { .. })), "{ends:?}");
    }
    assert!(stopped >= 5, "{stopped}");
}

#[tokio::test]
async fn what_another_writer_has_done_is_not_done_again() {
    for class in ["DELTA_METADATA_CHANGED", "FIELD_ALREADY_EXISTS", "TABLE_OR_VIEW_ALREADY_EXISTS"] {
        for ended in each(class, Mishap::Anticipated(refused(class))).await {
            assert!(is_applied(&ended), "{class}: {:?}", ended.report.map(|report| report.executions));
        }
    }
}
