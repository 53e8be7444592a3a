//! DE223: a wider type needs the property that allows it.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{TypeChange, classify_type_change};

pub(super) static RULE: Rule = Rule {
    code: "DE223",
    name: "widening-not-enabled",
    severity: Some(Severity::Rejection),
    summary: "a type is widened only where delta.enableTypeWidening is true",
    why: "Files with the old type stay, and only readers that know the feature typeWidening read them as the new one \
          (PROTOCOL.md, \"Type Widening\"). Delta refuses the change while the property is not true \
          (`DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP`).",
    way_out: "Declare the property `delta.enableTypeWidening: true`. It adds the table feature typeWidening, which can't be \
              taken back and which some readers lack. Otherwise keep the type.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if review.after.is_none_or(|after| after.is_on("delta.enableTypeWidening")) {
        return Vec::new();
    }
    let report = |action: &Action| {
        let Action::AlterColumnType { path, change } = action else { return None };
        let (from, to) = (change.from(), change.to());
        if classify_type_change(from, to) != TypeChange::Widening {
            return None;
        }
        Some(Report::new(
            action.subject(&review.desired.name),
            format!("widening `{path}` from {from} to {to} needs type widening, which this table does not use"),
            format!("declare properties: {{ delta.enableTypeWidening: true }}, or keep {from}"),
        ))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    const WIDENING: &str = "delta.enableTypeWidening";

    #[test]
    fn widening_without_the_property_is_refused() {
        let refused = "silver.t.a: widening `a` from int to bigint needs type widening, which this table does not use";
        on_change(&RULE, table("a: bigint"), table("a: int"), &[refused]);
        on_change(&RULE, table("a: bigint"), table("a: int").property(WIDENING, "false"), &[refused]);
    }

    #[test]
    fn with_the_property_or_for_a_length_it_is_fine() {
        on_change(&RULE, table("a: bigint"), table("a: int").property(WIDENING, "true"), &[]);
        on_change(&RULE, table("a: bigint").property(WIDENING, "true"), table("a: int"), &[]);
        on_change(&RULE, table("a: varchar(9)"), table("a: varchar(3)"), &[]);
    }
}
