//! DE220: a nested field becomes NOT NULL only where its parents are.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{DataType, ObservedTable, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE220",
    name: "not-null-under-nullable",
    severity: Some(Severity::Rejection),
    summary: "a nested field cannot be made NOT NULL while a parent may be null",
    why: "A row whose struct is null has no value for the fields in it. Databricks takes SET NOT NULL on a nested field only \
          where every parent is NOT NULL (docs.databricks.com, \"ALTER TABLE … COLUMN\").",
    way_out: "Declare the parents NOT NULL as well, or the field nullable.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after else { return Vec::new() };
    let report = |action: &Action| {
        let Action::SetColumnNotNull { path } = action else { return None };
        let parent = nullable_parent(after, path).filter(|_| !path.crosses_collection())?;
        let message = format!("`{path}` cannot be NOT NULL while `{parent}` may be null");
        let help = format!("declare `{parent}` NOT NULL too, or `{path}` nullable");
        Some(Report::new(action.subject(&review.desired.name), message, help))
    };
    review.diff.actions.iter().filter_map(report).collect()
}

/// The outermost struct above the path that may be null.
fn nullable_parent(table: &ObservedTable, path: &Path) -> Option<Path> {
    let (_, above) = path.steps().split_last()?;
    (1..=above.len()).map(|depth| Path::from(above[..depth].to_vec())).find(|parent| is_nullable(table, parent))
}

fn is_nullable(table: &ObservedTable, path: &Path) -> bool {
    let Some(name) = path.leaf_name() else { return false };
    if path.is_column() {
        return table.column(name).is_some_and(|column| column.field.nullable);
    }
    let fields = path.parent().and_then(|parent| table.type_at(&parent)).and_then(DataType::as_struct);
    fields.unwrap_or_default().iter().any(|field| field.name == *name && field.nullable)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn a_nullable_parent_is_named() {
        on_change(
            &RULE,
            table("s: struct<t: struct<a: int not null>> not null"),
            table("s: struct<t: struct<a: int>> not null"),
            &["silver.t.s.t.a: `s.t.a` cannot be NOT NULL while `s.t` may be null"],
        );
    }

    #[test]
    fn parents_that_the_plan_tightens_too_will_do() {
        on_change(&RULE, table("s: struct<a: int not null> not null"), table("s: struct<a: int>"), &[]);
    }

    #[test]
    fn siblings_of_its_parents_may_be_null() {
        on_change(
            &RULE,
            table("s: struct<t: struct<a: int not null, b: int> not null, u: int> not null, c: int"),
            table("s: struct<t: struct<a: int, b: int> not null, u: int> not null, c: int"),
            &[],
        );
    }
}
