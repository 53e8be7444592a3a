//! A protocol that also lists new features (PROTOCOL.md, "Table Features").
//!
//! Versions never go down and no feature is ever left out. A set that a legacy version pair means exactly is written as
//! that pair; anything else lists every feature, the legacy ones included.

use std::collections::BTreeSet;

use delta_engine_schema::model::{Feature, FeatureKind};

use super::field_json::object;
use crate::json::Json;

/// The legacy pairs, the lowest first.
const LEGACY: [(u8, u8); 7] = [(1, 1), (1, 2), (1, 3), (1, 4), (2, 5), (2, 6), (1, 6)];

/// The `protocol` object of a table that supports these features, none lower than `reader` and `writer` are now.
pub(super) fn protocol_json(features: &BTreeSet<Feature>, reader: i64, writer: i64) -> Json {
    if writer < 7
        && let Some((reader, writer)) = LEGACY.into_iter().find(|(least_reader, least_writer)| {
            i64::from(*least_reader) >= reader
                && i64::from(*least_writer) >= writer
                && Feature::legacy_set(*least_reader, *least_writer) == *features
        })
    {
        return object([
            ("minReaderVersion", i64::from(reader).into()),
            ("minWriterVersion", i64::from(writer).into()),
        ]);
    }
    let names = |names: Vec<&str>| names.into_iter().map(Json::from).collect::<Json>();
    let for_readers: Vec<&str> = features.iter().filter(|feature| binds_readers(feature)).map(Feature::name).collect();
    let only_mapping =
        features.iter().filter(|feature| binds_readers(feature)).all(|feature| *feature == Feature::ColumnMapping);
    let least = match (for_readers.is_empty(), only_mapping) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 3,
    };
    let reader = reader.max(least);
    let mut protocol = object([("minReaderVersion", reader.into()), ("minWriterVersion", 7.into())]);
    if reader >= 3 {
        protocol.insert("readerFeatures", names(for_readers));
    }
    protocol.insert("writerFeatures", names(features.iter().map(Feature::name).collect()));
    protocol
}

/// Preview spellings bind as the final feature does.
fn binds_readers(feature: &Feature) -> bool {
    const PREVIEWS: [&str; 3] = ["variantType-preview", "variantShredding-preview", "typeWidening-preview"];
    match feature.facts() {
        Some(facts) => facts.kind == FeatureKind::ReaderWriter,
        None => PREVIEWS.contains(&feature.name()) || feature.name() == "variantShredding",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(features: &[Feature], versions: (i64, i64), expected: &str) {
        let features = features.iter().cloned().collect();
        assert_eq!(protocol_json(&features, versions.0, versions.1).to_string(), expected);
    }

    #[test]
    fn exact_legacy_sets_stay_legacy() {
        use Feature::{AppendOnly, CheckConstraints, Invariants};
        check(&[AppendOnly, Invariants], (1, 1), r#"{"minReaderVersion":1,"minWriterVersion":2}"#);
        check(&[AppendOnly, Invariants, CheckConstraints], (1, 2), r#"{"minReaderVersion":1,"minWriterVersion":3}"#);
    }

    #[test]
    fn anything_else_lists_every_feature() {
        use Feature::{AppendOnly, ColumnMapping, Invariants, TypeWidening};
        check(
            &[AppendOnly, Invariants, ColumnMapping],
            (1, 2),
            r#"{"minReaderVersion":2,"minWriterVersion":7,"writerFeatures":["appendOnly","invariants","columnMapping"]}"#,
        );
        check(
            &[AppendOnly, Invariants, ColumnMapping, TypeWidening],
            (2, 7),
            r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping","typeWidening"],"writerFeatures":["appendOnly","invariants","columnMapping","typeWidening"]}"#,
        );
    }

    #[test]
    fn versions_never_go_down() {
        use Feature::{AppendOnly, ChangeDataFeed, Invariants};
        check(
            &[AppendOnly, Invariants, ChangeDataFeed],
            (3, 7),
            r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[],"writerFeatures":["appendOnly","invariants","changeDataFeed"]}"#,
        );
    }
}
