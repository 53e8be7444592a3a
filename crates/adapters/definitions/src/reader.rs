//! Reads values of known keys out of a tree and collects what is wrong with them.
//!
//! One function for each shape of value. A value that is wrong is reported once, and the reader says that it is there
//! and could not be read, so that nobody takes it for absent.

mod entries;

use delta_engine_schema::model::nearest;

use crate::fault::{FileFault, SHAPE, VALUE, VARIABLE};
use crate::interpolate::{Lookup, interpolate};
use crate::keys::Key;
use crate::text::SourceText;
use crate::tree::{Entry, Kind, Node};
pub(crate) use entries::find;

/// What a value says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Read<T> {
    /// This.
    Value(T),
    /// Nothing is written.
    Nothing,
    /// It could not be read; why is among the faults.
    Fault,
}

impl<T> Read<T> {
    /// What was read.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Nothing | Self::Fault => None,
        }
    }

    /// What a value says that is read out of another.
    pub(crate) fn then<U>(self, read: impl FnOnce(T) -> Read<U>) -> Read<U> {
        match self {
            Self::Value(value) => read(value),
            Self::Nothing => Read::Nothing,
            Self::Fault => Read::Fault,
        }
    }
}

/// A list of texts, and whether all of them could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) names: Vec<String>,
    pub(crate) whole: bool,
}

/// Reads values and keeps the faults.
pub(crate) struct Reader<'l> {
    source: &'l SourceText,
    pub(crate) lookup: Option<&'l Lookup<'l>>,
    pub(crate) faults: Vec<FileFault>,
}

impl<'l> Reader<'l> {
    /// A reader that fills in references.
    pub(crate) fn filling(source: &'l SourceText, lookup: &'l Lookup<'l>) -> Self {
        Self { source, lookup: Some(lookup), faults: Vec::new() }
    }

    /// A reader that leaves references as they are.
    pub(crate) fn verbatim(source: &'l SourceText) -> Self {
        Self { source, lookup: None, faults: Vec::new() }
    }

    pub(crate) fn fault(&mut self, fault: FileFault) {
        self.faults.push(fault);
    }

    /// A value of the wrong shape, unless it is known to be wrong already.
    pub(crate) fn shape(&mut self, node: &Node<'_>, subject: &str, wanted: &str, example: &str) {
        let found = match &node.kind {
            Kind::Scalar { .. } if node.is_null() => "nothing is written",
            Kind::Scalar { .. } => "a single value stands here",
            Kind::List { .. } => "a list stands here",
            Kind::Map { .. } => "a mapping stands here",
            Kind::Unread => return,
        };
        let message = format!("{subject} {wanted}, but {found}");
        self.faults
            .push(FileFault::new(SHAPE, node.span, message).help(format!("write for example {}", code(example))));
    }

    fn takes(&mut self, node: &Node<'_>, key: &Key, wanted: &str) {
        self.shape(node, &format!("`{}` takes", key.name), wanted, key.example);
    }

