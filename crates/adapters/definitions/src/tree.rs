//! YAML as a tree that knows where everything stands.
//!
//! Keeps the order and the spelling of scalars; a word is never turned into something else here. What YAML hides
//! (anchors, merge keys, tags, further documents, duplicate keys) is a fault, and the tree says where something is lost
//! by it. Knows nothing of tables.

mod node;
mod split;
mod syntax;

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

pub(crate) use node::{Entry, Kind, Node};

use crate::fault::{DUPLICATE_KEY, EMPTY, FEATURE, FileFault, SHAPE};
use crate::text::{SourceText, Span, after_break, end_of_quoted, nth_line};

/// How deep a file may nest; definitions need seven levels.
const MAX_DEPTH: usize = 32;

/// What a text holds, as far as it is YAML.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    /// What was read; none where nothing was.
    pub(crate) root: Option<Node<'t>>,
    /// What is wrong with the text.
    pub(crate) faults: Vec<FileFault>,
    /// Whether the text was read to its end.
    pub(crate) whole: bool,
}

/// Reads a file into a tree, up to where it stops being YAML.
pub(crate) fn read_tree(source: &SourceText) -> Tree<'_> {
    if let Some(fault) = syntax::control_character(source) {
        return Tree { root: None, faults: vec![fault], whole: false };
    }
    let parser = Parser::new_from_str(&source.text);
    let lines = (1, &*source.text);
    let mut builder = Builder { source, parser, lines, open: Vec::new(), faults: Vec::new(), cut: false };
    let root = builder.document();
    let root = if builder.cut { root.and_then(closed) } else { root };
    Tree { root, faults: builder.faults, whole: !builder.cut }
}

/// What was closed when the text broke off: all but the last item of the last list at the top of the file.
///
/// The scanner stumbles behind the slip, so that what it read last may be something else than what was meant.
fn closed(mut root: Node<'_>) -> Option<Node<'_>> {
    root.lose();
    let Kind::Map { entries, .. } = &mut root.kind else { return None };
    if let Some(mut last) = entries.pop() {
        last.value.lose();
        if let Kind::List { items, .. } = &mut last.value.kind {
            items.pop();
            entries.push(last);
        }
    }
    Some(root)
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
    /// Whether the rest of the file cannot be read.
    cut: bool,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Option<Node<'t>> {
        let mut root = None;
        while let Ok((event, span)) = self.next() {
            match event {
                Event::StreamEnd => break,
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "a second document begins here; a file of definitions is one document";
                    self.fault(FEATURE, span, message, "remove the `---`, or move what follows into a file of its own");
                    return root;
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => (),
                Event::Alias(_)
                | Event::Scalar(..)
                | Event::SequenceStart(..)
                | Event::SequenceEnd
                | Event::MappingStart(..)
                | Event::MappingEnd => root = self.node(event, span, 0).ok(),
            }
        }
        if root.is_none() && !self.cut {
            let message = "the file holds nothing but space and comments";
            let help = "write `tables:` and a list of tables below it, or remove the file";
            self.fault(EMPTY, Span::point(1, 0), message, help);
        }
        root
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node<'t>, Stop> {
        if depth > MAX_DEPTH {
            let message = format!("values are nested deeper than {MAX_DEPTH} levels, which no definition needs");
            self.fault(SHAPE, span, message, "look for brackets that are opened and not closed");
            self.cut = true;
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
                Ok(self.list(span, depth))
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse(anchor, tag.is_some(), span);
                Ok(self.map(span, depth))
            }
            Event::Alias(_) => {
                let message = "`*` at the start of a value is a reference in YAML, and references are not read here";
                self.fault(FEATURE, span, message, "put the value in quotes where the `*` is meant, or write it out");
                Ok(Node { span, kind: Kind::Unread })
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

    /// A list; one that the text breaks off in is not whole.
    fn list(&mut self, start: Span, depth: usize) -> Node<'t> {
        let flow = self.enter(start);
        let mut items = Vec::new();
        let end = loop {
            let Ok((event, span)) = self.next() else { break None };
            if event == Event::SequenceEnd {
                break Some(span);
            }
            let Ok(item) = self.node(event, span, depth + 1) else { break None };
            items.push(item);
        };
        let span = self.leave(flow, start, end, items.last().map(|item| item.span));
        Node { span, kind: Kind::List { items, whole: end.is_some() } }
    }

    /// A mapping; one that the text breaks off in, or that holds what is no key, is not whole.
    fn map(&mut self, start: Span, depth: usize) -> Node<'t> {
        let flow = self.enter(start);
        let mut entries: Vec<Entry<'t>> = Vec::new();
        let mut whole = true;
        let end = loop {
            let Ok((event, span)) = self.next() else { break None };
            if event == Event::MappingEnd {
                break Some(span);
            }
            let Ok(entry) = self.entry(event, span, depth) else { break None };
            whole &= entry.is_some();
            entries.extend(entry);
        };
        if end.is_some() {
            if flow {
                split::join(self.source, &mut entries, &mut self.faults);
            }
            self.refuse_duplicates(&mut entries);
        }
        let span = self.leave(flow, start, end, entries.last().map(|entry| entry.value.span));
        Node { span, kind: Kind::Map { entries, whole: whole && end.is_some() } }
    }

    /// A key and its value; none where there is no such key.
    fn entry(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Option<Entry<'t>>, Stop> {
        let key = self.node(event, span, depth + 1)?;
        let (event, span) = self.next()?;
        let mut value = self.node(event, span, depth + 1)?;
        let key_span = key.span;
        if value.span.is_empty() && matches!(value.kind, Kind::Scalar { .. }) {
            // The parser places a value that is not written at the next token, often lines below.
            value.span = key_span;
        }
        Ok(self.key(key).map(|key| Entry { key, key_span, value }))
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
            Kind::Unread => None,
            Kind::List { .. } | Kind::Map { .. } => {
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
        if entries.len() < 16 {
            let fresh = |at: usize| entries[..at].iter().all(|before| before.key != entries[at].key);
            if (1..entries.len()).all(fresh) {
                return;
            }
        }
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for entry in std::mem::take(entries) {
            let Some(first) = seen.get(&*entry.key).and_then(|at| entries.get_mut(*at)) else {
                seen.insert(entry.key.to_string(), entries.len());
                entries.push(entry);
                continue;
            };
            let line = first.key_span.line;
            let message = format!("`{}` is written twice here; the first is on line {line}", entry.key);
            let help = "keep one of them: YAML would silently drop a value";
            self.faults.push(FileFault::new(DUPLICATE_KEY, entry.key_span, message).help(help));
            first.value.lose();
        }
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

    fn leave(&mut self, flow: bool, start: Span, end: Option<Span>, last: Option<Span>) -> Span {
        if flow {
            self.open.pop();
        }
        match end.filter(|_| flow) {
            // The scanner's own end lies behind the space and the comment that follow the bracket.
            Some(end) => start.to(Span::point(end.line, end.column)),
            None => start.to(last.unwrap_or(start)),
        }
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
        if self.cut {
            return Err(Stop);
        }
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, narrow(span))),
            Some(Err(error)) => {
                let fault = syntax::explain(self.source, &error, &self.open);
                let line = |fault: &FileFault| fault.span().map(|span| span.line);
                // What is said of this line already is why the scanner stumbles.
                if !self.faults.iter().any(|said| line(said) == line(&fault)) {
                    self.faults.push(fault);
                }
                self.cut = true;
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
