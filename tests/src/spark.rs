//! The live Spark server that the environment names, as a program beside the native backend: it makes tables, reads them,
//! goes on writing, and observes them in its own way.

use delta_engine::port::{Catalog, Observation, Relation};
use delta_engine::spark::client::{Patience, REMOTE_VARIABLE};
use delta_engine::spark::{Address, Client, Server, SparkCatalog};
use tokio_util::sync::CancellationToken;

use crate::reader::Row;

/// A session on the server, with a schema of its own.
#[derive(Debug)]
pub struct Spark {
    /// The catalog of the Spark backend.
    pub catalog: SparkCatalog,
    /// A session beside the backend's.
    pub client: Client,
    /// The schema.
    pub schema: String,
}

/// The server; none where there is none, which is said.
pub async fn spark(test: &str) -> Option<Spark> {
    let Some(address) = Address::from_environment().unwrap() else {
        println!("skipped: {test}: {REMOTE_VARIABLE} is not set");
        return None;
    };
    let server = Server::connect(&address, Patience::default()).await.unwrap();
    let catalog = SparkCatalog::new(server.into());
    let client = Client::connect(&address, Patience::default()).await.unwrap();
    let spark = Spark { catalog, client, schema: format!("live_{test}") };
    for statement in
        [format!("DROP SCHEMA IF EXISTS {} CASCADE", spark.schema), format!("CREATE SCHEMA {}", spark.schema)]
    {
        spark.run(&statement).await.unwrap();
    }
    Some(spark)
}

impl Spark {
    /// A table's full name.
    pub fn name(&self, table: &str) -> String {
        format!("{}.{table}", self.schema)
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// What the server says.
    pub async fn run(&self, statement: &str) -> Result<(), String> {
        let done = self.client.execute(statement, &CancellationToken::new()).await;
        done.map(drop).map_err(|failure| format!("{statement}: {failure}"))
    }

    /// The rows of a query whose columns are all text.
    ///
    /// # Errors
    /// What the server says.
    pub async fn rows(&self, query: &str) -> Result<Vec<Row>, String> {
        let answer = self.client.query(query).await.map_err(|failure| format!("{query}: {failure}"))?;
        let rows = answer.rows().map_err(|error| error.to_string())?;
        let row = |row: delta_engine::spark::client::Row<'_>| -> Row {
            row.columns().map(|column| row.text(&column).unwrap().map(str::to_owned)).collect()
        };
        Ok(rows.iter().map(row).collect())
    }

    /// A table as the Spark backend sees it.
    pub async fn observe(&self, catalog: &SparkCatalog, table: &str) -> Observation {
        let relation = Relation { name: self.name(table).parse().unwrap(), location: None };
        catalog.observe(&[relation]).await.unwrap().remove(0)
    }

    /// Drops the schema, and with it the files of its managed tables.
    pub async fn end(self) {
        self.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema)).await.unwrap();
        self.client.close().await;
    }
}
