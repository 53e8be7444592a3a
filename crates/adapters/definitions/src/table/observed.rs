//! What a snapshot says beside a definition: id, version, features, raw metadata, types nobody knows.

use delta_engine_schema::draft::TypeDraft;
use delta_engine_schema::model::{DataType, Identifier, Metadata, RelationKind, split_dotted};

use crate::fault::{FileFault, SHAPE};
use crate::keys::{INBOUND_KEY, Key, OBSERVED, UNSEEN};
use crate::reader::{Read, Reader};
use crate::tree::{Kind, Node};

/// The `observed` block, not yet judged.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ObservedDraft {
    pub(crate) table_id: String,
    pub(crate) version: u64,
    pub(crate) features: Vec<String>,
    pub(crate) kind: RelationKind,
    pub(crate) inbound_keys: Vec<InboundKeyDraft>,
    /// Aspect and path.
    pub(crate) unknown: Vec<(String, Option<String>)>,
}

/// A key of another table that refers to this one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InboundKeyDraft {
    pub(crate) table: String,
    pub(crate) name: Option<String>,
    pub(crate) referenced_columns: Vec<String>,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Read<ObservedDraft> {
    let mut draft = ObservedDraft {
        table_id: String::new(),
        version: 0,
        features: Vec::new(),
        kind: RelationKind::Table,
        inbound_keys: Vec::new(),
        unknown: Vec::new(),
    };
    for (key, entry) in reader.entries(node, &OBSERVED).known {
        let value = &entry.value;
        match key.name {
            "table_id" => draft.table_id = reader.text(value, key).value().unwrap_or_default(),
            "version" => draft.version = version(reader, value, key).value().unwrap_or_default(),
            "features" => draft.features = reader.texts(value, key).map(|features| features.names).unwrap_or_default(),
            "kind" => {
                let kinds = [("table", RelationKind::Table), ("streaming_table", RelationKind::StreamingTable)];
                draft.kind = reader.choice(value, key, &kinds).value().unwrap_or(RelationKind::Table);
            }
            "inbound_keys" => {
                let (keys, _) = reader.list(value, key);
                draft.inbound_keys = keys.iter().filter_map(|item| inbound_key(reader, item)).collect();
            }
            "unknown" => {
                let (entries, _) = reader.list(value, key);
                draft.unknown = entries.iter().filter_map(|item| unseen(reader, item)).collect();
            }
            _ => (),
        }
    }
    if node.is_map() { Read::Value(draft) } else { Read::Fault }
}

fn version(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Read<u64> {
    reader.integer(node, key).then(|number| {
        if let Ok(version) = u64::try_from(number) {
            return Read::Value(version);
        }
        let message = format!("a version is a number from 0, not {number}");
        reader.fault(FileFault::new(SHAPE, node.span, message).help("write the version of the log that was read"));
        Read::Fault
    })
}

/// A key, where its table could be read.
fn inbound_key(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<InboundKeyDraft> {
    let (mut table, mut name, mut referenced_columns) = (None, None, Vec::new());
    for (key, entry) in reader.entries(node, &INBOUND_KEY).known {
        match key.name {
            "table" => table = reader.text(&entry.value, key).value(),
            "name" => name = reader.text(&entry.value, key).value(),
            "referenced_columns" => {
                referenced_columns = reader.texts(&entry.value, key).map(|columns| columns.names).unwrap_or_default();
            }
            _ => (),
        }
    }
    Some(InboundKeyDraft { table: table?, name, referenced_columns })
}

/// Aspect and path, where the aspect could be read.
fn unseen(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<(String, Option<String>)> {
    let (mut aspect, mut at) = (None, None);
    for (key, entry) in reader.entries(node, &UNSEEN).known {
        match key.name {
            "aspect" => aspect = reader.text(&entry.value, key).value(),
            "at" => at = reader.text(&entry.value, key).value(),
            _ => (),
        }
    }
    Some((aspect?, at))
}

/// Types that the model does not know: path below the column (`.` is the column itself) and raw JSON.
pub(super) fn read_opaque(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Vec<(String, String)> {
    // Raw texts are not ours to fill in.
    let lookup = reader.lookup.take();
    let (pairs, _) = super::written(reader.scalars(node, key));
    reader.lookup = lookup;
    pairs
}

/// The type of this text with the unknown types put back in.
pub(super) fn with_opaque(text: String, opaque: &[(String, String)]) -> TypeDraft {
    let Ok(mut data_type) = text.parse::<DataType>() else { return TypeDraft::Text(text) };
    for (path, raw) in opaque {
        let parts = if path == "." { Vec::new() } else { split_dotted(path).unwrap_or_default() };
        let mut at = Some(&mut data_type);
        for part in &parts {
            at = at.and_then(|data_type| {
                let step = data_type.step(&Identifier::new(part.as_str())).map(|(step, _)| step)?;
                data_type.child_mut(&step)
            });
        }
        if let Some(place) = at {
            *place = DataType::Opaque(raw.as_str().into());
        }
    }
    TypeDraft::Type(data_type)
}

/// Raw JSON by key: a quoted text is a JSON text, a bare word stands for itself, `{ json: … }` is verbatim.
pub(super) fn read_metadata(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Metadata {
    let mut metadata = Metadata::default();
    for entry in reader.map(node, key) {
        let raw = match &entry.value.kind {
            Kind::Scalar { text, plain: true } => Some(text.to_string()),
            Kind::Scalar { text, plain: false } => serde_json::to_string(&**text).ok(),
            Kind::Map { .. } => entry.value.get("json").and_then(Node::scalar).map(str::to_owned),
            Kind::List { .. } => None,
            Kind::Unread => continue,
        };
        match raw.filter(|raw| serde_json::from_str::<serde_json::Value>(raw).is_ok()) {
            Some(raw) => metadata.insert(&*entry.key, raw),
            None => {
                let message = format!("the metadata `{}` is not JSON", entry.key);
                let help = "write a number, true, false, a quoted text, or `{ json: '…' }` for anything else";
                reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(help));
            }
        }
    }
    metadata
}
