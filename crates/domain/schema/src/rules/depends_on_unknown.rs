//! DE242: what may depend on a column has to be seen before the column changes.

use super::touch::Touch;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, ObservedTable};

pub(super) static RULE: Rule = Rule {
    code: "DE242",
    name: "depends-on-unknown",
    severity: Some(Severity::Rejection),
    summary: "a column is not renamed, dropped or retyped while its checks and generated columns cannot be seen",
    why: "Checks and generation expressions keep the names they were written with, and break when such a column changes. \
          This target shows only part of the table: not every catalog shows them, and generation expressions never show \
          in OSS Spark's SQL.",
    way_out: "Plan with a target that reads the table's Delta log, which shows everything.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(unseen) = review.observed.and_then(unseen) else { return Vec::new() };
    let report = |touch: Touch<'_>| {
        let message = format!("{}, but {unseen} cannot be seen here, and one may mention it", touch.words);
        let help = "plan with a target that reads the table's Delta log: --target with the URL of its storage";
        Report::new(touch.action.subject(&review.desired.name), message, help)
    };
    review.touches().into_iter().map(report).collect()
}

fn unseen(observed: &ObservedTable) -> Option<&'static str> {
    let hidden = |wanted: Aspect| observed.unknown.iter().any(|(aspect, _)| aspect == wanted);
    match (hidden(Aspect::Check), hidden(Aspect::Generated)) {
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
        observed.unknown.insert(Aspect::Generated, Path::column("a"));
        let said =
            "silver.t.b: drops `b`, but checks and generation expressions cannot be seen here, and one may mention it";
        on_change(&RULE, table("a: int"), observed, &[said]);
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
