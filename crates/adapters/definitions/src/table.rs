//! From a file's tree to the drafts of its tables.
//!
//! Reads every key of a table and merges `defaults`. Judges shapes only: whether a type or column exists is asked of
//! the draft, later.

mod column;
mod defaults;
mod observed;

use delta_engine_schema::draft::{ClusteringDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft};
use delta_engine_schema::model::Scope;

use crate::context::Context;
use crate::fault::{FileFault, SHAPE, UNKNOWN_KEY};
use crate::interpolate::Lookup;
use crate::keys::{FILE, FOREIGN_KEY, Key, KeySet, PRIMARY_KEY, PROJECT, TABLE};
use crate::project::from_base;
use crate::reader::{Reader, head};
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
    pub(crate) observed: Option<ObservedDraft>,
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

/// Reads a file, or reports everything that is wrong with it.
pub(crate) fn read_table_file(source: &SourceText, context: &Context) -> Result<TableFile, Vec<FileFault>> {
    let (root, faults) = read_tree(source);
    let lookup = |namespace: &str, name: &str| context.lookup(namespace, name);
    let lookup: &Lookup<'_> = &lookup;
    let mut reader = Reader::filling(source, lookup);
    reader.faults = faults;
    let file = root.map(|root| file(&mut reader, &root, context)).unwrap_or_default();
    if reader.faults.is_empty() { Ok(file) } else { Err(reader.faults) }
}

