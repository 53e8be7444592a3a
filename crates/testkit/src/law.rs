//! What must hold for every pair, told without the differ.

use std::collections::BTreeSet;

use delta_engine_schema::BASE_FEATURES;
use delta_engine_schema::model::{
    Column, DataType, DesiredTable, Feature, Field, ForeignKey, MappingMode, ObservedTable, Path, is_derived_property,
    required_features, same_value,
};

use crate::pair::field_metadata;

/// Where the table is not what the declaration says; none where it is.
pub fn not_reached(desired: &DesiredTable, table: &ObservedTable) -> Option<String> {
    let differ = |holds: bool, what: &str| (!holds).then(|| what.to_owned());
    let names = |columns: &[Column]| columns.iter().map(|column| column.name().clone()).collect::<Vec<_>>();
    differ(names(&desired.columns) == names(&table.columns), "the columns")
        .or_else(|| desired.columns.iter().zip(&table.columns).find_map(|(wanted, there)| column(wanted, there)))
        .or_else(|| {
            differ(desired.comment.as_deref().unwrap_or("") == table.comment.as_deref().unwrap_or(""), "comment")
        })
        .or_else(|| differ(desired.layout.same_layout(&table.layout), "layout"))
        .or_else(|| differ(same_primary_key(desired, table), "primary key"))
        .or_else(|| differ(same_foreign_keys(&desired.foreign_keys, &table.foreign_keys), "foreign keys"))
        .or_else(|| differ(desired.checks == table.checks, "checks"))
        .or_else(|| differ(desired.tags == table.tags, "tags"))
        .or_else(|| differ(desired.features.iter().all(|feature| feature.is_in(&table.features)), "features"))
        .or_else(|| property(desired, table))
}

fn column(wanted: &Column, there: &Column) -> Option<String> {
    let same = wanted.default == there.default
        && wanted.generated == there.generated
        && wanted.identity == there.identity
        && wanted.tags == there.tags
        && same_field(&wanted.field, &there.field);
    (!same).then(|| format!("column {wanted:?} is {there:?}"))
}

fn same_field(wanted: &Field, there: &Field) -> bool {
    wanted.name == there.name
        && wanted.nullable == there.nullable
        && wanted.comment.as_deref().unwrap_or("") == there.comment.as_deref().unwrap_or("")
        && same_type(&wanted.data_type, &there.data_type)
}

fn same_type(wanted: &DataType, there: &DataType) -> bool {
    if let Some((wanted, there)) = wanted.as_struct().zip(there.as_struct()) {
        return wanted.len() == there.len()
            && wanted.iter().zip(there).all(|(wanted, there)| same_field(wanted, there));
    }
    if let Some((wanted, there)) = wanted.as_array().zip(there.as_array()) {
        return wanted.element_nullable == there.element_nullable && same_type(&wanted.element, &there.element);
    }
    if let Some((wanted, there)) = wanted.as_map().zip(there.as_map()) {
        return wanted.value_nullable == there.value_nullable
            && same_type(&wanted.key, &there.key)
            && same_type(&wanted.value, &there.value);
    }
    wanted == there
}

