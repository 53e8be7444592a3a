//! Finds the place of a subject in the file that declared it.
//!
//! Keeps the text alone and reads the tree again when asked: places are wanted for few subjects, and a tree costs many
//! times its text.

use std::ops::Range;

use delta_engine_application::{Location, Sources};
use delta_engine_schema::model::{Aspect, Identifier, Path, Step, Subject, split_dotted};

use crate::text::{SourceText, Span};
use crate::tree::{Entry, Node, read_tree};

/// One table of a file.
#[derive(Debug)]
pub(crate) struct TableSource {
    pub(crate) text: SourceText,
    /// Place in the list `tables`.
    pub(crate) index: usize,
    /// The lines of the table alone, in large files.
    pub(crate) part: Option<Part>,
}

/// A run of whole lines of a file.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The first line, from 1.
    pub(crate) line: u32,
    pub(crate) bytes: Range<usize>,
}

impl Sources for TableSource {
    fn locate(&self, subject: &Subject, within: Option<Range<usize>>) -> Option<Location> {
        self.in_part(subject, within.clone()).or_else(|| {
            let (root, _) = read_tree(&self.text);
            let root = root?;
            let table = root.get("tables")?.items().get(self.index)?;
            Some(place(&self.text, root.get("defaults"), table, subject, within))
        })
    }
}

impl TableSource {
    /// The place found in the table's lines alone; `None` where they do not stand by themselves.
    fn in_part(&self, subject: &Subject, within: Option<Range<usize>>) -> Option<Location> {
        let part = self.part.as_ref()?;
        if matches!(subject.aspect, Some(Aspect::Tags | Aspect::Property | Aspect::Feature)) {
            return None; // May stand in `defaults`.
        }
        let text = SourceText::new(&self.text.name, self.text.text.get(part.bytes.clone())?);
        let (root, faults) = read_tree(&text);
        let root = root.filter(|_| faults.is_empty())?;
        let [table] = root.items() else { return None };
        table.get("name")?;
        let mut location = place(&text, None, table, subject, within);
        location.line += part.line as usize - 1;
        Some(location)
    }
}

fn place(
    text: &SourceText,
    defaults: Option<&Node<'_>>,
    table: &Node<'_>,
    subject: &Subject,
    within: Option<Range<usize>>,
) -> Location {
    let place = if subject.path.is_table() { in_table(defaults, table, subject) } else { in_column(table, subject) };
    let inside = within
        .zip(place.node.scalar())
        .filter(|(_, value)| !value.contains("${"))
        .and_then(|(range, value)| text.narrowed(place.node.span, value, range));
    text.location(inside.unwrap_or(place.span))
}

/// A node, and the span to show for it.
struct Place<'n, 't> {
    node: &'n Node<'t>,
    span: Span,
}

impl<'n, 't> From<&'n Node<'t>> for Place<'n, 't> {
    fn from(node: &'n Node<'t>) -> Self {
        Self { node, span: node.span }
    }
}

impl<'n, 't> From<&'n Entry<'t>> for Place<'n, 't> {
    /// The key, and the value where it is on the same line.
    fn from(entry: &'n Entry<'t>) -> Self {
        let whole = entry.key_span.to(entry.value.span);
        let span = if whole.line == whole.end_line { whole } else { entry.key_span };
        Self { node: &entry.value, span }
    }
}

fn in_table<'n, 't>(defaults: Option<&'n Node<'t>>, table: &'n Node<'t>, subject: &Subject) -> Place<'n, 't> {
    let whole = table.get("name").unwrap_or(table);
    let key = subject.key.as_deref();
    let value = |name: &str| table.get(name).map(Place::from);
    let shared = |name: &str| defaults.and_then(|defaults| defaults.get(name));
    let found = subject.aspect.and_then(|aspect| match aspect {
        Aspect::Existence | Aspect::Name => None,
        Aspect::Comment => value("comment"),
        Aspect::Order | Aspect::Type | Aspect::Nullability | Aspect::Default | Aspect::Generated | Aspect::Identity => {
            table.entry("columns").map(|entry| Place { node: &entry.value, span: entry.key_span })
        }
        Aspect::Tags => in_map(table.get("tags"), shared("tags"), key),
        Aspect::Property => in_map(table.get("properties"), shared("properties"), key),
        Aspect::Feature => {
            let written = key.map(|feature| format!("delta.feature.{feature}"));
            in_map(table.get("properties"), shared("properties"), written.as_deref())
        }
        Aspect::Layout => {
            let layout = table.get("clustered_by").or_else(|| table.get("partitioned_by"));
            layout.and_then(|layout| item(layout, key?)).or(layout).map(Place::from)
        }
        Aspect::Check => in_map(table.get("checks"), None, key),
        Aspect::PrimaryKey => value("primary_key"),
        Aspect::ForeignKey => {
            let keys = table.get("foreign_keys");
            keys.and_then(|keys| keys.items().iter().find(|item| is_foreign_key(item, key))).or(keys).map(Place::from)
        }
        Aspect::Location => value("location"),
    });
    found.unwrap_or_else(|| whole.into())
}

