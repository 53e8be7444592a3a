//! DE210: a column can only be dropped under column mapping.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::MappingMode;

pub(super) static RULE: Rule = Rule {
    code: "DE210",
    name: "mapping-required-to-drop",
    severity: Some(Severity::Rejection),
    summary: "a column can only be dropped under column mapping",
    why: "Without column mapping the files are read by column name, so a dropped column would come back with the next \
          column of that name. Delta refuses it (`DELTA_UNSUPPORTED_DROP_COLUMN`).",
    way_out: "Declare the property `delta.columnMapping.mode: name`. It adds the table feature columnMapping, which can't \
              be taken back and which some readers lack.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if review.after.is_none_or(|after| after.mapping_mode() != MappingMode::None) {
        return Vec::new();
    }
    let report = |action: &Action| {
        let Action::DropColumn { path, .. } = action else { return None };
        Some(Report::new(
            action.subject(&review.desired.name),
            format!("dropping `{path}` needs column mapping, which this table does not use"),
            "declare properties: { delta.columnMapping.mode: name }, or keep the column",
        ))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn a_drop_without_column_mapping_is_refused() {
        on_change(
            &RULE,
            table("a: int"),
            table("a: int, b: int"),
            &["silver.t.b: dropping `b` needs column mapping, which this table does not use"],
        );
    }

    #[test]
    fn a_drop_under_column_mapping_is_fine() {
        on_change(&RULE, table("a: int"), table("a: int, b: int").mapped(), &[]);
        on_change(&RULE, table("a: int").mapped(), table("a: int, b: int"), &[]);
    }
}
