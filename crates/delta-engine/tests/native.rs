//! The whole way on a lake in a folder.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panic")]

use delta_engine::Status;
use delta_engine::prelude::*;

async fn sync(lake: &str, table: Table, allow: &[&str]) -> Report {
    let registry = Registry::new().table(table).build().unwrap();
    let mut engine = Engine::connect(lake).await.unwrap();
    for permission in allow {
        engine = engine.allowing(permission.parse().unwrap());
    }
    let report = engine.sync(&registry).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(engine.plan(&registry).await.unwrap().status(), Status::InSync);
    report
}

#[tokio::test]
async fn a_table_lives_through_every_kind_of_change() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().to_str().unwrap();
    let base = || {
        Table::new("silver.customers")
            .property("delta.columnMapping.mode", "name")
            .property("delta.enableTypeWidening", true)
    };
    let first = base()
        .column(Column::new("id", INT).not_null())
        .column(Column::new("name", STRING))
        .column(Column::new("address", "struct<street: string, zip: string>"))
        .column(Column::new("note", STRING));
    assert_eq!(sync(lake, first, &[]).await.applied(), 1);
    let second = base()
        .comment("One row per customer")
        .column(Column::new("city", STRING).comment("new"))
        .column(Column::new("id", BIGINT))
        .column(
            Column::new("address", "struct<house: int, street: string, postcode: string>")
                .field_renamed_from("postcode", "zip"),
        )
        .column(Column::new("full_name", "string").renamed_from("name").default_value("'unknown'"))
        .clustered_by(["id"])
        .check("positive", "id > 0")
        .property("delta.enableChangeDataFeed", true);
    let allow = ["drop-column:*", "upgrade-protocol:*", "break-streams:*", "scan-data:*"];
    let report = sync(lake, second, &allow).await;
    assert_eq!(report.applied(), 1);
}

#[tokio::test]
async fn a_table_with_two_columns_of_one_name_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().to_str().unwrap();
    let log = folder.path().join("silver/twins/_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    let field = |name: &str| format!(r#"{{"name":"{name}","type":"long","nullable":true,"metadata":{{}}}}"#);
    let schema = format!(r#"{{"type":"struct","fields":[{},{}]}}"#, field("a"), field("A")).replace('"', r#"\""#);
    let metadata =
        format!(r#"{{"metaData":{{"id":"t","schemaString":"{schema}","partitionColumns":[],"configuration":{{}}}}}}"#);
    let commit = format!("{}\n{metadata}\n", r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#);
    std::fs::write(log.join("00000000000000000000.json"), &commit).unwrap();

    let twins =
        Table::new("silver.twins").column(Column::new("a", BIGINT)).property("delta.columnMapping.mode", "name");
    let other = Table::new("silver.other").column(Column::new("id", BIGINT));
    let registry = Registry::new().table(twins).table(other).build().unwrap();
    let engine = Engine::connect(lake).await.unwrap();
    let engine = engine.allowing("drop-column:*".parse().unwrap()).allowing("upgrade-protocol:*".parse().unwrap());
    let error = engine.sync(&registry).await.unwrap_err().to_string();
    assert!(error.contains("it has two columns or fields `A`: upper and lower case make no other name"), "{error}");
    assert!(folder.path().join("silver/other/_delta_log/00000000000000000000.json").is_file());
    let files: Vec<_> = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["00000000000000000000.json"]);
}
