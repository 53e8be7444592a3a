//! What can be wrong between declarations: one name, one place, or a schema that is fenced off.
//!
//! A table with faults of its own is held against the others all the same, where its name or place is known.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use delta_engine_schema::Explanation;
use delta_engine_schema::model::{Aspect, Identifier, Subject, TableName};

use crate::checked::CheckedTable;
use crate::source::{DeclarationFault, Location};

pub(crate) static DUPLICATE_TABLE: Explanation = Explanation {
    code: "DE118",
    name: "duplicate-table",
    summary: "a table is declared twice; names compare without case",
    way_out: "remove or rename one of the declarations",
};

pub(super) fn duplicate_names(tables: &[CheckedTable]) -> Vec<DeclarationFault> {
    let named = tables.iter().filter_map(|table| Some((in_session(table.name()?), table)));
    repeated(named, |_, table, other| {
        let written = |table: &CheckedTable| table.name().map(ToString::to_string).unwrap_or_default();
        let (name, there) = (written(table), written(other));
        let message = if name.eq_ignore_ascii_case(&there) {
            format!("table `{name}` is declared twice; names compare without case")
        } else {
            format!(
                "table `{name}` is declared twice: `{there}` is the same one, because `spark_catalog` is meant where no catalog is named"
            )
        };
        between(&DUPLICATE_TABLE, message, place(table, None), place(other, None))
    })
}

/// Catalog, schema and table, without the catalog that a session means where none is named.
fn in_session(name: &TableName) -> (Option<&Identifier>, Option<&Identifier>, &Identifier) {
    let catalog = name.catalog.as_ref().filter(|catalog| !catalog.as_str().eq_ignore_ascii_case("spark_catalog"));
    (catalog, name.schema.as_ref(), &name.table)
}

pub(crate) static SHARED_LOCATION: Explanation = Explanation {
    code: "DE119",
    name: "shared-location",
    summary: "two tables are declared at one location",
    way_out: "give each table its own location",
};

pub(super) fn shared_locations(tables: &[CheckedTable]) -> Vec<DeclarationFault> {
    let placed = tables.iter().filter_map(|table| Some((table.location()?.trim_end_matches('/'), table)));
    repeated(placed, |location, table, other| {
        let message = format!("`{location}` is the location of another table already; each table needs its own");
        let place = |table| place(table, Some(Aspect::Location));
        between(&SHARED_LOCATION, message, place(table), place(other))
    })
}

/// A fault for every table whose key another one has already.
fn repeated<'t, K: Ord + Copy>(
    tables: impl Iterator<Item = (K, &'t CheckedTable)>,
    fault: impl Fn(K, &CheckedTable, &CheckedTable) -> DeclarationFault,
) -> Vec<DeclarationFault> {
    let mut first: BTreeMap<K, &CheckedTable> = BTreeMap::new();
    let mut faults = Vec::new();
    for (key, table) in tables {
        match first.entry(key) {
            Entry::Occupied(other) => faults.push(fault(key, table, other.get())),
            Entry::Vacant(free) => drop(free.insert(table)),
        }
    }
    faults
}

fn between(
    meaning: &Explanation,
    message: String,
    location: Option<Location>,
    first: Option<Location>,
) -> DeclarationFault {
    let first = first.map(|first| format!("; the other one is at {first}")).unwrap_or_default();
    let help = Some(format!("{}{first}", meaning.way_out));
    DeclarationFault { code: meaning.code, message, help, location }
}

/// Where a table is declared: an aspect of it, or its name.
fn place(table: &CheckedTable, aspect: Option<Aspect>) -> Option<Location> {
    let name = table.name().cloned().unwrap_or_else(|| TableName::bare(""));
    table.sources.locate(&Subject { aspect, ..Subject::table(&name) }, None)
}

pub(crate) static OUTSIDE_SCHEMAS: Explanation = Explanation {
    code: "DE120",
    name: "outside-schemas",
    summary: "a table is declared outside the schemas that the registry is limited to",
    way_out: "declare it in one of those schemas, or widen the limit where the registry is built",
};

pub(super) fn outside(table: &CheckedTable, schemas: &[Identifier]) -> Option<DeclarationFault> {
    let name = table.name()?;
    if name.schema.as_ref().is_some_and(|schema| schemas.contains(schema)) {
        return None;
    }
    let allowed = schemas.iter().map(Identifier::as_str).collect::<Vec<_>>().join(", ");
    Some(DeclarationFault {
        code: OUTSIDE_SCHEMAS.code,
        message: format!("table `{name}` is outside the schemas of this registry"),
        help: Some(format!("declare it in one of {allowed}")),
        location: place(table, None),
    })
}
