//! DE240: rows that are there break what the plan would promise.

use super::answers::Answered;
use super::{Report, Review, Rule};
use crate::action::Action;
use crate::claim::{Answer, Statement};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    code: "DE240",
    name: "claim-refuted",
    severity: Some(Severity::Rejection),
    summary: "rows of the table break a NOT NULL or a check that is to be added",
    why: "NOT NULL and checks hold for every row or not at all, and a row for which a check is null breaks it. Delta refuses \
          to add them over rows that break them (`DELTA_NEW_NOT_NULL_VIOLATION`, `DELTA_NEW_CHECK_CONSTRAINT_VIOLATION`).",
    way_out: "Correct the rows and plan again, or leave the NOT NULL or the check out of the declaration.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let report = |answered: Answered<'_>| {
        let Answer::Refuted { example } = answered.answer else { return None };
        let message = format!("it is not true that {}: {example}", answered.words());
        Some(Report::new(answered.action.subject(&review.desired.name), message, help(review, &answered)))
    };
    review.answered().into_iter().filter_map(report).collect()
}

fn help(review: &Review<'_>, answered: &Answered<'_>) -> String {
    let table = &review.desired.name;
    if let Action::SetColumnNotNull { path } = answered.action {
        let otherwise = format!("plan again; or declare `{path}` nullable");
        return match &answered.statement {
            Some(Statement::NoNulls(there)) if !there.crosses_collection() => {
                format!("fill it (UPDATE {table} SET {there} = … WHERE {there} IS NULL) and {otherwise}")
            }
            Some(Statement::NoNulls(_) | Statement::AllRows(_)) | None => format!("fill it and {otherwise}"),
        };
    }
    match answered.query(table) {
        Some(query) => format!("find the rows ({query}), correct them and plan again; or remove the check"),
        None => "correct the rows and plan again; or remove the check".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{answer_helps, on_answer, table};
    use super::RULE;
    use crate::claim::Answer;
    use crate::draft::FieldDraft;

    fn refuted() -> Answer {
        Answer::Refuted { example: "file part-0 counts 3 nulls".to_owned() }
    }

    #[test]
    fn a_refuted_claim_names_the_example_and_how_to_correct_it() {
        let desired = || table("b: int not null").renamed("b", "a").check("positive", "b > 0");
        let observed = || table("a: int").mapped();
        on_answer(
            &RULE,
            desired(),
            observed(),
            refuted(),
            &[
                "silver.t.b: it is not true that `b` holds no null: file part-0 counts 3 nulls",
                "silver.t (check positive): it is not true that every row satisfies check `positive`: file part-0 counts 3 nulls",
            ],
        );
        answer_helps(
            &RULE,
            desired(),
            observed(),
            refuted(),
            &[
                "fill it (UPDATE silver.t SET a = … WHERE a IS NULL) and plan again; or declare `b` nullable",
                "find the rows (SELECT * FROM silver.t WHERE (`a` > 0) IS NOT TRUE), correct them and plan again; or remove the check",
            ],
        );
    }

    #[test]
    fn what_sql_cannot_find_is_said_without_it() {
        answer_helps(
            &RULE,
            table("a: array<int not null>"),
            table("a: array<int>"),
            refuted(),
            &["fill it and plan again; or declare `a.element` nullable"],
        );
        answer_helps(
            &RULE,
            table("s: struct<y: int>, x: int").renamed("x", "y").with(|draft| {
                draft.columns[0].fields.push(FieldDraft {
                    path: "y".to_owned(),
                    renamed_from: vec!["x".to_owned()],
                    ..FieldDraft::default()
                });
                draft.checks.push(("positive".to_owned(), "s.y > 0".to_owned()));
            }),
            table("s: struct<x: int>, y: int").mapped(),
            refuted(),
            &["correct the rows and plan again; or remove the check"],
        );
    }

    #[test]
    fn a_proven_claim_is_fine() {
        on_answer(&RULE, table("a: int not null"), table("a: int"), Answer::Proven, &[]);
    }
}
