//! What a log says of a table, as plain JSON values.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use delta_engine_native::log::read_state;
use delta_engine_native::storage::LocalFiles;
use serde_json::Value;

/// What a log says of a table at one version.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The version.
    pub version: u64,
    /// `protocol`.
    pub protocol: Value,
    /// `metaData`.
    pub metadata: Value,
    /// The domains that are not removed, with their configuration.
    pub domains: BTreeMap<String, String>,
}

/// The file of a commit.
pub fn commit_file(table: &Path, version: u64) -> PathBuf {
    table.join(format!("_delta_log/{version:020}.json"))
}

/// The actions of a commit, by kind; none where there is no such file.
pub fn commit(table: &Path, version: u64) -> Option<Vec<(String, Value)>> {
    let text = fs::read_to_string(commit_file(table, version)).ok()?;
    let action = |line: &str| {
        let Ok(Value::Object(line)) = serde_json::from_str(line) else { panic!("{version}: `{line}`") };
        line.into_iter().next().unwrap()
    };
    Some(text.lines().filter(|line| !line.trim().is_empty()).map(action).collect())
}

/// The newest version that has a commit file.
pub fn newest(table: &Path) -> u64 {
    let files = fs::read_dir(table.join("_delta_log")).unwrap();
    let version =
        |name: &str| name.strip_suffix(".json").filter(|stem| stem.len() == 20).and_then(|stem| stem.parse().ok());
    files.filter_map(|file| version(file.unwrap().file_name().to_str()?)).max().unwrap_or(0)
}

impl Text {
    /// The newest version, by the engine's own log reader, which is held against delta-rs's elsewhere.
    pub async fn read(table: &Path) -> Self {
        let state = read_state(&LocalFiles::new(table), None).await.unwrap().unwrap();
        let value = |text: String| serde_json::from_str(&text).unwrap();
        Self {
            version: state.version,
            protocol: value(state.protocol.raw.to_string()),
            metadata: value(state.metadata.to_string()),
            domains: state.domains,
        }
    }

    /// Version 0, from its commit alone.
    pub fn first(table: &Path) -> Self {
        let nothing = Self { version: 0, protocol: Value::Null, metadata: Value::Null, domains: BTreeMap::new() };
        nothing.with(&commit(table, 0).unwrap())
    }

    /// The newest version, from all commits and nothing else.
    pub fn replayed(table: &Path) -> Self {
        (0..newest(table)).fold(Self::first(table), |before, _| before.next(table))
    }

    /// The next version, from its commit alone.
    pub fn next(&self, table: &Path) -> Self {
        let version = self.version + 1;
        Self { version, ..self.clone() }.with(&commit(table, version).unwrap())
    }

    fn with(mut self, actions: &[(String, Value)]) -> Self {
        for (kind, action) in actions {
            match kind.as_str() {
                "protocol" => self.protocol = action.clone(),
                "metaData" => self.metadata = action.clone(),
                "domainMetadata" => {
                    let domain = action["domain"].as_str().unwrap().to_owned();
                    if action["removed"].as_bool() == Some(true) {
                        self.domains.remove(&domain);
                    } else {
                        self.domains.insert(domain, action["configuration"].as_str().unwrap().to_owned());
                    }
                }
                _other => {}
            }
        }
        self
    }

    /// The schema.
    pub fn schema(&self) -> Value {
        serde_json::from_str(self.metadata["schemaString"].as_str().unwrap()).unwrap()
    }

    /// The configuration.
    pub fn configuration(&self) -> BTreeMap<String, String> {
        let entries = self.metadata["configuration"].as_object().into_iter().flatten();
        entries.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
    }

    /// The value of a key, whatever its case.
    pub fn property(&self, key: &str) -> Option<String> {
        self.configuration().into_iter().find(|(theirs, _)| theirs.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    }
}
