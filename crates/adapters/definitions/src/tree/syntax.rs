//! Turns what the YAML scanner says into what a person can act on.
//!
//! The scanner's own words speak of tokens and contexts; the line at its marker mostly shows what was meant.

use saphyr_parser::ScanError;

use crate::fault::{FEATURE, FileFault, SYNTAX};
use crate::keys::{COLUMN, FIELD, FOREIGN_KEY, IDENTITY, TABLE, TARGET};
use crate::text::{SourceText, Span, char_slice};

/// The fault for an error of the scanner; `open` are the brackets that are not closed.
pub(super) fn explain(source: &SourceText, error: &ScanError, open: &[Span]) -> FileFault {
    let line = u32::try_from(error.marker().line()).unwrap_or(1).max(1);
    let column = u32::try_from(error.marker().col()).unwrap_or(0);
    let here = Span::point(line, column);
    let text = source.line(line);
    let info = error.info();
    if let Some(fault) = tab(source, line).or_else(|| tab(source, line + 1).filter(|_| info.contains("tab"))) {
        return fault;
    }
    if info.contains("unknown anchor") {
        let message = "`*` at the start of a value is a reference in YAML, and references are not read here";
        return FileFault::new(FEATURE, here, message)
            .help("put the value in quotes where the `*` is meant, or write it out");
    }
    // The scanner notices at the end of the line, or one line later.
    for line in [line, line - 1].into_iter().filter(|line| *line > 0) {
        if let Some(fault) = no_space_after_colon(source.line(line), info, line) {
            return fault;
        }
    }
    if let Some(fault) = forbidden_start(info, text, here) {
        return fault;
    }
    if info.contains("quoted scalar") {
        return quoted(source, info, here);
    }
    if let Some(fault) = colon_inside(source, info, line) {
        return fault;
    }
    let innermost = open.last().filter(|_| info.contains("flow") || info.contains("eof") || info.contains("node"));
    if let Some(bracket) = innermost.copied() {
        return unclosed(source, bracket);
    }
    general(source, info, here)
}

/// A character that no editor shows; YAML forbids most of them, and a terminal would obey some.
pub(super) fn control_character(source: &SourceText) -> Option<FileFault> {
    let control = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f;
    let at = source.text.bytes().position(control)?;
    let code = source.text.as_bytes()[at];
    let before = &source.text[..at];
    let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let breaks = before.replace("\r\n", "\n").matches(['\n', '\r']).count();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let here = Span::point(number(breaks + 1), number(before[start..].chars().count()));
    let message = format!("an invisible control character (code {code}) stands here");
    Some(
        FileFault::new(SYNTAX, here, message)
            .help("delete it; in double quotes it can be written as an escape")
            .hidden(),
    )
}

fn tab(source: &SourceText, line: u32) -> Option<FileFault> {
    let text = source.line(line);
    let indent = text.len() - text.trim_start().len();
    let at = text[..indent].find('\t')?;
    let span = Span {
        line,
        column: u32::try_from(at).unwrap_or(0),
        end_line: line,
        end_column: u32::try_from(indent).unwrap_or(1),
    };
    let message = "a tab indents this line; YAML allows spaces only";
    Some(FileFault::new(SYNTAX, span, message).help("replace the tab with spaces, two for each level"))
}

/// A value that begins with a letter that YAML keeps for itself.
fn forbidden_start(info: &str, text: &str, here: Span) -> Option<FileFault> {
    let rest = char_slice(text, here.column as usize, usize::MAX);
    let letter = rest.chars().next()?;
    let reserved = info.contains("unexpected character") || (letter == '%' && info.contains("directive"));
    if !reserved || !matches!(letter, '`' | '@' | '%') {
        return None;
    }
    let value = rest.trim_end().trim_end_matches([',', '}', ']']).trim_end();
    let value = value.split(" #").next().unwrap_or(value).split(", ").next().unwrap_or(value);
    let quote = if value.contains('"') { '\'' } else { '"' };
    let message = format!("a value cannot begin with {letter}, which YAML keeps for itself");
    Some(FileFault::new(SYNTAX, here, message).help(format!("put the value in quotes: {quote}{value}{quote}")))
}

/// `comment:text`, which is one word to YAML.
fn no_space_after_colon(text: &str, info: &str, line: u32) -> Option<FileFault> {
    if !info.contains("simple key") {
        return None;
    }
    let rest = text.trim_start().trim_start_matches("- ").trim_start();
    let (key, value) = rest.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    if !is_key || value.is_empty() || value.starts_with(' ') {
        return None;
    }
    let column = u32::try_from(text.chars().count() - rest.chars().count() + key.chars().count()).ok()?;
    let fault = FileFault::new(SYNTAX, Span::point(line, column), "a space is missing after this colon");
    Some(fault.help(format!("write `{key}: {}`", value.trim_end())))
}

