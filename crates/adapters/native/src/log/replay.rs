//! Reads a segment newest first until everything that describes the table is found.
//!
//! Owns the reconciliation of protocol, metadata and domains (PROTOCOL.md, "Action Reconciliation": the newest wins).
//! Lines of data files are told by their first key and not parsed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use delta_engine_schema::model::Feature;
use futures::StreamExt;

use super::checkpoint::{self, Wanted};
use super::error::LogError;
use super::line::{self, TableActions};
use super::segment::{Segment, commit_path};
use super::state::{LogState, NewestCommit, Protocol};
use crate::json::Json;
use crate::storage::TableFiles;

/// What was found so far.
#[derive(Default)]
struct Found {
    protocol: Option<Protocol>,
    metadata: Option<(Json, Json)>,
    /// Removed domains stay in as `None`, so that older files do not bring them back.
    domains: BTreeMap<String, Option<String>>,
    info: Option<Json>,
}

/// Reads what a segment says about its table.
pub(crate) async fn replay(files: &dyn TableFiles, segment: &Segment) -> Result<LogState, LogError> {
    let mut found = Found::default();
    let mut newest = None;
    let read = |path: String| async move { files.read(&path).await.map(|content| (path, content)) };
    let paths: Vec<String> = segment.commits.iter().map(|commit| commit.path()).collect();
    let mut commits = futures::stream::iter(paths).map(read).buffered(files.parallelism());
    while let Some(commit) = commits.next().await {
        let (path, content) = commit?;
        let is_newest = newest.is_none();
        line::each(&path, &content.bytes, is_newest, &mut |actions| found.absorb(&path, actions))?;
        newest.get_or_insert(content.modified);
        if found.is_complete() {
            break;
        }
    }
    drop(commits);
    if let Some(checkpoint) = segment.checkpoint.as_ref().filter(|_| !found.is_complete()) {
        for (path, lines) in checkpoint::lines(files, checkpoint, &checkpoint::table_actions, Wanted::Few).await? {
            line::each(&path, &lines, false, &mut |actions| found.absorb(&path, actions))?;
        }
    }

    let missing = |action| LogError::NoAction { action, version: segment.version };
    let protocol = found.protocol.ok_or_else(|| missing("protocol"))?;
    let (metadata, schema) = found.metadata.ok_or_else(|| missing("metaData"))?;
    let mut state = LogState {
        version: segment.version,
        protocol,
        metadata,
        schema,
        domains: found.domains.into_iter().filter_map(|(domain, text)| Some((domain, text?))).collect(),
        newest: newest.map(|modified| NewestCommit { info: found.info, modified }),
    };
    if state.newest.is_none() && segment.has_newest_commit && state.has_in_commit_timestamps() {
        state.newest = Some(newest_commit(files, segment.version).await?);
    }
    Ok(state)
}

/// The commit of a version that a checkpoint answers for: read only for its timestamp.
async fn newest_commit(files: &dyn TableFiles, version: u64) -> Result<NewestCommit, LogError> {
    let path = commit_path(version);
    let content = files.read(&path).await?;
    let mut found = Found::default();
    line::each(&path, &content.bytes, true, &mut |actions| found.absorb(&path, actions))?;
    Ok(NewestCommit { info: found.info, modified: content.modified })
}

impl Found {
    /// Whether older files can add nothing. Domains need all of them, unless the protocol rules domains out: a writer
    /// must not write one unless `writerFeatures` names the feature (PROTOCOL.md, "Domain Metadata").
    fn is_complete(&self) -> bool {
        let protocol = self.protocol.as_ref();
        self.metadata.is_some() && protocol.is_some_and(|protocol| !protocol.lists(Feature::DomainMetadata.name()))
    }

    fn absorb(&mut self, file: &str, actions: TableActions<'_>) -> Result<(), LogError> {
        let fault = |action, fault: String| LogError::Action { action, file: file.to_owned(), fault };
        let read = |action, raw: &str| Json::parse(raw).map_err(|error| fault(action, format!("is not JSON: {error}")));
        if let Some(raw) = actions.protocol.filter(|_| self.protocol.is_none()) {
            self.protocol = Some(Protocol::read(read("protocol", raw.get())?, file)?);
        }
        if let Some(raw) = actions.metadata.filter(|_| self.metadata.is_none()) {
            let metadata = read("metaData", raw.get())?;
            let schema = metadata
                .get("schemaString")
                .and_then(Json::as_str)
                .ok_or_else(|| fault("metaData", "has no `schemaString`".to_owned()))?;
            let schema = Json::parse(schema)
                .map_err(|error| fault("metaData", format!("has a `schemaString` that is not JSON: {error}")))?;
            if metadata.get("id").and_then(Json::as_str).is_none() {
                return Err(fault("metaData", "has no `id`".to_owned()));
            }
            self.metadata = Some((metadata, schema));
        }
        if let Some(raw) = actions.domain_metadata {
            let domain = read("domainMetadata", raw.get())?;
            let name = domain
                .get("domain")
                .and_then(Json::as_str)
                .ok_or_else(|| fault("domainMetadata", "has no `domain`".to_owned()))?;
            if let Entry::Vacant(entry) = self.domains.entry(name.to_owned()) {
                let removed = domain.get("removed").and_then(Json::as_bool).unwrap_or(false);
                let text = domain.get("configuration").and_then(Json::as_str).unwrap_or_default();
                entry.insert((!removed).then(|| text.to_owned()));
            }
        }
        if let Some(raw) = actions.commit_info.filter(|_| self.info.is_none()) {
            self.info = Some(read("commitInfo", raw.get())?);
        }
        Ok(())
    }
}
