//! What a failed statement means for what comes next.
//!
//! A server answers with classes of errors; those that say that the table is not as the plan saw it are conflicts, those that
//! come after the commit or may do so leave open what happened, and all others are refusals (Delta
//! `delta-error-classes.json`).

use std::error::Error;

use delta_engine_application::port::{ErrorKind, ExecutionError};

use crate::catalog::{first_part, is_permission};
use crate::client::{Failure, Interruption, Refusal};

/// Raised after the commit was written.
const AFTER_COMMIT: [&str; 2] = ["DELTA_POST_COMMIT_HOOK_FAILED", "DELTA_UNIVERSAL_FORMAT_CONVERSION_FAILED"];

/// Raised by what nobody foresaw, before the commit or after it. What has no class at all is an exception of the JVM's.
const UNFORESEEN: &str = "INTERNAL_ERROR";

/// Another writer was faster.
const RACES: [&str; 12] = [
    "DELTA_METADATA_CHANGED",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_CONCURRENT_APPEND",
    "DELTA_CONCURRENT_DELETE_READ",
    "DELTA_CONCURRENT_DELETE_DELETE",
    "DELTA_CONCURRENT_TRANSACTION",
    "DELTA_CONCURRENT_WRITE",
    "DELTA_MAX_COMMIT_RETRIES_EXCEEDED",
    "DELTA_FEATURE_DROP_CONFLICT_REVALIDATION_FAIL",
    "DELTA_SCHEMA_CHANGE_SINCE_ANALYSIS",
    "DELTA_TABLE_NOT_FOUND",
    "TABLE_OR_VIEW_NOT_FOUND",
];

/// What the plan held for missing is there, or the other way about: it saw another table.
const OTHERWISE: [&str; 8] = [
    "TABLE_OR_VIEW_ALREADY_EXISTS",
    "FIELD_ALREADY_EXISTS",
    "COLUMN_ALREADY_EXISTS",
    "DELTA_COLUMN_NOT_FOUND_IN_SCHEMA",
    "DELTA_CONSTRAINT_ALREADY_EXISTS",
    "DELTA_CONSTRAINT_DOES_NOT_EXIST",
    "DELTA_TABLE_ALREADY_EXISTS",
    "UNRESOLVED_COLUMN",
];

const PLAN_AGAIN: &str = "plan again: the plan shows whether the change is there";

/// The error of a statement that failed.
pub(super) fn error(failure: Failure, creates: bool) -> ExecutionError {
    match failure {
        Failure::Refused(refusal) => refused(refusal, creates),
        Failure::Ambiguous(_) => {
            with_cause(ErrorKind::Ambiguous, "it is not known whether the statement ran", PLAN_AGAIN, failure)
        }
        Failure::Unavailable(_) => not_sent(failure),
        Failure::Interrupted(Interruption::BeforeSent) => interrupted(),
        // It has ended; what was done until then is found by looking at the table.
        Failure::Interrupted(Interruption::Stopped) => {
            with_cause(ErrorKind::Broken, "the statement was stopped", PLAN_AGAIN, failure)
        }
        Failure::Interrupted(Interruption::MayBeRunning) => may_be_running(),
    }
}

fn refused(refusal: Box<Refusal>, creates: bool) -> ExecutionError {
    let is = |classes: &[&str]| classes.iter().any(|class| refusal.is(class));
    let words = first_part(&refusal);
    if is(&AFTER_COMMIT) {
        let message = format!("the change was committed, and then the server failed: {words}");
        return plain(ErrorKind::Broken, message, Some(PLAN_AGAIN));
    }
    if refusal.is("OPERATION_CANCELED") {
        let message = format!("somebody stopped the statement on the server: {words}");
        return plain(ErrorKind::Broken, message, Some(PLAN_AGAIN));
    }
    if refusal.class.is_none() || refusal.is(UNFORESEEN) {
        return plain(ErrorKind::Broken, format!("the server failed: {words}"), Some("the server's log says more"));
    }
    if is(&RACES) || is(&OTHERWISE) {
        return conflict(format!("the table is not as the plan saw it: {words}"));
    }
    let help = if is_permission(&refusal) {
        Some("let the user of this session change the table: on Databricks, MODIFY, and CREATE TABLE on the schema")
    } else if creates && refusal.is("DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION") {
        Some("remove what is left in the table's folder, or choose another location")
    } else {
        None
    };
    plain(ErrorKind::Refused, format!("the server refused the statement: {words}"), help)
}

