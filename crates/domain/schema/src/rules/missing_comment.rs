//! DE510: tables and columns say what they hold.

use super::{Report, Review, Rule};
use crate::model::{Aspect, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE510",
    name: "missing-comment",
    severity: None,
    summary: "a table or a column has no comment",
    why: "A comment is what a reader sees beside the name in every catalog. Whether each table and column needs one is for a \
          team to decide, so the rule is off unless `rules` turns it on.",
    way_out: "Declare a `comment`, or turn the rule off.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let table = review.desired.comment.is_none().then(|| {
        let message = "the table has no comment";
        Report::new(review.table().aspect(Aspect::Comment), message, "declare the table's `comment`")
    });
    let bare = review.desired.columns.iter().filter(|column| column.field.comment.is_none());
    let columns = bare.map(|column| {
        let subject = review.at(&Path::column(column.name().clone())).aspect(Aspect::Comment);
        Report::new(subject, format!("`{}` has no comment", column.name()), "declare the column's `comment`")
    });
    table.into_iter().chain(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn table_and_columns_without_comment_are_named() {
        let said = ["silver.t: the table has no comment", "silver.t.b: `b` has no comment"];
        on_create(&RULE, table("a: int comment 'x', b: int"), &said);
        on_change(&RULE, table("a: int comment 'x', b: int"), table("a: int comment 'x', b: int"), &said);
    }

    #[test]
    fn a_commented_table_is_fine() {
        let commented = table("a: int comment 'x'").with(|draft| draft.comment = Some("y".to_owned()));
        on_create(&RULE, commented, &[]);
    }
}
