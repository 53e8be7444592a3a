//! What a tree is made of.

use std::borrow::Cow;

use crate::text::Span;

/// A node and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    pub(crate) span: Span,
    pub(crate) kind: Kind<'t>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind<'t> {
    /// A single value: its text, and whether it stands without quotes.
    Scalar { text: Cow<'t, str>, plain: bool },
    /// A list, and whether all of it is here.
    List { items: Vec<Node<'t>>, whole: bool },
    /// A mapping in its order, each key once, and whether all of it is here.
    Map { entries: Vec<Entry<'t>>, whole: bool },
    /// Something that could not be read; why is among the faults.
    Unread,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node<'t>,
}

impl<'t> Node<'t> {
    /// Whether nothing is written, or null.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if is_null_word(text))
    }

    /// The entries, where this is a mapping.
    pub(crate) fn entries(&self) -> &[Entry<'t>] {
        if let Kind::Map { entries, .. } = &self.kind { entries } else { &[] }
    }

    /// The items, where this is a list.
    pub(crate) fn items(&self) -> &[Node<'t>] {
        if let Kind::List { items, .. } = &self.kind { items } else { &[] }
    }

    /// The text, where this is a scalar other than null.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            Kind::Scalar { .. } | Kind::List { .. } | Kind::Map { .. } | Kind::Unread => None,
        }
    }

    /// Whether this is a mapping.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.kind, Kind::Map { .. })
    }

    /// Notes that not all that is written for this node is here.
    pub(super) fn lose(&mut self) {
        match &mut self.kind {
            Kind::List { whole, .. } | Kind::Map { whole, .. } => *whole = false,
            Kind::Scalar { .. } | Kind::Unread => self.kind = Kind::Unread,
        }
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry<'t>> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'t>> {
        self.entry(key).map(|entry| &entry.value)
    }
}

fn is_null_word(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