/// It never reached the server.
pub(super) fn not_sent(failure: Failure) -> ExecutionError {
    with_cause(ErrorKind::Unavailable, "the server can't be reached", "this step did not run; try again", failure)
}

/// The server was not told that a table was changed beside it.
pub(super) fn not_refreshed(failure: Failure, command: &str) -> ExecutionError {
    let message = "the server may go on showing the table as it was";
    with_cause(ErrorKind::Unavailable, message, &format!("run {command} on the server"), failure)
}

/// A catalog shows other columns than those that were committed beside it.
pub(super) fn registered_otherwise(again: &str) -> ExecutionError {
    let message = "the server's catalog keeps the columns that the table was registered with".to_owned();
    plain(ErrorKind::Refused, message, Some(&format!("register it again, which leaves its files alone: {again}")))
}

/// The table could not be looked at before its first statement.
pub(super) fn not_looked_at(error: impl Error + Send + Sync + 'static) -> ExecutionError {
    with_cause(
        ErrorKind::Unavailable,
        "the table could not be looked at before the change",
        "this step did not run; try again",
        error,
    )
}

pub(super) fn conflict(message: String) -> ExecutionError {
    plain(ErrorKind::Conflict, message, None)
}

pub(super) fn interrupted() -> ExecutionError {
    plain(ErrorKind::Interrupted, "stopped before the statement was sent".to_owned(), None)
}

/// The statement before this one was asked to stop, and never said that it did.
pub(super) fn may_be_running() -> ExecutionError {
    let message = "the statement was asked to stop, and may still be running on the server".to_owned();
    plain(ErrorKind::Ambiguous, message, Some("wait until it has ended, then plan again"))
}

fn plain(kind: ErrorKind, message: String, help: Option<&str>) -> ExecutionError {
    ExecutionError { kind, message, help: help.map(str::to_owned), source: None }
}

fn with_cause(kind: ErrorKind, message: &str, help: &str, cause: impl Error + Send + Sync + 'static) -> ExecutionError {
    ExecutionError { source: Some(Box::new(cause)), ..plain(kind, message.to_owned(), Some(help)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Ambiguity, Unavailable};

    fn class(class: &str) -> Failure {
        let mut refusal = Refusal::default();
        refusal.class = Some(class.to_owned());
        refusal.message = format!("[{class}] no");
        Failure::Refused(Box::new(refusal))
    }

    fn check(failure: Failure, expected: ErrorKind) {
        let error = error(failure, false);
        assert_eq!(error.kind, expected, "{error}");
    }

    #[test]
    fn classes_say_what_comes_next() {
        check(class("DELTA_METADATA_CHANGED"), ErrorKind::Conflict);
        check(class("DELTA_CONCURRENT_APPEND.WITH_PARTITION_HINT"), ErrorKind::Conflict);
        check(class("FIELD_ALREADY_EXISTS"), ErrorKind::Conflict);
        check(class("DELTA_POST_COMMIT_HOOK_FAILED"), ErrorKind::Broken);
        check(class("INTERNAL_ERROR"), ErrorKind::Broken);
        check(Failure::Refused(Box::default()), ErrorKind::Broken);
        check(class("DELTA_NEW_CHECK_CONSTRAINT_VIOLATION"), ErrorKind::Refused);
        check(class("PARSE_SYNTAX_ERROR"), ErrorKind::Refused);
    }

    #[test]
    fn what_is_known_of_the_transport_is_kept() {
        check(Failure::Ambiguous(Ambiguity::Forgotten), ErrorKind::Ambiguous);
        let gone = Unavailable::SessionLost { reason: "gone".to_owned() };
        check(Failure::Unavailable(gone), ErrorKind::Unavailable);
        check(Failure::Interrupted(Interruption::BeforeSent), ErrorKind::Interrupted);
        check(Failure::Interrupted(Interruption::Stopped), ErrorKind::Broken);
        check(Failure::Interrupted(Interruption::MayBeRunning), ErrorKind::Ambiguous);
    }

    #[test]
    fn the_class_is_shown() {
        let error = error(class("DELTA_NEW_CHECK_CONSTRAINT_VIOLATION"), false);
        assert_eq!(error.to_string(), "the server refused the statement: [DELTA_NEW_CHECK_CONSTRAINT_VIOLATION] no");
    }
}
