//! What the information schema of a catalog tells of its tables: tags, keys, defaults, and that it tells at all.
//!
//! The same few queries for any number of tables. A view that can't be read leaves its aspects unknown, and so does a table
//! that the schema does not list: it shows only what its reader may see, so no row says something only of a table that is
//! listed. Knows nothing of how tables are described.

mod keys;
mod query;

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{Identifier, TableName};

use crate::client::{Failure, RowError, Rows};
use crate::server::Server;

pub(crate) use keys::Keys;
use keys::Spelling;
pub(crate) use query::{delta_tables, schemata};

/// Schema and table as the catalog keeps them: in lower case, the whole text by Unicode's rules.
pub(crate) type Place = (String, String);

/// What a catalog tells of the tables that were asked for.
#[derive(Debug)]
pub(crate) enum Information {
    /// The catalog has none, so there is no such catalog, or none that may be seen.
    NoCatalog {
        /// The server's words.
        words: String,
    },
    /// By table; those that are not listed are not there.
    Of(BTreeMap<Place, Facts>),
}

/// What is told of a listed table. What could not be read is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) tags: Option<BTreeMap<String, String>>,
    pub(crate) column_tags: Option<BTreeMap<Identifier, BTreeMap<String, String>>>,
    pub(crate) columns: BTreeMap<Identifier, ColumnFacts>,
    pub(crate) keys: Option<Keys>,
    /// As `MANAGED` or `STREAMING_TABLE`.
    pub(crate) kind: String,
}

/// What is told of a column beside what its table's description has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColumnFacts {
    pub(crate) default: Option<String>,
    pub(crate) generated: Option<String>,
    /// Start, increment and `ALWAYS` or `BY DEFAULT`, as texts.
    pub(crate) identity: Option<(String, String, String)>,
}

/// A name as the catalog keeps it.
pub(crate) fn lower(name: &Identifier) -> String {
    name.as_str().to_lowercase()
}

/// Asks a catalog for these tables. `names` spells them as the declarations do.
pub(crate) async fn read(
    server: &Server,
    catalog: &str,
    names: &BTreeMap<Place, &TableName>,
) -> Result<Information, Failure> {
    let places: BTreeSet<&Place> = names.keys().collect();
    let ask = |query: String| async move { server.query(&query).await };
    let (tables, columns, tags, column_tags, keys) = futures::join!(
        ask(query::tables(catalog, &places)),
        ask(query::columns(catalog, &places)),
        ask(query::table_tags(catalog, &places)),
        ask(query::column_tags(catalog, &places)),
        ask(query::keys(catalog, &places)),
    );
    let tables = match tables {
        Ok(rows) => rows,
        Err(Failure::Refused(refusal)) if query::is_missing(&refusal) => {
            return Ok(Information::NoCatalog { words: crate::catalog::first_part(&refusal) });
        }
        Err(failure) => {
            unread("tables", failure)?;
            return Ok(Information::Of(BTreeMap::new()));
        }
    };
    let mut facts = listed(&tables).unwrap_or_else(|error| nothing("tables", &error));
    let mut fill = |view: &'static str, rows: Result<Rows, Failure>, fill: &Filling<'_>| {
        match rows {
            Ok(rows) => {
                let before = facts.clone();
                // Half an answer is none.
                if let Err(error) = fill(&rows, &mut facts) {
                    facts = before;
                    nothing::<()>(view, &error);
                }
                Ok(())
            }
            Err(failure) => unread(view, failure),
        }
    };
    fill("columns", columns, &fill_columns)?;
    fill("table_tags", tags, &fill_tags)?;
    fill("column_tags", column_tags, &fill_column_tags)?;
    let spelling = Spelling { catalog, names };
    fill("keys", keys, &|rows, facts| keys::fill(rows, &spelling, facts))?;
    Ok(Information::Of(facts))
}

/// Adds the rows of a view to what is known of the tables.
type Filling<'a> = dyn Fn(&Rows, &mut BTreeMap<Place, Facts>) -> Result<(), RowError> + 'a;

/// A view that is refused is unknown; any other trouble is the server's.
fn unread(view: &str, failure: Failure) -> Result<(), Failure> {
    let Failure::Refused(refusal) = failure else { return Err(failure) };
    tracing::debug!(view, %refusal, "information schema not read");
    Ok(())
}

fn nothing<T: Default>(view: &str, error: &RowError) -> T {
    tracing::debug!(view, %error, "information schema not understood");
    T::default()
}

fn place(schema: Option<&str>, table: Option<&str>) -> Option<Place> {
    Some((schema?.to_lowercase(), table?.to_lowercase()))
}

fn listed(rows: &Rows) -> Result<BTreeMap<Place, Facts>, RowError> {
    let mut facts = BTreeMap::new();
    for row in rows.iter() {
        let Some(place) = place(row.text("table_schema")?, row.text("table_name")?) else { continue };
        let kind = row.text("table_type")?.unwrap_or_default().to_owned();
        facts.insert(place, Facts { kind, ..Facts::default() });
    }
    Ok(facts)
}

fn fill_columns(rows: &Rows, facts: &mut BTreeMap<Place, Facts>) -> Result<(), RowError> {
    for row in rows.iter() {
        let place = place(row.text("table_schema")?, row.text("table_name")?);
        let Some(facts) = place.and_then(|place| facts.get_mut(&place)) else { continue };
        let Some(column) = row.text("column_name")? else { continue };
        let text = |name: &str| row.text(name).map(|text| text.map(str::to_owned));
        let identity = text("identity_start")?.zip(text("identity_increment")?).zip(text("identity_generation")?);
        let is_identity = row.text("is_identity")?.is_some_and(|is| is.eq_ignore_ascii_case("YES"));
        let column_facts = ColumnFacts {
            default: text("column_default")?,
            generated: text("generation_expression")?,
            identity: identity.filter(|_| is_identity).map(|((start, increment), kind)| (start, increment, kind)),
        };
        facts.columns.insert(Identifier::new(column), column_facts);
    }
    Ok(())
}

fn fill_tags(rows: &Rows, facts: &mut BTreeMap<Place, Facts>) -> Result<(), RowError> {
    facts.values_mut().for_each(|facts| facts.tags = Some(BTreeMap::new()));
    for row in rows.iter() {
        let place = place(row.text("schema_name")?, row.text("table_name")?);
        let tags = place.and_then(|place| facts.get_mut(&place)?.tags.as_mut());
        if let (Some(tags), Some(key)) = (tags, row.text("tag_name")?.filter(|key| is_ours(key))) {
            tags.insert(key.to_owned(), row.text("tag_value")?.unwrap_or_default().to_owned());
        }
    }
    Ok(())
}

fn fill_column_tags(rows: &Rows, facts: &mut BTreeMap<Place, Facts>) -> Result<(), RowError> {
    facts.values_mut().for_each(|facts| facts.column_tags = Some(BTreeMap::new()));
    for row in rows.iter() {
        let place = place(row.text("schema_name")?, row.text("table_name")?);
        let tags = place.and_then(|place| facts.get_mut(&place)?.column_tags.as_mut());
        let key = row.text("tag_name")?.filter(|key| is_ours(key));
        if let (Some(tags), Some(column), Some(key)) = (tags, row.text("column_name")?, key) {
            let value = row.text("tag_value")?.unwrap_or_default().to_owned();
            tags.entry(Identifier::new(column)).or_default().insert(key.to_owned(), value);
        }
    }
    Ok(())
}

/// A key with a dot can be written by nobody: such tags are the platform's own (`system.…`, `class.…`).
fn is_ours(key: &str) -> bool {
    !key.contains('.')
}
