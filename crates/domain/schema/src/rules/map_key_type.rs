//! DE239: what a map's keys can be.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType};

pub(super) static RULE: Rule = Rule {
    code: "DE239",
    name: "map-key-type",
    severity: Some(Severity::Rejection),
    summary: "the keys of a map cannot be maps or variants",
    why: "Keys are compared with one another, and maps and variants have no order and no equality (Spark \
          `INVALID_MAP_KEY_TYPE`; PROTOCOL.md, \"Variant Data Type\").",
    way_out: "Use a simple type for the keys, or an array of structs instead of the map.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let unequal = |key: &DataType| key.contains(|inner| *inner == DataType::Variant || inner.as_map().is_some());
    let refused = |data_type: &DataType| data_type.as_map().is_some_and(|map| unequal(&map.key));
    // Of a map within a map's keys only the outer one is reported: a field stands for its own collections.
    let fields = review.new_fields().into_iter().filter(|(_, field)| holds(&field.data_type, &refused));
    fields
        .map(|(path, field)| {
            let message = format!("`{path}` is {}, whose keys cannot be maps or variants", field.data_type);
            let help = "use a simple type for the keys, or an array of structs instead of the map";
            Report::new(review.at(&path).aspect(Aspect::Type), message, help)
        })
        .collect()
}

/// Whether the type is refused itself or through its elements and values, without a named field between.
fn holds(data_type: &DataType, refused: &impl Fn(&DataType) -> bool) -> bool {
    refused(data_type)
        || data_type.as_array().is_some_and(|array| holds(&array.element, refused))
        || data_type.as_map().is_some_and(|map| holds(&map.value, refused))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;

    #[test]
    fn maps_and_variants_as_keys_are_refused() {
        on_create(
            &RULE,
            table(
                "a: array<map<variant, int>>, b: map<int, map<variant, int>>, s: struct<m: map<struct<k: map<int, int>>, int>>",
            ),
            &[
                "silver.t.a: `a` is array<map<variant, int>>, whose keys cannot be maps or variants",
                "silver.t.b: `b` is map<int, map<variant, int>>, whose keys cannot be maps or variants",
                "silver.t.s.m: `s.m` is map<struct<k: map<int, int>>, int>, whose keys cannot be maps or variants",
            ],
        );
    }

    #[test]
    fn other_keys_and_any_values_are_fine() {
        on_change(&RULE, table("a: int, m: map<struct<k: int>, map<string, variant>>"), table("a: int"), &[]);
    }
}
