//! The document that `DESCRIBE TABLE EXTENDED … AS JSON` answers: one table whole, but for tags and keys.
//!
//! Owns its keys: those of Spark (`DescribeRelationJsonCommand`) and those that Databricks adds. Not read are `owner`, which
//! is nobody's here, and `statistics`, which change with every write and name columns physically. Asks nothing of a server.

mod data_type;
mod layout;

use std::collections::{BTreeMap, BTreeSet};

use delta_engine_schema::model::{Aspect, Feature, RelationKind, feature_of_key, is_derived_property};
use serde_json::{Map, Value, json};

use super::Detail;

const CHECKS: &str = "delta.constraints.";

/// What a document says.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) relation: Described,
    /// Columns in the form of Delta logs.
    pub(crate) schema: Value,
    pub(crate) detail: Detail,
    /// What the table may have and the document does not tell; Delta's own description does.
    pub(crate) open: BTreeSet<Aspect>,
    /// Keys that it mentions, in words that nobody documents: enough to see that the information schema hides some.
    pub(crate) mentions: Mentioned,
}

/// Which kind of thing is described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Described {
    Delta(RelationKind),
    View,
    MaterializedView,
    /// A table that another system keeps.
    Foreign,
    /// A table of another format.
    OtherFormat(String),
    /// Of a kind that is not known here.
    Unknown(String),
}

/// Keys that are mentioned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Mentioned {
    pub(crate) primary_key: bool,
    pub(crate) foreign_key: bool,
}

