//! Colours, where they are wanted. No meaning is in colour alone.

use crate::args::Color;

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    colored: bool,
}

impl Style {
    /// What the flag says; for `auto` what terminal and environment say (NO_COLOR, CLICOLOR_FORCE, TERM=dumb).
    pub(crate) fn chosen(color: Color, is_terminal: bool) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        let colored = match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if set("CLICOLOR_FORCE") => true,
            Color::Auto => is_terminal && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
        };
        Self { colored }
    }

    /// Without colours.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self { colored: false }
    }

    /// What is added.
    pub(crate) fn added(self, text: &str) -> String {
        self.paint(text, "32")
    }

    /// What is changed.
    pub(crate) fn changed(self, text: &str) -> String {
        self.paint(text, "33")
    }

    /// What is removed, refused or dangerous.
    pub(crate) fn danger(self, text: &str) -> String {
        self.paint(text, "31")
    }

    /// What matters less.
    pub(crate) fn quiet(self, text: &str) -> String {
        self.paint(text, "2")
    }

    /// What a table's block begins with.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint(text, "1")
    }

    fn paint(self, text: &str, code: &str) -> String {
        if self.colored { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
