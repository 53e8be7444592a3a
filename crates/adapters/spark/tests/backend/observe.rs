//! What is seen of tables, and what is told apart.

use delta_engine_application::port::Observation;
use delta_engine_application::{Column, Status, Table};
use delta_engine_schema::model::{Aspect, DataType, Field, ObservedTable, Path, Unknown};
use delta_engine_spark::client::Failure;

use crate::support::{live, present};

/// What both ways of looking show: not ids, expressions of generated columns and identity, which Spark hides.
fn visible(table: &ObservedTable) -> ObservedTable {
    let mut table = table.clone();
    for column in &mut table.columns {
        column.generated = None;
        column.identity = None;
        bare(&mut column.field);
    }
    table.version = 0;
    table.unknown = Unknown::default();
    table
}

fn bare(field: &mut Field) {
    field.metadata = Default::default();
    below(&mut field.data_type);
}

fn below(data_type: &mut DataType) {
    if let DataType::Struct(fields) = data_type {
        fields.iter_mut().for_each(bare);
    } else if let DataType::Array(array) = data_type {
        below(&mut array.element);
    } else if let DataType::Map(map) = data_type {
        below(&mut map.key);
        below(&mut map.value);
    }
}

const STATEMENTS: [&str; 8] = [
    r"CREATE TABLE plain (a INT, b STRING NOT NULL COMMENT 'x') USING delta COMMENT 'it\'s'",
    "CREATE TABLE types (a STRUCT<x: INT COMMENT 'in', y: ARRAY<MAP<STRING, VARCHAR(3)>>>, c CHAR(2), d DECIMAL(5,1)) \
     USING delta",
    "CREATE TABLE parted (a INT, `p.q` INT, `r s` STRING) USING delta PARTITIONED BY (`r s`, `p.q`) \
     TBLPROPERTIES ('delta.columnMapping.mode' = 'name')",
    "CREATE TABLE clustered (a INT, s STRUCT<`x.y`: INT>) USING delta CLUSTER BY (s.`x.y`, a)",
    "CREATE TABLE mapped (a INT, s STRUCT<x: INT>) USING delta CLUSTER BY (s.x) \
     TBLPROPERTIES ('delta.columnMapping.mode' = 'name', 'k' = 'v')",
    "CREATE TABLE defaulted (a INT DEFAULT 1+2) USING delta TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
    "CREATE TABLE vectors (a INT) USING delta TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')",
    "CREATE TABLE checked (a INT) USING delta",
];
const TABLES: [&str; 8] = ["plain", "types", "parted", "clustered", "mapped", "defaulted", "vectors", "checked"];

