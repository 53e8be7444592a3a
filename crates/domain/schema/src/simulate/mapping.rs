//! Column mapping: ids and physical names (PROTOCOL.md, "Column Mapping").

use crate::model::{
    DataType, Field, Identifier, MAX_COLUMN_ID, MappingMode, ObservedTable, Path, STATISTICS_COLUMNS,
    physical_column_name, split_dotted, split_list,
};

/// Gives every field of a new table an id and a physical name of its own.
pub(super) fn map_new_table(table: &mut ObservedTable) {
    let table_id = table.table_id.clone();
    number(table, &mut |field, id| field.metadata.set_mapping(id, &physical_column_name(&table_id, id)));
}

/// Gives every field of an existing table an id; its physical name is the name its files use already.
pub(super) fn map_existing_table(table: &mut ObservedTable) {
    number(table, &mut |field, id| {
        let physical = field.name.as_str().to_owned();
        field.metadata.set_mapping(id, &physical);
    });
}

/// Gives a new field, and every field below it, the next ids. Ids are never used again.
pub(super) fn map_new_field(table: &mut ObservedTable, field: &mut Field) {
    if table.mapping_mode() == MappingMode::None {
        return;
    }
    let mut last = table.last_column_id();
    let table_id = table.table_id.clone();
    number_field(field, &mut last, &mut |field, id| {
        field.metadata.set_mapping(id, &physical_column_name(&table_id, id))
    });
    table.properties.insert(MAX_COLUMN_ID.to_owned(), last.to_string());
}

fn number(table: &mut ObservedTable, assign: &mut impl FnMut(&mut Field, u32)) {
    let mut last = 0;
    for column in &mut table.columns {
        number_field(&mut column.field, &mut last, assign);
    }
    table.properties.insert(MAX_COLUMN_ID.to_owned(), last.to_string());
}

/// A field before the fields below it; elements, keys and values have no ids of their own. A plan that would come to the end
/// of all ids is refused (`column-ids-used-up`), so no table gets one twice.
fn number_field(field: &mut Field, last: &mut u32, assign: &mut impl FnMut(&mut Field, u32)) {
    *last = last.saturating_add(1);
    assign(field, *last);
    number_type(&mut field.data_type, last, assign);
}

fn number_type(data_type: &mut DataType, last: &mut u32, assign: &mut impl FnMut(&mut Field, u32)) {
    if let DataType::Struct(fields) = data_type {
        fields.iter_mut().for_each(|field| number_field(field, last, assign));
    } else if let DataType::Array(array) = data_type {
        number_type(&mut array.element, last, assign);
    } else if let DataType::Map(map) = data_type {
        number_type(&mut map.key, last, assign);
        number_type(&mut map.value, last, assign);
    }
}

/// Renames or removes a column in the list of columns with statistics, as Delta does (`AlterTableRenameColumn`).
pub(super) fn rename_stats_column(table: &mut ObservedTable, from: &Path, to: Option<&Path>) {
    if let Some(listed) = table.properties.get_mut(STATISTICS_COLUMNS) {
        *listed = renamed_in_list(listed, from, to);
    }
}

