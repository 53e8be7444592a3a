//! Changes of what a table has as a whole: comment, properties, checks, clustering.

use delta_engine::schema::draft::{ClusteringDraft, TableDraft};
use delta_engine::schema::model::{DataType, Feature, Identifier, Layout, ObservedTable};

use super::columns::{is_whole, leaf};

pub(super) fn comment(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.comment = Some(format!("{} \u{1f980} \"quoted\"", table.comment.as_deref().unwrap_or("new")));
    true
}

pub(super) fn uncomment(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.comment.take().is_some()
}

/// Sets a property; false where it is so already.
pub(super) fn set(draft: &mut TableDraft, key: &str, value: &str) -> bool {
    if draft.properties.iter().any(|(theirs, there)| theirs == key && there.as_deref() == Some(value)) {
        return false;
    }
    draft.properties.retain(|(theirs, _)| theirs != key);
    draft.properties.push((key.to_owned(), Some(value.to_owned())));
    true
}

pub(super) fn enable_feature(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let key = format!("delta.feature.{}", Feature::TimestampNtz);
    !Feature::TimestampNtz.is_in(&table.features) && set(draft, &key, "supported")
}

const OWNER: &str = "team.owner";

pub(super) fn set_properties(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    set(draft, OWNER, "sales, \"east\"") && set(draft, "delta.logRetentionDuration", "interval 60 days")
}

fn owner(draft: &mut TableDraft) -> Option<&mut Option<String>> {
    draft.properties.iter_mut().find(|(key, _)| key == OWNER).map(|(_, value)| value)
}

pub(super) fn change_property(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    owner(draft).map(|value| *value = Some("sales, 'west'".to_owned())).is_some()
}

pub(super) fn unset_property(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    owner(draft).map(|value| *value = None).is_some()
}

pub(super) fn mapping(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let is_mapped = draft
        .properties
        .iter()
        .any(|(key, value)| key == "delta.columnMapping.mode" && value.as_deref() != Some("none"));
    !is_mapped && set(draft, "delta.columnMapping.mode", "name")
}

const CHECK: &str = "in_range";

pub(super) fn add_check(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((_, name)) = leaf(table, is_whole) else { return false };
    draft.checks.push((CHECK.to_owned(), format!("{0} > -1000000 OR {0} IS NULL", name.quoted_if_needed())));
    true
}

pub(super) fn change_check(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let check = draft.checks.iter_mut().find(|(name, _)| name == CHECK);
    check.map(|(_, condition)| *condition = condition.replace("-1000000", "-2000000")).is_some()
}

pub(super) fn drop_check(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    let before = draft.checks.len();
    draft.checks.retain(|(name, _)| name != CHECK);
    draft.checks.len() < before
}

fn cluster_by(draft: &mut TableDraft, column: String) {
    draft.clustered_by = Some(ClusteringDraft::By(vec![column]));
}

pub(super) fn cluster(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some((_, name)) = leaf(table, is_whole) else { return false };
    cluster_by(draft, name.quoted_if_needed());
    table.layout == Layout::Flat
}

pub(super) fn cluster_by_nested(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let nested = table.columns.iter().find_map(|column| {
        let field = column.data_type().as_struct()?.iter().find(|field| is_orderable(&field.data_type))?;
        Some(format!("{}.{}", column.name().quoted_if_needed(), field.name.quoted_if_needed()))
    });
    let Some(nested) = nested else { return false };
    cluster_by(draft, nested);
    table.layout == Layout::Flat
}

/// Clustering by another column than now.
pub(super) fn recluster(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    let Some(ClusteringDraft::By(now)) = &draft.clustered_by else { return false };
    let is_other = |name: &Identifier| !now.contains(&name.quoted_if_needed());
    let mut columns = table.columns.iter().filter(|column| is_orderable(column.data_type()));
    let Some(other) = columns.find(|column| is_other(column.name())) else { return false };
    cluster_by(draft, other.name().quoted_if_needed());
    true
}

pub(super) fn uncluster(_: &ObservedTable, draft: &mut TableDraft) -> bool {
    draft.clustered_by.take().is_some()
}

fn is_orderable(data_type: &DataType) -> bool {
    is_whole(data_type) || matches!(data_type, DataType::String(None))
}
