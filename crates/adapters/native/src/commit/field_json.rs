//! Columns and types as `schemaString` spells them (PROTOCOL.md, "Schema Serialization Format", "Column Metadata").

use delta_engine_schema::model::{Column, DataType, Field};

use super::text_lengths;
use crate::json::Json;

pub(super) const DEFAULT: &str = "CURRENT_DEFAULT";

/// The schema of a table as the text of `schemaString`.
pub(super) fn schema_json(columns: &[Column]) -> Json {
    struct_json(columns.iter().map(column_json).collect())
}

/// A column with everything it has.
pub(super) fn column_json(column: &Column) -> Json {
    let mut json = field_json(&column.field);
    text_lengths::mark(&mut json, column.data_type());
    if let Some(metadata) = json.get_mut("metadata") {
        if let Some(default) = &column.default {
            metadata.insert(DEFAULT, default.text());
        }
        if let Some(generated) = &column.generated {
            metadata.insert("delta.generationExpression", generated.text());
        }
        if let Some(identity) = column.identity {
            metadata.insert("delta.identity.start", identity.start);
            metadata.insert("delta.identity.step", identity.increment);
            metadata.insert("delta.identity.allowExplicitInsert", !identity.always);
        }
    }
    json
}

fn field_json(field: &Field) -> Json {
    let mut metadata: Json = field.metadata.iter().map(|(key, raw)| (key.to_owned(), raw_json(raw))).collect();
    if let Some(comment) = &field.comment {
        metadata.insert("comment", &**comment);
    }
    object([
        ("name", field.name.as_str().into()),
        ("type", type_json(&field.data_type)),
        ("nullable", field.nullable.into()),
        ("metadata", metadata),
    ])
}

/// A type. `char` and `varchar` are strings in the log; their length stands in the column's metadata.
pub(super) fn type_json(data_type: &DataType) -> Json {
    let name = match data_type {
        DataType::Byte => "byte",
        DataType::Short => "short",
        DataType::Integer => "integer",
        DataType::Long => "long",
        DataType::Float => "float",
        DataType::Double => "double",
        DataType::Decimal(decimal) => return decimal.to_string().into(),
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => "string",
        DataType::Boolean => "boolean",
        DataType::Binary => "binary",
        DataType::Date => "date",
        DataType::Timestamp => "timestamp",
        DataType::TimestampNtz => "timestamp_ntz",
        DataType::Variant => "variant",
        DataType::Struct(fields) => return struct_json(fields.iter().map(field_json).collect()),
        DataType::Array(array) => {
            return object([
                ("type", "array".into()),
                ("elementType", type_json(&array.element)),
                ("containsNull", array.element_nullable.into()),
            ]);
        }
        DataType::Map(map) => {
            return object([
                ("type", "map".into()),
                ("keyType", type_json(&map.key)),
                ("valueType", type_json(&map.value)),
                ("valueContainsNull", map.value_nullable.into()),
            ]);
        }
        DataType::Opaque(raw) => return raw_json(raw),
    };
    name.into()
}

fn struct_json(fields: Vec<Json>) -> Json {
    object([("type", "struct".into()), ("fields", Json::Array(fields))])
}

/// An object of these entries, in this order.
pub(super) fn object<const N: usize>(entries: [(&str, Json); N]) -> Json {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Raw JSON kept from a log; what is no JSON can only be text.
fn raw_json(raw: &str) -> Json {
    Json::parse(raw).unwrap_or_else(|_| raw.into())
}
