//! Columns and types from `schemaString` (PROTOCOL.md, "Schema Serialization Format", "Column Metadata").
//!
//! Owns the split of a field's metadata into what the model names and what stays raw. Knows nothing of the rest of the
//! table.

use delta_engine_schema::model::{
    ArrayType, Aspect, Column, DataType, Decimal, Expression, Field, Identifier, Identity, MapType, MappingMode,
    PHYSICAL_NAME, Path, Step, Unknown,
};

use crate::json::Json;

/// The raw type of a `char` or `varchar` column (Spark `CharVarcharUtils`).
const CHAR_VARCHAR: &str = "__CHAR_VARCHAR_TYPE_STRING";
/// Collations by path, on the nearest field (protocol RFC `collated-string-type.md`).
const COLLATIONS: &str = "__COLLATIONS";
const COMMENT: &str = "comment";
const INVARIANTS: &str = "delta.invariants";
const DEFAULT: &str = "CURRENT_DEFAULT";
const GENERATED: &str = "delta.generationExpression";
const IDENTITY_START: &str = "delta.identity.start";
const IDENTITY_STEP: &str = "delta.identity.step";
const IDENTITY_EXPLICIT: &str = "delta.identity.allowExplicitInsert";
/// Moves with every insert: no part of what a table is.
const IDENTITY_MARK: &str = "delta.identity.highWaterMark";

/// The fields of a struct type's JSON.
pub(crate) fn struct_fields(data_type: &Json) -> Option<&[Json]> {
    data_type.get("fields")?.as_array()
}

/// The name a field has in files and statistics: its own, unless column mapping gave it another.
pub(crate) fn physical_name(field: &Json, mode: MappingMode) -> Option<&str> {
    // Names that were mapped once stay in the metadata when mapping is off, and mean nothing to files.
    if mode == MappingMode::None { field.get("name")?.as_str() } else { kept_name(field) }
}

/// The name a field has in the list of clustering columns: the physical one that is kept of it, whether columns are mapped or
/// not (Delta `DeltaColumnMapping.getPhysicalName`; measured on Spark 4.2, which fails on a table with the other name).
pub(crate) fn kept_name(field: &Json) -> Option<&str> {
    let name = field.get("name")?.as_str()?;
    let mapped = field.get("metadata").and_then(|metadata| metadata.get(PHYSICAL_NAME)).and_then(Json::as_str);
    Some(mapped.unwrap_or(name))
}

/// The columns of a table; `None` where the JSON is no struct of fields. Expressions that can't be read go to `unknown`.
pub(super) fn columns(schema: &Json, unknown: &mut Unknown) -> Option<Vec<Column>> {
    all(struct_fields(schema)?, |field| column(field, unknown))
}

/// As `collect`, which does not know how many there will be and takes up to twice the room.
fn all<T>(fields: &[Json], mut read: impl FnMut(&Json) -> Option<T>) -> Option<Vec<T>> {
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        all.push(read(field)?);
    }
    Some(all)
}

fn column(json: &Json, unknown: &mut Unknown) -> Option<Column> {
    let mut column = Column::from_field(field(json, true)?);
    let Some(metadata) = json.get("metadata") else { return Some(column) };
    let path = || Path::column(column.field.name.clone());
    let mut expression = |key: &str, aspect: Aspect| {
        let text = metadata.get(key)?;
        let read = text.as_str().and_then(|text| Expression::parse(text).ok());
        if read.is_none() {
            unknown.insert(aspect, path());
        }
        read
    };
    let default = expression(DEFAULT, Aspect::Default);
    let generated = expression(GENERATED, Aspect::Generated);
    column.default = default;
    column.generated = generated;
    column.identity = identity(metadata);
    if has_invariant(json) {
        unknown.insert(Aspect::Check, path());
    }
    Some(column)
}

