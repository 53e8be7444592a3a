//! Reading time, printed and never asserted: `DELTA_ENGINE_TIMES=1 cargo test -p delta-engine-native --release times -- --nocapture`.

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
