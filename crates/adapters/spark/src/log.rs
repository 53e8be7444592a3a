//! Delta logs, read by the server for us: two queries for many tables, whatever SQL itself hides of them.
//!
//! Spark writes a checksum file beside each commit, whose one line holds protocol, metadata and domains as they are at that
//! version (PROTOCOL.md, "Version Checksum File"). The first query lists names only, the second reads the newest checksum of
//! each table. A table whose newest commit has none (other writers write none), whose commits are not all in its folder, or
//! whose path can't stand in a pattern is left out; it is for others to read.

mod checksum;

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use crate::client::{Failure, Rows};
use crate::observe::Detail;
use crate::server::Server;

pub(crate) use checksum::LogError;

/// Tables in one query. The server lists their folders one after another, and works on several queries at once.
const TABLES: usize = 32;
/// Queries at once.
const QUERIES: usize = 4;

/// A table as its log has it.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) version: u64,
    pub(crate) schema: Value,
    pub(crate) detail: Detail,
}

/// What the logs at these places say, by place; none of those that have to be read in another way.
pub(crate) async fn read(server: &Server, places: Vec<&str>) -> Result<BTreeMap<String, Logged>, Failure> {
    let places: Vec<&str> = places.into_iter().filter(|place| is_plain(place)).collect();
    let chunks: Vec<_> = places.chunks(TABLES).map(|chunk| read_chunk(server, chunk)).collect();
    let mut logs = BTreeMap::new();
    let mut chunks = futures::stream::iter(chunks).buffered(QUERIES);
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(read) => logs.extend(read),
            // Where the server lets nobody read paths, or a folder went away, the tables are described one by one.
            Err(Failure::Refused(refusal)) => tracing::debug!(%refusal, "logs not read"),
            Err(failure) => return Err(failure),
        }
    }
    Ok(logs)
}

async fn read_chunk(server: &Server, places: &[&str]) -> Result<BTreeMap<String, Logged>, Failure> {
    let newest = newest(&ask(server, list(places)).await?);
    if newest.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = ask(server, checksums(&newest)).await?;
    let mut logs = BTreeMap::new();
    for row in rows.iter() {
        let (Ok(Some(place)), Ok(Some(line))) = (row.text("place"), row.text("line")) else { continue };
        let Some((place, version)) = newest.get_key_value(place) else { continue };
        match checksum::read(place, *version, line) {
            Ok(Some(logged)) => drop(logs.insert(place.clone(), logged)),
            Ok(None) => {}
            Err(error) => tracing::debug!(place, version, %error, "checksum not read"),
        }
    }
    Ok(logs)
}

async fn ask(server: &Server, query: String) -> Result<Rows, Failure> {
    let answer = server.ask(|client| {
        let query = query.clone();
        async move { client.query(&query).await }
    });
    Ok(answer.await?.rows().unwrap_or_default())
}

/// Names of commits and checksums, the newest of each table. Of a binary file only what is asked for is read: here nothing.
fn list(places: &[&str]) -> String {
    let newest = |ending: &str| format!("max(CASE WHEN path RLIKE '/[0-9]{{20}}[.]{ending}$' THEN path END)");
    let files = format!("{{{}}}/_delta_log/*.{{json,crc}}", places.join(","));
    format!(
        "SELECT regexp_extract(path, '^(.*)/_delta_log/', 1) AS place, {} AS commit, {} AS checksum \
         FROM binaryFile.`{files}` GROUP BY 1",
        newest("json"),
        newest("crc")
    )
}

fn checksums(newest: &BTreeMap<String, u64>) -> String {
    let files: Vec<String> =
        newest.iter().map(|(place, version)| format!("{place}/_delta_log/{version:020}.crc")).collect();
    format!(
        "SELECT regexp_extract(_metadata.file_path, '^(.*)/_delta_log/', 1) AS place, value AS line FROM text.`{{{}}}`",
        files.join(",")
    )
}

/// The newest version of each table whose newest commit has a checksum.
fn newest(rows: &Rows) -> BTreeMap<String, u64> {
    let mut newest = BTreeMap::new();
    for row in rows.iter() {
        let text = |column: &str| row.text(column).ok().flatten();
        let (Some(place), Some(commit), Some(checksum)) = (text("place"), text("commit"), text("checksum")) else {
            continue;
        };
        if let Some(version) = version(commit).filter(|newest| version(checksum) == Some(*newest)) {
            newest.insert(place.to_owned(), version);
        }
    }
    newest
}

fn version(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.split('.').next()?.parse().ok()
}

/// Whether a path means itself in a pattern, in a URI and in backticks.
fn is_plain(place: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/:._-=@+~".contains(letter);
    !place.is_empty() && place.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_queries_ask_for_all_tables() {
        assert_eq!(
            list(&["file:/w/a", "file:/w/b"]),
            "SELECT regexp_extract(path, '^(.*)/_delta_log/', 1) AS place, \
             max(CASE WHEN path RLIKE '/[0-9]{20}[.]json$' THEN path END) AS commit, \
             max(CASE WHEN path RLIKE '/[0-9]{20}[.]crc$' THEN path END) AS checksum \
             FROM binaryFile.`{file:/w/a,file:/w/b}/_delta_log/*.{json,crc}` GROUP BY 1"
        );
        let newest = BTreeMap::from([("file:/w/a".to_owned(), 7)]);
        assert!(checksums(&newest).ends_with("FROM text.`{file:/w/a/_delta_log/00000000000000000007.crc}`"));
    }

    #[test]
    fn odd_paths_are_left_to_others() {
        assert_eq!(["file:/w/a-b_c", "s3://b/k=1/t"].map(is_plain), [true, true]);
        assert_eq!(["file:/w/a b", "file:/w/{a}", "file:/w/ü", "file:/w/a%20b", "file:/a`b"].map(is_plain), [false; 5]);
        assert_eq!(version("file:/w/_delta_log/00000000000000000012.crc"), Some(12));
    }
}
