//! Columns and types from a schema in the form of Delta logs (PROTOCOL.md, "Schema Serialization Format", "Column Metadata").
//!
//! Owns the split of a field's metadata into what the model names and what stays raw. The schema may come from the log, or
//! from Spark, which leaves out generation expressions, identity and mapping (`DeltaTableV2.schema`).

use delta_engine_schema::model::{
    ArrayType, Aspect, Column, DataType, Decimal, Expression, Field, Identifier, Identity, MapType, Path, Step, Unknown,
};
use serde_json::{Map, Value};

/// The raw type of a `char` or `varchar` column (Spark `CharVarcharUtils`).
const CHAR_VARCHAR: &str = "__CHAR_VARCHAR_TYPE_STRING";
/// Collations by path, on the nearest field (protocol RFC `collated-string-type.md`).
const COLLATIONS: &str = "__COLLATIONS";
const COMMENT: &str = "comment";
const DEFAULT: &str = "CURRENT_DEFAULT";
const GENERATED: &str = "delta.generationExpression";
const IDENTITY_START: &str = "delta.identity.start";
const IDENTITY_STEP: &str = "delta.identity.step";
const IDENTITY_EXPLICIT: &str = "delta.identity.allowExplicitInsert";
/// Moves with every insert: no part of what a table is.
const IDENTITY_MARK: &str = "delta.identity.highWaterMark";

/// The columns of a table; `None` where the JSON is no struct of fields. Expressions that can't be read go to `unknown`.
pub(super) fn columns(schema: &Value, unknown: &mut Unknown) -> Option<Vec<Column>> {
    fields_of(schema)?.iter().map(|field| column(field, unknown)).collect()
}

/// Comments that Spark's own schema leaves out: of a column with a `char` or `varchar` inside it, Spark makes the type anew from the
/// text that is kept of it, which has no comments (`CharVarcharUtils`, and measured). The column's own comment is shown.
pub(super) fn hidden_comments(schema: &Value, unknown: &mut Unknown) {
    for json in fields_of(schema).into_iter().flatten() {
        let has_lengths = metadata_of(json).is_some_and(|metadata| metadata.contains_key(CHAR_VARCHAR));
        let field = has_lengths.then(|| field(json, true)).flatten();
        let Some(Field { name, data_type, .. }) = field else { continue };
        for step in steps_into(&data_type) {
            unknown.insert(Aspect::Comment, Path::column(name.clone()).join(step));
        }
    }
}

/// The steps from a type to those right below it.
fn steps_into(data_type: &DataType) -> Vec<Step> {
    if let Some(fields) = data_type.as_struct() {
        return fields.iter().map(|field| Step::Field(field.name.clone())).collect();
    }
    match data_type.as_map() {
        Some(_) => vec![Step::Key, Step::Value],
        None => data_type.as_array().map(|_| Step::Element).into_iter().collect(),
    }
}

fn fields_of(data_type: &Value) -> Option<&Vec<Value>> {
    data_type.get("fields")?.as_array()
}

fn metadata_of(field: &Value) -> Option<&Map<String, Value>> {
    field.get("metadata")?.as_object()
}

fn column(json: &Value, unknown: &mut Unknown) -> Option<Column> {
    let mut column = Column::from_field(field(json, true)?);
    let Some(metadata) = metadata_of(json) else { return Some(column) };
    let path = Path::column(column.field.name.clone());
    let mut expression = |key: &str, aspect: Aspect| {
        let read = text(metadata.get(key)?).and_then(|text| Expression::parse(&text).ok());
        if read.is_none() {
            unknown.insert(aspect, path.clone());
        }
        read
    };
    column.default = expression(DEFAULT, Aspect::Default);
    column.generated = expression(GENERATED, Aspect::Generated);
    column.identity = identity(metadata);
    Some(column)
}

/// An expression's text. Sail keeps a default that is a whole number as a number (measured on 0.7.2).
fn text(value: &Value) -> Option<String> {
    let number = || value.is_number().then(|| value.to_string());
    value.as_str().map(str::to_owned).or_else(number)
}

fn identity(metadata: &Map<String, Value>) -> Option<Identity> {
    let start = metadata.get(IDENTITY_START)?.as_i64()?;
    let increment = metadata.get(IDENTITY_STEP)?.as_i64()?;
    let explicit = metadata.get(IDENTITY_EXPLICIT).and_then(Value::as_bool).unwrap_or(false);
    Some(Identity { start, increment, always: !explicit })
}

