//! DE301: a table feature stays for ever, and clients that lack it lose the table.

use super::words::doing;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::diff::features_needed_by;
use crate::finding::Severity;
use crate::model::{Feature, FeatureKind};

pub(super) static RULE: Rule = Rule {
    code: "DE301",
    name: "upgrade-protocol",
    severity: Some(Severity::Hazard),
    summary: "a table feature cannot be taken back, and clients that lack it lose access",
    why: "A table's protocol lists the features a client must know to write it, and for some also to read it \
          (PROTOCOL.md, \"Table Features\"). A planner can only add to that list. Which clients lose what was measured; see \
          docs/reference/platform.md.",
    way_out: "Make sure that every reader and writer of the table knows the feature, then permit it by name.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::EnableFeature { feature } = action else { return None };
        let subject = action.subject(&review.desired.name);
        let help = review.permission(RULE.name, &subject);
        let message = format!("adds table feature {feature} for ever{}; {}", cause(review, feature), impact(feature));
        Some(Report::new(subject, message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

/// What the feature is for; nothing where the declaration asks for the feature itself.
fn cause(review: &Review<'_>, feature: &Feature) -> String {
    let mut needing = review.diff.actions.iter().filter(|action| features_needed_by(action).contains(feature));
    match (needing.next().map(doing), needing.count()) {
        (None, _) => String::new(),
        (Some(first), 0) => format!(", needed for {first}"),
        (Some(first), others) => format!(", needed for {first} and {others} more"),
    }
}

fn impact(feature: &Feature) -> String {
    let Some(facts) = feature.facts() else { return "which clients know it is not known here".to_owned() };
    let bound = match facts.kind {
        FeatureKind::Writer => "writers that do not know it can no longer write",
        FeatureKind::ReaderWriter => "clients that do not know it can no longer read or write",
    };
    let losses: Vec<String> = facts
        .shuts_out
        .iter()
        .map(|client| match client.loses {
            "write" => client.name.to_owned(),
            loses => format!("{} ({loses})", client.name),
        })
        .collect();
    if losses.is_empty() { bound.to_owned() } else { format!("{bound}, among them {}", losses.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_new_feature_names_whom_it_shuts_out() {
        let desired = || table("a: int").default("a", "0");
        on_change(
            &RULE,
            desired(),
            table("a: int"),
            &[
                "silver.t (feature allowColumnDefaults): adds table feature allowColumnDefaults for ever, needed for setting the default of `a`; writers that do not know it can no longer write, among them delta-rs and Python deltalake",
            ],
        );
        helps(&RULE, desired(), table("a: int"), &["allow: --allow upgrade-protocol:silver.t"]);
    }

    #[test]
    fn features_that_come_with_another_have_its_cause() {
        on_change(
            &RULE,
            table("a: int, b: int").clustered(&["a"]),
            table("a: int, b: int"),
            &[
                "silver.t (feature domainMetadata): adds table feature domainMetadata for ever, needed for changing the clustering; writers that do not know it can no longer write, among them delta-rs and Python deltalake",
                "silver.t (feature clustering): adds table feature clustering for ever, needed for changing the clustering; writers that do not know it can no longer write, among them delta-rs and Python deltalake",
            ],
        );
    }

    #[test]
    fn a_new_table_has_nobody_to_shut_out() {
        on_create(&RULE, table("a: int").default("a", "0"), &[]);
    }
}
