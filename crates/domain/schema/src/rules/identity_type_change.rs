//! DE245: an identity column stays a bigint.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE245",
    name: "identity-type-change",
    severity: Some(Severity::Rejection),
    summary: "the type of an identity column cannot change",
    why: "Identity values are 64-bit integers that the writer gives out. Delta refuses to alter the column \
          (`DELTA_IDENTITY_COLUMNS_ALTER_COLUMN_NOT_SUPPORTED`).",
    way_out: "Keep the column as bigint.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    let report = |action: &Action| {
        let Action::AlterColumnType { path, change } = action else { return None };
        after.column(path.root()?)?.identity?;
        let message = format!("identity column `{path}` cannot change from {} to {}", change.from(), change.to());
        Some(Report::new(
            action.subject(&review.desired.name),
            message,
            format!("declare `{path}` as {}", change.from()),
        ))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn an_identity_column_is_not_widened() {
        on_change(
            &RULE,
            table("n: decimal(20,0)").identity("n").renamed("n", "id"),
            table("id: bigint").identity("id").mapped(),
            &["silver.t.n: identity column `n` cannot change from bigint to decimal(20,0)"],
        );
    }

    #[test]
    fn other_columns_are() {
        on_change(
            &RULE,
            table("id: bigint, a: bigint").identity("id"),
            table("id: bigint, a: int").identity("id"),
            &[],
        );
    }
}
