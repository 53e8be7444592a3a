//! Delta logs, read by the server for us: two requests for many tables, whatever SQL itself hides of them.
//!
//! Spark writes a checksum file beside each commit, whose one line holds protocol, metadata and domains as they are at that
//! version (PROTOCOL.md, "Version Checksum File"). The first request lists names, which takes the server no job, the second
//! reads the newest checksum of each table. A table whose newest commit has none (other writers write none), whose commits are
//! not all in its folder, or whose path would be taken for a pattern is left out; it is for others to read.

mod checksum;
mod files;
mod single;

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt;
use serde_json::Value;

use crate::client::Failure;
use crate::observe::Detail;
use crate::server::Server;

pub(crate) use single::read_one;

/// Tables in one request. Spark lists so many folders and files by itself, and makes a job of more, which costs it many times as
/// much (`spark.sql.sources.parallelPartitionDiscovery.threshold`).
const TABLES: usize = 32;
/// Requests at once.
const REQUESTS: usize = 8;
/// Folders of one request that may be gone before its tables are left to others.
const GONE: usize = 3;

/// The folder of a table's log.
const LOG: &str = "_delta_log";

/// A table as its log has it.
#[derive(Debug)]
pub(crate) struct Logged {
    pub(crate) version: u64,
    pub(crate) schema: Value,
    pub(crate) detail: Detail,
}

/// What the logs at these places say, by place; none of those that have to be read in another way.
pub(crate) async fn read(server: &Server, places: Vec<&str>) -> Result<BTreeMap<String, Logged>, Failure> {
    let places: Vec<&str> = places.into_iter().filter(|place| files::is_path(place)).collect();
    let chunks: Vec<_> = places.chunks(TABLES).map(|places| read_chunk(server, places)).collect();
    let mut logs = BTreeMap::new();
    let mut chunks = futures::stream::iter(chunks).buffered(REQUESTS);
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(read) => logs.extend(read),
            // Where the server lets nobody read paths, the tables are described one by one.
            Err(Failure::Refused(refusal)) => tracing::debug!(%refusal, "logs not read"),
            Err(failure) => return Err(failure),
        }
    }
    Ok(logs)
}

async fn read_chunk(server: &Server, places: &[&str]) -> Result<BTreeMap<String, Logged>, Failure> {
    let newest = newest(places, &list(server, places).await?);
    if newest.is_empty() {
        return Ok(BTreeMap::new());
    }
    let paths = newest.iter().map(|(place, version)| format!("{place}/{LOG}/{version:020}.crc")).collect();
    let rows = server.rows_of(files::contents(paths)).await?;
    let mut logs = BTreeMap::new();
    for row in rows.iter() {
        let (Ok(Some(path)), Ok(Some(line))) = (row.text("path"), row.text("content")) else { continue };
        let Some((place, _)) = files::split(path) else { continue };
        let Some((place, version)) = newest.iter().find(|(asked, _)| files::is_same(asked, place)) else { continue };
        match checksum::read(place, *version, line) {
            Ok(Some(logged)) => drop(logs.insert((*place).to_owned(), logged)),
            Ok(None) => {}
            Err(error) => tracing::debug!(place, version, %error, "checksum not read"),
        }
    }
    Ok(logs)
}

/// The files in the logs. A folder that is gone fails the request, which then does without it.
async fn list(server: &Server, places: &[&str]) -> Result<Vec<String>, Failure> {
    let mut folders: BTreeSet<String> = places.iter().map(|place| format!("{place}/{LOG}")).collect();
    for _ in 0..GONE {
        let failure = match server.files_of(files::in_folders(folders.iter().cloned().collect())).await {
            Ok(files) => return Ok(files),
            Err(failure) => failure,
        };
        let gone = failure.refusal().filter(|refusal| refusal.is("PATH_NOT_FOUND"));
        let gone = gone.and_then(|refusal| refusal.parameters.get("path")).map(|path| path.trim_matches('"'));
        let before = folders.len();
        folders.retain(|folder| !gone.is_some_and(|gone| files::is_same(folder, gone)));
        if folders.len() == before {
            return Err(failure);
        }
        if folders.is_empty() {
            return Ok(Vec::new());
        }
    }
    server.files_of(files::in_folders(folders.into_iter().collect())).await
}

/// The newest version of each table whose newest commit has a checksum.
fn newest<'p>(places: &[&'p str], files: &[String]) -> BTreeMap<&'p str, u64> {
    #[derive(Default)]
    struct Newest {
        commit: Option<u64>,
        checksum: Option<u64>,
    }
    let mut found: BTreeMap<String, Newest> = BTreeMap::new();
    for file in files {
        let file = files::decoded(file);
        let Some((place, name)) = files::split(&file) else { continue };
        let of_place = found.entry(files::plain(place)).or_default();
        match name.split_once('.') {
            Some((_, "json")) => of_place.commit = of_place.commit.max(version(name)),
            Some((_, "crc")) => of_place.checksum = of_place.checksum.max(version(name)),
            // Checkpoints, compacted logs and what others leave behind.
            Some(_) | None => {}
        }
    }
    let of_place = |place: &&'p str| {
        let Newest { commit, checksum } = found.get(&files::plain(place))?;
        Some((*place, commit.filter(|commit| Some(*commit) == *checksum)?))
    };
    places.iter().filter_map(of_place).collect()
}

fn version(path: &str) -> Option<u64> {
    path.rsplit('/').next()?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_commit_counts_where_it_has_a_checksum() {
        let places = ["file:/w/a b", "file:/w/old", "file:/w/none", "s3a://bucket/t"];
        let file = |place: &str, name: &str| format!("{place}/_delta_log/{name}");
        let files = [
            file("file:///w/a%20b", "00000000000000000007.json"),
            file("file:///w/a%20b", "00000000000000000007.crc"),
            file("file:///w/a%20b", "00000000000000000006.json"),
            file("file:///w/a%20b", "00000000000000000000.00000000000000000009.compacted.json"),
            file("file:///w/old", "00000000000000000002.json"),
            file("file:///w/old", "00000000000000000001.crc"),
            file("s3a://bucket/t", "00000000000000000000.crc"),
            file("s3a://bucket/t", "00000000000000000000.json"),
            file("s3a://bucket/t", "notes.json"),
            "file:/w/elsewhere.json".to_owned(),
        ];
        assert_eq!(newest(&places, &files), [("file:/w/a b", 7), ("s3a://bucket/t", 0)].into());
    }

    #[test]
    fn versions_are_read_from_names() {
        assert_eq!(version("file:/w/_delta_log/00000000000000000012.crc"), Some(12));
        assert_eq!(version("file:/w/_delta_log/_last_checkpoint"), None);
    }
}
