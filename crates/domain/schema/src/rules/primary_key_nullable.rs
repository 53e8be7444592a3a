//! DE232: the columns of a primary key are NOT NULL.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE232",
    name: "primary-key-nullable",
    severity: Some(Severity::Rejection),
    summary: "the columns of a primary key are NOT NULL",
    why: "A key that may be null identifies nothing. Databricks refuses a primary key on columns that may be null \
          (docs.databricks.com, \"ADD CONSTRAINT clause\").",
    way_out: "Declare the columns of the key with `nullable: false`, or take them out of the key.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(key) = &review.desired.primary_key else { return Vec::new() };
    key.columns.iter().filter_map(|name| report(review, name)).collect()
}

fn report(review: &Review<'_>, name: &Identifier) -> Option<Report> {
    let path = Path::column(name.clone());
    let concerned = |action: &Action| {
        matches!(action, Action::CreateTable { .. } | Action::AddPrimaryKey { .. })
            || matches!(action, Action::DropColumnNotNull { path: loosened } if *loosened == path)
    };
    if !review.desired.column(name)?.field.nullable || !review.diff.actions.iter().any(concerned) {
        return None;
    }
    let message = format!("`{name}` is in the primary key and may be null");
    let help = format!("declare `{name}` with nullable: false, or take it out of `primary_key`");
    Some(Report::new(review.at(&path).aspect(Aspect::PrimaryKey), message, help))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    const REFUSED: &str = "silver.t.b: `b` is in the primary key and may be null";

    #[test]
    fn a_nullable_member_is_refused() {
        let desired = || table("a: int not null, b: int").primary_key(&["a", "b"]);
        on_create(&RULE, desired(), &[REFUSED]);
        on_change(&RULE, desired(), table("a: int not null, b: int"), &[REFUSED]);
        on_change(&RULE, desired(), table("a: int not null, b: int not null").primary_key(&["a", "b"]), &[REFUSED]);
    }

    #[test]
    fn members_that_the_plan_makes_not_null_are_fine() {
        on_change(&RULE, table("a: int not null").primary_key(&["a"]), table("a: int"), &[]);
    }

    #[test]
    fn a_key_and_columns_that_stay_are_left_alone() {
        let both = |columns: &str| table(columns).primary_key(&["a"]);
        let mut there = both("a: int not null, b: int not null").there();
        there.columns[0].field.nullable = true;
        on_change(&RULE, both("a: int, b: int"), there, &[]);
    }
}
