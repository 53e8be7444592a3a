//! DE248: a variant's default is null.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType, Expression, ExpressionToken, Identifier, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE248",
    name: "variant-default",
    severity: Some(Severity::Rejection),
    summary: "a variant column has no default but NULL",
    why: "A default is kept as text, and no text writes a variant (PROTOCOL.md, \"Default Columns\" and \"Variant Data \
          Type\").",
    way_out: "Remove the default, and write the value where rows are written.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    review.new_defaults().into_iter().filter_map(|(name, default)| report(review, name, default)).collect()
}

fn report(review: &Review<'_>, name: &Identifier, default: &Expression) -> Option<Report> {
    if *review.desired.column(name)?.data_type() != DataType::Variant || is_null(default) {
        return None;
    }
    let subject = review.at(&Path::column(name.clone())).aspect(Aspect::Default);
    let message = format!("`{name}` is a variant and has the default {default}; only NULL can be one");
    Some(Report::new(subject, message, format!("remove the default of `{name}`")))
}

fn is_null(default: &Expression) -> bool {
    matches!(default.tokens(), [ExpressionToken::Word(word)] if word == "null")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn a_value_as_default_is_refused() {
        let said = "silver.t.v: `v` is a variant and has the default parse_json('1'); only NULL can be one";
        let desired = || table("a: int, v: variant").default("v", "parse_json('1')");
        on_create(&RULE, desired(), &[said]);
        on_change(&RULE, desired(), table("a: int, v: variant"), &[said]);
    }

    #[test]
    fn null_and_other_types_are_fine() {
        on_create(&RULE, table("a: int, v: variant").default("v", "NULL").default("a", "1"), &[]);
    }
}
