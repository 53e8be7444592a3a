//! The words that generated tables are made of, and which of them mean the same.

use delta_engine_schema::model::{DataType, Decimal};

use crate::rng::Rng;

/// Names any table may use.
pub const NAMES: &[&str] = &[
    "id",
    "name",
    "amount",
    "status",
    "country",
    "created_at",
    "note",
    "address",
    "lines",
    "value",
    "key",
    "element",
    "MyCol",
    "größe",
    "zip",
    "street",
    "city",
    "price",
    "sku",
    "tax",
    "rate",
    "kind",
    "owner",
    "batch",
    "flag",
];

/// Names that need column mapping, or that change data feed reserves.
pub const ODD_NAMES: &[&str] = &["order date", "a,b", "x=y", "_change_type", "_commit_version", "dot.ted", "tick`s"];

/// Former names that no table has.
pub const LOST_NAMES: &[&str] = &["old_id", "old_name", "legacy", "v1"];

/// Comments.
pub const COMMENTS: &[&str] = &["As on the invoice", "it's", "line\nbreak", "one row per customer", "ü"];

/// Tag keys.
pub const TAG_KEYS: &[&str] = &["pii", "domain", "team", "tier"];

/// Tag values.
pub const TAG_VALUES: &[&str] = &["yes", "no", "sales", ""];

/// Names of checks and keys.
pub const CONSTRAINTS: &[&str] = &["valid", "positive", "present", "sane"];

/// Property keys with their values; the spellings in one group mean the same. Legal in any combination.
pub const PROPERTIES: &[(&str, &[&[&str]])] = &[
    ("delta.appendOnly", &[&["false", "False"], &["true", "TRUE"]]),
    ("delta.enableChangeDataFeed", &[&["true", "TRUE"], &["false", "FALSE"]]),
    ("delta.logRetentionDuration", &[&["interval 30 days", "INTERVAL 720 hours"], &["interval 60 days"]]),
    ("delta.deletedFileRetentionDuration", &[&["interval 1 week", "interval 7 days"], &["interval 2 days"]]),
    ("delta.checkpointInterval", &[&["10", "010"], &["100"]]),
    ("delta.dataSkippingNumIndexedCols", &[&["32"], &["-1"], &["40"]]),
    ("delta.isolationLevel", &[&["Serializable", "SERIALIZABLE"], &["WriteSerializable"]]),
    ("delta.enableDeletionVectors", &[&["true", "True"], &["false"]]),
    ("delta.checkpointPolicy", &[&["classic"], &["v2", "V2"]]),
    ("delta.autoOptimize.optimizeWrite", &[&["true"], &["false", "FALSE"]]),
    ("delta.parquet.compression.codec", &[&["zstd"], &["snappy"]]),
    ("team.owner", &[&["data"], &["Data"], &["platform"]]),
    ("team cost centre", &[&["17"], &["18"]]),
];

/// Properties that switch on a feature which the content of a table never asks for.
pub const SWITCHES: &[(&str, &str)] = &[
    ("delta.enableInCommitTimestamps", "true"),
    ("delta.feature.vacuumProtocolCheck", "supported"),
    ("delta.feature.v2Checkpoint", "supported"),
];

/// Properties that are refused, dangerous or meaningless in most combinations.
pub const WILD_PROPERTIES: &[(&str, &[&[&str]])] = &[
    ("delta.columnMapping.mode", &[&["none"], &["name", "NAME"], &["id"]]),
    ("delta.enableTypeWidening", &[&["true"], &["false"]]),
    ("delta.enableRowTracking", &[&["true"], &["false"]]),
    ("delta.enableInCommitTimestamps", &[&["true"], &["false"]]),
    ("delta.logRetentionDuration", &[&["interval 1 day"], &["interval 3 hours"]]),
    ("delta.deletedFileRetentionDuration", &[&["interval 90 days"], &["interval 0 seconds"]]),
    ("delta.dataSkippingStatsColumns", &[&["id,name", "id, name"], &["missing"], &["address.street"]]),
    ("delta.enableIcebergCompatV1", &[&["true"], &["false"]]),
    ("delta.enableIcebergCompatV2", &[&["true"], &["false"]]),
    ("delta.universalFormat.enabledFormats", &[&["iceberg"]]),
    ("delta.enableVariantShredding", &[&["true"]]),
    ("delta.feature.vacuumProtocolCheck", &[&["supported"]]),
    ("delta.feature.catalogManaged", &[&["supported"]]),
    ("delta.feature.rowTracking", &[&["supported"]]),
    ("delta.feature.columnMapping", &[&["supported"]]),
    ("delta.enableMaterializePartitionColumnsFeature", &[&["true"]]),
    ("delta.enableChangeDataFeed", &[&["true"]]),
    ("delta.appendOnly", &[&["true"]]),
];

