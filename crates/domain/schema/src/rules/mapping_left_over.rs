//! DE257: column mapping is not switched on over ids that another mapping left.

use super::mapping::mode_change;
use super::{Report, Review, Rule};
use crate::finding::Severity;
use crate::model::{Aspect, COLUMN_ID, Column, DataType, Field, MappingMode, PHYSICAL_NAME};

pub(super) static RULE: Rule = Rule {
    code: "DE257",
    name: "mapping-left-over",
    severity: Some(Severity::Rejection),
    summary: "column mapping is not switched on where columns have ids or physical names already",
    why: "Without column mapping a column is found in the files by its name. Ids and physical names that are there all the same \
          come from a mapping that was taken off, or from a writer that copied a schema, and what the files hold is not known. \
          Delta refuses it (`DELTA_ENABLING_COLUMN_MAPPING_DISALLOWED_WHEN_COLUMN_MAPPING_METADATA_ALREADY_EXISTS`).",
    way_out: "Write the rows into a new table that has column mapping from the beginning.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let is_on = |(from, to): (MappingMode, MappingMode)| from == MappingMode::None && to != MappingMode::None;
    let Some(observed) = review.observed else { return Vec::new() };
    if !review.diff.actions.iter().filter_map(mode_change).any(is_on) {
        return Vec::new();
    }
    let is_left_over = |field: &Field| field.metadata.get(COLUMN_ID).or(field.metadata.get(PHYSICAL_NAME)).is_some();
    let is_below = |data_type: &DataType| data_type.as_struct().is_some_and(|fields| fields.iter().any(is_left_over));
    let has_left_over = |column: &&Column| is_left_over(&column.field) || column.data_type().contains(is_below);
    let Some(column) = observed.columns.iter().find(has_left_over) else { return Vec::new() };
    let key = "delta.columnMapping.mode";
    let message = format!("{key} cannot be set: column `{}` has an id of an earlier mapping", column.name());
    let help = "declare a new table with column mapping, and write the rows into it";
    vec![Report::new(review.table().aspect(Aspect::Property).key(key), message, help)]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{on_change, table};
    use super::RULE;
    use crate::model::{DataType, Step};

    #[test]
    fn ids_of_an_earlier_mapping_are_in_the_way() {
        let mut there = table("a: int, b: int").there();
        on_change(&RULE, table("a: int, b: int").mapped(), there.clone(), &[]);
        there.columns[1].field.metadata.set_mapping(7, "col-1");
        let said = "silver.t (property delta.columnMapping.mode): delta.columnMapping.mode cannot be set: column `b` has an id of an earlier mapping";
        on_change(&RULE, table("a: int, b: int").mapped(), there.clone(), &[said]);
        on_change(&RULE, table("a: int, b: int").property("team.x", "1"), there, &[]);
        let by_id = table("a: int, b: int").property("delta.columnMapping.mode", "id");
        on_change(&RULE, by_id, table("a: int, b: int").mapped(), &[]);
        let nested = || table("b: array<struct<x: int>>");
        let mut there = nested().there();
        let Some(DataType::Struct(fields)) = there.columns[0].field.data_type.child_mut(&Step::Element) else {
            panic!()
        };
        fields[0].metadata.set_mapping(7, "col-1");
        on_change(&RULE, nested().mapped(), there, &[said]);
    }
}
