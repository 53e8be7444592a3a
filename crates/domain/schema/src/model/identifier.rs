//! Names as Delta compares them: without case, spelled as written.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The name of a column, field, constraint, schema or table: compared without case, spelled as it was written.
///
/// Delta requires names to be unique per struct ignoring case and keeps the spelling for display
/// (Spark `SchemaUtils.checkColumnNameDuplication`).
#[derive(Clone)]
pub struct Identifier(Arc<str>);

impl Identifier {
    /// Takes the name as it is spelled; any text is a name, rules judge it later.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both spellings are the same, letter for letter.
    pub fn same_spelling(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The name as SQL writes it: bare where that is a plain word, in backticks otherwise.
    pub fn quoted_if_needed(&self) -> String {
        if is_plain_word(&self.0) { self.0.to_string() } else { self.quoted() }
    }

    /// The name in backticks, inner backticks doubled.
    pub fn quoted(&self) -> String {
        format!("`{}`", self.0.replace('`', "``"))
    }

    fn folded(&self) -> impl Iterator<Item = char> + '_ {
        self.0.chars().flat_map(char::to_lowercase)
    }
}

/// Whether the text can stand in SQL without backticks.
pub(crate) fn is_plain_word(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|next| next.is_ascii_alphanumeric() || next == '_')
}

impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
            || (!(self.0.is_ascii() && other.0.is_ascii()) && self.folded().eq(other.folded()))
            || self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Identifier {}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        // Nearly every name is ASCII, and folding letter by letter was half the time of a plan.
        if self.0.is_ascii() && other.0.is_ascii() {
            let lower = |letter: &u8| letter.to_ascii_lowercase();
            self.0.as_bytes().iter().map(lower).cmp(other.0.as_bytes().iter().map(lower))
        } else {
            self.folded().cmp(other.folded())
        }
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Identifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|letter| letter.hash(state));
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl From<&str> for Identifier {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Identifier {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_without_case_and_keep_their_spelling() {
        assert_eq!(Identifier::new("GRÖßE"), Identifier::new("größe"));
        assert_ne!(Identifier::new("größe"), Identifier::new("grösse"), "lower case, not case folding");
        assert_eq!(Identifier::new("MyCol").as_str(), "MyCol");
        assert_eq!(Identifier::new("a").cmp(&Identifier::new("A")), Ordering::Equal);
        assert_eq!(Identifier::new("B").cmp(&Identifier::new("a_")), Ordering::Greater);
        assert_eq!(Identifier::new("\u{212a}").cmp(&Identifier::new("k")), Ordering::Equal, "the Kelvin sign");
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(Identifier::new("bad name").quoted_if_needed(), "`bad name`");
        assert_eq!(Identifier::new("a`b").quoted_if_needed(), "`a``b`");
        assert_eq!(Identifier::new("plain_1").quoted_if_needed(), "plain_1");
    }
}
