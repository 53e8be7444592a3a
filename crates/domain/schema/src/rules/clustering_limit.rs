//! DE226: at most four clustering columns.

use super::words::layout_line;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Layout};

const MOST: usize = 4;

pub(super) static RULE: Rule = Rule {
    code: "DE226",
    name: "clustering-limit",
    severity: Some(Severity::Rejection),
    summary: "a table is clustered by at most four columns",
    why: "Delta refuses a fifth one (`DELTA_CLUSTER_BY_INVALID_NUM_COLUMNS`): every column more makes the files less \
          selective by each.",
    way_out: "Keep the four columns that queries filter by most.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let paths = review.new_clustering();
    if paths.len() <= MOST {
        return Vec::new();
    }
    let message = format!("the table is clustered by {} columns, and {MOST} is the most", paths.len());
    let first = layout_line(&Layout::Clustered(paths[..MOST].to_vec())).unwrap_or_default();
    let help = format!("keep the {MOST} that queries filter by most, as in {first}");
    vec![Report::new(review.table().aspect(Aspect::Layout), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    const COLUMNS: &str = "a: int, b: int, c: int, d: int, e: int";

    #[test]
    fn a_fifth_column_is_refused() {
        let desired = || table(COLUMNS).clustered(&["a", "b", "c", "d", "e"]);
        let refused = "silver.t: the table is clustered by 5 columns, and 4 is the most";
        on_create(&RULE, desired(), &[refused]);
        on_change(&RULE, desired(), table(COLUMNS), &[refused]);
    }

    #[test]
    fn four_are_fine() {
        on_create(&RULE, table(COLUMNS).clustered(&["a", "b", "c", "d"]), &[]);
    }
}
