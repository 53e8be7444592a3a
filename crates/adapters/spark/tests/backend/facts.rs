//! Facts of servers that statements and observation rest on, asked of the server itself: those of docs/reference/platform.md
//! that no other test pins.

use delta_engine_spark::client::{Failure, Refusal};
use delta_engine_spark_proto as proto;
use proto::data_type::Kind;
use tokio_util::sync::CancellationToken;

use crate::support::{Live, live};

async fn refusal(live: &Live, statement: &str) -> Refusal {
    match live.other.execute(statement, &CancellationToken::new()).await {
        Err(Failure::Refused(refusal)) => *refusal,
        other => panic!("{statement}: {other:?}"),
    }
}

/// The fields of a struct.
fn fields(of: &proto::DataType) -> &[proto::data_type::StructField] {
    match &of.kind {
        Some(Kind::Struct(of)) => &of.fields,
        other => panic!("no struct: {other:?}"),
    }
}

async fn texts(live: &Live, command: &str, column: &str) -> Vec<String> {
    let answer = live.other.show(command).await.unwrap_or_else(|failure| panic!("{command}: {failure}"));
    let rows = answer.rows().expect("rows");
    rows.iter().map(|row| row.text(column).expect("a text").unwrap_or_default().to_owned()).collect()
}

async fn is_oldest(live: &Live) -> bool {
    live.other.spark_version().await.expect("a version").starts_with("4.0")
}

