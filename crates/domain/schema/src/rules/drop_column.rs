//! DE305: dropping a column takes its data from every reader.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{DataType, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE305",
    name: "drop-column",
    severity: Some(Severity::Hazard),
    summary: "dropping a column deletes its data for every reader",
    why: "The column disappears from the schema at once. Its values stay in the data files until a rewrite and VACUUM \
          remove them, but no reader sees them any more, and a column of the same name added later is a new one \
          (PROTOCOL.md, \"Column Mapping\").",
    way_out: "Permit it by name, or keep the column in the declaration. If it was renamed, write `renamed_from` on the \
              new column.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |action: &Action| {
        let Action::DropColumn { path, data_type } = action else { return None };
        let mut subject = action.subject(&review.desired.name);
        let help = review.permission(RULE.name, &subject);
        subject.aspect = None;
        let mut message = "deletes the data of this column for every reader; cannot be undone after VACUUM".to_owned();
        if let Some(hint) = rename_hint(review, path, data_type) {
            message.push_str(&hint);
        }
        Some(Report::new(subject, message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

/// What to write if the column was renamed: where the same plan adds columns of its type beside it, that is likely.
fn rename_hint(review: &Review<'_>, path: &Path, data_type: &DataType) -> Option<String> {
    let added = review.diff.actions.iter().filter_map(|action| {
        let Action::AddColumn { parent, column, .. } = action else { return None };
        (path.parent().as_ref() == Some(parent)).then_some(column)
    });
    let alike: Vec<String> = added
        .filter(|column| column.data_type() == data_type)
        .map(|column| format!("`{}`", column.name().quoted_if_needed()))
        .collect();
    let name = path.leaf_name()?.quoted_if_needed();
    (!alike.is_empty())
        .then(|| format!("; if it was renamed to {}, write `renamed_from: {name}` there instead", alike.join(" or ")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn a_dropped_field_is_named_for_the_permission() {
        let desired = || table("s: struct<a: int>");
        let observed = || table("s: struct<a: int, b: int>").mapped();
        on_change(
            &RULE,
            desired(),
            observed(),
            &["silver.t.s.b: deletes the data of this column for every reader; cannot be undone after VACUUM"],
        );
        helps(&RULE, desired(), observed(), &["allow: --allow drop-column:silver.t.s.b"]);
    }

    #[test]
    fn what_looks_like_a_rename_is_asked_about() {
        on_change(
            &RULE,
            table("id: int, s: struct<c: int, d: int>, full_name: string, nick: string, age: int"),
            table("id: int, s: struct<b: int, c: int>, name: string").mapped(),
            &[
                "silver.t.name: deletes the data of this column for every reader; cannot be undone after VACUUM; if it was renamed to `full_name` or `nick`, write `renamed_from: name` there instead",
                "silver.t.s.b: deletes the data of this column for every reader; cannot be undone after VACUUM; if it was renamed to `d`, write `renamed_from: b` there instead",
            ],
        );
    }

    #[test]
    fn a_renamed_column_is_not_dropped() {
        on_change(&RULE, table("b: int").renamed("b", "a"), table("a: int").mapped(), &[]);
    }
}
