//! Column mapping: ids and physical names (PROTOCOL.md, "Column Mapping").

use crate::model::{
    DataType, Field, Identifier, MappingMode, ObservedTable, Path, STATISTICS_COLUMNS, physical_column_name,
    split_dotted, split_list,
};

const MAX_COLUMN_ID: &str = "delta.columnMapping.maxColumnId";

/// Gives every field of a new table an id and a physical name of its own.
pub(super) fn map_new_table(table: &mut ObservedTable) {
    let table_id = table.table_id.clone();
    number(table, &mut |field, id| field.metadata.set_mapping(id, &physical_column_name(&table_id, id)));
}

/// Gives every field of an existing table an id; its physical name is the name its files use already.
pub(super) fn map_existing_table(table: &mut ObservedTable) {
    number(table, &mut |field, id| {
        let physical = field.name.as_str().to_owned();
        field.metadata.set_mapping(id, &physical);
    });
}

/// Gives a new field, and every field below it, the next ids. Ids are never used again.
pub(super) fn map_new_field(table: &mut ObservedTable, field: &mut Field) {
    if table.mapping_mode() == MappingMode::None {
        return;
    }
    let mut last = table.property(MAX_COLUMN_ID).and_then(|id| id.parse().ok()).unwrap_or(0);
    let table_id = table.table_id.clone();
    number_field(field, &mut last, &mut |field, id| {
        field.metadata.set_mapping(id, &physical_column_name(&table_id, id))
    });
    table.properties.insert(MAX_COLUMN_ID.to_owned(), last.to_string());
}

fn number(table: &mut ObservedTable, assign: &mut impl FnMut(&mut Field, u32)) {
    let mut last = 0;
    for column in &mut table.columns {
        number_field(&mut column.field, &mut last, assign);
    }
    table.properties.insert(MAX_COLUMN_ID.to_owned(), last.to_string());
}

/// A field before the fields below it; elements, keys and values have no ids of their own.
fn number_field(field: &mut Field, last: &mut u32, assign: &mut impl FnMut(&mut Field, u32)) {
    *last += 1;
    assign(field, *last);
    number_type(&mut field.data_type, last, assign);
}

fn number_type(data_type: &mut DataType, last: &mut u32, assign: &mut impl FnMut(&mut Field, u32)) {
    if let DataType::Struct(fields) = data_type {
        fields.iter_mut().for_each(|field| number_field(field, last, assign));
    } else if let DataType::Array(array) = data_type {
        number_type(&mut array.element, last, assign);
    } else if let DataType::Map(map) = data_type {
        number_type(&mut map.key, last, assign);
        number_type(&mut map.value, last, assign);
    }
}

/// Renames or removes a column in the list of columns with statistics, as Delta does (`AlterTableRenameColumn`).
pub(super) fn rename_stats_column(table: &mut ObservedTable, from: &Path, to: Option<&Path>) {
    if let Some(listed) = table.properties.get_mut(STATISTICS_COLUMNS) {
        *listed = renamed_in_list(listed, from, to);
    }
}

/// A list of columns, as `delta.dataSkippingStatsColumns` has it, with what stands at or below `from` renamed, or without
/// it: Delta rewrites the list when a column is renamed or dropped.
pub fn renamed_in_list(listed: &str, from: &Path, to: Option<&Path>) -> String {
    let steps = from.steps();
    let entries = split_list(listed).filter_map(|entry| {
        let parts = split_dotted(entry).unwrap_or_default();
        let is_below = parts.len() >= steps.len()
            && steps
                .iter()
                .zip(&parts)
                .all(|(step, part)| step.as_field().is_some_and(|name| name == &part.as_str().into()));
        if !is_below {
            return Some(entry.to_owned());
        }
        let to = to?;
        let below = parts[steps.len()..].iter().map(|part| Identifier::new(part.as_str()).quoted_if_needed());
        Some(to.steps().iter().map(ToString::to_string).chain(below).collect::<Vec<_>>().join("."))
    });
    entries.collect::<Vec<_>>().join(",")
}
