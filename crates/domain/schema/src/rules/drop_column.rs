//! DE305: dropping a column takes its data from every reader.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE305",
    name: "drop-column",
    severity: Some(Severity::Hazard),
    summary: "dropping a column deletes its data for every reader",
    why: "The column disappears from the schema at once. Its values stay in the data files until a rewrite and VACUUM \
          remove them, but no reader sees them any more, and a column of the same name added later is a new one \
          (PROTOCOL.md, \"Column Mapping\").",
    way_out: "Permit it by name, or keep the column in the declaration. If it was renamed, write `renamed_from` on the \
              new column.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let dropped =
        |action: &Action| matches!(action, Action::DropColumn { .. }).then(|| action.subject(&review.desired.name));
    let report = |mut subject: crate::model::Subject| {
        let help = review.permission(RULE.name, &subject);
        subject.aspect = None;
        Report::new(subject, "deletes the data of this column for every reader; cannot be undone after VACUUM", help)
    };
    review.diff.actions.iter().filter_map(dropped).map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn a_dropped_field_is_named_for_the_permission() {
        let desired = || table("s: struct<a: int>");
        let observed = || table("s: struct<a: int, b: int>").mapped();
        on_change(
            &RULE,
            desired(),
            observed(),
            &["silver.t.s.b: deletes the data of this column for every reader; cannot be undone after VACUUM"],
        );
        helps(&RULE, desired(), observed(), &["allow: --allow drop-column:silver.t.s.b"]);
    }

    #[test]
    fn a_renamed_column_is_not_dropped() {
        on_change(&RULE, table("b: int").renamed("b", "a"), table("a: int").mapped(), &[]);
    }
}
