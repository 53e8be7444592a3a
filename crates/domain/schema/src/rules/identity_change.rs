//! DE206: identity numbering is set at creation.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::{Aspect, Identity};

pub(super) static RULE: Rule = Rule {
    code: "DE206",
    name: "identity-change",
    severity: Some(Severity::Rejection),
    summary: "the identity numbering of an existing column cannot change",
    why: "The numbering belongs to the values that were given out already (PROTOCOL.md, \"Identity Columns\"). Delta has no \
          statement that sets, changes or removes it (`DELTA_IDENTITY_COLUMNS_ALTER_COLUMN_NOT_SUPPORTED`).",
    way_out: "Declare what is there, or create the table anew.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::Identity { path, from, to } = difference else { return None };
        let said = |identity: &Option<Identity>| identity.as_ref().map_or("not numbered".to_owned(), describe);
        let message = format!("`{path}` is {} and declared as {}", said(from), said(to));
        let help = match from {
            Some(from) => format!("declare identity: {}", line(from)),
            None => "remove `identity`; to number the rows, the table has to be created anew".to_owned(),
        };
        Some(Report::new(review.at(path).aspect(Aspect::Identity), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

fn describe(identity: &Identity) -> String {
    let Identity { start, increment, always } = identity;
    let explicit = if *always { "explicit values refused" } else { "explicit values allowed" };
    format!("numbered from {start} by {increment}, {explicit}")
}

fn line(identity: &Identity) -> String {
    let Identity { start, increment, always } = identity;
    format!("{{ start: {start}, increment: {increment}, always: {always} }}")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn a_lost_numbering_is_refused() {
        on_change(
            &RULE,
            table("id: bigint"),
            table("id: bigint").identity("id"),
            &["silver.t.id: `id` is numbered from 1 by 1, explicit values refused and declared as not numbered"],
        );
        helps(
            &RULE,
            table("id: bigint"),
            table("id: bigint").identity("id"),
            &["declare identity: { start: 1, increment: 1, always: true }"],
        );
    }

    #[test]
    fn the_same_numbering_is_fine() {
        on_change(&RULE, table("id: bigint").identity("id"), table("id: bigint").identity("id"), &[]);
    }
}
