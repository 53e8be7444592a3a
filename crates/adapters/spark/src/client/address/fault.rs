//! What can be wrong with a URL, and what to type instead. No fault quotes a value: it may be a token, or a piece of one.

/// A mistake in the URL of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressFault {
    /// Another scheme, or none.
    #[error("the URL of a Spark Connect server begins with `sc://`; write sc://host:15002")]
    Scheme,
    /// Nothing before the port.
    #[error("the URL names no host; write sc://host:15002")]
    NoHost,
    /// A host that can't be one.
    #[error("the URL's host holds a character that no host has; write sc://host:15002, with `/` before the first `;`")]
    Host,
    /// A name or password before the host.
    #[error("the URL holds an `@`; write a token as a parameter: sc://host:443/;token=…")]
    UserInfo,
    /// A port that is none.
    #[error("`{port}` is no port; write a number from 1 to 65535, as in sc://host:15002")]
    Port {
        /// As written.
        port: String,
    },
    /// A path where none may be.
    #[error("the URL has a path, and Spark Connect knows none; write parameters as sc://host:15002/;name=value")]
    Path,
    /// A query or fragment.
    #[error(
        "the URL holds a `{sign}`; write parameters as sc://host:15002/;name=value, and `{sign}` in a value as {escaped}"
    )]
    Query {
        /// What stands there.
        sign: char,
        /// What to write for it in a value.
        escaped: &'static str,
    },
    /// A parameter without a value.
    #[error("parameter {position} is not of the form name=value; write a `;` that belongs to a value as %3B")]
    NoValue {
        /// Which one, from 1.
        position: usize,
    },
    /// A value that is empty.
    #[error("the parameter `{name}` is empty; give it a value or leave it out")]
    Empty {
        /// Its name.
        name: String,
    },
    /// A percent sign that begins no escape, or bytes that are no text.
    #[error("the value of `{name}` can't be decoded; write a percent sign as %25")]
    Escape {
        /// The parameter's name.
        name: String,
    },
    /// The same name twice.
    #[error("the parameter `{name}` stands twice; leave one of them out")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A name that means nothing.
    #[error("there is no parameter `{name}`; write {instead}")]
    Unknown {
        /// Its name.
        name: String,
        /// What was probably meant, or how headers are written.
        instead: String,
    },
    /// A name that is neither a parameter nor a header.
    #[error(
        "parameter {position} is none that Spark Connect knows; the name of a header holds a `-`, as in x-team=lake, and a \
         `;` that belongs to a value is written %3B"
    )]
    Name {
        /// Which one, from 1.
        position: usize,
    },
    /// A header that is not for users to set.
    #[error("the header `{name}` is the connection's own; {instead}")]
    Reserved {
        /// Its name.
        name: String,
        /// What to write instead.
        instead: &'static str,
    },
    /// A value with characters that a header can't hold.
    #[error("the value of `{name}` can't be sent as a header; use printable ASCII characters")]
    Unprintable {
        /// The parameter's name.
        name: String,
    },
    /// A value of another kind than the parameter's.
    #[error("the value of `{name}` is not {wanted}; write {name}={example}")]
    Value {
        /// The parameter's name.
        name: String,
        /// What it has to be.
        wanted: &'static str,
        /// One that is right.
        example: &'static str,
    },
    /// A token that everybody on the way could read.
    #[error("a token over an unencrypted connection can be read by others; leave out use_ssl=false, or the token")]
    TokenInTheClear,
}
