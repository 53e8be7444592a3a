//! JSON Schemas of the files, for editors.
//!
//! Made from the lists of keys that the reader uses, so that an editor and the reader never disagree about a key.

use serde_json::{Map, Value, json};

use crate::keys::{
    COLUMN, DEFAULTS, FIELD, FILE, FOREIGN_KEY, IDENTITY, INBOUND_KEY, KeySet, OBSERVED, PERMISSION, PRIMARY_KEY,
    PROJECT, TABLE, TARGET, UNSEEN, VARIABLE,
};

/// The schema of a file of definitions.
pub fn definitions_schema() -> Value {
    let parts = [
        ("defaults", &DEFAULTS),
        ("table", &TABLE),
        ("column", &COLUMN),
        ("field", &FIELD),
        ("identity", &IDENTITY),
        ("primary_key", &PRIMARY_KEY),
        ("foreign_key", &FOREIGN_KEY),
        ("observed", &OBSERVED),
        ("inbound_key", &INBOUND_KEY),
        ("unseen", &UNSEEN),
    ];
    document("delta-engine: definitions of tables", &FILE, &parts)
}

/// The schema of the project file.
pub fn project_schema() -> Value {
    let parts = [("variable", &VARIABLE), ("target", &TARGET), ("permission", &PERMISSION)];
    document("delta-engine: project file", &PROJECT, &parts)
}

fn document(title: &str, root: &KeySet, parts: &[(&str, &KeySet)]) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(title));
    schema.extend(mapping(root));
    let parts: Map<String, Value> = parts.iter().map(|(name, set)| ((*name).to_owned(), mapping(set).into())).collect();
    schema.insert("$defs".to_owned(), parts.into());
    schema.into()
}

fn mapping(set: &KeySet) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    let properties: Map<String, Value> = set.keys.iter().map(|key| (key.name.to_owned(), value(key))).collect();
    schema.insert("properties".to_owned(), properties.into());
    if !set.needed.is_empty() {
        schema.insert("required".to_owned(), json!(set.needed));
    }
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema
}

fn value(key: &crate::keys::Key) -> Value {
    // The texts are constants; a test reads every one of them.
    let mut schema: Map<String, Value> = serde_json::from_str(key.schema).unwrap_or_default();
    schema.insert("description".to_owned(), json!(key.doc));
    schema.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(schema: &Value, part: Option<&str>, set: &KeySet) {
        let mapping = part.map_or(schema, |part| &schema["$defs"][part]);
        let names: Vec<&String> = mapping["properties"].as_object().map(|map| map.keys().collect()).unwrap_or_default();
        assert_eq!(names, set.names(), "{}", set.what);
        for key in set.keys {
            let parsed: Result<Map<String, Value>, _> = serde_json::from_str(key.schema);
            assert!(parsed.is_ok_and(|map| !map.is_empty()), "the schema of {} in {}", key.name, set.what);
            assert!(!key.doc.is_empty() && !key.example.is_empty(), "{} in {}", key.name, set.what);
        }
        for needed in set.needed {
            assert!(set.key(needed).is_some(), "{needed} in {}", set.what);
        }
        for (foreign, _) in set.foreign {
            assert!(set.key(foreign).is_none(), "`{foreign}` is a key of {} itself", set.what);
        }
    }

    #[test]
    fn the_schemas_have_the_keys_of_the_reader() {
        let schema = definitions_schema();
        check(&schema, None, &FILE);
        for (part, set) in [
            ("defaults", &DEFAULTS),
            ("table", &TABLE),
            ("column", &COLUMN),
            ("field", &FIELD),
            ("identity", &IDENTITY),
            ("primary_key", &PRIMARY_KEY),
            ("foreign_key", &FOREIGN_KEY),
            ("observed", &OBSERVED),
            ("inbound_key", &INBOUND_KEY),
            ("unseen", &UNSEEN),
        ] {
            check(&schema, Some(part), set);
        }
        let schema = project_schema();
        check(&schema, None, &PROJECT);
        for (part, set) in [("variable", &VARIABLE), ("target", &TARGET), ("permission", &PERMISSION)] {
            check(&schema, Some(part), set);
        }
    }

    #[test]
    fn every_reference_leads_to_a_part() {
        for schema in [definitions_schema(), project_schema()] {
            let text = schema.to_string();
            for reference in text.split("\"#/$defs/").skip(1) {
                let name = reference.split('"').next().unwrap_or_default();
                assert!(schema["$defs"].get(name).is_some(), "{name}");
            }
        }
    }
}
