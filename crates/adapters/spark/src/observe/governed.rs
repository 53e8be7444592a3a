//! A table of Unity Catalog: its description together with what the information schema tells of it.
//!
//! Owns what is unknown there: an aspect that could not be read, one of a table that the information schema does not list, and
//! always whether keys may be relied on, which no view shows. Asks nothing of a server.

use std::collections::BTreeSet;

use delta_engine_schema::model::{
    Aspect, Column, Expression, Feature, Identity, ObservedTable, Path, RelationKind, TableName, Tags, Unknown,
};
use serde_json::Value;

use super::{Detail, Mentioned, SchemaError, table};
use crate::information::{ColumnFacts, Facts, Keys};

/// How a server described a table.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) kind: RelationKind,
    /// Columns in the form of Delta logs.
    pub(crate) schema: Value,
    /// Whether that is Spark's own schema, which leaves comments out.
    pub(crate) is_sparks: bool,
    pub(crate) detail: Detail,
    /// What the description does not tell.
    pub(crate) open: BTreeSet<Aspect>,
    pub(crate) mentions: Mentioned,
}

/// The table, with what is known of it beside its description; nothing where it is not listed.
pub(crate) fn observe_governed(
    name: &TableName,
    description: &Description,
    facts: Option<&Facts>,
) -> Result<ObservedTable, SchemaError> {
    let mut unknown = Unknown::default();
    description.open.iter().for_each(|aspect| unknown.insert(*aspect, Path::table()));
    if description.is_sparks {
        super::columns::hidden_comments(&description.schema, &mut unknown);
    }
    let mut table = table(name, &description.schema, &description.detail, unknown)?;
    let streams = facts.is_some_and(|facts| facts.kind.eq_ignore_ascii_case("STREAMING_TABLE"));
    table.kind = if streams { RelationKind::StreamingTable } else { description.kind };
    tags(&mut table, facts);
    keys(&mut table, facts.and_then(|facts| facts.keys.as_ref()), description.mentions);
    computed(&mut table, facts);
    Ok(table)
}

fn tags(table: &mut ObservedTable, facts: Option<&Facts>) {
    match facts.and_then(|facts| facts.tags.clone()) {
        Some(tags) => table.tags = tags,
        // Covers the columns too: they are read by the same grants.
        None => table.unknown.insert(Aspect::Tags, Path::table()),
    }
    let of_columns = facts.and_then(|facts| facts.column_tags.as_ref());
    for column in &mut table.columns {
        match of_columns {
            Some(tags) => {
                column.tags = tags.get(column.name()).cloned().unwrap_or_default().into_iter().collect::<Tags>()
            }
            None => table.unknown.insert(Aspect::Tags, Path::column(column.name().clone())),
        }
    }
}

fn keys(table: &mut ObservedTable, keys: Option<&Keys>, mentions: Mentioned) {
    table.unknown.insert(Aspect::Rely, Path::table());
    let primary = keys.filter(|keys| keys.primary.is_some() || !mentions.primary_key);
    let foreign = keys.filter(|keys| !keys.is_cut_off && (!keys.foreign.is_empty() || !mentions.foreign_key));
    match primary {
        Some(keys) => table.primary_key = keys.primary.clone(),
        None => table.unknown.insert(Aspect::PrimaryKey, Path::table()),
    }
    match foreign {
        Some(keys) => table.foreign_keys = keys.foreign.clone(),
        None => table.unknown.insert(Aspect::ForeignKey, Path::table()),
    }
    table.inbound_keys = keys.map(|keys| keys.inbound.clone()).unwrap_or_default();
}

/// Defaults that only the information schema shows, generation expressions and identity as far as it shows them: a table
/// that may have more of them hides the rest.
fn computed(table: &mut ObservedTable, facts: Option<&Facts>) {
    let none = ColumnFacts::default();
    let may_have =
        |feature: Feature| table.features.contains(&feature) || table.unknown.covers(Aspect::Feature, &Path::table());
    let (generated, identity) = (may_have(Feature::GeneratedColumns), may_have(Feature::IdentityColumns));
    for column in &mut table.columns {
        let shown = facts.and_then(|facts| facts.columns.get(column.name())).unwrap_or(&none);
        let path = || Path::column(column.field.name.clone());
        let read = |text: &Option<String>| text.as_deref().and_then(|text| Expression::parse(text).ok());
        if column.default.is_none() && shown.default.is_some() {
            match read(&shown.default) {
                Some(default) => column.default = Some(default),
                None => table.unknown.insert(Aspect::Default, path()),
            }
        }
        match read(&shown.generated) {
            Some(expression) => column.generated = Some(expression),
            None if generated || shown.generated.is_some() => table.unknown.insert(Aspect::Generated, path()),
            None => (),
        }
        match numbering(shown) {
            Some(numbering) => column.identity = Some(numbering),
            None if identity && may_be_numbered(column) => table.unknown.insert(Aspect::Identity, path()),
            None => (),
        }
    }
}

fn numbering(shown: &ColumnFacts) -> Option<Identity> {
    let (start, increment, kind) = shown.identity.as_ref()?;
    let always = kind.eq_ignore_ascii_case("ALWAYS");
    Some(Identity { start: start.parse().ok()?, increment: increment.parse().ok()?, always })
}

