//! DE247: who commits to a table is settled when it is created.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE247",
    name: "feature-not-for-existing",
    severity: Some(Severity::Rejection),
    summary: "an existing table cannot be handed over to a catalog's or coordinator's commits",
    why: "Under catalogManaged and coordinated commits the log's files alone no longer say what the table is. Delta takes \
          catalogManaged in CREATE TABLE only; from here the others are refused too, because every writer of the table \
          would have to change at the same moment.",
    way_out: "Remove the feature from the declaration, or create the table anew with it.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::EnableFeature { feature } = action else { return None };
        let name = Some(feature).filter(|feature| feature.leaves_commits_to_others())?.name();
        let message = format!("feature `{name}` can only be given to a table when it is created");
        let help = format!("remove `delta.feature.{name}` from its properties, or create the table anew");
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn an_existing_table_is_not_handed_over() {
        on_change(
            &RULE,
            table("a: int").property("delta.feature.catalogManaged", "supported"),
            table("a: int"),
            &[
                "silver.t (feature catalogManaged): feature `catalogManaged` can only be given to a table when it is created",
            ],
        );
    }

    #[test]
    fn a_new_table_and_other_features_are_fine() {
        on_create(&RULE, table("a: int").property("delta.feature.catalogManaged", "supported"), &[]);
        on_change(&RULE, table("a: int").property("delta.feature.timestampNtz", "supported"), table("a: int"), &[]);
    }
}
