//! DE246: a streaming table is its pipeline's.

use super::words::doing;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{RelationKind, Scope};

pub(super) static RULE: Rule = Rule {
    code: "DE246",
    name: "streaming-table",
    severity: Some(Severity::Rejection),
    summary: "a streaming table takes comments and tags only",
    why: "A streaming table is defined by its pipeline, which sets columns, properties and layout anew at each update \
          (docs.databricks.com, \"ALTER STREAMING TABLE\").",
    way_out: "Change the table in its pipeline, and declare `scope: annotations` here for comments and tags.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if review.observed.is_none_or(|observed| observed.kind != RelationKind::StreamingTable) {
        return Vec::new();
    }
    let refused: Vec<String> =
        review.diff.actions.iter().filter(|action| !Scope::Annotations.covers(action.aspect())).map(doing).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let message = format!("the table is a streaming table, which only its pipeline changes: {}", refused.join(", "));
    let help = "change it in its pipeline, and declare `scope: annotations` here";
    vec![Report::new(review.table(), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;
    use crate::model::{ObservedTable, RelationKind};

    fn streaming(columns: &str) -> ObservedTable {
        ObservedTable { kind: RelationKind::StreamingTable, ..table(columns).there() }
    }

    #[test]
    fn columns_and_properties_are_refused_at_once() {
        on_change(
            &RULE,
            table("a: int, b: int").property("team.owner", "x"),
            streaming("a: int"),
            &[
                "silver.t: the table is a streaming table, which only its pipeline changes: setting property `team.owner`, adding column `b`",
            ],
        );
    }

    #[test]
    fn comments_are_fine_and_so_is_any_other_table() {
        on_change(&RULE, table("a: int comment 'x'"), streaming("a: int"), &[]);
        on_change(&RULE, table("a: int, b: int"), table("a: int"), &[]);
    }
}
