//! DE216: a generated column freezes the columns its expression mentions.

use super::touch::Touch;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Column, ObservedTable};

pub(super) static RULE: Rule = Rule {
    code: "DE216",
    name: "generated-on-changed-column",
    severity: Some(Severity::Rejection),
    summary: "a column that a generated column is computed from cannot be renamed, dropped or retyped, nor the generated one retyped",
    why: "A generation expression is kept as text with the names it was written with, and cannot be changed. Delta refuses \
          to rename, drop or retype a column that one mentions (`DELTA_GENERATED_COLUMNS_DEPENDENT_COLUMN_CHANGE`), and to give \
          the generated column another type than its expression has (`DELTA_GENERATED_COLUMNS_EXPR_TYPE_MISMATCH`). Any word \
          of the expression that is spelled like the column counts here.",
    way_out: "Keep the column as it is, drop the generated column in the same plan, or create the table anew.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(observed) = review.observed else { return Vec::new() };
    let report = |touch: &Touch<'_>| {
        let dependent = |column: &&Column| {
            *column.name() != touch.column
                && column.generated.as_ref().is_some_and(|expression| expression.mentions(&touch.column))
                && !is_dropped(review, column)
        };
        let others = observed.columns.iter().filter(dependent).map(|column| found(observed, touch, column));
        others.chain(retyped(observed, touch)).collect::<Vec<_>>()
    };
    review.touches().iter().flat_map(report).collect()
}

/// Delta looks at the table without the dropped columns (`AlterTableDropColumnsDeltaCommand`): both may go at once.
fn is_dropped(review: &Review<'_>, column: &Column) -> bool {
    let gone = |action: &Action| matches!(action, Action::DropColumn { path, .. } if path.is_column() && path.root() == Some(column.name()));
    review.diff.actions.iter().any(gone)
}

/// The generated column itself: its expression gives the type that it has.
fn retyped(observed: &ObservedTable, touch: &Touch<'_>) -> Option<Report> {
    let expression = observed.column(&touch.column)?.generated.as_ref()?;
    if !matches!(touch.action, Action::AlterColumnType { .. }) {
        return None;
    }
    let message = format!("{}, and its expression ({expression}) gives the type it has now", touch.words);
    let help = format!("keep the type of `{}`, or create the table anew", touch.column);
    Some(Report::new(touch.action.subject(&observed.name), message, help))
}

fn found(observed: &ObservedTable, touch: &Touch<'_>, column: &Column) -> Report {
    let name = column.name();
    let expression = column.generated.as_ref().map(ToString::to_string).unwrap_or_default();
    let message = format!("{}, which `{name}` is generated from ({expression})", touch.words);
    let help = format!("keep the column as it is; or remove `{name}` too, so that it is dropped in the same plan");
    Report::new(touch.action.subject(&observed.name), message, help)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;

    #[test]
    fn a_generated_column_holds_its_source() {
        on_change(
            &RULE,
            table("id: int, day: date, next: int").generated("day", "CAST(ts AS DATE)").generated("next", "id + 1"),
            table("id: int, ts: timestamp, day: date, next: int")
                .generated("day", "CAST(ts AS DATE)")
                .generated("next", "id + 1")
                .mapped(),
            &["silver.t.ts: drops `ts`, which `day` is generated from (CAST(ts AS DATE))"],
        );
    }

    #[test]
    fn both_may_be_dropped_at_once_and_the_generated_one_alone() {
        let observed = || table("id: int, ts: timestamp, day: date").generated("day", "CAST(ts AS DATE)").mapped();
        on_change(&RULE, table("id: int"), observed(), &[]);
        on_change(&RULE, table("id: int, ts: timestamp"), observed(), &[]);
    }

    #[test]
    fn a_generated_column_keeps_the_type_of_its_expression() {
        let of = |data_type: &str| table(&format!("x: string, k: {data_type}")).generated("k", "CAST(x AS INT)");
        on_change(
            &RULE,
            of("bigint"),
            of("int").property("delta.enableTypeWidening", "true"),
            &["silver.t.k: changes the type of `k`, and its expression (CAST(x AS INT)) gives the type it has now"],
        );
    }

    #[test]
    fn a_generated_column_does_not_hold_itself() {
        on_change(
            &RULE,
            table("ts: timestamp, day: date").generated("day", "date(ts)").renamed("day", "date"),
            table("ts: timestamp, date: date").generated("date", "date(ts)").mapped(),
            &[],
        );
    }
}
