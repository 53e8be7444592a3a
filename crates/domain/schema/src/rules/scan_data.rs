//! DE302: proving a claim reads data.

use super::answers::Answered;
use super::words::{counted, human_bytes};
use super::{Report, Review, Rule};
use crate::claim::Answer;
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE302",
    name: "scan-data",
    severity: Some(Severity::Hazard),
    summary: "a NOT NULL or a check is proved by reading data files",
    why: "Statistics in the log do not settle whether every row allows it, so the files have to be read, which takes time and \
          money. On Spark the statement itself reads the table and fails when somebody writes to it meanwhile \
          (`DELTA_CONCURRENT_APPEND`).",
    way_out: "Permit it by name and apply at a quiet time, or leave the NOT NULL or the check out of the declaration.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |answered: Answered<'_>| {
        let Answer::NeedsScan { files, bytes } = answered.answer else { return None };
        let subject = answered.action.subject(&review.desired.name);
        let help = review.permission(RULE.name, &subject);
        let read = format!("{} ({})", counted(*files, "file"), human_bytes(*bytes));
        Some(Report::new(subject, format!("reads {read} to prove that {}", answered.words()), help))
    };
    review.answered().into_iter().filter_map(report).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer_helps, on_answer, table};
    use super::RULE;
    use crate::claim::Answer;

    #[test]
    fn files_and_bytes_are_named_and_the_object_to_permit() {
        let desired = || table("a: int not null").check("positive", "a > 0");
        let scan = || Answer::NeedsScan { files: 12, bytes: 5 << 30 };
        on_answer(
            &RULE,
            desired(),
            table("a: int"),
            scan(),
            &[
                "silver.t.a: reads 12 files (5.0 GiB) to prove that `a` holds no null",
                "silver.t (check positive): reads 12 files (5.0 GiB) to prove that every row satisfies check `positive`",
            ],
        );
        let allow = ["allow: --allow scan-data:silver.t.a", "allow: --allow scan-data:silver.t"];
        answer_helps(&RULE, desired(), table("a: int"), scan(), &allow);
    }

    #[test]
    fn what_statistics_prove_is_not_read() {
        on_answer(&RULE, table("a: int not null"), table("a: int"), Answer::Proven, &[]);
    }
}
