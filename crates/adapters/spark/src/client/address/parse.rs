//! From text to an `Address`: the parts of the URL. What a parameter means is `parameter`'s.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;

use super::parameter;
use super::{Address, AddressFault, DEFAULT_MESSAGE_SIZE, DEFAULT_PORT, Keepalive};
use crate::client::Secret;

pub(super) fn parse(url: &str) -> Result<Address, AddressFault> {
    let rest = url.strip_prefix("sc://").ok_or(AddressFault::Scheme)?;
    for (sign, escaped) in [('?', "%3F"), ('#', "%23")] {
        if rest.contains(sign) {
            return Err(AddressFault::Query { sign, escaped });
        }
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = authority_parts(authority)?;
    let mut address = Address {
        host,
        port,
        use_ssl: None,
        token: None,
        user_id: None,
        user_agent: None,
        session_id: None,
        message_size: DEFAULT_MESSAGE_SIZE,
        keeps_alive: true,
        keepalive: Keepalive::default(),
        headers: std::collections::BTreeMap::new(),
    };
    read_parameters(path, &mut address)?;
    check_token_is_safe(&address)?;
    Ok(address)
}

/// A token goes over an unencrypted connection only to this machine.
pub(super) fn check_token_is_safe(address: &Address) -> Result<(), AddressFault> {
    let exposed = address.token.is_some() && !address.is_encrypted() && !address.is_loopback();
    if exposed { Err(AddressFault::TokenInTheClear) } else { Ok(()) }
}

/// A token that can be sent.
pub(super) fn token(text: &str) -> Result<Secret, AddressFault> {
    parameter::printable("token", text).map(|()| Secret::new(text))
}

fn authority_parts(authority: &str) -> Result<(String, u16), AddressFault> {
    if authority.contains('@') {
        return Err(AddressFault::UserInfo);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(AddressFault::Host)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| AddressFault::Host)?;
            match after.strip_prefix(':') {
                Some(port) => (host, port),
                None if after.is_empty() => (host, ""),
                None => return Err(AddressFault::Host),
            }
        }
        None => {
            let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
            let named = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
            if !host.chars().all(named) {
                return Err(AddressFault::Host);
            }
            (host, port)
        }
    };
    if host.is_empty() {
        return Err(AddressFault::NoHost);
    }
    let port = match port {
        "" => DEFAULT_PORT,
        text => match text.parse() {
            Ok(port) if port > 0 => port,
            Ok(_) | Err(_) => return Err(AddressFault::Port { port: text.to_owned() }),
        },
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn read_parameters(path: &str, address: &mut Address) -> Result<(), AddressFault> {
    let (before, parameters) = path.split_once(';').unwrap_or((path, ""));
    if !before.is_empty() {
        return Err(AddressFault::Path);
    }
    let mut seen = BTreeSet::new();
    // A `;` at the end begins no parameter.
    let parameters = parameters.strip_suffix(';').unwrap_or(parameters);
    for (index, text) in parameters.split(';').enumerate().filter(|_| !parameters.is_empty()) {
        let position = index + 1;
        let (name, value) = text.split_once('=').ok_or(AddressFault::NoValue { position })?;
        let name = name.to_ascii_lowercase();
        parameter::check_name(&name, position)?;
        if value.is_empty() {
            return Err(AddressFault::Empty { name });
        }
        let value = decode(value).ok_or_else(|| AddressFault::Escape { name: name.clone() })?;
        if !seen.insert(name.clone()) {
            return Err(AddressFault::Twice { name });
        }
        parameter::take(address, &name, &value)?;
    }
    Ok(())
}

/// The text without its `%` escapes; none where one of them is broken, or makes no text.
fn decode(value: &str) -> Option<String> {
    let whole = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if !value.split('%').skip(1).all(whole) {
        return None;
    }
    percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<Address, String> {
        Address::parse(url).map_err(|fault| fault.to_string())
    }

    fn fault(url: &str) -> String {
        check(url).expect_err(url)
    }

    #[test]
    fn hosts_and_ports() {
        let shown = |url: &str| check(url).map(|address| address.to_string());
        for (url, expected) in [
            ("sc://localhost", "sc://localhost:15002"),
            ("sc://Example.COM:1", "sc://example.com:1"),
            ("sc://h:/", "sc://h:15002"),
            ("sc://[::1]:7/;user_id=a", "sc://[::1]:7"),
            ("sc://[::1]", "sc://[::1]:15002"),
        ] {
            assert_eq!(shown(url), Ok(expected.to_owned()), "{url}");
        }
    }

    #[test]
    fn a_url_that_is_none_says_what_to_type() {
        for (url, expected) in [
            ("spark://h", "begins with `sc://`"),
            ("h:15002", "begins with `sc://`"),
            ("sc://", "names no host"),
            ("sc://:15002", "names no host"),
            ("sc://h;token=SECRET", "with `/` before the first `;`"),
            ("sc://me:SECRET@h", "sc://host:443/;token=…"),
            ("sc://h:0", "`0` is no port"),
            ("sc://h:99999", "`99999` is no port"),
            ("sc://[::1", "host holds a character"),
            ("sc://h/db;user_id=a", "has a path"),
            ("sc://h/?token=SECRET", "holds a `?`"),
            ("sc://h/;token=SECRET#1", "as %23"),
        ] {
            let said = fault(url);
            assert!(said.contains(expected) && !said.contains("SECRET"), "{url}: {said}");
        }
    }

    #[test]
    fn parameters_that_are_none_say_which_and_what_to_type() {
        for (parameters, expected) in [
            (
                "user_id=a;SECRET",
                "parameter 2 is not of the form name=value; write a `;` that belongs to a value as %3B",
            ),
            ("token=a;SECRET=", "parameter 2 is none that Spark Connect knows"),
            ("token=", "`token` is empty"),
            ("token=100%SECRET", "`token` can't be decoded; write a percent sign as %25"),
            ("token=%ff", "`token` can't be decoded"),
            ("user_id=a;user_id=b", "`user_id` stands twice"),
        ] {
            let said = fault(&format!("sc://h/;{parameters}"));
            assert!(said.contains(expected) && !said.contains("SECRET"), "{parameters}: {said}");
        }
    }

    #[test]
    fn values_are_decoded_and_may_hold_equals_signs() {
        let address = check("sc://h/;token=a%3Bb==;user_id=J%C3%BCrgen%20%25;").unwrap();
        assert_eq!(address.token().map(Secret::reveal), Some("a;b=="));
        assert_eq!(address.user_id(), Some("Jürgen %"));
    }

    #[test]
    fn a_token_implies_tls_except_on_this_machine() {
        for (url, encrypted) in [
            ("sc://h", Ok(false)),
            ("sc://h/;use_ssl=true", Ok(true)),
            ("sc://h/;token=t", Ok(true)),
            ("sc://h/;token=t;use_ssl=true", Ok(true)),
            ("sc://localhost/;token=t", Ok(false)),
            ("sc://127.0.0.1/;token=t", Ok(false)),
            ("sc://[::1]/;token=t", Ok(false)),
            ("sc://localhost/;token=t;use_ssl=true", Ok(true)),
            ("sc://h/;use_ssl=false;token=t", Err(AddressFault::TokenInTheClear)),
        ] {
            assert_eq!(Address::parse(url).map(|address| address.is_encrypted()), encrypted, "{url}");
        }
        let later = |url: &str| check(url).unwrap().with_token(Secret::new("t")).map(|address| address.is_encrypted());
        assert_eq!(later("sc://h"), Ok(true));
        assert_eq!(later("sc://h/;use_ssl=false"), Err(AddressFault::TokenInTheClear));
    }
}
