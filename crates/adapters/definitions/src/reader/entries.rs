//! The keys of a mapping: those that are known, those that were meant, those that are missing.

use delta_engine_schema::model::nearest;

use super::{Reader, code, head};
use crate::fault::{FileFault, MISSING_KEY, UNKNOWN_KEY};
use crate::keys::{Key, KeySet};
use crate::tree::{Entry, Kind, Node};

/// The entries of a mapping whose keys are known.
pub(crate) struct Entries<'n, 't> {
    pub(crate) known: Vec<(&'static Key, &'n Entry<'t>)>,
    /// What stands under keys that are not known.
    strange: Vec<(Option<&'static str>, &'n Node<'t>)>,
    /// Whether all that is written is here, known or not.
    pub(crate) whole: bool,
}

impl Entries<'_, '_> {
    /// Whether what is written under a key may stand where it was not found: under a strange key, or in what was lost.
    pub(crate) fn may_hide(&self, name: &str) -> bool {
        let here = self.known.iter().any(|(key, _)| key.name == name);
        (!here && !self.whole) || self.strange.iter().any(|(meant, _)| *meant == Some(name))
    }

    /// Whether there is a list of mappings under a strange key.
    pub(crate) fn hides_a_list(&self) -> bool {
        self.strange.iter().any(|(_, value)| value.items().iter().any(Node::is_map))
    }
}

/// A mapping of what has to be written; `…` stands for the rest where one key alone says little.
fn example(set: &KeySet) -> String {
    let names = if set.needed.is_empty() { set.names().into_iter().take(1).collect() } else { set.needed.to_vec() };
    let keys: Vec<&str> = names.iter().filter_map(|name| set.key(name)).map(|key| key.example).collect();
    let rest = if keys.len() < 2 { ", …" } else { "" };
    format!("{{ {}{rest} }}", keys.join(", "))
}

impl Reader<'_> {
    /// The entries of a mapping whose keys are known; unknown and missing keys are reported.
    pub(crate) fn entries<'n, 't>(&mut self, node: &'n Node<'t>, set: &'static KeySet) -> Entries<'n, 't> {
        let Kind::Map { entries, whole } = &node.kind else {
            if !matches!(node.kind, Kind::Unread) {
                self.shape(node, &format!("{} is", set.what), "a mapping of keys and values", &example(set));
            }
            return Entries { known: Vec::new(), strange: Vec::new(), whole: false };
        };
        let mut known = Vec::with_capacity(entries.len());
        let mut unknown = Vec::new();
        for entry in entries {
            match set.key(&entry.key) {
                Some(key) => known.push((key, entry)),
                None => unknown.push(entry),
            }
        }
        let mut strange = Vec::new();
        for entry in &unknown {
            self.unknown_key(entry, set);
            // A slip is read as what was meant, so that what stands below it is judged too.
            let slip = meant(&entry.key, set);
            match slip
                .and_then(|name| set.key(name))
                .filter(|key| known.iter().all(|(there, _)| there.name != key.name))
            {
                Some(key) => known.push((key, entry)),
                None => strange.push((slip, &entry.value)),
            }
        }
        for needed in set.needed {
            let there = known.iter().any(|(key, entry)| key.name == *needed && !entry.value.is_null());
            // A misspelt key is reported already; that it is missing too helps nobody.
            if !there && *whole && !unknown.iter().any(|entry| meant(&entry.key, set) == Some(*needed)) {
                self.missing(node, needed, set);
            }
        }
        Entries { known, strange, whole: *whole }
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
}

/// The entry of a key of this set, also where the key is misspelt: what the reader takes for it.
pub(crate) fn find<'n, 't>(node: &'n Node<'t>, set: &KeySet, name: &str) -> Option<&'n Entry<'t>> {
    let slip = |entry: &&Entry<'_>| set.key(&entry.key).is_none() && meant(&entry.key, set) == Some(name);
    node.entry(name).or_else(|| node.entries().iter().find(slip))
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

fn without_article(what: &str) -> String {
    match what.strip_prefix("a ").or_else(|| what.strip_prefix("an ")) {
        Some(rest) => format!("the {rest}"),
        None => what.to_owned(),
    }
}
