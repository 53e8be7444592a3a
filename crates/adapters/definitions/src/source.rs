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
}

impl Sources for TableSource {
    fn locate(&self, subject: &Subject, within: Option<Range<usize>>) -> Option<Location> {
        let (root, _) = read_tree(&self.text);
        let root = root?;
        let table = root.get("tables")?.items().get(self.index)?;
        let place = if subject.path.is_table() { in_table(&root, table, subject) } else { in_column(table, subject) };
        let span = match within {
            Some(range) => narrowed(&self.text, place, range).unwrap_or(place.span),
            None => place.span,
        };
        Some(self.text.location(span))
    }
}

fn in_table<'n, 't>(root: &'n Node<'t>, table: &'n Node<'t>, subject: &Subject) -> &'n Node<'t> {
    let whole = table.get("name").unwrap_or(table);
    let Some(aspect) = subject.aspect else { return whole };
    let key = subject.key.as_deref();
    let defaults = root.get("defaults");
    let found = match aspect {
        Aspect::Existence | Aspect::Name => None,
        Aspect::Comment => table.get("comment"),
        Aspect::Order | Aspect::Type | Aspect::Nullability | Aspect::Default | Aspect::Generated | Aspect::Identity => {
            table.get("columns").and_then(|columns| columns.items().first()).map(|column| column.get("name").unwrap_or(column))
        }
        Aspect::Tags => named(table.get("tags"), key)
            .or_else(|| named(defaults?.get("tags"), key))
            .or_else(|| table.get("tags"))
            .or_else(|| defaults?.get("tags")),
        Aspect::Property => property(table, defaults, key),
        Aspect::Feature => {
            let written = key.map(|feature| format!("delta.feature.{feature}"));
            property(table, defaults, written.as_deref())
        }
        Aspect::Layout => {
            let layout = table.get("clustered_by").or_else(|| table.get("partitioned_by"));
            layout.and_then(|layout| item(layout, key?)).or(layout)
        }
        Aspect::Check => named(table.get("checks"), key).or_else(|| table.get("checks")),
        Aspect::PrimaryKey => table.get("primary_key"),
        Aspect::ForeignKey => {
            let keys = table.get("foreign_keys");
            keys.and_then(|keys| keys.items().iter().find(|item| is_foreign_key(item, key))).or(keys)
        }
        Aspect::Location => table.get("location"),
    };
    found.unwrap_or(whole)
}

fn property<'n, 't>(table: &'n Node<'t>, defaults: Option<&'n Node<'t>>, key: Option<&str>) -> Option<&'n Node<'t>> {
    let own = table.get("properties");
    let shared = defaults.and_then(|defaults| defaults.get("properties"));
    named(own, key).or_else(|| named(shared, key)).or(own)
}

/// The value of a key, its case aside.
fn named<'n, 't>(map: Option<&'n Node<'t>>, key: Option<&str>) -> Option<&'n Node<'t>> {
    let key = key?;
    let fits = |entry: &&Entry<'_>| entry.key.eq_ignore_ascii_case(key);
    map?.entries().iter().find(|entry| entry.key == key).or_else(|| map?.entries().iter().find(fits)).map(|entry| &entry.value)
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

fn in_column<'n, 't>(table: &'n Node<'t>, subject: &Subject) -> &'n Node<'t> {
    let whole = table.get("name").unwrap_or(table);
    let Some(column) = subject.path.root().and_then(|name| column(table, name)) else {
        return table.get("columns").and_then(|columns| columns.items().first()?.get("name")).unwrap_or(whole);
    };
    let name = column.get("name").unwrap_or(column);
    if subject.path.is_column() {
        return aspect_of(column, subject).unwrap_or(name);
    }
    match nested(column, &subject.path) {
        Some(entry) => aspect_of(&entry.value, subject).unwrap_or(&entry.value),
        None => column.get("type").unwrap_or(name),
    }
}

/// The column of a name. Where several have it, the last of the same spelling: that is the one too many.
fn column<'n, 't>(table: &'n Node<'t>, name: &Identifier) -> Option<&'n Node<'t>> {
    let columns = table.get("columns")?.items();
    let written = |node: &&Node<'_>| node.get("name").and_then(Node::scalar).map(Identifier::new);
    let exact = columns.iter().rev().find(|node| written(node).is_some_and(|there| there.same_spelling(name)));
    exact.or_else(|| columns.iter().rev().find(|node| written(node).as_ref() == Some(name)))
}

/// The key of a column or field that an aspect is written in.
fn aspect_of<'n, 't>(node: &'n Node<'t>, subject: &Subject) -> Option<&'n Node<'t>> {
    match subject.aspect? {
        Aspect::Type => node.get("type"),
        Aspect::Nullability => node.get("nullable"),
        Aspect::Comment => node.get("comment"),
        Aspect::Default => node.get("default"),
        Aspect::Generated => node.get("generated"),
        Aspect::Identity => node.get("identity"),
        Aspect::Tags => named(node.get("tags"), subject.key.as_deref()).or_else(|| node.get("tags")),
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
    entries.iter().find(|entry| fits(entry, true)).or_else(|| entries.iter().find(|entry| fits(entry, false)))
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

/// The part of a scalar on one line that these bytes of its value are.
fn narrowed(source: &SourceText, node: &Node<'_>, range: Range<usize>) -> Option<Span> {
    let value = node.scalar()?;
    let written = source.slice(node.span)?;
    let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = quote.map_or(written, |quote| written.trim_matches(quote));
    if inner != value || value.contains("${") {
        return None;
    }
    let chars = |bytes: usize| value.get(..bytes.min(value.len())).map(|text| text.chars().count());
    let shift = |count: usize| u32::try_from(count + usize::from(quote.is_some())).ok();
    let (from, to) = (shift(chars(range.start)?)?, shift(chars(range.end)?)?);
    let end = node.span.column + to;
    // A fault at the end of the text has nothing to point at but the last character.
    let start = (node.span.column + from).min(node.span.end_column.saturating_sub(1));
    Some(Span { column: start, end_column: end.max(start + 1), ..node.span })
}
