//! Reading times, printed and never asserted: `DELTA_ENGINE_TIMES=1000 cargo test -p delta-engine-native --test it times
//! -- --nocapture`, where the number is that of the tables.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use delta_engine_application::port::{Catalog, Observation};
use delta_engine_native::{Lake, NativeCatalog};

#[tokio::test(flavor = "multi_thread")]
async fn many_small_tables() {
    let Ok(count) = std::env::var("DELTA_ENGINE_TIMES").unwrap_or_default().parse::<usize>() else {
        println!("skipped: DELTA_ENGINE_TIMES is not set to a number of tables");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let fields: Vec<String> = (0..50)
        .map(|n| format!(r#"{{\"name\":\"column_{n}\",\"type\":\"string\",\"nullable\":true,\"metadata\":{{\"comment\":\"what it holds {n}\"}}}}"#))
        .collect();
    let commit = format!(
        "{}\n{}\n{}\n",
        r#"{"commitInfo":{"timestamp":1,"operation":"CREATE TABLE"}}"#,
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#,
        format_args!(
            r#"{{"metaData":{{"id":"t","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{{\"type\":\"struct\",\"fields\":[{}]}}","partitionColumns":[],"configuration":{{}}}}}}"#,
            fields.join(",")
        )
    );
    for table in 0..count {
        let log = folder.path().join(format!("dev/schema_{}/table_{table}/_delta_log", table % 20));
        std::fs::create_dir_all(&log).unwrap();
        std::fs::write(log.join("00000000000000000000.json"), &commit).unwrap();
    }
    let catalog = NativeCatalog::new(Arc::new(Lake::open(folder.path().to_str().unwrap(), BTreeMap::new()).unwrap()));
    for _ in 0..3 {
        let start = Instant::now();
        let relations = catalog.list(None).await.unwrap();
        let listed = start.elapsed();
        let start = Instant::now();
        let observed = catalog.observe(&relations).await.unwrap();
        println!("{count} tables: listed in {listed:?}, observed in {:?}", start.elapsed());
        assert!(observed.iter().all(|observation| matches!(observation, Observation::Present(_))));
        assert_eq!(observed.len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_long_log() {
    if std::env::var("DELTA_ENGINE_TIMES").is_err() {
        println!("skipped: DELTA_ENGINE_TIMES is not set to a number of tables");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("t/_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    let protocol = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["domainMetadata"]}}"#;
    let metadata = r#"{"metaData":{"id":"t","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],"configuration":{"k":"v"},"createdTime":1}}"#;
    let add = |n: usize| {
        format!(
            r#"{{"add":{{"path":"part-{n:06}-c000.snappy.parquet","size":{n},"modificationTime":{n},"dataChange":true,"stats":"{{\"numRecords\":10,\"nullCount\":{{\"id\":0}}}}"}}}}"#
        )
    };
    for version in 0..10_000 {
        std::fs::write(log.join(format!("{version:020}.json")), add(version)).unwrap();
    }
    let lines: Vec<String> = (0..100_000).map(add).chain([protocol.to_owned(), metadata.to_owned()]).collect();
    std::fs::write(log.join("00000000000000009998.checkpoint.parquet"), checkpoint(&lines.join("\n"))).unwrap();

    let lake = Lake::open(folder.path().to_str().unwrap(), BTreeMap::new()).unwrap();
    let catalog = NativeCatalog::new(Arc::new(lake));
    let relations = catalog.list(None).await.unwrap();
    for _ in 0..3 {
        let start = Instant::now();
        let names = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
        let listed = start.elapsed();
        let bytes = std::fs::read(log.join("00000000000000009998.checkpoint.parquet")).unwrap();
        std::fs::read(log.join("00000000000000009999.json")).unwrap();
        let base = start.elapsed();
        let start = Instant::now();
        let observed = catalog.observe(&relations).await.unwrap();
        let took = start.elapsed();
        assert!(matches!(&observed[0], Observation::Present(table) if table.version == 9999));
        println!(
            "10,000 commits: {} names listed in {listed:?}, {} bytes read by {base:?}; observed in {took:?}",
            names.len(),
            bytes.len()
        );
    }
}

/// A parquet checkpoint of these actions.
pub(crate) fn checkpoint(lines: &str) -> Vec<u8> {
    use deltalake::arrow::datatypes::{DataType, Field, Fields, Schema};
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let long = |name: &str| Field::new(name, DataType::Int64, true);
    let texts = |name: &str| Field::new_list(name, text("element"), true);
    let map = |name: &str| {
        Field::new_map(name, "key_value", Field::new("key", DataType::Utf8, false), text("value"), false, true)
    };
    let action = |name: &str, fields: Vec<Field>| Field::new_struct(name, Fields::from(fields), true);
    let version = |name: &str| Field::new(name, DataType::Int32, true);
    let schema = Arc::new(Schema::new(vec![
        action("protocol", vec![version("minReaderVersion"), version("minWriterVersion"), texts("writerFeatures")]),
        action(
            "metaData",
            vec![
                text("id"),
                action("format", vec![text("provider")]),
                text("schemaString"),
                texts("partitionColumns"),
                map("configuration"),
                long("createdTime"),
            ],
        ),
        action(
            "add",
            vec![
                text("path"),
                long("size"),
                long("modificationTime"),
                Field::new("dataChange", DataType::Boolean, true),
                text("stats"),
            ],
        ),
        action("domainMetadata", vec![text("domain"), text("configuration")]),
    ]));
    let reader = deltalake::arrow::json::ReaderBuilder::new(schema.clone()).build(lines.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let mut writer = deltalake::parquet::arrow::ArrowWriter::try_new(&mut bytes, schema, None).unwrap();
    for batch in reader {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
    bytes
}
