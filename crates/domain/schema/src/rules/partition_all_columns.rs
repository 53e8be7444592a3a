//! DE230: a table has columns beside its partition columns.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::Aspect;

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
    let columns = review.created_columns();
    if columns.is_empty() || !columns.iter().all(|column| partitions.contains(column.name())) {
        return Vec::new();
    }
    let message = "the table is partitioned by all of its columns, so its files would hold none";
    let help = "take at least one column out of `partitioned_by`, or declare the missing columns";
    vec![Report::new(review.table().aspect(Aspect::Layout), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_create, table};
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
}
