//! DE242: what may depend on a column has to be seen before the column changes.

use super::touch::Touch;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, ObservedTable, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE242",
    name: "depends-on-unknown",
    severity: Some(Severity::Rejection),
    summary: "a column does not change while what may depend on it cannot be seen",
    why: "Checks and generation expressions keep the names they were written with, and break when such a column is renamed, \
          dropped or retyped; a table whose partitioning or clustering names a column that is gone cannot be described any \
          more. Not every catalog shows them, generation expressions never show in OSS Spark's SQL, and which columns \
          CLUSTER BY AUTO has chosen is Databricks' to know.",
    way_out: "Plan with a target that reads the table's Delta log. Where clustering is automatic, turn that off on Databricks first; \
              where a column has an invariant of old, take it off with the engine that wrote it.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(observed) = review.observed else { return Vec::new() };
    let found = |touch: &Touch<'_>| {
        mentioned(review, observed, touch)
            .or_else(|| invariant(review, observed, touch))
            .or_else(|| laid_out_by(review, observed, touch))
    };
    review.touches().iter().filter_map(found).collect()
}

fn mentioned(review: &Review<'_>, observed: &ObservedTable, touch: &Touch<'_>) -> Option<Report> {
    let unseen = unseen(observed)?;
    let message = format!("{}, but {unseen} cannot be seen here, and one may mention it", touch.words);
    let help = "plan with a target that reads the table's Delta log: --target with the URL of its storage; if this one does, \
                two checks differ in case only, and the engine that wrote them has to drop one";
    Some(Report::new(touch.action.subject(&review.desired.name), message, help))
}

/// A condition of one column, from the time before there were checks, which may mention any other (PROTOCOL.md, "Column Invariants").
fn invariant(review: &Review<'_>, observed: &ObservedTable, touch: &Touch<'_>) -> Option<Report> {
    let (_, column) = observed.unknown.iter().find(|(aspect, at)| *aspect == Aspect::Check && !at.is_table())?;
    let message = format!("{}, which the invariant of `{column}` (delta.invariants) may mention", touch.words);
    let help = "take the invariant off first, with the engine that wrote it";
    Some(Report::new(touch.action.subject(&review.desired.name), message, help))
}

/// Of what orders the rows only a drop can break anything: both are kept by names that follow.
fn laid_out_by(review: &Review<'_>, observed: &ObservedTable, touch: &Touch<'_>) -> Option<Report> {
    if !matches!(touch.action, Action::DropColumn { .. }) {
        return None;
    }
    let subject = touch.action.subject(&review.desired.name);
    if observed.unknown.covers(Aspect::Layout, &Path::table()) {
        let message = format!(
            "{}, but the table's partitioning or clustering cannot be understood, and may need it",
            touch.words
        );
        let help = "keep the column, or set the clustering anew with the engine that wrote it";
        return Some(Report::new(subject, message, help));
    }
    let is_needed = |(aspect, at): (Aspect, &Path)| aspect == Aspect::Layout && at.starts_with(&touch.place);
    observed.unknown.iter().any(is_needed).then(|| {
        let message = format!("{}, and the table is clustered by it now (CLUSTER BY AUTO)", touch.words);
        let help = "turn automatic clustering off on Databricks first: ALTER TABLE ... CLUSTER BY NONE";
        Report::new(subject, message, help)
    })
}

fn unseen(observed: &ObservedTable) -> Option<&'static str> {
    let hidden = |wanted: Aspect| observed.unknown.iter().any(|(aspect, _)| aspect == wanted);
    match (observed.unknown.covers(Aspect::Check, &Path::table()), hidden(Aspect::Generated)) {
        (true, true) => Some("checks and generation expressions"),
        (true, false) => Some("checks"),
        (false, true) => Some("generation expressions"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;
    use crate::model::{Aspect, Path};

    #[test]
    fn a_drop_waits_for_sight() {
        let mut observed = table("a: int, b: int").mapped().there();
        observed.unknown.insert(Aspect::Check, Path::table());
        let said = "silver.t.b: drops `b`, but checks cannot be seen here, and one may mention it";
        on_change(&RULE, table("a: int"), observed.clone(), &[said]);
        let mut invariant = table("a: int, b: int").mapped().there();
        invariant.unknown.insert(Aspect::Check, Path::column("a"));
        let of_columns = "silver.t.b: drops `b`, which the invariant of `a` (delta.invariants) may mention";
        on_change(&RULE, table("a: int"), invariant, &[of_columns]);
        observed.unknown.insert(Aspect::Generated, Path::column("a"));
        let said =
            "silver.t.b: drops `b`, but checks and generation expressions cannot be seen here, and one may mention it";
        on_change(&RULE, table("a: int"), observed, &[said]);
    }

    #[test]
    fn a_column_that_may_order_the_rows_is_not_dropped() {
        let observed = |at: Path| {
            let mut observed = table("a: int, b: int, c: struct<x: int, y: int>").mapped().there();
            observed.unknown.insert(Aspect::Layout, at);
            observed
        };
        let check =
            |desired: &str, at: Path, expected: &[&str]| on_change(&RULE, table(desired), observed(at), expected);
        let less = "a: int, c: struct<x: int, y: int>";
        let said =
            "silver.t.b: drops `b`, but the table's partitioning or clustering cannot be understood, and may need it";
        check(less, Path::table(), &[said]);
        check(
            less,
            Path::column("b"),
            &["silver.t.b: drops `b`, and the table is clustered by it now (CLUSTER BY AUTO)"],
        );
        let below = || Path::column("c").field(&"x".into());
        check(
            "a: int, b: int",
            below(),
            &["silver.t.c: drops `c`, and the table is clustered by it now (CLUSTER BY AUTO)"],
        );
        check(less, below(), &[]);
        check("a: int, b: int, c: struct<x: int>", below(), &[]);
        check("a: bigint, b: int, c: struct<x: int, y: int>", Path::table(), &[]);
        on_change(
            &RULE,
            table("a: int, b: int, d: struct<y: int>").renamed("d", "c"),
            observed(below()),
            &["silver.t.d.x: drops `d.x`, and the table is clustered by it now (CLUSTER BY AUTO)"],
        );
    }

    #[test]
    fn additions_and_other_unknowns_do_not_matter() {
        let mut observed = table("a: int, b: int").mapped().there();
        observed.unknown.insert(Aspect::Tags, Path::table());
        on_change(&RULE, table("a: int"), observed, &[]);
        let mut observed = table("a: int").there();
        observed.unknown.insert(Aspect::Check, Path::table());
        on_change(&RULE, table("a: int comment 'x', b: int"), observed, &[]);
    }
}