fn same_primary_key(desired: &DesiredTable, table: &ObservedTable) -> bool {
    match (&desired.primary_key, &table.primary_key) {
        (None, None) => true,
        (Some(wanted), Some(there)) => wanted.same_key(there),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn same_foreign_keys(desired: &[ForeignKey], there: &[ForeignKey]) -> bool {
    let within = |inner: &[ForeignKey], outer: &[ForeignKey]| {
        inner.iter().all(|key| outer.iter().any(|other| key.same_key(other)))
    };
    within(desired, there) && within(there, desired)
}

fn property(desired: &DesiredTable, table: &ObservedTable) -> Option<String> {
    let differs = |key: &str, wanted: Option<&str>| match (wanted, table.property(key)) {
        (None, None) => false,
        (Some(wanted), Some(there)) => !same_value(key, wanted, there),
        (Some(_), None) | (None, Some(_)) => true,
    };
    let ours = desired.properties.iter().filter(|(key, _)| !is_derived_property(key));
    ours.map(|(key, value)| (key, value.as_deref()))
        .find(|(key, value)| differs(key, *value))
        .map(|(key, _)| format!("property {key}"))
}

/// Where a kept column or field is not the one it was, by its metadata; none where each is.
pub fn identity_lost(kept: &[(Path, Path)], before: &ObservedTable, after: &ObservedTable) -> Option<String> {
    let mapped_now = before.mapping_mode() == MappingMode::None && after.mapping_mode() != MappingMode::None;
    kept.iter().find_map(|(old, new)| {
        let (was, is) = (field_metadata(before, old)?, field_metadata(after, new));
        let Some(is) = is else { return Some(format!("{old} should be {new}, which is not there")) };
        let same = if mapped_now {
            // Files keep the names they have: the physical name of an existing column is its name before.
            let name = before_name(before, old).map(|name| format!("\"{name}\""));
            was.iter().all(|(key, value)| is.get(key) == Some(value))
                && is.get(delta_engine_schema::model::PHYSICAL_NAME).map(str::to_owned) == name
        } else {
            was == is
        };
        (!same).then(|| format!("{old} became {new}, but its metadata {was:?} became {is:?}"))
    })
}

fn before_name(table: &ObservedTable, path: &Path) -> Option<String> {
    let name = path.leaf_name()?;
    let parent = path.parent()?;
    if parent.is_table() {
        return table.column(name).map(|column| column.name().as_str().to_owned());
    }
    let fields = table.type_at(&parent)?.as_struct()?;
    fields.iter().find(|field| field.name == *name).map(|field| field.name.as_str().to_owned())
}

/// The features that the table's content needs, or that its features need, and that it lacks.
pub fn missing_features(table: &ObservedTable) -> Vec<Feature> {
    let mut needed = features_of_content(table);
    needed.extend(table.features.iter().filter_map(Feature::facts).flat_map(|facts| facts.requires).cloned());
    needed.into_iter().filter(|feature| !feature.is_in(&table.features)).collect()
}

/// The features that a table had to come by: those that its content, its declaration or one of them needs and it lacked. A
/// new table has those that every writer knows, of protocol (1, 2).
pub fn due_features(
    desired: &DesiredTable,
    before: Option<&ObservedTable>,
    after: &ObservedTable,
) -> BTreeSet<Feature> {
    let mut due = features_of_content(after);
    due.extend(desired.features.iter().cloned());
    if before.is_none() {
        due.extend(Feature::legacy_set(1, 2));
    }
    let mut open: Vec<Feature> = due.iter().cloned().collect();
    while let Some(feature) = open.pop() {
        let requires = feature.facts().map_or(&[][..], |facts| facts.requires);
        open.extend(requires.iter().filter(|required| due.insert((*required).clone())).cloned());
    }
    due.retain(|feature| before.is_none_or(|before| !feature.is_in(&before.features)));
    due
}

/// The features that a table came by although none was due.
pub fn superfluous_features(
    desired: &DesiredTable,
    before: Option<&ObservedTable>,
    after: &ObservedTable,
) -> Vec<Feature> {
    let mut due = due_features(desired, before, after);
    if before.is_none() {
        due.extend(BASE_FEATURES);
    }
    let is_new = |feature: &&Feature| before.is_none_or(|before| !before.features.contains(feature));
    after.features.iter().filter(is_new).filter(|feature| !due.contains(feature)).cloned().collect()
}

fn features_of_content(table: &ObservedTable) -> BTreeSet<Feature> {
    let set = table.properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    required_features(&table.columns, &table.layout, &table.checks, set)
}

/// What is wrong with the ids of a mapped table: each field has one, no two the same, none above the highest given out.
pub fn ids_broken(table: &ObservedTable) -> Option<String> {
    if table.mapping_mode() == MappingMode::None {
        return None;
    }
    let mut columns = table.columns.clone();
    let mut ids: Vec<Option<u32>> = Vec::new();
    columns.iter_mut().for_each(|column| collect_ids(&mut column.field, &mut ids));
    let highest = table.property("delta.columnMapping.maxColumnId").and_then(|id| id.parse::<u32>().ok());
    if ids.contains(&None) {
        return Some("a field has no id".to_owned());
    }
    if ids.iter().max().copied().flatten() > highest {
        return Some("an id is above the highest given out".to_owned());
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    (ids.len() < count).then(|| "two fields share an id".to_owned())
}

fn collect_ids(field: &mut Field, ids: &mut Vec<Option<u32>>) {
    ids.push(field.metadata.column_id());
    crate::table::each_field(&mut field.data_type, &mut |nested| collect_ids(nested, ids));
}
