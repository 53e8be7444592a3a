//! What a dialect has no statement for: every action against every dialect, in one exhaustive match.

use std::collections::BTreeMap;

use delta_engine_schema::Action;
use delta_engine_schema::model::{
    Aspect, Column, DataType, DesiredTable, Expression, ExpressionToken, Feature, Field, Layout, Path, Subject,
    TableName, required_features,
};

use crate::check;
use crate::dialect::Dialect;
use crate::reason::Reason;

/// Why the dialect can't do this, with what each reason is about; empty where it can.
///
/// A move behind all siblings is judged where the siblings are known.
pub(crate) fn reasons(dialect: Dialect, table: &TableName, action: &Action) -> Vec<(Subject, Reason)> {
    let found = match action {
        Action::CreateTable { table: desired } => return creation(dialect, table, desired),
        Action::EnableFeature { feature } => feature_of_existing(dialect, feature),
        Action::SetProperty { key, change } => property_of_existing(dialect, key, change.to().as_deref()),
        Action::UnsetProperty { .. } | Action::DropColumnDefault { .. } => Vec::new(),
        Action::SetColumnDefault { change, .. } => {
            let is_number = |default: &Expression| {
                default.text().trim().trim_start_matches(['-', '+', ' ']).parse::<u128>().is_ok()
            };
            let number = change.to().as_ref().is_some_and(is_number);
            only_if(number && !dialect.keeps_numbers_as_text(), Reason::NumberDefault)
        }
        Action::AddCheck { expression, .. } => {
            only_if(dialect.keeps_tokens_of_checks() && !check::survives(expression), Reason::Check)
        }
        Action::SetTableTag { key, change } | Action::SetColumnTag { key, change, .. } => {
            let mut found = only_if(!dialect.keeps_tags(), Reason::Tags);
            let value = change.to().as_deref().unwrap_or_default();
            found.extend(only_if(!dialect.takes_tag(key, value), Reason::TagText));
            found
        }
        Action::UnsetTableTag { .. } | Action::UnsetColumnTag { .. } => only_if(!dialect.keeps_tags(), Reason::Tags),
        Action::AddPrimaryKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::AddForeignKey { .. }
        | Action::DropForeignKey { .. } => only_if(!dialect.keeps_keys(), Reason::Keys),
        Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::DropColumn { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. } => only_if(!dialect.reshapes_tables(), Reason::NoStatement),
        Action::AddColumn { column, .. } => added(dialect, column),
        Action::AlterColumnType { change, .. } => data_type(dialect, change.to()),
        Action::SetClustering { change } => clustering(dialect, change.to()),
        Action::DropColumnNotNull { path } => loosened(dialect, path),
        Action::SetColumnNotNull { path } => tightened(dialect, path),
    };
    found.into_iter().map(|reason| (action.subject(table), reason)).collect()
}

fn only_if(refused: bool, reason: Reason) -> Vec<Reason> {
    if refused { vec![reason] } else { Vec::new() }
}

fn creation(dialect: Dialect, table: &TableName, desired: &DesiredTable) -> Vec<(Subject, Reason)> {
    let whole = || Subject::table(table);
    let mut found = Vec::new();
    if !dialect.names(table) {
        found.push((whole().aspect(Aspect::Name), Reason::TableName));
    }
    for column in &desired.columns {
        let at = |aspect| Subject::path(table, &Path::column(column.name().clone())).aspect(aspect);
        found.extend(data_type(dialect, column.data_type()).into_iter().map(|reason| (at(Aspect::Type), reason)));
        let is_computed =
            column.default.as_ref().is_some_and(|default| is_narrow(column.data_type()) && !is_plain(default));
        if is_computed && !dialect.narrows_computed_defaults() {
            found.push((at(Aspect::Default), Reason::ComputedDefault));
        }
        if !dialect.creates_computed_columns() {
            found.extend(column.generated.as_ref().map(|_| (at(Aspect::Generated), Reason::Generated)));
            found.extend(column.identity.map(|_| (at(Aspect::Identity), Reason::Identity)));
        }
    }
    found.extend(clustering_of_new(dialect, &desired.layout).map(|reason| (whole().aspect(Aspect::Layout), reason)));
    let is_clustered = matches!(desired.layout, Layout::Clustered(_) | Layout::ClusteredAuto);
    if desired.features.contains(&Feature::Clustering) && !is_clustered && dialect.clusters() {
        found.push((whole().aspect(Aspect::Feature).key(Feature::Clustering.name()), Reason::ClusteringFeature));
    }
    for feature in desired.features.iter().filter(|feature| !dialect.knows(feature)) {
        found.push((whole().aspect(Aspect::Feature).key(feature.name()), Reason::UnknownFeature));
    }
    for (key, value) in &desired.properties {
        let refused = refused_property(dialect, key, value.as_deref());
        found.extend(refused.map(|reason| (whole().aspect(Aspect::Property).key(key), reason)));
    }
    found
}

