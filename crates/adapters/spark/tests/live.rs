//! The client against a real server, named by `SPARK_REMOTE`: Spark, with streams that end after two seconds
//! (`spark.connect.execute.reattachable.senderMaxStreamDuration=2s`).

#![expect(clippy::expect_used, clippy::print_stdout, reason = "helpers of tests fail by panic, and say what they skip")]

use std::time::Duration;

use delta_engine_spark::client::{Address, Client, Failure, Interruption, Patience, Refusal};
use tokio_util::sync::CancellationToken;

/// A client of the server that the environment names.
async fn connect(test: &str) -> Option<Client> {
    let Some(address) = Address::from_environment().expect("SPARK_REMOTE is a URL") else {
        println!("skipped: live::{test}: SPARK_REMOTE is not set");
        return None;
    };
    Some(Client::connect(&address, Patience::default()).await.expect("a server"))
}

async fn execute(client: &Client, statement: &str) -> Result<(), Failure> {
    client.execute(statement, &CancellationToken::new()).await.map(|_| ())
}

async fn number(client: &Client, query: &str) -> Option<i64> {
    client.query(query).await.expect(query).rows().expect("rows").first()?.integer("n").expect("a number")
}

/// A table of this test alone.
async fn table(client: &Client, name: &str) -> String {
    let name = format!("live_{name}_{}", std::process::id());
    execute(client, &format!("CREATE TABLE {name} (n BIGINT) USING parquet")).await.expect("a table");
    name
}

#[tokio::test]
async fn values_are_read() {
    let Some(client) = connect("values_are_read").await else { return };
    let answer = client.query("SELECT 1L AS n, 'ä😀' AS text, true AS flag, CAST(null AS INT) AS none").await.unwrap();
    let rows = answer.rows().unwrap();
    let row = rows.first().unwrap();
    let read = (row.integer("n"), row.text("text"), row.boolean("flag"), row.integer("none"));
    assert_eq!(read, (Ok(Some(1)), Ok(Some("ä😀")), Ok(Some(true)), Ok(None)));
    let shown = client.show("SHOW TABLES").await.unwrap().rows().unwrap();
    assert!(shown.first().is_none_or(|row| row.text("tableName").is_ok()));
    assert!(client.spark_version().await.unwrap().starts_with('4'));
    assert!(client.schema_of_query("SELECT 1 AS a").await.unwrap().kind.is_some());
    client.close().await;
}

#[tokio::test]
async fn rows_of_many_batches_come_once_each() {
    let Some(client) = connect("rows_of_many_batches_come_once_each").await else { return };
    let rows = client.query("SELECT id AS n FROM range(0, 300000, 1, 7) ORDER BY id").await.unwrap().rows().unwrap();
    assert!(rows.batches().len() > 1, "{} batches", rows.batches().len());
    let numbers: Vec<i64> = rows.iter().map(|row| row.integer("n").unwrap().unwrap()).collect();
    assert!(numbers.iter().copied().eq(0..300_000));
    client.close().await;
}

#[tokio::test]
async fn a_long_query_and_a_long_statement_outlive_their_streams() {
    let Some(client) = connect("a_long_query_and_a_long_statement_outlive_their_streams").await else { return };
    // Of what is not used Spark runs nothing, so that the rows depend on it.
    const SLEEP: &str = "coalesce(java_method('java.lang.Thread', 'sleep', 10000L), '') <> 'x'";
    let sleep = format!("SELECT 7L AS n FROM range(1) WHERE {SLEEP}");
    let answer = client.query(&sleep).await.unwrap();
    // Five, where the server is on time; on a busy machine a stream may live longer than it should.
    println!("query: {} streams", answer.streams());
    assert!(answer.streams() >= 2, "{} streams", answer.streams());
    assert_eq!(answer.rows().unwrap().first().unwrap().integer("n"), Ok(Some(7)));
    let table = table(&client, "long").await;
    let insert = format!("INSERT INTO {table} SELECT id FROM range(1) WHERE {SLEEP}");
    let answer = client.execute(&insert, &CancellationToken::new()).await.unwrap();
    println!("statement: {} streams", answer.streams());
    assert_eq!(number(&client, &format!("SELECT count(*) AS n FROM {table}")).await, Some(1));
    execute(&client, &format!("DROP TABLE {table}")).await.unwrap();
    client.close().await;
}

