//! DE224: taking column mapping away rewrites every file.

use super::mapping::{mode_change, mode_name};
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::MappingMode;

pub(super) static RULE: Rule = Rule {
    code: "DE224",
    name: "mapping-removal",
    severity: Some(Severity::Rejection),
    summary: "column mapping is not taken away by a property",
    why: "Setting `delta.columnMapping.mode` to none, or unsetting it, makes Delta write every data file again under the \
          names of today (`RemoveColumnMappingCommand`, run by `AlterTableSetPropertiesDeltaCommand`). That is a rewrite of \
          the table, not a change of its declaration.",
    way_out: "Keep the mode. If it has to go, run ALTER TABLE … SET TBLPROPERTIES ('delta.columnMapping.mode' = 'none') by \
              hand, at a time when the table can be rewritten.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let (from, to) = mode_change(action)?;
        if to != MappingMode::None {
            return None;
        }
        let message = "taking column mapping away writes every data file of the table again";
        let help = format!("declare properties: {{ delta.columnMapping.mode: {} }}", mode_name(from));
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    const MODE: &str = "delta.columnMapping.mode";
    const REFUSED: &str = "silver.t (property delta.columnMapping.mode): taking column mapping away writes every data file of the table again";

    #[test]
    fn none_and_unset_are_refused_under_mapping() {
        on_change(&RULE, table("a: int").property(MODE, "none"), table("a: int").mapped(), &[REFUSED]);
        on_change(&RULE, table("a: int").without_property(MODE), table("a: int").property(MODE, "id"), &[REFUSED]);
        helps(
            &RULE,
            table("a: int").without_property(MODE),
            table("a: int").property(MODE, "id"),
            &["declare properties: { delta.columnMapping.mode: id }"],
        );
    }

    #[test]
    fn unsetting_none_rewrites_nothing() {
        on_change(&RULE, table("a: int").without_property(MODE), table("a: int").property(MODE, "none"), &[]);
        on_change(&RULE, table("a: int").mapped(), table("a: int"), &[]);
    }
}
