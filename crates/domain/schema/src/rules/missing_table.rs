//! DE208: a table that is not there and may not be created.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::Aspect;

pub(super) static RULE: Rule = Rule {
    code: "DE208",
    name: "missing-table",
    severity: Some(Severity::Rejection),
    summary: "the table is not there, and its scope gives no authority to create it",
    why: "Only `scope: full` makes a table ours to create. A narrower scope annotates a table that somebody else creates, \
          and that table does not exist at this target, or goes by another name.",
    way_out: "Let its owner create the table first, correct the name, or declare `scope: full`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let missing = review.diff.differences.contains(&Difference::MissingTable);
    let report = || {
        let message =
            format!("the table is not there, and `scope: {}` gives no authority to create it", review.desired.scope);
        let help = "correct the name, let its owner create the table first, or declare `scope: full`";
        Report::new(review.table().aspect(Aspect::Existence), message, help)
    };
    missing.then(report).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_create, table};
    use super::RULE;
    use crate::model::Scope;

    #[test]
    fn a_table_of_somebody_else_is_not_created() {
        on_create(
            &RULE,
            table("a: int").scope(Scope::Tags),
            &["silver.t: the table is not there, and `scope: tags` gives no authority to create it"],
        );
    }

    #[test]
    fn a_table_of_ours_is_created() {
        on_create(&RULE, table("a: int"), &[]);
    }
}
