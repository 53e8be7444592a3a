//! The one connection to a server: encrypted or not, kept alive, its headers on every request, each of which is counted.

use std::time::Duration;

use delta_engine_spark_proto::spark_connect_service_client::SparkConnectServiceClient;
use tonic::metadata::{Ascii, MetadataKey, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{ClientTlsConfig, Endpoint};
use tonic::{GrpcMethod, Request, Status};

use super::count::Count;
use super::session::CLIENT_TYPE;
use super::{Address, ConnectError, Stub};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// The system asks whether the other side is still there, where HTTP/2 must not: Spark's server takes pings between
/// requests for an attack.
const TCP_KEEPALIVE: Duration = Duration::from_secs(60);

/// Connects. Nothing is said to the server yet, and what fails now was not an answer of Spark's.
pub(super) async fn open(address: &Address, count: Count) -> Result<Stub, ConnectError> {
    let headers = Headers::new(address, count)?;
    let channel = endpoint(address)
        .map_err(|error| ConnectError::setup(address, error))?
        .connect()
        .await
        .map_err(|error| ConnectError::connection(address, error))?;
    let stub = SparkConnectServiceClient::with_interceptor(channel, headers)
        .max_decoding_message_size(address.message_size())
        .max_encoding_message_size(address.message_size());
    Ok(stub)
}

fn endpoint(address: &Address) -> Result<Endpoint, tonic::transport::Error> {
    let agent = match address.user_agent() {
        Some(agent) => format!("{agent} {CLIENT_TYPE}"),
        None => CLIENT_TYPE.to_owned(),
    };
    let mut endpoint = Endpoint::from_shared(address.endpoint())?
        .user_agent(agent)?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(TCP_KEEPALIVE));
    if let Some(keepalive) = address.keepalive() {
        endpoint = endpoint
            .http2_keep_alive_interval(keepalive.time)
            .keep_alive_timeout(keepalive.timeout)
            .keep_alive_while_idle(keepalive.without_calls);
    }
    if address.is_encrypted() {
        // The certificates that the system trusts, or those of SSL_CERT_FILE and SSL_CERT_DIR.
        let tls = ClientTlsConfig::new().with_native_roots().domain_name(address.host()).timeout(CONNECT_TIMEOUT);
        endpoint = endpoint.tls_config(tls)?;
    }
    Ok(endpoint)
}

/// The headers of every request: token, cluster, whatever the address says.
#[derive(Clone)]
pub(super) struct Headers {
    headers: Vec<(MetadataKey<Ascii>, MetadataValue<Ascii>)>,
    count: Count,
}

impl Headers {
    fn new(address: &Address, count: Count) -> Result<Self, ConnectError> {
        let token = address.token().map(|token| ("authorization", format!("Bearer {}", token.reveal())));
        let named = address.headers().iter().map(|(name, value)| (name.as_str(), value.reveal().to_owned()));
        let header = |(name, value): (&str, String)| {
            let key = MetadataKey::from_bytes(name.as_bytes());
            let value = MetadataValue::try_from(value);
            let (Ok(key), Ok(mut value)) = (key, value) else {
                return Err(ConnectError::Header { name: name.to_owned() });
            };
            // Kept out of what the libraries below log.
            value.set_sensitive(true);
            Ok((key, value))
        };
        let headers = token.into_iter().chain(named).map(header).collect::<Result<_, _>>()?;
        Ok(Self { headers, count })
    }
}

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        for (name, value) in &self.headers {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        // The generated client says which request it is.
        if let Some(method) = request.extensions().get::<GrpcMethod<'static>>() {
            self.count.add(method.method());
        }
        Ok(request)
    }
}
