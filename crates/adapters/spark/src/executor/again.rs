//! Whether a table is still as a plan saw it, whichever way each of the two looks at it went.
//!
//! A log shows more than a description, and the newest commit of a table that others write to may have no checksum yet, so one
//! look can be of the log and the other a description. Knows no server.

use delta_engine_schema::model::{Aspect, DataType, Field, ObservedTable, Path, Step, Unknown};

/// Rows, and keys of other tables, may have come and gone: these tables' own plans and the server mind them.
pub(super) fn is_same(seen: &ObservedTable, now: &ObservedTable) -> bool {
    let at_that_version =
        ObservedTable { version: seen.version, inbound_keys: seen.inbound_keys.clone(), ..now.clone() };
    // Only logs tell a version.
    let is_other_way = (seen.version == 0) != (now.version == 0) || seen.unknown != now.unknown;
    let hidden = [&seen.unknown, &now.unknown];
    at_that_version == *seen || (is_other_way && shown(&at_that_version, hidden) == shown(seen, hidden))
}

/// What both ways show: not ids, expressions of generated columns and identity, which a description hides, and no comment
/// that is hidden from one of them.
fn shown(table: &ObservedTable, hidden: [&Unknown; 2]) -> ObservedTable {
    let mut table = ObservedTable { version: 0, unknown: Unknown::default(), ..table.clone() };
    for column in &mut table.columns {
        column.generated = None;
        column.identity = None;
        bare(&mut column.field, &Path::table(), hidden);
    }
    table
}

fn bare(field: &mut Field, parent: &Path, hidden: [&Unknown; 2]) {
    let path = parent.field(&field.name);
    field.metadata = Default::default();
    field.comment.take_if(|_| hidden.iter().any(|unknown| unknown.covers(Aspect::Comment, &path)));
    below(&mut field.data_type, &path, hidden);
}

fn below(data_type: &mut DataType, path: &Path, hidden: [&Unknown; 2]) {
    if let DataType::Struct(fields) = data_type {
        fields.iter_mut().for_each(|field| bare(field, path, hidden));
    } else if let DataType::Array(array) = data_type {
        below(&mut array.element, &path.join(Step::Element), hidden);
    } else if let DataType::Map(map) = data_type {
        below(&mut map.key, &path.join(Step::Key), hidden);
        below(&mut map.value, &path.join(Step::Value), hidden);
    }
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::TableName;

    use super::*;
    use crate::observe::{Detail, observe};

    /// A table of one column with an id, read from the log at a version or described.
    fn table(version: Option<u64>, data_type: &str) -> ObservedTable {
        let metadata = match version {
            Some(_) => serde_json::json!({ "delta.columnMapping.id": 1 }),
            None => serde_json::json!({}),
        };
        let schema = serde_json::json!({
            "type": "struct",
            "fields": [{ "name": "a", "type": data_type, "nullable": true, "metadata": metadata }],
        });
        observe(&TableName::bare("t"), &schema, version, &Detail::default()).expect("a schema")
    }

    #[test]
    fn two_looks_are_compared_by_what_both_show() {
        assert!(is_same(&table(Some(3), "long"), &table(Some(4), "long")));
        assert!(is_same(&table(Some(3), "long"), &table(None, "long")));
        assert!(is_same(&table(None, "long"), &table(Some(4), "long")));
        for (seen, now) in [(Some(3), Some(4)), (Some(3), None), (None, Some(4)), (None, None)] {
            assert!(!is_same(&table(seen, "long"), &table(now, "string")), "{seen:?} {now:?}");
        }
    }

    #[test]
    fn a_comment_that_one_look_hides_makes_no_difference() {
        let look = |version: Option<u64>, comment: &str| {
            let inner = serde_json::json!({ "name": "b", "type": "string", "metadata": { "comment": comment } });
            let metadata =
                serde_json::json!({ "__CHAR_VARCHAR_TYPE_STRING": "struct<b:varchar(3)>", "comment": "own" });
            let data_type = serde_json::json!({ "type": "struct", "fields": [inner] });
            let field = serde_json::json!({ "name": "a", "type": data_type, "nullable": true, "metadata": metadata });
            let schema = serde_json::json!({ "type": "struct", "fields": [field] });
            observe(&TableName::bare("t"), &schema, version, &Detail::default()).expect("a schema")
        };
        let described = look(None, "");
        assert!(described.unknown.covers(Aspect::Comment, &Path::column("a").field(&"b".into())));
        assert!(!described.unknown.covers(Aspect::Comment, &Path::column("a")));
        assert!(look(Some(3), "x").unknown.iter().all(|(aspect, _)| aspect != Aspect::Comment));
        assert!(is_same(&look(Some(3), "x"), &described));
        assert!(is_same(&described, &look(Some(3), "x")));
        assert!(!is_same(&look(Some(3), "x"), &look(Some(4), "y")));
    }

    #[test]
    fn ids_count_where_both_show_them() {
        let mut other = table(Some(3), "long");
        bare(&mut other.columns[0].field, &Path::table(), [&Unknown::default(); 2]);
        assert!(!is_same(&table(Some(3), "long"), &other));
        other.unknown.insert(Aspect::Identity, Path::table());
        assert!(is_same(&table(Some(3), "long"), &other));
    }
}
