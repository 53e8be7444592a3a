//! Why a server can't be used, in its own words, with what to do about it.

use crate::client::{ConnectError, Failure};

/// A server that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// There is no session.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A first question failed.
    #[error("failed to {attempt}")]
    Request {
        /// What was asked.
        attempt: &'static str,
        /// The cause.
        #[source]
        source: Failure,
    },
    /// A Spark from before the oldest known line.
    #[error("{server} is Spark {version}, which is too old")]
    TooOld {
        /// Where.
        server: String,
        /// What it says it is.
        version: String,
    },
    /// A Spark that knows no Delta tables.
    #[error("{server} is a Spark without Delta Lake")]
    NoDelta {
        /// Where.
        server: String,
    },
    /// A Spark that knows Delta's statements, and no Delta tables of its own catalog.
    #[error("{server} is a Spark with Delta Lake's extension, whose catalog `spark_catalog` is not Delta Lake's")]
    NoDeltaCatalog {
        /// Where.
        server: String,
    },
    /// A setting that changes what statements mean, and that the server does not let go of.
    #[error("the server keeps the setting `{setting}` at `{value}`, which changes what statements mean")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        wanted: &'static str,
        /// Why it can't be changed.
        #[source]
        source: Failure,
    },
}

impl ServerError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Connect(error) => error.help(),
            Self::Request { .. } => "the server's log says more".to_owned(),
            Self::TooOld { .. } => "use Spark 4.0 with Delta Lake 4.0, or newer".to_owned(),
            Self::NoDelta { .. } => "start the server with the package of Delta Lake that fits it (io.delta:delta-spark_4.2_2.13:4.4.0 for Spark 4.2), \
                 spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension and \
                 spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog"
                .to_owned(),
            Self::NoDeltaCatalog { .. } => "start the server with \
                 spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog, or with a catalog there that \
                 stands in front of it"
                .to_owned(),
            Self::Setting { setting, wanted, .. } => format!("start the server with {setting}={wanted}"),
        }
    }
}
