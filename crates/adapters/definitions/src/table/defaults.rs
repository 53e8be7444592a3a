//! What the tables of a file share.

use delta_engine_schema::model::{Identifier, Scope, TableName, canonical_key};

use crate::keys::{DEFAULTS, Key};
use crate::reader::{Read, Reader};
use crate::tree::Node;

/// The defaults of a file.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(super) catalog: Option<Identifier>,
    pub(super) schema: Option<Identifier>,
    pub(super) scope: Option<Scope>,
    properties: Vec<(String, Read<String>)>,
    tags: Vec<(String, Read<String>)>,
    /// Whether there is a catalog, or a schema, that could not be read.
    unread_catalog: bool,
    unread_schema: bool,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Defaults {
    let entries = reader.entries(node, &DEFAULTS);
    let mut defaults = Defaults {
        unread_catalog: entries.may_hide("catalog"),
        unread_schema: entries.may_hide("schema"),
        ..Defaults::default()
    };
    for (key, entry) in entries.known {
        let value = &entry.value;
        match key.name {
            "catalog" => defaults.catalog = name(reader, value, key, &mut defaults.unread_catalog),
            "schema" => defaults.schema = name(reader, value, key, &mut defaults.unread_schema),
            "properties" => defaults.properties = reader.scalars(value, key),
            "tags" => defaults.tags = reader.scalars(value, key),
            "scope" => defaults.scope = super::scope(reader, value, key),
            _ => (),
        }
    }
    defaults
}

fn name(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key, unread: &mut bool) -> Option<Identifier> {
    let read = reader.text(node, key);
    *unread |= read == Read::Fault;
    read.value().map(Identifier::new)
}

impl Defaults {
    /// Defaults that are written and could not be read.
    pub(super) fn unread() -> Self {
        Self { unread_catalog: true, unread_schema: true, ..Self::default() }
    }

    /// Whether a name has a part that is not known, because it is left to a default that could not be read.
    pub(super) fn may_complete(&self, written: &str) -> bool {
        let Ok(name) = written.parse::<TableName>() else { return false };
        (self.unread_schema && name.schema.is_none()) || (self.unread_catalog && name.catalog.is_none())
    }

    /// The properties of a table: its own, then those of the file that it does not name.
    ///
    /// A table's null stays: it says that the property must not be set.
    pub(super) fn with_properties(&self, own: Vec<(String, Read<String>)>) -> Vec<(String, Read<String>)> {
        merged(own, &self.properties, |left, right| canonical_key(left) == canonical_key(right))
    }

    /// The tags of a table: its own, then those of the file that it does not name; null takes one away.
    pub(super) fn with_tags(&self, own: Vec<(String, Read<String>)>) -> Vec<(String, Read<String>)> {
        merged(own, &self.tags, |left, right| left == right)
    }
}

fn merged(
    mut own: Vec<(String, Read<String>)>,
    shared: &[(String, Read<String>)],
    same: impl Fn(&str, &str) -> bool,
) -> Vec<(String, Read<String>)> {
    for (name, value) in shared {
        if !own.iter().any(|(there, _)| same(there, name)) {
            own.push((name.clone(), value.clone()));
        }
    }
    own
}
