//! DE245: an identity column stays a bigint, and may be null or not as it was made.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE245",
    name: "identity-alteration",
    severity: Some(Severity::Rejection),
    summary: "type and nullability of an identity column cannot change, and it has no default",
    why: "Identity values are 64-bit integers that the writer gives out. Delta lets such a column be renamed, moved and \
          commented, and refuses to alter it in another way (`DELTA_IDENTITY_COLUMNS_ALTER_COLUMN_NOT_SUPPORTED`).",
    way_out: "Declare the column as it is.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    let report = |action: &Action| {
        let (path, what, way_out) = if let Action::AlterColumnType { path, change } = action {
            let (from, to) = (change.from(), change.to());
            (path, format!("change from {from} to {to}"), format!("declare `{path}` as {from}"))
        } else if let Action::DropColumnNotNull { path } = action {
            (path, "become nullable".to_owned(), format!("declare `{path}` NOT NULL"))
        } else if let Action::SetColumnNotNull { path } = action {
            (path, "become NOT NULL".to_owned(), format!("declare `{path}` nullable"))
        } else if let Action::SetColumnDefault { path, .. } = action {
            (path, "get a default".to_owned(), format!("remove the default of `{path}`"))
        } else {
            return None;
        };
        after.column(path.root()?)?.identity?;
        let message = format!("identity column `{path}` cannot {what}");
        Some(Report::new(action.subject(&review.desired.name), message, way_out))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
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
    fn whether_it_may_be_null_stays_as_well() {
        let strict = || table("id: bigint not null").identity("id");
        let loose = || table("id: bigint").identity("id");
        on_change(&RULE, loose(), strict(), &["silver.t.id: identity column `id` cannot become nullable"]);
        helps(&RULE, loose(), strict(), &["declare `id` NOT NULL"]);
        on_change(&RULE, strict(), loose(), &["silver.t.id: identity column `id` cannot become NOT NULL"]);
    }

    #[test]
    fn other_columns_are_altered_and_others_of_its_changes_are_fine() {
        on_change(
            &RULE,
            table("id: bigint comment 'x', a: bigint").identity("id"),
            table("a: int, id: bigint").identity("id"),
            &[],
        );
    }
}
