//! Table properties: which keys Delta knows, what their values mean, and which are written by the platform.
//!
//! Sources: Delta `DeltaConfig.scala` (`DeltaConfigs`, `validateConfiguration`); delta-io docs, "Table properties".

use super::{Feature, nearest, split_list};

/// What the value of a known property is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyKind {
    /// `true` or `false`, any case.
    Boolean,
    /// A whole number not below the least; of 32 bits (`DeltaConfigs` reads it with `toInt`).
    Integer {
        /// The least value.
        least: i64,
    },
    /// A length of time such as `interval 7 days`, never with months or years.
    Interval,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of columns, separated by commas; blanks around them mean nothing.
    Columns,
    /// Any text.
    Text,
}

/// `delta.columnMapping.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingMode {
    /// Columns are found by their name.
    None,
    /// Columns are found by a physical name.
    Name,
    /// Columns are found by an id.
    Id,
}

impl MappingMode {
    /// The mode of a property value.
    pub fn parse(value: &str) -> Option<Self> {
        match value.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "name" => Some(Self::Name),
            "id" => Some(Self::Id),
            _ => None,
        }
    }
}

/// The property that lists the columns with statistics.
pub const STATISTICS_COLUMNS: &str = "delta.dataSkippingStatsColumns";

/// The `delta.*` keys a user may set, in canonical spelling.
const KNOWN: &[(&str, PropertyKind)] = &[
    ("delta.appendOnly", PropertyKind::Boolean),
    ("delta.autoOptimize.autoCompact", PropertyKind::Choice(&["true", "false", "auto"])),
    ("delta.autoOptimize.optimizeWrite", PropertyKind::Boolean),
    ("delta.checkpoint.writeStatsAsJson", PropertyKind::Boolean),
    ("delta.checkpoint.writeStatsAsStruct", PropertyKind::Boolean),
    ("delta.checkpointInterval", PropertyKind::Integer { least: 1 }),
    ("delta.checkpointPolicy", PropertyKind::Choice(&["classic", "v2"])),
    ("delta.checkpointRetentionDuration", PropertyKind::Interval),
    ("delta.columnMapping.mode", PropertyKind::Choice(&["none", "name", "id"])),
    ("delta.compatibility.symlinkFormatManifest.enabled", PropertyKind::Boolean),
    ("delta.dataSkippingNumIndexedCols", PropertyKind::Integer { least: -1 }),
    (STATISTICS_COLUMNS, PropertyKind::Columns),
    ("delta.dataSkippingStringPrefixLength", PropertyKind::Integer { least: 1 }),
    ("delta.deletedFileRetentionDuration", PropertyKind::Interval),
    ("delta.dropFeatureTruncateHistory.retentionDuration", PropertyKind::Interval),
    ("delta.enableChangeDataFeed", PropertyKind::Boolean),
    ("delta.enableDeletionVectors", PropertyKind::Boolean),
    ("delta.enableExpiredLogCleanup", PropertyKind::Boolean),
    ("delta.enableFullRetentionRollback", PropertyKind::Boolean),
    ("delta.enableIcebergCompatV1", PropertyKind::Boolean),
    ("delta.enableIcebergCompatV2", PropertyKind::Boolean),
    ("delta.enableIcebergCompatV3", PropertyKind::Boolean),
    ("delta.enableInCommitTimestamps", PropertyKind::Boolean),
    ("delta.enableMaterializePartitionColumnsFeature", PropertyKind::Boolean),
    ("delta.enableRowTracking", PropertyKind::Boolean),
    ("delta.enableTypeWidening", PropertyKind::Boolean),
    ("delta.enableVariantShredding", PropertyKind::Boolean),
    ("delta.isolationLevel", PropertyKind::Choice(&["Serializable", "WriteSerializable"])),
    ("delta.logRetentionDuration", PropertyKind::Interval),
    ("delta.parquet.compression.codec", PropertyKind::Text),
    ("delta.parquet.format.version", PropertyKind::Text),
    ("delta.randomizeFilePrefixes", PropertyKind::Boolean),
    ("delta.randomPrefixLength", PropertyKind::Integer { least: 1 }),
    ("delta.rowTrackingSuspended", PropertyKind::Boolean),
    ("delta.setTransactionRetentionDuration", PropertyKind::Interval),
    ("delta.targetFileSize", PropertyKind::Text),
    ("delta.tuneFileSizesForRewrites", PropertyKind::Boolean),
    ("delta.universalFormat.enabledFormats", PropertyKind::Text),
];

