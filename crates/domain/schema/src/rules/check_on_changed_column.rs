//! DE215: a check freezes the columns it mentions.

use super::touch::Touch;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Expression, Identifier, ObservedTable};

pub(super) static RULE: Rule = Rule {
    code: "DE215",
    name: "check-on-changed-column",
    severity: Some(Severity::Rejection),
    summary: "a column that a check mentions cannot be renamed, dropped or retyped",
    why: "A check is kept as text with the names it was written with. Delta refuses to rename, drop or retype a column that \
          one mentions (`DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE`). Any word of the condition that is spelled like the \
          column counts here.",
    way_out: "Declare the check with the new names, or under another name: the plan then drops it before the column changes \
              and adds it again afterwards. Without its column, remove it.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(observed) = review.observed else { return Vec::new() };
    let staying: Vec<_> = observed.checks.iter().filter(|(name, _)| !is_dropped(review, name)).collect();
    review.touches().iter().flat_map(|touch| staying.iter().filter_map(|held| report(observed, touch, *held))).collect()
}

fn is_dropped(review: &Review<'_>, name: &Identifier) -> bool {
    review
        .diff
        .actions
        .iter()
        .any(|action| matches!(action, Action::DropCheck { name: dropped, .. } if dropped == name))
}

fn report(
    observed: &ObservedTable,
    touch: &Touch<'_>,
    (name, condition): (&Identifier, &Expression),
) -> Option<Report> {
    if !condition.mentions(&touch.column) {
        return None;
    }
    let message = format!("{}, which check `{name}` ({condition}) mentions", touch.words);
    Some(Report::new(touch.action.subject(&observed.name), message, help(touch, name)))
}

fn help(touch: &Touch<'_>, name: &Identifier) -> String {
    if let Action::RenameColumn { to, .. } = touch.action {
        return format!("declare check `{name}` with `{to}`: it is then dropped before the rename and added after it");
    }
    if matches!(touch.action, Action::DropColumn { .. }) {
        return format!("remove check `{name}` from the declaration, or keep the column");
    }
    format!(
        "declare the check under another name, such as `{name}_2`: it is then dropped before the change and added after it"
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;

    #[test]
    fn a_check_holds_its_column() {
        let desired = || table("b: bigint, d: struct<y: int>").renamed("b", "a").check("small", "a < c and d.x > 0");
        let observed =
            || table("a: int, c: int, d: struct<x: int, y: int>").mapped().check("small", "a < c and d.x > 0");
        on_change(
            &RULE,
            desired(),
            observed(),
            &[
                "silver.t.a: renames `a` to `b`, which check `small` (a < c and d.x > 0) mentions",
                "silver.t.b: changes the type of `b`, which check `small` (a < c and d.x > 0) mentions",
                "silver.t.c: drops `c`, which check `small` (a < c and d.x > 0) mentions",
                "silver.t.d.x: drops `d.x`, which check `small` (a < c and d.x > 0) mentions",
            ],
        );
        helps(
            &RULE,
            desired(),
            observed(),
            &[
                "declare check `small` with `b`: it is then dropped before the rename and added after it",
                "declare the check under another name, such as `small_2`: it is then dropped before the change and added after it",
                "remove check `small` from the declaration, or keep the column",
                "remove check `small` from the declaration, or keep the column",
            ],
        );
    }

    #[test]
    fn a_check_that_the_plan_drops_holds_nothing() {
        on_change(
            &RULE,
            table("b: int").renamed("b", "a").check("positive", "b > 0"),
            table("a: int").mapped().check("positive", "a > 0"),
            &[],
        );
    }

    #[test]
    fn names_are_those_the_table_has_now() {
        on_change(
            &RULE,
            table("c: int, b: bigint, s: struct<y: int>").renamed("c", "b").renamed("b", "x").check("n", "x > 0"),
            table("b: int, x: int, s: struct<y: int>").mapped().check("n", "x > 0"),
            &[
                "silver.t.x: renames `x` to `b`, which check `n` (x > 0) mentions",
                "silver.t.b: changes the type of `b`, which check `n` (x > 0) mentions",
            ],
        );
    }

    #[test]
    fn a_new_length_holds_for_the_same_text() {
        on_change(
            &RULE,
            table("a: varchar(9)").check("n", "a <> ''"),
            table("a: varchar(3)").check("n", "a <> ''"),
            &[],
        );
    }
}