fn quoted(source: &SourceText, info: &str, here: Span) -> FileFault {
    if info.contains("unknown escape") || info.contains("hexadecimal") || info.contains("Unicode") {
        let message = "inside double quotes a `\\` begins an escape, and this is none";
        return FileFault::new(SYNTAX, bad_escape(source.line(here.line), here), message)
            .help("use single quotes, where `\\` is only itself, or write `\\\\`");
    }
    if info.contains("indentation") {
        let message =
            "the quote that opens here is not closed on this line, and the next line is not indented below its key";
        return FileFault::new(SYNTAX, here, message)
            .help("close the quote where the text ends, or indent the next line");
    }
    if info.contains("trailing") {
        return behind_quote(here);
    }
    let start = opening_quote(source, here).unwrap_or(here);
    FileFault::new(SYNTAX, start, "the quote that opens here is never closed")
        .help("add the closing quote; a quote inside single quotes is written twice: 'it''s'")
}

/// The first backslash behind the quote that begins no escape.
fn bad_escape(line: &str, here: Span) -> Span {
    let mut letters = line.chars().enumerate().skip(here.column as usize);
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' {
            match letters.next() {
                Some((_, next)) if "0abt\tnvfre \"/\\N_LP".contains(next) => (),
                Some(_) | None => return Span::point(here.line, u32::try_from(at).unwrap_or(0)),
            }
        }
    }
    here
}

/// The last quote at or before the marker that opens a value and is not closed on its line.
fn opening_quote(source: &SourceText, here: Span) -> Option<Span> {
    (1..=here.line).rev().find_map(|line| {
        let text = source.line(line);
        let mut open: Option<(char, usize)> = None;
        let mut before = ' ';
        for (column, letter) in text.chars().enumerate() {
            match (open, letter) {
                (Some((quote, _)), letter) if letter == quote => open = None,
                (None, '"' | '\'') if matches!(before, ' ' | '[' | '{' | ',' | '(') => open = Some((letter, column)),
                (None, '#') if before == ' ' => break,
                (_, _) => (),
            }
            before = letter;
        }
        open.map(|(_, column)| Span::point(line, u32::try_from(column).unwrap_or(0)))
    })
}

/// `key: struct<a: int>` and `comment: note: this`: a colon and a space inside a value without quotes.
fn colon_inside(source: &SourceText, info: &str, line: u32) -> Option<FileFault> {
    let about_keys = info.contains("mapping values")
        || info.contains("':'")
        || info.contains("simple key")
        || info.contains("',' or '}'")
        || info.contains("',' or ']'");
    if !about_keys {
        return None;
    }
    [line, line.saturating_sub(1)].into_iter().filter(|line| *line > 0).find_map(|line| {
        let text = source.line(line);
        let (from, to) = value_with_colon(text)?;
        let column = |byte: usize| u32::try_from(text[..byte].chars().count()).unwrap_or(0);
        let span = Span { line, column: column(from), end_line: line, end_column: column(to) };
        let value = &text[from..to];
        let quote = if value.contains('"') { '\'' } else { '"' };
        if let Some(key) = next_key(value).filter(|_| code_has_brace(text, from)) {
            let message = format!("a comma is missing before `{key}:`");
            let help = format!("write `{}`", value.replacen(&format!(" {key}:"), &format!(", {key}:"), 1));
            return Some(FileFault::new(SYNTAX, span, message).help(help));
        }
        let message = "this value holds a colon and a space, which begin a mapping in YAML unless the value is quoted";
        Some(FileFault::new(SYNTAX, span, message).help(format!("quote it: {quote}{value}{quote}")))
    })
}

/// A key of the format that stands in a value behind a space.
fn next_key(value: &str) -> Option<&'static str> {
    let sets = [&COLUMN, &TABLE, &FIELD, &IDENTITY, &FOREIGN_KEY, &TARGET];
    let keys = sets.into_iter().flat_map(|set| set.names());
    let (before, _) = value.split_once(": ")?;
    let (_, word) = before.rsplit_once(' ')?;
    keys.into_iter().find(|key| *key == word)
}

fn code_has_brace(text: &str, before: usize) -> bool {
    text.get(..before).is_some_and(|start| start.contains('{'))
}

