//! Requests and answers when nothing goes wrong.

use delta_engine_spark::client::{Client, Failure};
use delta_engine_spark_proto as proto;
use delta_engine_testkit::connect::{Answers, Ask, Conduct, Faults, Refused, Reply, Rpc, ScriptedServer};
use tokio_util::sync::CancellationToken;

use crate::support::{QUERY, STATEMENT, connect, start};

async fn execute(client: &Client, statement: &str) -> Result<(), Failure> {
    client.execute(statement, &CancellationToken::new()).await.map(|_| ())
}

/// Requests that are made on the side are seen a little later.
async fn eventually(check: impl Fn() -> bool) -> bool {
    for _ in 0..200 {
        if check() {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test]
async fn a_statement_is_sent_once_and_released() {
    let server = start(Faults::none(), Conduct::default()).await;
    let client = connect(&server).await;
    execute(&client, STATEMENT).await.unwrap();
    assert!(eventually(|| server.journal().count(Rpc::ReleaseExecute) == 1).await);
    let journal = server.journal();
    assert_eq!((journal.count(Rpc::ExecutePlan), journal.count(Rpc::ReattachExecute)), (1, 0));
    assert_eq!(journal.ran, [STATEMENT]);
    client.close().await;
    assert_eq!(server.journal().count(Rpc::ReleaseSession), 1);
}

#[tokio::test]
async fn rows_come_with_queries_and_with_commands() {
    let server = start(Faults::none(), Conduct::default()).await;
    let client = connect(&server).await;
    let names = |rows: &delta_engine_spark::client::Rows| -> Vec<String> {
        rows.iter().map(|row| row.text("name").unwrap().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&client.query(QUERY).await.unwrap().rows().unwrap()), ["a", "b", "c"]);
    assert_eq!(names(&client.show("SHOW TABLES").await.unwrap().rows().unwrap()), ["t"]);
}

#[tokio::test]
async fn every_request_names_session_user_agent_and_headers() {
    let server = start(Faults::none(), Conduct { token: Some("SECRET".to_owned()), ..Conduct::default() }).await;
    let session = "5c2f3a3e-8d3e-4a52-9a0c-3f1d6c1b7e10";
    let parameters = format!("token=SECRET;user_agent=lake;x-databricks-cluster-id=0101-abc;session_id={session}");
    let client = crate::support::connect_with(&server.url(), &parameters).await.unwrap();
    execute(&client, STATEMENT).await.unwrap();
    client.close().await;
    let journal = server.journal();
    for entry in &journal.asked {
        let header = |name: &str| entry.headers.get(name).map(String::as_str);
        assert_eq!(entry.session, session);
        assert_eq!(header("authorization"), Some("Bearer SECRET"));
        assert_eq!(header("x-databricks-cluster-id"), Some("0101-abc"));
        assert!(header("user-agent").unwrap().starts_with("lake delta-engine/"), "{:?}", entry.headers);
    }
    assert_eq!(journal.count(Rpc::ReleaseSession), 0, "a session that was there before is not ours to end");
}

#[tokio::test]
async fn a_session_of_serverless_compute_is_named_by_every_request() {
    let server = start(Faults::none(), Conduct { token: Some("SECRET".to_owned()), ..Conduct::default() }).await;
    let session = "5c2f3a3e-8d3e-4a52-9a0c-3f1d6c1b7e10";
    let parameters = format!("token=SECRET;x-databricks-session-id={session}");
    let client = crate::support::connect_with(&server.url(), &parameters).await.unwrap();
    execute(&client, STATEMENT).await.unwrap();
    client.query(QUERY).await.unwrap();
    assert!(eventually(|| server.journal().count(Rpc::ReleaseExecute) == 2).await);
    client.close().await;
    let journal = server.journal();
    assert_eq!(journal.count(Rpc::ReleaseSession), 1, "what the header names is not the session of the protocol");
    for entry in &journal.asked {
        let header = |name: &str| entry.headers.get(name).map(String::as_str);
        assert_eq!(header("x-databricks-session-id"), Some(session), "{entry:?}");
        assert_eq!(header("authorization"), Some("Bearer SECRET"), "{entry:?}");
        assert_ne!(entry.session, session);
    }
}

/// More than what gRPC takes unless it is told otherwise, which is 4 MiB.
#[tokio::test]
async fn large_messages_are_received_and_sent() {
    const RECEIVED: usize = 20 * 1024 * 1024;
    let large = "x".repeat(RECEIVED);
    let statement = format!("COMMENT ON TABLE t IS '{}'", "y".repeat(6 * 1024 * 1024));
    let answers = Answers::new()
        .on(Ask::Query(QUERY.to_owned()), Reply::rows(["name"], &[[Some(&large)]]))
        .on(Ask::Statement(statement.clone()), Reply::done());
    let server = ScriptedServer::start(answers, Faults::none(), Conduct::default()).await.unwrap();
    let client = connect(&server).await;
    let rows = client.query(QUERY).await.unwrap().rows().unwrap();
    assert_eq!(rows.first().unwrap().text("name").unwrap().map(str::len), Some(RECEIVED));
    execute(&client, &statement).await.unwrap();
    assert_eq!(server.journal().times_run(&statement), 1);

    // A URL may ask for less, and then it is no server that has to be waited for.
    let small = crate::support::connect_with(&server.url(), "grpc_max_message_size=1048576").await.unwrap();
    let failure = small.query(QUERY).await.unwrap_err();
    assert!(failure.to_string().contains("too large"), "{failure}");
    assert_eq!(server.journal().times_accepted(QUERY), 2, "{failure}");
}

#[tokio::test]
async fn exceptions_are_read_whole() {
    let long = "x".repeat(3000);
    let refused = Refused {
        class: Some("DELTA_METADATA_CHANGED".to_owned()),
        sqlstate: Some("2D521".to_owned()),
        message: long.clone(),
        parameters: [("schema".to_owned(), "y".repeat(2000))].into(),
        position: Some(6..=10),
    };
    let answers = Answers::new()
        .on(Ask::Statement("ALTER".to_owned()), Reply::refused(refused.clone()))
        .on(Ask::Query("SELECT".to_owned()), Reply::refused(refused))
        .on(Ask::Query("short".to_owned()), Reply::refused(Refused::new("PARSE_SYNTAX_ERROR", "no (line 1, pos 2)")));
    let server = ScriptedServer::start(answers, Faults::none(), Conduct::default()).await.unwrap();
    let client = connect(&server).await;
    let statement = execute(&client, "ALTER").await.unwrap_err();
    let query = client.query("SELECT").await.unwrap_err();
    for failure in [&statement, &query] {
        let refusal = failure.refusal().expect("a refusal");
        assert_eq!(refusal.class.as_deref(), Some("DELTA_METADATA_CHANGED"));
        assert_eq!(refusal.sqlstate.as_deref(), Some("2D521"));
        assert_eq!(refusal.message, format!("[DELTA_METADATA_CHANGED] {long}"));
        assert_eq!(refusal.parameters["schema"].len(), 2000);
        assert_eq!(refusal.position, Some(6..11));
    }
    let before = server.journal().count(Rpc::FetchErrorDetails);
    let short = client.query("short").await.unwrap_err();
    assert_eq!(short.refusal().and_then(|refusal| refusal.position.clone()), Some(2..3));
    assert_eq!(short.to_string(), "[PARSE_SYNTAX_ERROR] no (line 1, pos 2)");
    assert!(server.journal().count(Rpc::FetchErrorDetails) <= before + 1);
}

#[tokio::test]
async fn settings_are_read_set_and_refused() {
    let conduct = Conduct {
        settings: [("a.b".to_owned(), "1".to_owned()), ("c".to_owned(), "2".to_owned())].into(),
        fixed_settings: ["c".to_owned()].into(),
        ..Conduct::default()
    };
    let server = start(Faults::none(), conduct).await;
    let client = connect(&server).await;
    let (old, other) = (Some("1".to_owned()), Some("7".to_owned()));
    let read = || async { client.settings(&["a.b", "none"]).await.unwrap() };
    assert_eq!(read().await, [("a.b".to_owned(), old), ("none".to_owned(), None)].into());
    client.set(&[("a.b", "7")]).await.unwrap();
    assert_eq!(read().await["a.b"], other);
    assert_eq!(client.all_settings("a.").await.unwrap(), [("b".to_owned(), "7".to_owned())].into());
    client.unset(&["a.b"]).await.unwrap();
    assert_eq!(read().await["a.b"].as_deref(), Some("1"));
    let refused = client.set(&[("c", "3")]).await.unwrap_err();
    assert!(refused.refusal().is_some_and(|refusal| refusal.is("CANNOT_MODIFY_CONFIG")), "{refused}");
    // Settings belong to their session.
    client.set(&[("a.b", "7")]).await.unwrap();
    let fresh = client.new_session().await.unwrap();
    assert_eq!(fresh.settings(&["a.b"]).await.unwrap()["a.b"].as_deref(), Some("1"));
}

#[tokio::test]
async fn schemas_and_versions_are_asked() {
    let schema = proto::DataType { kind: Some(proto::data_type::Kind::Integer(proto::data_type::Integer::default())) };
    let answers = Answers::new()
        .on(Ask::SchemaOfTable("`s`.`t`".to_owned()), Reply::schema(schema.clone()))
        .on(Ask::SchemaOfQuery("SELECT 1".to_owned()), Reply::schema(schema.clone()));
    let conduct = Conduct { version: "4.2.0".to_owned(), ..Conduct::default() };
    let server = ScriptedServer::start(answers, Faults::none(), conduct).await.unwrap();
    let client = connect(&server).await;
    assert_eq!(client.schema_of_table("`s`.`t`").await.unwrap(), schema);
    assert_eq!(client.schema_of_query("SELECT 1").await.unwrap(), schema);
    assert_eq!(client.spark_version().await.unwrap(), "4.2.0");
    assert!(client.schema_of_table("`s`.`u`").await.is_err());
}

#[tokio::test]
async fn many_requests_share_one_connection() {
    let server = start(Faults::none(), Conduct::default()).await;
    let client = connect(&server).await;
    let queries = (0..64).map(|_| client.query(QUERY));
    let answers = futures::future::try_join_all(queries).await.unwrap();
    assert!(answers.iter().all(|answer| answer.rows().unwrap().len() == 3));
    assert_eq!(server.journal().accepted.len(), 64);
    assert_eq!(server.connections(), 1);
}
