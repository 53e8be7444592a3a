//! DE253: the next column id has to be one that data files can hold.

use super::{Report, Review, Rule};
use crate::action::Action;
use crate::finding::Severity;
use crate::model::{MappingMode, ObservedTable};

/// The highest `field_id` of a Parquet file (parquet.thrift, `SchemaElement.field_id`: i32).
const HIGHEST: u32 = i32::MAX.unsigned_abs();

pub(super) static RULE: Rule = Rule {
    code: "DE253",
    name: "column-ids-used-up",
    severity: Some(Severity::Rejection),
    summary: "a table with column mapping gives every new field an id above all others, up to 2147483647",
    why: "Under column mapping a field's id is never given again; the next one is above \
          `delta.columnMapping.maxColumnId` and above every id in the schema (PROTOCOL.md, \"Writer Requirements for Column \
          Mapping\"). Data files store the id as a number of 32 bits with a sign, so no field can be added beyond that. Ids \
          come that high only where a writer set them wrongly.",
    way_out: "Leave the field out, or write the rows into a new table.",
    check,
};

fn check(review: &Review<'_>) -> Vec<Report> {
    let Some(after) = review.after.filter(|after| after.mapping_mode() != MappingMode::None) else { return Vec::new() };
    let adds = |action: &Action| matches!(action, Action::AddColumn { .. });
    if !review.diff.actions.iter().any(adds) || after.last_column_id() <= HIGHEST {
        return Vec::new();
    }
    let last = review.observed.map_or(0, ObservedTable::last_column_id);
    vec![Report::new(
        review.table(),
        format!("its column ids are used up: the last is {last}, and a data file holds ids up to {HIGHEST}"),
        "leave the new fields out, or declare a new table and write the rows into it",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::testing::{helps, on_change, table};
    use super::RULE;
    use crate::model::ObservedTable;

    fn with_last_id(columns: &str, last: &str) -> ObservedTable {
        let mut table = table(columns).mapped().there();
        table.properties.insert("delta.columnMapping.maxColumnId".to_owned(), last.to_owned());
        table
    }

    #[test]
    fn an_id_that_no_file_can_hold_is_refused() {
        for (last, shown) in [("2147483647", "2147483647"), ("4294967295", "4294967295"), ("99999999999", "4294967295")]
        {
            let said = format!(
                "silver.t: its column ids are used up: the last is {shown}, and a data file holds ids up to 2147483647"
            );
            on_change(&RULE, table("a: int, b: struct<c: int>").mapped(), with_last_id("a: int", last), &[&said]);
        }
        on_change(
            &RULE,
            table("a: int, b: struct<c: int>").mapped(),
            with_last_id("a: int", "2147483646"),
            &[
                "silver.t: its column ids are used up: the last is 2147483646, and a data file holds ids up to 2147483647",
            ],
        );
        helps(
            &RULE,
            table("a: int, b: int").mapped(),
            with_last_id("a: int", "2147483647"),
            &["leave the new fields out, or declare a new table and write the rows into it"],
        );
    }

    #[test]
    fn the_last_id_may_be_used_and_other_changes_need_none() {
        on_change(&RULE, table("a: int, b: int").mapped(), with_last_id("a: int", "2147483646"), &[]);
        on_change(
            &RULE,
            table("a: int").mapped().property("team.owner", "x"),
            with_last_id("a: int", "4294967295"),
            &[],
        );
        on_change(&RULE, table("a: int, b: int"), table("a: int").there(), &[]);
    }
}