fn file(reader: &mut Reader<'_>, root: &Node<'_>, context: &Context) -> TableFile {
    let mut file = TableFile::default();
    if !matches!(root.kind, Kind::Map(_)) || is_bare_table(root) || is_project(root) {
        reader.fault(wrong_root(root));
        return file;
    }
    let entries = reader.entries(root, &FILE);
    let mut shared = Defaults::default();
    for (key, entry) in &entries {
        match key.name {
            "defaults" if !entry.value.is_null() => shared = defaults::read(reader, &entry.value),
            "kind" => file.snapshot = reader.choice(&entry.value, key, &[("snapshot", true)]).unwrap_or_default(),
            _ => (),
        }
    }
    let Some((key, tables)) = entries.iter().find(|(key, _)| key.name == "tables") else { return file };
    for (index, node) in named_list(reader, &tables.value, key, "a table").iter().enumerate() {
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

fn wrong_root(root: &Node<'_>) -> FileFault {
    if is_bare_table(root) {
        let message = "a table stands at the top of the file; tables are listed under `tables`";
        let help = "write `tables:` on the first line, then the table indented below it, beginning with `  - name:`";
        return FileFault::new(SHAPE, head(root), message).help(help);
    }
    if is_project(root) {
        let keys: Vec<&str> = root.entries().iter().map(|entry| &*entry.key).collect();
        let key = keys.iter().find(|key| PROJECT.key(key).is_some()).copied().unwrap_or_default();
        let message = format!("`{key}` belongs in the project file, but this file was read as definitions of tables");
        let help = "name the project file delta-engine.yml, outside the folders that `definitions` names";
        return FileFault::new(UNKNOWN_KEY, head(root), message).help(help);
    }
    let (what, span) = match &root.kind {
        Kind::List(items) => ("a list", items.first().map_or(root.span, head)),
        Kind::Scalar { .. } | Kind::Map(_) => ("a single text", root.span),
    };
    let message = format!("the file holds {what}, but definitions are a mapping with the key `tables`");
    FileFault::new(SHAPE, span, message).help("begin the file with `tables:` and indent the list below it")
}

/// A list of mappings with names; a mapping of names is a slip that gets its own words.
fn named_list<'n, 't>(reader: &mut Reader<'_>, node: &'n Node<'t>, key: &Key, what: &str) -> &'n [Node<'t>] {
    if let Kind::Map(entries) = &node.kind {
        let name = entries.first().map_or("…", |entry| &*entry.key);
        let message = format!("`{}` takes a list, but a mapping stands here", key.name);
        let help = format!("begin {what} with `- name: {name}`, and indent its other keys as far as `name`");
        reader.fault(FileFault::new(SHAPE, head(node), message).help(help));
        return &[];
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
    let mut observed = None;
    let (mut properties, mut tags) = (Vec::new(), Vec::new());
    for (key, entry) in reader.entries(node, &TABLE) {
        let value = &entry.value;
        match key.name {
            "name" => {
                let written = reader.text(value, key).unwrap_or_default();
                draft.name = complete(context, shared, &written);
            }
            "comment" => draft.comment = reader.text(value, key),
            "columns" => {
                let columns = named_list(reader, value, key, "a column");
                draft.columns.reserve_exact(columns.len());
                for column in columns {
                    if let Some(column) = column::read(reader, column, snapshot) {
                        draft.columns.push(column);
                    }
                }
            }
            "partitioned_by" => draft.partitioned_by = reader.texts(value, key),
            "clustered_by" => draft.clustered_by = clustering(reader, value, key),
            "primary_key" => draft.primary_key = primary_key(reader, value, key),
            "foreign_keys" => {
                for item in reader.list(value, key) {
                    if let Some(mut foreign) = foreign_key(reader, item) {
                        foreign.references = complete(context, shared, &foreign.references);
                        draft.foreign_keys.push(foreign);
                    }
                }
            }
            "checks" => draft.checks = written(reader.scalars(value, key)),
            "properties" => properties = reader.scalars(value, key),
            "tags" => tags = reader.scalars(value, key),
            "location" => {
                draft.location = reader.text(value, key).map(|path| from_base(&path, context.location_base.as_deref()))
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
    draft.properties = shared.with_properties(properties);
    draft.tags = shared.with_tags(tags);
    draft.origin = observed.as_ref().map(|observed: &ObservedDraft| observed.table_id.clone());
    TableEntry { index, draft, observed }
}

fn complete(context: &Context, shared: &Defaults, written: &str) -> String {
    context.complete(written, shared.catalog.as_ref(), shared.schema.as_ref())
}

fn clustering(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<ClusteringDraft> {
    match node.scalar() {
        Some("auto") => return Some(ClusteringDraft::Auto),
        Some(word) => {
            let message = "`clustered_by` takes a list of columns, or the word auto";
            let help = format!("put it in brackets: clustered_by: [{word}]");
            reader.fault(FileFault::new(SHAPE, node.span, message).help(help));
            return None;
        }
        None => (),
    }
    reader.texts(node, key).map(ClusteringDraft::By)
}

fn primary_key(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<PrimaryKeyDraft> {
    if !matches!(node.kind, Kind::Map(_)) {
        let columns = reader.texts(node, key)?;
        return (!columns.is_empty()).then(|| PrimaryKeyDraft { columns, ..PrimaryKeyDraft::default() });
    }
    let mut draft = PrimaryKeyDraft::default();
    for (key, entry) in reader.entries(node, &PRIMARY_KEY) {
        match key.name {
            "name" => draft.name = reader.text(&entry.value, key),
            "columns" => draft.columns = reader.texts(&entry.value, key).unwrap_or_default(),
            "rely" => draft.rely = reader.boolean(&entry.value, key).unwrap_or_default(),
            _ => (),
        }
    }
    Some(draft)
}

fn foreign_key(reader: &mut Reader<'_>, node: &Node<'_>) -> Option<ForeignKeyDraft> {
    let mut draft = ForeignKeyDraft::default();
    for (key, entry) in required(reader, node, &FOREIGN_KEY)? {
        match key.name {
            "name" => draft.name = reader.text(&entry.value, key),
            "columns" => draft.columns = reader.texts(&entry.value, key).unwrap_or_default(),
            "references" => draft.references = reader.text(&entry.value, key).unwrap_or_default(),
            "referenced_columns" => draft.referenced_columns = reader.texts(&entry.value, key).unwrap_or_default(),
            "rely" => draft.rely = reader.boolean(&entry.value, key).unwrap_or_default(),
            _ => (),
        }
    }
    Some(draft)
}

/// The entries of a mapping that must be one.
fn required<'n, 't>(
    reader: &mut Reader<'_>,
    node: &'n Node<'t>,
    set: &'static KeySet,
) -> Option<Vec<(&'static Key, &'n crate::tree::Entry<'t>)>> {
    let entries = reader.entries(node, set);
    matches!(node.kind, Kind::Map(_)).then_some(entries)
}

fn scope(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<Scope> {
    let names: Vec<(String, Scope)> = Scope::ALL.into_iter().map(|scope| (scope.to_string(), scope)).collect();
    let choices: Vec<(&str, Scope)> = names.iter().map(|(name, scope)| (name.as_str(), *scope)).collect();
    reader.choice(node, key, &choices)
}

/// The pairs that have a value; null says that nothing is wanted.
fn written(pairs: Vec<(String, Option<String>)>) -> Vec<(String, String)> {
    pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
