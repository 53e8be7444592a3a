//! Which tables a run is about: globs over their names, without case, with or without the catalog.

use delta_engine::schema::model::TableName;
use globset::{GlobBuilder, GlobMatcher};

use crate::args::Options;
use crate::error::{Trouble, did_you_mean};

/// Tables that are selected and not excluded.
pub(crate) struct Selection {
    select: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

struct Pattern {
    text: String,
    matcher: GlobMatcher,
}

impl Selection {
    /// Every table.
    pub(crate) fn all() -> Self {
        Self { select: Vec::new(), exclude: Vec::new() }
    }

    /// The selection that was typed.
    pub(crate) fn read(options: &Options) -> Result<Self, Trouble> {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self { select: patterns(&options.select)?, exclude: patterns(&options.exclude)? })
    }

    /// Whether a table belongs to the run.
    pub(crate) fn keeps(&self, name: &TableName) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name));
        (self.select.is_empty() || any(&self.select)) && !any(&self.exclude)
    }

    /// Refuses a typed pattern that selects none of the tables there are: it is a slip of the keyboard.
    pub(crate) fn check(&self, tables: &[&TableName]) -> Result<(), Trouble> {
        for (option, pattern) in
            self.select.iter().map(|p| ("--select", p)).chain(self.exclude.iter().map(|p| ("--exclude", p)))
        {
            if !tables.iter().any(|table| pattern.matches(table)) {
                let message = format!("{option} {} matches no table{}", pattern.text, near(&pattern.text, tables));
                return Err(Trouble::usage(message, there_are(tables)));
            }
        }
        if !tables.is_empty() && !tables.iter().any(|table| self.keeps(table)) {
            return Err(Trouble::usage("--select and --exclude leave no table", there_are(tables)));
        }
        Ok(())
    }
}

impl Pattern {
    fn new(text: &str) -> Result<Self, Trouble> {
        Ok(Self { text: text.to_owned(), matcher: matcher(text)? })
    }

    fn matches(&self, name: &TableName) -> bool {
        let bare = || !self.text.contains(['.', '*']) && self.matcher.is_match(name.table.as_str());
        spellings(name).iter().any(|name| self.matcher.is_match(name)) || bare()
    }
}

/// Whether a permission's object may be one of this table, or the table itself.
pub(crate) fn may_concern(object: &str, name: &TableName) -> Result<bool, Trouble> {
    // Everything up to a dot names the table, or a star reaches beyond it.
    let ends = object.char_indices().filter_map(|(at, letter)| match letter {
        '.' => Some(at),
        '*' => Some(at + 1),
        _ => None,
    });
    for end in ends.chain([object.len()]) {
        let start = matcher(&object[..end])?;
        if spellings(name).iter().any(|name| start.is_match(name)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Words for the nearest table, where one is near; parts of the text beyond a table's are left aside.
pub(crate) fn near(text: &str, tables: &[&TableName]) -> String {
    let mut names: Vec<String> = tables.iter().flat_map(|table| spellings(table)).collect();
    names.sort();
    for parts in [3, 2, 1] {
        let cut = text.split('.').take(parts).collect::<Vec<_>>().join(".");
        let as_long: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| name.split('.').count() == parts).collect();
        let words = did_you_mean(&cut, &as_long);
        if !words.is_empty() {
            // What stands behind the name of a table is of that table too.
            let behind = text.get(cut.len()..).unwrap_or_default();
            return words.replacen("`?", &format!("{behind}`?"), 1);
        }
    }
    String::new()
}

/// A few of the tables there are.
pub(crate) fn there_are(tables: &[&TableName]) -> String {
    const SHOWN: usize = 5;
    if tables.is_empty() {
        return "this run has no tables".to_owned();
    }
    let names: Vec<String> = tables.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = tables.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("tables of this run: {}{more}", names.join(", "))
}

/// The full name, and the one without the catalog, which the target may fill in.
fn spellings(name: &TableName) -> Vec<String> {
    let short = TableName { catalog: None, ..name.clone() };
    let mut names = vec![name.to_string()];
    if name.catalog.is_some() {
        names.push(short.to_string());
    }
    names
}

/// A glob in which `*` and `?` alone are special, as in permissions.
fn matcher(text: &str) -> Result<GlobMatcher, Trouble> {
    let mut pattern = String::new();
    for letter in text.chars() {
        match letter {
            '[' | ']' | '{' | '}' | '\\' => pattern.push_str(&format!("\\{letter}")),
            _ => pattern.push(letter),
        }
    }
    let glob = GlobBuilder::new(&pattern).case_insensitive(true).backslash_escape(true).build();
    glob.map(|glob| glob.compile_matcher()).map_err(|error| {
        Trouble::usage(
            format!("`{text}` is no pattern of names: {}", error.kind()),
            "write it as silver.* or *.customers",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> TableName {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_match_names_with_and_without_catalog() {
        let table = name("dev.silver.customers");
        for text in ["silver.customers", "dev.silver.*", "SILVER.*", "*", "customers", "silver.custom?rs"] {
            assert!(Pattern::new(text).unwrap().matches(&table), "{text}");
        }
        for text in ["silver", "silver.customer", "gold.*", "dev"] {
            assert!(!Pattern::new(text).unwrap().matches(&table), "{text}");
        }
    }

    #[test]
    fn a_permission_concerns_tables_and_what_is_in_them() {
        let table = name("dev.silver.customers");
        for text in ["silver.customers", "silver.customers.note", "silver.*", "*.note", "dev.silver.customers.a.b", "*"]
        {
            assert!(may_concern(text, &table).unwrap(), "{text}");
        }
        for text in ["silver.orders.note", "silver.customer", "gold.*"] {
            assert!(!may_concern(text, &table).unwrap(), "{text}");
        }
    }
}
