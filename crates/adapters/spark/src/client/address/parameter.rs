//! What each parameter of a URL means. A name with a `-` is a header; the others are Spark's own.

use std::time::Duration;

use delta_engine_schema::model::nearest;

use super::{Address, AddressFault};
use crate::client::Secret;

const USE_SSL: &str = "use_ssl";
const TOKEN: &str = "token";
const USER_ID: &str = "user_id";
const USER_AGENT: &str = "user_agent";
const SESSION_ID: &str = "session_id";
const MESSAGE_SIZE: &str = "grpc_max_message_size";
const KEEPALIVE_ENABLED: &str = "grpc_keepalive_enabled";
const KEEPALIVE_TIME: &str = "grpc_keepalive_time_ms";
const KEEPALIVE_TIMEOUT: &str = "grpc_keepalive_timeout_ms";
const KEEPALIVE_WITHOUT_CALLS: &str = "grpc_keepalive_without_calls";

const NAMES: &[&str] = &[
    USE_SSL,
    TOKEN,
    USER_ID,
    USER_AGENT,
    SESSION_ID,
    MESSAGE_SIZE,
    KEEPALIVE_ENABLED,
    KEEPALIVE_TIME,
    KEEPALIVE_TIMEOUT,
    KEEPALIVE_WITHOUT_CALLS,
];

/// Headers that the connection writes itself, and what to write instead.
const RESERVED: &[(&str, &str)] = &[
    ("authorization", "write the token as token=…"),
    ("user-agent", "write user_agent=…"),
    ("content-type", "leave it out"),
    ("te", "leave it out"),
    ("host", "leave it out"),
    ("connection", "leave it out"),
];

/// Whether a name can be one at all. One that isn't may be a piece of a value, and is not quoted.
pub(super) fn check_name(name: &str, position: usize) -> Result<(), AddressFault> {
    if let Some((reserved, instead)) = RESERVED.iter().find(|(reserved, _)| *reserved == name) {
        return Err(AddressFault::Reserved { name: (*reserved).to_owned(), instead });
    }
    if NAMES.contains(&name) {
        return Ok(());
    }
    if let Some(near) = nearest(name, NAMES) {
        return Err(AddressFault::Unknown { name: name.to_owned(), instead: format!("{near}=…") });
    }
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter);
    if !name.contains('-') || name.starts_with('-') || !name.chars().all(letter) {
        return Err(AddressFault::Name { position });
    }
    if name.starts_with("grpc-") || name.ends_with("-bin") {
        return Err(AddressFault::Reserved { name: name.to_owned(), instead: "leave it out" });
    }
    Ok(())
}

/// Puts a parameter where it belongs.
pub(super) fn take(address: &mut Address, name: &str, value: &str) -> Result<(), AddressFault> {
    match name {
        USE_SSL => address.use_ssl = Some(flag(name, value)?),
        TOKEN => address.token = Some(super::parse::token(value)?),
        USER_ID => address.user_id = Some(value.to_owned()),
        USER_AGENT => {
            printable(name, value)?;
            address.user_agent = Some(value.to_owned());
        }
        SESSION_ID => address.session_id = Some(session_id(value)?),
        MESSAGE_SIZE => address.message_size = bytes(value)?,
        KEEPALIVE_ENABLED => address.keeps_alive = flag(name, value)?,
        KEEPALIVE_TIME => address.keepalive.time = milliseconds(name, value)?,
        KEEPALIVE_TIMEOUT => address.keepalive.timeout = milliseconds(name, value)?,
        KEEPALIVE_WITHOUT_CALLS => address.keepalive.without_calls = flag(name, value)?,
        header => {
            printable(header, value)?;
            address.headers.insert(header.to_owned(), Secret::new(value));
        }
    }
    Ok(())
}

/// Whether a header can hold the value.
pub(super) fn printable(name: &str, value: &str) -> Result<(), AddressFault> {
    let printable = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    if printable { Ok(()) } else { Err(AddressFault::Unprintable { name: name.to_owned() }) }
}

fn flag(name: &str, value: &str) -> Result<bool, AddressFault> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(name, "true or false", "true")),
    }
}