#[tokio::test]
async fn errors_have_class_state_and_place() {
    let Some(client) = connect("errors_have_class_state_and_place").await else { return };
    let check = async |statement: &str| -> Refusal {
        let failure = execute(&client, statement).await.expect_err(statement);
        failure.refusal().unwrap_or_else(|| panic!("{statement}: {failure:?}")).clone()
    };
    let found = |refusal: &Refusal| (refusal.class.clone().unwrap_or_default(), refusal.sqlstate.clone());
    let at = |statement: &str, refusal: &Refusal| -> Option<String> {
        let place = refusal.position.clone()?;
        Some(statement.chars().skip(place.start).take(place.len()).collect())
    };
    let parse = check("SELECT 1\nFRM t").await;
    assert_eq!(found(&parse), ("PARSE_SYNTAX_ERROR".to_owned(), Some("42601".to_owned())));
    println!("parse: {:?} {}", parse.position, parse.message);
    // The places count characters, not UTF-16 units.
    let statement = "SELECT '😀😀', missing FROM range(1)";
    let column = check(statement).await;
    assert!(column.is("UNRESOLVED_COLUMN"), "{column:?}");
    assert_eq!(at(statement, &column).as_deref(), Some("missing"), "{column:?}");
    let absent = check("DROP TABLE live_there_is_none").await;
    assert_eq!(found(&absent), ("TABLE_OR_VIEW_NOT_FOUND".to_owned(), Some("42P01".to_owned())));
    // A message and parameters that no status holds.
    let long = "x".repeat(3000);
    let cut = client.query(&format!("SELECT `{long}` FROM range(1)")).await.expect_err("no such column");
    let cut = cut.refusal().expect("a refusal");
    assert!(cut.is("UNRESOLVED_COLUMN") && cut.message.contains(&long), "{cut:?}");
    client.close().await;
}

#[tokio::test]
async fn settings_hold_for_the_session() {
    let Some(client) = connect("settings_hold_for_the_session").await else { return };
    const SUBSTITUTE: &str = "spark.sql.variable.substitute";
    client.set(&[(SUBSTITUTE, "false")]).await.unwrap();
    assert_eq!(client.settings(&[SUBSTITUTE, "no.such.setting"]).await.unwrap(), {
        [(SUBSTITUTE.to_owned(), Some("false".to_owned())), ("no.such.setting".to_owned(), None)].into()
    });
    let rows = client.query("SELECT '${env:HOME}' AS text").await.unwrap().rows().unwrap();
    assert_eq!(rows.first().unwrap().text("text"), Ok(Some("${env:HOME}")));
    let all = client.all_settings("spark.sql.").await.unwrap();
    println!("{} settings, substitute {:?}", all.len(), all.get("variable.substitute"));
    let refused = client.set(&[("spark.sql.warehouse.dir", "/nowhere")]).await.unwrap_err();
    assert!(refused.refusal().is_some(), "{refused:?}");
    client.close().await;
    let failure = execute(&client, "SELECT 1").await.unwrap_err();
    assert!(failure.session_is_lost(), "{failure:?}");
    let fresh = client.new_session().await.unwrap();
    assert_ne!(fresh.settings(&[SUBSTITUTE]).await.unwrap()[SUBSTITUTE].as_deref(), Some("false"));
    fresh.close().await;
}

#[tokio::test]
async fn a_cancelled_statement_is_stopped_on_the_server() {
    let Some(client) = connect("a_cancelled_statement_is_stopped_on_the_server").await else { return };
    let table = table(&client, "cancelled").await;
    let cancellation = CancellationToken::new();
    let cancel = cancellation.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    });
    let insert =
        format!("INSERT INTO {table} SELECT a.id FROM range(100000000) a JOIN range(100000000) b ON a.id + b.id < 0");
    let result = client.execute(&insert, &cancellation).await;
    assert!(matches!(result, Err(Failure::Interrupted(Interruption::Stopped))), "{result:?}");
    execute(&client, &format!("DROP TABLE {table}")).await.unwrap();
    client.close().await;
}
