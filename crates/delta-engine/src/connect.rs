//! From the address of a target to an engine.

use std::collections::BTreeMap;
use std::future::Future;
#[cfg(any(feature = "native", feature = "spark"))]
use std::sync::Arc;

use delta_engine_application::Engine;
#[cfg(feature = "spark")]
use delta_engine_application::port::{Catalog, Executor};
#[cfg(all(feature = "native", feature = "spark"))]
use delta_engine_application::{Mixed, layered};
#[cfg(feature = "native")]
use delta_engine_native::lake::{Commits, LakeError};
#[cfg(feature = "native")]
use delta_engine_native::{Lake, NativeCatalog, NativeExecutor};
#[cfg(all(feature = "native", feature = "spark"))]
use delta_engine_native::{Reach, RegisteredLogs};
#[cfg(feature = "spark")]
use delta_engine_spark::client::{AddressFault, Patience, Secret, TOKEN_VARIABLE};
#[cfg(feature = "spark")]
use delta_engine_spark::{Address, Server, ServerError, SparkCatalog, SparkExecutor};

#[cfg(all(feature = "native", feature = "spark"))]
use crate::writers::fits;

/// How the address of a Spark Connect server begins.
pub const SERVER_SCHEME: &str = "sc://";

/// Through what the tables of a server are read or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Through {
    /// The server.
    #[default]
    Server,
    /// Their Delta logs, reached from here.
    Native,
}

/// How the tables of a server are worked on.
///
/// Without anything said, all of it goes through the server; what it hides of a table is read from the table's log where that
/// is in a folder of this machine.
#[derive(Clone, Default)]
pub struct ServerOptions {
    /// The token, where the address holds none; `SPARK_CONNECT_AUTHENTICATE_TOKEN` where this is none either.
    pub token: Option<String>,
    /// `Native` reads the log of every table from here. The server still says which tables there are and where.
    pub observe: Through,
    /// `Native` commits changes of tables that are there to their logs, and reads them natively too. The server still
    /// creates tables.
    pub execute: Through,
    /// Options of the object store, as delta-rs names them.
    pub storage: BTreeMap<String, String>,
    /// How commits from here are kept apart from those of the server's own writers.
    #[cfg(feature = "native")]
    pub commits: Option<Commits>,
}

/// Why there is no engine for an address.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is one of a server that this build can't talk to.
    #[error("`{0}` is the address of a server; this build of delta-engine works on folders and buckets only")]
    Server(String),
    /// The address is one of a folder or bucket that this build can't read.
    #[error("`{0}` is a folder or bucket; this build of delta-engine works through servers only")]
    Folder(String),
    /// The lake can't be used.
    #[cfg(feature = "native")]
    #[error("failed to open the lake `{url}`")]
    Lake {
        /// The address.
        url: String,
        /// The cause.
        #[source]
        source: LakeError,
    },
    /// The address of a server is not written as one.
    #[cfg(feature = "spark")]
    #[error("failed to read the address of the server")]
    Address(#[from] AddressFault),
    /// The server can't be used.
    #[cfg(feature = "spark")]
    #[error(transparent)]
    Spark(#[from] ServerError),
    /// Logs are to be reached, and this build can't.
    #[error("this build of delta-engine reads and writes no Delta logs by itself")]
    Logs,
}

impl ConnectError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Server(_) => {
                "name a folder such as ./lake or a bucket such as s3://bucket/lake, or build with the feature `spark`"
                    .to_owned()
            }
            Self::Logs => {
                "take `observe: native` and `execute: native` out of the target, or build with the feature `native`"
                    .to_owned()
            }
            Self::Folder(_) => {
                "name a server such as sc://localhost:15002, or build with the feature `native`".to_owned()
            }
            #[cfg(feature = "native")]
            Self::Lake { source, .. } => source
                .help()
                .unwrap_or_else(|| "a lake is a folder such as ./lake, or a URL such as s3://bucket/lake".to_owned()),
            #[cfg(feature = "spark")]
            Self::Address(_) => {
                "the whole form is sc://HOST:PORT/;NAME=VALUE;NAME=VALUE, and sc://HOST is enough".to_owned()
            }
            #[cfg(feature = "spark")]
            Self::Spark(error) => error.help(),
        }
    }
}

/// Makes engines from addresses.
///
/// ```
/// use delta_engine::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let error = Engine::connect("gopher://lake").await.map(drop).unwrap_err();
/// assert_eq!(error.help(), "delta-engine works on folders, s3://, abfss:// and gs://");
/// # }
/// ```
pub trait Connect: Sized {
    /// The engine of a folder (`./lake`, `file:///lake`), with the features `s3`, `azure` and `gcs` of a bucket, with the
    /// feature `spark` of a Spark Connect server (`sc://host:port/;…`).
    fn connect(url: &str) -> impl Future<Output = Result<Self, ConnectError>> + Send;
}

