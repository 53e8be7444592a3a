//! DE503: a NOT NULL field binds the structs around it.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, Field, Path};

pub(super) static RULE: Rule = Rule {
    code: "DE503",
    name: "not-null-nested",
    severity: Some(Severity::Warning),
    summary: "a NOT NULL field in a struct that may be null makes the struct NOT NULL too",
    why: "A row whose struct is null has null in every field of it, so writers refuse the row \
          (`DELTA_NOT_NULL_CONSTRAINT_VIOLATED`) although the struct is declared nullable.",
    way_out: "Declare the struct NOT NULL if that is meant, or the field nullable.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    if !review.creates() {
        return Vec::new();
    }
    let fields = review.new_fields();
    let bound = fields.iter().filter(|(path, field)| !field.nullable && !path.crosses_collection());
    bound.filter_map(|(path, _)| Some(report(review, path, &nullable_parent(&fields, path)?))).collect()
}

/// The outermost struct around the field that may be null.
fn nullable_parent(fields: &[(Path, &Field)], path: &Path) -> Option<Path> {
    let around = |candidate: &Path| candidate != path && path.starts_with(candidate);
    fields.iter().find(|(candidate, field)| field.nullable && around(candidate)).map(|(candidate, _)| candidate.clone())
}

fn report(review: &Review<'_>, path: &Path, parent: &Path) -> Report {
    let message = format!("`{path}` is NOT NULL, so rows without `{parent}` are refused although it may be null");
    let help = format!("declare `{parent}` NOT NULL if that is meant, or `{path}` nullable");
    Report::new(review.at(path).aspect(Aspect::Nullability), message, help)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_create, table};
    use super::RULE;

    #[test]
    fn a_field_binds_a_nullable_struct() {
        on_create(
            &RULE,
            table("s: struct<t: struct<a: int not null>> not null"),
            &["silver.t.s.t.a: `s.t.a` is NOT NULL, so rows without `s.t` are refused although it may be null"],
        );
    }

    #[test]
    fn in_a_struct_that_is_not_null_it_is_meant() {
        on_create(&RULE, table("b: int, a: int not null, s: struct<b: int, a: int not null> not null"), &[]);
    }

    #[test]
    fn fields_that_may_be_null_and_those_of_collections_bind_nothing() {
        on_create(&RULE, table("s: struct<t: struct<a: int>>, l: array<struct<a: int not null>>"), &[]);
    }
}
