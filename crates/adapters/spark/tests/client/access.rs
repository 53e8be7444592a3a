//! Getting in: what stands in the way, in words that say what to do.

use std::process::Command;
use std::time::{Duration, Instant};

use delta_engine_spark::client::{Client, ConnectError};
use delta_engine_testkit::connect::{Conduct, Fault, Faults, Moment, Rpc};
use tokio::net::TcpListener;

use crate::support::{QUERY, connect_with, start};

/// What a server says of itself when nobody gets in, and how long that took.
async fn check(url: &str, parameters: &str) -> (ConnectError, Duration) {
    let began = Instant::now();
    let error = connect_with(url, parameters).await.map(|_| ()).expect_err("nobody gets in");
    (error, began.elapsed())
}

fn certificate(name: &str) -> (String, String) {
    let signed = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    (signed.cert.pem(), signed.signing_key.serialize_pem())
}

async fn encrypted(name: &str) -> (delta_engine_testkit::connect::ScriptedServer, String) {
    let identity = certificate(name);
    let authority = identity.0.clone();
    (start(Faults::none(), Conduct { identity: Some(identity), ..Conduct::default() }).await, authority)
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let (error, waited) = check(&format!("sc://{free}"), "user_id=a").await;
    assert!(matches!(error, ConnectError::NotReached { .. }), "{error:?}");
    assert!(error.to_string().contains(&free.to_string()) && error.to_string().contains("refused"), "{error}");
    assert!(waited < Duration::from_secs(1), "{waited:?}");
}

#[tokio::test]
async fn a_wrong_token_is_told_from_a_missing_one() {
    let server = start(Faults::none(), Conduct { token: Some("right".to_owned()), ..Conduct::default() }).await;
    let (wrong, waited) = check(&server.url(), "token=SECRET").await;
    assert!(matches!(wrong, ConnectError::Denied { with_token: true, .. }), "{wrong:?}");
    let said = format!("{wrong} {wrong:?} {}", wrong.help());
    assert!(!said.contains("SECRET") && wrong.help().contains("wrong, expired"), "{said}");
    let (missing, _) = check(&server.url(), "user_id=a").await;
    assert!(missing.help().contains("SPARK_CONNECT_AUTHENTICATE_TOKEN"), "{}", missing.help());
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert!(connect_with(&server.url(), "token=right").await.is_ok());
}

#[tokio::test]
async fn something_else_listens() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("sc://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await;
        }
    });
    let (error, _) = check(&url, "user_id=a").await;
    assert!(matches!(error, ConnectError::NotSparkConnect { encrypted: false, .. }), "{error:?}");
    assert!(error.help().contains("use_ssl=true"), "{}", error.help());
    let (error, _) = check(&url, "use_ssl=true").await;
    assert!(matches!(error, ConnectError::Encryption { .. }), "{error:?}");
}

#[tokio::test]
async fn an_unencrypted_client_of_an_encrypted_server_is_told() {
    let (server, _) = encrypted("localhost").await;
    let (error, _) = check(&server.url(), "user_id=a").await;
    assert!(matches!(error, ConnectError::NotSparkConnect { encrypted: false, .. }), "{error:?}");
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_an_error_at_once() {
    let (server, _) = encrypted("localhost").await;
    let (error, waited) = check(&format!("sc://localhost:{}", server.port()), "use_ssl=true").await;
    assert!(matches!(error, ConnectError::Untrusted { .. }), "{error:?}");
    assert!(error.help().contains("SSL_CERT_FILE"), "{}", error.help());
    assert!(waited < Duration::from_secs(1), "{waited:?}");
    assert_eq!(server.connections(), 1, "it was tried once");
}

/// The variable is read by the process, so this test runs itself in another one.
#[tokio::test]
async fn certificates_of_the_named_file_are_trusted() {
    const PORT: &str = "DELTA_ENGINE_TEST_PORT";
    const NAME: &str = "access::certificates_of_the_named_file_are_trusted";
    if let Ok(port) = std::env::var(PORT) {
        let client = connect_with(&format!("sc://localhost:{port}"), "use_ssl=true").await.expect("trusted");
        assert_eq!(client.query(QUERY).await.unwrap().rows().unwrap().len(), 3);
        let other = check(&format!("sc://127.0.0.1:{port}"), "use_ssl=true").await.0;
        assert!(other.to_string().contains("it is for another host name"), "{other}");
        return;
    }
    let (server, authority) = encrypted("localhost").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority).unwrap();
    let mut inner = Command::new(std::env::current_exe().unwrap());
    inner.args(["--exact", NAME]).env(PORT, server.port().to_string()).env("SSL_CERT_FILE", file.path());
    let output = tokio::task::spawn_blocking(move || inner.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn a_server_that_is_starting_is_waited_for() {
    let mut asked = 0;
    let starting = Faults::new(move |moment| {
        asked += 1;
        (moment == Moment::Asked(Rpc::Config) && asked <= 5).then_some(Fault::Unavailable)
    });
    let server = start(starting, Conduct::default()).await;
    let client: Client = connect_with(&server.url(), "user_id=a").await.expect("it has started");
    assert_eq!(server.journal().count(Rpc::Config), 6);
    drop(client);

    let mut left = 3;
    let busy = Faults::new(move |moment| {
        let strikes = moment == Moment::Asked(Rpc::Config) && left > 0;
        left -= usize::from(strikes);
        strikes.then_some(Fault::Busy)
    });
    let server = start(busy, Conduct::default()).await;
    connect_with(&server.url(), "user_id=a").await.expect("it has time again");
    assert_eq!(server.journal().count(Rpc::Config), 4);

    let server = start(Faults::new(|_| Some(Fault::Busy)), Conduct::default()).await;
    let (error, waited) = check(&server.url(), "user_id=a").await;
    assert!(matches!(error, ConnectError::NotReady { .. }), "{error:?}");
    assert!(waited > Duration::from_secs(1), "{waited:?}");

    let server = start(Faults::new(|_| Some(Fault::Unavailable)), Conduct::default()).await;
    let (error, _) = check(&server.url(), "user_id=a").await;
    assert!(matches!(error, ConnectError::NotReady { .. }), "{error:?}");
}
