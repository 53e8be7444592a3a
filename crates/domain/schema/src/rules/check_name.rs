//! DE238: a name that Delta keeps for itself.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Identifier};

/// Delta `CharVarcharConstraint.INVARIANT_NAME`.
const RESERVED: &str = "__CHAR_VARCHAR_STRING_LENGTH_CHECK__";

pub(super) static RULE: Rule = Rule {
    code: "DE238",
    name: "check-name",
    severity: Some(Severity::Rejection),
    summary: "a check cannot have the name that Delta uses for the lengths of char and varchar",
    why: "Delta checks the lengths of char and varchar under the name `__CHAR_VARCHAR_STRING_LENGTH_CHECK__` and refuses \
          others of that name (`DELTA_INVALID_CONSTRAINT_NAME`).",
    way_out: "Give the check another name.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let reserved = Identifier::new(RESERVED);
    let adds = |action: &Action| {
        matches!(action, Action::CreateTable { table } if table.checks.contains_key(&reserved))
            || matches!(action, Action::AddCheck { name, .. } if *name == reserved)
    };
    let report = |_: &Action| {
        let message = format!("the check name `{RESERVED}` belongs to Delta");
        Report::new(review.table().aspect(Aspect::Check).key(RESERVED), message, "give the check another name")
    };
    review.diff.actions.iter().filter(|action| adds(action)).map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::{RESERVED, RULE};

    #[test]
    fn the_name_is_refused_in_any_case() {
        let said = format!("silver.t (check {RESERVED}): the check name `{RESERVED}` belongs to Delta");
        on_create(&RULE, table("a: int").check(RESERVED, "a > 0"), &[&said]);
        on_change(&RULE, table("a: int").check(&RESERVED.to_lowercase(), "a > 0"), table("a: int"), &[&said]);
    }

    #[test]
    fn other_names_are_fine() {
        on_create(&RULE, table("a: int").check("positive", "a > 0"), &[]);
    }
}
