//! DE225: an existing table goes from no column mapping to mapping by name, and no other way.

use super::mapping::{mode_change, mode_name};
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::MappingMode;

pub(super) static RULE: Rule = Rule {
    code: "DE225",
    name: "mapping-mode-change",
    severity: Some(Severity::Rejection),
    summary: "an existing table can only switch column mapping on by name",
    why: "Files that are there carry no column ids, so an existing table cannot be read by id, and what is written under one \
          mode is not read under the other. Delta refuses it (`DELTA_UNSUPPORTED_COLUMN_MAPPING_MODE_CHANGE`).",
    way_out: "Declare `delta.columnMapping.mode: name` for a table without column mapping, or the mode that it has.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let (from, to) = mode_change(action)?;
        let allowed = if from == MappingMode::None { MappingMode::Name } else { from };
        // Away from column mapping is rule mapping-removal.
        if to == allowed || to == MappingMode::None {
            return None;
        }
        let message =
            format!("an existing table cannot change its column mapping from {} to {}", mode_name(from), mode_name(to));
        let help = format!("declare properties: {{ delta.columnMapping.mode: {} }}", mode_name(allowed));
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    const MODE: &str = "delta.columnMapping.mode";

    #[test]
    fn modes_of_an_existing_table_stay() {
        for (from, to, help) in [("none", "id", "name"), ("name", "id", "name"), ("id", "name", "id")] {
            let desired = || table("a: int").property(MODE, to);
            let observed = || table("a: int").property(MODE, from);
            let said = format!(
                "silver.t (property delta.columnMapping.mode): an existing table cannot change its column mapping from {from} to {to}"
            );
            on_change(&RULE, desired(), observed(), &[&said]);
            helps(
                &RULE,
                desired(),
                observed(),
                &[&format!("declare properties: {{ delta.columnMapping.mode: {help} }}")],
            );
        }
    }

    #[test]
    fn from_none_to_name_and_at_creation_all_is_fine() {
        on_change(&RULE, table("a: int").mapped(), table("a: int"), &[]);
        on_create(&RULE, table("a: int").property(MODE, "id"), &[]);
    }
}
