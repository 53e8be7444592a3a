//! Every legal change of a declaration, as functions that any table can be tried with.

use delta_engine::schema::draft::{ClusteringDraft, ColumnDraft, FieldDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, Field, Identifier, Layout, ObservedTable};

/// A change of a declaration: false where the table has nothing to be changed so.
pub struct Edit {
    /// What it is called.
    pub name: &'static str,
    /// What is applied first, of its own accord.
    pub before: fn(&ObservedTable, &mut TableDraft) -> bool,
    /// What is then changed.
    pub edit: fn(&ObservedTable, &mut TableDraft) -> bool,
}

/// Every legal change.
pub const EDITS: &[Edit] = &[
    Edit { name: "table comment", before: nothing, edit: table_comment },
    Edit { name: "add first", before: nothing, edit: |_, draft| add(draft, 0) },
    Edit { name: "add in the middle", before: nothing, edit: |_, draft| add(draft, draft.columns.len().div_ceil(2)) },
    Edit { name: "add last", before: nothing, edit: |_, draft| add(draft, draft.columns.len()) },
    Edit { name: "add a nested field", before: nothing, edit: add_nested },
    Edit { name: "add a field of elements", before: nothing, edit: add_in_array },
    Edit { name: "set properties", before: nothing, edit: set_properties },
    Edit { name: "unset a property", before: set_properties, edit: unset_property },
    Edit { name: "column comment", before: nothing, edit: column_comment },
    Edit { name: "move", before: nothing, edit: move_column },
    Edit { name: "drop not null", before: nothing, edit: drop_not_null },
    Edit { name: "set not null", before: nothing, edit: set_not_null },
    Edit { name: "add a check", before: nothing, edit: add_check },
    Edit { name: "set a default", before: nothing, edit: set_default },
    Edit { name: "cluster", before: nothing, edit: cluster },
    Edit {
        name: "change data feed",
        before: nothing,
        edit: |_, draft| set(draft, "delta.enableChangeDataFeed", "true"),
    },
    Edit {
        name: "in-commit timestamps",
        before: nothing,
        edit: |_, draft| set(draft, "delta.enableInCommitTimestamps", "true"),
    },
    Edit {
        name: "deletion vectors",
        before: nothing,
        edit: |_, draft| set(draft, "delta.enableDeletionVectors", "true"),
    },
    Edit { name: "enable mapping", before: nothing, edit: mapping },
    Edit { name: "rename", before: mapping, edit: rename },
    Edit {
        name: "rename at once",
        before: nothing,
        edit: |table, draft| mapping(table, draft) && rename(table, draft),
    },
    Edit { name: "rename a nested field", before: mapping, edit: rename_nested },
    Edit { name: "rename a partition column", before: mapping, edit: rename_partition },
    Edit { name: "drop", before: mapping, edit: drop_column },
    Edit { name: "widen", before: nothing, edit: widen },
    Edit { name: "all at once", before: nothing, edit: all_at_once },
];

fn nothing(_: &ObservedTable, _: &mut TableDraft) -> bool {
    false
}

fn table_comment(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.comment = Some(format!("{} \u{1f980} \"quoted\"", table.comment.as_deref().unwrap_or("new")));
    true
}

fn add(draft: &mut TableDraft, at: usize) -> bool {
    let mut column = ColumnDraft::new("added_column", TypeDraft::Text("decimal(12,2)".to_owned()));
    column.comment = Some("added".to_owned());
    draft.columns.insert(at, column);
    true
}

/// The type of the first column that `change` changes.
fn change_type(draft: &mut TableDraft, change: impl Fn(&mut DataType) -> bool) -> bool {
    draft.columns.iter_mut().any(|column| match &mut column.data_type {
        TypeDraft::Type(data_type) => change(data_type),
        TypeDraft::Text(_) => false,
    })
}

fn fields_of(data_type: &mut DataType) -> Option<&mut Vec<Field>> {
    if let DataType::Struct(fields) = data_type { Some(fields) } else { None }
}

fn add_nested(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let add = |fields: &mut Vec<Field>| fields.insert(0, Field::new("added_field", DataType::Long));
    change_type(draft, |data_type| fields_of(data_type).map(add).is_some())
}

fn add_in_array(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let add = |fields: &mut Vec<Field>| fields.push(Field::new("added_field", DataType::Long));
    change_type(draft, |data_type| {
        let DataType::Array(array) = data_type else { return false };
        fields_of(&mut array.element).map(add).is_some()
    })
}

