//! DE219: NOT NULL cannot be enforced inside arrays and maps.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{Aspect, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE219",
    name: "not-null-in-collection",
    severity: Some(Severity::Rejection),
    summary: "nothing inside an array or a map can be made NOT NULL",
    why: "Writers check NOT NULL column by column and do not look into the elements of arrays and maps, so Delta refuses it \
          there (`DELTA_NESTED_NOT_NULL_CONSTRAINT`).",
    way_out: "Declare the field, element or value nullable; to forbid null there, add a check such as \
              `forall(lines, line -> line.sku IS NOT NULL)`.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let fields = review.new_fields().into_iter().filter(|(_, field)| !field.nullable).map(|(path, _)| path);
    let tightened = review.diff.actions.iter().filter_map(|action| {
        let Action::SetColumnNotNull { path } = action else { return None };
        Some(path.clone())
    });
    fields.chain(tightened).filter(Path::crosses_collection).map(|path| report(review, &path)).collect()
}

fn report(review: &Review<'_>, path: &Path) -> Report {
    let message = format!("`{path}` is inside an array or a map, where NOT NULL cannot be enforced");
    Report::new(review.at(path).aspect(Aspect::Nullability), message, "remove `not null` from its type")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    const REFUSED: &str = "silver.t.lines.element.sku: `lines.element.sku` is inside an array or a map, where NOT NULL cannot be enforced";

    #[test]
    fn a_not_null_field_in_an_array_is_refused() {
        let desired = || table("a: int, lines: array<struct<sku: string not null>>");
        on_create(&RULE, desired(), &[REFUSED]);
        on_change(&RULE, desired(), table("a: int"), &[REFUSED]);
        on_change(&RULE, desired(), table("a: int, lines: array<struct<sku: string>>"), &[REFUSED]);
    }

    #[test]
    fn elements_that_are_there_cannot_be_tightened() {
        on_change(
            &RULE,
            table("a: array<int not null>"),
            table("a: array<int>"),
            &["silver.t.a.element: `a.element` is inside an array or a map, where NOT NULL cannot be enforced"],
        );
    }

    #[test]
    fn elsewhere_it_is_none_of_its_business() {
        on_create(&RULE, table("s: struct<a: int not null> not null, b: array<int not null>"), &[]);
    }
}
