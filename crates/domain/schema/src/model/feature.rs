//! Table features as facts: kind, legacy versions, dependencies, and who loses access.
//!
//! Sources: PROTOCOL.md, "Table Features" and its appendix; Delta `TableFeature.scala`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::property::{self, MappingMode};
use super::{Column, DataType, Expression, Identifier, Layout};

/// A table feature. Names compare as written, as in the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Rows are only added.
    AppendOnly,
    /// NOT NULL and column invariants.
    Invariants,
    /// CHECK constraints.
    CheckConstraints,
    /// Change data feed.
    ChangeDataFeed,
    /// Generated columns.
    GeneratedColumns,
    /// Column mapping: drop and rename.
    ColumnMapping,
    /// Identity columns.
    IdentityColumns,
    /// `timestamp_ntz` columns.
    TimestampNtz,
    /// `variant` columns.
    VariantType,
    /// Deletion vectors.
    DeletionVectors,
    /// V2 checkpoints.
    V2Checkpoint,
    /// Widened column types.
    TypeWidening,
    /// Default values.
    AllowColumnDefaults,
    /// Named domains of metadata.
    DomainMetadata,
    /// Liquid clustering.
    Clustering,
    /// Row ids.
    RowTracking,
    /// In-commit timestamps.
    InCommitTimestamp,
    /// VACUUM checks the protocol first.
    VacuumProtocolCheck,
    /// Checkpoints may not be deleted freely.
    CheckpointProtection,
    /// Partition columns are written into the data files too.
    MaterializePartitionColumns,
    /// Any other, by its name in the log.
    Other(String),
}

/// Whom a feature binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// Writers must know it.
    Writer,
    /// Readers and writers must know it.
    ReaderWriter,
}

/// What is known of a feature.
#[derive(Debug)]
pub struct FeatureFacts {
    /// Name in the log.
    pub name: &'static str,
    /// Whom it binds.
    pub kind: FeatureKind,
    /// The writer version that implies it in tables without feature lists.
    pub legacy_writer: Option<u8>,
    /// The reader version that goes with `legacy_writer`.
    pub legacy_reader: u8,
    /// Features that must be there too.
    pub requires: &'static [Feature],
    /// Clients that lose access, as measured; see docs/reference/platform.md.
    pub shuts_out: &'static [Client],
}

/// A client that loses access to tables with a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// Which client.
    pub name: &'static str,
    /// What it loses.
    pub loses: &'static str,
}

const DELTA_RS_WRITE: Client = Client { name: "delta-rs and Python deltalake", loses: "write" };
const DELTA_RS_ALL: Client = Client { name: "delta-rs and Python deltalake", loses: "read and write" };
const POLARS: Client = Client { name: "Polars and deltalake's to_pyarrow", loses: "read" };

const fn writer(
    name: &'static str,
    legacy_writer: Option<u8>,
    requires: &'static [Feature],
    shuts_out: &'static [Client],
) -> FeatureFacts {
    FeatureFacts { name, kind: FeatureKind::Writer, legacy_writer, legacy_reader: 1, requires, shuts_out }
}

const fn both(name: &'static str, requires: &'static [Feature], shuts_out: &'static [Client]) -> FeatureFacts {
    FeatureFacts { name, kind: FeatureKind::ReaderWriter, legacy_writer: None, legacy_reader: 3, requires, shuts_out }
}

impl Feature {
    /// Every feature the model names, in the order of this list.
    pub const KNOWN: [Self; 20] = [
        Self::AppendOnly,
        Self::Invariants,
        Self::CheckConstraints,
        Self::ChangeDataFeed,
        Self::GeneratedColumns,
        Self::ColumnMapping,
        Self::IdentityColumns,
        Self::TimestampNtz,
        Self::VariantType,
        Self::DeletionVectors,
        Self::V2Checkpoint,
        Self::TypeWidening,
        Self::AllowColumnDefaults,
        Self::DomainMetadata,
        Self::Clustering,
        Self::RowTracking,
        Self::InCommitTimestamp,
        Self::VacuumProtocolCheck,
        Self::CheckpointProtection,
        Self::MaterializePartitionColumns,
    ];

    /// Whether a table with it leaves its commits to a catalog or a coordinator, so that its log may lack the newest: catalog-managed
    /// tables and coordinated commits (PROTOCOL.md, "Catalog-managed tables"), under every name they had.
    pub fn leaves_commits_to_others(&self) -> bool {
        ["catalogManaged", "catalogOwned", "coordinatedCommits", "managedCommit"]
            .iter()
            .any(|beginning| self.name().starts_with(beginning))
    }

