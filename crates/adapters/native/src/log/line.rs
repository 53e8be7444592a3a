//! The lines of commits and JSON checkpoints: one action each (PROTOCOL.md, "Delta Log Entries").
//!
//! Owns telling the lines that describe the table from those of data files, cheaply and without ever mistaking one.

use memchr::{memchr_iter, memmem};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::error::LogError;

/// The actions of a line that describe the table.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TableActions<'l> {
    #[serde(borrow)]
    pub(super) protocol: Option<&'l RawValue>,
    #[serde(borrow, rename = "metaData")]
    pub(super) metadata: Option<&'l RawValue>,
    #[serde(borrow, rename = "domainMetadata")]
    pub(super) domain_metadata: Option<&'l RawValue>,
    #[serde(borrow, rename = "commitInfo")]
    pub(super) commit_info: Option<&'l RawValue>,
}

/// The lines of a file that are not blank, with their numbers from 1.
pub(super) fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = (usize, &[u8])> {
    let mut start = 0;
    let mut found: Vec<(usize, &[u8])> = Vec::new();
    for (index, end) in memchr_iter(b'\n', bytes).chain(std::iter::once(bytes.len())).enumerate() {
        let line = bytes[start..end].trim_ascii();
        if !line.is_empty() {
            found.push((index + 1, line));
        }
        start = end + 1;
    }
    found.into_iter()
}

/// Hands over the actions of each line that describes the table; `commitInfo` only where it is asked for.
pub(super) fn each<'l>(
    file: &str,
    bytes: &'l [u8],
    with_info: Info,
    absorb: &mut dyn FnMut(TableActions<'l>) -> Result<(), LogError>,
) -> Result<(), LogError> {
    let mut last = None;
    for (number, line) in lines(bytes) {
        if is_data(line) || (!with_info && is_info(line)) {
            last = Some((number, line));
            continue;
        }
        last = None;
        let mut actions: TableActions<'l> = parse(file, number, line)?;
        if !with_info {
            actions.commit_info = None;
        }
        absorb(actions)?;
    }
    // A write that was cut off shows in the last line only, which may have been passed over.
    if let Some((number, line)) = last {
        parse::<IgnoredAny>(file, number, line)?;
    }
    Ok(())
}

/// Whether `commitInfo` is wanted.
pub(super) type Info = bool;

pub(super) fn parse<'l, T: Deserialize<'l>>(file: &str, line: usize, text: &'l [u8]) -> Result<T, LogError> {
    serde_json::from_slice(text).map_err(|source| LogError::Json { file: file.to_owned(), line, source })
}

/// Whether a line is surely of a data file or a transaction id: its first key says so, it is a whole object, and none
/// of the keys that matter stands anywhere in it. A quote inside a JSON text is escaped, so a value never looks like a key
/// unless it is exactly such a word; that line is then parsed for nothing.
fn is_data(line: &[u8]) -> bool {
    const DATA: [&[u8]; 6] = [
        b"{\"add\":{",
        b"{\"remove\":{",
        b"{\"cdc\":{",
        b"{\"txn\":{",
        b"{\"sidecar\":{",
        b"{\"checkpointMetadata\":{",
    ];
    DATA.iter().any(|start| line.starts_with(start)) && line.ends_with(b"}") && !mentions_table(line)
}

fn is_info(line: &[u8]) -> bool {
    line.starts_with(b"{\"commitInfo\":{") && line.ends_with(b"}") && !mentions_table(line)
}

fn mentions_table(line: &[u8]) -> bool {
    ["\"protocol\"", "\"metaData\"", "\"domainMetadata\""]
        .iter()
        .any(|key| memmem::find(line, key.as_bytes()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut seen = Vec::new();
        let read = each("f", text.as_bytes(), true, &mut |actions| {
            let named = [
                ("protocol", actions.protocol),
                ("metaData", actions.metadata),
                ("domainMetadata", actions.domain_metadata),
                ("commitInfo", actions.commit_info),
            ];
            seen.extend(named.into_iter().filter(|(_, raw)| raw.is_some()).map(|(name, _)| name));
            Ok(())
        });
        let seen = match read {
            Ok(()) => seen.join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(seen, expected, "{text}");
    }

    #[test]
    fn lines_that_describe_the_table_are_found_in_any_spelling() {
        check("{\"protocol\":{}}\n{\"add\":{\"path\":\"p\"}}\r\n\n{\"metaData\":{}}\n", "protocol metaData");
        check("  { \"metaData\" : { } }  ", "metaData");
        check("{\"add\":null,\"protocol\":{}}", "protocol");
        check("{\"add\":{\"path\":\"p\"},\"domainMetadata\":{}}", "domainMetadata");
        check("{\"txn\":{\"appId\":\"protocol\"}}", "");
        check("{\"commitInfo\":{},\"metaData\":{}}", "metaData commitInfo");
    }

    #[test]
    fn a_line_that_was_cut_off_is_named() {
        check("{\"protocol\":{}}\n{\"metaData\":{\"id\"", "`f` line 2 is not a complete JSON action");
        check("{\"protocol\":{}}\n{\"add\":{\"partitionValues\":{}", "`f` line 2 is not a complete JSON action");
        check("{\"add\":{\"path\":\n{\"protocol\":{}}", "`f` line 1 is not a complete JSON action");
    }
}
