//! Reads values of known keys out of a tree and collects what is wrong with them.
//!
//! One function for each shape of value. A value that is wrong is reported once and read as absent.

use delta_engine_schema::model::nearest;

use crate::fault::{FileFault, MISSING_KEY, SHAPE, UNKNOWN_KEY, VALUE, VARIABLE};
use crate::interpolate::{Lookup, interpolate};
use crate::keys::{Key, KeySet};
use crate::text::SourceText;
use crate::tree::{Entry, Kind, Node};

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

    /// The entries of a mapping whose keys are known; unknown and missing keys are reported.
    pub(crate) fn entries<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        set: &'static KeySet,
    ) -> Vec<(&'static Key, &'n Entry<'t>)> {
        let Kind::Map(entries) = &node.kind else {
            let example = set.needed.first().or(set.names().first()).and_then(|name| set.key(name));
            let example = example.map(|key| format!("{{ {}, … }}", key.example)).unwrap_or_default();
            self.shape(node, &format!("{} is", set.what), "a mapping of keys and values", &example);
            return Vec::new();
        };
        let mut known = Vec::with_capacity(entries.len());
        let mut strange = Vec::new();
        for entry in entries {
            match set.key(&entry.key) {
                Some(key) => known.push((key, entry)),
                None => strange.push(entry),
            }
        }
        for entry in &strange {
            self.unknown_key(entry, set);
            // A slip is read as what was meant, so that what stands below it is judged too.
            let slip = meant(&entry.key, set).and_then(|name| set.key(name));
            if let Some(key) = slip.filter(|key| known.iter().all(|(there, _)| there.name != key.name)) {
                known.push((key, entry));
            }
        }
        for needed in set.needed {
            let there = known.iter().any(|(key, entry)| key.name == *needed && !entry.value.is_null());
            // A misspelt key is reported already; that it is missing too helps nobody.
            if !there && !strange.iter().any(|entry| meant(&entry.key, set) == Some(*needed)) {
                self.missing(node, needed, set);
            }
        }
        known
    }

    fn missing(&mut self, node: &Node<'_>, needed: &'static str, set: &'static KeySet) {
        let empty = node.entry(needed);
        let span = empty.map_or_else(|| head(node), |entry| entry.key_span);
        let name = node.get("name").and_then(Node::scalar).map(|name| format!(" `{name}`")).unwrap_or_default();
        let what = format!("{}{name}", if name.is_empty() { set.what.to_owned() } else { without_article(set.what) });
        let message = match empty {
            Some(_) => format!("the `{needed}` of {what} is empty"),
            None => format!("{what} has no `{needed}`"),
        };
        let example = set.key(needed).map_or("", |key| key.example);
        self.faults
            .push(FileFault::new(MISSING_KEY, span, message).help(format!("write for example {}", code(example))));
    }

    fn unknown_key(&mut self, entry: &Entry<'_>, set: &'static KeySet) {
        let word = &entry.key;
        let mut message = format!("`{word}` is no key of {}", set.what);
        let mut help = format!("the keys of {} are {}", set.what, set.shown().join(", "));
        let lower = word.to_ascii_lowercase().replace('-', "_");
        match set.foreign.iter().find(|(foreign, _)| *foreign == lower) {
            Some((_, "")) => help = format!("remove it: Delta has nothing of the kind; {help}"),
            Some((_, instead)) if set.key(instead).is_some() => {
                message.push_str(&format!("; it is called `{instead}` here"));
            }
            Some((_, instead)) => help = format!("write {}; {help}", code(instead)),
            None => {
                if let Some(near) = meant(word, set) {
                    message.push_str(&format!("; did you mean `{near}`?"));
                }
            }
        }
        self.faults.push(FileFault::new(UNKNOWN_KEY, entry.key_span, message).help(help));
    }

    /// A value of the wrong shape.
    pub(crate) fn shape(&mut self, node: &Node<'_>, subject: &str, wanted: &str, example: &str) {
        let found = match &node.kind {
            Kind::Scalar { .. } if node.is_null() => "nothing is written",
            Kind::Scalar { .. } => "a single value stands here",
            Kind::List(_) => "a list stands here",
            Kind::Map(_) => "a mapping stands here",
        };
        let message = format!("{subject} {wanted}, but {found}");
        self.faults
            .push(FileFault::new(SHAPE, node.span, message).help(format!("write for example {}", code(example))));
    }

    fn takes(&mut self, node: &Node<'_>, key: &Key, wanted: &str) {
        self.shape(node, &format!("`{}` takes", key.name), wanted, key.example);
    }

    /// A text; `None` where nothing is written.
    pub(crate) fn text(&mut self, node: &Node<'_>, key: &Key) -> Option<String> {
        match &node.kind {
            Kind::Scalar { text, .. } if !node.is_null() => self.filled(node, text),
            Kind::Scalar { .. } => None,
            Kind::List(_) | Kind::Map(_) => {
                self.takes(node, key, "a single value");
                None
            }
        }
    }

    fn filled(&mut self, node: &Node<'_>, text: &str) -> Option<String> {
        let Some(lookup) = self.lookup else { return Some(text.to_owned()) };
        match interpolate(text, lookup) {
            Ok(filled) => Some(filled.into_owned()),
            Err(missed) => {
                for (range, miss) in missed {
                    let span = self.source.narrowed(node.span, text, range).unwrap_or(node.span);
                    self.faults.push(FileFault::new(VARIABLE, span, miss.message).help(miss.help));
                }
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node<'_>, key: &Key) -> Option<bool> {
        let text = self.text(node, key)?;
        match text.as_str() {
            "true" | "True" | "TRUE" => return Some(true),
            "false" | "False" | "FALSE" => return Some(false),
            _ => (),
        }
        let meant = match text.to_ascii_lowercase().as_str() {
            "yes" | "y" | "on" | "1" => format!("write {}: true; yes, on and 1 are texts here", key.name),
            "no" | "n" | "off" | "0" => format!("write {}: false; no, off and 0 are texts here", key.name),
            _ => format!("write {0}: true or {0}: false", key.name),
        };
        let message = format!("`{}` takes true or false, not `{text}`", key.name);
        self.faults.push(FileFault::new(VALUE, node.span, message).help(meant));
        None
    }

    /// A whole number.
    pub(crate) fn integer(&mut self, node: &Node<'_>, key: &Key) -> Option<i64> {
        let text = self.text(node, key)?;
        let number = text.replace('_', "").parse().ok();
        if number.is_none() {
            let message = format!("`{}` takes a whole number, not `{text}`", key.name);
            let help = format!("write for example {}", code(key.example));
            self.faults.push(FileFault::new(VALUE, node.span, message).help(help));
        }
        number
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&mut self, node: &Node<'_>, key: &Key, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(node, key)?;
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let guess = nearest(&text, &words).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("`{}` cannot be `{text}`{guess}", key.name);
            let help = match words.as_slice() {
                [only] => format!("write `{}: {only}`, or leave the key out", key.name),
                _ => format!("it takes {}", either(&words)),
            };
            self.faults.push(FileFault::new(VALUE, node.span, message).help(help));
        }
        found
    }

    /// A list of texts; empty where nothing is written.
    pub(crate) fn texts(&mut self, node: &Node<'_>, key: &Key) -> Option<Vec<String>> {
        match &node.kind {
            Kind::List(items) => Some(items.iter().filter_map(|item| self.item(item, key)).collect()),
            Kind::Scalar { .. } if node.is_null() => None,
            Kind::Scalar { text, .. } => {
                let message = format!("`{}` takes a list, but a single value stands here", key.name);
                let help = format!("put it in brackets: {}: [{text}]", key.name);
                self.faults.push(FileFault::new(SHAPE, node.span, message).help(help));
                None
            }
            Kind::Map(_) => {
                self.takes(node, key, "a list");
                None
            }
        }
    }

    fn item(&mut self, item: &Node<'_>, key: &Key) -> Option<String> {
        if item.scalar().is_none() {
            self.shape(item, &format!("each entry of `{}` is", key.name), "a single value", key.example);
            return None;
        }
        self.text(item, key)
    }

    /// A mapping from names to values that are read one by one; empty where nothing is written.
    pub(crate) fn map<'n, 't>(&mut self, node: &'n Node<'t>, key: &Key) -> &'n [Entry<'t>] {
        match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Scalar { .. } if node.is_null() => &[],
            Kind::Scalar { .. } | Kind::List(_) => {
                self.takes(node, key, "a mapping");
                &[]
            }
        }
    }

    /// A list whose items are read one by one; empty where nothing is written.
    pub(crate) fn list<'n, 't>(&mut self, node: &'n Node<'t>, key: &Key) -> &'n [Node<'t>] {
        match &node.kind {
            Kind::List(items) => items,
            Kind::Scalar { .. } if node.is_null() => &[],
            Kind::Scalar { .. } | Kind::Map(_) => {
                self.takes(node, key, "a list");
                &[]
            }
        }
    }

    /// Names and texts; a null value stays, it takes away what `defaults` says.
    pub(crate) fn scalars(&mut self, node: &Node<'_>, key: &Key) -> Vec<(String, Option<String>)> {
        let mut pairs = Vec::new();
        for entry in self.map(node, key) {
            match &entry.value.kind {
                Kind::Scalar { .. } if entry.value.is_null() => pairs.push((entry.key.to_string(), None)),
                Kind::Scalar { text, .. } => {
                    if let Some(text) = self.filled(&entry.value, text) {
                        pairs.push((entry.key.to_string(), Some(text)));
                    }
                }
                Kind::List(_) | Kind::Map(_) => {
                    let subject = format!("`{}` in `{}` takes", entry.key, key.name);
                    let message = format!("{subject} a single value, but a mapping or list stands here");
                    let help = match entry.value.entries().first() {
                        Some(inner) => format!(
                            "write the whole name as one key: `{}: {{ {}.{}: … }}`",
                            key.name, entry.key, inner.key
                        ),
                        None => format!("write for example {}", code(key.example)),
                    };
                    self.faults.push(FileFault::new(SHAPE, head(&entry.value), message).help(help));
                }
            }
        }
        pairs
    }
}

/// The known key that a word was meant to be.
fn meant(word: &str, set: &KeySet) -> Option<&'static str> {
    let lower = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let foreign = set.foreign.iter().find(|(foreign, _)| *foreign == lower);
    if let Some((_, instead)) = foreign {
        return set.key(instead).map(|key| key.name);
    }
    nearest(&lower, &set.names())
}

/// Where a mapping or other value begins: its first key.
pub(crate) fn head(node: &Node<'_>) -> crate::text::Span {
    node.entries().first().map_or(node.span, |entry| entry.key_span)
}

fn without_article(what: &str) -> String {
    match what.strip_prefix("a ").or_else(|| what.strip_prefix("an ")) {
        Some(rest) => format!("the {rest}"),
        None => what.to_owned(),
    }
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
