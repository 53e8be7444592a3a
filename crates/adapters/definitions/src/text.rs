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
        let start = (span.column + from).min(span.end_column.saturating_sub(1));
        Some(Span { column: start, end_line: span.line, end_column: (span.column + to).max(start + 1), ..span })
    }
}

/// Where the quoted text that begins at this character of a line is closed on it, the quote included.
pub(crate) fn end_of_quoted(line: &str, column: u32) -> Option<u32> {
    let mut letters = line.chars().enumerate().skip(column as usize).peekable();
    let (_, quote) = letters.next().filter(|(_, first)| matches!(first, '"' | '\''))?;
    while let Some((at, letter)) = letters.next() {
        let escaped = (letter == '\\' && quote == '"')
            || (letter == quote && quote == '\'' && letters.peek().is_some_and(|(_, next)| *next == quote));
        if escaped {
            letters.next();
        } else if letter == quote {
            return u32::try_from(at + 1).ok();
        }
    }
    None
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

/// The text behind the line break it begins with.
pub(crate) fn after_break(text: &str) -> &str {
    text.strip_prefix("\r\n").or_else(|| text.strip_prefix(['\n', '\r'])).unwrap_or(text)
}