/// The entry of a key: the table's own before the file's, then all of the table's.
fn in_map<'n, 't>(own: Option<&'n Node<'t>>, shared: Option<&'n Node<'t>>, key: Option<&str>) -> Option<Place<'n, 't>> {
    named(own, key).or_else(|| named(shared, key)).map(Place::from).or_else(|| own.map(Place::from))
}

/// The entry of a key, its case aside.
fn named<'n, 't>(map: Option<&'n Node<'t>>, key: Option<&str>) -> Option<&'n Entry<'t>> {
    let key = key?;
    let entries = map?.entries();
    let exact = entries.iter().find(|entry| entry.key == key);
    exact.or_else(|| entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(key)))
}

fn item<'n, 't>(list: &'n Node<'t>, name: &str) -> Option<&'n Node<'t>> {
    let bare = |text: &str| text.replace('`', "").to_lowercase();
    list.items().iter().rev().find(|item| item.scalar().is_some_and(|text| bare(text) == bare(name)))
}

fn is_foreign_key(node: &Node<'_>, label: Option<&str>) -> bool {
    let Some(label) = label else { return false };
    if let Some(name) = node.get("name").and_then(Node::scalar) {
        return name.eq_ignore_ascii_case(label);
    }
    let columns: Vec<&str> =
        node.get("columns").map(Node::items).unwrap_or_default().iter().filter_map(Node::scalar).collect();
    columns.join(", ").replace('`', "").eq_ignore_ascii_case(&label.replace('`', ""))
}

fn in_column<'n, 't>(table: &'n Node<'t>, subject: &Subject) -> Place<'n, 't> {
    let Some(column) = subject.path.root().and_then(|name| column(table, name)) else {
        let columns = table.entry("columns").map(|entry| Place { node: &entry.value, span: entry.key_span });
        return columns.unwrap_or_else(|| table.get("name").unwrap_or(table).into());
    };
    let name = column.get("name").unwrap_or(column);
    if subject.path.is_column() {
        return aspect_of(column, subject).unwrap_or_else(|| name.into());
    }
    match nested(column, &subject.path) {
        Some(entry) => aspect_of(&entry.value, subject).unwrap_or(Place { node: &entry.value, span: entry.key_span }),
        None => column.get("type").unwrap_or(name).into(),
    }
}

/// The column of a name. Where several have it, the last of the same spelling: that is the one too many.
fn column<'n, 't>(table: &'n Node<'t>, name: &Identifier) -> Option<&'n Node<'t>> {
    let columns = table.get("columns")?.items();
    let written = |node: &&Node<'_>| node.get("name").and_then(Node::scalar).map(Identifier::new);
    let exact = columns.iter().rev().find(|node| written(node).is_some_and(|there| there.same_spelling(name)));
    exact.or_else(|| columns.iter().rev().find(|node| written(node).as_ref() == Some(name)))
}

/// The value of a column or field that an aspect is written in.
fn aspect_of<'n, 't>(node: &'n Node<'t>, subject: &Subject) -> Option<Place<'n, 't>> {
    let value = |name: &str| node.get(name).map(Place::from);
    match subject.aspect? {
        Aspect::Type => value("type"),
        Aspect::Nullability => value("nullable"),
        Aspect::Comment => value("comment"),
        Aspect::Default => value("default"),
        Aspect::Generated => value("generated"),
        Aspect::Identity => value("identity"),
        Aspect::Tags => in_map(node.get("tags"), None, subject.key.as_deref()),
        Aspect::Existence
        | Aspect::Name
        | Aspect::Order
        | Aspect::Layout
        | Aspect::Property
        | Aspect::Feature
        | Aspect::Check
        | Aspect::PrimaryKey
        | Aspect::ForeignKey
        | Aspect::Location => None,
    }
}

/// The entry of `fields` for a path, or for a path below it that went wrong there.
fn nested<'n, 't>(column: &'n Node<'t>, path: &Path) -> Option<&'n Entry<'t>> {
    let steps = &path.steps()[1..];
    let entries = column.get("fields")?.entries();
    let fits = |entry: &Entry<'_>, whole: bool| {
        let parts = split_dotted(&entry.key).unwrap_or_default();
        let same = steps.iter().zip(&parts).all(|(step, part)| is_step(step, part));
        same && if whole { parts.len() == steps.len() } else { parts.len() > steps.len() }
    };
    let below = || steps.last().and_then(Step::as_field).and_then(|_| entries.iter().find(|entry| fits(entry, false)));
    entries.iter().find(|entry| fits(entry, true)).or_else(below)
}

fn is_step(step: &Step, part: &str) -> bool {
    let word = match step {
        Step::Field(name) => return *name == Identifier::new(part),
        Step::Element => "element",
        Step::Key => "key",
        Step::Value => "value",
    };
    part.eq_ignore_ascii_case(word)
}
