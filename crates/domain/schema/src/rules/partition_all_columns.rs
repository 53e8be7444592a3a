//! DE230: a table has columns beside its partition columns.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Column};

pub(super) static RULE: Rule = Rule {
    code: "DE230",
    name: "partition-all-columns",
    severity: Some(Severity::Rejection),
    summary: "a table cannot be partitioned by all of its columns",
    why: "Partition columns are not in the data files, so nothing would be left to write there. Delta refuses it \
          (`DELTA_CANNOT_USE_ALL_COLUMNS_FOR_PARTITION`).",
    way_out: "Take at least one column out of `partitioned_by`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let partitions = review.desired.layout.partition_columns();
    let columns: Vec<&Column> = match review.after {
        // A table that came to be so elsewhere may be changed otherwise.
        Some(after) if drops_columns(review) => after.columns.iter().collect(),
        _ => review.created_columns().iter().collect(),
    };
    if columns.is_empty() || !columns.iter().all(|column| partitions.contains(column.name())) {
        return Vec::new();
    }
    let (message, help) = if review.observed.is_some() {
        (
            "only partition columns would be left, so its files would hold no column",
            "keep a column that is no partition column",
        )
    } else {
        (
            "the table is partitioned by all of its columns, so its files would hold none",
            "take at least one column out of `partitioned_by`, or declare the missing columns",
        )
    };
    vec![Report::new(review.table().aspect(Aspect::Layout), message, help)]
}

fn drops_columns(review: &Review<'_>) -> bool {
    review.diff.actions.iter().any(|action| matches!(action, Action::DropColumn { path, .. } if path.is_column()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn all_columns_are_too_many() {
        on_create(
            &RULE,
            table("a: int, b: int").partitioned(&["b", "A"]),
            &["silver.t: the table is partitioned by all of its columns, so its files would hold none"],
        );
    }

    #[test]
    fn one_column_less_is_fine() {
        on_create(&RULE, table("a: int, b: int").partitioned(&["b"]), &[]);
    }

    #[test]
    fn the_last_other_column_stays() {
        let there = || table("a: int, b: int").mapped().partitioned(&["b"]);
        on_change(
            &RULE,
            table("b: int").mapped().partitioned(&["b"]),
            there(),
            &["silver.t: only partition columns would be left, so its files would hold no column"],
        );
        on_change(&RULE, table("c: int, b: int").mapped().partitioned(&["b"]), there(), &[]);
    }

    #[test]
    fn a_table_that_came_to_be_so_elsewhere_may_be_changed_otherwise() {
        let both = |columns: &str| table(columns).mapped().partitioned(&["b"]);
        let mut there = both("a: struct<x: int>, b: int").there();
        there.columns.remove(0);
        on_change(&RULE, both("b: int comment 'x'"), there, &[]);
        on_change(&RULE, both("a: struct<x: int>, b: int"), both("a: struct<x: int, y: int>, b: int"), &[]);
    }
}
