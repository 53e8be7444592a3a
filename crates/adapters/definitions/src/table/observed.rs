//! What a snapshot says beside a definition: id, version, features, raw metadata, types nobody knows.

use delta_engine_schema::draft::TypeDraft;
use delta_engine_schema::model::{DataType, Identifier, Metadata, RelationKind, split_dotted};

use crate::fault::{FileFault, SHAPE};
use crate::keys::{INBOUND_KEY, Key, OBSERVED, UNSEEN};
use crate::reader::Reader;
use crate::tree::{Kind, Node};

/// The `observed` block, not yet judged.
#[derive(Debug)]
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
#[derive(Debug, Default)]
pub(crate) struct InboundKeyDraft {
    pub(crate) table: String,
    pub(crate) name: Option<String>,
    pub(crate) referenced_columns: Vec<String>,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ObservedDraft> {
    let mut draft = ObservedDraft {
        table_id: String::new(),
        version: 0,
        features: Vec::new(),
        kind: RelationKind::Table,
        inbound_keys: Vec::new(),
        unknown: Vec::new(),
    };
    for (key, entry) in super::required(reader, node, &OBSERVED)? {
        let value = &entry.value;
        match key.name {
            "table_id" => draft.table_id = reader.text(value, key).unwrap_or_default(),
            "version" => draft.version = version(reader, value, key).unwrap_or_default(),
            "features" => draft.features = reader.texts(value, key).unwrap_or_default(),
            "kind" => {
                let kinds = [("table", RelationKind::Table), ("streaming_table", RelationKind::StreamingTable)];
                draft.kind = reader.choice(value, key, &kinds).unwrap_or(RelationKind::Table);
            }
            "inbound_keys" => {
                draft.inbound_keys = reader.list(value, key).iter().map(|item| inbound_key(reader, item)).collect();
            }
            "unknown" => draft.unknown = reader.list(value, key).iter().map(|item| unseen(reader, item)).collect(),
            _ => (),
        }
    }
    Some(draft)
}

fn version(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<u64> {
    let number = reader.integer(node, key)?;
    let version = u64::try_from(number).ok();
    if version.is_none() {
        let message = format!("a version is a number from 0, not {number}");
        reader.fault(FileFault::new(SHAPE, node.span, message).help("write the version of the log that was read"));
    }
    version
}

fn inbound_key(reader: &mut Reader<'_>, node: &Node<'_>) -> InboundKeyDraft {
    let mut draft = InboundKeyDraft::default();
    for (key, entry) in reader.entries(node, &INBOUND_KEY) {
        match key.name {
            "table" => draft.table = reader.text(&entry.value, key).unwrap_or_default(),
            "name" => draft.name = reader.text(&entry.value, key),
            "referenced_columns" => draft.referenced_columns = reader.texts(&entry.value, key).unwrap_or_default(),
            _ => (),
        }
    }
    draft
}

fn unseen(reader: &mut Reader<'_>, node: &Node<'_>) -> (String, Option<String>) {
    let mut aspect = String::new();
    let mut at = None;
    for (key, entry) in reader.entries(node, &UNSEEN) {
        match key.name {
            "aspect" => aspect = reader.text(&entry.value, key).unwrap_or_default(),
            "at" => at = reader.text(&entry.value, key),
            _ => (),
        }
    }
    (aspect, at)
}

/// Types that the model does not know: path below the column (`.` is the column itself) and raw JSON.
pub(super) fn read_opaque(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Vec<(String, String)> {
    // Raw texts are not ours to fill in.
    let lookup = reader.lookup.take();
    let pairs = super::written(reader.scalars(node, key));
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
            Kind::Map(_) => entry.value.get("json").and_then(Node::scalar).map(str::to_owned),
            Kind::List(_) => None,
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
