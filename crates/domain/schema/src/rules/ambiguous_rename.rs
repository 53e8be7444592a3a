//! DE201: a column's former name and its new name are both there.

use super::{Report, Review, Rule};
use crate::diff::Difference;
use crate::finding::Severity;
use crate::model::Aspect;

pub(super) static RULE: Rule = Rule {
    code: "DE201",
    name: "ambiguous-rename",
    severity: Some(Severity::Rejection),
    summary: "a column cannot be renamed to a name that another column has",
    why: "`renamed_from` says that one column became the other, but the table has both. Nothing shows which of them holds \
          the data that is meant, and Delta refuses the rename (`FIELD_ALREADY_EXISTS`).",
    way_out: "Declare the former name as a column of its own to keep both, or remove it from `renamed_from`: the next plan \
              then drops the former column.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |difference: &Difference| {
        let Difference::AmbiguousRename { path, source } = difference else { return None };
        let message = format!("`{path}` is declared as renamed from `{source}`, but the table has both");
        let help = format!(
            "remove `{source}` from `renamed_from` (the next plan then drops it), or declare `{source}` as a column of its own"
        );
        Some(Report::new(review.at(path).aspect(Aspect::Name), message, help))
    };
    review.diff.differences.iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn both_names_there_is_refused() {
        on_change(
            &RULE,
            table("full_name: string").renamed("full_name", "name"),
            table("name: string, full_name: string").mapped(),
            &["silver.t.full_name: `full_name` is declared as renamed from `name`, but the table has both"],
        );
    }

    #[test]
    fn one_name_there_is_a_rename() {
        on_change(&RULE, table("b: string").renamed("b", "a"), table("a: string").mapped(), &[]);
    }
}