#[tokio::test]
async fn the_analyzed_schema_has_nullability_comments_and_defaults_and_hides_generation() {
    let Some(live) = live("analyzed").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    live.run(&format!(
        "CREATE TABLE {} (a INT NOT NULL COMMENT 'key', s STRUCT<x: INT NOT NULL COMMENT 'in'>, d INT DEFAULT 1+2) USING delta \
         TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported', 'delta.columnMapping.mode' = 'name')",
        live.name("t")
    ))
    .await;
    let schema = live.other.schema_of_table(&live.name("t")).await.expect("a schema");
    let columns = fields(&schema);
    assert_eq!(columns.iter().map(|field| field.nullable).collect::<Vec<_>>(), [false, true, true]);
    let metadata = |field: &proto::data_type::StructField| field.metadata.clone().unwrap_or_default();
    assert!(metadata(&columns[0]).contains(r#""comment":"key""#), "{columns:?}");
    assert!(metadata(&columns[2]).contains(r#""CURRENT_DEFAULT":"1+2""#), "{columns:?}");
    let inner = fields(columns[1].data_type.as_ref().expect("a type"));
    assert!(!inner[0].nullable && metadata(&inner[0]).contains(r#""comment":"in""#), "{inner:?}");
    assert!(columns.iter().all(|field| !metadata(field).contains("delta.columnMapping")), "{columns:?}");
    live.end().await;
}

#[tokio::test]
async fn a_list_of_statistics_without_its_backticks_stops_every_insert() {
    let Some(live) = live("unquoted").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let is_oldest = is_oldest(&live).await;
    for (table, change, loses) in [
        ("dropped", "DROP COLUMN d", true),
        ("renamed", "RENAME COLUMN d TO e", is_oldest),
        ("kept", "ADD COLUMN e INT", false),
    ] {
        let table = live.name(table);
        live.run(&format!(
            "CREATE TABLE {table} (a INT, d INT, `b-c` INT) USING delta TBLPROPERTIES ('delta.columnMapping.mode' = 'name', \
             'delta.dataSkippingStatsColumns' = 'a,`b-c`')"
        ))
        .await;
        live.run(&format!("ALTER TABLE {table} {change}")).await;
        let listed =
            texts(&live, &format!("SHOW TBLPROPERTIES {table} ('delta.dataSkippingStatsColumns')"), "value").await;
        assert_eq!(listed, [if loses { "a,b-c" } else { "a,`b-c`" }], "{change}");
        let insert = format!("INSERT INTO {table} (a) VALUES (1)");
        if loses {
            assert!(refusal(&live, &insert).await.message.contains("None.get"), "{change}");
        } else {
            live.run(&insert).await;
        }
    }
    live.end().await;
}

#[tokio::test]
async fn the_oldest_line_creates_no_narrow_column_with_a_default_that_is_computed_wider() {
    let Some(live) = live("computed").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let create = |table: &str, column: &str| {
        let feature = "TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')";
        format!("CREATE TABLE {} (a {column}) USING delta {feature}", live.name(table))
    };
    for (table, column) in [("t1", "TINYINT DEFAULT 1 + 1"), ("t2", "DECIMAL(3,0) DEFAULT 1 + 1")] {
        if is_oldest(&live).await {
            let refusal = refusal(&live, &create(table, column)).await;
            assert!(refusal.is("INVALID_DEFAULT_VALUE.DATA_TYPE"), "{column}: {refusal}");
        } else {
            live.run(&create(table, column)).await;
        }
    }
    live.run(&create("t3", "TINYINT DEFAULT CAST(1 + 1 AS TINYINT)")).await;
    live.end().await;
}

#[tokio::test]
async fn details_can_not_be_asked_in_a_union() {
    let Some(live) = live("batched").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    for table in ["a", "b"] {
        live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name(table))).await;
    }
    let sql = |query: String| proto::Relation {
        rel_type: Some(proto::relation::RelType::Sql(proto::Sql { query, ..Default::default() })),
        ..Default::default()
    };
    let union = |what: &str| proto::Relation {
        rel_type: Some(proto::relation::RelType::SetOp(Box::new(proto::SetOperation {
            left_input: Some(Box::new(sql(format!("{what} {}", live.name("a"))))),
            right_input: Some(Box::new(sql(format!("{what} {}", live.name("b"))))),
            set_op_type: proto::set_operation::SetOpType::Union.into(),
            is_all: Some(true),
            ..Default::default()
        }))),
        ..Default::default()
    };
    let properties = live.other.rows_of(union("SHOW TBLPROPERTIES")).await.expect("properties of both");
    assert!(properties.rows().expect("rows").iter().count() >= 2);
    let details = live.other.rows_of(union("DESCRIBE DETAIL")).await;
    assert!(matches!(details, Err(Failure::Refused(_))), "{details:?}");
    live.end().await;
}

/// Spark 4.0 runs what it is asked to analyze.
#[tokio::test]
async fn analyzing_a_statement_runs_it_on_the_oldest_line_only() {
    let Some(live) = live("analyze_ddl").await else { return };
    let schema = format!("{}_made", live.schema);
    let analyzed = live.other.schema_of_query(&format!("CREATE SCHEMA {schema}")).await;
    assert!(analyzed.is_ok(), "{analyzed:?}");
    let is_made = texts(&live, &format!("SHOW SCHEMAS LIKE '{schema}'"), "namespace").await.len() == 1;
    assert_eq!(is_made, is_oldest(&live).await);
    live.run(&format!("DROP SCHEMA IF EXISTS {schema}")).await;
    live.end().await;
}

#[tokio::test]
async fn quotes_and_backslashes_come_back_as_they_were_sent() {
    let Some(live) = live("quote_facts").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let name = live.name("t");
    live.run(&format!(
        r"CREATE TABLE {name} (a STRING COMMENT 'it\'s \\ x' DEFAULT 'd\'\\') USING delta COMMENT 'c\'\\' TBLPROPERTIES
          ('k\'\\' = 'v\'\\', 'delta.feature.allowColumnDefaults' = 'supported')"
    ))
    .await;
    let schema = live.other.schema_of_table(&name).await.expect("a schema");
    let metadata: serde_json::Value =
        serde_json::from_str(fields(&schema)[0].metadata.as_deref().expect("metadata")).expect("JSON");
    assert_eq!(metadata["comment"], r"it's \ x");
    assert_eq!(metadata["CURRENT_DEFAULT"], r"'d\'\\'");
    assert_eq!(texts(&live, &format!("DESCRIBE DETAIL {name}"), "description").await, [r"c'\"]);
    let keys = texts(&live, &format!("SHOW TBLPROPERTIES {name}"), "key").await;
    let values = texts(&live, &format!("SHOW TBLPROPERTIES {name}"), "value").await;
    let at = keys.iter().position(|key| key == r"k'\").expect("the key");
    assert_eq!(values[at], r"v'\");
    live.end().await;
}

#[tokio::test]
async fn keys_are_refused_by_class() {
    let Some(live) = live("keys").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    live.run(&format!("CREATE TABLE {} (a INT NOT NULL) USING delta", live.name("t"))).await;
    let refused = refusal(&live, &format!("ALTER TABLE {} ADD CONSTRAINT pk PRIMARY KEY (a)", live.name("t"))).await;
    let expected = if is_oldest(&live).await { "PARSE_SYNTAX_ERROR" } else { "UNSUPPORTED_FEATURE.TABLE_OPERATION" };
    assert_eq!(refused.class.as_deref(), Some(expected), "{refused}");
    live.end().await;
}

#[tokio::test]
async fn a_check_is_kept_as_its_tokens() {
    let Some(live) = live("check_text").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let name = live.name("t");
    live.run(&format!("CREATE TABLE {name} (a INT, s STRUCT<x: INT>, t STRING) USING delta")).await;
    live.run(&format!("ALTER TABLE {name} ADD CONSTRAINT Ck CHECK (s.x>0 AND a IN (1,2) AND t<>'it\\'s')")).await;
    let keys = texts(&live, &format!("SHOW TBLPROPERTIES {name}"), "key").await;
    let values = texts(&live, &format!("SHOW TBLPROPERTIES {name}"), "value").await;
    let at = keys.iter().position(|key| key == "delta.constraints.ck").expect("the check, in lower case");
    assert_eq!(values[at], r"s . x > 0 AND a IN ( 1 , 2 ) AND t <> 'it\'s'");
    live.end().await;
}

#[tokio::test]
async fn neither_show_create_table_nor_describe_as_json_tells_of_delta() {
    let Some(live) = live("shown").await else { return };
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    let generated = "t TIMESTAMP, d DATE GENERATED ALWAYS AS (CAST(t AS DATE)), n BIGINT GENERATED ALWAYS AS IDENTITY";
    let mut tables = vec![("plain", "a INT")];
    // Spark 4.0 makes no such columns.
    if !is_oldest(&live).await {
        tables.push(("generated", generated));
    }
    for (table, columns) in tables {
        let name = live.name(table);
        live.run(&format!("CREATE TABLE {name} ({columns}) USING delta")).await;
        let shown = refusal(&live, &format!("SHOW CREATE TABLE {name}")).await;
        assert!(shown.is("DELTA_OPERATION_NOT_ALLOWED"), "{table}: {shown}");
        let json = refusal(&live, &format!("DESCRIBE TABLE EXTENDED {name} AS JSON")).await;
        assert!(json.is("UNSUPPORTED_FEATURE") || json.is("NOT_SUPPORTED_COMMAND_FOR_V2_TABLE"), "{table}: {json}");
    }
    live.end().await;
}
