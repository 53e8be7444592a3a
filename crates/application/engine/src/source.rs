//! Where declarations come from, and where in them a subject stands.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use delta_engine_schema::draft::{Fault, TableDraft};
use delta_engine_schema::model::Subject;

/// A place in a file, as a person finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file, as the user would type it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
    /// The text of the line, where it is known.
    pub excerpt: Option<String>,
}

/// Finds the place of a subject in what was declared.
pub trait Sources: Send + Sync + fmt::Debug {
    /// The nearest place for a subject: its own, or that of what it stands in.
    ///
    /// `within` narrows to bytes of the written value, where a fault lies inside it.
    fn locate(&self, subject: &Subject, within: Option<Range<usize>>) -> Option<Location>;

    /// The nearest place for each fault, which knows more than its subject: names may stand twice, or not at all.
    fn locate_faults(&self, faults: &[Fault]) -> Vec<Option<Location>> {
        faults.iter().map(|fault| self.locate(&fault.subject, fault.range())).collect()
    }
}

/// One declared table and where it was declared.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The table as written.
    pub draft: TableDraft,
    /// Where its parts stand.
    pub sources: Arc<dyn Sources>,
}

/// An error in a declaration, placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationFault {
    /// Stable code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where.
    pub location: Option<Location>,
}

impl DeclarationFault {
    /// The faults of a draft, placed.
    pub fn placed(faults: &[Fault], sources: &dyn Sources) -> Vec<Self> {
        let placed = |(fault, location): (&Fault, Option<Location>)| Self {
            code: fault.code(),
            message: fault.kind.to_string(),
            help: fault.help().map(str::to_owned),
            location,
        };
        faults.iter().zip(sources.locate_faults(faults)).map(placed).collect()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for DeclarationFault {
    /// The fault as the terminal shows it: code and message, place, excerpt with a caret, way out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(location) = &self.location {
            write!(f, "\n  --> {location}")?;
            if let Some(excerpt) = &location.excerpt {
                let number = location.line.to_string();
                let margin = " ".repeat(number.len());
                let (shown, before, length) = window(excerpt, location.column.saturating_sub(1), location.length);
                let blank = |letter| if letter == '\t' { '\t' } else { ' ' };
                let indent: String = shown.chars().take(before).map(blank).collect();
                let carets = "^".repeat(length);
                write!(f, "\n {margin} |\n {number} | {shown}\n {margin} | {indent}{carets}")?;
            }
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// How many characters of a line are shown.
const WIDEST: usize = 160;

/// The part of a line around what is meant, which begins behind `before` characters; then where it begins in that part,
/// and how long it is there.
fn window(line: &str, before: usize, length: usize) -> (String, usize, usize) {
    let letters: Vec<char> = line.chars().collect();
    if letters.len() <= WIDEST {
        return (line.to_owned(), before, length.max(1));
    }
    let first = before.min(letters.len()).saturating_sub(WIDEST / 2);
    let part: String = letters.iter().skip(first).take(WIDEST).collect();
    let start = if first > 0 { "…" } else { "" };
    let end = if first + WIDEST < letters.len() { "…" } else { "" };
    let indent = before - first + start.chars().count();
    (format!("{start}{part}{end}"), indent, length.clamp(1, WIDEST.saturating_sub(before - first).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, column: usize, length: usize, expected: &str) {
        let location = Location { file: "t.yml".to_owned(), line: 1, column, length, excerpt: Some(line.to_owned()) };
        let fault =
            DeclarationFault { code: "DE105", message: "it is wrong".to_owned(), help: None, location: Some(location) };
        let shown = fault.to_string();
        let excerpt: Vec<&str> = shown.lines().skip(3).collect();
        assert_eq!(excerpt.join("\n"), expected);
    }

    #[test]
    fn a_line_is_shown_whole_with_a_caret_under_what_is_meant() {
        check("name: x", 7, 1, " 1 | name: x\n   |       ^");
        check("\tname: x", 2, 4, " 1 | \tname: x\n   | \t^^^^");
        check("name:", 6, 1, " 1 | name:\n   |      ^");
    }

    #[test]
    fn of_a_long_line_the_part_around_it_is_shown() {
        let long = format!("{}wrong{}", "a".repeat(500), "z".repeat(500));
        let (a, z) = ("a".repeat(80), "z".repeat(75));
        let gap = " ".repeat(81);
        check(&long, 501, 5, &format!(" 1 | …{a}wrong{z}…\n   | {gap}^^^^^"));
        check(&long, 1, 1000, &format!(" 1 | {}…\n   | {}", "a".repeat(160), "^".repeat(160)));
        let end = "z".repeat(80);
        check(&long, 1006, 1, &format!(" 1 | …{end}\n   | {gap}^"));
    }
}
