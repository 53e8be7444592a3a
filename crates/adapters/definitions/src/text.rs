//! A file's text and the places in it: lines and columns in characters.

use std::ops::Range;
use std::sync::Arc;

use delta_engine_application::{DeclarationFault, Location};

use crate::fault::{UNREADABLE, file_fault};

/// A range of a text: lines from 1, columns in characters from 0, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) end_line: u32,
    pub(crate) end_column: u32,
}

/// A file: its name as the user would type it, and its text.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    pub(crate) name: Arc<str>,
    pub(crate) text: Arc<str>,
}

impl Span {
    /// Whether the span covers nothing.
    pub(crate) fn is_empty(self) -> bool {
        (self.line, self.column) == (self.end_line, self.end_column)
    }

    /// From the start of this span to the end of the other.
    pub(crate) fn to(self, end: Self) -> Self {
        Self { end_line: end.end_line, end_column: end.end_column, ..self }
    }

    /// One character at a place.
    pub(crate) fn point(line: u32, column: u32) -> Self {
        Self { line, column, end_line: line, end_column: column + 1 }
    }
}

impl SourceText {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        Self { name: name.into(), text: text.strip_prefix('\u{feff}').unwrap_or(text).into() }
    }

    /// The text of bytes that must be UTF-8; a byte order mark is left out.
    pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> Result<Self, Box<DeclarationFault>> {
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(name, &text)),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let bytes = error.as_bytes();
                let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
                let line = 1 + bytes[..offset].iter().filter(|byte| **byte == b'\n').count();
                let message = if utf16 {
                    "is text in UTF-16; definitions are read as UTF-8".to_owned()
                } else {
                    format!("is not UTF-8: the byte at offset {offset} (line {line}) belongs to no character")
                };
                let help = "save the file as UTF-8; in most editors that is a choice in “save with encoding”";
                Err(Box::new(file_fault(UNREADABLE, name, message, Some(help.to_owned()))))
            }
        }
    }

    /// The byte that each line begins with.
    pub(crate) fn line_starts(&self) -> Vec<usize> {
        let mut starts = vec![0];
        let mut rest = &*self.text;
        while let Some(end) = rest.find(['\n', '\r']) {
            rest = after_break(&rest[end..]);
            starts.push(self.text.len() - rest.len());
        }
        starts
    }

    /// A line, counted from 1, without its end.
    pub(crate) fn line(&self, number: u32) -> &str {
        nth_line(&self.text, number)
    }

    /// The place of a span; one that goes on over lines ends with its first.
    pub(crate) fn location(&self, span: Span) -> Location {
        let line = self.line(span.line);
        let span = tight(line, span);
        let column = span.column as usize;
        let width = line.trim_end().chars().count().saturating_sub(column);
        let length = if span.line == span.end_line { (span.end_column as usize).saturating_sub(column) } else { width };
        Location {
            file: self.name.to_string(),
            line: span.line as usize,
            column: column + 1,
            length: length.clamp(1, width.max(1)),
            excerpt: Some(line.trim_end().to_owned()).filter(|line| !line.is_empty()),
        }
    }

    /// The text a span covers, where it is on one line.
    pub(crate) fn slice(&self, span: Span) -> Option<&str> {
        let line = self.line(span.line);
        let span = tight(line, span);
        (span.line == span.end_line).then(|| char_slice(line, span.column as usize, span.end_column as usize))
    }

    /// The part of a scalar's span that these bytes of its value are; `None` where the value is not written as it is.
    pub(crate) fn narrowed(&self, span: Span, value: &str, range: Range<usize>) -> Option<Span> {
        let written = self.slice(span)?;
        let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
        let inner = match quote {
            Some(quote) => written.strip_prefix(quote)?.strip_suffix(quote)?,
            None => written,
        };
        if inner != value {
            return None;
        }
        let chars = |bytes: usize| value.get(..bytes.min(value.len())).map(|text| text.chars().count());
        let shift = |count: usize| u32::try_from(count + usize::from(quote.is_some())).ok();
        let (from, to) = (shift(chars(range.start)?)?, shift(chars(range.end)?)?);
        // A fault at the end of the text has nothing to point at but the last character.
        let start = (span.column + from).min(tight(self.line(span.line), span).end_column.saturating_sub(1));
        Some(Span { column: start, end_line: span.line, end_column: (span.column + to).max(start + 1), ..span })
    }
}

/// The span without what the scanner counts to a quoted value: the space and the comment that follow it.
fn tight(line: &str, span: Span) -> Span {
    let mut letters = line.chars().enumerate().skip(span.column as usize);
    let Some((_, quote @ ('"' | '\''))) = letters.next() else { return span };
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && quote == '"' {
            letters.next();
        } else if letter == quote && !line.chars().nth(at + 1).is_some_and(|next| next == quote && quote == '\'') {
            let end = u32::try_from(at + 1).unwrap_or(u32::MAX);
            // A span that goes on behind the quote on purpose, such as a key and its value, stays.
            let rest = char_slice(line, at + 1, span.end_column as usize).trim_start();
            let only = rest.is_empty() || rest.starts_with('#') || span.end_line > span.line;
            return if only { Span { end_line: span.line, end_column: end, ..span } } else { span };
        } else if letter == quote {
            letters.next();
        }
    }
    span
}

/// The characters `from..to` of a line.
pub(crate) fn char_slice(line: &str, from: usize, to: usize) -> &str {
    let at = |count: usize| line.char_indices().nth(count).map_or(line.len(), |(index, _)| index);
    line.get(at(from)..at(to)).unwrap_or_default()
}

/// A line of a text, counted from 1: a line ends as in YAML, with `\n`, `\r\n` or `\r`.
pub(crate) fn nth_line(text: &str, number: u32) -> &str {
    let mut rest = text;
    for _ in 1..number {
        let Some(end) = rest.find(['\n', '\r']) else { return "" };
        rest = after_break(&rest[end..]);
    }
    rest.find(['\n', '\r']).map_or(rest, |end| &rest[..end])
}

fn after_break(text: &str) -> &str {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix(['\n', '\r'])).unwrap_or(text)
}