fn milliseconds(name: &str, value: &str) -> Result<Duration, AddressFault> {
    match value.parse() {
        Ok(number) if number > 0 => Ok(Duration::from_millis(number)),
        Ok(_) | Err(_) => Err(wrong(name, "a number of milliseconds", "60000")),
    }
}

fn bytes(value: &str) -> Result<usize, AddressFault> {
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        Ok(_) | Err(_) => Err(wrong(MESSAGE_SIZE, "a number of bytes", "134217728")),
    }
}

fn session_id(value: &str) -> Result<uuid::Uuid, AddressFault> {
    let wanted = "a UUID of version 4";
    let example = "5c2f3a3e-8d3e-4a52-9a0c-3f1d6c1b7e10";
    let id = uuid::Uuid::parse_str(value).map_err(|_| wrong(SESSION_ID, wanted, example))?;
    if id.get_version_num() == 4 { Ok(id) } else { Err(wrong(SESSION_ID, wanted, example)) }
}

fn wrong(name: &str, wanted: &'static str, example: &'static str) -> AddressFault {
    AddressFault::Value { name: name.to_owned(), wanted, example }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parameters: &str) -> Result<Address, String> {
        Address::parse(&format!("sc://h/;{parameters}")).map_err(|fault| fault.to_string())
    }

    #[test]
    fn names_that_are_none_say_what_was_meant() {
        for (parameters, expected) in [
            ("use_sll=true", "there is no parameter `use_sll`; write use_ssl=…"),
            ("Authorization=Bearer%20x", "`authorization` is the connection's own; write the token as token=…"),
            ("user-agent=x", "`user-agent` is the connection's own; write user_agent=…"),
            ("grpc-timeout=1S", "`grpc-timeout` is the connection's own"),
            ("x-key-bin=a", "`x-key-bin` is the connection's own"),
            ("team=lake", "parameter 1 is none that Spark Connect knows"),
            ("x team-a=lake", "parameter 1 is none that Spark Connect knows"),
        ] {
            let said = check(parameters).expect_err(parameters);
            assert!(said.contains(expected), "{parameters}: {said}");
        }
    }

    #[test]
    fn values_of_another_kind_say_what_to_write() {
        for (parameters, expected) in [
            ("use_ssl=yes", "`use_ssl` is not true or false; write use_ssl=true"),
            ("grpc_max_message_size=1GB", "write grpc_max_message_size=134217728"),
            ("grpc_keepalive_time_ms=0", "not a number of milliseconds"),
            ("session_id=mine", "not a UUID of version 4"),
            ("session_id=6ba7b810-9dad-11d1-80b4-00c04fd430c8", "not a UUID of version 4"),
            ("x-team=%0a", "`x-team` can't be sent as a header"),
            ("token=%0a", "`token` can't be sent as a header"),
        ] {
            let said = check(parameters).expect_err(parameters);
            assert!(said.contains(expected), "{parameters}: {said}");
        }
    }

    #[test]
    fn headers_are_kept_in_lower_case() {
        let address = check("x-databricks-cluster-id=0101-abc;X-Databricks-Session-Id=s").unwrap();
        let headers: Vec<_> = address.headers().iter().map(|(name, value)| (name.as_str(), value.reveal())).collect();
        assert_eq!(headers, [("x-databricks-cluster-id", "0101-abc"), ("x-databricks-session-id", "s")]);
    }

    #[test]
    fn keepalive_and_message_size() {
        let seconds =
            |address: &Address| address.keepalive().map(|alive| (alive.time.as_secs(), alive.timeout.as_secs()));
        assert_eq!(seconds(&check("user_id=a").unwrap()), Some((60, 20)));
        assert_eq!(seconds(&check("grpc_keepalive_enabled=false;grpc_keepalive_time_ms=5000").unwrap()), None);
        assert_eq!(seconds(&check("grpc_keepalive_time_ms=5000").unwrap()), Some((5, 20)));
        assert_eq!(check("grpc_max_message_size=1024").map(|address| address.message_size()), Ok(1024));
    }
}