/// Whether arithmetic of numbers comes out wider than this type.
fn is_narrow(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Byte | DataType::Short | DataType::Decimal(_))
}

/// Whether a default is one value, or brought to a type by itself.
fn is_plain(default: &Expression) -> bool {
    let tokens = match default.tokens() {
        [ExpressionToken::Symbol(sign), rest @ ..] if sign == "-" || sign == "+" => rest,
        tokens => tokens,
    };
    match tokens {
        [_] => true,
        [ExpressionToken::Word(word), .., ExpressionToken::Symbol(last)] => word == "cast" && last == ")",
        _ => false,
    }
}

fn clustering_of_new(dialect: Dialect, layout: &Layout) -> Option<Reason> {
    match layout {
        Layout::Flat | Layout::Partitioned(_) => None,
        Layout::Clustered(_) => (!dialect.clusters()).then_some(Reason::Clustering),
        Layout::ClusteredAuto => (!dialect.clusters_by_itself()).then_some(Reason::ClusterByAuto),
    }
}

fn clustering(dialect: Dialect, to: &Layout) -> Vec<Reason> {
    match to {
        Layout::Flat => only_if(!dialect.clusters(), Reason::Clustering),
        Layout::Partitioned(_) => vec![Reason::Partitioning],
        Layout::Clustered(_) | Layout::ClusteredAuto => clustering_of_new(dialect, to).into_iter().collect(),
    }
}

/// CLUSTER BY brings the feature of clustering along, and Delta refuses the property
/// (`DELTA_ALTER_TABLE_SET_CLUSTERING_TABLE_FEATURE_NOT_ALLOWED`).
fn feature_of_existing(dialect: Dialect, feature: &Feature) -> Vec<Reason> {
    if *feature == Feature::Clustering && dialect.clusters() {
        return vec![Reason::ClusteringFeature];
    }
    if *feature == Feature::ColumnMapping && !dialect.maps_existing_columns() {
        return vec![Reason::Mapping];
    }
    only_if(!dialect.knows(feature), Reason::UnknownFeature)
}

fn property_of_existing(dialect: Dialect, key: &str, value: Option<&str>) -> Vec<Reason> {
    let needed = needed_by(key, value);
    if needed.contains(&Feature::ColumnMapping) && !dialect.maps_existing_columns() {
        return vec![Reason::Mapping];
    }
    refused_property(dialect, key, value).into_iter().collect()
}

fn refused_property(dialect: Dialect, key: &str, value: Option<&str>) -> Option<Reason> {
    if value.is_some_and(|value| !dialect.takes(key, value)) {
        return Some(Reason::UnknownProperty);
    }
    let known = needed_by(key, value).iter().all(|feature| dialect.knows(feature));
    (!known).then_some(Reason::UnknownFeature)
}

/// The features that a property of this value needs.
pub(crate) fn needed_by(key: &str, value: Option<&str>) -> std::collections::BTreeSet<Feature> {
    required_features(&[], &Layout::Flat, &BTreeMap::new(), value.map(|value| (key, value)))
}

fn added(dialect: Dialect, column: &Column) -> Vec<Reason> {
    let mut found = only_if(!dialect.reshapes_tables(), Reason::NoStatement);
    found.extend(data_type(dialect, column.data_type()));
    let bound = !column.field.nullable || holds_not_null(column.data_type());
    found.extend(only_if(bound, Reason::AddedNotNull));
    found.extend(only_if(column.default.is_some(), Reason::AddedDefault));
    found.extend(only_if(column.generated.is_some() || column.identity.is_some(), Reason::AddedGenerated));
    found
}

