//! DE301: a table feature stays for ever, and clients that lack it lose the table.

use super::{Report, Review, Rule};
use crate::action::Action;
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
        Some(Report::new(subject, format!("adds table feature {feature} for ever; {}", impact(feature)), help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

fn impact(feature: &Feature) -> String {
    let Some(facts) = feature.facts() else { return "which clients know it is not known here".to_owned() };
    let bound = match facts.kind {
        FeatureKind::Writer => "writers that lack it lose write",
        FeatureKind::ReaderWriter => "readers and writers that lack it lose the table",
    };
    let losses: Vec<String> =
        facts.shuts_out.iter().map(|client| format!("{} lose {}", client.name, client.loses)).collect();
    if losses.is_empty() { bound.to_owned() } else { format!("{bound}: {}", losses.join(", ")) }
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
                "silver.t (feature allowColumnDefaults): adds table feature allowColumnDefaults for ever; writers that lack it lose write: delta-rs and Python deltalake lose write",
            ],
        );
        helps(&RULE, desired(), table("a: int"), &["allow: --allow upgrade-protocol:silver.t"]);
    }

    #[test]
    fn a_new_table_has_nobody_to_shut_out() {
        on_create(&RULE, table("a: int").default("a", "0"), &[]);
    }
}