fn field(json: &Value, top_level: bool) -> Option<Field> {
    let mut field = Field::new(json.get("name")?.as_str()?, data_type(json.get("type")?)?);
    field.nullable = json.get("nullable").and_then(Value::as_bool).unwrap_or(true);
    for (key, value) in metadata_of(json).into_iter().flatten() {
        let modelled = match key.as_str() {
            COMMENT => read_comment(&mut field, value),
            CHAR_VARCHAR => read_lengths(&mut field.data_type, value),
            COLLATIONS => read_collations(&mut field, value),
            DEFAULT | GENERATED | IDENTITY_START | IDENTITY_STEP | IDENTITY_EXPLICIT | IDENTITY_MARK => top_level,
            _ => false,
        };
        if !modelled {
            field.metadata.insert(key.as_str(), value.to_string());
        }
    }
    Some(field)
}

fn read_comment(field: &mut Field, value: &Value) -> bool {
    let Some(comment) = value.as_str() else { return false };
    field.comment = (!comment.is_empty()).then(|| comment.into());
    true
}

/// Puts `char` and `varchar` where the raw type text has them.
fn read_lengths(data_type: &mut DataType, value: &Value) -> bool {
    let Some(Ok(raw)) = value.as_str().map(str::parse::<DataType>) else { return false };
    overlay(data_type, &raw);
    true
}

fn overlay(data_type: &mut DataType, raw: &DataType) {
    if matches!(raw, DataType::Char(_) | DataType::Varchar(_)) {
        if matches!(data_type, DataType::String(_)) {
            *data_type = raw.clone();
        }
        return;
    }
    for step in steps_into(raw) {
        if let (Some(child), Some(raw)) = (data_type.child_mut(&step), raw.child(&step)) {
            overlay(child, raw);
        }
    }
}

/// Sets collations. Keys are the field's name with `.element`, `.key` or `.value` after it, values `provider.name`.
fn read_collations(field: &mut Field, value: &Value) -> bool {
    let Some(entries) = value.as_object() else { return false };
    let mut read = true;
    for (path, collation) in entries {
        let steps = path.strip_prefix(field.name.as_str()).map(|rest| rest.split('.').skip(1));
        let target = steps.and_then(|mut steps| {
            steps.try_fold(&mut field.data_type, |data_type, step| data_type.child_mut(&collection_step(step)?))
        });
        let name = collation.as_str().map(|text| text.split('.').nth(1).unwrap_or(text));
        match (target, name) {
            (Some(target @ DataType::String(_)), Some(name)) => *target = collated(name),
            (_, _) => read = false,
        }
    }
    read
}

fn collection_step(step: &str) -> Option<Step> {
    match step {
        "element" => Some(Step::Element),
        "key" => Some(Step::Key),
        "value" => Some(Step::Value),
        _ => None,
    }
}

fn collated(name: &str) -> DataType {
    DataType::String((!name.eq_ignore_ascii_case("UTF8_BINARY")).then(|| Identifier::new(name)))
}

/// A type; opaque where it is not known, `None` where a known kind of object lacks its parts.
fn data_type(json: &Value) -> Option<DataType> {
    if let Some(name) = json.as_str() {
        return Some(primitive(name).unwrap_or_else(|| opaque(json)));
    }
    let nullable = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(true);
    let read = match json.get("type").and_then(Value::as_str)? {
        "struct" => DataType::Struct(fields_of(json)?.iter().map(|json| field(json, false)).collect::<Option<_>>()?),
        "array" => DataType::Array(Box::new(ArrayType {
            element: data_type(json.get("elementType")?)?,
            element_nullable: nullable("containsNull"),
        })),
        "map" => DataType::Map(Box::new(MapType {
            key: data_type(json.get("keyType")?)?,
            value: data_type(json.get("valueType")?)?,
            value_nullable: nullable("valueContainsNull"),
        })),
        // PROTOCOL.md shows variant as an object inside arrays.
        "variant" => DataType::Variant,
        _ => opaque(json),
    };
    Some(read)
}

fn opaque(json: &Value) -> DataType {
    DataType::Opaque(json.to_string().into())
}

fn primitive(name: &str) -> Option<DataType> {
    Some(match name {
        "byte" => DataType::Byte,
        "short" => DataType::Short,
        "integer" => DataType::Integer,
        "long" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "string" => DataType::STRING,
        "boolean" => DataType::Boolean,
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp,
        "timestamp_ntz" => DataType::TimestampNtz,
        "variant" => DataType::Variant,
        "decimal" => DataType::Decimal(Decimal::new(10, 0)?),
        _ => return with_parameters(name),
    })
}