fn set(draft: &mut TableDraft, key: &str, value: &str) -> bool {
    if draft.properties.iter().any(|(theirs, there)| theirs == key && there.as_deref() == Some(value)) {
        return false;
    }
    draft.properties.retain(|(theirs, _)| theirs != key);
    draft.properties.push((key.to_owned(), Some(value.to_owned())));
    true
}

fn set_properties(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    set(draft, "team.owner", "sales, \"east\"") && set(draft, "delta.logRetentionDuration", "interval 60 days")
}

fn unset_property(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.properties.iter_mut().find(|(key, _)| key == "team.owner").map(|(_, value)| *value = None).is_some()
}

fn column_comment(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns[0].comment = Some("said of a column".to_owned());
    true
}

fn move_column(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let last = draft.columns.pop().unwrap();
    draft.columns.insert(0, last);
    draft.columns.len() > 1
}

fn drop_not_null(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find(|column| !column.nullable).map(|column| column.nullable = true).is_some()
}

fn set_not_null(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.columns.iter_mut().find(|column| column.nullable).map(|column| column.nullable = false).is_some()
}

fn leaf(table: &ObservedTable, wanted: impl Fn(&DataType) -> bool) -> Option<(usize, &Identifier)> {
    let is_free = |name: &Identifier| !table.layout.partition_columns().contains(name);
    let column =
        table.columns.iter().enumerate().find(|(_, column)| wanted(column.data_type()) && is_free(column.name()));
    column.map(|(index, column)| (index, column.name()))
}

fn is_whole(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Short | DataType::Integer | DataType::Long)
}

fn add_check(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((_, name)) = leaf(table, is_whole) else { return false };
    draft.checks.push(("in_range".to_owned(), format!("{0} > -1000000 OR {0} IS NULL", name.quoted_if_needed())));
    true
}

fn set_default(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((index, _)) = leaf(table, is_whole) else { return false };
    draft.columns[index].default = Some("7".to_owned());
    true
}

fn cluster(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((_, name)) = leaf(table, is_whole) else { return false };
    draft.clustered_by = Some(ClusteringDraft::By(vec![name.quoted_if_needed()]));
    table.layout == Layout::Flat
}

fn mapping(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let is_mapped = draft
        .properties
        .iter()
        .any(|(key, value)| key == "delta.columnMapping.mode" && value.as_deref() != Some("none"));
    !is_mapped && set(draft, "delta.columnMapping.mode", "name")
}

fn rename_at(draft: &mut TableDraft, index: usize) {
    let column = &mut draft.columns[index];
    let former = std::mem::replace(&mut column.name, "renamed column".to_owned());
    column.renamed_from.push(former);
}

fn rename(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((index, _)) = leaf(table, |data_type| !data_type.is_nested()) else { return false };
    rename_at(draft, index);
    true
}

fn rename_nested(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    for column in &mut draft.columns {
        if let TypeDraft::Type(DataType::Struct(fields)) = &mut column.data_type {
            let former = std::mem::replace(&mut fields[0].name, "renamed_field".into());
            let renamed_from = vec![former.to_string()];
            column.fields.push(FieldDraft { path: "renamed_field".to_owned(), renamed_from, ..FieldDraft::default() });
            return true;
        }
    }
    false
}

fn rename_partition(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Layout::Partitioned(columns) = &table.layout else { return false };
    rename_at(draft, table.columns.iter().position(|column| *column.name() == columns[0]).unwrap());
    let mut partitions: Vec<String> = columns.iter().map(Identifier::quoted_if_needed).collect();
    partitions[0] = "`renamed column`".to_owned();
    draft.partitioned_by = Some(partitions);
    true
}

fn drop_column(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((index, _)) = leaf(table, |_| true) else { return false };
    draft.columns.remove(index);
    !draft.columns.is_empty()
}

fn widen(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    const WIDER: [(DataType, DataType); 3] =
        [(DataType::Byte, DataType::Short), (DataType::Short, DataType::Integer), (DataType::Integer, DataType::Long)];
    let wider = |from: &DataType| WIDER.into_iter().find(|(narrow, _)| narrow == from).map(|(_, wide)| wide);
    let Some((index, _)) = leaf(table, |data_type| wider(data_type).is_some()) else { return false };
    let to = wider(table.columns[index].data_type()).unwrap();
    draft.columns[index].data_type = TypeDraft::Type(to);
    set(draft, "delta.enableTypeWidening", "true");
    true
}

fn all_at_once(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    mapping(table, draft);
    set_properties(table, draft);
    table_comment(table, draft);
    column_comment(table, draft);
    add_nested(table, draft);
    widen(table, draft);
    if let Some((index, _)) = leaf(table, |data_type| matches!(data_type, DataType::String(_))) {
        rename_at(draft, index);
    }
    add(draft, 1)
}
