//! Changes of columns and nested fields.
//!
//! A struct's fields and a table's columns change alike; `Siblings` is either.

use super::SimulationError;
use super::mapping;
use crate::action::Position;
use crate::model::{Column, DataType, Field, Identifier, ObservedTable, Path, Step};

/// The columns of a table or the fields of a struct.
enum Siblings<'t> {
    Columns(&'t mut Vec<Column>),
    Fields(&'t mut Vec<Field>),
}

impl Siblings<'_> {
    fn position(&self, name: &Identifier) -> Option<usize> {
        match self {
            Self::Columns(columns) => columns.iter().position(|column| column.name() == name),
            Self::Fields(fields) => fields.iter().position(|field| field.name == *name),
        }
    }

    fn remove(&mut self, index: usize) -> Column {
        match self {
            Self::Columns(columns) => columns.remove(index),
            Self::Fields(fields) => Column::from_field(fields.remove(index)),
        }
    }

    fn insert(&mut self, index: usize, column: Column) {
        match self {
            Self::Columns(columns) => columns.insert(index, column),
            Self::Fields(fields) => fields.insert(index, column.field),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Columns(columns) => columns.len(),
            Self::Fields(fields) => fields.len(),
        }
    }

    fn place(&mut self, column: Column, position: &Position) -> Result<(), SimulationError> {
        let index = match position {
            Position::First => 0,
            Position::Last => self.len(),
            Position::After(sibling) => {
                let missing = || SimulationError::NoColumn(Path::column(sibling.clone()));
                self.position(sibling).ok_or_else(missing)? + 1
            }
        };
        self.insert(index, column);
        Ok(())
    }
}

pub(super) fn rename(table: &mut ObservedTable, path: &Path, to: &Identifier) -> Result<(), SimulationError> {
    let parent = path.parent().unwrap_or_default();
    if siblings(table, &parent)?.position(to).is_some() {
        return Err(SimulationError::ColumnExists(parent.field(to)));
    }
    field_mut(table, path)?.name = to.clone();
    let renamed = parent.field(to);
    table.layout.follow_rename(path, &renamed);
    table.unknown.follow_rename(path, &renamed);
    mapping::rename_stats_column(table, path, Some(&renamed));
    Ok(())
}

pub(super) fn relocate(table: &mut ObservedTable, path: &Path, to: &Position) -> Result<(), SimulationError> {
    let missing = || SimulationError::NoColumn(path.clone());
    let mut siblings = siblings(table, &path.parent().unwrap_or_default())?;
    let index = path.leaf_name().and_then(|name| siblings.position(name)).ok_or_else(missing)?;
    let column = siblings.remove(index);
    siblings.place(column, to)
}

pub(super) fn add(
    table: &mut ObservedTable,
    parent: &Path,
    column: &Column,
    position: &Position,
) -> Result<(), SimulationError> {
    let mut column = column.clone();
    mapping::map_new_field(table, &mut column.field);
    let mut siblings = siblings(table, parent)?;
    if siblings.position(column.name()).is_some() {
        return Err(SimulationError::ColumnExists(parent.field(column.name())));
    }
    siblings.place(column, position)
}

pub(super) fn remove(table: &mut ObservedTable, path: &Path) -> Result<(), SimulationError> {
    let missing = || SimulationError::NoColumn(path.clone());
    let mut siblings = siblings(table, &path.parent().unwrap_or_default())?;
    let index = path.leaf_name().and_then(|name| siblings.position(name)).ok_or_else(missing)?;
    siblings.remove(index);
    mapping::rename_stats_column(table, path, None);
    Ok(())
}

pub(super) fn set_nullable(table: &mut ObservedTable, path: &Path, nullable: bool) -> Result<(), SimulationError> {
    let missing = || SimulationError::NoColumn(path.clone());
    match path.last().ok_or_else(missing)? {
        Step::Field(_) => field_mut(table, path)?.nullable = nullable,
        Step::Element => {
            let DataType::Array(array) = type_mut(table, &path.parent().unwrap_or_default())? else {
                return Err(missing());
            };
            array.element_nullable = nullable;
        }
        Step::Value => {
            let DataType::Map(map) = type_mut(table, &path.parent().unwrap_or_default())? else {
                return Err(missing());
            };
            map.value_nullable = nullable;
        }
        Step::Key => return Err(missing()),
    }
    Ok(())
}

pub(super) fn type_mut<'t>(table: &'t mut ObservedTable, path: &Path) -> Result<&'t mut DataType, SimulationError> {
    let missing = || SimulationError::NoColumn(path.clone());
    let (_, below) = path.steps().split_first().ok_or_else(missing)?;
    let column = table.columns.iter_mut().find(|column| Some(column.name()) == path.root()).ok_or_else(missing)?;
    below.iter().try_fold(&mut column.field.data_type, |data_type, step| data_type.child_mut(step)).ok_or_else(missing)
}