/// Delta changes neither way (`AlterTableChangeColumnDeltaCommand.verifyMapArrayChange`).
fn loosened(dialect: Dialect, path: &Path) -> Vec<Reason> {
    if path.leaf_name().is_none() {
        return vec![Reason::ElementNullability];
    }
    only_if(!dialect.reshapes_tables(), Reason::NoStatement)
}

fn tightened(dialect: Dialect, path: &Path) -> Vec<Reason> {
    if path.leaf_name().is_none() {
        vec![Reason::ElementNullability]
    } else if path.crosses_collection() {
        vec![Reason::NotNullInCollection]
    } else {
        only_if(!dialect.sets_not_null(), Reason::SetNotNull)
    }
}

/// What of a type the dialect can't take as it is meant.
fn data_type(dialect: Dialect, of: &DataType) -> Vec<Reason> {
    let holds = [
        (Reason::UnknownType, of.contains(|inner| matches!(inner, DataType::Opaque(_)))),
        (
            Reason::Collation,
            !dialect.has_collations() && of.contains(|inner| matches!(inner, DataType::String(Some(_)))),
        ),
        (Reason::TextLength, !dialect.keeps_text_lengths() && of.contains(is_text_length)),
        (Reason::NestedTextLength, dialect.keeps_nested_text_lengths_as_text() && has_unquoted_trouble(of)),
        (Reason::ElementNotNull, of.contains(element_not_null)),
        (Reason::NotNullInCollection, of.contains(|inner| is_collection(inner) && holds_not_null(inner))),
    ];
    holds.into_iter().filter_map(|(reason, holds)| holds.then_some(reason)).collect()
}

/// Whether there is char or varchar below the type itself.
pub(crate) fn holds_nested_text_length(of: &DataType) -> bool {
    of.is_nested() && of.contains(is_text_length)
}

fn is_text_length(of: &DataType) -> bool {
    matches!(of, DataType::Char(_) | DataType::Varchar(_))
}

/// Whether a text of the type without quotes, which char and varchar inside it lead to, can't be read again.
fn has_unquoted_trouble(of: &DataType) -> bool {
    let is_odd = |field: &Field| field.name.quoted_if_needed() != field.name.as_str();
    holds_nested_text_length(of)
        && of.contains(|inner| inner.as_struct().is_some_and(|fields| fields.iter().any(is_odd)))
}

fn is_collection(of: &DataType) -> bool {
    of.as_array().is_some() || of.as_map().is_some()
}

/// Whether a field at any depth is NOT NULL.
fn holds_not_null(of: &DataType) -> bool {
    of.contains(|inner| inner.as_struct().is_some_and(|fields| fields.iter().any(|field| !field.nullable)))
}