/// The bytes of an unquoted value on this line that holds `: ` itself.
fn value_with_colon(text: &str) -> Option<(usize, usize)> {
    let code = text.split(" #").next().unwrap_or(text).trim_end();
    let mut from = 0;
    while let Some(colon) = code[from..].find(": ") {
        let start = from + colon + 2;
        let start = start + (code[start..].len() - code[start..].trim_start().len());
        let value = &code[start..];
        if value.starts_with(['"', '\'', '{', '[', '|', '>']) {
            let inner = value.chars().next().map_or(0, char::len_utf8);
            // Look on behind the quoted text, or inside the bracket.
            let skip = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[inner..].find(quote).map_or(value.len(), |end| inner + end + 1),
                Some(_) | None => inner,
            };
            from = (start + skip).min(code.len());
            continue;
        }
        let end = value_end(value);
        if value[..end].contains(": ") || value[..end].ends_with(':') {
            return Some((start, start + end));
        }
        from = start;
    }
    None
}

/// Where a value ends on its line: at the comma or brace that is outside its own brackets.
fn value_end(value: &str) -> usize {
    let mut depth = 0_i32;
    for (at, letter) in value.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' | '}' | ']' if depth <= 0 => return value[..at].trim_end().len(),
            _ => (),
        }
    }
    value.trim_end().len()
}

fn unclosed(source: &SourceText, bracket: Span) -> FileFault {
    let open = source.line(bracket.line).chars().nth(bracket.column as usize).unwrap_or('{');
    let close = if open == '[' { ']' } else { '}' };
    let message = format!("the `{open}` that opens here is not closed by a `{close}`, or a comma is missing inside");
    FileFault::new(SYNTAX, bracket, message)
        .help(format!("separate the entries with commas and end with `{close}`; quote values that hold , : {{ }} [ ]"))
}

fn behind_quote(here: Span) -> FileFault {
    FileFault::new(SYNTAX, here, "the quoted value ends before this, but the line goes on")
        .help("put the whole value in one pair of quotes; a quote inside single quotes is written twice: 'it''s'")
}

fn general(source: &SourceText, info: &str, here: Span) -> FileFault {
    let (message, help) = match info {
        _ if info.contains("misplaced bracket") => {
            ("this bracket closes nothing", "remove it, or add the bracket that should open before it")
        }
        _ if info.contains("block sequence entries") || info.contains("only valid inside a block") => {
            ("a `-` cannot begin a list item here", "put each `- ` on a line of its own, below the key it belongs to")
        }
        _ if info.contains("'-' indicator") => (
            "this line stands in a list, but does not begin with `-`",
            "begin it with `- `, or indent it as far as the other lines of the item above",
        ),
        _ if info.contains("block mapping") || info.contains("simple key") || info.contains("indentation") => (
            "this line does not fit the lines above: it is indented differently, or it has no `key:`",
            "indent it as far as its neighbours, and write `key: value`",
        ),
        _ if info.contains("mapping values") => (
            "a `:` stands here that belongs to no key",
            "quote the value it stands in, or check the indentation of the lines above",
        ),
        _ if info.contains("block scalar") => (
            "the text after `|` or `>` is not indented as it should be",
            "begin the text on the next line, indented with spaces below its key",
        ),
        _ if info.contains("trailing content") || info.contains("node content") => (
            "something stands here that belongs to no value",
            "put the whole value in one pair of quotes, or separate entries with a comma",
        ),
        _ if info.contains("unprintable") || info.contains("byte order") => {
            ("an invisible control character stands here", "remove it")
        }
        _ if info.contains("document") || info.contains("directive") => (
            "`---`, `...` and `%` lines divide documents, and a file of definitions is one document",
            "remove the line",
        ),
        _ if info.contains("tag") || info.contains("handle") => {
            ("tags (`!name`) are not read here", "remove the tag; quote a value that begins with `!`")
        }
        _ if info.contains("anchor") => (
            "anchors (`&name`) and references (`*name`) are not read here",
            "quote a value that begins with `&` or `*`",
        ),
        _ => (
            "YAML cannot be read from here on",
            "check the indentation, quotes and brackets of this line and the one above",
        ),
    };
    let beyond = source.line(here.line).trim().is_empty();
    let span = if beyond { last_line(source, here.line).unwrap_or(here) } else { here };
    FileFault::new(SYNTAX, span, message).help(help)
}

/// The last line up to this one that holds something.
fn last_line(source: &SourceText, line: u32) -> Option<Span> {
    (1..=line).rev().find_map(|line| {
        let text = source.line(line);
        let end = u32::try_from(text.trim_end().chars().count()).ok().filter(|end| *end > 0)?;
        Some(Span::point(line, end - 1))
    })
}
