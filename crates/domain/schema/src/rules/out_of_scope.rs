//! DE207: a difference that the declared scope gives no authority to close.

use super::words::doing;
use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE207",
    name: "out-of-scope",
    severity: Some(Severity::Rejection),
    summary: "the declaration differs from the table in a part that its scope does not own",
    why: "`scope` says how much of a table is ours: tags, annotations (comments too), metadata (keys too) or full. What is \
          beyond it belongs to whoever creates the table, and is never changed from here.",
    way_out: "Bring the declaration in line with the table, or declare `scope: full` if the table is yours.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::OutOfScope { action, scope } = difference else { return None };
        let message = format!("{} would be needed, and `scope: {scope}` gives no authority for it", doing(action));
        let help = "declare what is there, or `scope: full` if the table is yours";
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;
    use crate::model::Scope;

    #[test]
    fn a_column_beyond_the_scope_is_refused() {
        on_change(
            &RULE,
            table("a: int, b: int").scope(Scope::Annotations),
            table("a: int"),
            &["silver.t.b: adding column `b` would be needed, and `scope: annotations` gives no authority for it"],
        );
    }

    #[test]
    fn a_comment_is_within_annotations() {
        on_change(&RULE, table("a: int comment 'x'").scope(Scope::Annotations), table("a: int"), &[]);
    }
}