/// Keys the platform writes by itself: never diffed, never set.
const DERIVED: &[&str] = &[
    "delta.columnMapping.maxColumnId",
    "delta.rowTracking.materializedRowIdColumnName",
    "delta.rowTracking.materializedRowCommitVersionColumnName",
    "delta.inCommitTimestampEnablementVersion",
    "delta.inCommitTimestampEnablementTimestamp",
    "delta.requireCheckpointProtectionBeforeVersion",
    "delta.minReaderVersion",
    "delta.minWriterVersion",
    "delta.lastUpdateVersion",
    "delta.lastCommitTimestamp",
    "clusteringColumns",
    "clusterByAuto",
];

const DERIVED_PREFIXES: &[&str] =
    &["delta.constraints.", "delta.coordinatedCommits.", "io.unitycatalog.", "spark.sql.statistics."];

/// What is known of a key; `None` for keys that are not Delta's.
pub fn known_property(key: &str) -> Option<PropertyKind> {
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, kind)| *kind)
}

/// The key in Delta's own spelling where it is a known one: Delta rewrites the case of those and keeps all others.
pub fn canonical_key(key: &str) -> &str {
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map_or(key, |(known, _)| known)
}

/// The value as Delta takes it: one of a few words in Delta's own case (it takes `v2` and no `V2`), a number or truth without
/// blanks around it (it takes `true` and no `true `; both measured).
pub fn canonical_value<'v>(key: &str, value: &'v str) -> &'v str {
    match known_property(key) {
        Some(PropertyKind::Choice(words)) => {
            words.iter().find(|word| word.eq_ignore_ascii_case(value.trim())).map_or(value, |word| word)
        }
        Some(PropertyKind::Boolean | PropertyKind::Integer { .. }) => value.trim(),
        Some(PropertyKind::Interval | PropertyKind::Columns | PropertyKind::Text) | None => value,
    }
}

/// The nearest known key to one that is not known.
pub fn suggest_property(key: &str) -> Option<&'static str> {
    let names: Vec<&'static str> = KNOWN.iter().map(|(known, _)| *known).collect();
    nearest(key, &names).or_else(|| {
        // People leave the middle out: delta.autoCompact, delta.columnMapping.
        let tail = key.rsplit('.').next()?;
        names.into_iter().find(|name| {
            name.to_ascii_lowercase().ends_with(&tail.to_ascii_lowercase())
                || name.to_ascii_lowercase().starts_with(&format!("{}.", key.to_ascii_lowercase()))
        })
    })
}

