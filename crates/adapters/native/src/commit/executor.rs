//! One commit at exactly the next version, and what an unclear answer means.
//!
//! Each commit has a transaction id of its own. After "already exists", a timeout or any unclear answer that version is
//! read: the own id means done, another one a lost race, nothing a retry. A lost race is run again on top of the winner
//! where the winner left the table as the plan saw it, and only after every proof held again for what it added.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use delta_engine_application::port::{
    Answer, Compiled, Context, ErrorKind, ExecutionError, Executor, Proof, Question, Receipt, Step,
};
use delta_engine_schema::model::{DesiredTable, ObservedTable};
use delta_engine_schema::{Action, simulate};
use deltalake::kernel::transaction::TransactionError;
use deltalake::logstore::{CommitOrBytes, LogStoreRef};
use uuid::Uuid;

use super::create::created;
use super::edit::edit;
use super::entry::{Provenance, entry};
use super::support;
use crate::lake::Lake;
use crate::log::{LogState, read_commit, read_state};
use crate::observe::observe;
use crate::probe;
use crate::storage::TableFiles;

/// How often a commit is tried on top of versions that others wrote, or after unclear answers.
const TRIES: u32 = 50;

/// Writes the tables of a lake.
#[derive(Debug, Clone)]
pub struct NativeExecutor {
    lake: Arc<Lake>,
}

impl NativeExecutor {
    /// The executor of a lake.
    pub fn new(lake: Arc<Lake>) -> Self {
        Self { lake }
    }

    /// What commits can do, wherever the table is.
    pub fn judge(desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        support::compile(desired, observed, actions)
    }
}

#[async_trait]
impl Executor for NativeExecutor {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        Self::judge(desired, observed, actions)
    }

    #[tracing::instrument(skip_all, fields(table = %context.relation.name))]
    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let files = self.lake.files(&context.relation).map_err(|error| unavailable("find the table", error))?;
        self.lake.check_commits_to(&context.relation).await?;
        let store = self.lake.log_store(&context.relation).map_err(|error| unavailable("open the table", error))?;
        Attempt { lake: &self.lake, files, store, step, context }.run().await
    }
}

struct Attempt<'a> {
    lake: &'a Lake,
    files: Arc<dyn TableFiles>,
    store: LogStoreRef,
    step: &'a Step,
    context: &'a Context,
}

/// A commit that is ready to be written.
struct Ready {
    version: u64,
    bytes: Vec<u8>,
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Receipt, ExecutionError> {
        let transaction_id = Uuid::new_v4().to_string();
        let mut tolerated = Vec::new();
        for _ in 0..TRIES {
            let ready = match &self.context.observed {
                Some(seen) => self.follow(seen, &transaction_id, &mut tolerated).await?,
                None => self.begin(&transaction_id).await?,
            };
            if self.context.cancellation.is_cancelled() {
                return Err(error(ErrorKind::Interrupted, "stopped before the commit".to_owned()));
            }
            if self.commit(ready.version, ready.bytes, &transaction_id).await? {
                let remarks = self.sync(ready.version).await.err().into_iter().collect();
                return Ok(Receipt { version: Some(ready.version), tolerated, remarks });
            }
        }
        Err(error(ErrorKind::Conflict, format!("other writers won the next version {TRIES} times")))
    }

    /// The commit that follows the newest version, where that version is still as the plan saw the table.
    async fn follow(
        &self,
        seen: &ObservedTable,
        transaction_id: &str,
        tolerated: &mut Vec<u64>,
    ) -> Result<Ready, ExecutionError> {
        let state = self.read().await?.ok_or_else(|| error(ErrorKind::Conflict, "the table is gone".to_owned()))?;
        self.same_as_seen(seen, &state)?;
        *tolerated = (seen.version + 1..=state.version).collect();
        self.prove_again(seen.version, state.version).await?;
        let now = now();
        let timestamp = self.in_commit_timestamp(&state, now)?;
        let edited = edit(&state, &self.step.actions, timestamp.unwrap_or(now))
            .map_err(|cause| refused("the plan does not fit the table's log", cause))?;
        let turns_on = edited.metadata.as_ref().is_some_and(|metadata| turns_on_timestamps(metadata, &state));
        let provenance = Provenance {
            timestamp: now,
            in_commit_timestamp: timestamp.or(turns_on.then_some(now)),
            read_version: Some(state.version),
            transaction_id: transaction_id.to_owned(),
            digest: &self.context.digest,
        };
        let bytes = entry(&provenance, &self.step.actions, edited.protocol, edited.metadata, edited.domains);
        Ok(Ready { version: state.version + 1, bytes })
    }

