//! Changes of types to wider ones.

use delta_engine::schema::draft::{TableDraft, TypeDraft};
use delta_engine::schema::model::{DataType, Decimal, ObservedTable};

use super::columns::leaf;
use super::nested::{Inside, change_fields, change_type};
use super::table::set;

const ALLOWED: &str = "delta.enableTypeWidening";

fn read(text: &str) -> DataType {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The next wider whole number.
fn wider(from: &DataType) -> Option<DataType> {
    let pairs =
        [(DataType::Byte, DataType::Short), (DataType::Short, DataType::Integer), (DataType::Integer, DataType::Long)];
    pairs.into_iter().find(|(narrow, _)| narrow == from).map(|(_, wide)| wide)
}

fn widen_to(table: &ObservedTable, draft: &mut TableDraft, wider: impl Fn(&DataType) -> Option<DataType>) -> bool {
    let Some((index, _)) = leaf(table, |data_type| wider(data_type).is_some()) else { return false };
    let Some(to) = wider(table.columns[index].data_type()) else { return false };
    draft.columns[index].data_type = TypeDraft::Type(to);
    true
}

/// A column of whole numbers, to the next wider type.
pub(super) fn whole(table: &ObservedTable, draft: &mut TableDraft) -> bool {
    widen_to(table, draft, wider) && allow(draft)
}

/// A column of one type, to another.
pub(super) fn column(table: &ObservedTable, draft: &mut TableDraft, from: &str, to: &str) -> bool {
    let (from, to) = (read(from), read(to));
    let is_text = matches!(from, DataType::Char(_) | DataType::Varchar(_));
    let widened = widen_to(table, draft, |there| (*there == from).then(|| to.clone()));
    // Another length needs no feature.
    widened && (is_text || allow(draft))
}

/// A decimal, by so many digits, so many of them behind the point.
pub(super) fn decimal(table: &ObservedTable, draft: &mut TableDraft, digits: u8, behind: u8) -> bool {
    let wider = |there: &DataType| {
        let DataType::Decimal(decimal) = there else { return None };
        Decimal::new(decimal.precision() + digits, decimal.scale() + behind).map(DataType::Decimal)
    };
    widen_to(table, draft, wider) && allow(draft)
}

/// A field of whole numbers, to the next wider type.
pub(super) fn field(draft: &mut TableDraft, inside: Inside) -> bool {
    change_fields(draft, inside, |fields| fields.iter_mut().any(|field| widen(&mut field.data_type))).is_some()
        && allow(draft)
}

/// The elements, keys or values themselves.
pub(super) fn inner(draft: &mut TableDraft, inside: Inside) -> bool {
    change_type(draft, inside, widen).is_some() && allow(draft)
}

fn widen(data_type: &mut DataType) -> bool {
    wider(data_type).map(|wide| *data_type = wide).is_some()
}

/// The property without which no type is widened; it may be there.
fn allow(draft: &mut TableDraft) -> bool {
    set(draft, ALLOWED, "true");
    true
}
