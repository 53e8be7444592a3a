//! DE243: a type that is not understood is not created.

use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, DataType};

pub(super) static RULE: Rule = Rule {
    code: "DE243",
    name: "opaque-type",
    severity: Some(Severity::Rejection),
    summary: "a column of a type that is not known here cannot be created",
    why: "The declaration was taken from a table with a type that this program does not know. Such a column may be commented, \
          moved, renamed and dropped where it is there, but what a new one needs (features, metadata) is not known.",
    way_out: "Declare a known type, or create the column with the tool that knows the type and plan again.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let opaque = review.new_fields().into_iter().filter(|(_, field)| is_opaque(&field.data_type));
    opaque
        .map(|(path, _)| {
            let message = format!("`{path}` has a type that is not known here, so it cannot be created");
            let help = "declare a known type, or create the column with the tool that knows the type and plan again";
            Report::new(review.at(&path).aspect(Aspect::Type), message, help)
        })
        .collect()
}

/// Whether the type is opaque itself or in its elements, keys or values, without a named field between.
fn is_opaque(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Opaque(_))
        || data_type.as_array().is_some_and(|array| is_opaque(&array.element))
        || data_type.as_map().is_some_and(|map| is_opaque(&map.key) || is_opaque(&map.value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, on_create, table};
    use super::RULE;
    use crate::model::{ArrayType, DataType, MapType};

    fn opaque() -> DataType {
        let element = DataType::Opaque("\"geometry\"".into());
        DataType::Array(Box::new(ArrayType { element, element_nullable: true }))
    }

    #[test]
    fn an_unknown_type_is_not_created() {
        let said = "silver.t.g: `g` has a type that is not known here, so it cannot be created";
        on_create(&RULE, table("a: int, g: int").typed("g", opaque()), &[said]);
        on_change(&RULE, table("a: int, g: int").typed("g", opaque()), table("a: int"), &[said]);
    }

    #[test]
    fn an_unknown_type_is_found_in_elements_keys_and_values() {
        let unknown = || DataType::Opaque("\"geometry\"".into());
        let map = |key, value| DataType::Map(Box::new(MapType { key, value, value_nullable: true }));
        let said = ["silver.t.g: `g` has a type that is not known here, so it cannot be created"];
        for found in [unknown(), map(unknown(), DataType::Integer), map(DataType::Integer, unknown())] {
            on_create(&RULE, table("a: int, g: int").typed("g", found), &said);
        }
        on_create(&RULE, table("a: int, g: array<map<int, int>>"), &[]);
    }

    #[test]
    fn where_it_is_there_it_is_left_alone() {
        on_change(&RULE, table("g: int").typed("g", opaque()), table("g: int").typed("g", opaque()), &[]);
    }
}
