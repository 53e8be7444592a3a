//! Values that YAML cut in two at a comma, such as `{ name: a, type: decimal(10,2) }`.

use std::borrow::Cow;

use super::{Entry, Kind};
use crate::fault::{FileFault, SPLIT};
use crate::text::SourceText;

/// Joins what belongs together again and reports it, so that one slip is one fault.
pub(super) fn join(source: &SourceText, entries: &mut Vec<Entry<'_>>, faults: &mut Vec<FileFault>) {
    let mut at = 0;
    while at < entries.len() {
        if let Some(last) = end_of_split(entries, at) {
            let span = entries[at].value.span.to(entries[last].key_span);
            let key = &entries[at].key;
            let whole = source.slice(span).map_or_else(|| pieces(&entries[at..=last]), str::to_owned);
            let message =
                format!("the comma cuts the value of `{key}` in two; inside braces a comma begins the next key");
            faults.push(FileFault::new(SPLIT, span, message).help(format!("quote it: {key}: \"{whole}\"")));
            entries[at].value.span = span;
            entries[at].value.kind = Kind::Scalar { text: Cow::Owned(whole), plain: false };
            entries.drain(at + 1..=last);
        }
        at += 1;
    }
}

/// The last entry that belongs to the value at `at`, where its brackets are closed in a later entry without a value.
fn end_of_split(entries: &[Entry<'_>], at: usize) -> Option<usize> {
    let Kind::Scalar { text, plain: true } = &entries[at].value.kind else { return None };
    let mut depth = depth_of(text);
    if depth <= 0 {
        return None;
    }
    for (index, entry) in entries.iter().enumerate().skip(at + 1) {
        if !entry.value.is_null() {
            return None;
        }
        depth += depth_of(&entry.key);
        if depth <= 0 {
            return Some(index);
        }
    }
    None
}

/// Opening brackets less closing ones; `<` counts as one only after a word, as in `array<`.
fn depth_of(text: &str) -> i64 {
    let mut depth = 0;
    let mut quoted = false;
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            '<' if !quoted && before.is_alphabetic() => depth += 1,
            ')' | '>' if !quoted => depth -= 1,
            _ => (),
        }
        before = letter;
    }
    depth
}

fn pieces(entries: &[Entry<'_>]) -> String {
    let mut whole = entries[0].value.scalar().unwrap_or_default().to_owned();
    for entry in &entries[1..] {
        whole.push_str(", ");
        whole.push_str(&entry.key);
    }
    whole
}
