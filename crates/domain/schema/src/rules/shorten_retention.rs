//! DE304: a shorter retention takes away versions that can be read today.

use super::retention::{FILES, LOG, retention};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, ObservedTable, is_true};

/// Whether log entries past their retention are deleted; they are where it is not said.
const CLEANUP: &str = "delta.enableExpiredLogCleanup";

pub(super) static RULE: Rule = Rule {
    code: "DE304",
    name: "shorten-retention",
    severity: Some(Severity::Hazard),
    summary: "a shorter retention, or cleaning up of the log, lets old versions be deleted",
    why: "Log entries older than `delta.logRetentionDuration` go with the next checkpoint, unless \
          `delta.enableExpiredLogCleanup` is false, and deleted files older than `delta.deletedFileRetentionDuration` with the \
          next VACUUM. What is gone cannot be read by version, restored, or \
          read by a stream that has not come so far (docs.delta.io, \"Data retention\").",
    way_out: "Permit it by name once nobody needs the older versions.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    [LOG, FILES].into_iter().filter_map(|key| report(review, key)).chain(cleaned_up(review)).collect()
}

/// Old log entries that were kept until now.
fn cleaned_up(review: &Review<'_>) -> Option<Report> {
    let is_on = |table: &ObservedTable| table.property(CLEANUP).is_none_or(is_true);
    if is_on(review.observed?) || !is_on(review.after?) {
        return None;
    }
    let subject = review.table().aspect(Aspect::Property).key(CLEANUP);
    let help = review.permission(RULE.name, &subject);
    let message =
        format!("switches {CLEANUP} on; log entries past their retention, and the versions that need them, can go");
    Some(Report::new(subject, message, help))
}

fn report(review: &Review<'_>, key: &str) -> Option<Report> {
    let (before, before_length) = retention(review.observed?, key)?;
    let (after, after_length) = retention(review.after?, key)?;
    if after_length >= before_length {
        return None;
    }
    let subject = review.table().aspect(Aspect::Property).key(key);
    let help = review.permission(RULE.name, &subject);
    let what = if key == LOG { "older log entries" } else { "older deleted files" };
    let message = format!("shortens {key} from {before} to {after}; {what}, and the versions that need them, can go");
    Some(Report::new(subject, message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::{CLEANUP, FILES, LOG, RULE};

    #[test]
    fn shorter_than_before_or_than_the_default_is_a_hazard() {
        let desired = || table("a: int").property(LOG, "interval 7 days").without_property(FILES);
        let observed = || table("a: int").property(FILES, "interval 30 days");
        on_change(
            &RULE,
            desired(),
            observed(),
            &[
                "silver.t (property delta.logRetentionDuration): shortens delta.logRetentionDuration from interval 30 days to interval 7 days; older log entries, and the versions that need them, can go",
                "silver.t (property delta.deletedFileRetentionDuration): shortens delta.deletedFileRetentionDuration from interval 30 days to interval 1 week; older deleted files, and the versions that need them, can go",
            ],
        );
        let allow = "allow: --allow shorten-retention:silver.t";
        helps(&RULE, desired(), observed(), &[allow, allow]);
    }

    #[test]
    fn log_entries_that_were_kept_are_let_go_by_name_only() {
        let kept = || table("a: int").property(CLEANUP, "false");
        let message = "switches delta.enableExpiredLogCleanup on; log entries past their retention, and the versions that need them, can go";
        let said = format!("silver.t (property delta.enableExpiredLogCleanup): {message}");
        on_change(&RULE, table("a: int").without_property(CLEANUP), kept(), &[&said]);
        on_change(&RULE, table("a: int").property(CLEANUP, "true"), kept(), &[&said]);
        on_change(&RULE, kept(), table("a: int"), &[]);
        on_change(&RULE, table("a: int").property(CLEANUP, "true"), table("a: int"), &[]);
    }

    #[test]
    fn longer_or_new_is_fine() {
        on_change(&RULE, table("a: int").property(LOG, "interval 31 days"), table("a: int"), &[]);
        on_create(&RULE, table("a: int").property(LOG, "interval 8 days"), &[]);
    }
}