impl Connect for Engine {
    async fn connect(url: &str) -> Result<Self, ConnectError> {
        if url.starts_with(SERVER_SCHEME) { server(url, ServerOptions::default()).await } else { folder(url) }
    }
}

#[cfg(feature = "native")]
fn folder(url: &str) -> Result<Engine, ConnectError> {
    let lake = Lake::open(url, BTreeMap::new()).map_err(|source| ConnectError::Lake { url: url.to_owned(), source })?;
    Ok(connect_lake(lake))
}

#[cfg(not(feature = "native"))]
fn folder(url: &str) -> Result<Engine, ConnectError> {
    Err(ConnectError::Folder(url.to_owned()))
}

/// The engine of a lake that was opened with a layout or options of its own.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use delta_engine::native::Lake;
/// use delta_engine::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let root = folder.path().to_str().ok_or("a path that is text")?;
/// let lake = Lake::open(root, BTreeMap::new())?.with_template("{schema}.db/{table}".parse()?);
/// let registry = Registry::new().table(Table::new("silver.t").column(Column::new("id", BIGINT))).build()?;
/// delta_engine::connect_lake(lake).sync(&registry).await?;
/// assert!(folder.path().join("silver.db/t/_delta_log").is_dir());
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "native")]
pub fn connect_lake(lake: Lake) -> Engine {
    let lake = Arc::new(lake);
    Engine::new(Arc::new(NativeCatalog::new(Arc::clone(&lake))), Arc::new(NativeExecutor::new(lake)))
}

/// The engine of a server, at an `sc://` URL.
///
/// ```no_run
/// use delta_engine::prelude::*;
/// use delta_engine::{ServerOptions, Through, connect_server};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // The server says which tables there are; their logs are read and written from here.
/// let options = ServerOptions { execute: Through::Native, ..ServerOptions::default() };
/// let engine = connect_server("sc://localhost:15002", options).await?;
/// let registry = Registry::new().table(Table::new("silver.t").column(Column::new("id", BIGINT))).build()?;
/// println!("{}", engine.sync(&registry).await?);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Where the address is no `sc://` URL, the server can't be used, or this build has no Spark Connect.
pub async fn connect_server(url: &str, options: ServerOptions) -> Result<Engine, ConnectError> {
    server(url, options).await
}

#[cfg(feature = "spark")]
async fn server(url: &str, options: ServerOptions) -> Result<Engine, ConnectError> {
    let mut address = Address::parse(url)?;
    let of_environment = || std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.trim().is_empty());
    if let Some(token) = options.token.clone().or_else(of_environment) {
        address = address.with_token(Secret::new(token))?;
    }
    let server = Arc::new(Server::connect(&address, Patience::default()).await?);
    let (catalog, executor) = sides(server, options)?;
    Ok(Engine::new(catalog, executor))
}

/// What an engine is made of.
#[cfg(feature = "spark")]
type Sides = (Arc<dyn Catalog>, Arc<dyn Executor>);

#[cfg(all(feature = "spark", feature = "native"))]
fn sides(server: Arc<Server>, options: ServerOptions) -> Result<Sides, ConnectError> {
    let ServerOptions { observe, execute, storage, commits, .. } = options;
    let is_native = observe == Through::Native || execute == Through::Native;
    let reach = if is_native { Reach::Everything } else { Reach::Folders };
    let logs = Arc::new(RegisteredLogs::new(reach, storage, commits));
    let catalog = layered(Arc::new(SparkCatalog::new(Arc::clone(&server))), Arc::clone(&logs) as Arc<dyn Catalog>);
    let catalog = if is_native { catalog.logs_first() } else { catalog };
    let dialect = server.dialect();
    let statements = SparkExecutor::new(server).looking_through(Arc::new(catalog.clone()));
    let executor: Arc<dyn Executor> = match execute {
        Through::Server => Arc::new(statements),
        Through::Native => {
            let gate = move |location: Option<&str>| fits(dialect, commits, location);
            Arc::new(Mixed::new(catalog.clone(), Arc::new(statements), logs, gate))
        }
    };
    Ok((Arc::new(catalog), executor))
}

#[cfg(all(feature = "spark", not(feature = "native")))]
fn sides(server: Arc<Server>, options: ServerOptions) -> Result<Sides, ConnectError> {
    if options.observe == Through::Native || options.execute == Through::Native {
        return Err(ConnectError::Logs);
    }
    Ok((Arc::new(SparkCatalog::new(Arc::clone(&server))), Arc::new(SparkExecutor::new(server))))
}

#[cfg(not(feature = "spark"))]
#[expect(clippy::unused_async, reason = "as with the feature `spark`")]
async fn server(url: &str, _options: ServerOptions) -> Result<Engine, ConnectError> {
    // The parameters behind the host may hold a token.
    let shown = url.split("/;").next().unwrap_or(SERVER_SCHEME);
    Err(ConnectError::Server(shown.to_owned()))
}
