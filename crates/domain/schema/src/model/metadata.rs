//! What a field carries in the log beside what the model names, kept verbatim.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Key of the column id under column mapping (PROTOCOL.md, "Column Mapping").
pub const COLUMN_ID: &str = "delta.columnMapping.id";
/// Property that names the highest id given so far.
pub const MAX_COLUMN_ID: &str = "delta.columnMapping.maxColumnId";
/// Key of the physical name under column mapping.
pub const PHYSICAL_NAME: &str = "delta.columnMapping.physicalName";

/// A field's metadata map: key to raw JSON text, verbatim.
///
/// Shared until it is changed: a plan is rehearsed on a copy of the table, and hardly any field's metadata changes. Most
/// fields have none, and that costs a pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata(Option<Arc<BTreeMap<Arc<str>, Arc<str>>>>);

impl Metadata {
    /// The raw JSON of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.as_ref()?.get(key).map(|raw| &**raw)
    }

    /// Sets a key to raw JSON.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, raw: impl Into<Arc<str>>) {
        Arc::make_mut(self.0.get_or_insert_default()).insert(key.into(), raw.into());
    }

    /// All entries in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(key, raw)| (&**key, &**raw))
    }

    /// The id that column mapping gave the field.
    pub fn column_id(&self) -> Option<u32> {
        self.get(COLUMN_ID)?.parse().ok()
    }

    /// Gives the field its id and physical name.
    pub fn set_mapping(&mut self, id: u32, physical_name: &str) {
        self.insert(COLUMN_ID, id.to_string());
        self.insert(PHYSICAL_NAME, json_text(physical_name));
    }
}

/// The text as a JSON string.
fn json_text(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json.push('"');
    json
}