fn element_not_null(of: &DataType) -> bool {
    of.as_array().is_some_and(|array| !array.element_nullable) || of.as_map().is_some_and(|map| !map.value_nullable)
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::Change;
    use delta_engine_schema::model::{Identity, Step};

    use super::*;
    use crate::dialect::SparkLine;

    const OSS: Dialect = Dialect::Delta(SparkLine::NEWEST);

    fn check(action: &Action, expected: [&[Reason]; 3]) {
        let table: TableName = "s.t".parse().expect("a name");
        for (dialect, expected) in [OSS, Dialect::Databricks, Dialect::Sail].into_iter().zip(expected) {
            let found: Vec<Reason> = reasons(dialect, &table, action).into_iter().map(|(_, reason)| reason).collect();
            assert_eq!(found, expected, "{dialect}: {action:?}");
        }
    }

    fn check_type(text: &str, expected: [&[Reason]; 3]) {
        let to: DataType = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let change = Change::between(DataType::Byte, to).expect("a difference");
        check(&Action::AlterColumnType { path: Path::column("a"), change }, expected);
    }

    #[test]
    fn types_that_sql_cannot_say_are_refused() {
        check_type("struct<a: int not null, b: timestamp_ntz>", [&[], &[], &[]]);
        check_type("string collate utf8_lcase", [&[Reason::Collation], &[], &[Reason::Collation]]);
        check_type("struct<a: varchar(3), `b c`: int>", [&[Reason::NestedTextLength], &[], &[Reason::TextLength]]);
        check_type("map<int, varchar(3)>", [&[], &[], &[Reason::TextLength]]);
        check_type("map<int, string not null>", [&[Reason::ElementNotNull]; 3]);
        check_type("array<struct<a: int not null>>", [&[Reason::NotNullInCollection]; 3]);
        let opaque = Change::between(DataType::Byte, DataType::Opaque("\"geo\"".into())).expect("a difference");
        check(&Action::AlterColumnType { path: Path::column("a"), change: opaque }, [&[Reason::UnknownType]; 3]);
    }

    #[test]
    fn nullability_is_tightened_on_databricks_only_and_never_of_elements() {
        let nested = Path::column("s").field(&"a".into());
        let tighten = |path: Path| Action::SetColumnNotNull { path };
        check(&tighten(nested.clone()), [&[Reason::SetNotNull], &[], &[Reason::SetNotNull]]);
        check(&Action::DropColumnNotNull { path: nested }, [&[], &[], &[Reason::NoStatement]]);
        let element = Path::column("l").join(Step::Element);
        check(&tighten(element.clone()), [&[Reason::ElementNullability]; 3]);
        check(&Action::DropColumnNotNull { path: element.clone() }, [&[Reason::ElementNullability]; 3]);
        check(&tighten(element.field(&"a".into())), [&[Reason::NotNullInCollection]; 3]);
    }

    #[test]
    fn a_column_is_added_bare() {
        let mut column = Column::new("id", DataType::Long);
        let add = |column: &Column| Action::AddColumn {
            parent: Path::table(),
            column: Box::new(column.clone()),
            position: delta_engine_schema::Position::Last,
        };
        check(&add(&column), [&[], &[], &[Reason::NoStatement]]);
        column.field.nullable = false;
        column.identity = Some(Identity { start: 1, increment: 1, always: true });
        let bound = [Reason::AddedNotNull, Reason::AddedGenerated];
        check(&add(&column), [&bound, &bound, &[Reason::NoStatement, Reason::AddedNotNull, Reason::AddedGenerated]]);
    }

    #[test]
    fn features_and_the_properties_that_need_them_must_be_known() {
        let enable = |feature| Action::EnableFeature { feature };
        check(&enable(Feature::TimestampNtz), [&[]; 3]);
        check(&enable(Feature::RowTracking), [&[], &[], &[Reason::UnknownFeature]]);
        check(&enable(Feature::ColumnMapping), [&[], &[], &[Reason::Mapping]]);
        check(&enable(Feature::Other("brandNew".into())), [&[Reason::UnknownFeature], &[], &[Reason::UnknownFeature]]);
        let set = |key: &str, value: &str| Action::SetProperty {
            key: key.into(),
            change: Change::between(None, Some(value.to_owned())).expect("a difference"),
        };
        check(&set("delta.enableChangeDataFeed", "true"), [&[], &[], &[Reason::UnknownFeature]]);
        check(&set("delta.enableChangeDataFeed", "false"), [&[]; 3]);
        check(&set("delta.columnMapping.mode", "name"), [&[], &[], &[Reason::Mapping]]);
        check(&set("delta.targetFileSize", "1mb"), [&[Reason::UnknownProperty], &[], &[]]);
        check(&set("delta.isolationLevel", "WriteSerializable"), [&[Reason::UnknownProperty], &[], &[]]);
        check(&set("delta.isolationLevel", "serializable"), [&[]; 3]);
    }

    #[test]
    fn a_tag_that_the_catalog_does_not_take_is_refused_in_the_plan() {
        let set = |key: &str, value: &str| Action::SetTableTag {
            key: key.into(),
            change: Change::between(None, Some(value.to_owned())).expect("a difference"),
        };
        let long = "x".repeat(257);
        for (key, value, refused) in [
            ("pii", "it's; yes", false),
            ("größe der Tabelle", "", false),
            ("a.b", "", true),
            ("a-b", "", true),
            (" a", "", true),
            ("", "", true),
            ("a", long.as_str(), true),
            (&long[..256], &long[..256], false),
        ] {
            let databricks: &[Reason] = if refused { &[Reason::TagText] } else { &[] };
            check(&set(key, value), [&[Reason::Tags], databricks, &[Reason::Tags]]);
        }
    }

    #[test]
    fn generated_and_identity_columns_came_to_oss_sql_with_spark_4_2() {
        let made = |line| Dialect::Delta(line).creates_computed_columns();
        assert_eq!([SparkLine::V4_0, SparkLine::V4_1, SparkLine::V4_2].map(made), [false, false, true]);
    }
}
