//! What the log says of the nulls in one file (PROTOCOL.md, "Per-file Statistics").

use super::target::Target;
use crate::json::Json;
use crate::log::DataFile;

/// What the log says of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No row of it is null.
    Proven,
    /// A row is null; which, for people.
    Refuted(String),
    /// Only its data can tell.
    Open,
}

/// Judges a file; `index` is the place of the column among those the statistics were read for.
pub(super) fn judge(file: &DataFile, index: usize, target: &Target) -> Verdict {
    // A file without rows, or with all of them deleted, breaks nothing.
    let deleted = file.deletion.as_ref().map_or(0, |vector| vector.cardinality);
    if file.rows.is_some_and(|rows| rows <= deleted) {
        return Verdict::Proven;
    }
    if target.is_partition {
        let value =
            target.statistics_path().first().and_then(|name| file.partition_values.get(name)).cloned().flatten();
        // An empty text is a null too (PROTOCOL.md, "Partition Value Serialization").
        return match value.filter(|value| !value.is_empty()) {
            Some(_) => Verdict::Proven,
            None if file.rows.is_none() => Verdict::Open,
            None => Verdict::Refuted(format!("`{}` is in a partition without a value of `{}`", file.path, target.path)),
        };
    }
    if target.crosses_collection() {
        return Verdict::Open;
    }
    match file.nulls.get(index).and_then(Option::as_ref) {
        Some(counts) if never_null(counts) => Verdict::Proven,
        Some(Json::Number(count)) => {
            let all = file.rows.is_some_and(|rows| rows.to_string() == **count);
            // With a deletion vector the null rows may be the deleted ones, without tight bounds the count is a guess
            // unless it is all rows, below a nullable struct the null may be the struct's, and of arrays and maps delta-rs
            // counts the null elements.
            let tells = file.deletion.is_none() && (file.tight || all) && !target.under_nullable && !target.is_nested;
            if !tells || count.starts_with('-') {
                return Verdict::Open;
            }
            let of = file.rows.map(|rows| format!(" of {rows}")).unwrap_or_default();
            Verdict::Refuted(format!("{count}{of} rows of `{}` have no `{}`", file.path, target.path))
        }
        Some(_) | None => Verdict::Open,
    }
}

/// Whether counts say that a value, or one field of a struct, is never null: then so is the struct. Zero holds for exact and
/// for wide statistics.
fn never_null(counts: &Json) -> bool {
    match counts {
        Json::Number(count) => &**count == "0",
        Json::Object(fields) => fields.iter().any(|(_, counts)| never_null(counts)),
        Json::Null | Json::Bool(_) | Json::String(_) | Json::Array(_) => false,
    }
}
