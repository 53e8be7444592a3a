//! DE211: a column can only be renamed under column mapping.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::MappingMode;

pub(super) static RULE: Rule = Rule {
    code: "DE211",
    name: "mapping-required-to-rename",
    severity: Some(Severity::Rejection),
    summary: "a column can only be renamed under column mapping",
    why: "Without column mapping the files are read by column name, so a renamed column would read null from every file \
          that is there. Delta refuses it (`DELTA_UNSUPPORTED_RENAME_COLUMN`).",
    way_out: "Declare the property `delta.columnMapping.mode: name`. It adds the table feature columnMapping, which can't \
              be taken back and which some readers lack.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if review.after.is_none_or(|after| after.mapping_mode() != MappingMode::None) {
        return Vec::new();
    }
    let report = |action: &Action| {
        let Action::RenameColumn { path, to } = action else { return None };
        Some(Report::new(
            action.subject(&review.desired.name),
            format!("renaming `{path}` to `{to}` needs column mapping, which this table does not use"),
            "declare properties: { delta.columnMapping.mode: name }, or keep the name",
        ))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn a_rename_without_column_mapping_is_refused() {
        on_change(
            &RULE,
            table("b: int").renamed("b", "a"),
            table("a: int"),
            &["silver.t.a: renaming `a` to `b` needs column mapping, which this table does not use"],
        );
    }

    #[test]
    fn column_mapping_switched_on_by_the_plan_will_do() {
        on_change(&RULE, table("b: int").renamed("b", "a").mapped(), table("a: int"), &[]);
    }
}
