//! One server for the length of a run: what it can do, and a session in which statements mean what they say.
//!
//! Everything here is asked once. A session that the server has lost is begun anew with the same settings. Knows no tables.

mod error;
mod remark;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use delta_engine_schema::model::{Identifier, TableName};
use delta_engine_spark_proto as proto;
use delta_engine_sql::{Dialect, SparkLine};
use tokio_util::sync::CancellationToken;

use crate::client::{Address, Answer, Client, Failure, Interruption, Patience, Refusal, Requests, Rows, Unavailable};

pub use error::ServerError;
pub(crate) use remark::Remark;
use settings::{Settings, USER_METADATA};

/// Says that Delta's statements are known.
const EXTENSIONS: &str = "spark.sql.extensions";
const DELTA_EXTENSION: &str = "io.delta.sql.DeltaSparkSessionExtension";
/// What the tables of `spark_catalog` are made and found by; a catalog of another make may stand in front of Delta's own.
const CATALOG: &str = "spark.sql.catalog.spark_catalog";
/// What it is where nobody set it (`SQLConf.V2_SESSION_CATALOG_IMPLEMENTATION` of Spark 4.0 and 4.2).
const SPARKS_OWN_CATALOG: &str = "builtin";
/// Every Spark has one; Sail, which is none, does not.
const MASTER: &str = "spark.master";
/// Where tables go whose schema says nothing of it.
const WAREHOUSE: &str = "spark.sql.warehouse.dir";
/// What new tables get beside what is declared.
const DEFAULTS: &str = "spark.databricks.delta.properties.defaults.";

/// How long the end of a session may take at most: nothing depends on it.
const FAREWELL: Duration = Duration::from_secs(2);

/// A server that was asked what it can do.
#[derive(Debug)]
pub struct Server {
    dialect: Dialect,
    settings: Settings,
    /// Properties that the session gives to every new table; none where it does not tell.
    defaults: Option<BTreeMap<String, String>>,
    remarks: Vec<Remark>,
    /// What stops the run that changes tables now.
    stop: Mutex<CancellationToken>,
    client: Mutex<Client>,
    renewal: tokio::sync::Mutex<()>,
    /// The plan that commits of the session name.
    marked: Mutex<String>,
    missing_schemas: Mutex<BTreeSet<SchemaName>>,
    /// Schemas that are there and say nowhere where their tables go.
    placeless_schemas: Mutex<BTreeSet<SchemaName>>,
    /// Whether the session itself says where tables go.
    has_warehouse: bool,
    /// Whether the server was seen to know no descriptions as JSON.
    lacks_json: AtomicBool,
    /// Catalog and schema of names that leave them out.
    current: tokio::sync::OnceCell<(Option<String>, Option<String>)>,
}

/// A schema with its catalog, where one is named.
pub(crate) type SchemaName = (Option<Identifier>, Identifier);

impl Server {
    /// Connects, and prepares the session.
    ///
    /// # Errors
    /// Where the server can't be reached, is no Spark with Delta Lake of a known line, or has settings that change what
    /// statements mean and can't be changed.
    pub async fn connect(address: &Address, patience: Patience) -> Result<Self, ServerError> {
        let client = Client::connect(address, patience).await?;
        let asked = |attempt| move |source| ServerError::Request { attempt, source };
        let version = client.spark_version().await;
        let read = settings::read(&client, &[EXTENSIONS, CATALOG, MASTER, WAREHOUSE])
            .await
            .map_err(asked("read the server's settings"))?;
        let version = match version {
            // Sail asks a PySpark on its own side, which need not be there (measured).
            Err(Failure::Refused(_)) if is_no_spark(&read) => String::new(),
            version => version.map_err(asked("learn the version of the server"))?,
        };
        let dialect = dialect(address, &version, &read)?;
        let mut settings = settings::prepare(&client, &read).await?;
        settings.marks_commits &= dialect.keeps_user_metadata();
        let warehouse = read.get(WAREHOUSE).cloned().flatten().unwrap_or_default();
        let has_warehouse = warehouse.starts_with('/') || warehouse.contains(":/");
        let defaults = defaults(&client).await.map_err(asked("read the server's settings"))?;
        let remarks = remark::remarks(dialect, &version, &settings);
        tracing::debug!(%dialect, version, "server ready");
        Ok(Self {
            dialect,
            settings,
            defaults,
            remarks,
            stop: Mutex::default(),
            client: Mutex::new(client),
            renewal: tokio::sync::Mutex::default(),
            marked: Mutex::default(),
            missing_schemas: Mutex::default(),
            placeless_schemas: Mutex::default(),
            has_warehouse,
            lacks_json: AtomicBool::new(false),
            current: tokio::sync::OnceCell::new(),
        })
    }

