//! DE501: streams that read the table stop at renames, drops and type changes.

use super::break_streams::CHANGE_FEED;
use super::{Report, Review, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE501",
    name: "streams-restart",
    severity: Some(Severity::Warning),
    summary: "streams that read the table stop at this change",
    why: "A stream keeps the schema it began with and stops at a rename, drop or type change \
          (`DELTA_STREAMING_INCOMPATIBLE_SCHEMA_CHANGE`). With the option `schemaTrackingLocation` it goes on after a \
          restart and an explicit leave (`allowSourceColumnRename`, `allowSourceColumnDrop`, \
          `allowSourceColumnTypeChange`).",
    way_out: "Set `schemaTrackingLocation` on the streams that read the table before you apply, or start them anew afterwards.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    // With the change data feed on it is the hazard break-streams.
    if review.observed.is_none_or(|observed| observed.is_on(CHANGE_FEED)) {
        return Vec::new();
    }
    let changes: Vec<String> = review.touches().into_iter().map(|touch| touch.words).collect();
    if changes.is_empty() {
        return Vec::new();
    }
    let message = format!("streams that read the table stop here: {}", changes.join(", "));
    let help = "set schemaTrackingLocation on these streams before you apply, or start them anew afterwards";
    vec![Report::new(review.table(), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn a_drop_and_a_wider_type_stop_streams() {
        on_change(
            &RULE,
            table("a: bigint"),
            table("a: int, b: int").mapped(),
            &["silver.t: streams that read the table stop here: changes the type of `a`, drops `b`"],
        );
    }

    #[test]
    fn additions_lengths_and_the_feed_are_left_to_others() {
        on_change(&RULE, table("a: varchar(9), b: int"), table("a: varchar(3)"), &[]);
        on_change(&RULE, table("a: int"), table("a: int, b: int").mapped().with_change_feed(), &[]);
    }
}
