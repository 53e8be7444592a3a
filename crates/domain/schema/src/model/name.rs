//! Table names of one to three parts.

use std::fmt;
use std::str::FromStr;

use super::Identifier;

/// `[catalog.][schema.]table`; parts compare without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The catalog, where one is written or completed.
    pub catalog: Option<Identifier>,
    /// The schema, where one is written or completed.
    pub schema: Option<Identifier>,
    /// The table itself.
    pub table: Identifier,
}

/// Why a text is not a table name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableNameError {
    /// A part is empty, as in `silver.`.
    #[error("a part of the name `{0}` is empty")]
    EmptyPart(String),
    /// More than three parts.
    #[error(
        "`{0}` has more than three parts; write [catalog.][schema.]table, with backticks around a part that holds a dot"
    )]
    TooManyParts(String),
    /// A backtick is not closed or stands inside a part.
    #[error("the backticks of `{0}` do not pair up; a part is quoted whole, as in `` `odd.name` ``")]
    Backticks(String),
}

impl TableName {
    /// A name of a table alone.
    pub fn bare(table: impl Into<Identifier>) -> Self {
        Self { catalog: None, schema: None, table: table.into() }
    }

    /// The name with a catalog and a schema filled in where none is written.
    pub fn completed(self, catalog: Option<&Identifier>, schema: Option<&Identifier>) -> Self {
        let schema = self.schema.or_else(|| schema.cloned());
        let catalog = self.catalog.or_else(|| schema.as_ref().and(catalog).cloned());
        Self { catalog, schema, table: self.table }
    }

    /// The parts that are there, from the widest.
    pub fn parts(&self) -> impl Iterator<Item = &Identifier> {
        self.catalog.iter().chain(&self.schema).chain(std::iter::once(&self.table))
    }
}

impl FromStr for TableName {
    type Err = TableNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = split_dotted(text).ok_or_else(|| TableNameError::Backticks(text.to_owned()))?;
        if parts.iter().any(String::is_empty) {
            return Err(TableNameError::EmptyPart(text.to_owned()));
        }
        if parts.len() > 3 {
            return Err(TableNameError::TooManyParts(text.to_owned()));
        }
        let table = parts.pop().ok_or_else(|| TableNameError::EmptyPart(text.to_owned()))?;
        let schema = parts.pop();
        let catalog = parts.pop();
        Ok(Self {
            catalog: catalog.map(Identifier::new),
            schema: schema.map(Identifier::new),
            table: Identifier::new(table),
        })
    }
}

/// Splits `a.b.c` at its dots; a part may stand in backticks, doubled inside. `None` where backticks do not pair up.
pub fn split_dotted(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let part;
        if let Some(quoted) = rest.strip_prefix('`') {
            let (inner, after) = split_quoted(quoted)?;
            part = inner;
            rest = after;
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let (plain, after) = rest.split_at(end);
            if plain.contains('`') {
                return None;
            }
            part = plain.trim().to_owned();
            rest = after;
        }
        parts.push(part);
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// Splits `a.b, c` at its commas, without blanks around the entries; a comma in backticks is part of a name.
pub fn split_list(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let comma = move |letter: char| {
        quoted ^= letter == '`';
        letter == ',' && !quoted
    };
    text.split(comma).map(str::trim)
}

fn split_quoted(text: &str) -> Option<(String, &str)> {
    let mut inner = String::new();
    let mut chars = text.char_indices();
    while let Some((at, letter)) = chars.next() {
        if letter != '`' {
            inner.push(letter);
        } else if text[at + 1..].starts_with('`') {
            inner.push('`');
            chars.next();
        } else {
            return Some((inner, &text[at + 1..]));
        }
    }
    None
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(&part.quoted_if_needed())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, TableNameError>) {
        assert_eq!(text.parse::<TableName>().map(|name| name.to_string()), expected.map(str::to_owned));
    }

    #[test]
    fn one_to_three_parts_are_read_and_printed() {
        check("customers", Ok("customers"));
        check("silver.customers", Ok("silver.customers"));
        check("dev.silver.`odd.name`", Ok("dev.silver.`odd.name`"));
        check("a-b.c", Ok("`a-b`.c"));
    }

    #[test]
    fn lists_are_split_outside_backticks() {
        assert_eq!(split_list("a.b, `c,d` ,e").collect::<Vec<_>>(), ["a.b", "`c,d`", "e"]);
    }

    #[test]
    fn faulty_names_are_refused_by_cause() {
        check("silver.", Err(TableNameError::EmptyPart("silver.".into())));
        check("a.b.c.d", Err(TableNameError::TooManyParts("a.b.c.d".into())));
        check("`open.b", Err(TableNameError::Backticks("`open.b".into())));
    }
}
