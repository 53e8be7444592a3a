//! DE221: a new column of an existing table is nullable.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::DataType;

pub(super) static RULE: Rule = Rule {
    code: "DE221",
    name: "add-not-null",
    severity: Some(Severity::Rejection),
    summary: "a column added to an existing table cannot be NOT NULL",
    why: "Rows that are there have no value for the new column, so they read it as null. Delta refuses it \
          (`DELTA_OPERATION_NOT_ALLOWED`: NOT NULL in ALTER TABLE ADD COLUMNS).",
    way_out: "Declare the column nullable, apply, fill it, then declare it NOT NULL: the next plan proves that no null is \
              left and sets it.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::AddColumn { parent, column, .. } = action else { return None };
        let path = parent.field(column.name());
        // What is inside a collection can never be NOT NULL: that is rule not-null-in-collection.
        let message = if path.crosses_collection() {
            return None;
        } else if !column.field.nullable {
            format!("`{path}` is new and NOT NULL, but the rows that are there have no value for it")
        } else if holds_not_null(column.data_type()) {
            format!("`{path}` is new and holds a NOT NULL field, but the rows that are there have no value for it")
        } else {
            return None;
        };
        let help = "declare it nullable, apply, fill it, then declare it NOT NULL";
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

fn holds_not_null(data_type: &DataType) -> bool {
    let fields = data_type.as_struct().unwrap_or_default();
    fields.iter().any(|field| !field.nullable || holds_not_null(&field.data_type))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_new_not_null_column_is_refused() {
        on_change(
            &RULE,
            table("a: int, b: int not null, s: struct<x: struct<y: int not null>>, t: struct<x: int, y: int not null>"),
            table("a: int"),
            &[
                "silver.t.b: `b` is new and NOT NULL, but the rows that are there have no value for it",
                "silver.t.s: `s` is new and holds a NOT NULL field, but the rows that are there have no value for it",
                "silver.t.t: `t` is new and holds a NOT NULL field, but the rows that are there have no value for it",
            ],
        );
    }

    #[test]
    fn a_new_nullable_column_or_table_is_fine() {
        on_change(&RULE, table("a: int, b: int, s: struct<x: struct<y: int>>"), table("a: int"), &[]);
        on_create(&RULE, table("a: int not null"), &[]);
    }
}
