//! What one observation could not see, from another one of the same table.

use delta_engine_schema::model::{Aspect, Column, DataType, Field, ObservedTable, Path, Unknown};

/// The first table, with what is unknown of it taken from the second where that one knows it.
pub(super) fn filled(mut first: ObservedTable, second: &ObservedTable) -> ObservedTable {
    let mut left = Unknown::default();
    let mut has_taken_keys = false;
    for (aspect, path) in std::mem::take(&mut first.unknown).iter() {
        let hides = |at: &Path| at.starts_with(path) || path.starts_with(at);
        let is_known = !second.unknown.iter().any(|(unseen, at)| unseen == aspect && hides(at));
        if is_known && take(&mut first, second, aspect, path) {
            has_taken_keys |= matches!(aspect, Aspect::PrimaryKey | Aspect::ForeignKey);
        } else {
            left.insert(aspect, path.clone());
        }
    }
    // Who tells the keys is who would tell whether they are relied on.
    if has_taken_keys && second.unknown.covers(Aspect::Rely, &Path::table()) {
        left.insert(Aspect::Rely, Path::table());
    }
    first.unknown = left;
    first
}

/// The first table, with the raw metadata of columns that only the second one shows: ids and physical names, at every depth.
pub(super) fn with_metadata(mut first: ObservedTable, second: &ObservedTable) -> ObservedTable {
    fields(&mut first, second, &|field, other| {
        let missing: Vec<_> = other.metadata.iter().filter(|(key, _)| field.metadata.get(key).is_none()).collect();
        for (key, raw) in missing {
            field.metadata.insert(key, raw);
        }
    });
    first
}

/// Whether both have the same columns, comments apart: then they saw the same schema.
pub(super) fn same_columns(first: &ObservedTable, second: &ObservedTable) -> bool {
    let pairs = first.columns.iter().zip(&second.columns);
    first.columns.len() == second.columns.len() && pairs.into_iter().all(|(one, other)| same(&one.field, &other.field))
}

fn same(first: &Field, second: &Field) -> bool {
    first.name == second.name && first.nullable == second.nullable && same_type(&first.data_type, &second.data_type)
}

fn same_type(first: &DataType, second: &DataType) -> bool {
    if let (Some(one), Some(other)) = (first.as_struct(), second.as_struct()) {
        return one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other));
    }
    if let (Some(one), Some(other)) = (first.as_array(), second.as_array()) {
        return one.element_nullable == other.element_nullable && same_type(&one.element, &other.element);
    }
    if let (Some(one), Some(other)) = (first.as_map(), second.as_map()) {
        return one.value_nullable == other.value_nullable
            && same_type(&one.key, &other.key)
            && same_type(&one.value, &other.value);
    }
    first == second
}

/// Takes one aspect over; says whether that could be done.
fn take(first: &mut ObservedTable, second: &ObservedTable, aspect: Aspect, path: &Path) -> bool {
    match aspect {
        Aspect::Tags if path.is_table() => {
            first.tags = second.tags.clone();
            columns(first, second, path, |column, other| column.tags = other.tags.clone())
        }
        Aspect::Tags => columns(first, second, path, |column, other| column.tags = other.tags.clone()),
        Aspect::Default => columns(first, second, path, |column, other| column.default = other.default.clone()),
        Aspect::Generated => columns(first, second, path, |column, other| column.generated = other.generated.clone()),
        Aspect::Identity => columns(first, second, path, |column, other| column.identity = other.identity),
        Aspect::PrimaryKey if path.is_table() => {
            first.primary_key = second.primary_key.clone();
            true
        }
        Aspect::ForeignKey if path.is_table() => {
            first.foreign_keys = second.foreign_keys.clone();
            first.inbound_keys = second.inbound_keys.clone();
            true
        }
        Aspect::Comment if path.is_table() => {
            first.comment = second.comment.clone();
            fields(first, second, &|field, other| field.comment = other.comment.clone());
            true
        }
        // Of what is inside a column all comments come from there: nobody sees some of them only.
        Aspect::Comment if !path.is_column() => columns(first, second, path, |column, other| {
            inside(&mut column.field.data_type, &other.field.data_type, &|field, other| {
                field.comment = other.comment.clone();
            });
        }),
        Aspect::Check if path.is_table() => {
            first.checks = second.checks.clone();
            true
        }
        Aspect::Layout if path.is_table() => {
            first.layout = second.layout.clone();
            true
        }
        Aspect::Property if path.is_table() => {
            first.properties = second.properties.clone();
            true
        }
        Aspect::Feature if path.is_table() => {
            first.features = second.features.clone();
            true
        }
        // Nobody hides these, or a log has no place for them; a mixture of two schemas would be none.
        Aspect::Existence
        | Aspect::Name
        | Aspect::Order
        | Aspect::Type
        | Aspect::Nullability
        | Aspect::Comment
        | Aspect::Location
        | Aspect::PrimaryKey
        | Aspect::ForeignKey
        | Aspect::Rely
        | Aspect::Check
        | Aspect::Layout
        | Aspect::Property
        | Aspect::Feature => false,
    }
}

/// Takes something over for one column, or for all where the path is the table; not where one of them has no counterpart.
fn columns(
    first: &mut ObservedTable,
    second: &ObservedTable,
    path: &Path,
    take: impl Fn(&mut Column, &Column),
) -> bool {
    let is_meant = |column: &Column| path.is_table() || path.root() == Some(column.name());
    let mut meant: Vec<(&mut Column, Option<&Column>)> = Vec::new();
    for column in first.columns.iter_mut().filter(|column| is_meant(column)) {
        let other = second.column(&column.field.name);
        meant.push((column, other));
    }
    let is_whole = meant.iter().all(|(_, other)| other.is_some());
    if is_whole {
        meant
            .into_iter()
            .filter_map(|(column, other)| Some((column, other?)))
            .for_each(|(column, other)| take(column, other));
    }
    is_whole
}

/// Every field that has a counterpart, at every depth.
fn fields(first: &mut ObservedTable, second: &ObservedTable, meet: &impl Fn(&mut Field, &Field)) {
    for column in &mut first.columns {
        if let Some(other) = second.column(&column.field.name) {
            field(&mut column.field, &other.field, meet);
        }
    }
}

fn field(first: &mut Field, second: &Field, meet: &impl Fn(&mut Field, &Field)) {
    meet(first, second);
    inside(&mut first.data_type, &second.data_type, meet);
}

fn inside(first: &mut DataType, second: &DataType, meet: &impl Fn(&mut Field, &Field)) {
    if let DataType::Struct(members) = first {
        for member in members.iter_mut() {
            let there = second.as_struct().and_then(|others| others.iter().find(|there| there.name == member.name));
            if let Some(there) = there {
                field(member, there, meet);
            }
        }
    } else if let (DataType::Array(array), Some(there)) = (&mut *first, second.as_array()) {
        inside(&mut array.element, &there.element, meet);
    } else if let (DataType::Map(map), Some(there)) = (first, second.as_map()) {
        inside(&mut map.key, &there.key, meet);
        inside(&mut map.value, &there.value, meet);
    }
}
