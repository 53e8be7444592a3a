//! A declaration that says exactly what is there, to be edited.

use delta_engine::schema::draft::{ClusteringDraft, ColumnDraft, TableDraft, TypeDraft};
use delta_engine::schema::model::{Column, Layout, ObservedTable, is_derived_property, known_property, value_fault};

/// The declaration of an observed table, without its place.
pub fn as_declared(table: &ObservedTable, name: &str) -> TableDraft {
    let mut draft = TableDraft::new(name);
    draft.columns = table.columns.iter().map(column).collect();
    draft.comment.clone_from(&table.comment);
    match &table.layout {
        Layout::Flat => {}
        Layout::Partitioned(columns) => {
            draft.partitioned_by = Some(columns.iter().map(|column| column.quoted_if_needed()).collect());
        }
        Layout::Clustered(paths) => {
            draft.clustered_by = Some(ClusteringDraft::By(paths.iter().map(ToString::to_string).collect()));
        }
        Layout::ClusteredAuto => draft.clustered_by = Some(ClusteringDraft::Auto),
    }
    draft.checks = table.checks.iter().map(|(name, check)| (name.to_string(), check.text().to_owned())).collect();
    // Keys that a declaration may not hold are left to their owner.
    let ours = |key: &str, value: &str| {
        !is_derived_property(key)
            && (known_property(key).is_some() || !key.starts_with("delta."))
            && value_fault(key, value).is_none()
    };
    draft.properties = table
        .properties
        .iter()
        .filter(|(key, value)| ours(key, value))
        .map(|(key, value)| (key.clone(), Some(value.clone())))
        .collect();
    draft
}

fn column(column: &Column) -> ColumnDraft {
    let mut draft = ColumnDraft::new(column.name().as_str(), TypeDraft::Type(column.data_type().clone()));
    draft.nullable = column.field.nullable;
    draft.comment = column.field.comment.as_deref().map(str::to_owned);
    draft.default = column.default.as_ref().map(|default| default.text().to_owned());
    draft.generated = column.generated.as_ref().map(|generated| generated.text().to_owned());
    draft.identity = column.identity;
    draft
}
