//! Where a server is and how to speak to it: an `sc://` URL as a value.
//!
//! Owns the URL's grammar and its parameters, Spark's own and those that become headers. Opens no connection, and prints
//! neither token nor header: `Display` is host and port, and no fault quotes a value.

mod fault;
mod parameter;
mod parse;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::Secret;

pub use fault::AddressFault;

/// The port where a URL names none.
pub const DEFAULT_PORT: u16 = 15002;
/// The largest message where a URL names none: what Spark's server takes and sends.
const DEFAULT_MESSAGE_SIZE: usize = 128 * 1024 * 1024;
/// The variable that holds the URL of the server.
pub const REMOTE_VARIABLE: &str = "SPARK_REMOTE";
/// The variable that holds the token of the server.
pub const TOKEN_VARIABLE: &str = "SPARK_CONNECT_AUTHENTICATE_TOKEN";

/// A server, and how to speak to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
    /// Whether TLS is asked for; where nothing is said the token decides.
    use_ssl: Option<bool>,
    token: Option<Secret>,
    user_id: Option<String>,
    user_agent: Option<String>,
    session_id: Option<uuid::Uuid>,
    message_size: usize,
    keeps_alive: bool,
    keepalive: Keepalive,
    headers: BTreeMap<String, Secret>,
}

/// When the connection is asked whether it still lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keepalive {
    /// After how long without a sign of the server.
    pub time: Duration,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// Also while nothing is asked. Off by itself: Spark's server hangs up on who does so more often than every two hours
    /// (grpc-java, `KeepAliveEnforcer`).
    pub without_calls: bool,
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { time: Duration::from_secs(60), timeout: Duration::from_secs(20), without_calls: false }
    }
}

impl Address {
    /// Reads `sc://host[:port][/;name=value;…]`.
    pub fn parse(url: &str) -> Result<Self, AddressFault> {
        parse::parse(url)
    }

    /// The server that the environment names: `SPARK_REMOTE`, with the token of `SPARK_CONNECT_AUTHENTICATE_TOKEN` where
    /// the URL holds none. None where there is no such variable.
    pub fn from_environment() -> Result<Option<Self>, AddressFault> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, AddressFault> {
        let named = |name| variable(name).filter(|value| !value.trim().is_empty());
        let Some(url) = named(REMOTE_VARIABLE) else { return Ok(None) };
        let address = Self::parse(url.trim())?;
        match named(TOKEN_VARIABLE) {
            Some(token) => address.with_token(Secret::new(token)).map(Some),
            None => Ok(Some(address)),
        }
    }

    /// The same server with this token, where the URL holds none.
    pub fn with_token(mut self, token: Secret) -> Result<Self, AddressFault> {
        if self.token.is_none() {
            self.token = Some(parse::token(token.reveal())?);
            parse::check_token_is_safe(&self)?;
        }
        Ok(self)
    }

    /// Host without brackets, lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted. A token implies it, except towards this machine, where Spark's own server
    /// takes tokens and knows no TLS.
    pub fn is_encrypted(&self) -> bool {
        self.use_ssl.unwrap_or(self.token.is_some() && !self.is_loopback())
    }

    /// Whether the server is this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Token, sent as `authorization: Bearer`.
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Who asks, where the URL says so.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// What asks, where the URL says so.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// A session that is there already, or a name for the new one.
    pub fn session_id(&self) -> Option<uuid::Uuid> {
        self.session_id
    }

    /// The largest message in bytes, either way.
    pub fn message_size(&self) -> usize {
        self.message_size
    }

    /// When to ask whether the connection lives; none where it never is.
    pub fn keepalive(&self) -> Option<Keepalive> {
        self.keeps_alive.then_some(self.keepalive)
    }

    /// Further headers, in lower case.
    pub fn headers(&self) -> &BTreeMap<String, Secret> {
        &self.headers
    }

    /// `http://` or `https://`, host and port.
    pub(super) fn endpoint(&self) -> String {
        let scheme = if self.is_encrypted() { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Host and port: all of an address that may be shown.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sc://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)]) -> Result<Option<(String, Option<String>)>, String> {
        let variable = |name: &str| variables.iter().find(|(at, _)| *at == name).map(|(_, value)| (*value).to_owned());
        let address = Address::from_variables(variable).map_err(|fault| fault.to_string())?;
        Ok(address.map(|address| (address.to_string(), address.token().map(|token| token.reveal().to_owned()))))
    }

    #[test]
    fn the_environment_names_server_and_token() {
        let remote = |url: &'static str| (REMOTE_VARIABLE, url);
        let found = |token: Option<&str>| Ok(Some(("sc://localhost:15002".to_owned(), token.map(str::to_owned))));
        assert_eq!(check(&[]), Ok(None));
        assert_eq!(check(&[remote(" ")]), Ok(None));
        assert_eq!(check(&[remote("sc://localhost")]), found(None));
        assert_eq!(check(&[remote("sc://localhost"), (TOKEN_VARIABLE, "t")]), found(Some("t")));
        // The URL is nearer.
        assert_eq!(check(&[remote("sc://localhost/;token=u"), (TOKEN_VARIABLE, "t")]), found(Some("u")));
        assert!(check(&[remote("localhost")]).is_err());
    }

    #[test]
    fn nothing_secret_is_printed() {
        let address = Address::parse("sc://h/;token=SECRET;x-api-key=SECRET").unwrap();
        let printed = format!("{address} {address:?}");
        assert!(!printed.contains("SECRET"), "{printed}");
    }
}
