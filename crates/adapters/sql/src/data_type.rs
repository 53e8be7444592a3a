//! Types as Spark's DDL spells them, and what that DDL can't say of them.

use delta_engine_schema::model::{DataType, Field};

use crate::quote::{identifier, literal};
use crate::statement::Remark;

/// The type in Spark's DDL. NOT NULL of elements and values has no spelling there and is left out.
pub(crate) fn data_type(of: &DataType) -> String {
    match of {
        DataType::Byte => "TINYINT".to_owned(),
        DataType::Short => "SMALLINT".to_owned(),
        DataType::Integer => "INT".to_owned(),
        DataType::Long => "BIGINT".to_owned(),
        DataType::Float => "FLOAT".to_owned(),
        DataType::Double => "DOUBLE".to_owned(),
        DataType::Decimal(decimal) => format!("DECIMAL({},{})", decimal.precision(), decimal.scale()),
        DataType::String(None) => "STRING".to_owned(),
        DataType::String(Some(collation)) => format!("STRING COLLATE {}", identifier(collation)),
        DataType::Char(length) => format!("CHAR({length})"),
        DataType::Varchar(length) => format!("VARCHAR({length})"),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Binary => "BINARY".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::Timestamp => "TIMESTAMP".to_owned(),
        DataType::TimestampNtz => "TIMESTAMP_NTZ".to_owned(),
        DataType::Variant => "VARIANT".to_owned(),
        DataType::Struct(fields) => {
            format!("STRUCT<{}>", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        DataType::Array(array) => format!("ARRAY<{}>", data_type(&array.element)),
        DataType::Map(map) => format!("MAP<{}, {}>", data_type(&map.key), data_type(&map.value)),
        // Never created or altered; as a literal nothing in it can be read as SQL.
        DataType::Opaque(raw) => literal(raw),
    }
}

fn field(field: &Field) -> String {
    let mut text = format!("{}: {}", identifier(&field.name), data_type(&field.data_type));
    if !field.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(comment) = &field.comment {
        text.push_str(" COMMENT ");
        text.push_str(&literal(comment));
    }
    text
}

/// What keeps OSS Spark from taking the type as it is meant.
pub(crate) fn remarks(of: &DataType) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if of.contains(|inner| matches!(inner, DataType::Opaque(_))) {
        remarks.push(Remark::UnknownType);
    }
    if of.contains(|inner| matches!(inner, DataType::String(Some(_)))) {
        remarks.push(Remark::Collation);
    }
    if of.contains(element_not_null) {
        remarks.push(Remark::ElementNotNull);
    }
    if of.contains(|inner| (inner.as_array().is_some() || inner.as_map().is_some()) && holds_not_null(inner)) {
        remarks.push(Remark::NotNullInCollection);
    }
    remarks
}

/// Whether a field at any depth is NOT NULL.
pub(crate) fn holds_not_null(of: &DataType) -> bool {
    of.contains(|inner| inner.as_struct().is_some_and(|fields| fields.iter().any(|field| !field.nullable)))
}

fn element_not_null(of: &DataType) -> bool {
    of.as_array().is_some_and(|array| !array.element_nullable) || of.as_map().is_some_and(|map| !map.value_nullable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, sql: &str, expected: &[Remark]) {
        let parsed: DataType = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(data_type(&parsed), sql);
        assert_eq!(remarks(&parsed), expected, "{text}");
    }

    #[test]
    fn every_type_has_its_ddl() {
        for name in
            "tinyint smallint int bigint float double string boolean binary date timestamp timestamp_ntz variant char(3) varchar(20)"
                .split(' ')
        {
            check(name, &name.to_uppercase(), &[]);
        }
        check("decimal(10, 2)", "DECIMAL(10,2)", &[]);
        check("string collate utf8_lcase", "STRING COLLATE `utf8_lcase`", &[Remark::Collation]);
        check("map<string, array<int>>", "MAP<STRING, ARRAY<INT>>", &[]);
        check(
            "struct<`odd``name`: string not null comment 'it\\'s', zip: int>",
            "STRUCT<`odd``name`: STRING NOT NULL COMMENT 'it\\'s', `zip`: INT>",
            &[],
        );
    }

    #[test]
    fn what_ddl_cannot_say_is_remarked() {
        check("array<string not null>", "ARRAY<STRING>", &[Remark::ElementNotNull]);
        check("map<int, string not null>", "MAP<INT, STRING>", &[Remark::ElementNotNull]);
        check("array<struct<a: int not null>>", "ARRAY<STRUCT<`a`: INT NOT NULL>>", &[Remark::NotNullInCollection]);
        let opaque = DataType::Opaque("\"geo'\"".into());
        assert_eq!((data_type(&opaque).as_str(), remarks(&opaque)), ("'\"geo\\'\"'", vec![Remark::UnknownType]));
    }
}
