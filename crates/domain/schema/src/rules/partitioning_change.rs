//! DE204: partitioning is set at creation.

use super::words::{layout_clause, layout_line};
use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::{Aspect, Layout};

pub(super) static RULE: Rule = Rule {
    code: "DE204",
    name: "partitioning-change",
    severity: Some(Severity::Rejection),
    summary: "the partitioning of an existing table cannot change",
    why: "Every data file belongs to one partition by its place and its log entry (PROTOCOL.md, \"Add File and Remove \
          File\"), so new partition columns mean that all data is written again. Delta has no statement for it, and it \
          refuses clustering on a partitioned table (`DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED`).",
    way_out: "Declare the layout that is there, or write the table anew with CREATE OR REPLACE TABLE … AS SELECT, which \
              keeps its name, id and history but not NOT NULL, comments and checks; the next plan brings those back.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::Partitioning { from, to } = difference else { return None };
        let message = format!("the table is {from} and declared as {to}; all its data would have to be written again");
        let help = help(review, from, to);
        Some(Report::new(review.table().aspect(Aspect::Layout), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

fn help(review: &Review<'_>, from: &Layout, to: &Layout) -> String {
    let table = &review.desired.name;
    let keep = match layout_line(from) {
        Some(line) => format!("declare {line} to keep it"),
        None => "remove `partitioned_by` to keep it".to_owned(),
    };
    format!(
        "{keep}; or write it anew: CREATE OR REPLACE TABLE {table} USING delta{} AS SELECT * FROM {table}, then apply again",
        layout_clause(to)
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn another_partitioning_is_refused_with_both_ways_out() {
        let desired = || table("a: int, b: date").clustered(&["a"]);
        let observed = || table("a: int, b: date").partitioned(&["b"]);
        on_change(
            &RULE,
            desired(),
            observed(),
            &[
                "silver.t: the table is partitioned by b and declared as clustered by a; all its data would have to be written again",
            ],
        );
        helps(
            &RULE,
            desired(),
            observed(),
            &[
                "declare partitioned_by: [b] to keep it; or write it anew: CREATE OR REPLACE TABLE silver.t USING delta CLUSTER BY (a) AS SELECT * FROM silver.t, then apply again",
            ],
        );
    }

    #[test]
    fn other_clustering_is_none_of_its_business() {
        on_change(&RULE, table("a: int, b: int").clustered(&["a"]), table("a: int, b: int").clustered(&["b"]), &[]);
    }
}