    /// A text.
    pub(crate) fn text(&mut self, node: &Node<'_>, key: &Key) -> Read<String> {
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_null() => self.filled(node, text),
            Kind::Scalar { .. } => Read::Nothing,
            Kind::List { .. } | Kind::Map { .. } | Kind::Unread => {
                self.takes(node, key, "a single value");
                Read::Fault
            }
        }
    }

    fn filled(&mut self, node: &Node<'_>, text: &str) -> Read<String> {
        let Some(lookup) = self.lookup else { return Read::Value(text.to_owned()) };
        match interpolate(text, lookup) {
            Ok(filled) => Read::Value(filled.into_owned()),
            Err(missed) => {
                for (range, miss) in missed {
                    let span = self.source.narrowed(node.span, text, range).unwrap_or(node.span);
                    self.faults.push(FileFault::new(VARIABLE, span, miss.message).help(miss.help));
                }
                Read::Fault
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node<'_>, key: &Key) -> Read<bool> {
        self.text(node, key).then(|text| self.boolean_of(node, key, &text))
    }

    fn boolean_of(&mut self, node: &Node<'_>, key: &Key, text: &str) -> Read<bool> {
        match text {
            "true" | "True" | "TRUE" => return Read::Value(true),
            "false" | "False" | "FALSE" => return Read::Value(false),
            _ => (),
        }
        let meant = match text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "1" => format!("write {}: true; yes, on and 1 are texts here", key.name),
            "no" | "n" | "off" | "0" => format!("write {}: false; no, off and 0 are texts here", key.name),
            _ => format!("write {0}: true or {0}: false", key.name),
        };
        let message = format!("`{}` takes true or false, not `{text}`", key.name);
        self.faults.push(FileFault::new(VALUE, node.span, message).help(meant));
        Read::Fault
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, node: &Node<'_>, key: &Key) -> Read<i64> {
        self.text(node, key).then(|text| {
            if let Ok(number) = text.replace('_', "").parse() {
                return Read::Value(number);
            }
            let message = format!("`{}` takes a whole number, not `{text}`", key.name);
            let help = format!("write for example {}", code(key.example));
            self.faults.push(FileFault::new(VALUE, node.span, message).help(help));
            Read::Fault
        })
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node<'_>, key: &Key, choices: &[(&str, T)]) -> Read<T> {
        self.text(node, key).then(|text| {
            if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
                return Read::Value(*value);
            }
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let guess = nearest(&text, &words).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("`{}` cannot be `{text}`{guess}", key.name);
            let help = match words.as_slice() {
                [only] => format!("write `{}: {only}`, or leave the key out", key.name),
                _ => format!("it takes {}", either(&words)),
            };
            self.faults.push(FileFault::new(VALUE, node.span, message).help(help));
            Read::Fault
        })
    }

    /// A list of texts; none where nothing is written.
    pub(crate) fn texts(&mut self, node: &Node<'_>, key: &Key) -> Option<Names> {
        match &node.kind {
            Kind::List { items, whole } => {
                let names: Vec<String> = items.iter().filter_map(|item| self.item(item, key)).collect();
                let whole = *whole && names.len() == items.len();
                Some(Names { names, whole })
            }
            Kind::Scalar { .. } if node.is_null() => None,
            Kind::Scalar { text, .. } => {
                let message = format!("`{}` takes a list, but a single value stands here", key.name);
                let help = format!("put it in brackets: {}: [{text}]", key.name);
                self.faults.push(FileFault::new(SHAPE, node.span, message).help(help));
                Some(Names { names: Vec::new(), whole: false })
            }
            Kind::Map { .. } | Kind::Unread => {
                self.takes(node, key, "a list");
                Some(Names { names: Vec::new(), whole: false })
            }
        }
    }

    fn item(&mut self, item: &Node<'_>, key: &Key) -> Option<String> {
        if item.scalar().is_none() {
            self.shape(item, &format!("each entry of `{}` is", key.name), "a single value", key.example);
            return None;
        }
        self.text(item, key).value()
    }

    /// A mapping from names to values that are read one by one; empty where nothing is written.
    pub(crate) fn map<'n, 't>(&mut self, node: &'n Node<'t>, key: &Key) -> &'n [Entry<'t>] {
        match &node.kind {
            Kind::Map { entries, .. } => entries,
            Kind::Scalar { .. } if node.is_null() => &[],
            Kind::Scalar { .. } | Kind::List { .. } | Kind::Unread => {
                self.takes(node, key, "a mapping");
                &[]
            }
        }
    }

    /// A list whose items are read one by one, and whether it is whole; empty where nothing is written.
    pub(crate) fn list<'n, 't>(&mut self, node: &'n Node<'t>, key: &Key) -> (&'n [Node<'t>], bool) {
        match &node.kind {
            Kind::List { items, whole } => (items, *whole),
            Kind::Scalar { .. } if node.is_null() => (&[], true),
            Kind::Scalar { .. } | Kind::Map { .. } | Kind::Unread => {
                self.takes(node, key, "a list");
                (&[], false)
            }
        }
    }

    /// Names and texts; a name without a text takes away what `defaults` says.
    pub(crate) fn scalars(&mut self, node: &Node<'_>, key: &Key) -> Vec<(String, Read<String>)> {
        let entries = self.map(node, key).iter();
        entries.map(|entry| (entry.key.to_string(), self.scalar(entry, key))).collect()
    }

    fn scalar(&mut self, entry: &Entry<'_>, key: &Key) -> Read<String> {
        match &entry.value.kind {
            Kind::Scalar { .. } if entry.value.is_null() => Read::Nothing,
            Kind::Scalar { text, .. } => self.filled(&entry.value, text),
            Kind::Unread => Read::Fault,
            Kind::List { .. } | Kind::Map { .. } => {
                let subject = format!("`{}` in `{}` takes", entry.key, key.name);
                let message = format!("{subject} a single value, but a mapping or list stands here");
                let help = match entry.value.entries().first() {
                    Some(inner) => {
                        format!("write the whole name as one key: `{}: {{ {}.{}: … }}`", key.name, entry.key, inner.key)
                    }
                    None => format!("write for example {}", code(key.example)),
                };
                self.faults.push(FileFault::new(SHAPE, head(&entry.value), message).help(help));
                Read::Fault
            }
        }
    }
}

/// Where a mapping or other value begins: its first key.
pub(crate) fn head(node: &Node<'_>) -> crate::text::Span {
    node.entries().first().map_or(node.span, |entry| entry.key_span)
}

/// A piece of a file in backticks, unless it brings its own.
fn code(example: &str) -> String {
    if example.contains('`') || example.is_empty() { example.to_owned() } else { format!("`{example}`") }
}

/// `a, b or c`.
pub(crate) fn either(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => String::new(),
    }
}