/// `decimal(10,2)`; `varchar(3)` and `string collate X`, which Spark sends as types of their own.
fn with_parameters(name: &str) -> Option<DataType> {
    if let Some(collation) = name.strip_prefix("string collate ") {
        return Some(collated(collation));
    }
    let (kind, rest) = name.split_once('(')?;
    let parameters = rest.strip_suffix(')')?;
    match kind {
        "decimal" => {
            let (precision, scale) = parameters.split_once(',')?;
            Some(DataType::Decimal(Decimal::new(precision.trim().parse().ok()?, scale.trim().parse().ok()?)?))
        }
        "char" => Some(DataType::Char(parameters.parse().ok()?)),
        "varchar" => Some(DataType::Varchar(parameters.parse().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data_type: &str, metadata: &str) -> (Column, Unknown) {
        let field = format!(r#"{{"name":"c","type":{data_type},"nullable":true,"metadata":{metadata}}}"#);
        let schema = serde_json::from_str(&format!(r#"{{"type":"struct","fields":[{field}]}}"#)).unwrap();
        let mut unknown = Unknown::default();
        let column = columns(&schema, &mut unknown).unwrap().remove(0);
        (column, unknown)
    }

    fn check(data_type: &str, metadata: &str, expected: &str, raw: &str) {
        let (column, _) = read(data_type, metadata);
        assert_eq!(column.data_type().to_string(), expected);
        let kept: Vec<String> = column.field.metadata.iter().map(|(key, raw)| format!("{key}={raw}")).collect();
        assert_eq!(kept.join(" "), raw);
    }

    #[test]
    fn types_are_read_in_every_spelling() {
        check(r#""decimal(10, 2)""#, "{}", "decimal(10,2)", "");
        check(r#""varchar(3)""#, "{}", "varchar(3)", "");
        check(r#""string collate UTF8_LCASE""#, "{}", "string collate UTF8_LCASE", "");
        check(r#"{"type":"variant"}"#, "{}", "variant", "");
        let map = r#"{"type":"map","keyType":"string","valueType":"long","valueContainsNull":false}"#;
        check(map, "{}", "map<string, bigint not null>", "");
        let nested = r#"{"type":"struct","fields":[{"name":"a b","type":"long","nullable":false,"metadata":{}}]}"#;
        check(nested, "{}", "struct<`a b`: bigint not null>", "");
    }

    #[test]
    fn lengths_and_collations_are_modelled() {
        check(r#""string""#, r#"{"__CHAR_VARCHAR_TYPE_STRING":"varchar(10)"}"#, "varchar(10)", "");
        let list = r#"{"type":"array","elementType":"string","containsNull":true}"#;
        check(list, r#"{"__CHAR_VARCHAR_TYPE_STRING":"array<char(3)>"}"#, "array<char(3)>", "");
        check(list, r#"{"__COLLATIONS":{"c.element":"icu.UNICODE"}}"#, "array<string collate UNICODE>", "");
        let unreadable = r#"{"__CHAR_VARCHAR_TYPE_STRING":"struct<bad name:x"}"#;
        check(r#""string""#, unreadable, "string", r#"__CHAR_VARCHAR_TYPE_STRING="struct<bad name:x""#);
    }

    #[test]
    fn what_is_not_understood_is_unknown_opaque_or_raw() {
        check(r#""void""#, r#"{"team":1}"#, r#"opaque "void""#, "team=1");
        let (_, unknown) = read(r#""long""#, r#"{"CURRENT_DEFAULT":"(1"}"#);
        assert!(unknown.covers(Aspect::Default, &Path::column("c")));
    }

    #[test]
    fn a_default_that_is_a_number_is_its_text() {
        let (column, unknown) = read(r#""long""#, r#"{"CURRENT_DEFAULT":7}"#);
        assert_eq!(column.default.as_ref().map(Expression::text), Some("7"));
        assert!(!unknown.covers(Aspect::Default, &Path::column("c")));
    }

    #[test]
    fn defaults_generation_and_identity_are_of_the_column() {
        let metadata = r#"{"comment":"x","CURRENT_DEFAULT":"1+2","delta.generationExpression":"a + 1",
            "delta.identity.start":5,"delta.identity.step":2,"delta.identity.allowExplicitInsert":true,
            "delta.identity.highWaterMark":9}"#;
        let (column, _) = read(r#""long""#, metadata);
        assert_eq!(column.field.comment.as_deref(), Some("x"));
        assert_eq!(column.default.as_ref().map(Expression::text), Some("1+2"));
        assert_eq!(column.generated.as_ref().map(Expression::text), Some("a + 1"));
        assert_eq!(column.identity, Some(Identity { start: 5, increment: 2, always: false }));
        assert_eq!(column.field.metadata.iter().count(), 0);
    }
}