/// Another spelling of a property's value that means the same.
pub fn respelled(rng: &mut Rng, key: &str, value: &str) -> String {
    let groups = PROPERTIES.iter().chain(WILD_PROPERTIES).filter(|(known, _)| *known == key);
    let mut group = groups.flat_map(|(_, groups)| groups.iter()).filter(|group| group.contains(&value));
    let other = group.next().and_then(|group| rng.pick(group));
    other.map_or_else(|| value.to_owned(), |other| (*other).to_owned())
}

/// A leaf type that every table may have.
pub fn leaf(rng: &mut Rng) -> DataType {
    let decimal = |precision, scale| Decimal::new(precision, scale).map_or(DataType::Long, DataType::Decimal);
    match rng.below(26) {
        0..=3 => DataType::Integer,
        4..=6 => DataType::Long,
        7 => DataType::Byte,
        8 => DataType::Short,
        9 => DataType::Float,
        10 => DataType::Double,
        11 => decimal(10, 2),
        12 => decimal(12, 4),
        13..=16 => DataType::STRING,
        17 => DataType::Varchar(10),
        18 => DataType::Char(4),
        19 => DataType::Boolean,
        20 => DataType::Binary,
        21 | 22 => DataType::Date,
        23 => DataType::Timestamp,
        24 => DataType::TimestampNtz,
        _ => DataType::Variant,
    }
}

/// A type that old files of `from` can be read as.
pub fn wider(rng: &mut Rng, from: &DataType) -> Option<DataType> {
    let decimal = |precision, scale| Decimal::new(precision, scale).map(DataType::Decimal);
    let choices: Vec<DataType> = match from {
        DataType::Byte => vec![DataType::Short, DataType::Integer, DataType::Long, DataType::Double],
        DataType::Short => vec![DataType::Integer, DataType::Long, DataType::Double],
        DataType::Integer => vec![DataType::Long, DataType::Double].into_iter().chain(decimal(14, 2)).collect(),
        DataType::Long => decimal(22, 2).into_iter().collect(),
        DataType::Float => vec![DataType::Double],
        DataType::Date => vec![DataType::TimestampNtz],
        DataType::Decimal(narrow) => {
            decimal(narrow.precision().saturating_add(3), narrow.scale() + rng.below(3) as u8).into_iter().collect()
        }
        DataType::Char(length) => vec![DataType::Varchar(length + 3), DataType::STRING],
        DataType::Varchar(length) => vec![DataType::Varchar(length + 5), DataType::STRING],
        DataType::String(_)
        | DataType::Double
        | DataType::Boolean
        | DataType::Binary
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => Vec::new(),
    };
    rng.pick(&choices).cloned()
}

/// Whether the change needs the table to allow wider types.
pub fn needs_widening(from: &DataType) -> bool {
    !matches!(from, DataType::Char(_) | DataType::Varchar(_))
}

/// Whether files keep minima and maxima of the type, so that a table can be clustered by it.
pub fn has_statistics(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Byte
            | DataType::Short
            | DataType::Integer
            | DataType::Long
            | DataType::Float
            | DataType::Double
            | DataType::Decimal(_)
            | DataType::String(None)
            | DataType::Date
            | DataType::Timestamp
            | DataType::TimestampNtz
    )
}

/// A default of the type.
pub fn default_of(rng: &mut Rng, data_type: &DataType) -> Option<String> {
    let choices: &[&str] = match data_type {
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long => &["0", "1 + 1", "7"],
        DataType::Float | DataType::Double | DataType::Decimal(_) => &["0", "1"],
        DataType::String(_) | DataType::Varchar(_) => &["'new'", "upper('x')", "'It''s'"],
        DataType::Boolean => &["true", "false"],
        DataType::Date => &["current_date()", "DATE '2026-01-01'"],
        DataType::Timestamp => &["current_timestamp()"],
        DataType::Char(_)
        | DataType::Binary
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => &[],
    };
    rng.pick(choices).map(|text| (*text).to_owned())
}

/// A condition on a column of the type, `{c}` in its place.
pub fn condition_on(rng: &mut Rng, data_type: &DataType) -> Option<String> {
    let choices: &[&str] = match data_type {
        DataType::Byte | DataType::Short | DataType::Integer | DataType::Long | DataType::Decimal(_) => {
            &["{c} > 0", "{c} BETWEEN 1 AND 9", "{c} IS NOT NULL"]
        }
        DataType::String(_) | DataType::Varchar(_) => &["length({c}) > 2", "{c} <> 'Ab c'"],
        DataType::Date | DataType::Timestamp | DataType::Boolean => &["{c} IS NOT NULL"],
        DataType::Float
        | DataType::Double
        | DataType::Char(_)
        | DataType::Binary
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Struct(_)
        | DataType::Array(_)
        | DataType::Map(_)
        | DataType::Opaque(_) => &[],
    };
    rng.pick(choices).map(|text| (*text).to_owned())
}
