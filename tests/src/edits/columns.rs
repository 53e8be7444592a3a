//! Changes of top-level columns.

use delta_engine::schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, Identifier, Layout, ObservedTable};

/// One type of each kind that a new column may have.
const TYPES: &[&str] = &[
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal(38,18)",
    "string",
    "boolean",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
    "struct<a: int, b: struct<c: string>>",
    "array<struct<a: date>>",
    "map<struct<a: int>, array<string>>",
];

/// The first column of a wanted type that is no partition column.
pub(super) fn leaf(table: &ObservedTable, wanted: impl Fn(&DataType) -> bool) -> Option<(usize, &Identifier)> {
    let is_free = |name: &Identifier| !table.layout.partition_columns().contains(name);
    let column =
        table.columns.iter().enumerate().find(|(_, column)| wanted(column.data_type()) && is_free(column.name()));
    column.map(|(index, column)| (index, column.name()))
}

pub(super) fn is_whole(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Short | DataType::Integer | DataType::Long)
}

pub(super) fn add(draft: &mut TableDraft, at: usize) -> bool {
    let mut column = ColumnDraft::new("added_column", TypeDraft::Text("decimal(12,2)".to_owned()));
    column.comment = Some("added".to_owned());
    draft.columns.insert(at, column);
    true
}

pub(super) fn add_every_type(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let column =
        |(at, text): (usize, &&str)| ColumnDraft::new(format!("added_{at}"), TypeDraft::Text((*text).to_owned()));
    draft.columns.extend(TYPES.iter().enumerate().map(column));
    true
}

pub(super) fn move_last_first(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.rotate_right(1);
    draft.columns.len() > 1
}

const COMMENT: &str = "said of a column";

pub(super) fn comment(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns[0].comment = Some(COMMENT.to_owned());
    true
}

pub(super) fn uncomment(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find_map(|column| column.comment.take()).is_some()
}

pub(super) fn drop_not_null(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find(|column| !column.nullable).map(|column| column.nullable = true).is_some()
}

pub(super) fn set_not_null(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find(|column| column.nullable).map(|column| column.nullable = false).is_some()
}

pub(super) fn set_default(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((index, _)) = leaf(table, is_whole) else { return false };
    draft.columns[index].default = Some("7".to_owned());
    true
}

pub(super) fn change_default(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let mut defaults = draft.columns.iter_mut().filter_map(|column| column.default.as_mut());
    defaults.find(|default| *default == "7").map(|default| "8".clone_into(default)).is_some()
}

pub(super) fn drop_default(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find_map(|column| column.default.take()).is_some()
}

fn rename_at(draft: &mut TableDraft, index: usize) {
    let column = &mut draft.columns[index];
    let former = std::mem::replace(&mut column.name, "renamed column".to_owned());
    column.renamed_from.push(former);
}

fn rename_first(table: &ObservedTable, draft: &mut TableDraft, wanted: fn(&DataType) -> bool) -> bool {
    leaf(table, wanted).map(|(index, _)| rename_at(draft, index)).is_some()
}

pub(super) fn rename(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    rename_first(table, draft, |data_type| !data_type.is_nested())
}

pub(super) fn rename_text(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    rename_first(table, draft, |data_type| matches!(data_type, DataType::String(_)))
}

pub(super) fn rename_partition(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Layout::Partitioned(columns) = &table.layout else { return false };
    let Some(index) = table.columns.iter().position(|column| *column.name() == columns[0]) else { return false };
    rename_at(draft, index);
    let mut partitions: Vec<String> = columns.iter().map(Identifier::quoted_if_needed).collect();
    partitions[0] = "`renamed column`".to_owned();
    draft.partitioned_by = Some(partitions);
    true
}

pub(super) fn drop(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((index, _)) = leaf(table, |_| true) else { return false };
    draft.columns.remove(index);
    !draft.columns.is_empty()
}
