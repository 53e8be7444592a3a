//! What is of Sail alone: tables seen through their logs, in a catalog of the session.

use delta_engine_application::port::Catalog;
use delta_engine_application::{Column, Status, Table};
use delta_engine_schema::Outcome;
use delta_engine_schema::model::{Aspect, DataType, Expression, Identity, Path};

use crate::support::{live, present};

#[tokio::test]
async fn tables_are_seen_whole() {
    let Some(live) = live("whole").await else { return };
    live.make_schema().await;
    live.run(&format!(
        "CREATE TABLE {} (id BIGINT NOT NULL COMMENT 'k', s STRUCT<x: INT COMMENT 'in'>, n BIGINT GENERATED ALWAYS AS \
         IDENTITY (START WITH 5 INCREMENT BY 2), t TIMESTAMP, d DATE GENERATED ALWAYS AS (CAST(t AS DATE)), v INT) USING delta \
         COMMENT 'all of it' TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'team' = 'a, b=c')",
        live.name("t")
    ))
    .await;
    live.run(&format!("ALTER TABLE {} ADD CONSTRAINT Sane CHECK (v > 0)", live.name("t"))).await;
    live.run(&format!("ALTER TABLE {} ALTER COLUMN v SET DEFAULT 7", live.name("t"))).await;
    let odd = live.name("`odd-name`");
    live.run(&format!("CREATE TABLE {odd} (a INT) USING delta")).await;
    // The register answers for plain names only.
    assert_eq!(present(&live.observe_with(&live.catalog, &[&odd]).await[0]).columns.len(), 1);

    let seen = live.observe_with(&live.catalog, &[&live.name("t")]).await;
    let table = present(&seen[0]);
    assert_eq!(table.version, 2);
    assert_eq!(table.comment.as_deref(), Some("all of it"));
    assert_eq!(table.columns[0].field.comment.as_deref(), Some("k"));
    assert!(!table.columns[0].field.nullable);
    assert!(table.columns[1].field.metadata.column_id().is_some());
    assert_eq!(table.columns[2].identity, Some(Identity { start: 5, increment: 2, always: true }));
    assert!(table.columns[4].generated.is_some());
    assert_eq!(table.columns[5].default.as_ref().map(Expression::text), Some("7"));
    assert_eq!(table.properties["team"], "a, b=c");
    assert_eq!(table.checks.len(), 1);
    assert!(!table.unknown.covers(Aspect::Generated, &Path::table()));

    live.end().await;
}

#[tokio::test]
async fn what_is_no_delta_table_is_told_apart() {
    let Some(live) = live("sail_apart").await else { return };
    live.make_schema().await;
    live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name("there"))).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING parquet", live.name("parquet"))).await;
    live.run(&format!("CREATE VIEW {} AS SELECT 1 AS a", live.name("view"))).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name("Upper"))).await;
    let names = ["there", "absent", "parquet", "view", "upper"].map(|table| live.name(table));
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.push("no_such_schema.t");
    let seen = live.observe_with(&live.catalog, &names).await;
    let reasons: Vec<String> = seen
        .iter()
        .map(|observation| match observation {
            delta_engine_application::port::Observation::Present(_) => "present".to_owned(),
            delta_engine_application::port::Observation::Absent => "absent".to_owned(),
            delta_engine_application::port::Observation::Unreadable(why) => why.to_string(),
        })
        .collect();
    assert_eq!(reasons[..2], ["present", "absent"]);
    assert!(reasons[2].contains("parquet"), "{reasons:?}");
    assert!(reasons[3].contains("view"), "{reasons:?}");
    assert!(reasons[4].contains("minds the case") && reasons[4].contains("Upper"), "{reasons:?}");
    assert_eq!(reasons[5], "absent");
    let schema = live.schema.parse().expect("a name");
    let listed = live.catalog.list(Some(&schema)).await.expect("a list");
    let listed: Vec<String> = listed.iter().map(|relation| relation.name.to_string()).collect();
    assert!(listed.contains(&live.name("there")) && !listed.contains(&live.name("parquet")), "{listed:?}");
    assert!(
        live.catalog
            .list(None)
            .await
            .expect("a list")
            .iter()
            .any(|relation| relation.name.to_string() == live.name("there"))
    );
    live.end().await;
}

