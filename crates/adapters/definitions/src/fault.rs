//! What can be wrong with a file before anybody asks what its tables mean.
//!
//! Owns the codes DE150 and up and the fault at a span; the file's text turns it into a placed fault. Knows nothing of
//! types, properties or Delta: those faults are the domain's.

use delta_engine_application::DeclarationFault;
use delta_engine_schema::Explanation;

use crate::text::{SourceText, Span};

pub(crate) const UNREADABLE: &str = "DE150";
pub(crate) const SYNTAX: &str = "DE151";
pub(crate) const FEATURE: &str = "DE152";
pub(crate) const EMPTY: &str = "DE153";
pub(crate) const UNKNOWN_KEY: &str = "DE154";
pub(crate) const DUPLICATE_KEY: &str = "DE155";
pub(crate) const MISSING_KEY: &str = "DE156";
pub(crate) const SHAPE: &str = "DE157";
pub(crate) const VALUE: &str = "DE158";
pub(crate) const SPLIT: &str = "DE159";
pub(crate) const VARIABLE: &str = "DE160";
pub(crate) const NO_FILES: &str = "DE161";
pub(crate) const SQL: &str = "DE162";
pub(crate) const BARE_WORD: &str = "DE163";
pub(crate) const TARGET: &str = "DE164";
pub(crate) const RULE: &str = "DE165";
pub(crate) const SECRET: &str = "DE166";

/// What every fault of a file means, in the order of their codes.
pub const FILE_FAULTS: &[Explanation] = &[
    explain(
        UNREADABLE,
        "unreadable-file",
        "a file cannot be read, or is not text in UTF-8",
        "check the path, the permissions of the file, and that it is saved as UTF-8",
    ),
    explain(
        SYNTAX,
        "yaml-syntax",
        "a file is not YAML: a bracket or quote is open, a tab indents, a value holds a bare `: `",
        "look at the place and the line before it; put values that hold `: `, `#`, brackets or commas in quotes",
    ),
    explain(
        FEATURE,
        "yaml-feature",
        "a file uses a part of YAML that hides what is written: anchors, merge keys, tags, documents",
        "write the value out where it is used; `defaults` says what tables have in common",
    ),
    explain(
        EMPTY,
        "empty-file",
        "a file holds nothing but space and comments",
        "write `tables:` with at least one table, or remove the file",
    ),
    explain(
        UNKNOWN_KEY,
        "unknown-key",
        "a key means nothing where it stands; nothing is ever ignored silently",
        "correct the key; the message names the nearest one, and `delta-engine schema` lists all",
    ),
    explain(
        DUPLICATE_KEY,
        "duplicate-key",
        "a key is written twice in one mapping, so one of its values would be lost",
        "remove one of the two",
    ),
    explain(MISSING_KEY, "missing-key", "a key that is needed is not there", "add the key"),
    explain(
        SHAPE,
        "wrong-shape",
        "a list, a mapping or a single value stands where another of them is needed",
        "write the value in the form that the message shows",
    ),
    explain(
        VALUE,
        "wrong-value",
        "a value is not among those that its key takes",
        "write one of the values that the message lists",
    ),
    explain(
        SPLIT,
        "split-value",
        "a comma or colon of an unquoted value made YAML cut it in two",
        "put the value in quotes",
    ),
    explain(
        VARIABLE,
        "unknown-variable",
        "a `${var.…}`, `${env.…}` or `${target.…}` has no value",
        "declare the variable in delta-engine.yml, set it with --var, or export it",
    ),
    explain(
        NO_FILES,
        "no-files",
        "a path or pattern of definitions matches no file",
        "check the path or pattern, and the folder you are in; -C changes it",
    ),
    explain(SQL, "sql-definitions", "a definition is written in SQL, which is not read yet", "write the table in YAML"),
    explain(
        BARE_WORD,
        "bare-word",
        "a default is a bare word: SQL reads it as the name of a column, not as text",
        "put text in single quotes inside the value: default: \"'new'\"",
    ),
    explain(
        TARGET,
        "target",
        "a target is not declared, or it is not clear which one is meant",
        "name a target with --target, or mark one with `default: true`",
    ),
    explain(
        RULE,
        "unknown-rule",
        "a rule is named that does not exist, so the setting would do nothing",
        "correct the name; `delta-engine explain` lists the rules",
    ),
    explain(
        SECRET,
        "written-secret",
        "a secret stands in the project file instead of a reference to the environment",
        "write a reference such as ${env.TOKEN}, and set the variable where the program runs",
    ),
];

/// The way out is that of the code; a fault's own help knows its case, and says more.
const fn explain(code: &'static str, name: &'static str, summary: &'static str, way_out: &'static str) -> Explanation {
    Explanation { code, name, summary, way_out }
}

/// One fault at a span of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileFault {
    code: &'static str,
    message: String,
    help: Option<String>,
    span: Option<Span>,
    hidden: bool,
}

impl FileFault {
    pub(crate) fn new(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, span: Some(span), hidden: false }
    }

    /// A fault that no file shows.
    pub(crate) fn unplaced(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None, span: None, hidden: false }
    }

    /// Message and way out.
    pub(crate) fn into_words(self) -> (String, Option<String>) {
        (self.message, self.help)
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same fault without the text of its line, which is not for the screen.
    pub(crate) fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn span(&self) -> Option<Span> {
        self.span
    }

    /// The fault with its place in this file.
    pub(crate) fn place(self, source: &SourceText) -> DeclarationFault {
        let mut location = self.span.map(|span| source.location(span));
        if let Some(location) = location.as_mut().filter(|_| self.hidden) {
            location.excerpt = None;
        }
        DeclarationFault { code: self.code, message: self.message, help: self.help, location }
    }
}

/// Places all faults of a file, in the order of the file.
pub(crate) fn place_all(mut faults: Vec<FileFault>, source: &SourceText) -> Vec<DeclarationFault> {
    faults.sort_by_key(|fault| fault.span().map(|span| (span.line, span.column)));
    faults.into_iter().map(|fault| fault.place(source)).collect()
}

/// A fault of a file as a whole.
pub(crate) fn file_fault(code: &'static str, file: &str, message: String, help: Option<String>) -> DeclarationFault {
    DeclarationFault { code, message: format!("`{file}` {message}"), help, location: None }
}
