//! A writer that is not the engine: commits that only move data, at the next free version.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::log::{commit_file, newest};

/// Writes a commit at exactly this version; says whether the version was free.
pub fn commit_at(table: &Path, version: u64, actions: &[Value]) -> bool {
    let text: String = actions.iter().map(|action| format!("{action}\n")).collect();
    // Complete in one step, as put-if-absent is: readers never see half a commit.
    let scratch = table.join(format!("_delta_log/.{version}.{}.tmp", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&scratch).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let free = std::fs::hard_link(&scratch, commit_file(table, version)).is_ok();
    std::fs::remove_file(&scratch).unwrap();
    free
}

/// Writes a commit at the next free version, and says which that was.
pub fn commit(table: &Path, actions: &[Value]) -> u64 {
    (newest(table) + 1..).find(|version| commit_at(table, *version, actions)).unwrap()
}

/// An `add` of a file without data behind it, whose statistics say how many of its rows are null in which column.
pub fn add(name: &str, rows: u64, nulls: &[(&str, u64)], bounds: &[(&str, i64, i64)]) -> Value {
    let of = |pick: fn(&(&str, i64, i64)) -> i64| -> Value {
        bounds.iter().map(|bound| (bound.0.to_owned(), json!(pick(bound)))).collect()
    };
    let counts: Value = nulls.iter().map(|(column, count)| ((*column).to_owned(), json!(count))).collect();
    let stats = json!({ "numRecords": rows, "nullCount": counts, "minValues": of(|bound| bound.1), "maxValues": of(|bound| bound.2) });
    json!({ "add": {
        "path": name, "partitionValues": {}, "size": 100, "modificationTime": 0, "dataChange": true, "stats": stats.to_string(),
    } })
}
