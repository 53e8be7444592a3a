//! The queries of an information schema: their number does not depend on that of the tables.

use std::collections::BTreeSet;

use delta_engine_schema::model::Identifier;
use delta_engine_sql::literal;

use super::Place;
use crate::client::Refusal;

/// With more tables than this only their schemas are named, so that a query stays short; what is not asked for is left out
/// when it comes.
const NAMED: usize = 500;

/// Which tables there are to see.
pub(super) fn tables(catalog: &str, places: &BTreeSet<&Place>) -> String {
    let tables = view(catalog, "tables");
    let these = among("table_schema", "table_name", places);
    format!("SELECT table_schema, table_name, table_type FROM {tables} WHERE {these}")
}

/// Columns of which there is something to tell. The documentation calls all but the default reserved.
pub(super) fn columns(catalog: &str, places: &BTreeSet<&Place>) -> String {
    let columns = view(catalog, "columns");
    let these = among("table_schema", "table_name", places);
    format!(
        "SELECT table_schema, table_name, column_name, column_default, generation_expression, is_identity, \
         identity_generation, CAST(identity_start AS STRING) AS identity_start, \
         CAST(identity_increment AS STRING) AS identity_increment FROM {columns} \
         WHERE {these} AND (column_default IS NOT NULL OR generation_expression IS NOT NULL OR is_identity = 'YES')"
    )
}

/// Tags of tables. The tag views call a schema otherwise.
pub(super) fn table_tags(catalog: &str, places: &BTreeSet<&Place>) -> String {
    let tags = view(catalog, "table_tags");
    let these = among("schema_name", "table_name", places);
    format!("SELECT schema_name, table_name, tag_name, tag_value FROM {tags} WHERE {these}")
}

/// Tags of columns.
pub(super) fn column_tags(catalog: &str, places: &BTreeSet<&Place>) -> String {
    let tags = view(catalog, "column_tags");
    let these = among("schema_name", "table_name", places);
    format!("SELECT schema_name, table_name, column_name, tag_name, tag_value FROM {tags} WHERE {these}")
}

/// Every column of every key of the tables, and of every key that references them. A column of a foreign key is paired with
/// the column at its position in the referenced key, which need not be its own position; the names of constraints are unique
/// in their schema. A key that references another catalog has no partner here.
pub(super) fn keys(catalog: &str, places: &BTreeSet<&Place>) -> String {
    let [constraints, columns, references] =
        ["table_constraints", "key_column_usage", "referential_constraints"].map(|name| view(catalog, name));
    let on = |left: &str, prefix: &str, right: &str| {
        let same = |part: &str| format!("{left}.{prefix}constraint_{part} = {right}.constraint_{part}");
        ["catalog", "schema", "name"].map(same).join(" AND ")
    };
    let (of_column, of_reference) = (on("c", "", "k"), on("c", "", "r"));
    let (of_partner, of_parent) = (on("r", "unique_", "p"), on("r", "unique_", "u"));
    let (these, those) =
        (among("c.table_schema", "c.table_name", places), among("p.table_schema", "p.table_name", places));
    format!(
        "SELECT c.table_schema, c.table_name, c.constraint_name, c.constraint_type, k.column_name, k.ordinal_position, \
         p.table_schema AS referenced_schema, p.table_name AS referenced_table, p.column_name AS referenced_column, \
         u.constraint_type AS referenced_type \
         FROM {constraints} c JOIN {columns} k ON {of_column} LEFT JOIN {references} r ON {of_reference} \
         LEFT JOIN {columns} p ON {of_partner} AND p.ordinal_position = k.position_in_unique_constraint \
         LEFT JOIN {constraints} u ON {of_parent} WHERE {these} OR {those}"
    )
}

/// Which of these schemas there are to see.
pub(crate) fn schemata(catalog: &str, schemas: &BTreeSet<String>) -> String {
    let schemata = view(catalog, "schemata");
    let names: Vec<String> = schemas.iter().map(|name| literal(name)).collect();
    format!("SELECT schema_name FROM {schemata} WHERE schema_name IN ({})", names.join(", "))
}

/// Delta tables of a schema, or of all.
pub(crate) fn delta_tables(catalog: &str, schema: Option<&str>) -> String {
    let tables = view(catalog, "tables");
    let within = schema.map_or_else(
        || "table_schema <> 'information_schema'".to_owned(),
        |schema| format!("table_schema = {}", literal(schema)),
    );
    format!(
        "SELECT table_schema, table_name FROM {tables} WHERE {within} AND data_source_format = 'DELTA' \
         AND table_type NOT IN ('VIEW', 'MATERIALIZED_VIEW', 'FOREIGN') ORDER BY 1, 2"
    )
}

/// Whether there is no such view, and so no such catalog: each has all of them.
pub(super) fn is_missing(refusal: &Refusal) -> bool {
    let classes = ["NO_SUCH_CATALOG_EXCEPTION", "CATALOG_NOT_FOUND", "SCHEMA_NOT_FOUND", "TABLE_OR_VIEW_NOT_FOUND"];
    classes.iter().any(|class| refusal.is(class))
}

fn view(catalog: &str, name: &str) -> String {
    format!("{}.information_schema.{name}", Identifier::new(catalog).quoted())
}

fn among(schema: &str, table: &str, places: &BTreeSet<&Place>) -> String {
    let list = |names: BTreeSet<&str>| names.into_iter().map(literal).collect::<Vec<_>>().join(", ");
    let within = format!("{schema} IN ({})", list(places.iter().map(|(schema, _)| schema.as_str()).collect()));
    if places.len() > NAMED {
        return within;
    }
    format!("({within} AND {table} IN ({}))", list(places.iter().map(|(_, table)| table.as_str()).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_where_they_are_few() {
        let place = |table: &str| ("it's".to_owned(), table.to_owned());
        let few = [place("b"), place("a")];
        let asked = tables("c`d", &few.iter().collect());
        let expected = r"SELECT table_schema, table_name, table_type FROM `c``d`.information_schema.tables
            WHERE (table_schema IN ('it\'s') AND table_name IN ('a', 'b'))";
        assert_eq!(asked.split_whitespace().collect::<Vec<_>>(), expected.split_whitespace().collect::<Vec<_>>());
        let many: Vec<Place> = (0..=NAMED).map(|number| place(&format!("t{number}"))).collect();
        assert!(tables("c", &many.iter().collect()).ends_with(r"WHERE table_schema IN ('it\'s')"));
    }
}
