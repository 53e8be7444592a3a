//! Which keys each mapping has: the one list that the reader, its messages and the JSON Schemas share.

mod project;
mod table;

pub(crate) use project::{PERMISSION, PROJECT, TARGET, VARIABLE};
pub(crate) use table::{
    COLUMN, DEFAULTS, FIELD, FILE, FOREIGN_KEY, IDENTITY, INBOUND_KEY, OBSERVED, PRIMARY_KEY, TABLE, UNSEEN,
};

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    /// The key.
    pub(crate) name: &'static str,
    /// What it says, in one line.
    pub(crate) doc: &'static str,
    /// An example, as written in a file.
    pub(crate) example: &'static str,
    /// The JSON Schema of its value.
    pub(crate) schema: &'static str,
}

/// The keys of one kind of mapping.
#[derive(Debug)]
pub(crate) struct KeySet {
    /// What has them, with its article: `a column`.
    pub(crate) what: &'static str,
    /// The keys in the order people write them.
    pub(crate) keys: &'static [Key],
    /// Keys that are needed.
    pub(crate) needed: &'static [&'static str],
    /// What people write who come from elsewhere, and what to write here.
    pub(crate) foreign: &'static [(&'static str, &'static str)],
}

impl KeySet {
    /// The key of this name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The names that people write; the others stand in snapshots.
    pub(crate) fn shown(&self) -> Vec<&'static str> {
        self.names().into_iter().filter(|name| !matches!(*name, "observed" | "metadata" | "opaque")).collect()
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

const fn key(name: &'static str, doc: &'static str, example: &'static str, schema: &'static str) -> Key {
    Key { name, doc, example, schema }
}

const TEXT: &str = r#"{"type":"string"}"#;
const TEXT_OR_NULL: &str = r#"{"type":["string","number","boolean","null"]}"#;
const BOOLEAN: &str = r#"{"type":"boolean"}"#;
const NAMES: &str = r#"{"type":"array","items":{"type":"string"}}"#;
const NAMES_OR_NULL: &str = r#"{"type":["array","null"],"items":{"type":"string"}}"#;
const SCALARS: &str =
    r#"{"type":["object","null"],"additionalProperties":{"type":["string","number","boolean","null"]}}"#;
