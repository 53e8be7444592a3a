//! Damaged tables, and those of a newer protocol, fail alone, by name and reason; the tables beside them are applied.

use std::fs;
use std::path::Path;

use delta_engine::schema::Outcome;
use delta_engine::schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine::{Execution, Status};
use delta_engine_acceptance::foreign;
use delta_engine_acceptance::lake::{engine, registry};
use delta_engine_acceptance::log::{commit_file, newest};
use serde_json::json;

/// How a table is damaged, and what is then said of it.
struct Damage {
    name: &'static str,
    damage: fn(&Path),
    reason: &'static str,
}

const DAMAGES: &[Damage] = &[
    Damage {
        name: "missing",
        damage: |table| fs::remove_file(commit_file(table, 1)).unwrap(),
        reason: "00000000000000000001",
    },
    Damage { name: "first_missing", damage: |table| fs::remove_file(commit_file(table, 0)).unwrap(), reason: "0" },
    Damage {
        name: "truncated",
        damage: |table| {
            let text = fs::read(commit_file(table, 0)).unwrap();
            fs::write(commit_file(table, 0), &text[..text.len() / 2]).unwrap();
        },
        reason: "00000000000000000000.json",
    },
    Damage {
        name: "truncated_at_the_end",
        damage: |table| {
            let text = fs::read(commit_file(table, 2)).unwrap();
            fs::write(commit_file(table, 2), &text[..text.len() - 20]).unwrap();
        },
        reason: "00000000000000000002.json",
    },
    Damage {
        name: "garbled",
        damage: |table| fs::write(commit_file(table, 2), b"\xff\xfe{}").unwrap(),
        reason: "00000000000000000002.json",
    },
    Damage {
        name: "checkpoint",
        damage: |table| {
            let log = table.join("_delta_log");
            fs::write(log.join("00000000000000000001.checkpoint.parquet"), b"PAR1 this is no parquet PAR1").unwrap();
            fs::remove_file(commit_file(table, 0)).unwrap();
        },
        reason: "00000000000000000001.checkpoint.parquet",
    },
    Damage {
        name: "newer_reader",
        damage: |table| protocol(table, r#"{"minReaderVersion":4,"minWriterVersion":8}"#),
        reason: "4",
    },
    Damage {
        name: "unknown_reader_feature",
        damage: |table| {
            protocol(
                table,
                r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["quantum"],"writerFeatures":["quantum"]}"#,
            );
        },
        reason: "quantum",
    },
    Damage {
        name: "unknown_writer_feature",
        damage: |table| {
            protocol(table, r#"{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["quantumWriter"]}"#)
        },
        reason: "quantumWriter",
    },
    Damage {
        name: "newer_writer",
        damage: |table| protocol(table, r#"{"minReaderVersion":1,"minWriterVersion":8}"#),
        reason: "8",
    },
    Damage {
        name: "catalog_managed",
        damage: |table| {
            protocol(
                table,
                r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["catalogManaged"],"writerFeatures":["catalogManaged"]}"#,
            );
        },
        reason: "catalogManaged",
    },
    Damage {
        name: "no_schema",
        damage: |table| {
            let metadata = json!({ "id": "x", "format": {}, "schemaString": "{\"type\":", "partitionColumns": [], "configuration": {} });
            foreign::commit(table, &[json!({ "metaData": metadata })]);
        },
        reason: "schemaString",
    },
    Damage {
        name: "folder",
        damage: |table| {
            fs::remove_file(commit_file(table, 2)).unwrap();
            fs::create_dir(commit_file(table, 2)).unwrap();
        },
        reason: "00000000000000000002.json",
    },
];

fn protocol(table: &Path, protocol: &str) {
    let protocol: serde_json::Value = serde_json::from_str(protocol).unwrap();
    foreign::commit(table, &[json!({ "protocol": protocol })]);
}

fn table(name: &str, comment: Option<&str>) -> TableDraft {
    let mut draft = TableDraft::new(format!("silver.{name}"));
    draft.columns = vec![ColumnDraft::new("id", TypeDraft::Text("bigint".to_owned()))];
    draft.comment = comment.map(str::to_owned);
    draft
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_and_newer_tables_fail_alone_by_name_and_reason() {
    let lake = tempfile::tempdir().unwrap();
    let good: Vec<String> = (0..10).map(|number| format!("good_{number}")).collect();
    let names = || DAMAGES.iter().map(|damage| damage.name).chain(good.iter().map(String::as_str));
    let engine = engine(lake.path()).await;
    let all = |comment: Option<&str>| registry(names().map(|name| table(name, comment))).unwrap();
    engine.sync(&all(None)).await.unwrap();
    for name in names() {
        let folder = lake.path().join("silver").join(name);
        for file in 0..2 {
            foreign::commit(&folder, &[foreign::add(&format!("{file}.parquet"), 1, &[("id", 0)], &[])]);
        }
    }
    for damage in DAMAGES {
        (damage.damage)(&lake.path().join("silver").join(damage.name));
    }
    let files = |name: &str| fs::read_dir(lake.path().join("silver").join(name).join("_delta_log")).unwrap().count();
    let before: Vec<usize> = DAMAGES.iter().map(|damage| files(damage.name)).collect();

    let plan = engine.plan(&all(Some("changed"))).await.unwrap();
    assert_eq!(plan.tables.len(), DAMAGES.len() + good.len());
    let mut wrong = Vec::new();
    for damage in DAMAGES {
        let name = format!("silver.{}", damage.name);
        let planned = plan.tables.iter().find(|table| table.plan.name.to_string() == name).unwrap();
        let said: Vec<String> = planned
            .plan
            .findings
            .iter()
            .filter(|finding| finding.blocks())
            .map(|finding| format!("{}: {}", finding.code, finding.message))
            .collect();
        println!("{name}: {:?}: {}", planned.plan.outcome, said.join("; "));
        let held = matches!(planned.plan.outcome, Outcome::Unreadable | Outcome::Blocked);
        if !held || !said.iter().any(|said| said.contains(damage.reason)) {
            wrong.push(format!("{name} is {:?}: {said:?}", planned.plan.outcome));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let report = engine.apply(plan).await.unwrap();
    assert_eq!(report.applied(), good.len());
    assert_ne!(report.status(), Status::InSync);
    for (table, execution) in report.tables() {
        let is_good = table.plan.name.table.as_str().starts_with("good");
        assert_eq!(matches!(execution, Execution::Applied { .. }), is_good, "{}: {execution:?}", table.plan.name);
        if is_good {
            assert_eq!(newest(&lake.path().join("silver").join(table.plan.name.table.as_str())), 3);
        }
    }
    assert_eq!(
        before,
        DAMAGES.iter().map(|damage| files(damage.name)).collect::<Vec<_>>(),
        "a damaged table was written"
    );
}
