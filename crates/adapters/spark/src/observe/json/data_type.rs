//! Columns and types of a document in the form that Delta logs have (PROTOCOL.md, "Schema Serialization Format"), so that one
//! reader serves all sources.

use serde_json::{Map, Value, json};

/// The fields of a struct, or the columns of a table; none where one has no name, type or nullability.
pub(super) fn fields(fields: &[Value]) -> Option<Vec<Value>> {
    fields.iter().map(field).collect()
}

fn field(field: &Value) -> Option<Value> {
    let mut metadata = Map::new();
    for (key, theirs) in [("comment", "comment"), ("CURRENT_DEFAULT", "default")] {
        if let Some(text) = field.get(theirs).and_then(Value::as_str) {
            metadata.insert(key.to_owned(), json!(text));
        }
    }
    Some(json!({
        "name": field.get("name")?.as_str()?,
        "type": data_type(field.get("type")?)?,
        "nullable": field.get("nullable")?.as_bool()?,
        "metadata": metadata,
    }))
}

/// A type. One that Delta has no word for keeps a word of its own, which no reader knows.
fn data_type(of: &Value) -> Option<Value> {
    let name = of.get("name")?.as_str()?;
    let part = |key: &str| data_type(of.get(key)?);
    let is = |key: &str| of.get(key)?.as_bool();
    let number = |key: &str| of.get(key)?.as_u64();
    let text = |key: &str| of.get(key).and_then(Value::as_str);
    let word = match name.to_ascii_lowercase().as_str() {
        "struct" => return Some(json!({ "type": "struct", "fields": fields(of.get("fields")?.as_array()?)? })),
        "array" => {
            let (element, nullable) = (part("element_type")?, is("element_nullable")?);
            return Some(json!({ "type": "array", "elementType": element, "containsNull": nullable }));
        }
        "map" => {
            let (key, value, nullable) = (part("key_type")?, part("value_type")?, is("value_nullable")?);
            return Some(json!({ "type": "map", "keyType": key, "valueType": value, "valueContainsNull": nullable }));
        }
        "decimal" | "dec" | "numeric" => format!("decimal({},{})", number("precision")?, number("scale")?),
        "varchar" => format!("varchar({})", number("length")?),
        "char" | "character" => format!("char({})", number("length")?),
        "string" => match text("collation") {
            Some(collation) if !collation.eq_ignore_ascii_case("UTF8_BINARY") => format!("string collate {collation}"),
            Some(_) | None => "string".to_owned(),
        },
        "tinyint" | "byte" => "byte".to_owned(),
        "smallint" | "short" => "short".to_owned(),
        "int" | "integer" => "integer".to_owned(),
        "bigint" | "long" => "long".to_owned(),
        "real" => "float".to_owned(),
        "timestamp_ltz" => "timestamp".to_owned(),
        "interval" => {
            let units: Vec<&str> = [text("start_unit"), text("end_unit")].into_iter().flatten().collect();
            format!("interval {}", units.join(" to "))
        }
        _ => name.to_owned(),
    };
    Some(Value::String(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(theirs: &str, expected: &Value) {
        let read = data_type(&serde_json::from_str(theirs).unwrap());
        assert_eq!(read.as_ref(), Some(expected), "{theirs}");
    }

    #[test]
    fn words_are_those_of_the_log() {
        for (theirs, expected) in [
            (r#"{"name":"bigint"}"#, "long"),
            (r#"{"name":"INT"}"#, "integer"),
            (r#"{"name":"timestamp_ltz"}"#, "timestamp"),
            (r#"{"name":"timestamp_ntz"}"#, "timestamp_ntz"),
            (r#"{"name":"decimal","precision":10,"scale":2}"#, "decimal(10,2)"),
            (r#"{"name":"varchar","length":7}"#, "varchar(7)"),
            (r#"{"name":"string"}"#, "string"),
            (r#"{"name":"string","collation":"UTF8_BINARY"}"#, "string"),
            (r#"{"name":"string","collation":"UTF8_LCASE"}"#, "string collate UTF8_LCASE"),
            (r#"{"name":"interval","start_unit":"year","end_unit":"month"}"#, "interval year to month"),
            (r#"{"name":"geometry"}"#, "geometry"),
        ] {
            check(theirs, &json!(expected));
        }
    }

    #[test]
    fn nested_types_keep_nullability_and_comments() {
        let theirs = r#"{"name":"map","key_type":{"name":"string"},"value_nullable":false,"value_type":{"name":"array",
            "element_nullable":false,"element_type":{"name":"struct","fields":[
                {"name":"x","type":{"name":"tinyint"},"nullable":false,"comment":"in"}]}}}"#;
        let field = json!({ "name": "x", "type": "byte", "nullable": false, "metadata": { "comment": "in" } });
        let element = json!({ "type": "struct", "fields": [field] });
        let array = json!({ "type": "array", "elementType": element, "containsNull": false });
        check(theirs, &json!({ "type": "map", "keyType": "string", "valueType": array, "valueContainsNull": false }));
    }

    #[test]
    fn nothing_is_guessed_where_a_part_is_missing() {
        for theirs in [
            r#"{"name":"array","element_type":{"name":"int"}}"#,
            r#"{"name":"decimal","precision":10}"#,
            r#"{"name":"struct","fields":[{"name":"x","type":{"name":"int"}}]}"#,
            r#"{"type":"int"}"#,
        ] {
            assert_eq!(data_type(&serde_json::from_str(theirs).unwrap()), None, "{theirs}");
        }
    }
}
