//! Spark Connect's schema of a table in the form that Delta logs have (PROTOCOL.md, "Schema Serialization Format"), so that
//! one reader serves both.

use delta_engine_spark_proto as proto;
use proto::data_type::Kind;
use serde_json::{Map, Value, json};

/// A type as JSON. One that Delta has no word for keeps a word of its own, which no reader knows.
pub(super) fn json_type(data_type: &proto::DataType) -> Value {
    let Some(kind) = &data_type.kind else { return json!("unknown") };
    let name = match kind {
        Kind::Struct(of) => return json_struct(of),
        Kind::Array(of) => {
            let element = child(of.element_type.as_deref());
            return json!({ "type": "array", "elementType": element, "containsNull": of.contains_null });
        }
        Kind::Map(of) => {
            let (key, value) = (child(of.key_type.as_deref()), child(of.value_type.as_deref()));
            let nullable = of.value_contains_null;
            return json!({ "type": "map", "keyType": key, "valueType": value, "valueContainsNull": nullable });
        }
        Kind::Decimal(of) => format!("decimal({},{})", of.precision.unwrap_or(10), of.scale.unwrap_or(0)),
        Kind::Char(of) => format!("char({})", of.length),
        Kind::VarChar(of) => format!("varchar({})", of.length),
        Kind::String(of) if is_collated(&of.collation) => format!("string collate {}", of.collation),
        Kind::Unparsed(of) => of.data_type_string.clone(),
        Kind::String(_) => "string".to_owned(),
        Kind::Binary(_) => "binary".to_owned(),
        Kind::Boolean(_) => "boolean".to_owned(),
        Kind::Byte(_) => "byte".to_owned(),
        Kind::Short(_) => "short".to_owned(),
        Kind::Integer(_) => "integer".to_owned(),
        Kind::Long(_) => "long".to_owned(),
        Kind::Float(_) => "float".to_owned(),
        Kind::Double(_) => "double".to_owned(),
        Kind::Date(_) => "date".to_owned(),
        Kind::Timestamp(_) => "timestamp".to_owned(),
        Kind::TimestampNtz(_) => "timestamp_ntz".to_owned(),
        Kind::Variant(_) => "variant".to_owned(),
        Kind::Null(_) => "void".to_owned(),
        Kind::CalendarInterval(_) => "interval".to_owned(),
        Kind::YearMonthInterval(_) => "interval year to month".to_owned(),
        Kind::DayTimeInterval(_) => "interval day to second".to_owned(),
        Kind::Udt(_) => "udt".to_owned(),
        Kind::Geometry(_) => "geometry".to_owned(),
        Kind::Geography(_) => "geography".to_owned(),
        Kind::Time(_) => "time".to_owned(),
        Kind::TimestampNtzNanos(_) => "timestamp_ntz_nanos".to_owned(),
        Kind::TimestampLtzNanos(_) => "timestamp_ltz_nanos".to_owned(),
    };
    Value::String(name)
}

fn json_struct(of: &proto::data_type::Struct) -> Value {
    let fields = of.fields.iter().map(|field| {
        let metadata: Option<Map<String, Value>> =
            field.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok());
        json!({
            "name": field.name,
            "type": child(field.data_type.as_ref()),
            "nullable": field.nullable,
            "metadata": metadata.unwrap_or_default(),
        })
    });
    json!({ "type": "struct", "fields": fields.collect::<Vec<_>>() })
}

fn child(data_type: Option<&proto::DataType>) -> Value {
    data_type.map_or_else(|| json!("unknown"), json_type)
}

fn is_collated(collation: &str) -> bool {
    !collation.is_empty() && !collation.eq_ignore_ascii_case("UTF8_BINARY")
}
