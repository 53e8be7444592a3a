//! What accidents leave behind: refused with the file at fault, or read where nothing is lost.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_native::{Lake, NativeCatalog};

const PROTOCOL: &str = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#;
const METADATA: &str = r#"{"metaData":{"id":"t","format":{"provider":"parquet","options":{}},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[],"configuration":{}}}"#;
const ADD: &str = r#"{"add":{"path":"p","partitionValues":{},"size":1,"modificationTime":0,"dataChange":true}}"#;

/// Reads a table with these log files; what is found, in words.
async fn check(files: &[(&str, &str)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("_delta_log");
    std::fs::create_dir(&log).unwrap();
    for (name, text) in files {
        std::fs::write(log.join(name), text).unwrap();
    }
    assert_eq!(read(folder.path()).await, expected);
}

async fn read(folder: &Path) -> String {
    let catalog = NativeCatalog::new(Arc::new(Lake::open("/", BTreeMap::new()).unwrap()));
    let relation = Relation { name: "t".parse().unwrap(), location: Some(folder.to_str().unwrap().to_owned()) };
    match catalog.observe(&[relation]).await.unwrap().remove(0) {
        Observation::Absent => "absent".to_owned(),
        Observation::Present(table) => format!("version {}", table.version),
        Observation::Unreadable(why) => why.to_string(),
    }
}

fn v(version: u64) -> String {
    format!("{version:020}.json")
}

#[tokio::test]
async fn gaps_and_missing_beginnings_name_the_commit() {
    let first = format!("{PROTOCOL}\n{METADATA}\n");
    check(
        &[(&v(0), &first), (&v(2), ADD)],
        "`_delta_log/00000000000000000001.json` is missing, and the log goes on to version 2",
    )
    .await;
    check(
        &[(&v(3), ADD), ("00000000000000000002.checkpoint.0000000001.0000000002.parquet", "")],
        "`_delta_log/00000000000000000000.json` is missing, and the log goes on to version 3 (checkpoint 2 lacks part 2 of 2)",
    )
    .await;
}

#[tokio::test]
async fn cut_off_lines_name_file_and_line() {
    check(
        &[(&v(0), &format!("{PROTOCOL}\n{}", &METADATA[..60]))],
        "`_delta_log/00000000000000000000.json` line 2 is not a complete JSON action: EOF while parsing a string at line 1 column 60",
    )
    .await;
    let first = format!("{PROTOCOL}\n{METADATA}\n");
    check(
        &[(&v(0), &first), (&v(1), &ADD[..40])],
        "`_delta_log/00000000000000000001.json` line 1 is not a complete JSON action: EOF while parsing an object at line 1 column 40",
    )
    .await;
}

#[tokio::test]
async fn logs_without_a_table_are_absent_or_refused() {
    check(&[], "absent").await;
    check(&[(&v(0), PROTOCOL)], "the log up to version 0 has no `metaData` action").await;
    check(&[(&v(0), METADATA)], "the log up to version 0 has no `protocol` action").await;
    check(
        &[("_last_checkpoint", r#"{"version":3}"#)],
        "`_delta_log` holds `_last_checkpoint` but neither a commit nor a complete checkpoint",
    )
    .await;
    assert_eq!(read(Path::new("/nowhere/at/all")).await, "absent");
}

#[tokio::test]
async fn tables_that_need_more_are_refused_by_what_they_need() {
    let with = |protocol: &str| format!("{protocol}\n{METADATA}\n");
    check(
        &[(
            &v(0),
            &with(r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["teleport"],"writerFeatures":["teleport"]}}"#),
        )],
        "the table needs reader feature `teleport`, which this version of delta-engine doesn't know",
    )
    .await;
    check(
        &[(&v(0), &with(r#"{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}"#))],
        "the table needs reader version 4, and delta-engine knows versions 1 to 3",
    )
    .await;
    check(
        &[(
            &v(0),
            &with(r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["catalogManaged"],"writerFeatures":["catalogManaged"]}}"#),
        )],
        "the table has the feature `catalogManaged`: its newest commits may be in its catalog only, not in the log",
    )
    .await;
    check(
        &[(
            &v(0),
            &with(r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["teleportWrites"]}}"#),
        )],
        "version 0",
    )
    .await;
}

#[tokio::test]
async fn garbled_or_stale_hints_do_not_matter() {
    let first = format!("{PROTOCOL}\n{METADATA}\n");
    for hint in ["", "{", r#"{"version":"x"}"#, r#"{"version":7}"#] {
        check(&[(&v(0), &first), (&v(1), ADD), ("_last_checkpoint", hint)], "version 1").await;
    }
}

#[tokio::test]
async fn a_garbled_checkpoint_is_named() {
    let read = [("00000000000000000001.checkpoint.parquet", "PAR1 and nothing else"), (&v(2), ADD)];
    check(
        &read,
        "the checkpoint `_delta_log/00000000000000000001.checkpoint.parquet` can't be read: it is not valid parquet: Parquet error: Invalid Parquet file. Corrupt footer",
    )
    .await;
}

#[tokio::test]
async fn a_number_beyond_all_versions_is_no_version() {
    let first = format!("{PROTOCOL}\n{METADATA}\n");
    let beyond = u64::MAX;
    let checkpoint = format!("{beyond:020}.checkpoint.parquet");
    check(&[(&v(0), &first), (&v(beyond), ADD), (&checkpoint, "")], "version 0").await;
}

#[tokio::test]
async fn bytes_that_are_not_there_are_not_waited_for() {
    use delta_engine_native::storage::{LocalFiles, TableFiles};
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f"), "four").unwrap();
    let files = LocalFiles::new(folder.path());
    assert_eq!(files.read_range("f", 1..3).await.unwrap().as_ref(), b"ou");
    for (start, end) in [(0, 5), (4, u64::MAX), (u64::MAX - 1, u64::MAX), (3, 1)] {
        let error = files.read_range("f", std::ops::Range { start, end }).await.unwrap_err();
        assert!(!error.missing, "{start}..{end}");
    }
}

#[tokio::test]
async fn a_removed_domain_stays_removed() {
    let protocol =
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["domainMetadata","clustering"]}}"#;
    let domain = |removed: bool| {
        format!(
            r#"{{"domainMetadata":{{"domain":"delta.clustering","configuration":"{{\"clusteringColumns\":[[\"id\"]]}}","removed":{removed}}}}}"#
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("_delta_log");
    std::fs::create_dir(&log).unwrap();
    std::fs::write(log.join(v(0)), format!("{protocol}\n{METADATA}\n{}\n", domain(false))).unwrap();
    std::fs::write(log.join(v(1)), format!("{}\n", domain(true))).unwrap();
    std::fs::write(log.join(v(2)), ADD).unwrap();
    let files = delta_engine_native::storage::LocalFiles::new(folder.path());
    let at =
        async |version| delta_engine_native::log::read_state(&files, version).await.unwrap().unwrap().domains.len();
    assert_eq!(at(Some(0)).await, 1);
    assert_eq!(at(None).await, 0);
}