#[tokio::test]
async fn a_schema_without_a_place_is_refused_in_the_plan() {
    let Some(live) = live("placeless").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    let messages = |plan: &delta_engine_application::PreparedPlan| -> Vec<String> {
        plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.message.clone()).collect()
    };
    let missing = live.plan(vec![table()]).await;
    assert_eq!(missing.tables[0].plan.outcome, Outcome::Blocked);
    assert_eq!(messages(&missing), ["the server has no place for tables of this schema"]);
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    assert_eq!(messages(&live.plan(vec![table()]).await), ["the server has no place for tables of this schema"]);
    let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("a folder");
    live.sync(vec![table().location(format!("file://{warehouse}/{}/t", live.schema))]).await;
    live.end().await;
}

#[tokio::test]
async fn checks_are_proved_by_the_rows_before_they_are_added() {
    let Some(live) = live("sail_probe").await else { return };
    live.make_schema().await;
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    live.run(&format!("INSERT INTO {} VALUES (1), (2), (-3)", live.name("t"))).await;
    let refuted = live.plan(vec![table().check("positive", "a > 0")]).await;
    assert_eq!(refuted.tables[0].plan.outcome, Outcome::Blocked);
    let said: Vec<String> = refuted.findings().map(|(_, finding)| finding.message.clone()).collect();
    assert!(said.iter().any(|message| message.contains("1 of 3 rows")), "{said:?}");
    live.sync(vec![table().check("small", "a < 10")]).await;
    live.end().await;
}

#[tokio::test]
async fn a_log_without_checksums_is_read_commit_by_commit() {
    let Some(live) = live("commits").await else { return };
    live.make_schema().await;
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table().property("team", "a")]).await;
    live.run(&format!("ALTER TABLE {} SET TBLPROPERTIES ('team' = 'b')", live.name("t"))).await;
    let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("a folder");
    let log = format!("{warehouse}/{}.db/t/_delta_log", live.schema);
    for entry in std::fs::read_dir(&log).expect("a log") {
        let path = entry.expect("a file").path();
        if path.extension().is_some_and(|extension| extension == "crc") {
            std::fs::remove_file(path).expect("removed");
        }
    }
    let seen = live.observe_with(&live.catalog, &[&live.name("t")]).await;
    let seen = present(&seen[0]);
    assert_eq!((seen.version, seen.properties["team"].as_str()), (1, "b"));
    assert_eq!(live.plan(vec![table().property("team", "b")]).await.status(), Status::InSync);
    std::fs::remove_file(format!("{log}/{:020}.json", 0)).expect("removed");
    let plan = live.plan(vec![table().property("team", "b")]).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Unreadable);
    live.end().await;
}

/// Sail leaves the files of dropped tables, and so does a session that is gone.
#[tokio::test]
async fn what_is_left_in_the_folder_of_a_schema_is_seen_before_a_table_is_created_there() {
    let Some(live) = live("sail_left").await else { return };
    live.make_schema().await;
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    live.run(&format!("INSERT INTO {} VALUES (7)", live.name("t"))).await;
    live.run(&format!("DROP TABLE {}", live.name("t"))).await;
    let plan = live.plan(vec![table().column(Column::new("b", DataType::STRING))]).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Unreadable);
    let help = plan.findings().find_map(|(_, finding)| finding.help.clone()).expect("a way out");
    let (_, statement) = help.split_once("plan again: ").expect("a statement");
    let (statement, _) = statement.split_once("; or declare").expect("its end");
    live.run(statement).await;
    live.sync(vec![table()]).await;
    live.end().await;
}
