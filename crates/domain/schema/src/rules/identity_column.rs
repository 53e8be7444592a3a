//! DE234: what an identity column can be.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Column, DataType, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE234",
    name: "identity-column",
    severity: Some(Severity::Rejection),
    summary: "an identity column is a bigint and no partition column",
    why: "Identity values are 64-bit integers that the writer gives out row by row. Delta refuses other types \
          (`DELTA_IDENTITY_COLUMNS_UNSUPPORTED_DATA_TYPE`) and partitioning by them \
          (`DELTA_IDENTITY_COLUMNS_PARTITION_NOT_SUPPORTED`).",
    way_out: "Declare the column as bigint and partition by another one.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let identities = review.created_columns().iter().filter(|column| column.identity.is_some());
    identities.flat_map(|column| reports(review, column)).collect()
}

fn reports(review: &Review<'_>, column: &Column) -> Vec<Report> {
    let name = column.name();
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Identity);
    let mut reports = Vec::new();
    if *column.data_type() != DataType::Long {
        let message =
            format!("identity column `{name}` is of type {}, and only bigint can be numbered", column.data_type());
        reports.push(Report::new(
            subject.clone(),
            message,
            format!("declare `{name}` as bigint, or remove `identity`"),
        ));
    }
    if review.desired.layout.partition_columns().contains(name) {
        let message = format!("identity column `{name}` cannot be a partition column: every row would be a partition");
        reports.push(Report::new(subject, message, format!("take `{name}` out of `partitioned_by`")));
    }
    reports
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_create, table};
    use super::RULE;

    #[test]
    fn other_types_and_partitions_are_refused() {
        on_create(
            &RULE,
            table("id: int, a: int").identity("id").partitioned(&["id"]),
            &[
                "silver.t.id: identity column `id` is of type int, and only bigint can be numbered",
                "silver.t.id: identity column `id` cannot be a partition column: every row would be a partition",
            ],
        );
    }

    #[test]
    fn a_bigint_is_fine() {
        on_create(&RULE, table("id: bigint, a: int").identity("id").partitioned(&["a"]), &[]);
    }
}
