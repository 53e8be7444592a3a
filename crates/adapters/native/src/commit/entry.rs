//! The commit file: one action a line, `commitInfo` first (PROTOCOL.md, "Commit Provenance Information").

use delta_engine_schema::Action;

use super::field_json::object;
use crate::json::Json;

/// What a commit says of itself.
#[derive(Debug)]
pub(super) struct Provenance<'p> {
    /// When, in milliseconds since 1970.
    pub(super) timestamp: i64,
    /// The in-commit timestamp, where the table keeps them.
    pub(super) in_commit_timestamp: Option<i64>,
    /// The version it follows; none for version 0.
    pub(super) read_version: Option<u64>,
    /// The id by which its writer knows it again.
    pub(super) transaction_id: String,
    /// Digest of the plan.
    pub(super) digest: &'p str,
}

/// The bytes of a commit.
pub(super) fn entry(
    provenance: &Provenance<'_>,
    actions: &[Action],
    protocol: Option<Json>,
    metadata: Option<Json>,
    domains: Vec<Json>,
) -> Vec<u8> {
    let mut lines = vec![line("commitInfo", commit_info(provenance, actions))];
    lines.extend(protocol.map(|protocol| line("protocol", protocol)));
    lines.extend(metadata.map(|metadata| line("metaData", metadata)));
    lines.extend(domains.into_iter().map(|domain| line("domainMetadata", domain)));
    lines.concat().into_bytes()
}

fn line(kind: &str, action: Json) -> String {
    format!("{}\n", object([(kind, action)]))
}

fn commit_info(provenance: &Provenance<'_>, actions: &[Action]) -> Json {
    let mut info = object([("timestamp", provenance.timestamp.into())]);
    if let Some(timestamp) = provenance.in_commit_timestamp {
        info.insert("inCommitTimestamp", timestamp);
    }
    let kinds: Json = actions.iter().map(|action| Json::from(action.kind())).collect();
    info.insert("operation", operation(actions));
    info.insert("operationParameters", object([("actions", kinds.to_string().into())]));
    if let Some(version) = provenance.read_version.and_then(|version| i64::try_from(version).ok()) {
        info.insert("readVersion", version);
    }
    info.insert("isolationLevel", "Serializable");
    info.insert("isBlindAppend", false);
    info.insert("engineInfo", concat!("delta-engine/", env!("CARGO_PKG_VERSION")));
    info.insert("txnId", provenance.transaction_id.as_str());
    info.insert("userMetadata", format!("delta-engine plan {}", provenance.digest));
    info
}

/// The name history shows: Delta's own where all actions share one, `ALTER TABLE` else.
fn operation(actions: &[Action]) -> &'static str {
    let mut names: Vec<&'static str> =
        actions.iter().filter(|action| !matches!(action, Action::EnableFeature { .. })).map(operation_of).collect();
    names.dedup();
    match names.as_slice() {
        [] => "UPGRADE PROTOCOL",
        [one] => one,
        [_, ..] => "ALTER TABLE",
    }
}

/// The names of Delta `DeltaOperations`.
fn operation_of(action: &Action) -> &'static str {
    match action {
        Action::CreateTable { .. } => "CREATE TABLE",
        Action::EnableFeature { .. } => "UPGRADE PROTOCOL",
        Action::SetProperty { .. } | Action::SetTableComment { .. } => "SET TBLPROPERTIES",
        Action::UnsetProperty { .. } => "UNSET TBLPROPERTIES",
        Action::DropCheck { .. } => "DROP CONSTRAINT",
        Action::AddCheck { .. } => "ADD CONSTRAINT",
        Action::RenameColumn { .. } => "RENAME COLUMN",
        Action::AddColumn { .. } => "ADD COLUMNS",
        Action::DropColumn { .. } => "DROP COLUMNS",
        Action::SetClustering { .. } => "CLUSTER BY",
        Action::MoveColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. } => "CHANGE COLUMN",
        Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::SetColumnTag { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => "ALTER TABLE",
    }
}
