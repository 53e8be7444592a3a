//! The lakes that are measured, written as raw logs: nothing but the program under measure touches delta-rs.
//!
//! Owns what the tables look like. Half of them are declared with changes (an added column, comments, a property; an added
//! nested field where there is a struct), a fifth have nested columns.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::Outcome;

pub(super) const COLUMNS: usize = 50;

/// The types of the flat columns, as a log and as people write them.
const TYPES: [(&str, &str); 5] = [
    ("long", "bigint"),
    ("string", "string"),
    ("double", "double"),
    ("timestamp", "timestamp"),
    ("boolean", "boolean"),
];

/// Writes a project with this many tables: `delta-engine.yml`, `tables/`, and the lake in `lake/`.
pub(super) fn write(root: &Path, tables: usize) -> Outcome {
    fs::create_dir_all(root.join("tables"))?;
    fs::write(root.join("delta-engine.yml"), "targets: { dev: { url: ./lake, default: true } }\n")?;
    for number in 0..tables {
        let table = Table { number, nested: number % 5 == 0, changed: number % 2 == 1 };
        let log = root.join(format!("lake/bench/table_{number}/_delta_log"));
        fs::create_dir_all(&log)?;
        fs::write(log.join(format!("{:020}.json", 0)), table.commit())?;
        fs::write(root.join(format!("tables/table_{number}.yml")), table.definition()?)?;
    }
    Ok(())
}

/// One table: what its log says, and what its definition wants.
struct Table {
    number: usize,
    nested: bool,
    changed: bool,
}

impl Table {
    /// Whether a column is a struct: every tenth of a nested table.
    fn is_struct(&self, column: usize) -> bool {
        self.nested && column % 10 == 9
    }

    fn commit(&self) -> String {
        let fields: Vec<Value> = (0..COLUMNS).map(|column| self.field(column)).collect();
        let schema = json!({ "type": "struct", "fields": fields }).to_string();
        let info = json!({ "commitInfo": { "timestamp": 1_700_000_000_000_u64, "operation": "CREATE TABLE" } });
        let protocol = json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } });
        let metadata = json!({ "metaData": {
            "id": format!("00000000-0000-4000-8000-{:012}", self.number),
            "format": { "provider": "parquet", "options": {} },
            "schemaString": schema,
            "partitionColumns": [],
            "configuration": { "team.owner": "sales" },
            "createdTime": 1_700_000_000_000_u64,
        } });
        format!("{info}\n{protocol}\n{metadata}\n")
    }

    fn field(&self, column: usize) -> Value {
        let name = format!("column_{column}");
        let metadata = comment(column).map_or_else(|| json!({}), |comment| json!({ "comment": comment }));
        let kind = if self.is_struct(column) {
            let field = |name: &str| json!({ "name": name, "type": "string", "nullable": true, "metadata": {} });
            json!({ "type": "struct", "fields": [field("street"), field("zip")] })
        } else {
            json!(TYPES[column % TYPES.len()].0)
        };
        json!({ "name": name, "type": kind, "nullable": true, "metadata": metadata })
    }

    fn definition(&self) -> Outcome<String> {
        let mut text = format!("tables:\n  - name: bench.table_{}\n    columns:\n", self.number);
        for column in 0..COLUMNS {
            let kind = match (self.is_struct(column), self.changed) {
                (false, _) => TYPES[column % TYPES.len()].1,
                (true, false) => "\"struct<street: string, zip: string>\"",
                (true, true) => "\"struct<street: string, city: string, zip: string>\"",
            };
            write!(text, "      - {{ name: column_{column}, type: {kind}")?;
            if let Some(comment) = comment(column) {
                let news = if self.changed && column == 3 { ", in UTC" } else { "" };
                write!(text, ", comment: \"{comment}{news}\"")?;
            }
            text.push_str(" }\n");
            if self.changed && column == COLUMNS / 2 {
                text.push_str("      - { name: added, type: string, comment: new }\n");
            }
        }
        if self.changed {
            text.push_str("    comment: One row per event\n    properties: { team.owner: marketing }\n");
        }
        Ok(text)
    }
}

/// The comment of every third column.
fn comment(column: usize) -> Option<String> {
    column.is_multiple_of(3).then(|| format!("What column {column} is about"))
}

/// Writes a table of 10,000 commits that add 10 files each, without its checkpoint, and a definition that it meets.
pub(super) fn write_long_log(root: &Path) -> Outcome {
    fs::create_dir_all(root.join("tables"))?;
    fs::write(root.join("delta-engine.yml"), "targets: { dev: { url: ./lake, default: true } }\n")?;
    let table = Table { number: 0, nested: false, changed: false };
    let log = root.join("lake/bench/table_0/_delta_log");
    fs::create_dir_all(&log)?;
    fs::write(log.join(format!("{:020}.json", 0)), table.commit())?;
    for version in 1..=LONG_LOG_COMMITS {
        let mut commit = format!(
            "{}\n",
            json!({ "commitInfo": { "timestamp": 1_700_000_000_000_u64 + version, "operation": "WRITE" } })
        );
        for file in 0..LONG_LOG_FILES / LONG_LOG_COMMITS {
            let statistics = json!({ "numRecords": 1000, "minValues": { "column_0": file }, "maxValues":
                { "column_0": file + 1000 }, "nullCount": { "column_0": 0 } });
            let add = json!({ "add": { "path": format!("part-{version:05}-{file:05}-c000.snappy.parquet"),
                "partitionValues": {}, "size": 123_456, "modificationTime": 1_700_000_000_000_u64 + version,
                "dataChange": true, "stats": statistics.to_string() } });
            writeln!(commit, "{add}")?;
        }
        fs::write(log.join(format!("{version:020}.json")), commit)?;
    }
    fs::write(root.join("tables/table_0.yml"), table.definition()?)?;
    Ok(())
}

pub(super) const LONG_LOG_COMMITS: u64 = 10_000;
pub(super) const LONG_LOG_FILES: u64 = 100_000;
