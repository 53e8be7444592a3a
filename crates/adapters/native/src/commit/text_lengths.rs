//! The lengths of `char` and `varchar` in a log: where a column's type holds any, the text of the whole type stands on the
//! column.
//!
//! Spark looks nowhere else, and writes names without quotes (`CharVarcharUtils.replaceCharVarcharWithStringInSchema`,
//! `getRawType`), so that a name which needs some makes the table unreadable to it (measured). Knows nothing of commits.

use delta_engine_schema::model::{Column, DataType};

use crate::json::Json;

const CHAR_VARCHAR: &str = "__CHAR_VARCHAR_TYPE_STRING";

/// The text that a column of this type carries; none where no length is in it.
pub(super) fn kept(data_type: &DataType) -> Option<String> {
    data_type.contains(is_text_length).then(|| text(data_type))
}

/// Whether the text of the type would say something else, or nothing.
pub(super) fn is_unreadable(data_type: &DataType) -> bool {
    let is_odd = |inner: &DataType| {
        matches!(inner, DataType::Opaque(_))
            || inner.as_struct().is_some_and(|fields| fields.iter().any(|field| needs_quotes(&field.name)))
    };
    data_type.is_nested() && data_type.contains(is_text_length) && data_type.contains(is_odd)
}

/// Puts the text on a column's field, or takes it away.
pub(super) fn mark(field: &mut Json, data_type: &DataType) {
    let text = kept(data_type);
    match (field.get_mut("metadata"), text) {
        (Some(metadata), Some(text)) => metadata.insert(CHAR_VARCHAR, text),
        (Some(metadata), None) => drop(metadata.remove(CHAR_VARCHAR)),
        (None, Some(text)) => {
            field.insert("metadata", [(CHAR_VARCHAR.to_owned(), Json::from(text))].into_iter().collect::<Json>());
        }
        (None, None) => {}
    }
}

/// Marks the columns that are not as they were, in their JSON or in the type that it and the text say together, and leaves
/// every other one as it is. `was` and `columns` are the columns before and after.
pub(super) fn follow(before: &Json, was: &[Column], schema: &mut Json, columns: &[Column]) {
    let before = before.get("fields").and_then(Json::as_array).unwrap_or_default();
    let Some(fields) = schema.get_mut("fields").and_then(Json::as_array_mut) else { return };
    for (field, column) in fields.iter_mut().zip(columns) {
        let same_type = |old: &Column| old.name() == column.name() && old.data_type() == column.data_type();
        if before.contains(field) && was.iter().any(same_type) {
            continue;
        }
        unmark_below(field.get_mut("type"));
        mark(field, column.data_type());
    }
}

/// Former versions of this program put lengths on the fields of structs, where nobody else reads them.
fn unmark_below(data_type: Option<&mut Json>) {
    let Some(data_type) = data_type else { return };
    for field in data_type.get_mut("fields").and_then(Json::as_array_mut).into_iter().flatten() {
        if let Some(metadata) = field.get_mut("metadata") {
            metadata.remove(CHAR_VARCHAR);
        }
        unmark_below(field.get_mut("type"));
    }
    for inner in ["elementType", "keyType", "valueType"] {
        unmark_below(data_type.get_mut(inner));
    }
}

fn is_text_length(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Char(_) | DataType::Varchar(_))
}

fn needs_quotes(name: &delta_engine_schema::model::Identifier) -> bool {
    name.quoted_if_needed() != name.as_str()
}

