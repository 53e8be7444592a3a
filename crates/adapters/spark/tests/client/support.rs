//! A server and a client of it, in a hurry.

use std::time::Duration;

use delta_engine_spark::client::{Address, Client, ConnectError, Patience};
use delta_engine_testkit::connect::{Ask, Conduct, Faults, Refused, Reply, ScriptedServer};

pub(crate) const STATEMENT: &str = "ALTER TABLE t DROP COLUMN c";
pub(crate) const QUERY: &str = "SELECT name FROM t";

/// Patience for a test.
pub(crate) fn patience() -> Patience {
    Patience {
        start: Duration::from_millis(1500),
        outage: Duration::from_millis(1500),
        stop: Duration::from_millis(600),
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
    }
}

/// Knows the statement, and the query with three batches of a row each.
pub(crate) fn script(ask: &Ask) -> Reply {
    let one = |name: &str| Reply::rows(["name"], &[[Some(name)]]);
    match ask {
        Ask::Statement(text) if text == STATEMENT => Reply::done(),
        Ask::Statement(text) if text == "SHOW TABLES" => one("t"),
        Ask::Query(text) if text == QUERY => one("a").and(one("b")).and(one("c")),
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => {
            Reply::refused(Refused::new("TABLE_OR_VIEW_NOT_FOUND", "no such table"))
        }
    }
}

pub(crate) async fn start(faults: Faults, conduct: Conduct) -> ScriptedServer {
    ScriptedServer::start(script, faults, conduct).await.expect("a server")
}

pub(crate) async fn connect(server: &ScriptedServer) -> Client {
    connect_with(&server.url(), "user_id=tester").await.expect("a client")
}

pub(crate) async fn connect_with(url: &str, parameters: &str) -> Result<Client, ConnectError> {
    let address = Address::parse(&format!("{url}/;{parameters}")).expect("an address");
    Client::connect(&address, patience()).await
}
