//! Delta logs, read by the server for us: two queries for many tables, whatever SQL itself hides of them.
//!
//! Spark writes a checksum file beside each commit, whose one line holds protocol, metadata and domains as they are at that
//! version (PROTOCOL.md, "Version Checksum File"). The first query lists names only, the second reads the newest checksum of
//! each table. A table whose newest commit has none (other writers write none), whose commits are not all in its folder, or
//! whose path can't stand in a pattern is left out; it is for others to read.

mod checksum;
mod single;

use std::collections::BTreeMap;

use futures::StreamExt;
use serde_json::Value;

use crate::client::{Failure, Rows};
use crate::observe::Detail;
use crate::server::Server;

pub(crate) use single::read_one;

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
    let mut stores: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (root, path) in places.into_iter().filter_map(split) {
        stores.entry(root).or_default().push(path);
    }
    let chunks =
        stores.iter().flat_map(|(root, paths)| paths.chunks(TABLES).map(|paths| read_chunk(server, root, paths)));
    let chunks: Vec<_> = chunks.collect();
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

async fn read_chunk(server: &Server, root: &str, paths: &[&str]) -> Result<BTreeMap<String, Logged>, Failure> {
    let newest = newest(&server.query(&list(root, paths)).await?);
    if newest.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = server.query(&checksums(root, &newest)).await?;
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

/// Names of commits and checksums, the newest of each table. Of a binary file only what is asked for is read: here nothing.
fn list(root: &str, paths: &[&str]) -> String {
    let newest = |ending: &str| format!("max(CASE WHEN path RLIKE '/[0-9]{{20}}[.]{ending}$' THEN path END)");
    let files = format!("{root}{{{}}}/_delta_log/*.{{json,crc}}", paths.join(","));
    format!(
        "SELECT regexp_extract(path, '^(.*)/_delta_log/', 1) AS place, {} AS commit, {} AS checksum \
         FROM binaryFile.`{files}` GROUP BY 1",
        newest("json"),
        newest("crc")
    )
}

fn checksums(root: &str, newest: &BTreeMap<String, u64>) -> String {
    let file = |(place, version): (&String, &u64)| Some(format!("{}/_delta_log/{version:020}.crc", split(place)?.1));
    let files: Vec<String> = newest.iter().filter_map(file).collect();
    format!(
        "SELECT regexp_extract(_metadata.file_path, '^(.*)/_delta_log/', 1) AS place, value AS line \
         FROM text.`{root}{{{}}}`",
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

/// The store and the path in it: a pattern may not begin before the path. None where the path does not mean itself in a
/// pattern, in a URI and in backticks.
fn split(place: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = place.split_once(":/")?;
    // `file:/w`, `file:///w`, `s3a://bucket/w`
    let authority = rest.strip_prefix('/').map_or(0, |rest| 1 + rest.find('/').unwrap_or(rest.len()) + 1);
    let path = rest.get(authority..)?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=@+~".contains(letter);
    let is_scheme = scheme.chars().all(|letter| letter.is_ascii_alphanumeric());
    let root = &place[..place.len() - path.len()];
    (is_scheme && !path.is_empty() && path.chars().all(is_plain)).then_some((root, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_queries_ask_for_all_tables() {
        assert_eq!(
            list("file:/", &["w/a", "w/b"]),
            "SELECT regexp_extract(path, '^(.*)/_delta_log/', 1) AS place, \
             max(CASE WHEN path RLIKE '/[0-9]{20}[.]json$' THEN path END) AS commit, \
             max(CASE WHEN path RLIKE '/[0-9]{20}[.]crc$' THEN path END) AS checksum \
             FROM binaryFile.`file:/{w/a,w/b}/_delta_log/*.{json,crc}` GROUP BY 1"
        );
        let newest = BTreeMap::from([("file:/w/a".to_owned(), 7)]);
        let query = checksums("file:/", &newest);
        assert!(query.ends_with("FROM text.`file:/{w/a/_delta_log/00000000000000000007.crc}`"), "{query}");
    }

    #[test]
    fn odd_paths_are_left_to_others() {
        assert_eq!(split("file:/w/a-b_c"), Some(("file:/", "w/a-b_c")));
        assert_eq!(split("s3a://bucket/k=1/t"), Some(("s3a://bucket/", "k=1/t")));
        assert_eq!(split("abfss://c@a.dfs.core.windows.net/t"), Some(("abfss://c@a.dfs.core.windows.net/", "t")));
        let odd = ["file:/w/a b", "file:/w/{a}", "file:/w/ü", "file:/w/a%20b", "file:/a`b", "s3://bucket", "w/a", ""];
        assert_eq!(odd.map(split), [None; 8]);
        assert_eq!(version("file:/w/_delta_log/00000000000000000012.crc"), Some(12));
    }
}