    /// Version 0.
    async fn begin(&self, transaction_id: &str) -> Result<Ready, ExecutionError> {
        if self.read().await?.is_some() {
            return Err(created_in_between());
        }
        self.only_an_empty_place().await?;
        let table_id = Uuid::new_v4().to_string();
        let table = simulate(None, &self.step.actions, &table_id)
            .map_err(|cause| refused("the plan creates no table", cause))?;
        let now = now();
        let (protocol, metadata, domains) =
            created(&table, now).map_err(|cause| refused("the plan creates no table", cause))?;
        let provenance = Provenance {
            timestamp: now,
            in_commit_timestamp: table.is_on("delta.enableInCommitTimestamps").then_some(now),
            read_version: None,
            transaction_id: transaction_id.to_owned(),
            digest: &self.context.digest,
        };
        Ok(Ready { version: 0, bytes: entry(&provenance, &self.step.actions, Some(protocol), Some(metadata), domains) })
    }

    /// Writes the version; says whether it is there now as ours.
    async fn commit(&self, version: u64, bytes: Vec<u8>, transaction_id: &str) -> Result<bool, ExecutionError> {
        let written =
            self.store.write_commit_entry(version, CommitOrBytes::LogBytes(bytes.into()), Uuid::new_v4()).await;
        let Err(cause) = written else { return Ok(true) };
        match read_commit(self.files.as_ref(), version).await {
            Ok(Some(commit)) => Ok(commit.transaction_id() == Some(transaction_id)),
            // "Already exists" without a file: try again.
            Ok(None) if is_race(&cause) => Ok(false),
            Ok(None) if self.may_still_come(&cause) => Err(ExecutionError {
                kind: ErrorKind::Ambiguous,
                message: format!("writing version {version} gave no clear answer, and it may still come"),
                help: Some("plan again: the plan shows whether the change is there".to_owned()),
                source: Some(Box::new(cause)),
            }),
            Ok(None) => Err(unavailable(&format!("write version {version}"), cause)),
            Err(cause) => Err(ExecutionError {
                kind: ErrorKind::Ambiguous,
                message: format!("writing version {version} gave no clear answer, and reading it failed"),
                help: Some("plan again: the plan shows whether the change is there".to_owned()),
                source: Some(Box::new(cause)),
            }),
        }
    }

    /// Whether a write that failed may be under way: on a local disk it is not, nor where the store answered with a refusal.
    fn may_still_come(&self, cause: &TransactionError) -> bool {
        use deltalake::logstore::object_store::Error;
        let is_local = self.lake.table_url(&self.context.relation).is_ok_and(|url| url.scheme() == "file");
        let refused = matches!(
            cause,
            TransactionError::ObjectStore {
                source: Error::NotFound { .. }
                    | Error::PermissionDenied { .. }
                    | Error::Unauthenticated { .. }
                    | Error::NotSupported { .. }
                    | Error::NotImplemented { .. }
                    | Error::InvalidPath { .. }
                    | Error::UnknownConfigurationKey { .. }
            }
        );
        !is_local && !refused
    }

    async fn read(&self) -> Result<Option<LogState>, ExecutionError> {
        read_state(self.files.as_ref(), None).await.map_err(|cause| unavailable("read the table's log", cause))
    }

    /// Commits that only moved data, identity marks or row-tracking domains leave what the plan saw as it was.
    fn same_as_seen(&self, seen: &ObservedTable, state: &LogState) -> Result<(), ExecutionError> {
        let mut now = observe(&seen.name, seen.location.as_deref(), state)
            .map_err(|cause| error(ErrorKind::Conflict, format!("version {} can't be read: {cause}", state.version)))?;
        let version = std::mem::replace(&mut now.version, seen.version);
        if now == *seen {
            return Ok(());
        }
        let change = if now.table_id == seen.table_id { "changed" } else { "replaced" };
        Err(error(
            ErrorKind::Conflict,
            format!("the table was {change} in between: version {version} follows version {}", seen.version),
        ))
    }

    async fn prove_again(&self, proven_at: u64, version: u64) -> Result<(), ExecutionError> {
        if version == proven_at || self.context.proofs.is_empty() {
            return Ok(());
        }
        let question = |proof: &Proof| Question {
            relation: self.context.relation.clone(),
            version,
            statement: proof.statement.clone(),
            effort: proof.effort,
            proven_at: Some(proven_at),
        };
        let questions: Vec<Question> = self.context.proofs.iter().map(question).collect();
        for answer in probe::answers(self.files.as_ref(), version, &questions.iter().collect::<Vec<_>>()).await {
            let why = match answer {
                Answer::Proven => continue,
                Answer::Refuted { example } => format!("rows that came in between break it: {example}"),
                Answer::NeedsScan { files, .. } => {
                    format!("{files} files came in between without statistics that prove it")
                }
                Answer::Unknowable { why } => why,
            };
            let message = format!("what was proved for version {proven_at} does not hold for version {version}: {why}");
            return Err(error(ErrorKind::Conflict, message));
        }
        Ok(())
    }

