//! DE241: nothing can tell whether the rows allow what the plan would promise.

use super::answers::Answered;
use super::{Report, Review, Rule};
use crate::claim::Answer;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE241",
    name: "claim-unknowable",
    severity: Some(Severity::Rejection),
    summary: "it cannot be told whether the rows allow a NOT NULL or a check that is to be added",
    why: "NOT NULL and checks are promises about every row. Added without a proof they make readers and optimizers trust \
          what may be false, and the next writer fail on rows it did not write.",
    way_out: "Plan with a target that can prove it, or leave the NOT NULL or the check out of the declaration.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |answered: Answered<'_>| {
        let Answer::Unknowable { why } = answered.answer else { return None };
        let message = format!("it cannot be told whether {}: {why}", answered.words());
        let help = match answered.query(&review.desired.name) {
            Some(query) => format!("plan with a target that can run {query}, or leave it out of the declaration"),
            None => "plan its other changes first and apply them; or leave it out of the declaration".to_owned(),
        };
        Some(Report::new(answered.action.subject(&review.desired.name), message, help))
    };
    review.answered().into_iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer_helps, on_answer, table};
    use super::RULE;
    use crate::claim::Answer;

    fn unknowable() -> Answer {
        Answer::Unknowable { why: "`f` is no function known here".to_owned() }
    }

    #[test]
    fn the_reason_is_named() {
        let desired = || table("a: int").check("sound", "f(a)");
        on_answer(
            &RULE,
            desired(),
            table("a: int"),
            unknowable(),
            &[
                "silver.t (check sound): it cannot be told whether every row satisfies check `sound`: `f` is no function known here",
            ],
        );
        answer_helps(
            &RULE,
            desired(),
            table("a: int"),
            unknowable(),
            &[
                "plan with a target that can run SELECT * FROM silver.t WHERE (f(a)) IS NOT TRUE, or leave it out of the declaration",
            ],
        );
    }

    #[test]
    fn what_sql_cannot_ask_waits_for_the_other_changes() {
        answer_helps(
            &RULE,
            table("a: array<int not null>, s: struct<x: int not null>"),
            table("a: array<int>, s: struct<x: int>"),
            unknowable(),
            &[
                "plan its other changes first and apply them; or leave it out of the declaration",
                "plan with a target that can run SELECT * FROM silver.t WHERE s.x IS NULL, or leave it out of the declaration",
            ],
        );
    }

    #[test]
    fn a_proven_claim_is_fine() {
        on_answer(&RULE, table("a: int").check("positive", "a > 0"), table("a: int"), Answer::Proven, &[]);
    }
}