/// Identity is for `bigint` only (`DELTA_IDENTITY_COLUMNS_UNSUPPORTED_DATA_TYPE`).
fn may_be_numbered(column: &Column) -> bool {
    *column.data_type() == delta_engine_schema::model::DataType::Long
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use delta_engine_schema::model::{Identifier, Layout, PrimaryKey};

    use super::*;

    fn description(features: &[Feature]) -> Description {
        let fields = serde_json::json!([
            { "name": "id", "type": "long", "nullable": false, "metadata": {} },
            { "name": "day", "type": "date", "nullable": true, "metadata": {} },
        ]);
        let features = features.iter().cloned().collect();
        Description {
            kind: RelationKind::Table,
            schema: serde_json::json!({ "type": "struct", "fields": fields }),
            is_sparks: false,
            detail: Detail { layout: Some(Layout::Flat), features, ..Detail::default() },
            open: BTreeSet::new(),
            mentions: Mentioned::default(),
        }
    }

    fn listed() -> Facts {
        Facts {
            tags: Some(BTreeMap::new()),
            column_tags: Some(BTreeMap::new()),
            keys: Some(Keys::default()),
            ..Facts::default()
        }
    }

    fn check(description: &Description, facts: Option<&Facts>, unknown: &[&str]) -> ObservedTable {
        let table = observe_governed(&"c.s.t".parse().unwrap(), description, facts).unwrap();
        let shown: Vec<String> = table
            .unknown
            .iter()
            .map(|(aspect, path)| format!("{} {path}", aspect.as_str()).trim_end().to_owned())
            .collect();
        assert_eq!(shown, unknown);
        table
    }

    #[test]
    fn nothing_is_known_of_a_table_that_is_not_listed() {
        let all = ["tags", "tags day", "tags id", "primary_key", "foreign_key", "rely"];
        check(&description(&[]), None, &all);
        check(&description(&[]), Some(&listed()), &["rely"]);
    }

    #[test]
    fn comments_that_spark_leaves_out_are_unknown() {
        let mut described = description(&[]);
        described.schema = serde_json::json!({ "type": "struct", "fields": [{
            "name": "s", "nullable": true,
            "type": { "type": "struct", "fields": [{ "name": "a", "type": "string", "nullable": true, "metadata": {} }] },
            "metadata": { "__CHAR_VARCHAR_TYPE_STRING": "struct<a:varchar(10)>" },
        }] });
        check(&described, Some(&listed()), &["rely"]);
        described.is_sparks = true;
        check(&described, Some(&listed()), &["comment s.a", "rely"]);
    }

    #[test]
    fn each_view_that_is_not_read_hides_its_own() {
        let facts = Facts { column_tags: None, ..listed() };
        check(&description(&[]), Some(&facts), &["tags day", "tags id", "rely"]);
        let facts = Facts { keys: None, ..listed() };
        check(&description(&[]), Some(&facts), &["primary_key", "foreign_key", "rely"]);
    }

    #[test]
    fn keys_that_are_mentioned_and_not_shown_are_unknown() {
        let mut described = description(&[]);
        described.mentions = Mentioned { primary_key: true, foreign_key: true };
        check(&described, Some(&listed()), &["primary_key", "foreign_key", "rely"]);
        let primary = PrimaryKey { name: Some("pk".into()), columns: vec!["id".into()], rely: false };
        let keys = Keys { primary: Some(primary.clone()), ..Keys::default() };
        let table = check(&described, Some(&Facts { keys: Some(keys), ..listed() }), &["foreign_key", "rely"]);
        assert_eq!(table.primary_key, Some(primary));
        let cut_off = Keys { is_cut_off: true, ..Keys::default() };
        check(&description(&[]), Some(&Facts { keys: Some(cut_off), ..listed() }), &["foreign_key", "rely"]);
    }

    #[test]
    fn computed_columns_are_known_as_far_as_they_are_shown() {
        let features = description(&[Feature::GeneratedColumns, Feature::IdentityColumns]);
        check(&features, Some(&listed()), &["generated day", "generated id", "identity id", "rely"]);
        let shown = ColumnFacts {
            generated: Some("CAST(t AS DATE)".to_owned()),
            default: Some("current_date()".to_owned()),
            identity: None,
        };
        let numbered = ColumnFacts {
            identity: Some(("5".to_owned(), "2".to_owned(), "BY DEFAULT".to_owned())),
            ..ColumnFacts::default()
        };
        let columns = BTreeMap::from([(Identifier::new("DAY"), shown), (Identifier::new("id"), numbered)]);
        let table = check(&features, Some(&Facts { columns, ..listed() }), &["generated id", "rely"]);
        assert_eq!(table.columns[1].generated.as_ref().map(Expression::text), Some("CAST(t AS DATE)"));
        assert_eq!(table.columns[1].default.as_ref().map(Expression::text), Some("current_date()"));
        assert_eq!(table.columns[0].identity, Some(Identity { start: 5, increment: 2, always: false }));
    }

    #[test]
    fn what_a_description_leaves_open_is_unknown() {
        let mut described = description(&[]);
        described.open = BTreeSet::from([Aspect::Check]);
        check(&described, Some(&listed()), &["check", "rely"]);
        let facts = Facts { kind: "STREAMING_TABLE".to_owned(), ..listed() };
        assert_eq!(check(&description(&[]), Some(&facts), &["rely"]).kind, RelationKind::StreamingTable);
    }
}
