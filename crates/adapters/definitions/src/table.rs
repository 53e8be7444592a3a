//! From a file's tree to the drafts of its tables.
//!
//! Reads every key of a table and merges `defaults`. Judges shapes only: whether a type or column exists is asked of
//! the draft, later. A table, column or key that could not be read is a draft all the same, with marks on what is not
//! known of it, so that the rest is judged and the places of drafts are those of the file.

mod column;
mod defaults;
mod members;
mod observed;

use delta_engine_schema::draft::{Part, TableDraft};
use delta_engine_schema::model::Scope;

use crate::context::Context;
use crate::fault::{FileFault, SHAPE, UNKNOWN_KEY};
use crate::interpolate::Lookup;
use crate::keys::{FILE, Key, PROJECT, TABLE};
use crate::project::from_base;
use crate::reader::{Read, Reader, head};
use crate::text::SourceText;
use crate::tree::{Kind, Node, read_tree};
use defaults::Defaults;

pub(crate) use observed::ObservedDraft;

/// One table of a file.
#[derive(Debug)]
pub(crate) struct TableEntry {
    /// Its place in the list `tables`.
    pub(crate) index: usize,
    pub(crate) draft: TableDraft,
    /// What a snapshot says beside the definition.
    pub(crate) observed: Read<ObservedDraft>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct TableFile {
    /// Whether it says `kind: snapshot`.
    pub(crate) snapshot: bool,
    pub(crate) tables: Vec<TableEntry>,
    /// The line each table begins on.
    pub(crate) lines: Vec<u32>,
}

/// Reads what can be read of a file, and reports everything that is wrong with it.
pub(crate) fn read_table_file(source: &SourceText, context: &Context) -> (TableFile, Vec<FileFault>) {
    let tree = read_tree(source);
    let lookup = |namespace: &str, name: &str| context.lookup(namespace, name);
    let lookup: &Lookup<'_> = &lookup;
    let mut reader = Reader::filling(source, lookup);
    reader.faults = tree.faults;
    let mut file = tree.root.map(|root| file(&mut reader, &root, context)).unwrap_or_default();
    if !reader.faults.is_empty() {
        file.tables.iter_mut().for_each(|table| table.draft.unread.insert(Part::Other));
    }
    (file, reader.faults)
}

fn file(reader: &mut Reader<'_>, root: &Node<'_>, context: &Context) -> TableFile {
    let mut file = TableFile::default();
    if !root.is_map() || is_bare_table(root) || is_project(root) {
        reader.faults.extend(wrong_root(root));
        return file;
    }
    let entries = reader.entries(root, &FILE);
    let mut shared = if entries.may_hide("defaults") { Defaults::unread() } else { Defaults::default() };
    for (key, entry) in &entries.known {
        match key.name {
            "defaults" if !entry.value.is_null() => shared = defaults::read(reader, &entry.value),
            "kind" => {
                file.snapshot = reader.choice(&entry.value, key, &[("snapshot", true)]).value().unwrap_or_default()
            }
            _ => (),
        }
    }
    let Some((key, tables)) = entries.known.iter().find(|(key, _)| key.name == "tables") else { return file };
    let (tables, _) = named_list(reader, &tables.value, key, "a table");
    for (index, node) in tables.iter().enumerate() {
        file.lines.push(node.span.line);
        file.tables.push(table(reader, node, index, &shared, context, file.snapshot));
    }
    file
}

fn is_bare_table(root: &Node<'_>) -> bool {
    root.get("tables").is_none() && root.get("columns").is_some()
}

fn is_project(root: &Node<'_>) -> bool {
    root.get("tables").is_none()
        && ["targets", "definitions", "variables", "rules", "allow"].iter().any(|key| root.get(key).is_some())
}

fn wrong_root(root: &Node<'_>) -> Option<FileFault> {
    if is_bare_table(root) {
        let message = "a table stands at the top of the file; tables are listed under `tables`";
        let help = "write `tables:` on the first line, then the table indented below it, beginning with `  - name:`";
        return Some(FileFault::new(SHAPE, head(root), message).help(help));
    }
    if is_project(root) {
        let keys: Vec<&str> = root.entries().iter().map(|entry| &*entry.key).collect();
        let key = keys.iter().find(|key| PROJECT.key(key).is_some()).copied().unwrap_or_default();
        let message = format!("`{key}` belongs in the project file, but this file was read as definitions of tables");
        let help = "name the project file delta-engine.yml, outside the folders that `definitions` names";
        return Some(FileFault::new(UNKNOWN_KEY, head(root), message).help(help));
    }
    let (what, span) = match &root.kind {
        Kind::List { items, .. } => ("a list", items.first().map_or(root.span, head)),
        Kind::Scalar { .. } | Kind::Map { .. } => ("a single text", root.span),
        Kind::Unread => return None,
    };
    let message = format!("the file holds {what}, but definitions are a mapping with the key `tables`");
    Some(FileFault::new(SHAPE, span, message).help("begin the file with `tables:` and indent the list below it"))
}

/// A list of mappings with names, and whether it is whole; a mapping of names is a slip that gets its own words.
fn named_list<'n, 't>(reader: &mut Reader<'_>, node: &'n Node<'t>, key: &Key, what: &str) -> (&'n [Node<'t>], bool) {
    if let Kind::Map { entries, .. } = &node.kind {
        let name = entries.first().map_or("…", |entry| &*entry.key);
        let message = format!("`{}` takes a list, but a mapping stands here", key.name);
        let help = format!("begin {what} with `- name: {name}`, and indent its other keys as far as `name`");
        reader.fault(FileFault::new(SHAPE, head(node), message).help(help));
        return (&[], false);
    }
    reader.list(node, key)
}

fn table(
    reader: &mut Reader<'_>,
    node: &Node<'_>,
    index: usize,
    shared: &Defaults,
    context: &Context,
    snapshot: bool,
) -> TableEntry {
    let mut draft = TableDraft { scope: shared.scope.unwrap_or_default(), ..TableDraft::default() };
    let (mut properties, mut tags) = (Vec::new(), Vec::new());
    let entries = reader.entries(node, &TABLE);
    let mut name = None;
    let mut observed = if entries.may_hide("observed") { Read::Fault } else { Read::Nothing };
    if entries.may_hide("name") {
        draft.unread.insert(Part::Name);
    }
    if entries.may_hide("columns") || entries.hides_a_list() {
        draft.unread.insert(Part::Columns);
    }
    for (key, entry) in entries.known {
        let value = &entry.value;
        match key.name {
            "name" => name = reader.text(value, key).value(),
            "comment" => draft.comment = reader.text(value, key).value(),
            "columns" => {
                let (columns, whole) = named_list(reader, value, key, "a column");
                draft.columns = columns.iter().map(|column| column::read(reader, column, snapshot)).collect();
                if !whole {
                    draft.unread.insert(Part::Columns);
                }
            }
            "partitioned_by" => draft.partitioned_by = reader.texts(value, key).map(|columns| columns.names),
            "clustered_by" => draft.clustered_by = members::clustering(reader, value, key),
            "primary_key" => draft.primary_key = members::primary_key(reader, value, key),
            "foreign_keys" => {
                let (keys, _) = reader.list(value, key);
                draft.foreign_keys = keys.iter().map(|item| members::foreign_key(reader, item)).collect();
                for foreign in &mut draft.foreign_keys {
                    foreign.references = complete(context, shared, &foreign.references);
                }
            }
            "checks" => (draft.checks, draft.unread_checks) = written(reader.scalars(value, key)),
            "properties" => properties = reader.scalars(value, key),
            "tags" => tags = reader.scalars(value, key),
            "location" => {
                let location = reader.text(value, key).value();
                draft.location = location.map(|path| from_base(&path, context.location_base.as_deref()));
            }
            "scope" => draft.scope = scope(reader, value, key).unwrap_or(draft.scope),
            "observed" if snapshot => observed = observed::read(reader, value),
            "observed" => {
                let message = "`observed` stands in snapshots only, and this file is none";
                let help = "remove it, or write `kind: snapshot` at the top of the file";
                reader.fault(FileFault::new(UNKNOWN_KEY, entry.key_span, message).help(help));
            }
            _ => (),
        }
    }
    if name.as_deref().is_none_or(|name| shared.may_complete(name)) {
        draft.unread.insert(Part::Name);
    }
    draft.name = name.map(|name| complete(context, shared, &name)).unwrap_or_default();
    (draft.properties, draft.unread_properties) = properties_of(shared.with_properties(properties));
    (draft.tags, _) = written(shared.with_tags(tags));
    if let Read::Value(observed) = &observed {
        draft.origin = Some(observed.table_id.clone());
    }
    TableEntry { index, draft, observed }
}

fn complete(context: &Context, shared: &Defaults, written: &str) -> String {
    context.complete(written, shared.catalog.as_ref(), shared.schema.as_ref())
}

fn scope(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<Scope> {
    let names: Vec<(String, Scope)> = Scope::ALL.into_iter().map(|scope| (scope.to_string(), scope)).collect();
    let choices: Vec<(&str, Scope)> = names.iter().map(|(name, scope)| (name.as_str(), *scope)).collect();
    reader.choice(node, key, &choices).value()
}

/// The pairs that have a value, as null says that nothing is wanted, and the names whose value could not be read.
fn written(pairs: Vec<(String, Read<String>)>) -> (Vec<(String, String)>, Vec<String>) {
    let (mut values, mut unread) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        match value {
            Read::Value(value) => values.push((name, value)),
            Read::Nothing => (),
            Read::Fault => unread.push(name),
        }
    }
    (values, unread)
}

/// The properties, where null says that one must not be set, and the keys whose value could not be read.
fn properties_of(pairs: Vec<(String, Read<String>)>) -> (Vec<(String, Option<String>)>, Vec<String>) {
    let (mut values, mut unread) = (Vec::new(), Vec::new());
    for (key, value) in pairs {
        match value {
            Read::Value(value) => values.push((key, Some(value))),
            Read::Nothing => values.push((key, None)),
            Read::Fault => unread.push(key),
        }
    }
    (values, unread)
}