#[tokio::test]
async fn logs_and_descriptions_say_the_same() {
    let Some(live) = live("ways").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    for statement in STATEMENTS {
        let (_, rest) = statement.split_once("CREATE TABLE ").expect("a new table");
        live.run(&format!("CREATE TABLE {}.{rest}", live.schema)).await;
    }
    live.run(&format!("ALTER TABLE {} ADD CONSTRAINT c CHECK (a > 0)", live.name("checked"))).await;
    live.run(&format!("INSERT INTO {} VALUES (1)", live.name("vectors"))).await;
    live.run(&format!("ALTER TABLE {} RENAME COLUMN s.x TO z", live.name("mapped"))).await;
    let names: Vec<String> = TABLES.iter().map(|table| live.name(table)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let logged = live.observe_with(&live.catalog, &names).await;
    let described = live.observe_with(&live.catalog.clone().one_by_one(), &names).await;
    for (logged, described) in logged.iter().zip(&described) {
        let (logged, described) = (present(logged), present(described));
        assert_eq!(visible(logged), visible(described));
        let hides = |aspect| logged.unknown.covers(aspect, &Path::table());
        assert!(!hides(Aspect::Generated) && !hides(Aspect::Identity), "{}", logged.name);
        assert_eq!(described.version, 0, "only logs tell the version");
        assert!(!logged.table_id.is_empty());
    }
    let of = |table: &str| present(&logged[TABLES.iter().position(|name| *name == table).expect("a table")]);
    assert_eq!(of("vectors").version, 1);
    assert!(of("mapped").columns[0].field.metadata.column_id().is_some());
    live.end().await;
}

#[tokio::test]
async fn logs_show_what_spark_hides_and_descriptions_say_so() {
    let Some(live) = live("hidden").await else { return };
    let name = live.name("t");
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let columns = "(t TIMESTAMP, d DATE GENERATED ALWAYS AS (CAST(t AS DATE)))";
    let created = live.other.execute(&format!("CREATE TABLE {name} {columns} USING delta"), &Default::default()).await;
    // Spark with an older Delta Lake has no words for it.
    if let Err(Failure::Refused(refusal)) = &created {
        assert!(refusal.is("UNSUPPORTED_FEATURE") || refusal.is("PARSE_SYNTAX_ERROR"), "{refusal}");
        return live.end().await;
    }
    created.expect("a table");
    let logged = live.observe_with(&live.catalog, &[&name]).await;
    let generated = present(&logged[0]).columns[1].generated.as_ref().map(|expression| expression.text());
    assert_eq!(generated, Some("CAST(t AS DATE)"));
    let described = live.observe_with(&live.catalog.clone().one_by_one(), &[&name]).await;
    assert!(present(&described[0]).unknown.covers(Aspect::Generated, &Path::column("d")));
    live.end().await;
}

#[tokio::test]
async fn what_is_no_delta_table_is_told_apart() {
    let Some(live) = live("apart").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name("there"))).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING parquet", live.name("parquet"))).await;
    live.run(&format!("CREATE VIEW {} AS SELECT 1 AS a", live.name("view"))).await;
    let names = [
        live.name("there"),
        live.name("absent"),
        live.name("parquet"),
        live.name("view"),
        "no_such_schema.t".to_owned(),
        "no_such_catalog.s.t".to_owned(),
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for catalog in [live.catalog.clone(), live.catalog.clone().one_by_one()] {
        let found: Vec<String> = live.observe_with(&catalog, &names).await.iter().map(kind).collect();
        assert_eq!(found[..4], ["present", "absent", "not delta", "view"]);
        assert_eq!(found[4], "absent");
        assert!(found[5].contains("catalog"), "{found:?}");
    }
    live.end().await;
}

fn kind(observation: &Observation) -> String {
    match observation {
        Observation::Present(_) => "present".to_owned(),
        Observation::Absent => "absent".to_owned(),
        Observation::Unreadable(unreadable) if unreadable.reason.contains("parquet") => "not delta".to_owned(),
        Observation::Unreadable(unreadable) if unreadable.reason.contains("view") => "view".to_owned(),
        Observation::Unreadable(unreadable) => {
            format!("{unreadable} ({})", unreadable.help.clone().unwrap_or_default())
        }
    }
}

#[tokio::test]
async fn a_missing_schema_is_created_by_a_step_that_is_shown() {
    let Some(live) = live("new_schema").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Long));
    let plan = live.plan(vec![table()]).await;
    assert_eq!(plan.status(), Status::ChangesPending);
    let steps: Vec<&str> = plan.tables[0].steps.iter().map(|step| step.preview.as_str()).collect();
    assert_eq!(steps[0], format!("CREATE SCHEMA IF NOT EXISTS `{}`;", live.schema));
    assert!(plan.findings().any(|(_, finding)| finding.message.contains("is created first")));
    live.sync(vec![table()]).await;
    let again = live.plan(vec![Table::new(live.name("u")).column(Column::new("a", DataType::Long))]).await;
    assert_eq!(again.tables[0].steps.len(), 1, "the schema is there now");
    live.end().await;
}

#[tokio::test]
async fn tables_are_listed_and_others_are_not() {
    use delta_engine_application::port::Catalog;
    let Some(live) = live("list").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name("one"))).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING parquet", live.name("two"))).await;
    let listed = |relations: Vec<delta_engine_application::port::Relation>| -> Vec<String> {
        relations.iter().map(|relation| relation.name.to_string()).collect()
    };
    let schema = live.schema.parse().expect("a name");
    assert_eq!(listed(live.catalog.list(Some(&schema)).await.expect("a list")), [live.name("one")]);
    assert!(listed(live.catalog.list(None).await.expect("a list")).contains(&live.name("one")));
    live.end().await;
}
