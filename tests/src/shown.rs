//! How readers that share no code with the engine show what was declared: the one mapping that they are held against.
//!
//! | declared | DuckDB | Python deltalake |
//! |---|---|---|
//! | tinyint smallint int bigint | `TINYINT SMALLINT INTEGER BIGINT` | `byte short integer long` |
//! | float double decimal(p,s) | `FLOAT DOUBLE DECIMAL(p,s)` | `float double decimal(p,s)` |
//! | string, char, varchar, any collation | `VARCHAR` | `string` |
//! | boolean binary date | `BOOLEAN BLOB DATE` | `boolean binary date` |
//! | timestamp, `timestamp_ntz` | `TIMESTAMP WITH TIME ZONE`, `TIMESTAMP` | `timestamp`, `timestamp_ntz` |
//! | variant | `VARIANT` | `variant` |
//! | struct array map | by names, in their order | as the protocol spells them, nullability included |
//! | NOT NULL, comment | not shown: DuckDB calls every column of `delta_scan` nullable | shown at every depth |

use delta_engine::schema::model::{Column, DataType, Field};
use serde_json::{Value, json};

use crate::reader::By;

/// The columns as a reader shows them.
pub fn shown(by: By, columns: &[Column]) -> Value {
    let field = |column: &Column| match by {
        By::DuckDb => named(&column.field),
        By::QueryBuilder => protocol_field(&column.field),
    };
    columns.iter().map(field).collect()
}

fn named(field: &Field) -> Value {
    json!([field.name.as_str(), duckdb(&field.data_type)])
}

fn duckdb(data_type: &DataType) -> Value {
    match data_type {
        DataType::Struct(fields) => json!({ "struct": fields.iter().map(named).collect::<Vec<_>>() }),
        DataType::Array(array) => json!({ "list": duckdb(&array.element) }),
        DataType::Map(map) => json!({ "map": [duckdb(&map.key), duckdb(&map.value)] }),
        DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::Float
        | DataType::Double
        | DataType::Decimal(_)
        | DataType::String(_)
        | DataType::Char(_)
        | DataType::Varchar(_)
        | DataType::Boolean
        | DataType::Binary
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant
        | DataType::Opaque(_) => json!(duckdb_text(data_type)),
    }
}

/// The type as DuckDB's SQL spells it.
pub fn duckdb_text(data_type: &DataType) -> String {
    let text = match data_type {
        DataType::Byte => "TINYINT",
        DataType::Short => "SMALLINT",
        DataType::Integer => "INTEGER",
        DataType::Long => "BIGINT",
        DataType::Float => "FLOAT",
        DataType::Double => "DOUBLE",
        DataType::Decimal(decimal) => return format!("DECIMAL({},{})", decimal.precision(), decimal.scale()),
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => "VARCHAR",
        DataType::Boolean => "BOOLEAN",
        DataType::Binary => "BLOB",
        DataType::Date => "DATE",
        DataType::Timestamp => "TIMESTAMP WITH TIME ZONE",
        DataType::TimestampNtz => "TIMESTAMP",
        DataType::Variant => "VARIANT",
        DataType::Struct(fields) => {
            let field = |field: &Field| format!("{} {}", quoted(field.name.as_str()), duckdb_text(&field.data_type));
            return format!("STRUCT({})", fields.iter().map(field).collect::<Vec<_>>().join(", "));
        }
        DataType::Array(array) => return format!("{}[]", duckdb_text(&array.element)),
        DataType::Map(map) => return format!("MAP({}, {})", duckdb_text(&map.key), duckdb_text(&map.value)),
        DataType::Opaque(raw) => return raw.to_string(),
    };
    text.to_owned()
}

/// A name as DuckDB's and DataFusion's SQL quote it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn protocol_field(field: &Field) -> Value {
    json!({
        "name": field.name.as_str(), "type": protocol(&field.data_type), "nullable": field.nullable,
        "comment": field.comment.as_deref().unwrap_or_default(),
    })
}

/// The type as the protocol spells it ("Schema Serialization Format").
fn protocol(data_type: &DataType) -> Value {
    match data_type {
        DataType::Byte => json!("byte"),
        DataType::Short => json!("short"),
        DataType::Integer => json!("integer"),
        DataType::Long => json!("long"),
        DataType::Float => json!("float"),
        DataType::Double => json!("double"),
        DataType::Decimal(decimal) => json!(format!("decimal({},{})", decimal.precision(), decimal.scale())),
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => json!("string"),
        DataType::Boolean => json!("boolean"),
        DataType::Binary => json!("binary"),
        DataType::Date => json!("date"),
        DataType::Timestamp => json!("timestamp"),
        DataType::TimestampNtz => json!("timestamp_ntz"),
        DataType::Variant => json!("variant"),
        DataType::Struct(fields) => {
            json!({ "type": "struct", "fields": fields.iter().map(protocol_field).collect::<Vec<_>>() })
        }
        DataType::Array(array) => {
            json!({ "type": "array", "elementType": protocol(&array.element), "containsNull": array.element_nullable })
        }
        DataType::Map(map) => json!({
            "type": "map", "keyType": protocol(&map.key), "valueType": protocol(&map.value),
            "valueContainsNull": map.value_nullable,
        }),
        DataType::Opaque(raw) => serde_json::from_str(raw).unwrap_or(Value::Null),
    }
}
