//! What the session catalog has registered: one request a schema tells of all its tables, and reads no log.

use std::collections::BTreeMap;

use delta_engine_schema::model::{Identifier, TableName};

use crate::client::{Failure, RowError, Rows};

/// What a catalog says of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// A Delta table whose files are there.
    Delta { location: String },
    /// A table of another format.
    Foreign { format: String },
    /// A view.
    View,
    /// Something that the text does not tell beyond doubt.
    Unclear,
}

/// `SHOW TABLE EXTENDED` of a schema, narrowed to these tables where there are some.
pub(super) fn command(schema: Option<&str>, tables: &[&TableName]) -> String {
    let within = schema.map(|schema| format!(" IN {schema}")).unwrap_or_default();
    let names: Vec<&str> = tables.iter().map(|table| table.table.as_str()).collect();
    let pattern = if names.is_empty() { "*".to_owned() } else { names.join("|") };
    format!("SHOW TABLE EXTENDED{within} LIKE '{pattern}'")
}

/// Whether a table is looked up by a pattern that means its name alone.
pub(super) fn is_plain(name: &TableName) -> bool {
    let is_word =
        |part: &Identifier| part.as_str().chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_word(&name.table) && name.catalog.as_ref().is_none_or(|catalog| *catalog == Identifier::new("spark_catalog"))
}

/// The entries by name.
pub(super) fn entries(rows: &Rows) -> Result<BTreeMap<Identifier, Entry>, RowError> {
    let mut entries = BTreeMap::new();
    for row in rows.iter() {
        let (Some(name), Some(information)) = (row.text("tableName")?, row.text("information")?) else { continue };
        entries.insert(Identifier::new(name), entry(information));
    }
    Ok(entries)
}

/// Whether the schema itself is missing.
pub(super) fn is_missing_schema(failure: &Failure) -> bool {
    failure.refusal().is_some_and(|refusal| refusal.is("SCHEMA_NOT_FOUND"))
}

/// Where `DESCRIBE SCHEMA` says that new tables go; none where it does not say.
pub(super) fn place_of_schema(rows: &Rows) -> Option<String> {
    let is_location = |row: &crate::client::Row<'_>| row.text("info_name").ok().flatten() == Some("Location");
    let value = rows.iter().find(is_location)?.text("info_value").ok().flatten()?.to_owned();
    (!value.is_empty()).then_some(value)
}

/// Reads `Key: value` lines. Comments and properties of the table come between `Provider` and `Location`, and may hold lines
/// of any kind (`CatalogTable.toLinkedHashMap`).
fn entry(information: &str) -> Entry {
    let says = |key: &'static str| information.lines().filter_map(move |line| line.strip_prefix(key)).map(str::trim);
    if says("Type:").next() == Some("VIEW") {
        return Entry::View;
    }
    let Some(format) = says("Provider:").next() else { return Entry::Unclear };
    if !format.eq_ignore_ascii_case("delta") {
        return Entry::Foreign { format: format.to_owned() };
    }
    let mut locations = says("Location:");
    match (locations.next(), locations.next()) {
        (Some(location), None) => Entry::Delta { location: location.to_owned() },
        (_, _) => Entry::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_is_read_where_it_is_beyond_doubt() {
        let check = |information: &str, expected: Entry| assert_eq!(entry(information), expected);
        let delta = |location: &str| Entry::Delta { location: location.to_owned() };
        check("Table: t\nType: MANAGED\nProvider: delta\nLocation: file:/w/t\nSchema: root\n", delta("file:/w/t"));
        check("Type: MANAGED\nProvider: parquet\n", Entry::Foreign { format: "parquet".to_owned() });
        check("Type: VIEW\nView Text: SELECT 1\nProvider: delta", Entry::View);
        let doubt = "Type: MANAGED\nProvider: delta\nComment: a\nLocation: file:/x\nLocation: file:/w/t\n";
        check(doubt, Entry::Unclear);
    }

    #[test]
    fn commands_ask_for_the_tables_of_a_schema() {
        let (a, b) = ("s.a".parse().unwrap(), "s.b_1".parse().unwrap());
        assert_eq!(command(Some("`s`"), &[&a, &b]), "SHOW TABLE EXTENDED IN `s` LIKE 'a|b_1'");
        assert_eq!(command(None, &[]), "SHOW TABLE EXTENDED LIKE '*'");
        let plain = |name: &str| is_plain(&name.parse().unwrap());
        assert_eq!(["s.a", "spark_catalog.s.a", "uc.s.a", "s.`a*`"].map(plain), [true, true, false, false]);
    }
}