pub(super) fn field_mut<'t>(table: &'t mut ObservedTable, path: &Path) -> Result<&'t mut Field, SimulationError> {
    let missing = || SimulationError::NoColumn(path.clone());
    let name = path.leaf_name().ok_or_else(missing)?;
    match siblings(table, &path.parent().unwrap_or_default())? {
        Siblings::Columns(columns) => {
            columns.iter_mut().map(|column| &mut column.field).find(|field| field.name == *name)
        }
        Siblings::Fields(fields) => fields.iter_mut().find(|field| field.name == *name),
    }
    .ok_or_else(missing)
}

fn siblings<'t>(table: &'t mut ObservedTable, parent: &Path) -> Result<Siblings<'t>, SimulationError> {
    if parent.is_table() {
        return Ok(Siblings::Columns(&mut table.columns));
    }
    let DataType::Struct(fields) = type_mut(table, parent)? else {
        return Err(SimulationError::NoFields(parent.clone()));
    };
    Ok(Siblings::Fields(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::model::Expression;
    use crate::rules::testing::table;
    use crate::simulate::simulate;

    fn path(text: &str) -> Path {
        text.split('.').fold(Path::table(), |path, name| match name {
            "element" => path.join(Step::Element),
            "key" => path.join(Step::Key),
            "value" => path.join(Step::Value),
            name => path.field(&name.into()),
        })
    }

    fn drop_column(column: &str) -> Action {
        Action::DropColumn { path: path(column), data_type: "int".parse().unwrap() }
    }

    fn refused(action: Action, expected: &str) {
        let state = table("a: int, b: int, s: struct<x: int>, m: map<int, int>").there();
        let error = simulate(Some(state), std::slice::from_ref(&action), "").unwrap_err();
        assert_eq!(error.to_string(), expected, "{action:?}");
    }

    #[test]
    fn actions_that_do_not_fit_the_columns_are_refused() {
        for missing in ["x", "s.y", "m.element"] {
            let said = format!("there is no column `{missing}`");
            refused(Action::SetColumnNotNull { path: path(missing) }, &said);
        }
        refused(Action::SetColumnNotNull { path: path("m.key") }, "there is no column `m.key`");
        refused(drop_column("x"), "there is no column `x`");
        refused(drop_column("s.y"), "there is no column `s.y`");
        refused(Action::RenameColumn { path: path("a"), to: "B".into() }, "`B` is there already");
        refused(Action::RenameColumn { path: path("s.y"), to: "z".into() }, "there is no column `s.y`");
        refused(Action::MoveColumn { path: path("s.y"), to: Position::First }, "there is no column `s.y`");
        refused(Action::MoveColumn { path: path("a"), to: Position::After("x".into()) }, "there is no column `x`");
        let add = |parent: Path| Action::AddColumn {
            parent,
            column: Box::new(Column::new("x", "int".parse().unwrap())),
            position: Position::Last,
        };
        refused(add(path("s")), "`s.x` is there already");
        refused(add(path("a")), "`a` has no fields");
        refused(add(path("m.value")), "`m.value` has no fields");
        let default =
            |column: &str| Action::DropColumnDefault { path: path(column), from: Expression::parse("1").unwrap() };
        refused(default("x"), "there is no column `x`");
        refused(default("s.x"), "there is no column `s.x`");
    }

    #[test]
    fn columns_and_fields_stand_where_they_are_put() {
        let check = |action: Action, expected: &str| {
            let state = table("a: int, b: int, c: int, s: struct<x: int, y: int, z: int>").there();
            let after = simulate(Some(state), &[action], "").unwrap();
            let names: Vec<String> = after.columns.iter().map(|column| column.name().to_string()).collect();
            let fields = after.columns.iter().find_map(|column| column.data_type().as_struct()).unwrap();
            let fields: Vec<String> = fields.iter().map(|field| field.name.to_string()).collect();
            assert_eq!(format!("{} {}", names.concat(), fields.concat()), expected);
        };
        let moved = |column: &str, to: Position| Action::MoveColumn { path: path(column), to };
        check(moved("c", Position::First), "cabs xyz");
        check(moved("c", Position::After("A".into())), "acbs xyz");
        check(moved("a", Position::After("b".into())), "bacs xyz");
        check(moved("a", Position::Last), "bcsa xyz");
        check(moved("s.x", Position::After("y".into())), "abcs yxz");
        check(moved("s.y", Position::Last), "abcs xzy");
        let added = |parent: Path, position: Position| Action::AddColumn {
            parent,
            column: Box::new(Column::new("n", "int".parse().unwrap())),
            position,
        };
        check(added(Path::table(), Position::First), "nabcs xyz");
        check(added(Path::table(), Position::After("b".into())), "abncs xyz");
        check(added(Path::table(), Position::Last), "abcsn xyz");
        check(added(path("s"), Position::After("x".into())), "abcs xnyz");
    }
}
