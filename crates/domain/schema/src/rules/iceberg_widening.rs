//! DE251: under Iceberg compatibility a type widens only as Iceberg's types do.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{DataType, TypeChange, classify_type_change};

pub(super) const V1: &str = "delta.enableIcebergCompatV1";
pub(super) const V2: &str = "delta.enableIcebergCompatV2";
pub(super) const V3: &str = "delta.enableIcebergCompatV3";
/// The properties that make a table one that Iceberg reads too.
pub(super) const COMPATIBILITY: [&str; 3] = [V1, V2, V3];

pub(super) static RULE: Rule = Rule {
    code: "DE251",
    name: "iceberg-widening",
    severity: Some(Severity::Rejection),
    summary: "under Iceberg compatibility a type only widens where Iceberg has the same change",
    why: "Readers of Iceberg read the same files, and Iceberg widens int to long, float to double and a decimal to more \
          digits before the point. Delta refuses other changes while `delta.enableIcebergCompatV1`, `V2` or `V3` is true \
          (`DELTA_ICEBERG_COMPAT_VIOLATION.UNSUPPORTED_TYPE_WIDENING`).",
    way_out: "Keep the type, widen it to one that Iceberg allows, or set the property to false first.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let on = |key: &&&str| review.after.is_some_and(|after| after.is_on(key));
    let Some(property) = COMPATIBILITY.iter().find(on) else { return Vec::new() };
    let report = |action: &Action| {
        let Action::AlterColumnType { path, change } = action else { return None };
        let (from, to) = (change.from(), change.to());
        if classify_type_change(from, to) != TypeChange::Widening || widens_in_iceberg(from, to) {
            return None;
        }
        Some(Report::new(
            action.subject(&review.desired.name),
            format!("`{path}` cannot change from {from} to {to} while {property} is true: Iceberg has no such change"),
            format!("keep {from}, or declare properties: {{ {property}: false }} and apply that first"),
        ))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

/// Whether Iceberg has this widening too (Delta `TypeWidening.isTypeChangeSupportedByIceberg`).
fn widens_in_iceberg(from: &DataType, to: &DataType) -> bool {
    if let (DataType::Decimal(from), DataType::Decimal(to)) = (from, to) {
        return from.scale() == to.scale();
    }
    let whole = |of: &DataType| matches!(of, DataType::Byte | DataType::Short | DataType::Integer | DataType::Long);
    whole(from) && whole(to) || *from == DataType::Float
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sketch, helps, on_change, table};
    use super::{COMPATIBILITY, RULE, V1, V2, V3};

    fn widened(a: &str, property: &str) -> Sketch {
        table(&format!("a: {a}")).mapped().property("delta.enableTypeWidening", "true").property(property, "true")
    }

    #[test]
    fn what_iceberg_does_not_widen_is_refused() {
        for property in COMPATIBILITY {
            for (from, to) in [
                ("int", "double"),
                ("int", "decimal(20,0)"),
                ("bigint", "decimal(20,0)"),
                ("decimal(10,2)", "decimal(12,4)"),
                ("date", "timestamp_ntz"),
            ] {
                let said = format!(
                    "silver.t.a: `a` cannot change from {from} to {to} while {property} is true: Iceberg has no such change"
                );
                on_change(&RULE, widened(to, property), widened(from, property), &[&said]);
            }
        }
        helps(
            &RULE,
            widened("double", V2),
            widened("int", V2),
            &["keep int, or declare properties: { delta.enableIcebergCompatV2: false } and apply that first"],
        );
    }

    #[test]
    fn what_iceberg_widens_too_is_fine() {
        for (from, to) in [
            ("tinyint", "bigint"),
            ("smallint", "int"),
            ("float", "double"),
            ("decimal(10,2)", "decimal(12,2)"),
            ("varchar(3)", "varchar(9)"),
        ] {
            on_change(&RULE, widened(to, V1), widened(from, V1), &[]);
        }
    }

    #[test]
    fn other_tables_widen_as_delta_does() {
        let off = |a: &str| widened(a, "team.owner").property(V3, "false");
        on_change(&RULE, off("double"), off("int"), &[]);
    }
}
