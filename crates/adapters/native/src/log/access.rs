//! Whether this build may read a table at all (PROTOCOL.md, "Reader Requirements", "Table Features").

use super::error::LogError;
use super::state::Protocol;

/// Reader features that do not change what protocol, metadata and domains mean, or that this crate reads.
const READABLE: &[&str] = &[
    "columnMapping",
    "deletionVectors",
    "geospatial",
    "geospatial-dev",
    "timestampNtz",
    "typeWidening",
    "typeWidening-preview",
    "v2Checkpoint",
    "vacuumProtocolCheck",
    "variantShredding",
    "variantShredding-preview",
    "variantType",
    "variantType-preview",
];

/// Refuses what would be misread. Writer features are no matter of reading.
pub(super) fn check(protocol: &Protocol) -> Result<(), LogError> {
    // Whatever list it stands in.
    if let Some(feature) = protocol.features().iter().find(|feature| feature.leaves_commits_to_others()) {
        return Err(LogError::CatalogCommits(feature.name().to_owned()));
    }
    if !(1..=3).contains(&protocol.reader) {
        return Err(LogError::ReaderVersion(protocol.reader));
    }
    match protocol.listed_for_readers.iter().find(|feature| !READABLE.contains(&feature.as_str())) {
        Some(unknown) => Err(LogError::ReaderFeature(unknown.clone())),
        None => Ok(()),
    }
}