/// `DataType.catalogString`.
fn text(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|field| format!("{}:{}", field.name, text(&field.data_type))).collect();
            format!("struct<{}>", fields.join(","))
        }
        DataType::Array(array) => format!("array<{}>", text(&array.element)),
        DataType::Map(map) => format!("map<{},{}>", text(&map.key), text(&map.value)),
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
        | DataType::Opaque(_) => data_type.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::Step;

    use super::*;

    fn read(text: &str) -> DataType {
        text.parse().unwrap()
    }

    #[test]
    fn the_whole_type_is_kept_as_spark_spells_it() {
        let check = |data_type: &str, expected: Option<&str>| {
            assert_eq!(kept(&read(data_type)).as_deref(), expected, "{data_type}");
        };
        check("varchar(3)", Some("varchar(3)"));
        check("string", None);
        check(
            "struct<a: bigint not null, b: array<char(2)> comment 'x', c: decimal(4,2)>",
            Some("struct<a:bigint,b:array<char(2)>,c:decimal(4,2)>"),
        );
        check("map<string, struct<a: varchar(7), t: timestamp>>", Some("map<string,struct<a:varchar(7),t:timestamp>>"));
    }

    #[test]
    fn names_that_need_quotes_make_the_text_unreadable() {
        assert!(is_unreadable(&read("struct<`a b`: int, c: varchar(3)>")));
        assert!(!is_unreadable(&read("struct<`a b`: int, c: string>")));
        let unknown = |more: &str| {
            let mut unknown = read(&format!("struct<a: int{more}>"));
            *unknown.child_mut(&Step::Field("a".into())).unwrap() = DataType::Opaque("\"void\"".into());
            unknown
        };
        assert!(is_unreadable(&unknown(", c: varchar(3)")));
        assert!(!is_unreadable(&unknown("")));
        assert!(!is_unreadable(&read("array<varchar(3)>")));
        assert!(!is_unreadable(&read("varchar(3)")));
    }

    #[test]
    fn changed_columns_are_marked_anew_and_others_left_as_they_are() {
        let nested = |name: &str, marker: &str| {
            let field = r#"{"name":"v","type":"string","nullable":true,"metadata":{"__CHAR_VARCHAR_TYPE_STRING":"varchar(3)"}}"#;
            format!(
                r#"{{"name":"{name}","type":{{"type":"struct","fields":[{field}]}},"nullable":true,"metadata":{{{marker}}}}}"#
            )
        };
        let schema = |fields: &[String]| {
            Json::parse(&format!(r#"{{"type":"struct","fields":[{}]}}"#, fields.join(","))).unwrap()
        };
        let column = |name: &str| Column::new(name, read("struct<v: varchar(3)>"));
        let before = schema(&[nested("a", ""), nested("b", "")]);
        let mut after = schema(&[nested("a", ""), nested("c", "")]);
        follow(&before, &[column("a"), column("b")], &mut after, &[column("a"), column("c")]);
        let marked = r#""__CHAR_VARCHAR_TYPE_STRING":"struct<v:varchar(3)>""#;
        let followed = nested("c", marked).replacen(r#"{"__CHAR_VARCHAR_TYPE_STRING":"varchar(3)"}"#, "{}", 1);
        assert_eq!(after, schema(&[nested("a", ""), followed]));
    }

    #[test]
    fn a_change_of_length_alone_is_marked() {
        let check = |from: &str, to: &str, expected: &str| {
            let field = |marker: &str| {
                let text = format!(
                    r#"{{"type":"struct","fields":[{{"name":"a","type":"string","nullable":true,"metadata":{marker}}}]}}"#
                );
                Json::parse(&text).unwrap()
            };
            let column = |text: &str| [Column::new("a", read(text))];
            let before = field(&format!(r#"{{"__CHAR_VARCHAR_TYPE_STRING":"{from}"}}"#));
            let mut after = before.clone();
            follow(&before, &column(from), &mut after, &column(to));
            assert_eq!(after, field(expected), "{from} to {to}");
        };
        check("varchar(3)", "varchar(5)", r#"{"__CHAR_VARCHAR_TYPE_STRING":"varchar(5)"}"#);
        check("char(3)", "string", "{}");
        check("char(3)", "char(3)", r#"{"__CHAR_VARCHAR_TYPE_STRING":"char(3)"}"#);
    }
}
