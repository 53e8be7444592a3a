//! From a subject to the node of a table that it is about.
//!
//! Finds keys as the reader does, misspelt ones too.

use std::ops::Range;

use delta_engine_application::Location;
use delta_engine_schema::draft::{Fault, FaultKind};
use delta_engine_schema::model::{Aspect, Identifier, Path, Step, Subject, split_dotted};

use crate::keys::{COLUMN, DEFAULTS, FIELD, FOREIGN_KEY, KeySet, PRIMARY_KEY, TABLE};
use crate::reader::{find, head};
use crate::text::{SourceText, Span};
use crate::tree::{Entry, Node};

/// What is looked for.
pub(super) struct Sought<'s> {
    pub(super) subject: &'s Subject,
    /// The bytes of the value that are meant.
    pub(super) within: Option<Range<usize>>,
    /// Which column or foreign key it is in, where that is known.
    pub(super) index: Option<usize>,
    /// What is wrong there, where a fault is looked for.
    pub(super) kind: Option<&'s FaultKind>,
}

impl<'s> From<&'s Fault> for Sought<'s> {
    fn from(fault: &'s Fault) -> Self {
        Self { subject: &fault.subject, within: fault.range(), index: fault.index, kind: Some(&fault.kind) }
    }
}

impl Sought<'_> {
    /// Whether the property or tag stands in the table itself, or in one of its columns.
    pub(super) fn is_own(&self, table: &Node<'_>) -> bool {
        if !self.subject.path.is_table() {
            return true;
        }
        let map = if self.subject.aspect == Some(Aspect::Tags) { "tags" } else { "properties" };
        named(value(table, &TABLE, map), property(self.subject).as_deref()).is_some()
    }
}

/// The place of what is looked for in a table, or the nearest to it.
pub(super) fn place(text: &SourceText, defaults: Option<&Node<'_>>, table: &Node<'_>, sought: &Sought<'_>) -> Location {
    // The path of a foreign key is its column's, which the key only names.
    let of_table = sought.subject.path.is_table() || sought.subject.aspect == Some(Aspect::ForeignKey);
    let place = if of_table { in_table(defaults, table, sought) } else { in_column(table, sought) };
    let inside = sought
        .within
        .clone()
        .zip(place.node.scalar())
        .filter(|(_, value)| !value.contains("${"))
        .and_then(|(range, value)| text.narrowed(place.node.span, value, range));
    text.location(inside.unwrap_or(place.span))
}

