//! Rows of any type: Arrow's types as `pyarrow` spells them, values as JSON. Maps are lists of pairs, for their order.

use std::sync::Arc;

use arrow_json::ReaderBuilder;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, TimeUnit};
use serde_json::{Map, Value};

use super::Reply;

/// The rows; an error where a type is unknown or a value is of another.
pub(super) fn rows(columns: &Map<String, Value>, mut rows: Vec<Value>) -> Result<Reply, ArrowError> {
    let field = |(name, spelled): (&String, &Value)| {
        let kind = spelled.as_str().and_then(parse);
        let unknown = || ArrowError::SchemaError(format!("`{spelled}` is no type that is known here"));
        Ok(Field::new(name, kind.ok_or_else(unknown)?, true))
    };
    let fields: Fields = columns.iter().map(field).collect::<Result<Vec<_>, ArrowError>>()?.into();
    let whole = DataType::Struct(fields.clone());
    rows.iter_mut().for_each(|row| make_maps(&whole, row));
    let mut decoder = ReaderBuilder::new(Arc::new(Schema::new(fields))).build_decoder()?;
    decoder.serialize(&rows)?;
    Ok(Reply::batches(decoder.flush()?.into_iter().collect()))
}

/// Turns lists of pairs into objects where a map belongs.
fn make_maps(kind: &DataType, value: &mut Value) {
    if let (DataType::Map(..), Value::Array(pairs)) = (kind, &mut *value) {
        let pair = |pair: &mut Value| {
            let [key, value] = pair.as_array_mut()?.as_mut_slice() else { return None };
            Some((key.as_str()?.to_owned(), value.take()))
        };
        *value = Value::Object(pairs.iter_mut().filter_map(pair).collect());
    } else if let (DataType::Struct(fields), Value::Object(values)) = (kind, &mut *value) {
        for field in fields {
            if let Some(value) = values.get_mut(field.name()) {
                make_maps(field.data_type(), value);
            }
        }
    } else if let (DataType::List(element), Value::Array(values)) = (kind, value) {
        values.iter_mut().for_each(|value| make_maps(element.data_type(), value));
    }
}

fn parse(spelled: &str) -> Option<DataType> {
    let inside = |name: &str| spelled.strip_prefix(name)?.strip_prefix('<')?.strip_suffix('>');
    if let Some(inside) = inside("list") {
        let (name, kind) = inside.split_once(": ")?;
        return Some(DataType::List(Arc::new(Field::new(name, parse(kind)?, true))));
    }
    if let Some(inside) = inside("struct") {
        let field = |part: &str| {
            let (name, kind) = part.split_once(": ")?;
            Some(Field::new(name, parse(kind)?, true))
        };
        return parts(inside).into_iter().map(field).collect::<Option<Vec<_>>>().map(|it| DataType::Struct(it.into()));
    }
    if let Some(inside) = inside("map") {
        let [key, value] = parts(inside)[..] else { return None };
        let entries = vec![Field::new("key", parse(key)?, false), Field::new("value", parse(value)?, true)];
        return Some(DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries.into()), false)), false));
    }
    match spelled {
        "string" => Some(DataType::Utf8),
        "large_string" => Some(DataType::LargeUtf8),
        "bool" => Some(DataType::Boolean),
        "int32" => Some(DataType::Int32),
        "int64" => Some(DataType::Int64),
        "double" => Some(DataType::Float64),
        // Arrow knows the zone by its name only with a table of zones that nobody else here needs.
        "timestamp[us, tz=UTC]" => Some(DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into()))),
        _ => None,
    }
}

/// Parts between commas that stand in no bracket.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|letter: char| {
        match letter {
            '<' | '[' => depth += 1,
            '>' | ']' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .map(str::trim)
    .collect()
}
