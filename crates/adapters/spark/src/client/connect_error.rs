//! Why there is no session: each trouble in its own words, with what to do about it.

use std::error::Error;

use rustls::CertificateError;
use tonic::Status;

use super::status::{Heard, certificate_error, chain, find, hear};
use super::{Address, Refusal};

/// A server that can't be used. Final: what may pass by itself was waited for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No connection.
    #[error("failed to reach {address}: {reason}")]
    NotReached {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The server's certificate is not trusted.
    #[error("the certificate of {address} is not trusted: {reason}")]
    Untrusted {
        /// Whose.
        address: String,
        /// Why.
        reason: String,
    },
    /// The connection can't be encrypted.
    #[error("failed to encrypt the connection to {address}: {reason}")]
    Encryption {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// Token wrong or missing.
    #[error("{address} denies access: {reason}")]
    Denied {
        /// Who.
        address: String,
        /// The server's words.
        reason: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// Something listens there that is no Spark Connect server.
    #[error("{address} does not answer as a Spark Connect server: {reason}")]
    NotSparkConnect {
        /// Where.
        address: String,
        /// What it answers.
        reason: String,
        /// Whether the connection was encrypted.
        encrypted: bool,
    },
    /// The server is there, but not ready.
    #[error("{address} is not ready: {reason}")]
    NotReady {
        /// Where.
        address: String,
        /// Its words.
        reason: String,
    },
    /// Spark refuses the session.
    #[error("{address} refuses the session: {refusal}")]
    Refused {
        /// Who.
        address: String,
        /// Its words.
        refusal: Box<Refusal>,
    },
    /// A header that can't be sent.
    #[error("the value of `{name}` can't be sent as a header")]
    Header {
        /// Its name.
        name: String,
    },
}

impl ConnectError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotReached { .. } => {
                "check that the server runs and that host and port are right; Spark listens on port 15002, Databricks on 443"
                    .to_owned()
            }
            Self::Untrusted { .. } => {
                "name a file with the certificate authority that signed it in SSL_CERT_FILE, or reach the server by the \
                 name that its certificate holds"
                    .to_owned()
            }
            Self::Encryption { .. } => {
                "if the server speaks no TLS, leave out the token or write use_ssl=false; a token goes unencrypted only to \
                 this machine"
                    .to_owned()
            }
            Self::Denied { with_token: true, .. } => {
                "the token that was sent is wrong, expired or not allowed here; it came from `;token=` of the URL, else `token` of \
                 the target, else SPARK_CONNECT_AUTHENTICATE_TOKEN".to_owned()
            }
            Self::Denied { with_token: false, .. } => {
                "no token was sent: set SPARK_CONNECT_AUTHENTICATE_TOKEN, or write token: \"${env.NAME}\" on the target".to_owned()
            }
            Self::NotSparkConnect { encrypted: false, .. } => {
                "if the server wants TLS, write ;use_ssl=true; otherwise check the port".to_owned()
            }
            Self::NotSparkConnect { encrypted: true, .. } => {
                "check host and port; SQL warehouses speak another protocol, so name a cluster with \
                 ;x-databricks-cluster-id=…"
                    .to_owned()
            }
            Self::NotReady { .. } => "wait until the server or cluster has started, and try again".to_owned(),
            Self::Refused { .. } => "the server's log says more".to_owned(),
            Self::Header { .. } => "use printable ASCII characters".to_owned(),
        }
    }

    /// The connection could not even be tried.
    pub(super) fn setup(address: &Address, error: tonic::transport::Error) -> Self {
        let (address, reason) = (address.to_string(), chain(&error));
        Self::Encryption { address, reason }
    }

    /// Nobody listens, or the handshake failed.
    pub(super) fn connection(address: &Address, error: tonic::transport::Error) -> Self {
        let shown = address.to_string();
        if let Some(certificate) = certificate_error(&error) {
            return Self::Untrusted { address: shown, reason: certificate_reason(certificate) };
        }
        if find::<rustls::Error>(&error).is_some() {
            return Self::Encryption { address: shown, reason: chain(&error) };
        }
        Self::NotReached { address: shown, reason: reason(&error) }
    }

    /// The first request failed for good.
    pub(super) fn greeting(address: &Address, status: &Status) -> Self {
        let shown = address.to_string();
        let reason = chain(status);
        match hear(status) {
            Heard::NotSent => Self::NotReached { address: shown, reason },
            Heard::Untrusted => {
                let reason = certificate_error(status).map(certificate_reason).unwrap_or(reason);
                Self::Untrusted { address: shown, reason }
            }
            Heard::Denied => Self::Denied { address: shown, reason, with_token: address.token().is_some() },
            Heard::Exception(refusal) => Self::Refused { address: shown, refusal },
            Heard::Wait(_) => Self::NotReady { address: shown, reason },
            Heard::Lost if status.source().is_none() => Self::NotReady { address: shown, reason },
            Heard::Lost | Heard::Foreign => {
                Self::NotSparkConnect { address: shown, reason, encrypted: address.is_encrypted() }
            }
        }
    }
}

/// The innermost cause says it best: "Connection refused", not "transport error".
fn reason(error: &(dyn Error + 'static)) -> String {
    match find::<std::io::Error>(error) {
        Some(error) => error.to_string(),
        None => chain(error),
    }
}

fn certificate_reason(error: &CertificateError) -> String {
    let is_expired = matches!(error, CertificateError::Expired | CertificateError::ExpiredContext { .. });
    let is_for_another =
        matches!(error, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. });
    if *error == CertificateError::UnknownIssuer {
        "nobody trusted has signed it".to_owned()
    } else if is_expired {
        "it has expired".to_owned()
    } else if is_for_another {
        "it is for another host name".to_owned()
    } else {
        error.to_string()
    }
}
