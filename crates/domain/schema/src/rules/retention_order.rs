//! DE231: the log is kept at least as long as deleted files.

use super::retention::{FILES, LOG, retention};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::Aspect;

pub(super) static RULE: Rule = Rule {
    code: "DE231",
    name: "retention-order",
    severity: Some(Severity::Rejection),
    summary: "the log is kept at least as long as deleted files are",
    why: "A deleted file can only be read by a version whose log is still there. Delta refuses a \
          `delta.logRetentionDuration` (30 days where unset) below `delta.deletedFileRetentionDuration` (one week where \
          unset).",
    way_out: "Declare a longer `delta.logRetentionDuration`, or a shorter `delta.deletedFileRetentionDuration`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    let Some(key) = [LOG, FILES].into_iter().find(|key| review.changes_property(key)) else { return Vec::new() };
    let Some(((log, log_length), (files, files_length))) = retention(after, LOG).zip(retention(after, FILES)) else {
        return Vec::new();
    };
    if log_length >= files_length {
        return Vec::new();
    }
    let message = format!("the log is kept for {log}, which is shorter than the {files} of deleted files");
    let help = format!("declare properties: {{ {LOG}: {files} }}, or a shorter {FILES}");
    vec![Report::new(review.table().aspect(Aspect::Property).key(key), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    const LOG: &str = "delta.logRetentionDuration";
    const FILES: &str = "delta.deletedFileRetentionDuration";

    #[test]
    fn a_log_shorter_than_its_files_is_refused() {
        on_create(
            &RULE,
            table("a: int").property(LOG, "interval 6 days"),
            &[
                "silver.t (property delta.logRetentionDuration): the log is kept for interval 6 days, which is shorter than the interval 1 week of deleted files",
            ],
        );
        on_change(
            &RULE,
            table("a: int").property(FILES, "interval 31 days"),
            table("a: int"),
            &[
                "silver.t (property delta.deletedFileRetentionDuration): the log is kept for interval 30 days, which is shorter than the interval 31 days of deleted files",
            ],
        );
        helps(
            &RULE,
            table("a: int").property(FILES, "interval 31 days"),
            table("a: int"),
            &[
                "declare properties: { delta.logRetentionDuration: interval 31 days }, or a shorter delta.deletedFileRetentionDuration",
            ],
        );
    }

    #[test]
    fn equal_lengths_and_tables_left_alone_are_fine() {
        on_create(&RULE, table("a: int").property(LOG, "interval 7 days"), &[]);
        on_change(&RULE, table("a: int, b: int"), table("a: int").property(LOG, "interval 1 day"), &[]);
    }
}