/// Whether the platform writes the key by itself.
pub fn is_derived_property(key: &str) -> bool {
    DERIVED.iter().any(|derived| derived.eq_ignore_ascii_case(key))
        || DERIVED_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// The feature that a `delta.feature.<name>` key names.
pub fn feature_of_key(key: &str) -> Option<Feature> {
    let (prefix, name) = key.split_at_checked("delta.feature.".len())?;
    prefix.eq_ignore_ascii_case("delta.feature.").then(|| {
        Feature::KNOWN
            .into_iter()
            .find(|feature| feature.name().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Feature::Other(name.to_owned()))
    })
}

/// Whether a boolean value says true.
pub fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

/// Whether two values of a key mean the same: booleans, integers and intervals by what they say, all else by text.
pub fn same_value(key: &str, left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match known_property(key) {
        Some(PropertyKind::Boolean | PropertyKind::Choice(_)) => left.trim().eq_ignore_ascii_case(right.trim()),
        Some(PropertyKind::Integer { .. }) => left
            .trim()
            .parse::<i64>()
            .ok()
            .zip(right.trim().parse::<i64>().ok())
            .is_some_and(|(left, right)| left == right),
        Some(PropertyKind::Interval) => {
            parse_interval(left).zip(parse_interval(right)).is_some_and(|(left, right)| left == right)
        }
        Some(PropertyKind::Columns) => split_list(left).eq(split_list(right)),
        Some(PropertyKind::Text) | None => false,
    }
}

/// Why a value does not fit its key, and what would; `None` where it fits.
pub fn value_fault(key: &str, value: &str) -> Option<String> {
    let fault = match known_property(key)? {
        PropertyKind::Boolean => (!is_true(value) && !value.trim().eq_ignore_ascii_case("false"))
            .then(|| "it takes true or false".to_owned()),
        PropertyKind::Integer { least } => {
            (!value.trim().parse::<i32>().is_ok_and(|number| i64::from(number) >= least))
                .then(|| format!("it takes a whole number from {least} to {}", i32::MAX))
        }
        PropertyKind::Interval => parse_interval(value)
            .is_none()
            .then(|| "it takes a length of time such as `interval 7 days`, without months or years".to_owned()),
        PropertyKind::Choice(words) => (!words.iter().any(|word| word.eq_ignore_ascii_case(value.trim())))
            .then(|| format!("it takes one of {}", words.join(", "))),
        PropertyKind::Columns | PropertyKind::Text => None,
    };
    fault.map(|takes| format!("`{value}` is no value for {}: {takes}", canonical_key(key)))
}

/// The length of an interval in nanoseconds; `None` unless it is a sum of weeks down to microseconds in whole numbers without
/// quotes. Delta takes fractions of seconds too, which nobody keeps a log for.
pub fn parse_interval(text: &str) -> Option<i128> {
    let lower = text.trim().to_ascii_lowercase();
    let sum = match lower.strip_prefix("interval") {
        Some(sum) => sum.starts_with(char::is_whitespace).then_some(sum)?,
        None => lower.as_str(),
    };
    let mut words = sum.split_whitespace().peekable();
    words.peek()?;
    let mut total: i128 = 0;
    while let Some(count) = words.next() {
        let count: i128 = count.parse().ok()?;
        let unit = words.next()?;
        total = total.checked_add(count.checked_mul(unit_nanoseconds(unit.strip_suffix('s').unwrap_or(unit))?)?)?;
    }
    Some(total)
}

fn unit_nanoseconds(unit: &str) -> Option<i128> {
    const SECOND: i128 = 1_000_000_000;
    Some(match unit {
        "microsecond" => 1_000,
        "millisecond" => 1_000_000,
        "second" => SECOND,
        "minute" => 60 * SECOND,
        "hour" => 3_600 * SECOND,
        "day" => 86_400 * SECOND,
        "week" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_compare_by_what_they_say() {
        assert!(same_value("delta.appendOnly", "TRUE", "true"));
        assert!(same_value("delta.checkpointInterval", "010", "10"));
        assert!(same_value("delta.logRetentionDuration", "interval 1 week", "INTERVAL 7 days"));
        assert!(same_value("delta.logRetentionDuration", "interval 1 day 1 hour", "interval 25 hours"));
        assert!(same_value("delta.dataSkippingStatsColumns", "a, b.c", "a,b.c"));
        assert!(!same_value("team.owner", "TRUE", "true"), "keys that are not Delta's are text");
        assert!(!same_value("delta.logRetentionDuration", "interval 1 month", "interval 30 days"));
    }

    #[test]
    fn faulty_values_say_what_the_key_takes() {
        assert_eq!(
            value_fault("delta.appendOnly", "yes").as_deref(),
            Some("`yes` is no value for delta.appendOnly: it takes true or false")
        );
        assert_eq!(value_fault("delta.dataSkippingNumIndexedCols", "-1"), None);
        assert_eq!(
            value_fault("delta.dataSkippingNumIndexedCols", "3000000000").as_deref(),
            Some(
                "`3000000000` is no value for delta.dataSkippingNumIndexedCols: it takes a whole number from -1 to 2147483647"
            )
        );
        for fine in ["7 days", " interval 7 days ", "INTERVAL 1 week 2 day", "interval +5 microseconds"] {
            assert_eq!(value_fault("delta.logRetentionDuration", fine), None);
        }
        for faulty in [
            "interval 1 month",
            "interval",
            "",
            "interval7 days",
            "interval '5' day",
            "interval 5 nanoseconds",
            "interval 5 d",
        ] {
            assert!(value_fault("delta.logRetentionDuration", faulty).is_some(), "{faulty}");
        }
        assert_eq!(value_fault("team.owner", "anything"), None);
    }

    #[test]
    fn words_have_a_case_of_their_own() {
        assert_eq!(canonical_value("delta.checkpointPolicy", "V2"), "v2");
        assert_eq!(canonical_value("DELTA.isolationlevel", " SERIALIZABLE"), "Serializable");
        assert_eq!(canonical_value("delta.appendOnly", " TRUE "), "TRUE");
        assert_eq!(canonical_value("delta.checkpointInterval", " 10"), "10");
        assert_eq!(canonical_value("team.owner", "V2"), "V2");
    }

    #[test]
    fn keys_are_known_without_case_and_typos_are_suggested() {
        assert_eq!(canonical_key("DELTA.appendonly"), "delta.appendOnly");
        assert_eq!(canonical_key("Team.Owner"), "Team.Owner");
        assert_eq!(suggest_property("delta.enableChangeDataFed"), Some("delta.enableChangeDataFeed"));
        assert_eq!(suggest_property("delta.autoCompact"), Some("delta.autoOptimize.autoCompact"));
    }
}