fn value<'n, 't>(node: &'n Node<'t>, set: &KeySet, name: &str) -> Option<&'n Node<'t>> {
    find(node, set, name).map(|entry| &entry.value)
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

fn in_table<'n, 't>(defaults: Option<&'n Node<'t>>, table: &'n Node<'t>, sought: &Sought<'_>) -> Place<'n, 't> {
    let of = |name: &str| value(table, &TABLE, name);
    let shared = |name: &str| defaults.and_then(|defaults| value(defaults, &DEFAULTS, name));
    let subject = sought.subject;
    let key = subject.key.as_deref();
    let found = subject.aspect.and_then(|aspect| match aspect {
        Aspect::Existence | Aspect::Name => None,
        Aspect::Comment => of("comment").map(Place::from),
        Aspect::Order | Aspect::Type | Aspect::Nullability | Aspect::Default | Aspect::Generated | Aspect::Identity => {
            columns_key(table)
        }
        Aspect::Tags => in_map(of("tags"), shared("tags"), key),
        Aspect::Property | Aspect::Feature => {
            in_map(of("properties"), shared("properties"), property(subject).as_deref())
        }
        Aspect::Layout => layout(of("clustered_by"), of("partitioned_by"), key),
        Aspect::Check => in_map(of("checks"), None, key),
        Aspect::PrimaryKey => of("primary_key").map(|node| primary_key(node, key)),
        Aspect::ForeignKey => of("foreign_keys").map(|keys| foreign_key(keys, sought)),
        Aspect::Rely => of("primary_key").or_else(|| of("foreign_keys")).map(Place::from),
        Aspect::Location => of("location").map(Place::from),
    });
    found.unwrap_or_else(|| of("name").map_or_else(|| whole(table), Place::from))
}

/// A table or column without a name, shown by its first key.
fn whole<'n, 't>(node: &'n Node<'t>) -> Place<'n, 't> {
    Place { node, span: head(node) }
}

fn columns_key<'n, 't>(table: &'n Node<'t>) -> Option<Place<'n, 't>> {
    find(table, &TABLE, "columns").map(|entry| Place { node: &entry.value, span: entry.key_span })
}

/// The key of a property, also where the subject is the feature that it declares.
fn property(subject: &Subject) -> Option<String> {
    let key = subject.key.as_deref()?;
    if subject.aspect == Some(Aspect::Feature) { Some(format!("delta.feature.{key}")) } else { Some(key.to_owned()) }
}

/// A member of the layout; the layout as a whole where none is meant.
fn layout<'n, 't>(
    clustered: Option<&'n Node<'t>>,
    partitioned: Option<&'n Node<'t>>,
    key: Option<&str>,
) -> Option<Place<'n, 't>> {
    let lists = || clustered.into_iter().chain(partitioned);
    let member = key.and_then(|key| lists().find_map(|list| item(list, key)));
    member.or_else(|| lists().next()).map(Place::from)
}

fn primary_key<'n, 't>(node: &'n Node<'t>, member: Option<&str>) -> Place<'n, 't> {
    let columns = if node.is_map() { value(node, &PRIMARY_KEY, "columns") } else { Some(node) };
    columns.zip(member).and_then(|(columns, member)| item(columns, member)).unwrap_or(node).into()
}

/// A foreign key, or what of it the subject or the fault names.
fn foreign_key<'n, 't>(keys: &'n Node<'t>, sought: &Sought<'_>) -> Place<'n, 't> {
    let label = sought.subject.key.as_deref();
    let labelled = || keys.items().iter().find(|item| is_foreign_key(item, label));
    let Some(key) = sought.index.and_then(|index| keys.items().get(index)).or_else(labelled) else {
        return keys.into();
    };
    let of = |name: &str| value(key, &FOREIGN_KEY, name);
    let member = sought.subject.path.root().and_then(|name| item(of("columns")?, name.as_str()));
    let part = match sought.kind {
        Some(FaultKind::Name(_)) => of("references"),
        Some(FaultKind::UnpairedColumns { .. }) => of("referenced_columns").or_else(|| of("columns")),
        Some(FaultKind::EmptyList { .. }) => of("columns"),
        Some(_) | None => None,
    };
    member.or(part).unwrap_or(key).into()
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
    if let Some(name) = value(node, &FOREIGN_KEY, "name").and_then(Node::scalar) {
        return name.eq_ignore_ascii_case(label);
    }
    let columns = value(node, &FOREIGN_KEY, "columns").map(Node::items).unwrap_or_default();
    let columns: Vec<&str> = columns.iter().filter_map(Node::scalar).collect();
    columns.join(", ").replace('`', "").eq_ignore_ascii_case(&label.replace('`', ""))
}

fn in_column<'n, 't>(table: &'n Node<'t>, sought: &Sought<'_>) -> Place<'n, 't> {
    let subject = sought.subject;
    let columns = value(table, &TABLE, "columns").map(Node::items).unwrap_or_default();
    let named = || subject.path.root().and_then(|name| column(columns, name));
    let Some(column) = sought.index.and_then(|index| columns.get(index)).or_else(named) else {
        let name = || value(table, &TABLE, "name").map_or_else(|| whole(table), Place::from);
        return columns_key(table).unwrap_or_else(name);
    };
    let name = || value(column, &COLUMN, "name").map_or_else(|| whole(column), Place::from);
    if subject.path.is_column() {
        return aspect_of(column, &COLUMN, subject).unwrap_or_else(name);
    }
    match nested(column, &subject.path) {
        Some(entry) => {
            let itself = || Place { node: &entry.value, span: entry.key_span };
            aspect_of(&entry.value, &FIELD, subject).unwrap_or_else(itself)
        }
        None => value(column, &COLUMN, "type").map_or_else(name, Place::from),
    }
}

/// The column of a name. Where several have it, the last of the same spelling: that is the one too many.
fn column<'n, 't>(columns: &'n [Node<'t>], name: &Identifier) -> Option<&'n Node<'t>> {
    let written = |node: &&Node<'_>| value(node, &COLUMN, "name").and_then(Node::scalar).map(Identifier::new);
    let exact = columns.iter().rev().find(|node| written(node).is_some_and(|there| there.same_spelling(name)));
    exact.or_else(|| columns.iter().rev().find(|node| written(node).as_ref() == Some(name)))
}

/// The value of a column or field that an aspect is written in.
fn aspect_of<'n, 't>(node: &'n Node<'t>, set: &KeySet, subject: &Subject) -> Option<Place<'n, 't>> {
    let of = |name: &str| value(node, set, name).map(Place::from);
    match subject.aspect? {
        Aspect::Type => of("type"),
        Aspect::Nullability => of("nullable"),
        Aspect::Comment => of("comment"),
        Aspect::Default => of("default"),
        Aspect::Generated => of("generated"),
        Aspect::Identity => of("identity"),
        Aspect::Tags => in_map(value(node, set, "tags"), None, subject.key.as_deref()),
        Aspect::Existence
        | Aspect::Name
        | Aspect::Order
        | Aspect::Layout
        | Aspect::Property
        | Aspect::Feature
        | Aspect::Check
        | Aspect::PrimaryKey
        | Aspect::ForeignKey
        | Aspect::Rely
        | Aspect::Location => None,
    }
}

/// The entry of `fields` for a path, or for a path below it that went wrong there.
fn nested<'n, 't>(column: &'n Node<'t>, path: &Path) -> Option<&'n Entry<'t>> {
    let steps = &path.steps()[1..];
    let entries = value(column, &COLUMN, "fields")?.entries();
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
