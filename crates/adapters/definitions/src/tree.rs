//! YAML as a tree that knows where everything stands.
//!
//! Keeps the order and the spelling of scalars; a word is never turned into something else here. What YAML hides
//! (anchors, merge keys, tags, further documents, duplicate keys) is a fault. Knows nothing of tables.

mod split;
mod syntax;

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use crate::fault::{DUPLICATE_KEY, EMPTY, FEATURE, FileFault, SHAPE};
use crate::text::{SourceText, Span, after_break, end_of_quoted, nth_line};

/// How deep a file may nest; definitions need seven levels.
const MAX_DEPTH: usize = 32;

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
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping in its order; each key once.
    Map(Vec<Entry<'t>>),
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
        if let Kind::Map(entries) = &self.kind { entries } else { &[] }
    }

    /// The items, where this is a list.
    pub(crate) fn items(&self) -> &[Node<'t>] {
        if let Kind::List(items) = &self.kind { items } else { &[] }
    }

    /// The text, where this is a scalar other than null.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } if !self.is_null() => Some(text),
            Kind::Scalar { .. } | Kind::List(_) | Kind::Map(_) => None,
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

/// Reads a file into a tree.
///
/// The tree is missing where the text is no YAML; faults may come beside a tree.
pub(crate) fn read_tree(source: &SourceText) -> (Option<Node<'_>>, Vec<FileFault>) {
    if let Some(fault) = syntax::control_character(source) {
        return (None, vec![fault]);
    }
    let parser = Parser::new_from_str(&source.text);
    let lines = (1, &*source.text);
    let mut builder = Builder { source, parser, lines, open: Vec::new(), faults: Vec::new() };
    let root = builder.document().ok();
    (root, builder.faults)
}

/// The rest of the file cannot be read; why is among the faults already.
struct Stop;

