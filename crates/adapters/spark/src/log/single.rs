//! The log of one table, read by a server that tells of files by their paths alone and describes no details.
//!
//! The newest checksum tells all, where there is one. Else the commits do, where all are there: a log that begins at a checkpoint
//! is left to others. Of the commits the newest line of each kind counts (PROTOCOL.md, "Action Reconciliation").

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Logged, checksum, version};
use crate::client::{Failure, Rows};
use crate::server::Server;

/// What the log at a place says; none where it can't be read whole.
pub(crate) async fn read_one(server: &Server, place: &str) -> Result<Option<Logged>, Failure> {
    if !is_plain(place) {
        return Ok(None);
    }
    match read(server, place).await {
        Err(Failure::Refused(refusal)) => {
            tracing::debug!(%refusal, place, "log not read");
            Ok(None)
        }
        read => read,
    }
}

async fn read(server: &Server, place: &str) -> Result<Option<Logged>, Failure> {
    let names = server.query(&format!("SELECT path FROM binaryFile.`{place}/_delta_log/*`")).await?;
    let Names { commits, checksums } = names_of(&names);
    let Some(newest) = commits.last().copied() else { return Ok(None) };
    if checksums.contains(&newest) {
        let file = format!("{place}/_delta_log/{newest:020}.crc");
        let rows = server.query(&format!("SELECT CAST(content AS STRING) AS line FROM binaryFile.`{file}`")).await?;
        let line = rows.first().and_then(|row| row.text("line").ok().flatten());
        if let Some(logged) = line.and_then(|line| checksum::read(place, newest, line).ok().flatten()) {
            return Ok(Some(logged));
        }
    }
    if !commits.into_iter().eq(0..=newest) {
        return Ok(None);
    }
    let line = replay(&server.query(&lines(place)).await?);
    Ok(line.and_then(|line| checksum::read(place, newest, &line).ok().flatten()))
}

/// Versions, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    commits: Vec<u64>,
    checksums: Vec<u64>,
}

fn names_of(rows: &Rows) -> Names {
    let mut names = Names::default();
    for path in rows.iter().filter_map(|row| row.text("path").ok().flatten().map(str::to_owned)) {
        // `00000000000000000007.json`, and not a compacted log.
        let Some(version) = version(&path) else { continue };
        match path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name).split_once('.') {
            Some((_, "json")) => names.commits.push(version),
            Some((_, "crc")) => names.checksums.push(version),
            Some(_) | None => {}
        }
    }
    names.commits.sort_unstable();
    names
}

/// The lines that say what the table is, and those that add files, which are counted only.
fn lines(place: &str) -> String {
    let kinds = ["protocol", "metaData", "domainMetadata", "add"];
    let is_wanted: Vec<String> = kinds.iter().map(|kind| format!("line LIKE '{{\"{kind}\"%'")).collect();
    format!(
        "SELECT path, line FROM (SELECT path, explode(split(CAST(content AS STRING), '\\n')) AS line \
         FROM binaryFile.`{place}/_delta_log/*.json`) WHERE {}",
        is_wanted.join(" OR ")
    )
}

/// The newest line of each kind, in the form of a checksum file.
fn replay(rows: &Rows) -> Option<String> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for row in rows.iter() {
        let (Ok(Some(path)), Ok(Some(line))) = (row.text("path"), row.text("line")) else { continue };
        lines.push((version(path)?, line.to_owned()));
    }
    combined(lines)
}

fn combined(mut lines: Vec<(u64, String)>) -> Option<String> {
    lines.sort_by_key(|(version, _)| *version);
    let (mut whole, mut domains, mut files) = (Map::new(), BTreeMap::new(), 0_u64);
    for (_, line) in lines {
        let Value::Object(action) = serde_json::from_str(&line).ok()? else { continue };
        for (kind, value) in action {
            match kind.as_str() {
                "protocol" => drop(whole.insert(kind, value)),
                "metaData" => drop(whole.insert("metadata".to_owned(), value)),
                "domainMetadata" => drop(domains.insert(value.get("domain")?.as_str()?.to_owned(), value)),
                // At least as many as there are now, so that none means none.
                "add" => files += 1,
                _ => {}
            }
        }
    }
    whole.insert("domainMetadata".to_owned(), domains.into_values().collect());
    whole.insert("numFiles".to_owned(), json!(files));
    Some(Value::Object(whole).to_string())
}

/// Whether a place means itself in a pattern, in a URI and in backticks.
fn is_plain(place: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=@+~:".contains(letter);
    place.contains(":/") && place.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_asked_for_by_their_kind() {
        let query = lines("file:///w/t");
        assert!(query.contains(r"split(CAST(content AS STRING), '\n')"), "{query}");
        assert!(query.ends_with(r#"OR line LIKE '{"domainMetadata"%' OR line LIKE '{"add"%'"#), "{query}");
    }

    #[test]
    fn the_newest_line_of_each_kind_counts() {
        let line = |version: u64, text: &str| (version, text.to_owned());
        let metadata = |id: &str| format!(r#"{{"metaData":{{"id":"{id}","schemaString":"{{}}"}}}}"#);
        let lines = vec![
            line(2, &metadata("new")),
            line(0, r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#),
            line(0, &metadata("old")),
            line(1, r#"{"add":{"path":"x"}}"#),
        ];
        let whole = combined(lines).unwrap();
        let logged = checksum::read("file:/w/t", 2, &whole).unwrap().unwrap();
        assert_eq!((logged.detail.table_id.as_str(), logged.detail.files), ("new", 1));
        assert_eq!(combined(vec![line(0, "{")]), None);
    }

    #[test]
    fn odd_places_are_left_to_others() {
        let places = ["file:///w/t", "s3://b/k=1/t", "file:///w/a b", "file:///w/{a,b}", "file:///w/a`b", "w/t"];
        assert_eq!(places.map(is_plain), [true, true, false, false, false, false]);
    }
}
