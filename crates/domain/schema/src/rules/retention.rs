//! How long a table keeps its log and its deleted files.
//!
//! Source: Delta `DeltaConfigs.LOG_RETENTION`, `TOMBSTONE_RETENTION`.

use crate::model::{ObservedTable, parse_interval};

/// How long the log is kept.
pub(super) const LOG: &str = "delta.logRetentionDuration";
/// How long deleted files are kept.
pub(super) const FILES: &str = "delta.deletedFileRetentionDuration";

/// The length of a retention, as written and in nanoseconds; none where it cannot be read.
pub(super) fn retention<'t>(table: &'t ObservedTable, key: &str) -> Option<(&'t str, i128)> {
    let unset = if key == LOG { "interval 30 days" } else { "interval 1 week" };
    let text = table.property(key).unwrap_or(unset);
    Some((text, parse_interval(text)?))
}
