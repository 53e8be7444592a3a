//! What of a table names columns: clustering and keys.

use delta_engine_schema::draft::{ClusteringDraft, ForeignKeyDraft, Part, PrimaryKeyDraft, Unread};

use crate::fault::{FileFault, SHAPE};
use crate::keys::{FOREIGN_KEY, Key, PRIMARY_KEY};
use crate::reader::{Names, Reader};
use crate::tree::Node;

pub(super) fn clustering(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<ClusteringDraft> {
    match node.scalar() {
        Some("auto") => return Some(ClusteringDraft::Auto),
        Some(word) => {
            let message = "`clustered_by` takes a list of columns, or the word auto";
            let help = format!("put it in brackets: clustered_by: [{word}]");
            reader.fault(FileFault::new(SHAPE, node.span, message).help(help));
            return Some(ClusteringDraft::By(Vec::new()));
        }
        None => (),
    }
    reader.texts(node, key).map(|columns| ClusteringDraft::By(columns.names))
}

pub(super) fn primary_key(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<PrimaryKeyDraft> {
    let mut draft = PrimaryKeyDraft::default();
    if !node.is_map() {
        let columns = reader.texts(node, key)?;
        if columns.whole && columns.names.is_empty() {
            return None;
        }
        draft.columns = noted(Some(columns), Part::Columns, &mut draft.unread);
        return Some(draft);
    }
    let mut columns = None;
    for (key, entry) in reader.entries(node, &PRIMARY_KEY).known {
        match key.name {
            "name" => draft.name = reader.text(&entry.value, key).value(),
            "columns" => columns = reader.texts(&entry.value, key),
            "rely" => draft.rely = reader.boolean(&entry.value, key).value().unwrap_or_default(),
            _ => (),
        }
    }
    draft.columns = noted(columns, Part::Columns, &mut draft.unread);
    Some(draft)
}

pub(super) fn foreign_key(reader: &mut Reader<'_>, node: &Node<'_>) -> ForeignKeyDraft {
    let mut draft = ForeignKeyDraft::default();
    let (mut columns, mut references, mut referenced) = (None, None, None);
    let entries = reader.entries(node, &FOREIGN_KEY);
    if entries.may_hide("referenced_columns") {
        draft.unread.insert(Part::ReferencedColumns);
    }
    for (key, entry) in entries.known {
        match key.name {
            "name" => draft.name = reader.text(&entry.value, key).value(),
            "columns" => columns = reader.texts(&entry.value, key),
            "references" => references = reader.text(&entry.value, key).value(),
            "referenced_columns" => referenced = reader.texts(&entry.value, key),
            "rely" => draft.rely = reader.boolean(&entry.value, key).value().unwrap_or_default(),
            _ => (),
        }
    }
    draft.columns = noted(columns, Part::Columns, &mut draft.unread);
    if referenced.is_some() {
        draft.referenced_columns = noted(referenced, Part::ReferencedColumns, &mut draft.unread);
    }
    if references.is_none() {
        draft.unread.insert(Part::References);
    }
    draft.references = references.unwrap_or_default();
    draft
}

/// The names of a list that is needed; what is missing of it is reported, and noted.
fn noted(names: Option<Names>, part: Part, unread: &mut Unread) -> Vec<String> {
    let names = names.unwrap_or(Names { names: Vec::new(), whole: false });
    if !names.whole {
        unread.insert(part);
    }
    names.names
}
