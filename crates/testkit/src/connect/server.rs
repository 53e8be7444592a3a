//! The server as a test sees it: started with a script, looked at through its journal, broken by hand or by schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use delta_engine_spark_proto::spark_connect_service_server::SparkConnectServiceServer;
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Identity, Server, ServerTlsConfig};

use super::service::Service;
use super::session::Memory;
use super::wire::Wire;
use super::{Fault, Faults, Journal, Moment, Script};

/// What Spark's server takes (`spark.connect.grpc.maxInboundMessageSize`).
const LARGEST_MESSAGE: usize = 128 * 1024 * 1024;

/// How the server behaves when nothing goes wrong.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    /// Every request waits so long before anything is done about it.
    pub latency: Duration,
    /// Every plan runs so long.
    pub duration: Duration,
    /// Streams end after so long, as Spark's do.
    pub longest_stream: Option<Duration>,
    /// Whether released operations are remembered, as Spark does from 4.1 on.
    pub remembers_finished: bool,
    /// The token that every request must bring.
    pub token: Option<String>,
    /// Settings with their values.
    pub settings: BTreeMap<String, String>,
    /// Settings that can't be changed.
    pub fixed_settings: BTreeSet<String>,
    /// Settings, and prefixes of settings, that are shown to nobody.
    pub hidden_settings: BTreeSet<String>,
    /// The version of Spark.
    pub version: String,
    /// Certificate and key in PEM; without them the server speaks no TLS.
    pub identity: Option<(String, String)>,
}

/// A server on a port of its own on this machine, stopped when it is dropped.
pub struct ScriptedServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    stopped: CancellationToken,
}

/// What the service and the test share.
pub(super) struct Shared {
    pub(super) conduct: Conduct,
    state: Mutex<State>,
}

/// What changes.
pub(super) struct State {
    pub(super) script: Box<dyn Script>,
    pub(super) faults: Faults,
    pub(super) journal: Journal,
    pub(super) memory: Memory,
    /// Requests that wait for the latency to pass.
    waiting: usize,
    /// Cancelled to break every connection there is.
    connections: CancellationToken,
    /// How many there were.
    opened: usize,
}

impl ScriptedServer {
    /// Starts one on a free port of the loopback interface.
    pub async fn start(script: impl Script + 'static, faults: Faults, conduct: Conduct) -> std::io::Result<Self> {
        let state = State {
            script: Box::new(script),
            faults,
            journal: Journal::default(),
            memory: Memory::default(),
            waiting: 0,
            connections: CancellationToken::new(),
            opened: 0,
        };
        let shared = Arc::new(Shared { conduct, state: Mutex::new(state) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let stopped = CancellationToken::new();
        let wires = {
            let shared = Arc::clone(&shared);
            TcpListenerStream::new(listener)
                .map(move |stream| stream.map(|stream| Wire::new(stream, shared.state().open())))
        };
        let mut server = Server::builder();
        if let Some((certificate, key)) = &shared.conduct.identity {
            // Built beside delta-rs, rustls has two providers and takes neither by itself; an error says that one is chosen.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
            server = server.tls_config(tls).map_err(std::io::Error::other)?;
        }
        let service = SparkConnectServiceServer::new(Service::new(Arc::clone(&shared)))
            .max_decoding_message_size(LARGEST_MESSAGE);
        let serving =
            server.add_service(service).serve_with_incoming_shutdown(wires, stopped.clone().cancelled_owned());
        tokio::spawn(serving);
        Ok(Self { address, shared, stopped })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("sc://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What happened so far.
    pub fn journal(&self) -> Journal {
        self.shared.state().journal.clone()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.state().opened
    }

    /// Lets something happen now.
    pub fn strike(&self, fault: Fault) {
        self.shared.state().strike(fault, None);
    }

    /// Goes on with another schedule.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.state().faults = faults;
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.stopped.cancel();
        self.shared.state().connections.cancel();
    }
}

/// A request that waits, until it is dropped.
struct Waiting<'s>(&'s Shared);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.state().waiting -= 1;
    }
}

impl Shared {
    /// Lets a request wait for the latency to pass.
    pub(super) async fn wait(&self) {
        {
            let mut state = self.state();
            state.waiting += 1;
            state.journal.most_at_once = state.journal.most_at_once.max(state.waiting);
        }
        let _waiting = Waiting(self);
        tokio::time::sleep(self.conduct.latency).await;
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What goes wrong at this moment; its effect on the server is done.
    pub(super) fn moment(&mut self, moment: Moment, session: &str) -> Option<Fault> {
        let fault = self.faults.next(moment)?;
        self.strike(fault, Some(session));
        Some(fault)
    }

    /// What a fault does to the server, other than to the stream that it meets.
    fn strike(&mut self, fault: Fault, session: Option<&str>) {
        self.journal.faults += 1;
        match fault {
            Fault::Cut => self.cut(),
            Fault::Restart => {
                self.memory.forget_operations();
                self.memory = Memory::default();
                self.cut();
            }
            Fault::LoseSession => {
                if let Some(session) = session {
                    self.memory.close(session);
                }
            }
            Fault::ForgetOperations => self.memory.forget_operations(),
            Fault::End | Fault::Unavailable | Fault::Disconnected | Fault::Throttle(_) | Fault::Busy | Fault::Hang => {}
        }
    }

    /// A new connection, until it is cut.
    fn open(&mut self) -> CancellationToken {
        self.opened += 1;
        self.connections.child_token()
    }

    fn cut(&mut self) {
        std::mem::replace(&mut self.connections, CancellationToken::new()).cancel();
    }
}
