//! What the tables of a file share.

use delta_engine_schema::model::{Identifier, Scope, canonical_key};

use crate::keys::DEFAULTS;
use crate::reader::Reader;
use crate::tree::Node;

/// The defaults of a file.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    pub(super) catalog: Option<Identifier>,
    pub(super) schema: Option<Identifier>,
    pub(super) scope: Option<Scope>,
    properties: Vec<(String, Option<String>)>,
    tags: Vec<(String, Option<String>)>,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Defaults {
    let mut defaults = Defaults::default();
    for (key, entry) in reader.entries(node, &DEFAULTS) {
        let value = &entry.value;
        match key.name {
            "catalog" => defaults.catalog = reader.text(value, key).map(Identifier::new),
            "schema" => defaults.schema = reader.text(value, key).map(Identifier::new),
            "properties" => defaults.properties = reader.scalars(value, key),
            "tags" => defaults.tags = reader.scalars(value, key),
            "scope" => defaults.scope = super::scope(reader, value, key),
            _ => (),
        }
    }
    defaults
}

impl Defaults {
    /// The properties of a table: its own, then those of the file that it does not name.
    ///
    /// A table's null stays: it says that the property must not be set.
    pub(super) fn with_properties(&self, own: Vec<(String, Option<String>)>) -> Vec<(String, Option<String>)> {
        merged(own, &self.properties, |left, right| canonical_key(left) == canonical_key(right))
    }

    /// The tags of a table: its own, then those of the file that it does not name; null takes one away.
    pub(super) fn with_tags(&self, own: Vec<(String, Option<String>)>) -> Vec<(String, String)> {
        super::written(merged(own, &self.tags, |left, right| left == right))
    }
}

fn merged(
    mut own: Vec<(String, Option<String>)>,
    shared: &[(String, Option<String>)],
    same: impl Fn(&str, &str) -> bool,
) -> Vec<(String, Option<String>)> {
    for (name, value) in shared {
        if !own.iter().any(|(there, _)| same(there, name)) {
            own.push((name.clone(), value.clone()));
        }
    }
    own
}
