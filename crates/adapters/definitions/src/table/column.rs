//! Columns and what is said of their nested fields.

use delta_engine_schema::draft::{ColumnDraft, FieldDraft, Part, TypeDraft, Unread};
use delta_engine_schema::model::{CONSTANT_WORDS, Identity, Metadata};

use super::observed::{read_metadata, read_opaque, with_opaque};
use crate::fault::{BARE_WORD, FileFault, SHAPE, UNKNOWN_KEY};
use crate::keys::{COLUMN, FIELD, IDENTITY, Key};
use crate::reader::{Read, Reader, head};
use crate::tree::{Entry, Kind, Node};

/// Reads a column; `snapshot` says whether the file is one.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>, snapshot: bool) -> ColumnDraft {
    if let Some((draft, fault)) = short_form(node) {
        reader.fault(fault);
        return draft;
    }
    let mut draft = ColumnDraft::new("", TypeDraft::Text(String::new()));
    let (mut name, mut type_text) = (None, None);
    let mut opaque = Vec::new();
    for (key, entry) in reader.entries(node, &COLUMN).known {
        let value = &entry.value;
        match key.name {
            "name" => name = reader.text(value, key).value(),
            "type" => type_text = data_type(reader, value, key).value(),
            "nullable" => draft.nullable = reader.boolean(value, key).value().unwrap_or(true),
            "comment" => draft.comment = reader.text(value, key).value(),
            "default" => {
                let read = if snapshot { reader.text(value, key) } else { default(reader, value, key) };
                draft.default = noted(read, Part::Default, &mut draft.unread);
            }
            "generated" => draft.generated = noted(reader.text(value, key), Part::Generated, &mut draft.unread),
            "identity" => draft.identity = noted(identity(reader, value, key), Part::Identity, &mut draft.unread),
            "tags" => (draft.tags, _) = super::written(reader.scalars(value, key)),
            "renamed_from" => draft.renamed_from = former_names(reader, value, key),
            "fields" => draft.fields = fields(reader, value, key, snapshot),
            "metadata" => draft.metadata = metadata(reader, entry, key, snapshot),
            "opaque" if snapshot => opaque = read_opaque(reader, value, key),
            "opaque" => snapshot_only(reader, entry),
            _ => (),
        }
    }
    // Both are needed: where one is not there, that is reported.
    if name.is_none() {
        draft.unread.insert(Part::Name);
    }
    if type_text.is_none() {
        draft.unread.insert(Part::Type);
    }
    draft.name = name.unwrap_or_default();
    let type_text = type_text.unwrap_or_default();
    draft.data_type = if opaque.is_empty() { TypeDraft::Text(type_text) } else { with_opaque(type_text, &opaque) };
    draft
}

/// What was read, with a note where it could not be.
fn noted<T>(read: Read<T>, part: Part, unread: &mut Unread) -> Option<T> {
    match read {
        Read::Value(value) => return Some(value),
        Read::Nothing => (),
        Read::Fault => unread.insert(part),
    }
    None
}

/// A column written as a name alone, or as `name: type`, with what is known of it.
fn short_form(node: &Node<'_>) -> Option<(ColumnDraft, FileFault)> {
    let mut draft = ColumnDraft::new("", TypeDraft::Text(String::new()));
    draft.unread.insert(Part::Type);
    if let Some(word) = node.scalar() {
        draft.unread.insert(Part::Name);
        let message = "a column is a mapping with a name and a type, but a single value stands here";
        let (name, data_type) = word.split_once([' ', ':']).unwrap_or((word, "…"));
        let help = format!("write `- {{ name: {name}, type: {} }}`", data_type.trim());
        return Some((draft, FileFault::new(SHAPE, node.span, message).help(help)));
    }
    let [entry] = node.entries() else { return None };
    if COLUMN.key(&entry.key).is_some() || COLUMN.foreign.iter().any(|(word, _)| *word == entry.key) {
        return None;
    }
    let name = &entry.key;
    draft.name = name.to_string();
    let Some(data_type) = entry.value.scalar() else {
        let message = format!("the column `{name}` is written as a key; a column's name is the value of `name`");
        let help = format!("write `- name: {name}` and indent the other keys as far as `name`");
        return Some((draft, FileFault::new(SHAPE, entry.key_span, message).help(help)));
    };
    draft.data_type = TypeDraft::Text(data_type.to_owned());
    draft.unread = Unread::default();
    let quote = if data_type.contains([',', ':']) { "\"" } else { "" };
    let message = format!("the column `{name}` is written as `name: type`; a column has the keys `name` and `type`");
    let help = format!("write `- {{ name: {name}, type: {quote}{data_type}{quote} }}`");
    Some((draft, FileFault::new(SHAPE, entry.key_span, message).help(help)))
}

