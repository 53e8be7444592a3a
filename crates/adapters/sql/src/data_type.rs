//! Types as Spark's DDL spells them.

use delta_engine_schema::model::{DataType, Field};

use crate::quote::{identifier, literal};

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
        // TIMESTAMP alone is what `spark.sql.timestampType` says.
        DataType::Timestamp => "TIMESTAMP_LTZ".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, sql: &str) {
        let parsed: DataType = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(data_type(&parsed), sql);
    }

    #[test]
    fn every_type_has_its_ddl() {
        for name in
            "tinyint smallint int bigint float double string boolean binary date timestamp_ltz timestamp_ntz variant char(3) varchar(20)"
                .split(' ')
        {
            check(name, &name.to_uppercase());
        }
        check("decimal(10, 2)", "DECIMAL(10,2)");
        check("string collate utf8_lcase", "STRING COLLATE `utf8_lcase`");
        check("map<string, array<int>>", "MAP<STRING, ARRAY<INT>>");
        check(
            "struct<`odd``name`: string not null comment 'it\\'s', zip: int>",
            "STRUCT<`odd``name`: STRING NOT NULL COMMENT 'it\\'s', `zip`: INT>",
        );
    }

    #[test]
    fn what_ddl_cannot_say_is_left_out() {
        check("array<string not null>", "ARRAY<STRING>");
        check("map<int, string not null>", "MAP<INT, STRING>");
        assert_eq!(data_type(&DataType::Opaque("\"geo'\"".into())), "'\"geo\\'\"'");
    }
}