/// Whether a field, or one below it, carries a condition of its own, as Delta wrote before there were checks (PROTOCOL.md, "Column
/// Invariants"). It may mention any column.
fn has_invariant(field: &Json) -> bool {
    let own = field.get("metadata").is_some_and(|metadata| metadata.get(INVARIANTS).is_some());
    own || field.get("type").and_then(struct_fields).into_iter().flatten().any(has_invariant)
}

fn identity(metadata: &Json) -> Option<Identity> {
    let start = metadata.get(IDENTITY_START)?.as_i64()?;
    let increment = metadata.get(IDENTITY_STEP)?.as_i64()?;
    let explicit = metadata.get(IDENTITY_EXPLICIT).and_then(Json::as_bool).unwrap_or(false);
    Some(Identity { start, increment, always: !explicit })
}

fn field(json: &Json, top_level: bool) -> Option<Field> {
    let name = json.get("name")?.as_str()?;
    let mut field = Field::new(name, data_type(json.get("type")?)?);
    field.nullable = json.get("nullable").and_then(Json::as_bool).unwrap_or(true);
    for (key, value) in json.get("metadata").and_then(Json::as_object).unwrap_or_default() {
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

fn read_comment(field: &mut Field, value: &Json) -> bool {
    let Some(comment) = value.as_str() else { return false };
    field.comment = (!comment.is_empty()).then(|| comment.into());
    true
}

/// Puts `char` and `varchar` where the raw type text has them.
fn read_lengths(data_type: &mut DataType, value: &Json) -> bool {
    match value.as_str().map(str::parse::<DataType>) {
        Some(Ok(raw)) => {
            overlay(data_type, &raw);
            true
        }
        Some(Err(_)) | None => false,
    }
}

fn overlay(data_type: &mut DataType, raw: &DataType) {
    if matches!(raw, DataType::Char(_) | DataType::Varchar(_)) {
        if matches!(data_type, DataType::String(_)) {
            *data_type = raw.clone();
        }
        return;
    }
    let steps: Vec<Step> = if let Some(fields) = raw.as_struct() {
        fields.iter().map(|field| Step::Field(field.name.clone())).collect()
    } else if raw.as_array().is_some() {
        vec![Step::Element]
    } else {
        vec![Step::Key, Step::Value]
    };
    for step in steps {
        if let (Some(child), Some(raw)) = (data_type.child_mut(&step), raw.child(&step)) {
            overlay(child, raw);
        }
    }
}

/// Sets collations. Keys are the field's name with `.element`, `.key` or `.value` after it, values `provider.name`.
fn read_collations(field: &mut Field, value: &Json) -> bool {
    let Some(entries) = value.as_object() else { return false };
    let mut read = true;
    for (path, collation) in entries {
        let steps = path.strip_prefix(field.name.as_str()).map(|rest| rest.split('.').skip(1));
        let target = steps.and_then(|mut steps| {
            steps.try_fold(&mut field.data_type, |data_type, step| {
                let step = match step {
                    "element" => Step::Element,
                    "key" => Step::Key,
                    "value" => Step::Value,
                    _ => return None,
                };
                data_type.child_mut(&step)
            })
        });
        let name = collation.as_str().map(|text| text.split('.').nth(1).unwrap_or(text));
        match (target, name) {
            (Some(target @ DataType::String(_)), Some(name)) => {
                *target = DataType::String((!name.eq_ignore_ascii_case("UTF8_BINARY")).then(|| Identifier::new(name)));
            }
            (_, _) => read = false,
        }
    }
    read
}

/// A type; opaque where it is not known, `None` where a known kind of object lacks its parts.
fn data_type(json: &Json) -> Option<DataType> {
    if let Some(name) = json.as_str() {
        return Some(primitive(name).unwrap_or_else(|| opaque(json)));
    }
    let nullable = |key: &str| json.get(key).and_then(Json::as_bool).unwrap_or(true);
    let read = match json.get("type").and_then(Json::as_str)? {
        "struct" => DataType::Struct(all(struct_fields(json)?, |json| field(json, false))?),
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

fn opaque(json: &Json) -> DataType {
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
        _ => {
            let digits = name.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(',')?;
            DataType::Decimal(Decimal::new(precision.trim().parse().ok()?, scale.trim().parse().ok()?)?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Column {
        let schema = Json::parse(&format!(r#"{{"type":"struct","fields":[{field}]}}"#)).unwrap();
        columns(&schema, &mut Unknown::default()).unwrap().remove(0)
    }

    fn check(data_type: &str, metadata: &str, expected: &str, raw: &str) {
        let column = read(&format!(r#"{{"name":"c","type":{data_type},"nullable":true,"metadata":{metadata}}}"#));
        assert_eq!(column.data_type().to_string(), expected);
        let kept: Vec<String> = column.field.metadata.iter().map(|(key, raw)| format!("{key}={raw}")).collect();
        assert_eq!(kept.join(" "), raw);
    }

    #[test]
    fn types_are_read_in_every_spelling() {
        check(r#""decimal(10, 2)""#, "{}", "decimal(10,2)", "");
        check(r#"{"type":"variant"}"#, "{}", "variant", "");
        check(r#"{"type":"array","elementType":"long","containsNull":false}"#, "{}", "array<bigint not null>", "");
        check(
            r#"{"type":"map","keyType":"string","valueType":{"type":"variant"},"valueContainsNull":true}"#,
            "{}",
            "map<string, variant>",
            "",
        );
    }

    #[test]
    fn unknown_types_are_opaque() {
        let opaque = |data_type: &str| {
            let column = read(&format!(r#"{{"name":"c","type":{data_type},"nullable":true,"metadata":{{}}}}"#));
            assert_eq!(column.data_type(), &DataType::Opaque(data_type.into()));
        };
        opaque(r#""void""#);
        opaque(r#""decimal(99,2)""#);
        opaque(r#"{"type":"geometry","srid":4326}"#);
    }

    #[test]
    fn lengths_and_collations_are_modelled() {
        check(r#""string""#, r#"{"__CHAR_VARCHAR_TYPE_STRING":"varchar(10)"}"#, "varchar(10)", "");
        check(
            r#"{"type":"array","elementType":"string","containsNull":true}"#,
            r#"{"__CHAR_VARCHAR_TYPE_STRING":"array<char(3)>"}"#,
            "array<char(3)>",
            "",
        );
        check(
            r#""string""#,
            r#"{"__CHAR_VARCHAR_TYPE_STRING":"struct<bad name:x"}"#,
            "string",
            r#"__CHAR_VARCHAR_TYPE_STRING="struct<bad name:x""#,
        );
        check(r#""string""#, r#"{"__COLLATIONS":{"c":"spark.UTF8_LCASE"}}"#, "string collate UTF8_LCASE", "");
        check(
            r#"{"type":"map","keyType":"string","valueType":"string","valueContainsNull":true}"#,
            r#"{"__COLLATIONS":{"c.value":"icu.UNICODE_CI"}}"#,
            "map<string, string collate UNICODE_CI>",
            "",
        );
    }

    #[test]
    fn metadata_is_split_into_the_model_and_the_rest() {
        let column = read(
            r#"{"name":"c","type":"long","nullable":false,"metadata":{"comment":"a \"b\"","CURRENT_DEFAULT":"1 + 1","delta.identity.start":5,"delta.identity.step":2,"delta.identity.allowExplicitInsert":true,"delta.identity.highWaterMark":9,"delta.typeChanges":[{"fromType":"integer","toType":"long"}],"team":1.50}}"#,
        );
        assert_eq!(column.field.comment.as_deref(), Some("a \"b\""));
        assert_eq!(column.default.as_ref().map(Expression::text), Some("1 + 1"));
        assert_eq!(column.identity, Some(Identity { start: 5, increment: 2, always: false }));
        let kept: Vec<_> = column.field.metadata.iter().collect();
        assert_eq!(kept, [("delta.typeChanges", r#"[{"fromType":"integer","toType":"long"}]"#), ("team", "1.50")]);
    }
}
