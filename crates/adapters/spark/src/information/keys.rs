//! From the rows of key columns to keys: own primary and foreign keys, and the keys of others that rest on a table.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{ForeignKey, Identifier, InboundKey, PrimaryKey, TableName};

use super::{Facts, Place, place};
use crate::client::{Row, RowError, Rows};

/// The keys of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) primary: Option<PrimaryKey>,
    pub(crate) foreign: Vec<ForeignKey>,
    /// Foreign keys of other tables that rest on the primary key.
    pub(crate) inbound: Vec<InboundKey>,
    /// A foreign key is there whose partner can't be seen: of another catalog, or hidden.
    pub(crate) is_cut_off: bool,
}

/// How names are spelled so that they are those of the declarations.
pub(super) struct Spelling<'s> {
    pub(super) catalog: &'s str,
    pub(super) names: &'s BTreeMap<Place, &'s TableName>,
}

impl Spelling<'_> {
    /// The name of a table as the declaration of `beside` would write it.
    fn name(&self, at: &Place, beside: Option<&TableName>) -> TableName {
        if let Some(name) = self.names.get(at) {
            return (*name).clone();
        }
        let (schema, table) = at;
        let has_catalog = beside.is_none_or(|beside| beside.catalog.is_some());
        TableName {
            catalog: has_catalog.then(|| Identifier::new(self.catalog)),
            schema: Some(Identifier::new(schema.as_str())),
            table: Identifier::new(table.as_str()),
        }
    }
}

/// A column of a key, and its partner where the key references another.
struct KeyColumn {
    position: i64,
    name: Identifier,
    partner: Option<(Place, Identifier)>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Primary,
    /// Whether the referenced key is the primary one: dropping a unique one is not held up by those that reference it.
    Foreign {
        of_primary: bool,
    },
    Other,
}

/// Puts the keys into the facts of their tables.
pub(super) fn fill(rows: &Rows, spelling: &Spelling<'_>, facts: &mut BTreeMap<Place, Facts>) -> Result<(), RowError> {
    let mut keys: BTreeMap<(Place, String), Vec<KeyColumn>> = BTreeMap::new();
    for row in rows.iter() {
        if let Some((at, name, column)) = key_column(row)? {
            keys.entry((at, name)).or_default().push(column);
        }
    }
    facts.values_mut().for_each(|facts| facts.keys = Some(Keys::default()));
    for ((at, name), mut columns) in keys {
        columns.sort_by_key(|column| column.position);
        let kind = columns.first().map_or(Kind::Other, |column| column.kind);
        match kind {
            Kind::Primary => {
                let columns = columns.into_iter().map(|column| column.name).collect();
                let key = PrimaryKey { name: Some(Identifier::new(name)), columns, rely: false };
                of(facts, &at, |keys| keys.primary = Some(key));
            }
            Kind::Foreign { of_primary } => foreign(&at, name, columns, of_primary, spelling, facts),
            Kind::Other => (),
        }
    }
    Ok(())
}

fn key_column(row: Row<'_>) -> Result<Option<(Place, String, KeyColumn)>, RowError> {
    let at = place(row.text("table_schema")?, row.text("table_name")?);
    let partner = place(row.text("referenced_schema")?, row.text("referenced_table")?);
    let partner = partner.zip(row.text("referenced_column")?.map(Identifier::new));
    let kind = match row.text("constraint_type")?.unwrap_or_default() {
        "PRIMARY KEY" => Kind::Primary,
        "FOREIGN KEY" => Kind::Foreign { of_primary: row.text("referenced_type")? == Some("PRIMARY KEY") },
        _ => Kind::Other,
    };
    let position = row.integer("ordinal_position")?.unwrap_or_default();
    let names = at.zip(row.text("constraint_name")?).zip(row.text("column_name")?);
    Ok(names.map(|((at, constraint), column)| {
        let column = KeyColumn { position, name: Identifier::new(column), partner, kind };
        (at, constraint.to_owned(), column)
    }))
}

fn foreign(
    at: &Place,
    name: String,
    columns: Vec<KeyColumn>,
    of_primary: bool,
    spelling: &Spelling<'_>,
    facts: &mut BTreeMap<Place, Facts>,
) {
    let name = Some(Identifier::new(name));
    let partners: Option<Vec<(Place, Identifier)>> = columns.iter().map(|column| column.partner.clone()).collect();
    let mut parents: BTreeSet<&Place> = partners.iter().flatten().map(|(parent, _)| parent).collect();
    let (Some(partners), Some(parent), None) = (&partners, parents.pop_first(), parents.pop_first()) else {
        of(facts, at, |keys| keys.is_cut_off = true);
        return;
    };
    let referenced_columns: Vec<Identifier> = partners.iter().map(|(_, column)| column.clone()).collect();
    let own = spelling.names.get(at).copied();
    let key = ForeignKey {
        name: name.clone(),
        columns: columns.into_iter().map(|column| column.name).collect(),
        references: spelling.name(parent, own),
        referenced_columns: referenced_columns.clone(),
        rely: false,
    };
    of(facts, at, |keys| keys.foreign.push(key));
    if of_primary && parent != at {
        let table = spelling.name(at, spelling.names.get(parent).copied());
        of(facts, parent, |keys| keys.inbound.push(InboundKey { table, name, referenced_columns }));
    }
}

fn of(facts: &mut BTreeMap<Place, Facts>, at: &Place, change: impl FnOnce(&mut Keys)) {
    if let Some(keys) = facts.get_mut(at).and_then(|facts| facts.keys.as_mut()) {
        change(keys);
    }
}