struct Builder<'t> {
    source: &'t SourceText,
    parser: Parser<'t, StrInput<'t>>,
    /// A line and the text from there on; moves forward only, as events do.
    lines: (u32, &'t str),
    /// The brackets that are open, outermost first.
    open: Vec<Span>,
    faults: Vec<FileFault>,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Result<Node<'t>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "a second document begins here; a file of definitions is one document";
                    self.fault(FEATURE, span, message, "remove the `---`, or move what follows into a file of its own");
                    return root.ok_or(Stop);
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => (),
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => root = Some(self.node(event, span, 0)?),
            }
        }
        root.ok_or_else(|| {
            let message = "the file holds nothing but space and comments";
            self.fault(
                EMPTY,
                Span::point(1, 0),
                message,
                "write `tables:` and a list of tables below it, or remove the file",
            );
            Stop
        })
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node<'t>, Stop> {
        if depth > MAX_DEPTH {
            let message = format!("values are nested deeper than {MAX_DEPTH} levels, which no definition needs");
            self.fault(SHAPE, span, message, "look for brackets that are opened and not closed");
            return Err(Stop);
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span);
                let span = match style {
                    ScalarStyle::Plain => span,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.quoted_span(span),
                    ScalarStyle::Literal | ScalarStyle::Folded => first_line(span),
                };
                Ok(Node { span, kind: Kind::Scalar { text, plain: style == ScalarStyle::Plain } })
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span);
                self.list(span, depth)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span);
                self.map(span, depth)
            }
            Event::Alias(_) => {
                let message = "`*` at the start of a value is a reference in YAML, and references are not read here";
                self.fault(FEATURE, span, message, "put the value in quotes where the `*` is meant, or write it out");
                Ok(Node { span, kind: Kind::Scalar { text: Cow::Borrowed(""), plain: true } })
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Ok(Node { span, kind: Kind::Scalar { text: Cow::Borrowed(""), plain: true } }),
        }
    }

    /// The span of a quoted scalar; the scanner counts the space and the comment behind it too.
    fn quoted_span(&mut self, span: Span) -> Span {
        let (mut line, mut rest) = self.lines;
        while line < span.line {
            let Some(end) = rest.find(['\n', '\r']) else { return span };
            rest = after_break(&rest[end..]);
            line += 1;
        }
        self.lines = (line, rest);
        match end_of_quoted(nth_line(rest, 1), span.column) {
            Some(end_column) => Span { end_line: span.line, end_column, ..span },
            None => span,
        }
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<Node<'t>, Stop> {
        let flow = self.enter(start);
        let mut items = Vec::new();
        let end = loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                break span;
            }
            items.push(self.node(event, span, depth + 1)?);
        };
        let span = self.leave(flow, start, end, items.last().map(|item| item.span));
        Ok(Node { span, kind: Kind::List(items) })
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<Node<'t>, Stop> {
        let flow = self.enter(start);
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let end = loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break span;
            }
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next()?;
            let mut value = self.node(event, span, depth + 1)?;
            let key_span = key.span;
            if value.span.is_empty() && matches!(value.kind, Kind::Scalar { .. }) {
                // The parser places a value that is not written at the next token, often lines below.
                value.span = key_span;
            }
            if let Some(key) = self.key(key) {
                entries.push(Entry { key, key_span, value });
            }
        };
        if flow {
            split::join(self.source, &mut entries, &mut self.faults);
        }
        self.refuse_duplicates(&mut entries);
        let span = self.leave(flow, start, end, entries.last().map(|entry| entry.value.span));
        Ok(Node { span, kind: Kind::Map(entries) })
    }

    fn key(&mut self, key: Node<'t>) -> Option<Cow<'t, str>> {
        match key.kind {
            Kind::Scalar { text, plain: true } if text == "<<" => {
                let message = "merge keys (`<<`) are not read here";
                self.fault(
                    FEATURE,
                    key.span,
                    message,
                    "write what tables share under `defaults:` at the top of the file",
                );
                None
            }
            Kind::Scalar { text, .. } => Some(text),
            Kind::List(_) | Kind::Map(_) => {
                let template = self.source.line(key.span.line).contains("{{");
                if template {
                    let message = "`{{ … }}` is not filled in here; YAML reads the braces as a mapping";
                    self.fault(SHAPE, key.span, message, "write a variable as \"${var.name}\", in quotes");
                } else {
                    let message = "a list or mapping stands where the name of a key belongs";
                    self.fault(
                        SHAPE,
                        key.span,
                        message,
                        "write `key: value`; put the key in quotes where it begins with a bracket",
                    );
                }
                None
            }
        }
    }

    fn refuse_duplicates(&mut self, entries: &mut Vec<Entry<'t>>) {
        let mut seen: std::collections::BTreeMap<String, Span> = std::collections::BTreeMap::new();
        if entries.len() < 2 {
            return;
        }
        if entries.len() < 16 {
            let fresh = |at: usize| entries[..at].iter().all(|before| before.key != entries[at].key);
            if (1..entries.len()).all(fresh) {
                return;
            }
        }
        let faults = &mut self.faults;
        entries.retain(|entry| match seen.get(&*entry.key) {
            None => {
                seen.insert(entry.key.to_string(), entry.key_span);
                true
            }
            Some(first) => {
                let message = format!("`{}` is written twice here; the first is on line {}", entry.key, first.line);
                let help = "keep one of them: YAML would silently drop a value";
                faults.push(FileFault::new(DUPLICATE_KEY, entry.key_span, message).help(help));
                false
            }
        });
    }

    /// Notes an open bracket; whether there is one.
    fn enter(&mut self, start: Span) -> bool {
        // A block collection starts with a token of no width, a flow collection with its bracket.
        let flow = !start.is_empty();
        if flow {
            self.open.push(Span::point(start.line, start.column));
        }
        flow
    }

    fn leave(&mut self, flow: bool, start: Span, end: Span, last: Option<Span>) -> Span {
        if flow {
            self.open.pop();
            // The scanner's own end lies behind the space and the comment that follow the bracket.
            return start.to(Span::point(end.line, end.column));
        }
        start.to(last.unwrap_or(start))
    }

    fn refuse(&mut self, anchor: usize, tag: bool, span: Span) {
        if anchor > 0 {
            let message = "anchors (`&name`) are not read here";
            self.fault(
                FEATURE,
                span,
                message,
                "write the value out, or share it under `defaults:`; quote a value that begins with `&`",
            );
        }
        if tag {
            let message = "tags (`!name`) are not read here";
            self.fault(FEATURE, span, message, "remove the tag; quote a value that begins with `!`");
        }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, narrow(span))),
            Some(Err(error)) => {
                let fault = syntax::explain(self.source, &error, &self.open);
                let line = |fault: &FileFault| fault.span().map(|span| span.line);
                // What is said of this line already is why the scanner stumbles.
                if !self.faults.iter().any(|said| line(said) == line(&fault)) {
                    self.faults.push(fault);
                }
                Err(Stop)
            }
            None => Ok((Event::StreamEnd, Span::point(1, 0))),
        }
    }

    fn fault(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.faults.push(FileFault::new(code, span, message).help(help));
    }
}

fn narrow(span: saphyr_parser::Span) -> Span {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Span {
        line: number(span.start.line()),
        column: number(span.start.col()),
        end_line: number(span.end.line()),
        end_column: number(span.end.col()),
    }
}

/// A block scalar is pointed at by its first line.
fn first_line(span: Span) -> Span {
    Span { end_line: span.line, end_column: u32::MAX, ..span }
}
