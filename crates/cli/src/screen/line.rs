//! One line: pieces of text with a tone each.

use std::fmt::Write;

/// What a piece of text is, from which its colour follows. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As any text.
    Plain,
    /// A name or a result.
    Strong,
    /// Less important than what stands around it.
    Quiet,
    /// Something new.
    Add,
    /// Something that changes.
    Change,
    /// Something that moves or is renamed.
    Move,
    /// Something that goes, or that is refused.
    Remove,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\x1b[1m",
            Self::Quiet => "\x1b[2m",
            Self::Add => "\x1b[32m",
            Self::Change => "\x1b[33m",
            Self::Move => "\x1b[36m",
            Self::Remove => "\x1b[31m",
        }
    }
}

/// A line in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    pieces: Vec<(Tone, String)>,
}

impl Line {
    /// An empty line.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    pub(crate) fn plain(self, text: impl AsRef<str>) -> Self {
        self.toned(Tone::Plain, text)
    }

    /// Adds text with a tone; control characters are spelled out.
    pub(crate) fn toned(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.pieces.push((tone, visible(text.as_ref())));
        self
    }

    /// Adds space up to a column.
    pub(crate) fn pad_to(self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        self.plain(" ".repeat(missing))
    }

    /// How many characters the line has.
    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// The text of the line, without space at its end.
    pub(super) fn rendered(&self, color: bool) -> String {
        let mut text = String::new();
        for (tone, piece) in &self.pieces {
            if color && *tone != Tone::Plain && !piece.is_empty() {
                text.push_str(tone.code());
                text.push_str(piece);
                text.push_str("\x1b[0m");
            } else {
                text.push_str(piece);
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text
    }
}

/// The text with its control characters spelled out.
fn visible(text: &str) -> String {
    if !text.chars().any(hidden) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("\\t"),
            '\r' => shown.push_str("\\r"),
            // Writing to a String cannot fail.
            letter if hidden(letter) => drop(write!(shown, "\\u{{{:x}}}", u32::from(letter))),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Control characters, and those that turn the direction of text around.
fn hidden(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts a text into lines of at most `width` characters, at spaces; a longer word stays whole.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A value in quotes, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 48;
    if text.chars().count() <= LONGEST {
        return format!("\"{text}\"");
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("\"{start}…\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let line = Line::new().plain("a\x1b[2Jb\n\u{202e}c");
        assert_eq!(line.rendered(true), "a\\u{1b}[2Jb\\n\\u{202e}c");
    }

    #[test]
    fn colour_stands_around_pieces_only_where_it_is_wanted() {
        let line = Line::new().toned(Tone::Add, "+").plain(" x").pad_to(8);
        assert_eq!((line.rendered(true).as_str(), line.rendered(false).as_str()), ("\x1b[32m+\x1b[0m x", "+ x"));
    }

    #[test]
    fn lines_are_cut_at_spaces() {
        assert_eq!(wrapped("aa bb ccccccc d", 5), ["aa bb", "ccccccc", "d"]);
    }
}
