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
                let indent: String = excerpt
                    .chars()
                    .take(location.column - 1)
                    .map(|letter| if letter == '\t' { '\t' } else { ' ' })
                    .collect();
                let carets = "^".repeat(location.length.max(1));
                write!(f, "\n {margin} |\n {number} | {excerpt}\n {margin} | {indent}{carets}")?;
            }
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}