    /// PROTOCOL.md, "In-Commit Timestamps": greater than that of the version before, whatever the clock says.
    fn in_commit_timestamp(&self, state: &LogState, now: i64) -> Result<Option<i64>, ExecutionError> {
        if !state.has_in_commit_timestamps() {
            return Ok(None);
        }
        let before = state.in_commit_timestamp().ok_or_else(|| {
            error(
                ErrorKind::Refused,
                format!("version {} has no in-commit timestamp, so the next one can't be chosen", state.version),
            )
        })?;
        let next = before.checked_add(1).ok_or_else(|| {
            error(
                ErrorKind::Refused,
                format!("no in-commit timestamp is greater than that of version {}", state.version),
            )
        })?;
        Ok(Some(now.max(next)))
    }

    /// A table is not created over files that are no table.
    async fn only_an_empty_place(&self) -> Result<(), ExecutionError> {
        let found = self.lake.occupied(&self.context.relation).await;
        let Some(occupied) = found.map_err(|cause| unavailable("list the table's folder", cause))? else {
            return Ok(());
        };
        // Another writer was faster than the listing.
        if self.read().await?.is_some() {
            return Err(created_in_between());
        }
        let (message, help) = occupied.reason_and_help();
        Err(ExecutionError { kind: ErrorKind::Refused, message, help: Some(help.to_owned()), source: None })
    }

    /// On a local disk the commit and its folder are synced, so that "applied" outlives a power cut; for the first commit of
    /// a table the folders above it too, because they may be new. What went wrong is a remark: the commit is there.
    async fn sync(&self, version: u64) -> Result<(), String> {
        let url = self.lake.table_url(&self.context.relation).ok().filter(|url| url.scheme() == "file");
        let Some(table) = url.and_then(|url| url.to_file_path().ok()) else { return Ok(()) };
        let log = table.join("_delta_log");
        let root = crate::lake::local_path(self.lake.root());
        let sync = move || {
            let sync = |path: &Path| std::fs::File::open(path)?.sync_all();
            sync(&log.join(format!("{version:020}.json")))?;
            sync(&log)?;
            for folder in folders_above(&table, root.as_deref()).filter(|_| version == 0) {
                match sync(folder) {
                    // Above the root there may be folders that only let through.
                    Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
                    other => other?,
                }
            }
            Ok(())
        };
        let synced = tokio::task::spawn_blocking(sync).await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
        synced.map_err(|cause| {
            format!("version {version} is written, but a power cut may undo it: the disk could not be synced ({cause})")
        })
    }
}

/// The folders that may have come to be with a table: its own, and those above it up to what holds the root. Of a table outside
/// the root only the one that it stands in is known to be ours to look into.
fn folders_above<'t>(table: &'t Path, root: Option<&Path>) -> impl Iterator<Item = &'t Path> + use<'t> {
    let depth = root.and_then(|root| table.strip_prefix(root).ok()).map_or(1, |below| below.components().count() + 1);
    table.ancestors().take(depth + 1)
}

fn turns_on_timestamps(metadata: &crate::json::Json, state: &LogState) -> bool {
    let on = metadata.get("configuration").and_then(|entries| entries.get("delta.enableInCommitTimestamps"));
    !state.has_in_commit_timestamps()
        && on.and_then(crate::json::Json::as_str).is_some_and(delta_engine_schema::model::is_true)
}

fn is_race(error: &TransactionError) -> bool {
    matches!(error, TransactionError::VersionAlreadyExists(_))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis());
    since.ok().and_then(|milliseconds| i64::try_from(milliseconds).ok()).unwrap_or(0)
}

fn error(kind: ErrorKind, message: String) -> ExecutionError {
    ExecutionError { kind, message, help: None, source: None }
}

fn created_in_between() -> ExecutionError {
    error(ErrorKind::Conflict, "a table was created there in between".to_owned())
}

fn refused(message: &str, cause: impl std::error::Error + Send + Sync + 'static) -> ExecutionError {
    ExecutionError { kind: ErrorKind::Refused, message: message.to_owned(), help: None, source: Some(Box::new(cause)) }
}

fn unavailable(attempt: &str, cause: impl std::error::Error + Send + Sync + 'static) -> ExecutionError {
    ExecutionError {
        kind: ErrorKind::Unavailable,
        message: format!("failed to {attempt}"),
        help: Some("nothing was changed in this table; remove the cause, then apply again".to_owned()),
        source: Some(Box::new(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_new_table_go_up_to_what_holds_the_root() {
        let check = |table: &str, root: Option<&str>, expected: &[&str]| {
            let folders: Vec<&Path> = folders_above(Path::new(table), root.map(Path::new)).collect();
            assert_eq!(folders, expected.iter().map(Path::new).collect::<Vec<_>>());
        };
        check("/data/lake/s/t", Some("/data/lake"), &["/data/lake/s/t", "/data/lake/s", "/data/lake", "/data"]);
        check("/other/t", Some("/data/lake"), &["/other/t", "/other"]);
        check("/other/t", None, &["/other/t", "/other"]);
    }
}