/// A list of columns, as `delta.dataSkippingStatsColumns` has it, with what stands at or below `from` renamed, or without
/// it: Delta rewrites the list when a column is renamed or dropped.
pub fn renamed_in_list(listed: &str, from: &Path, to: Option<&Path>) -> String {
    let steps = from.steps();
    let entries = split_list(listed).filter_map(|entry| {
        let parts = split_dotted(entry).unwrap_or_default();
        let is_below = parts.len() >= steps.len()
            && steps
                .iter()
                .zip(&parts)
                .all(|(step, part)| step.as_field().is_some_and(|name| name == &part.as_str().into()));
        if !is_below {
            return Some(entry.to_owned());
        }
        let to = to?;
        let below = parts[steps.len()..].iter().map(|part| Identifier::new(part.as_str()).quoted_if_needed());
        Some(to.steps().iter().map(ToString::to_string).chain(below).collect::<Vec<_>>().join("."))
    });
    entries.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Action, Position};
    use crate::change::Change;
    use crate::model::Column;
    use crate::rules::testing::table;
    use crate::simulate::simulate;

    fn each(field: &Field, visit: &mut impl FnMut(&Field)) {
        visit(field);
        each_below(&field.data_type, visit);
    }

    fn each_below(data_type: &DataType, visit: &mut impl FnMut(&Field)) {
        if let Some(fields) = data_type.as_struct() {
            fields.iter().for_each(|field| each(field, visit));
        } else if let Some(array) = data_type.as_array() {
            each_below(&array.element, visit);
        } else if let Some(map) = data_type.as_map() {
            each_below(&map.key, visit);
            each_below(&map.value, visit);
        }
    }

    /// Expects the name of every field, its id, and its physical name where that is no made one.
    fn check(table: &ObservedTable, expected: &str) {
        let mut shown = Vec::new();
        for column in &table.columns {
            each(&column.field, &mut |field| {
                let id = field.metadata.column_id().unwrap();
                let made = format!("\"{}\"", physical_column_name(&table.table_id, id));
                let physical = field.metadata.get(crate::model::PHYSICAL_NAME).unwrap();
                let physical = if physical == made { "made" } else { physical };
                shown.push(format!("{} {id} {physical}", field.name));
            });
        }
        shown.push(format!("highest {}", table.property(MAX_COLUMN_ID).unwrap()));
        assert_eq!(shown.join(", "), expected);
    }

    const COLUMNS: &str = "a: int, s: struct<x: int, l: array<struct<y: int>>>, m: map<struct<k: int>, struct<v: int>>";

    #[test]
    fn fields_of_a_new_table_are_numbered_from_the_outside_in_and_get_names_of_their_own() {
        check(
            &table(COLUMNS).mapped().there(),
            "a 1 made, s 2 made, x 3 made, l 4 made, y 5 made, m 6 made, k 7 made, v 8 made, highest 8",
        );
    }

    #[test]
    fn fields_of_a_table_that_is_there_keep_the_names_in_its_files() {
        let change = Change::between(None, Some("name".to_owned())).unwrap();
        let enable = Action::SetProperty { key: "delta.columnMapping.mode".to_owned(), change };
        check(
            &simulate(Some(table("a: int, s: struct<x: int>").there()), &[enable], "").unwrap(),
            "a 1 \"a\", s 2 \"s\", x 3 \"x\", highest 3",
        );
    }

    #[test]
    fn an_id_is_never_given_twice() {
        let add = |parent: Path, name: &str, data_type: &str| Action::AddColumn {
            parent,
            column: Box::new(Column::new(name, data_type.parse().unwrap())),
            position: Position::First,
        };
        let drop = Action::DropColumn { path: Path::column("b"), data_type: DataType::Integer };
        let actions = [drop, add(Path::table(), "b", "struct<c: int>"), add(Path::column("b"), "d", "int")];
        check(
            &simulate(Some(table("a: int, b: int").mapped().there()), &actions, "").unwrap(),
            "b 3 made, d 5 made, c 4 made, a 1 made, highest 5",
        );
    }

    #[test]
    fn new_ids_are_above_all_that_is_said_and_all_that_is_there() {
        let add = || Action::AddColumn {
            parent: Path::table(),
            column: Box::new(Column::new("c", DataType::Integer)),
            position: Position::Last,
        };
        for (said, expected) in [("7", 8), ("1", 5), ("", 5), ("-1", 5), ("x", 5), ("99999999999", u32::MAX)] {
            let mut there = table("a: int, s: struct<b: array<struct<x: int>>>").mapped().there();
            there.properties.insert(MAX_COLUMN_ID.to_owned(), said.to_owned());
            let after = simulate(Some(there), &[add()], "").unwrap();
            let id = after.columns.last().unwrap().field.metadata.column_id();
            assert_eq!(id, Some(expected), "{said}");
            assert_eq!(after.property(MAX_COLUMN_ID), Some(expected.to_string().as_str()), "{said}");
        }
    }

    #[test]
    fn lists_of_columns_follow_renames_and_drops() {
        let path = |names: &[&str]| names.iter().fold(Path::table(), |path, name| path.field(&(*name).into()));
        let check = |listed: &str, from: &[&str], renamed: &str, dropped: &str| {
            let to = path(&from[..from.len() - 1]).field(&"n w".into());
            let found = [renamed_in_list(listed, &path(from), Some(&to)), renamed_in_list(listed, &path(from), None)];
            assert_eq!(found, [renamed, dropped], "{listed}");
        };
        check("a,b", &["a"], "`n w`,b", "b");
        check("b, A.x", &["a"], "b,`n w`.x", "b");
        check("a.x,a.y,a", &["a", "x"], "a.`n w`,a.y,a", "a.y,a");
        check("ab,b.a", &["a"], "ab,b.a", "ab,b.a");
        check("`a,b`.`c d`", &["a,b"], "`n w`.`c d`", "");
        check("`unpaired,b", &["b"], "`unpaired,b", "`unpaired,b");
    }
}