/// A document that is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DocumentError {
    #[error("the server's description of the table is no JSON")]
    Json(#[source] serde_json::Error),
    #[error("the server's description of the table has no `{0}` that can be read")]
    Key(&'static str),
}

impl Document {
    /// Reads a document.
    pub(crate) fn read(text: &str) -> Result<Self, DocumentError> {
        let document: Map<String, Value> = serde_json::from_str(text).map_err(DocumentError::Json)?;
        let text = |key: &'static str| document.get(key).and_then(Value::as_str);
        let relation = described(text("type").ok_or(DocumentError::Key("type"))?, text("provider"));
        let columns = document.get("columns").and_then(Value::as_array).ok_or(DocumentError::Key("columns"))?;
        let fields = data_type::fields(columns).ok_or(DocumentError::Key("columns"))?;
        let properties = properties(document.get("table_properties"))?;
        let features = features(&properties);
        let layout = layout::read(&document, &properties, &fields);
        let mut open = BTreeSet::new();
        // A table that never had a check has no such feature, and one that is not clustered has no such key.
        if features.contains(&Feature::CheckConstraints) && !properties.keys().any(|key| key.starts_with(CHECKS)) {
            open.insert(Aspect::Check);
        }
        if layout.is_none() && features.contains(&Feature::Clustering) {
            open.insert(Aspect::Layout);
        }
        let keys = text("table_constraints").unwrap_or_default();
        Ok(Self {
            relation,
            detail: Detail {
                format: text("provider").unwrap_or_default().to_owned(),
                comment: text("comment").filter(|comment| !comment.is_empty()).map(str::to_owned),
                location: text("location").unwrap_or_default().to_owned(),
                configuration: properties
                    .into_iter()
                    .filter(|(key, _)| key.starts_with(CHECKS) || !is_derived_property(key))
                    .collect(),
                features,
                layout: layout.unwrap_or(Some(delta_engine_schema::model::Layout::Flat)),
                ..Detail::default()
            },
            schema: json!({ "type": "struct", "fields": fields }),
            open,
            mentions: Mentioned {
                primary_key: keys.contains(",PRIMARY KEY ("),
                foreign_key: keys.contains(",FOREIGN KEY ("),
            },
        })
    }
}

fn described(kind: &str, provider: Option<&str>) -> Described {
    let is_delta = provider.is_some_and(|provider| provider.eq_ignore_ascii_case("delta"));
    match kind.to_ascii_uppercase().as_str() {
        "VIEW" | "METRIC_VIEW" => Described::View,
        "MATERIALIZED_VIEW" => Described::MaterializedView,
        "FOREIGN" => Described::Foreign,
        "STREAMING_TABLE" if is_delta => Described::Delta(RelationKind::StreamingTable),
        "MANAGED" | "EXTERNAL" | "MANAGED_SHALLOW_CLONE" | "EXTERNAL_SHALLOW_CLONE" if is_delta => {
            Described::Delta(RelationKind::Table)
        }
        _ if !is_delta => Described::OtherFormat(provider.unwrap_or_default().to_owned()),
        _ => Described::Unknown(kind.to_owned()),
    }
}

fn properties(value: Option<&Value>) -> Result<BTreeMap<String, String>, DocumentError> {
    const KEY: &str = "table_properties";
    let Some(value) = value else { return Ok(BTreeMap::new()) };
    let entries = value.as_object().ok_or(DocumentError::Key(KEY))?;
    let entry = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    entries.iter().map(entry).collect::<Option<_>>().ok_or(DocumentError::Key(KEY))
}

/// Features by name, and those that the versions of an older protocol stand for.
fn features(properties: &BTreeMap<String, String>) -> BTreeSet<Feature> {
    let listed: BTreeSet<Feature> = properties.keys().filter_map(|key| feature_of_key(key)).collect();
    if !listed.is_empty() {
        return listed;
    }
    let version = |key: &str| properties.get(key).and_then(|text| text.parse().ok()).unwrap_or_default();
    Feature::legacy_set(version("delta.minReaderVersion"), version("delta.minWriterVersion"))
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::{Layout, Path};

    use super::*;

    fn read(kind: &str, provider: &str, more: &str) -> Document {
        let columns = r#"[{"name":"a","type":{"name":"int"},"nullable":true},
                          {"name":"s","type":{"name":"struct","fields":[{"name":"x.y","type":{"name":"int"},"nullable":true}]},
                           "nullable":true}]"#;
        let text = format!(r#"{{"type":"{kind}","provider":"{provider}","columns":{columns}{more}}}"#);
        Document::read(&text).unwrap()
    }

    fn check_kind(kind: &str, provider: &str, expected: &Described) {
        assert_eq!(read(kind, provider, "").relation, *expected, "{kind} {provider}");
    }

    #[test]
    fn relations_are_told_apart() {
        check_kind("MANAGED", "delta", &Described::Delta(RelationKind::Table));
        check_kind("EXTERNAL", "DELTA", &Described::Delta(RelationKind::Table));
        check_kind("STREAMING_TABLE", "delta", &Described::Delta(RelationKind::StreamingTable));
        check_kind("VIEW", "", &Described::View);
        check_kind("MATERIALIZED_VIEW", "delta", &Described::MaterializedView);
        check_kind("FOREIGN", "delta", &Described::Foreign);
        check_kind("MANAGED", "iceberg", &Described::OtherFormat("iceberg".to_owned()));
        check_kind("NEW_KIND", "delta", &Described::Unknown("NEW_KIND".to_owned()));
    }

    #[test]
    fn properties_become_features_and_configuration() {
        let document = read(
            "MANAGED",
            "delta",
            r#","table_properties":{"delta.feature.columnMapping":"supported","delta.feature.appendOnly":"supported",
               "delta.minReaderVersion":"3","delta.minWriterVersion":"7","delta.lastCommitTimestamp":"1",
               "delta.columnMapping.mode":"name","delta.constraints.c":"a > 0","team.owner":"x"}"#,
        );
        assert_eq!(document.detail.features, BTreeSet::from([Feature::AppendOnly, Feature::ColumnMapping]));
        let kept: Vec<&str> = document.detail.configuration.keys().map(String::as_str).collect();
        assert_eq!(
            kept,
            [
                "delta.columnMapping.mode",
                "delta.constraints.c",
                "delta.feature.appendOnly",
                "delta.feature.columnMapping",
                "team.owner"
            ]
        );
        let legacy = read("MANAGED", "delta", r#","table_properties":{"delta.minWriterVersion":"3"}"#);
        assert!(legacy.detail.features.contains(&Feature::CheckConstraints));
        assert_eq!(legacy.open, BTreeSet::from([Aspect::Check]), "it may have checks that the document does not show");
    }

    #[test]
    fn what_a_feature_leaves_open_is_said() {
        let clustered = r#","table_properties":{"delta.feature.clustering":"supported"}"#;
        assert_eq!(read("MANAGED", "delta", clustered).open, BTreeSet::from([Aspect::Layout]));
        let known = format!(r#"{clustered},"clustering_columns":["s.`x.y`"]"#);
        let document = read("MANAGED", "delta", &known);
        let path = Path::column("s").field(&"x.y".into());
        assert_eq!((document.detail.layout, document.open.len()), (Some(Layout::Clustered(vec![path])), 0));
    }

    #[test]
    fn keys_are_only_noticed() {
        let keys =
            r#","table_constraints":"[(pk,PRIMARY KEY (`a`)), (fk,FOREIGN KEY (`s`) REFERENCES `c`.`s`.`t` (`x`))]""#;
        assert_eq!(read("MANAGED", "delta", keys).mentions, Mentioned { primary_key: true, foreign_key: true });
        assert_eq!(read("MANAGED", "delta", "").mentions, Mentioned::default());
    }

    #[test]
    fn a_document_that_is_none_says_what_it_lacks() {
        let fault = |text: &str| Document::read(text).unwrap_err().to_string();
        assert!(fault("x").contains("is no JSON"));
        assert!(fault("[]").contains("is no JSON"));
        assert!(fault(r#"{"columns":[]}"#).contains("no `type`"));
        assert!(fault(r#"{"type":"VIEW","columns":[{"name":1}]}"#).contains("no `columns`"));
        let properties = r#"{"type":"VIEW","columns":[],"table_properties":{"a":1}}"#;
        assert!(fault(properties).contains("no `table_properties`"));
    }
}
