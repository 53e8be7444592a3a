//! One commit, with all of its actions: for a writer that lost a race, or does not know whether it won.

use super::error::LogError;
use super::line;
use super::segment::commit_path;
use crate::json::Json;
use crate::storage::TableFiles;

/// One commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its version.
    pub version: u64,
    /// Its actions in order: the key (`add`, `metaData`, …) and the object.
    pub actions: Vec<(String, Json)>,
    /// When its file was written, in milliseconds since 1970.
    pub modified: i64,
}

impl Commit {
    /// The actions of one kind.
    pub fn of<'c>(&'c self, kind: &'c str) -> impl Iterator<Item = &'c Json> {
        self.actions.iter().filter(move |(theirs, _)| theirs == kind).map(|(_, action)| action)
    }

    /// The transaction id in its `commitInfo`.
    pub fn transaction_id(&self) -> Option<&str> {
        self.of("commitInfo").find_map(|info| info.get("txnId")?.as_str())
    }
}

/// Reads the commit of a version; `None` where there is none.
///
/// # Errors
/// Where the file can't be read or is not JSON lines.
pub async fn read_commit(files: &dyn TableFiles, version: u64) -> Result<Option<Commit>, LogError> {
    let path = commit_path(version);
    let content = match files.read(&path).await {
        Ok(content) => content,
        Err(error) if error.missing => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut actions = Vec::new();
    for (number, text) in line::lines(&content.bytes) {
        let raw: &serde_json::value::RawValue = line::parse(&path, number, text)?;
        let json =
            Json::parse(raw.get()).map_err(|source| LogError::Json { file: path.clone(), line: number, source })?;
        if let Json::Object(entries) = json {
            actions.extend(entries.into_iter().filter(|(_, action)| !action.is_null()));
        }
    }
    Ok(Some(Commit { version, actions, modified: content.modified }))
}