    /// Whose SQL it speaks.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The requests that were made so far.
    pub fn requests(&self) -> Requests {
        self.client().requests()
    }

    /// Ends the session, if that is done soon; a server that does not answer ends it by itself later.
    pub async fn close(&self) {
        let client = self.client();
        if tokio::time::timeout(FAREWELL, client.close()).await.is_err() {
            tracing::debug!(session = client.session_id(), "session left behind: no answer");
        }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> String {
        self.client().address().to_string()
    }

    /// The session as it is now.
    pub(crate) fn client(&self) -> Client {
        lock(&self.client).clone()
    }

    /// Asks for something that may be asked twice: where the session is gone, in a new one. Once the run is asked to stop, an
    /// answer is not waited for any longer than the end of a statement is.
    pub(crate) async fn ask<T, F>(&self, ask: impl Fn(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let client = self.client();
        // On the heap, as what runs a statement is: unoptimised, the stack of a worker is too small for all of a run at once.
        let asked = Box::pin(async {
            match ask(client.clone()).await {
                Err(failure) if failure.session_is_lost() => ask(self.renew(&client, failure).await?).await,
                result => result,
            }
        });
        let (stop, waited) = (lock(&self.stop).clone(), client.patience().stop);
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(waited).await;
        };
        tokio::select! {
            biased;
            answer = asked => answer,
            () = stopped => {
                let last = "it did not answer after the run was asked to stop".to_owned();
                Err(Failure::Unavailable(Unavailable::NotReached { waited, last }))
            }
        }
    }

    /// What stops the run that begins now.
    pub(crate) fn stops_with(&self, cancellation: &CancellationToken) {
        cancellation.clone_into(&mut lock(&self.stop));
    }

    /// The rows of a `SHOW` or `DESCRIBE`.
    pub(crate) async fn show(&self, command: &str) -> Result<Rows, Failure> {
        if !self.dialect.answers_commands_with_rows() {
            return self.query(command).await;
        }
        let answer = self.ask(|client| {
            let command = command.to_owned();
            async move { client.show(&command).await }
        });
        rows(&answer.await?)
    }

    /// The rows of a query.
    pub(crate) async fn query(&self, query: &str) -> Result<Rows, Failure> {
        let answer = self.ask(|client| {
            let query = query.to_owned();
            async move { client.query(&query).await }
        });
        rows(&answer.await?)
    }

    /// The rows of a relation that no SQL can say.
    pub(crate) async fn rows_of(&self, relation: proto::Relation) -> Result<Rows, Failure> {
        let answer = self.ask(|client| {
            let relation = relation.clone();
            async move { client.rows_of(relation).await }
        });
        rows(&answer.await?)
    }

    /// The files that a relation reads.
    pub(crate) async fn files_of(&self, relation: proto::Relation) -> Result<Vec<String>, Failure> {
        let answer = self.ask(|client| {
            let relation = relation.clone();
            async move { client.files_of(relation).await }
        });
        answer.await
    }

    /// A session in place of one that is gone; many may ask for it at once.
    async fn renew(&self, lost: &Client, failure: Failure) -> Result<Client, Failure> {
        let _one = self.renewal.lock().await;
        let now = self.client();
        if now.session_id() != lost.session_id() {
            return Ok(now);
        }
        let Ok(fresh) = lost.new_session().await else { return Err(failure) };
        self.settings.apply(&fresh).await?;
        // The statement that found the old session gone runs next, and its commit names its plan too.
        let marked = lock(&self.marked).clone();
        if !marked.is_empty() {
            fresh.set(&[(USER_METADATA, &mark_of(&marked))]).await?;
        }
        tracing::info!(session = fresh.session_id(), "the session was lost, and begun anew");
        *lock(&self.client) = fresh.clone();
        Ok(fresh)
    }

    /// What the commits of a plan are told by; none where they can't be told.
    pub(crate) fn mark_for(&self, digest: &str) -> Option<String> {
        self.settings.marks_commits.then(|| mark_of(digest))
    }

    /// Makes the commits of the session name the plan. All that run at once are of one plan.
    pub(crate) async fn mark(&self, digest: &str) -> Result<(), Failure> {
        if !self.settings.marks_commits || *lock(&self.marked) == digest {
            return Ok(());
        }
        let text = mark_of(digest);
        let set = |client: Client| {
            let text = text.clone();
            async move { client.set(&[(USER_METADATA, &text)]).await }
        };
        self.ask(set).await?;
        digest.clone_into(&mut lock(&self.marked));
        Ok(())
    }

    /// Runs a statement, which the server gets at most once. Where the session was gone before it was sent, in a new one.
    pub(crate) async fn run(&self, statement: &str, cancellation: &CancellationToken) -> Result<(), Failure> {
        let client = self.client();
        match Box::pin(client.execute(statement, cancellation)).await {
            Err(Failure::Unavailable(Unavailable::SessionLost { reason })) => {
                let failure = Failure::Unavailable(Unavailable::SessionLost { reason });
                let renewed = tokio::select! {
                    biased;
                    renewed = Box::pin(self.renew(&client, failure)) => renewed?,
                    () = cancellation.cancelled() => return Err(Failure::Interrupted(Interruption::BeforeSent)),
                };
                Box::pin(renewed.execute(statement, cancellation)).await.map(drop)
            }
            result => result.map(drop),
        }
    }

    /// Whether the session replaces `${…}` in statements, and can't be kept from it.
    pub(crate) fn substitutes(&self) -> bool {
        self.settings.substitutes && self.dialect.substitutes_variables()
    }

    /// What a person should know of the server before it changes a table.
    pub(crate) fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// Properties that the session gives to every new table; none where it does not tell.
    pub(crate) fn defaults(&self) -> Option<&BTreeMap<String, String>> {
        self.defaults.as_ref()
    }

    /// Whether descriptions as JSON need not be asked for.
    pub(crate) fn lacks_json(&self) -> bool {
        self.lacks_json.load(Ordering::Relaxed)
    }

    /// Remembers that the server knows no descriptions as JSON.
    pub(crate) fn saw_no_json(&self) {
        self.lacks_json.store(true, Ordering::Relaxed);
    }

    /// Catalog and schema of names that leave them out, in lower case; asked once.
    pub(crate) async fn current(&self) -> Result<(Option<String>, Option<String>), Failure> {
        let ask = || async {
            let rows = self.query("SELECT current_catalog() AS catalog, current_schema() AS schema").await?;
            let text = |name: &str| rows.first().and_then(|row| row.text(name).ok().flatten().map(str::to_lowercase));
            Ok((text("catalog"), text("schema")))
        };
        self.current.get_or_try_init(ask).await.cloned()
    }

    /// Remembers that a schema is there.
    pub(crate) fn saw_schema(&self, schema: &SchemaName) {
        lock(&self.missing_schemas).remove(schema);
    }

    /// Remembers where the tables of a schema go.
    pub(crate) fn saw_place_of_schema(&self, schema: SchemaName, place: Option<String>) {
        match place {
            Some(_) => lock(&self.placeless_schemas).remove(&schema),
            None => lock(&self.placeless_schemas).insert(schema),
        };
    }

    /// Remembers that a schema is not there.
    pub(crate) fn missed_schema(&self, schema: SchemaName) {
        lock(&self.missing_schemas).insert(schema);
    }

    /// Whether the server knows no place where a new table could go.
    pub(crate) fn is_without_place(&self, table: &TableName) -> bool {
        if self.dialect.gives_schemas_a_place() || self.has_warehouse {
            return false;
        }
        let is_placeless = |schema| lock(&self.placeless_schemas).contains(&schema);
        self.is_without_schema(table) || schema_of(table).is_none_or(is_placeless)
    }

    /// Whether the schema of a table was not there when it was last looked at.
    pub(crate) fn is_without_schema(&self, table: &TableName) -> bool {
        schema_of(table).is_some_and(|schema| lock(&self.missing_schemas).contains(&schema))
    }
}

/// What the session gives to new tables; none where it does not tell.
async fn defaults(client: &Client) -> Result<Option<BTreeMap<String, String>>, Failure> {
    match client.all_settings(DEFAULTS).await {
        Ok(defaults) => Ok(Some(defaults.into_iter().map(|(key, value)| (format!("delta.{key}"), value)).collect())),
        Err(Failure::Refused(refusal)) => {
            tracing::debug!(%refusal, "properties of new tables not shown");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// What commits say of the plan they belong to.
fn mark_of(digest: &str) -> String {
    format!("delta-engine plan {digest}")
}

/// An answer that can't be read is as good as none.
fn rows(answer: &Answer) -> Result<Rows, Failure> {
    answer.rows().map_err(|error| {
        let mut refusal = Refusal::default();
        refusal.message = error.to_string();
        Failure::Refused(Box::new(refusal))
    })
}

/// The schema that a table's name holds.
pub(crate) fn schema_of(table: &TableName) -> Option<SchemaName> {
    table.schema.clone().map(|schema| (table.catalog.clone(), schema))
}

fn dialect(address: &Address, version: &str, read: &BTreeMap<String, Option<String>>) -> Result<Dialect, ServerError> {
    let set = |name: &str| read.get(name).cloned().flatten();
    if is_databricks(address) {
        return Ok(Dialect::Databricks);
    }
    if is_no_spark(read) {
        return Ok(Dialect::Sail);
    }
    let Some(line) = SparkLine::of(version) else {
        return Err(ServerError::TooOld { server: address.to_string(), version: version.to_owned() });
    };
    let extensions = set(EXTENSIONS).unwrap_or_default();
    if !extensions.split(',').any(|extension| extension.trim() == DELTA_EXTENSION) {
        return Err(ServerError::NoDelta { server: address.to_string() });
    }
    // Not where the server hides it.
    if let Some(catalog) = read.get(CATALOG)
        && catalog.as_deref().is_none_or(|catalog| catalog.is_empty() || catalog == SPARKS_OWN_CATALOG)
    {
        return Err(ServerError::NoDeltaCatalog { server: address.to_string() });
    }
    Ok(Dialect::Delta(line))
}

/// Whether the server has none of what every Spark has.
fn is_no_spark(read: &BTreeMap<String, Option<String>>) -> bool {
    [MASTER, EXTENSIONS].iter().all(|name| read.get(*name).is_none_or(Option::is_none))
}

/// By where it is and what its address holds: nothing else tells before the first statement.
fn is_databricks(address: &Address) -> bool {
    let hosts = [".databricks.com", ".azuredatabricks.net", ".databricks.azure.us", ".databricks.azure.cn"];
    hosts.iter().any(|host| address.host().ends_with(host))
        || address.headers().keys().any(|header| header.starts_with("x-databricks-"))
}

/// Whole at every moment: what is guarded changes by single calls.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, version: &str, extensions: Option<&str>, expected: &str) {
        let master = extensions.map(|_| "local[2]".to_owned());
        let extensions = extensions.map(str::to_owned);
        let read = BTreeMap::from([(EXTENSIONS.to_owned(), extensions), (MASTER.to_owned(), master)]);
        let found = dialect(&Address::parse(url).unwrap(), version, &read);
        assert_eq!(found.map_or_else(|error| error.to_string(), |dialect| dialect.to_string()), expected);
    }

    #[test]
    fn servers_are_told_apart() {
        let delta = Some("a.b.C, io.delta.sql.DeltaSparkSessionExtension");
        check("sc://localhost", "4.2.0", delta, "OSS Spark 4.2");
        check("sc://localhost", "4.0.1", delta, "OSS Spark 4.0");
        check("sc://localhost", "4.0.0", None, "Sail");
        check("sc://x.cloud.databricks.com:443/;token=t", "4.0.0", None, "Databricks");
        check("sc://proxy:443/;use_ssl=true;x-databricks-cluster-id=1", "4.0.0", Some(""), "Databricks");
    }

    #[test]
    fn the_catalog_is_deltas_or_stands_in_front_of_it() {
        let check = |catalog: Option<&str>, expected: &str| {
            let set = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
            let extension = set(EXTENSIONS, Some(DELTA_EXTENSION));
            let read = BTreeMap::from([extension, set(MASTER, Some("local[2]")), set(CATALOG, catalog)]);
            let found = dialect(&Address::parse("sc://h").unwrap(), "4.2.0", &read);
            assert_eq!(found.map_or_else(|error| error.to_string(), |dialect| dialect.to_string()), expected);
        };
        check(Some("org.apache.spark.sql.delta.catalog.DeltaCatalog"), "OSS Spark 4.2");
        check(Some("io.unitycatalog.spark.UCSingleCatalog"), "OSS Spark 4.2");
        for unset in [None, Some(""), Some("builtin")] {
            check(
                unset,
                "sc://h:15002 is a Spark with Delta Lake's extension, whose catalog `spark_catalog` is not Delta Lake's",
            );
        }
    }

    #[test]
    fn servers_that_are_of_no_use_say_so() {
        let delta = Some(DELTA_EXTENSION);
        check("sc://h", "4.2.0", Some(""), "sc://h:15002 is a Spark without Delta Lake");
        check("sc://h", "3.5.3", delta, "sc://h:15002 is Spark 3.5.3, which is too old");
    }
}
