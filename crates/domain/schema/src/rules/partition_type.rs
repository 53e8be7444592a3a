//! DE229: partition columns have simple types.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE229",
    name: "partition-type",
    severity: Some(Severity::Rejection),
    summary: "a table cannot be partitioned by struct, array, map or variant columns",
    why: "A partition value is kept as text in the log (PROTOCOL.md, \"Partition Value Serialization\"), which only simple \
          types have. Delta refuses the others (`DELTA_INVALID_PARTITION_COLUMN_TYPE`).",
    way_out: "Partition by a simple column, such as a field of the struct declared as a column of its own; or cluster.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if !review.creates() {
        return Vec::new();
    }
    review.desired.layout.partition_columns().iter().filter_map(|name| report(review, name)).collect()
}

fn report(review: &Review<'_>, name: &Identifier) -> Option<Report> {
    let data_type = review.desired.column(name)?.data_type();
    if !data_type.is_nested() && *data_type != DataType::Variant {
        return None;
    }
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Layout);
    let message = format!("a table cannot be partitioned by `{name}` of type {data_type}");
    Some(Report::new(
        subject,
        message,
        format!("remove `{name}` from `partitioned_by`, or partition by a simple column"),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_create, table};
    use super::RULE;

    #[test]
    fn complex_types_are_refused() {
        on_create(
            &RULE,
            table("a: int, s: struct<x: int>, v: variant").partitioned(&["s", "v"]),
            &[
                "silver.t.s: a table cannot be partitioned by `s` of type struct<x: int>",
                "silver.t.v: a table cannot be partitioned by `v` of type variant",
            ],
        );
    }

    #[test]
    fn simple_types_are_fine() {
        on_create(&RULE, table("a: int, b: boolean, c: binary, d: float").partitioned(&["b", "c", "d"]), &[]);
    }
}
