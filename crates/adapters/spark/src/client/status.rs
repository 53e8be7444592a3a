//! What a gRPC status says: an exception of Spark's, a lost connection, a plea to wait.
//!
//! Codes alone say little: every exception of Spark's is INTERNAL (`ErrorUtils.scala`), and so is a stream that HTTP/2
//! reset. What tells them apart is where the status was made: one that the server sent has no source on this side.

use std::error::Error;
use std::time::Duration;

use tonic::{Code, ConnectError as NotConnected, Status};
use tonic_types::StatusExt;

use super::Refusal;

/// What a status means for a request.
#[derive(Debug)]
pub(super) enum Heard {
    /// The request never left: there was no connection to send it over.
    NotSent,
    /// The connection or the answer was lost on the way; the server may have done anything.
    Lost,
    /// The server asks to come back later, and may say when.
    Wait(Option<Duration>),
    /// Spark answered with an exception.
    Exception(Box<Refusal>),
    /// Somebody on the way does not let the request through.
    Denied,
    /// The server's certificate is not trusted.
    Untrusted,
    /// An answer, but not one of Spark's.
    Foreign,
}

pub(super) fn hear(status: &Status) -> Heard {
    if certificate_error(status).is_some() {
        return Heard::Untrusted;
    }
    if find::<NotConnected>(status).is_some() {
        return Heard::NotSent;
    }
    if status.source().is_some() {
        return Heard::Lost;
    }
    if let Some(delay) = status.get_details_retry_info().and_then(|info| info.retry_delay) {
        return Heard::Wait(Some(delay));
    }
    match Refusal::of(status) {
        Some(refusal) if refusal.is("INVALID_CURSOR.DISCONNECTED") => return Heard::Lost,
        Some(refusal) => return Heard::Exception(Box::new(refusal)),
        None => {}
    }
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => Heard::Denied,
        // A limit that somebody on the way keeps to; retried by Spark's own clients as well.
        Code::ResourceExhausted if !is_about_size(status) => Heard::Wait(None),
        Code::Unavailable | Code::Cancelled | Code::DeadlineExceeded | Code::Aborted => Heard::Lost,
        // tonic's word for a stream that ended without a status, as a proxy ends one.
        Code::Unknown if status.message().contains("missing grpc-status") || is_given_up_by_proxy(status) => {
            Heard::Lost
        }
        Code::Ok
        | Code::Unknown
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::Internal
        | Code::DataLoss => Heard::Foreign,
    }
}

/// Whether it is the page of somebody on the way who waited no longer, or could not: what was sent may be under way. These are
/// tonic's words for an answer without a gRPC status (`infer_grpc_status`).
fn is_given_up_by_proxy(status: &Status) -> bool {
    let code = status.message().rsplit_once("mapped from HTTP status code ").and_then(|(_, code)| code.parse().ok());
    code.is_some_and(|code: u16| code == 408 || (500..600).contains(&code))
}

/// Whether a message is too large, which it will be again. A limit of this side has another code (tonic, `OutOfRange`); these are
/// the words of grpc-java, which Spark's server is made with, and of gRPC in C++ and Go, which others are.
fn is_about_size(status: &Status) -> bool {
    let words = status.message().to_lowercase();
    ["exceeds maximum size", "larger than max", "size limit", "too large"].iter().any(|said| words.contains(said))
}

/// What is wrong with the server's certificate, where that is what went wrong.
pub(super) fn certificate_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::CertificateError> {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(error)) => Some(error),
        Some(_) | None => None,
    }
}

/// The first error of a kind among an error and its causes.
pub(super) fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        // An I/O error holds another one without calling it its source.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}

/// An error and its causes on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = match error.downcast_ref::<Status>() {
            Some(status) if status.message().is_empty() => format!("{:?}", status.code()),
            Some(status) => status.message().to_owned(),
            None => error.to_string(),
        };
        // Libraries repeat their causes in their own words.
        if !text.contains(&part) {
            text = if text.is_empty() { part } else { format!("{text}: {part}") };
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::ErrorDetails;

    fn check(status: &Status) -> String {
        let heard = hear(status);
        if let Heard::Exception(refusal) = heard {
            return format!("Exception {}", refusal.class.unwrap_or_default());
        }
        format!("{heard:?}")
    }

    #[test]
    fn plain_codes() {
        for (code, expected) in [
            (Code::Unavailable, "Lost"),
            (Code::Cancelled, "Lost"),
            (Code::Unauthenticated, "Denied"),
            (Code::PermissionDenied, "Denied"),
            (Code::Unimplemented, "Foreign"),
            (Code::Internal, "Foreign"),
        ] {
            assert_eq!(check(&Status::new(code, "")), expected, "{code:?}");
        }
        let truncated = "protocol error: missing grpc-status trailer, stream was terminated";
        assert_eq!(check(&Status::unknown(truncated)), "Lost");
    }

    #[test]
    fn a_proxy_that_waits_no_longer_says_nothing_of_the_statement() {
        for (code, expected) in [(524, "Lost"), (520, "Lost"), (500, "Lost"), (408, "Lost"), (405, "Foreign")] {
            let words = format!("grpc-status header missing, mapped from HTTP status code {code}");
            assert_eq!(check(&Status::unknown(words)), expected, "{code}");
        }
    }

    #[test]
    fn what_is_too_large_stays_so() {
        for words in [
            "gRPC message exceeds maximum size 134217728: 134217840",
            "Received message larger than max (5000000 vs. 4194304)",
            "grpc: received message larger than max (5000000 vs. 4194304)",
        ] {
            assert_eq!(check(&Status::resource_exhausted(words)), "Foreign", "{words}");
        }
        assert_eq!(check(&Status::out_of_range("decoded message length too large")), "Foreign");
    }

    #[test]
    fn a_status_made_on_this_side_is_a_lost_connection() {
        let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, "reset");
        assert_eq!(check(&Status::from_error(Box::new(error))), "Lost");
        assert_eq!(check(&Status::from_error(Box::new(NotConnected("refused".into())))), "NotSent");
    }

    #[test]
    fn certificates_are_found_below_io_errors() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = std::io::Error::new(std::io::ErrorKind::InvalidData, tls);
        assert_eq!(check(&Status::from_error(Box::new(NotConnected(error.into())))), "Untrusted");
    }

    #[test]
    fn exceptions_and_pleas_to_wait_are_in_the_details() {
        let status = |details| Status::with_error_details(Code::ResourceExhausted, "busy", details);
        let wait = ErrorDetails::with_retry_info(Some(Duration::from_secs(3)));
        assert_eq!(check(&status(wait)), "Wait(Some(3s))");
        assert_eq!(check(&status(ErrorDetails::new())), "Wait(None)");
        let of = |class: &str| {
            let metadata = [("errorClass".to_owned(), class.to_owned())];
            status(ErrorDetails::with_error_info("E", "org.apache.spark", metadata))
        };
        assert_eq!(check(&of("PARSE_SYNTAX_ERROR")), "Exception PARSE_SYNTAX_ERROR");
        assert_eq!(check(&of("INVALID_CURSOR.DISCONNECTED")), "Lost");
    }
}
