//! Which columns have statistics, so that files can be skipped by them.
//!
//! Source: Delta `StatisticsCollection` (`truncateSchema`, `filterSchema`); docs.delta.io, "Data skipping".

use crate::model::{DataType, Field, Identifier, ObservedTable, Path, STATISTICS_COLUMNS, split_dotted, split_list};

/// Counts the columns with statistics, from the first.
pub(super) const INDEXED_COLUMNS: &str = "delta.dataSkippingNumIndexedCols";
const INDEXED_BY_DEFAULT: i64 = 32;

/// One entry of `delta.dataSkippingStatsColumns`.
pub(super) struct Listed {
    /// As written.
    pub(super) text: String,
    /// Its parts; none where the backticks do not pair up.
    pub(super) parts: Vec<Identifier>,
}

/// The entries of `delta.dataSkippingStatsColumns`.
pub(super) fn listed(value: &str) -> Vec<Listed> {
    let entry = |text: &str| Listed {
        text: text.to_owned(),
        parts: split_dotted(text).unwrap_or_default().into_iter().map(Identifier::new).collect(),
    };
    split_list(value).filter(|text| !text.is_empty()).map(entry).collect()
}

/// How many leaves have statistics, counted from the first; `None` for all.
pub(super) fn indexed_leaves(table: &ObservedTable) -> Option<u64> {
    let count = table.property(INDEXED_COLUMNS).and_then(|count| count.trim().parse().ok());
    u64::try_from(count.unwrap_or(INDEXED_BY_DEFAULT)).ok()
}

/// Whether the table keeps statistics of a leaf.
pub(super) fn has_statistics(table: &ObservedTable, path: &Path) -> bool {
    if let Some(value) = table.property(STATISTICS_COLUMNS) {
        return listed(value).iter().any(|entry| covers(&entry.parts, path));
    }
    let Some(indexed) = indexed_leaves(table) else { return true };
    place(table, path).is_some_and(|place| place <= indexed)
}

/// The place of a leaf among all leaves, from 1; arrays and maps are leaves.
pub(super) fn place(table: &ObservedTable, path: &Path) -> Option<u64> {
    let mut count = 0;
    table.columns.iter().find_map(|column| place_below(&column.field, &Path::table(), path, &mut count))
}

fn place_below(field: &Field, parent: &Path, wanted: &Path, count: &mut u64) -> Option<u64> {
    let path = parent.field(&field.name);
    if let Some(fields) = field.data_type.as_struct() {
        return fields.iter().find_map(|below| place_below(below, &path, wanted, count));
    }
    *count += 1;
    (path == *wanted).then_some(*count)
}

fn covers(parts: &[Identifier], path: &Path) -> bool {
    !parts.is_empty()
        && parts.len() <= path.steps().len()
        && parts.iter().zip(path.steps()).all(|(part, step)| step.as_field() == Some(part))
}

/// Whether files can be skipped by values of the type: numbers, text, dates and times.
pub(super) fn can_skip_by(data_type: &DataType) -> bool {
    match data_type {
        DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::Float
        | DataType::Double
        | DataType::Decimal(_)
        | DataType::String(_)
        | DataType::Char(_)
        | DataType::Varchar(_)
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz => true,
        DataType::Boolean
        | DataType::Binary
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => false,
    }
}
