//! What goes to the terminal: lines of toned text, on a stream that may close.
//!
//! Decides how things look, never what is true. Text of users and tables is shown with its control characters spelled
//! out, so that a table's comment cannot write to the terminal.

mod action;
mod fault;
mod finding;
mod line;
mod next;
mod plan;
mod report;

use std::io::{ErrorKind, Write};

pub(crate) use fault::{json_error, show_trouble};
pub(crate) use line::{Line, Tone, wrapped};
use next::command_line;
pub(crate) use plan::{Heading, allow_step, counts, next_step, show_plan, tables, tables_as_declared};
pub(crate) use report::show_report;

/// A stream of lines.
pub(crate) struct Screen<'w> {
    out: &'w mut dyn Write,
    color: bool,
    closed: bool,
    failure: Option<std::io::Error>,
}

impl<'w> Screen<'w> {
    /// A screen on a stream.
    pub(crate) fn new(out: &'w mut dyn Write, color: bool) -> Self {
        Self { out, color, closed: false, failure: None }
    }

    /// Shows a line.
    pub(crate) fn line(&mut self, line: Line) {
        let text = line.rendered(self.color);
        self.write(&text);
        self.write("\n");
    }

    /// Shows an empty line.
    pub(crate) fn blank(&mut self) {
        self.write("\n");
    }

    /// Shows one line of plain text.
    pub(crate) fn say(&mut self, text: impl AsRef<str>) {
        self.line(Line::new().plain(text.as_ref()));
    }

    /// Writes text as it is: JSON, YAML, scripts.
    pub(crate) fn raw(&mut self, text: &str) {
        self.write(text);
    }

    /// Writes out what is held back.
    pub(crate) fn flush(&mut self) {
        if !self.closed {
            let flushed = self.out.flush();
            self.note(flushed);
        }
    }

    /// What went wrong with the stream, other than that its reader went away: a closed pipe ends quietly.
    pub(crate) fn finish(mut self) -> Option<std::io::Error> {
        self.flush();
        self.failure
    }

    fn write(&mut self, text: &str) {
        if !self.closed {
            let written = self.out.write_all(text.as_bytes());
            self.note(written);
        }
    }

    /// After a failure nothing more is written, but the command goes on: an apply is not torn apart by its reader.
    fn note(&mut self, result: std::io::Result<()>) {
        if let Err(error) = result {
            self.closed = true;
            self.failure = (error.kind() != ErrorKind::BrokenPipe).then_some(error);
        }
    }
}
