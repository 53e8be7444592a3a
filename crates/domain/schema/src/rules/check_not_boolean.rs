//! DE258: a check is a condition.

use super::told_type::{is_arithmetic, told_type};
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Expression, Identifier};

pub(super) static RULE: Rule = Rule {
    code: "DE258",
    name: "check-not-boolean",
    severity: Some(Severity::Rejection),
    summary: "a check says of a row whether it is right",
    why: "Delta refuses a check that comes out as anything but true or false (`DELTA_NON_BOOLEAN_CHECK_CONSTRAINT`). On a bare \
          log nobody would notice in a new table, until the first write fails. Literals, columns, casts and arithmetic are \
          looked at; what a function gives is not.",
    way_out: "Say what must hold of the value.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_checks().into_iter().filter_map(|(name, condition)| report(review, name, condition)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, condition: &Expression) -> Option<Report> {
    let told = told_type(condition, review.columns_after());
    let what = match &told {
        Some(DataType::Boolean | DataType::Opaque(_)) => return None,
        Some(data_type) => format!("is of type {data_type}"),
        None => is_arithmetic(condition).then(|| "computes a value".to_owned())?,
    };
    // Of what is not told, only `||` gives a text.
    let gives_number = told.map_or_else(|| !condition.text().contains("||"), |told| is_number(&told));
    let comparison = if gives_number { "> 0" } else { "IS NOT NULL" };
    let message = format!("check `{name}` ({condition}) {what}, and a check is a condition");
    let help = format!("say what must hold of it, as in {condition} {comparison}, or remove check `{name}`");
    Some(Report::new(review.table().aspect(Aspect::Check).key(name.as_str()), message, help))
}

fn is_number(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Byte
            | DataType::Short
            | DataType::Integer
            | DataType::Long
            | DataType::Float
            | DataType::Double
            | DataType::Decimal(_)
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_value_is_no_condition() {
        let check = |condition: &str, what: &str| {
            let said = format!("silver.t (check c): check `c` ({condition}) {what}, and a check is a condition");
            on_create(&RULE, table("a: int, s: string").check("c", condition), &[&said]);
            on_change(&RULE, table("a: int, s: string").check("c", condition), table("a: int, s: string"), &[&said]);
        };
        check("a", "is of type int");
        check("'true'", "is of type string");
        check("CAST(a AS BIGINT)", "is of type bigint");
        check("a + 1", "computes a value");
        check("s || 'x'", "computes a value");
        helps(
            &RULE,
            table("a: int").check("c", "a"),
            table("a: int"),
            &["say what must hold of it, as in a > 0, or remove check `c`"],
        );
        let help = "say what must hold of it, as in a % 2 > 0, or remove check `c`";
        helps(&RULE, table("a: int").check("c", "a % 2"), table("a: int"), &[help]);
        let help = "say what must hold of it, as in s || 'x' IS NOT NULL, or remove check `c`";
        helps(&RULE, table("s: string").check("c", "s || 'x'"), table("s: string"), &[help]);
        let text = || table("s: string");
        let help = "say what must hold of it, as in s IS NOT NULL, or remove check `c`";
        helps(&RULE, text().check("c", "s"), text(), &[help]);
    }

    #[test]
    fn conditions_are_fine_and_so_is_what_is_there() {
        for condition in
            ["a > 0", "b", "NOT b", "true", "CAST(a AS BOOLEAN)", "isnotnull(a)", "a + 1 > 2", "a IS NOT NULL"]
        {
            on_create(&RULE, table("a: int, b: boolean").check("c", condition), &[]);
        }
        let there = || table("a: int").check("c", "a + 1");
        on_change(&RULE, there(), there(), &[]);
    }
}
