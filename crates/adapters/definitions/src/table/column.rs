//! Columns and what is said of their nested fields.

use delta_engine_schema::draft::{ColumnDraft, FieldDraft, TypeDraft};
use delta_engine_schema::model::{Identity, Metadata};

use super::observed::{read_metadata, read_opaque, with_opaque};
use crate::fault::{BARE_WORD, FileFault, SHAPE, UNKNOWN_KEY};
use crate::keys::{COLUMN, FIELD, IDENTITY, Key};
use crate::reader::{Reader, head};
use crate::tree::{Entry, Kind, Node};

/// Reads a column; `snapshot` says whether the file is one.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, snapshot: bool) -> Option<ColumnDraft> {
    if let Some(fault) = short_form(node) {
        reader.fault(fault);
        return None;
    }
    let mut draft = ColumnDraft::new("", TypeDraft::Text(String::new()));
    let mut type_text = String::new();
    let mut opaque = Vec::new();
    for (key, entry) in reader.entries(node, &COLUMN) {
        let value = &entry.value;
        match key.name {
            "name" => draft.name = reader.text(value, key).unwrap_or_default(),
            "type" => type_text = data_type(reader, value, key),
            "nullable" => draft.nullable = reader.boolean(value, key).unwrap_or(true),
            "comment" => draft.comment = reader.text(value, key),
            "default" if snapshot => draft.default = reader.text(value, key),
            "default" => draft.default = default(reader, value, key),
            "generated" => draft.generated = reader.text(value, key),
            "identity" => draft.identity = identity(reader, value, key),
            "tags" => draft.tags = super::written(reader.scalars(value, key)),
            "renamed_from" => draft.renamed_from = former_names(reader, value, key),
            "fields" => draft.fields = fields(reader, value, key, snapshot),
            "metadata" => draft.metadata = metadata(reader, entry, key, snapshot),
            "opaque" if snapshot => opaque = read_opaque(reader, value, key),
            "opaque" => snapshot_only(reader, entry),
            _ => (),
        }
    }
    draft.data_type = if opaque.is_empty() { TypeDraft::Text(type_text) } else { with_opaque(type_text, &opaque) };
    Some(draft)
}

/// A column written as a name alone, or as `name: type`.
fn short_form(node: &Node<'_>) -> Option<FileFault> {
    if let Some(word) = node.scalar() {
        let message = "a column is a mapping with a name and a type, but a single value stands here";
        let (name, data_type) = word.split_once([' ', ':']).unwrap_or((word, "…"));
        let help = format!("write `- {{ name: {name}, type: {} }}`", data_type.trim());
        return Some(FileFault::new(SHAPE, node.span, message).help(help));
    }
    let [entry] = node.entries() else { return None };
    if COLUMN.key(&entry.key).is_some() || COLUMN.foreign.iter().any(|(word, _)| *word == entry.key) {
        return None;
    }
    let name = &entry.key;
    let Some(data_type) = entry.value.scalar() else {
        let message = format!("the column `{name}` is written as a key; a column's name is the value of `name`");
        let help = format!("write `- name: {name}` and indent the other keys as far as `name`");
        return Some(FileFault::new(SHAPE, entry.key_span, message).help(help));
    };
    let quote = if data_type.contains([',', ':']) { "\"" } else { "" };
    let message = format!("the column `{name}` is written as `name: type`; a column has the keys `name` and `type`");
    let help = format!("write `- {{ name: {name}, type: {quote}{data_type}{quote} }}`");
    Some(FileFault::new(SHAPE, entry.key_span, message).help(help))
}