    /// The facts, unless the feature is an unknown one.
    pub fn facts(&self) -> Option<&'static FeatureFacts> {
        const APPEND_ONLY: FeatureFacts = writer("appendOnly", Some(2), &[], &[]);
        const INVARIANTS: FeatureFacts = writer("invariants", Some(2), &[], &[]);
        const CHECKS: FeatureFacts = writer("checkConstraints", Some(3), &[], &[]);
        const CDF: FeatureFacts = writer("changeDataFeed", Some(4), &[], &[]);
        const GENERATED: FeatureFacts = writer("generatedColumns", Some(4), &[], &[]);
        const MAPPING: FeatureFacts = FeatureFacts {
            name: "columnMapping",
            kind: FeatureKind::ReaderWriter,
            legacy_writer: Some(5),
            legacy_reader: 2,
            requires: &[],
            shuts_out: &[POLARS],
        };
        const IDENTITY: FeatureFacts = writer("identityColumns", Some(6), &[], &[DELTA_RS_WRITE]);
        const NTZ: FeatureFacts = both("timestampNtz", &[], &[]);
        const VARIANT: FeatureFacts = both("variantType", &[], &[POLARS]);
        const VECTORS: FeatureFacts = both("deletionVectors", &[], &[POLARS]);
        const V2: FeatureFacts = both("v2Checkpoint", &[], &[POLARS]);
        const WIDENING: FeatureFacts = both("typeWidening", &[], &[DELTA_RS_ALL, POLARS]);
        const DEFAULTS: FeatureFacts = writer("allowColumnDefaults", None, &[], &[DELTA_RS_WRITE]);
        const DOMAINS: FeatureFacts = writer("domainMetadata", None, &[], &[DELTA_RS_WRITE]);
        const CLUSTERING: FeatureFacts = writer("clustering", None, &[Feature::DomainMetadata], &[DELTA_RS_WRITE]);
        const ROWS: FeatureFacts = writer("rowTracking", None, &[Feature::DomainMetadata], &[DELTA_RS_WRITE]);
        const ICT: FeatureFacts = writer("inCommitTimestamp", None, &[], &[DELTA_RS_WRITE]);
        const VACUUM: FeatureFacts = both("vacuumProtocolCheck", &[], &[DELTA_RS_ALL]);
        const PROTECTION: FeatureFacts = writer("checkpointProtection", None, &[], &[DELTA_RS_WRITE]);
        const MATERIALIZE: FeatureFacts = writer("materializePartitionColumns", None, &[], &[DELTA_RS_WRITE]);
        Some(match self {
            Self::AppendOnly => &APPEND_ONLY,
            Self::Invariants => &INVARIANTS,
            Self::CheckConstraints => &CHECKS,
            Self::ChangeDataFeed => &CDF,
            Self::GeneratedColumns => &GENERATED,
            Self::ColumnMapping => &MAPPING,
            Self::IdentityColumns => &IDENTITY,
            Self::TimestampNtz => &NTZ,
            Self::VariantType => &VARIANT,
            Self::DeletionVectors => &VECTORS,
            Self::V2Checkpoint => &V2,
            Self::TypeWidening => &WIDENING,
            Self::AllowColumnDefaults => &DEFAULTS,
            Self::DomainMetadata => &DOMAINS,
            Self::Clustering => &CLUSTERING,
            Self::RowTracking => &ROWS,
            Self::InCommitTimestamp => &ICT,
            Self::VacuumProtocolCheck => &VACUUM,
            Self::CheckpointProtection => &PROTECTION,
            Self::MaterializePartitionColumns => &MATERIALIZE,
            Self::Other(_) => return None,
        })
    }

    /// The name in the log.
    pub fn name(&self) -> &str {
        if let Self::Other(name) = self { name } else { self.facts().map_or("", |facts| facts.name) }
    }

    /// The feature of a name in the log; preview names of a feature that became final mean that feature's kind but stay themselves.
    pub fn from_name(name: &str) -> Self {
        Self::KNOWN.into_iter().find(|feature| feature.name() == name).unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// What a protocol without feature lists supports: every legacy feature up to its writer version.
    pub fn legacy_set(reader: u8, writer: u8) -> BTreeSet<Self> {
        Self::KNOWN
            .into_iter()
            .filter(|feature| {
                feature.facts().is_some_and(|facts| {
                    facts.legacy_writer.is_some_and(|least| least <= writer)
                        && (facts.kind == FeatureKind::Writer || facts.legacy_reader <= reader)
                })
            })
            .collect()
    }

    /// Whether a table that lists `features` supports this one, preview spellings included.
    pub fn is_in(&self, features: &BTreeSet<Self>) -> bool {
        features.contains(self) || features.contains(&Self::Other(format!("{}-preview", self.name())))
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The features that a table of this content needs, dependencies included.
pub fn required_features<'c>(
    columns: &[Column],
    layout: &Layout,
    checks: &BTreeMap<Identifier, Expression>,
    properties: impl IntoIterator<Item = (&'c str, &'c str)>,
) -> BTreeSet<Feature> {
    let mut features = BTreeSet::new();
    let mut add = |wanted: bool, feature: Feature| {
        if wanted {
            features.insert(feature);
        }
    };
    for column in columns {
        add(!column.field.nullable, Feature::Invariants);
        add(column.default.is_some(), Feature::AllowColumnDefaults);
        add(column.generated.is_some(), Feature::GeneratedColumns);
        add(column.identity.is_some(), Feature::IdentityColumns);
        column.data_type().walk(&mut |data_type| {
            add(*data_type == DataType::TimestampNtz, Feature::TimestampNtz);
            add(*data_type == DataType::Variant, Feature::VariantType);
        });
    }
    add(!checks.is_empty(), Feature::CheckConstraints);
    add(matches!(layout, Layout::Clustered(_) | Layout::ClusteredAuto), Feature::Clustering);
    for (key, value) in properties {
        if let Some(feature) = property_feature(key, value) {
            add(true, feature);
        }
    }
    add_dependencies(&mut features);
    features
}

/// Adds the features that those of the set need themselves.
pub(crate) fn add_dependencies(features: &mut BTreeSet<Feature>) {
    let implied: Vec<Feature> =
        features.iter().filter_map(Feature::facts).flat_map(|facts| facts.requires).cloned().collect();
    features.extend(implied);
}

/// The feature that a property of this value turns on.
fn property_feature(key: &str, value: &str) -> Option<Feature> {
    if let Some(feature) = property::feature_of_key(key) {
        return Some(feature);
    }
    let on = property::is_true(value);
    match property::canonical_key(key) {
        "delta.appendOnly" => on.then_some(Feature::AppendOnly),
        "delta.enableChangeDataFeed" => on.then_some(Feature::ChangeDataFeed),
        "delta.enableDeletionVectors" => on.then_some(Feature::DeletionVectors),
        "delta.enableTypeWidening" => on.then_some(Feature::TypeWidening),
        "delta.enableRowTracking" => on.then_some(Feature::RowTracking),
        "delta.enableInCommitTimestamps" => on.then_some(Feature::InCommitTimestamp),
        "delta.enableVariantShredding" => on.then(|| Feature::Other("variantShredding".to_owned())),
        "delta.enableMaterializePartitionColumnsFeature" => on.then_some(Feature::MaterializePartitionColumns),
        "delta.enableIcebergCompatV1" => on.then(|| Feature::Other("icebergCompatV1".to_owned())),
        "delta.enableIcebergCompatV2" => on.then(|| Feature::Other("icebergCompatV2".to_owned())),
        "delta.enableIcebergCompatV3" => on.then(|| Feature::Other("icebergCompatV3".to_owned())),
        "delta.checkpointPolicy" => value.eq_ignore_ascii_case("v2").then_some(Feature::V2Checkpoint),
        "delta.columnMapping.mode" => {
            MappingMode::parse(value).is_some_and(|mode| mode != MappingMode::None).then_some(Feature::ColumnMapping)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_unknown_ones_are_kept() {
        for feature in Feature::KNOWN {
            assert_eq!(Feature::from_name(feature.name()), feature);
        }
        assert_eq!(Feature::from_name("catalogManaged").name(), "catalogManaged");
    }

    #[test]
    fn a_catalogs_tables_are_known_under_every_name() {
        let names = ["catalogManaged", "catalogOwned-preview", "coordinatedCommits-preview", "managedCommit-dev"];
        for name in names {
            assert!(Feature::from_name(name).leaves_commits_to_others(), "{name}");
        }
        assert!(!Feature::KNOWN.iter().any(Feature::leaves_commits_to_others));
    }

    #[test]
    fn legacy_versions_expand_to_their_features() {
        let names = |reader, writer| {
            Feature::legacy_set(reader, writer).iter().map(|feature| feature.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(1, 1), Vec::<String>::new());
        assert_eq!(names(1, 2), ["appendOnly", "invariants"]);
        assert_eq!(
            names(2, 5),
            ["appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "columnMapping"]
        );
    }

    #[test]
    fn clustering_brings_domain_metadata() {
        let features = required_features(&[], &Layout::Clustered(vec![]), &BTreeMap::new(), []);
        assert_eq!(features, BTreeSet::from([Feature::Clustering, Feature::DomainMetadata]));
    }
}
