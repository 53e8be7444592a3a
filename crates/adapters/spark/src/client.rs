//! A client of Spark Connect that knows what it does not know.
//!
//! Owns the connection, the session and the life of a statement on the server: sent once, attached to again wherever the
//! stream is cut, released at its end. A statement is never sent again once the server may have it; what then can't be found
//! out is `Failure::Ambiguous`, and looking at the table is the caller's. Knows no SQL and no tables.
//!
//! Apache Spark's own crate for this is not used, and why is in `docs/adr/0008-a-spark-connect-client-of-our-own.md`.

mod address;
mod answer;
mod channel;
mod connect_error;
mod count;
mod failure;
mod operation;
mod refusal;
mod request;
mod retry;
mod secret;
mod session;
mod status;

use std::sync::Arc;

use delta_engine_spark_proto as proto;
use proto::spark_connect_service_client::SparkConnectServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub use address::{Address, AddressFault, DEFAULT_PORT, Keepalive, REMOTE_VARIABLE, TOKEN_VARIABLE};
pub use answer::{Answer, DecodeError, Row, RowError, Rows};
pub use connect_error::ConnectError;
pub use count::Requests;
pub use failure::{Ambiguity, Failure, Interruption, Unavailable};
pub use refusal::Refusal;
pub use retry::Patience;
pub use secret::Secret;

use channel::Headers;
use count::Count;
use operation::Operation;
use session::Session;

/// The generated client over our connection.
type Stub = SparkConnectServiceClient<InterceptedService<Channel, Headers>>;

/// A session on a server. Clones share it; requests of all of them go over one connection.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    stub: Stub,
    count: Count,
    session: Session,
    patience: Patience,
    address: Address,
}

/// Without the connection, which has nothing to show.
impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("session", &self.session).field("address", &self.address).finish_non_exhaustive()
    }
}

impl Client {
    /// Connects, and begins a session. An error is final: what may pass by itself was waited for as long as `patience` says.
    pub async fn connect(address: &Address, patience: Patience) -> Result<Self, ConnectError> {
        let count = Count::default();
        let stub = channel::open(address, count.clone()).await?;
        let session = Session::new(address);
        Self::begin(Shared { stub, count, session, patience, address: address.clone() }).await
    }

    /// A new session over the same connection, with none of the old one's settings.
    pub async fn new_session(&self) -> Result<Self, ConnectError> {
        let Shared { stub, count, session, patience, address } = &*self.shared;
        let (stub, count, session) = (stub.clone(), count.clone(), session.successor());
        Self::begin(Shared { stub, count, session, patience: patience.clone(), address: address.clone() }).await
    }

    /// The first request makes the session, so that its identity on the server is known before any statement is sent.
    async fn begin(shared: Shared) -> Result<Self, ConnectError> {
        let client = Self { shared: Arc::new(shared) };
        request::greet(&client).await?;
        tracing::debug!(server = %client.shared.address, session = client.session_id(), "connected");
        Ok(client)
    }

    /// Where the server is.
    pub fn address(&self) -> &Address {
        &self.shared.address
    }

    /// The requests that the connection has carried so far, of all sessions that share it.
    pub fn requests(&self) -> Requests {
        self.shared.count.so_far()
    }

    /// The session's id.
    pub fn session_id(&self) -> &str {
        self.shared.session.id()
    }

    /// Runs one statement, which the server gets at most once. Cancelling stops it there too, and the failure tells
    /// whether that is known.
    pub async fn execute(&self, statement: &str, cancellation: &CancellationToken) -> Result<Answer, Failure> {
        Operation::statement(self, statement).run(cancellation).await
    }

    /// Runs a query. One whose result was lost on the way is asked again: it must change nothing. Dropping the future stops
    /// it on the server.
    pub async fn query(&self, query: &str) -> Result<Answer, Failure> {
        self.read(|| Operation::query(self, query)).await
    }

    /// Runs a `SHOW` or `DESCRIBE`. As `query`, and Spark answers it in half the time; of a `SELECT` it gives no rows.
    pub async fn show(&self, command: &str) -> Result<Answer, Failure> {
        self.read(|| Operation::show(self, command)).await
    }

    /// The rows of a relation that no SQL can say, such as files by their paths. As `query`.
    pub async fn rows_of(&self, relation: proto::Relation) -> Result<Answer, Failure> {
        self.read(|| Operation::relation(self, relation.clone())).await
    }

    async fn read<'c>(&'c self, operation: impl Fn() -> Operation<'c>) -> Result<Answer, Failure> {
        const TRIES: usize = 3;
        let never = CancellationToken::new();
        for _ in 1..TRIES {
            match operation().run(&never).await {
                Err(Failure::Ambiguous(lost)) if lost.session_is_there() => {}
                result => return result,
            }
        }
        operation().run(&never).await
    }

    /// Ends the session: what still runs in it is stopped, its settings are gone. A session that was there before is left.
    pub async fn close(&self) {
        if self.shared.session.is_ours() {
            request::release_session(self).await;
        }
    }

    fn stub(&self) -> Stub {
        self.shared.stub.clone()
    }

    fn session(&self) -> &Session {
        &self.shared.session
    }

    pub(crate) fn patience(&self) -> &Patience {
        &self.shared.patience
    }
}