/// The text of a type; a mapping or list stands there where a struct was left unquoted or spelled out.
fn data_type(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> String {
    if matches!(node.kind, Kind::Map(_) | Kind::List(_)) {
        let message = "a type is one text, but a mapping or list stands here";
        let help = "write nested types as SQL does, in quotes: type: \"struct<street: string, zip: string>\"";
        reader.fault(FileFault::new(SHAPE, head(node), message).help(help));
        return String::new();
    }
    reader.text(node, key).unwrap_or_default()
}

/// Words that are whole SQL expressions.
const NILADIC: &[&str] = &[
    "current_catalog",
    "current_database",
    "current_date",
    "current_schema",
    "current_timestamp",
    "current_timezone",
    "current_user",
    "localtimestamp",
    "session_user",
    "user",
    "true",
    "false",
    "null",
];

fn default(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<String> {
    let text = reader.text(node, key)?;
    let trimmed = text.trim();
    let words: Vec<&str> = trimmed.split_whitespace().collect();
    let letters = |word: &&str| word.chars().all(|letter| letter.is_alphabetic() || letter == '_' || letter == '-');
    let niladic = |word: &str| NILADIC.iter().any(|known| known.eq_ignore_ascii_case(word));
    if trimmed.is_empty() {
        let message = "the default is an empty SQL expression";
        let help = "write default: \"''\" for the empty text, or remove the key for no default";
        reader.fault(FileFault::new(BARE_WORD, node.span, message).help(help));
        return None;
    }
    if is_date(trimmed) {
        let message = format!("`{trimmed}` is read as SQL, where it is a subtraction");
        let help = format!("write default: \"DATE '{trimmed}'\" for the date, or \"'{trimmed}'\" for the text");
        reader.fault(FileFault::new(BARE_WORD, node.span, message).help(help));
        return None;
    }
    let sentence = words.iter().all(letters) && !words.first().is_some_and(|word| niladic(word) || is_operator(word));
    if sentence {
        let reads =
            if words.len() == 1 { "it names a column, and a default cannot use columns" } else { "it means nothing" };
        let message = format!("`{trimmed}` is read as SQL, where {reads}");
        let help =
            format!("write default: \"'{trimmed}'\" for the text {trimmed}; a function has parentheses, as in uuid()");
        reader.fault(FileFault::new(BARE_WORD, node.span, message).help(help));
        return None;
    }
    Some(text)
}

fn is_operator(word: &str) -> bool {
    ["case", "not", "interval"].iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text
            .char_indices()
            .all(|(at, letter)| if matches!(at, 4 | 7) { letter == '-' } else { letter.is_ascii_digit() })
}

fn identity(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<Identity> {
    if node.is_null() {
        return None;
    }
    let mut identity = Identity { start: 1, increment: 1, always: true };
    if node.scalar() == Some("true") {
        let message = "`identity` takes a mapping, which may be empty";
        let help = format!("write {}, or identity: {{}}", key.example);
        reader.fault(FileFault::new(SHAPE, node.span, message).help(help));
        return None;
    }
    for (key, entry) in reader.entries(node, &IDENTITY) {
        let value = &entry.value;
        match key.name {
            "start" => identity.start = reader.integer(value, key).unwrap_or(1),
            "increment" => identity.increment = reader.integer(value, key).unwrap_or(1),
            "always" => identity.always = reader.boolean(value, key).unwrap_or(true),
            _ => (),
        }
    }
    Some(identity)
}

fn former_names(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Vec<String> {
    if matches!(node.kind, Kind::Scalar { .. }) {
        return reader.text(node, key).into_iter().collect();
    }
    reader.texts(node, key).unwrap_or_default()
}

fn fields(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key, snapshot: bool) -> Vec<FieldDraft> {
    if let Kind::List(items) = &node.kind {
        let name = items.first().and_then(|item| item.get("name")).and_then(Node::scalar).unwrap_or("street");
        let message = "`fields` takes a mapping from paths to what is said of them, but a list stands here";
        let help =
            format!("write `fields: {{ {name}: {{ comment: … }} }}`; the fields' types stand in the column's `type`");
        reader.fault(FileFault::new(SHAPE, items.first().map_or(node.span, head), message).help(help));
        return Vec::new();
    }
    let entries = reader.map(node, key);
    entries.iter().filter(|entry| !entry.value.is_null()).map(|entry| field(reader, entry, snapshot)).collect()
}

fn field(reader: &mut Reader<'_>, entry: &Entry<'_>, snapshot: bool) -> FieldDraft {
    let mut draft = FieldDraft { path: entry.key.to_string(), ..FieldDraft::default() };
    if let Some(text) = entry.value.scalar() {
        let message = format!("the field `{}` takes a mapping, but a single value stands here", entry.key);
        let help = format!("write `{}: {{ comment: {text} }}`; types stand in the column's `type`", entry.key);
        reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(help));
        return draft;
    }
    for (key, inner) in reader.entries(&entry.value, &FIELD) {
        match key.name {
            "comment" => draft.comment = reader.text(&inner.value, key),
            "renamed_from" => draft.renamed_from = former_names(reader, &inner.value, key),
            "metadata" => draft.metadata = metadata(reader, inner, key, snapshot),
            _ => (),
        }
    }
    draft
}

fn metadata(reader: &mut Reader<'_>, entry: &Entry<'_>, key: &Key, snapshot: bool) -> Metadata {
    if snapshot {
        return read_metadata(reader, &entry.value, key);
    }
    snapshot_only(reader, entry);
    Metadata::default()
}

fn snapshot_only(reader: &mut Reader<'_>, entry: &Entry<'_>) {
    let message = format!("`{}` stands in snapshots only, and this file is none", entry.key);
    let help = "remove it, or write `kind: snapshot` at the top of the file";
    reader.fault(FileFault::new(UNKNOWN_KEY, entry.key_span, message).help(help));
}
