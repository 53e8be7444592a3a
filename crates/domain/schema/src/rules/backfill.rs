//! DE306: some properties make a server write every file of the table into the log again.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, is_true};

const ROW_TRACKING: &str = "delta.enableRowTracking";

pub(super) static RULE: Rule = Rule {
    code: "DE306",
    name: "backfill",
    severity: Some(Severity::Hazard),
    summary: "switching row tracking on numbers the rows of every file that is there",
    why: "Setting `delta.enableRowTracking` on an existing table adds every file to the log again, with row ids, in many \
          commits; no data is written again, and jobs that write meanwhile may fail and start again (docs.delta.io, \"Row \
          tracking\"; Delta `RowTrackingBackfillCommand`).",
    way_out: "Permit it by name when nobody else writes the table.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::SetProperty { key, change } = action else { return None };
        if !key.eq_ignore_ascii_case(ROW_TRACKING) || !change.to().as_deref().is_some_and(is_true) {
            return None;
        }
        let subject = review.table().aspect(Aspect::Property).key(key);
        let help = review.permission(RULE.name, &subject);
        let message = format!("setting {key} numbers the rows of every file that is there, in many commits");
        Some(Report::new(subject, message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn numbering_the_rows_that_are_there_is_a_hazard() {
        let tracked = || table("a: int").property("delta.enableRowTracking", "true");
        on_change(
            &RULE,
            tracked(),
            table("a: int"),
            &[
                "silver.t (property delta.enableRowTracking): setting delta.enableRowTracking numbers the rows of every file that is there, in many commits",
            ],
        );
        helps(&RULE, tracked(), table("a: int"), &["allow: --allow backfill:silver.t"]);
        on_create(&RULE, tracked(), &[]);
        on_change(&RULE, table("a: int").property("delta.enableRowTracking", "false"), tracked(), &[]);
    }
}
