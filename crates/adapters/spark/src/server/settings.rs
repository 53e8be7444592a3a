//! Settings of the session that change what a statement means: read once, set where they are not as they must be.

use std::collections::BTreeMap;

use super::ServerError;
use crate::client::{Client, Failure};

/// Text that commits of the session carry.
pub(super) const USER_METADATA: &str = "spark.databricks.delta.commitInfo.userMetadata";
/// Replaces `${…}` before a statement is read.
const SUBSTITUTE: &str = "spark.sql.variable.substitute";

struct Setting {
    name: &'static str,
    wanted: &'static str,
    /// What it is where the server does not know it.
    default: &'static str,
}

const fn setting(name: &'static str, wanted: &'static str, default: &'static str) -> Setting {
    Setting { name, wanted, default }
}

const SETTINGS: [Setting; 6] = [
    setting(SUBSTITUTE, "false", "true"),
    // Literals are written with backslashes.
    setting("spark.sql.parser.escapedStringLiterals", "false", "false"),
    // Delta compares names without case.
    setting("spark.sql.caseSensitive", "false", "false"),
    // `timestamp` in types and casts.
    setting("spark.sql.timestampType", "TIMESTAMP_LTZ", "TIMESTAMP_LTZ"),
    // Forgets the length of char and varchar in CREATE TABLE.
    setting("spark.sql.legacy.charVarcharAsString", "false", "false"),
    // Makes "a" in an expression a name.
    setting("spark.sql.ansi.doubleQuotedIdentifiers", "false", "false"),
];

/// What the session was given, to give it to the next one.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    pub(super) changed: Vec<(&'static str, &'static str)>,
    /// Whether `${…}` is replaced all the same.
    pub(super) substitutes: bool,
    /// Whether commits can carry a text.
    pub(super) marks_commits: bool,
    /// Those that the server neither shows nor lets anybody set.
    pub(super) unchecked: Vec<&'static str>,
}

impl Settings {
    /// Gives them to another session of the same server.
    pub(super) async fn apply(&self, client: &Client) -> Result<(), Failure> {
        if self.changed.is_empty() {
            return Ok(());
        }
        client.set(&self.changed).await.map(|_| ())
    }
}

/// The settings that matter, and these others; of one that is not set, none. A server that lets nobody ask for one of them is
/// asked one by one, and what it hides is left out.
pub(super) async fn read(client: &Client, others: &[&str]) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).chain(others.iter().copied()).collect();
    match client.settings(&names).await {
        Err(Failure::Refused(_)) => {}
        Ok(answer) => return Ok(names.iter().map(|name| ((*name).to_owned(), None)).chain(answer).collect()),
        Err(failure) => return Err(failure),
    }
    let mut read = BTreeMap::new();
    for name in names {
        match client.settings(&[name]).await {
            Ok(answer) => read.extend([(name.to_owned(), None)].into_iter().chain(answer)),
            Err(Failure::Refused(refusal)) => tracing::debug!(name, %refusal, "setting not shown"),
            Err(failure) => return Err(failure),
        }
    }
    Ok(read)
}

/// Sets what is not as it must be, or what the server does not show.
pub(super) async fn prepare(client: &Client, read: &BTreeMap<String, Option<String>>) -> Result<Settings, ServerError> {
    let mut settings = Settings::default();
    for Setting { name, wanted, default } in SETTINGS {
        let shown = read.get(name);
        let value = shown.cloned().flatten().unwrap_or_else(|| default.to_owned());
        if shown.is_some() && value.eq_ignore_ascii_case(wanted) {
            continue;
        }
        match client.set(&[(name, wanted)]).await {
            Ok(_) => settings.changed.push((name, wanted)),
            Err(Failure::Refused(_)) if name == SUBSTITUTE => settings.substitutes = true,
            Err(Failure::Refused(refusal)) if shown.is_none() => {
                tracing::debug!(name, %refusal, "setting neither shown nor set");
                settings.unchecked.push(name);
            }
            Err(source) => return Err(ServerError::Setting { setting: name, value, wanted, source }),
        }
    }
    settings.marks_commits = match client.set(&[(USER_METADATA, "delta-engine")]).await {
        Ok(_) => true,
        Err(Failure::Refused(_)) => false,
        Err(source) => return Err(ServerError::Request { attempt: "set the session's settings", source }),
    };
    Ok(settings)
}
