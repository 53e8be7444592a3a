//! DE303: readers of the change data feed stop at renames, drops and type changes, and when it is switched off.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::ObservedTable;

pub(super) const CHANGE_FEED: &str = "delta.enableChangeDataFeed";
/// Its name before Delta 1.0, which Delta still heeds (`DeltaConfigs.CHANGE_DATA_FEED`).
const CHANGE_FEED_ONCE: &str = "delta.enableChangeDataCapture";

pub(super) static RULE: Rule = Rule {
    code: "DE303",
    name: "break-streams",
    severity: Some(Severity::Hazard),
    summary: "readers of the change data feed cannot go on past this change",
    why: "Changes of before a rename, drop or type change cannot be read with the schema of after it \
          (`DELTA_CHANGE_DATA_FEED_INCOMPATIBLE_SCHEMA_CHANGE`, `DELTA_BLOCK_COLUMN_MAPPING_AND_CDC_OPERATION`), and a feed \
          that is off records nothing, so readers miss what happens until it is on again.",
    way_out: "Let the readers catch up and stop them, permit it by name, apply, and start them again from the version after.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let is_on = |table: &ObservedTable| table.is_on(CHANGE_FEED) || table.is_on(CHANGE_FEED_ONCE);
    if !review.observed.is_some_and(is_on) {
        return Vec::new();
    }
    let mut breaks: Vec<String> = review.touches().into_iter().map(|touch| touch.words).collect();
    if review.after.is_some_and(|after| !is_on(after)) {
        breaks.insert(0, format!("switches {CHANGE_FEED} off"));
    }
    if breaks.is_empty() {
        return Vec::new();
    }
    let subject = review.table();
    let help = review.permission(RULE.name, &subject);
    vec![Report::new(subject, format!("breaks readers of the change data feed: {}", breaks.join(", ")), help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::{CHANGE_FEED, RULE};

    #[test]
    fn all_that_breaks_is_one_report() {
        let desired = || table("b: bigint, d: int").renamed("b", "a").property(CHANGE_FEED, "false");
        let observed = || table("a: int, c: int, d: int").mapped().with_change_feed();
        on_change(
            &RULE,
            desired(),
            observed(),
            &[
                "silver.t: breaks readers of the change data feed: switches delta.enableChangeDataFeed off, renames `a` to `b`, changes the type of `b`, drops `c`",
            ],
        );
        helps(&RULE, desired(), observed(), &["allow: --allow break-streams:silver.t"]);
    }

    #[test]
    fn unsetting_the_feed_switches_it_off() {
        on_change(
            &RULE,
            table("a: int").without_property(CHANGE_FEED),
            table("a: int").with_change_feed(),
            &["silver.t: breaks readers of the change data feed: switches delta.enableChangeDataFeed off"],
        );
    }

    #[test]
    fn additions_and_tables_without_a_feed_are_fine() {
        on_change(&RULE, table("a: int, b: int"), table("a: int").with_change_feed(), &[]);
        on_change(&RULE, table("a: int").with_change_feed(), table("a: int, b: int").mapped(), &[]);
    }
}