/// The text of a type; a mapping or list stands there where a struct was left unquoted or spelled out.
fn data_type(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Read<String> {
    if matches!(node.kind, Kind::Map { .. } | Kind::List { .. }) {
        let message = "a type is one text, but a mapping or list stands here";
        let help = "write nested types as SQL does, in quotes: type: \"struct<street: string, zip: string>\"";
        reader.fault(FileFault::new(SHAPE, head(node), message).help(help));
        return Read::Fault;
    }
    reader.text(node, key)
}

fn default(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Read<String> {
    reader.text(node, key).then(|text| match bare_word(node, &text) {
        Some(fault) => {
            reader.fault(fault);
            Read::Fault
        }
        None => Read::Value(text),
    })
}

/// What is wrong with a default that was meant as a text, and is read as SQL.
fn bare_word(node: &Node<'_>, text: &str) -> Option<FileFault> {
    let trimmed = text.trim();
    let words: Vec<&str> = trimmed.split_whitespace().collect();
    let letters = |word: &&str| {
        let begins = word.starts_with(|first: char| first.is_alphabetic() || first == '_');
        begins && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
    };
    let niladic = |word: &str| CONSTANT_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word));
    if trimmed.is_empty() {
        let message = "the default is an empty SQL expression";
        let help = "write default: \"''\" for the empty text, or remove the key for no default";
        return Some(FileFault::new(BARE_WORD, node.span, message).help(help));
    }
    if is_date(trimmed) {
        let message = format!("`{trimmed}` is read as SQL, where it is a subtraction");
        let help = format!("write default: \"DATE '{trimmed}'\" for the date, or \"'{trimmed}'\" for the text");
        return Some(FileFault::new(BARE_WORD, node.span, message).help(help));
    }
    let sentence = words.iter().all(letters) && !words.first().is_some_and(|word| niladic(word) || is_operator(word));
    if sentence {
        let reads =
            if words.len() == 1 { "it names a column, and a default cannot use columns" } else { "it means nothing" };
        let message = format!("`{trimmed}` is read as SQL, where {reads}");
        let help = format!(
            "write default: \"'{trimmed}'\" for the text {trimmed}; a function has parentheses, as in upper('x')"
        );
        return Some(FileFault::new(BARE_WORD, node.span, message).help(help));
    }
    None
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

fn identity(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Read<Identity> {
    if node.is_null() {
        return Read::Nothing;
    }
    let mut identity = Identity { start: 1, increment: 1, always: true };
    if node.scalar() == Some("true") {
        let message = "`identity` takes a mapping, which may be empty";
        let help = format!("write {}, or identity: {{}}", key.example);
        reader.fault(FileFault::new(SHAPE, node.span, message).help(help));
        return Read::Fault;
    }
    for (key, entry) in reader.entries(node, &IDENTITY).known {
        let value = &entry.value;
        match key.name {
            "start" => identity.start = reader.integer(value, key).value().unwrap_or(1),
            "increment" => identity.increment = reader.integer(value, key).value().unwrap_or(1),
            "always" => identity.always = reader.boolean(value, key).value().unwrap_or(true),
            _ => (),
        }
    }
    if node.is_map() { Read::Value(identity) } else { Read::Fault }
}

fn former_names(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Vec<String> {
    if matches!(node.kind, Kind::Scalar { .. }) {
        return reader.text(node, key).value().into_iter().collect();
    }
    reader.texts(node, key).map(|former| former.names).unwrap_or_default()
}

fn fields(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key, snapshot: bool) -> Vec<FieldDraft> {
    if let Kind::List { items, .. } = &node.kind {
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
    for (key, inner) in reader.entries(&entry.value, &FIELD).known {
        match key.name {
            "comment" => draft.comment = reader.text(&inner.value, key).value(),
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
