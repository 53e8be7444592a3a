//! One call of the program: what was typed, and where to show things.

use serde_json::Value;

use crate::args::{Format, Options};
use crate::screen::Screen;

/// What every command is given.
pub(crate) struct Session<'s, 'w> {
    /// The options.
    pub(crate) options: &'s Options,
    /// The words of the command line behind the program's name.
    pub(crate) typed: Vec<String>,
    /// For results.
    pub(crate) out: Screen<'w>,
    /// For talk, questions and errors.
    pub(crate) talk: Screen<'w>,
}

impl Session<'_, '_> {
    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.options.format == Format::Json
    }

    /// Writes a JSON result.
    pub(crate) fn json(&mut self, value: &Value) {
        // The alternate form is the indented one.
        self.out.raw(&format!("{value:#}\n"));
    }

    /// Shows a result as a line of text, or as JSON.
    pub(crate) fn result(&mut self, text: &str, value: &Value) {
        if self.is_json() { self.json(value) } else { self.out.say(text) }
    }
}
