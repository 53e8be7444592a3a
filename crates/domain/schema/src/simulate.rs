//! What a table is after its actions: the model of execution.
//!
//! Production code: every plan is rehearsed with it, and the in-memory backend is this function.

mod fields;
mod mapping;

pub use mapping::renamed_in_list;

use std::collections::BTreeMap;

use crate::action::Action;
use crate::model::{
    Aspect, Column, DesiredTable, Feature, Layout, MappingMode, ObservedTable, Path, RelationKind, TableName, Unknown,
    add_dependencies, required_features,
};

/// Why an action can't be applied to a state. A plan of ours never gets here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// The action needs a table and there is none.
    #[error("there is no table to change")]
    NoTable,
    /// The table is there already.
    #[error("table `{0}` is there already")]
    TableExists(TableName),
    /// The path names nothing.
    #[error("there is no column `{0}`")]
    NoColumn(Path),
    /// The path names something that is no struct.
    #[error("`{0}` has no fields")]
    NoFields(Path),
    /// A sibling has that name already.
    #[error("`{0}` is there already")]
    ColumnExists(Path),
    /// Something of that name is missing or there already.
    #[error("the {what} `{name}` is not as the action takes it")]
    Entry {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

/// Applies actions to a state in order; `None` is no table, and `table_id` is the id a created one gets.
///
/// # Errors
/// The first action that does not fit the state.
pub fn simulate(
    state: Option<ObservedTable>,
    actions: &[Action],
    table_id: &str,
) -> Result<ObservedTable, SimulationError> {
    let mut state = state;
    for action in actions {
        state = Some(match (state, action) {
            (None, Action::CreateTable { table }) => create(table, table_id),
            (Some(table), Action::CreateTable { .. }) => return Err(SimulationError::TableExists(table.name)),
            (Some(mut table), other) => {
                apply(&mut table, other)?;
                table
            }
            (None, _) => return Err(SimulationError::NoTable),
        });
    }
    let mut table = state.ok_or(SimulationError::NoTable)?;
    if !matches!(actions.first(), None | Some(Action::CreateTable { .. })) {
        table.version += 1;
    }
    Ok(table)
}

/// The features of every new table: those of protocol (1, 2), which every writer knows.
pub const BASE_FEATURES: [Feature; 2] = [Feature::AppendOnly, Feature::Invariants];

/// The table a declaration creates.
fn create(desired: &DesiredTable, table_id: &str) -> ObservedTable {
    let set = || desired.properties.iter().filter_map(|(key, value)| Some((key.as_str(), value.as_deref()?)));
    let mut features = required_features(&desired.columns, &desired.layout, &desired.checks, set());
    features.extend(desired.features.iter().cloned());
    add_dependencies(&mut features);
    features.extend(BASE_FEATURES);
    let mut table = ObservedTable {
        name: desired.name.clone(),
        columns: desired.columns.clone(),
        comment: desired.comment.clone(),
        layout: desired.layout.clone(),
        primary_key: desired.primary_key.clone(),
        foreign_keys: desired.foreign_keys.clone(),
        inbound_keys: Vec::new(),
        checks: desired.checks.clone(),
        properties: set().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        features,
        tags: desired.tags.clone(),
        location: desired.location.clone(),
        table_id: table_id.to_owned(),
        version: 0,
        kind: RelationKind::Table,
        unknown: Unknown::default(),
    };
    if table.mapping_mode() != MappingMode::None {
        mapping::map_new_table(&mut table);
    }
    table
}

fn apply(table: &mut ObservedTable, action: &Action) -> Result<(), SimulationError> {
    match action {
        Action::CreateTable { .. } => return Err(SimulationError::TableExists(table.name.clone())),
        Action::EnableFeature { feature } => drop(table.features.insert(feature.clone())),
        Action::SetProperty { key, change } => set_property(table, key, change.to().as_deref()),
        Action::UnsetProperty { key, .. } => set_property(table, key, None),
        Action::SetTableTag { key, change } => set_entry(&mut table.tags, key, change.to().clone()),
        Action::UnsetTableTag { key, .. } => set_entry(&mut table.tags, key, None),
        Action::DropForeignKey { key } => table.foreign_keys.retain(|there| !there.same_key(key)),
        Action::DropPrimaryKey { .. } => table.primary_key = None,
        Action::DropCheck { name, .. } => {
            let missing = || SimulationError::Entry { what: "check", name: name.to_string() };
            table.checks.remove(name).ok_or_else(missing)?;
        }
        Action::RenameColumn { path, to } => fields::rename(table, path, to)?,
        Action::MoveColumn { path, to } => fields::relocate(table, path, to)?,
        Action::AddColumn { parent, column, position } => fields::add(table, parent, column, position)?,
        Action::AlterColumnType { path, change } => *fields::type_mut(table, path)? = change.to().clone(),
        Action::SetClustering { change } => table.layout = change.to().clone(),
        Action::UnsetColumnTag { path, key, .. } => set_entry(&mut column_mut(table, path)?.tags, key, None),
        Action::DropColumn { path, .. } => fields::remove(table, path)?,
        Action::DropColumnNotNull { path } => fields::set_nullable(table, path, true)?,
        Action::SetColumnNotNull { path } => fields::set_nullable(table, path, false)?,
        Action::SetColumnDefault { path, change } => column_mut(table, path)?.default = change.to().clone(),
        Action::DropColumnDefault { path, .. } => column_mut(table, path)?.default = None,
        Action::SetColumnComment { path, change } => {
            fields::field_mut(table, path)?.comment = change.to().as_deref().map(Into::into);
        }
        Action::SetTableComment { change } => table.comment = change.to().clone(),
        Action::SetColumnTag { path, key, change } => {
            set_entry(&mut column_mut(table, path)?.tags, key, change.to().clone())
        }
        Action::AddCheck { name, expression } => {
            if table.checks.insert(name.clone(), expression.clone()).is_some() {
                return Err(SimulationError::Entry { what: "check", name: name.to_string() });
            }
        }
        Action::AddPrimaryKey { key } => table.primary_key = Some(key.clone()),
        Action::AddForeignKey { key } => table.foreign_keys.push(key.clone()),
    }
    Ok(())
}

fn set_property(table: &mut ObservedTable, key: &str, value: Option<&str>) {
    let was_mapped = table.mapping_mode() != MappingMode::None;
    table.properties.retain(|there, _| {
        !there.eq_ignore_ascii_case(key) || crate::model::known_property(key).is_none() && there != key
    });
    if let Some(value) = value {
        table.properties.insert(key.to_owned(), value.to_owned());
    }
    if !was_mapped && table.mapping_mode() != MappingMode::None {
        mapping::map_existing_table(table);
    }
}

fn set_entry(map: &mut BTreeMap<String, String>, key: &str, value: Option<String>) {
    match value {
        Some(value) => drop(map.insert(key.to_owned(), value)),
        None => drop(map.remove(key)),
    }
}

fn column_mut<'t>(table: &'t mut ObservedTable, path: &Path) -> Result<&'t mut Column, SimulationError> {
    let name = path.leaf_name().filter(|_| path.is_column());
    let column = table.columns.iter_mut().find(|column| Some(column.name()) == name);
    column.ok_or_else(|| SimulationError::NoColumn(path.clone()))
}

impl Action {
    /// The aspect the action changes.
    pub fn aspect(&self) -> Aspect {
        match self {
            Self::CreateTable { .. } | Self::AddColumn { .. } | Self::DropColumn { .. } => Aspect::Existence,
            Self::EnableFeature { .. } => Aspect::Feature,
            Self::SetProperty { .. } | Self::UnsetProperty { .. } => Aspect::Property,
            Self::SetTableTag { .. }
            | Self::UnsetTableTag { .. }
            | Self::SetColumnTag { .. }
            | Self::UnsetColumnTag { .. } => Aspect::Tags,
            Self::DropForeignKey { .. } | Self::AddForeignKey { .. } => Aspect::ForeignKey,
            Self::DropPrimaryKey { .. } | Self::AddPrimaryKey { .. } => Aspect::PrimaryKey,
            Self::DropCheck { .. } | Self::AddCheck { .. } => Aspect::Check,
            Self::RenameColumn { .. } => Aspect::Name,
            Self::MoveColumn { .. } => Aspect::Order,
            Self::AlterColumnType { .. } => Aspect::Type,
            Self::SetClustering { .. } => Aspect::Layout,
            Self::DropColumnNotNull { .. } | Self::SetColumnNotNull { .. } => Aspect::Nullability,
            Self::SetColumnDefault { .. } | Self::DropColumnDefault { .. } => Aspect::Default,
            Self::SetColumnComment { .. } | Self::SetTableComment { .. } => Aspect::Comment,
        }
    }
}

impl Layout {
    /// Follows a rename: partition columns and clustering paths name columns.
    fn follow_rename(&mut self, from: &Path, to: &Path) {
        match self {
            Self::Partitioned(columns) => {
                let renamed = columns.iter_mut().find(|column| Path::column((*column).clone()) == *from);
                if let Some((column, name)) = renamed.zip(to.leaf_name()) {
                    *column = name.clone();
                }
            }
            Self::Clustered(paths) => {
                for path in paths {
                    if let Some(renamed) = path.renamed(from, to) {
                        *path = renamed;
                    }
                }
            }
            Self::Flat | Self::ClusteredAuto => (),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Change;
    use crate::model::Expression;
    use crate::rules::testing::table;

    fn set(key: &str, value: &str) -> Action {
        let change = Change::between(None, Some(value.to_owned())).unwrap();
        Action::SetProperty { key: key.to_owned(), change }
    }

    #[test]
    fn tables_and_checks_are_made_once_and_taken_from_what_is_there() {
        let state = table("a: int").check("c", "a > 0").there();
        let refused = |action: Action, expected: &str| {
            let error = simulate(Some(state.clone()), &[action], "").unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        refused(
            Action::CreateTable { table: Box::new(table("a: int").declared()) },
            "table `silver.t` is there already",
        );
        let expression = || Expression::parse("a > 1").unwrap();
        let add = Action::AddCheck { name: "C".into(), expression: expression() };
        refused(add, "the check `C` is not as the action takes it");
        let drop = Action::DropCheck { name: "d".into(), expression: expression() };
        refused(drop, "the check `d` is not as the action takes it");
    }

    #[test]
    fn a_table_that_is_not_there_can_only_be_created() {
        for actions in [vec![], vec![set("a.b", "c")]] {
            assert_eq!(simulate(None, &actions, ""), Err(SimulationError::NoTable));
        }
    }

    #[test]
    fn a_change_makes_one_version_and_a_creation_the_first() {
        let created = table("a: int").there();
        let after = |actions: &[Action]| simulate(Some(created.clone()), actions, "").unwrap().version;
        let versions =
            [created.version, after(&[]), after(&[set("a.b", "c")]), after(&[set("a.b", "c"), set("d.e", "f")])];
        assert_eq!(versions, [0, 0, 1, 1]);
    }

    #[test]
    fn delta_reads_its_properties_in_any_case_and_those_of_others_as_they_are() {
        let mut state = table("a: int").there();
        state.properties = ["DELTA.appendonly", "Team.Owner"].map(|key| (key.to_owned(), "old".to_owned())).into();
        let check = |action: Action, expected: &[(&str, &str)]| {
            let after = simulate(Some(state.clone()), &[action], "").unwrap();
            let shown: Vec<_> = after.properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(shown, expected);
        };
        check(set("delta.appendOnly", "true"), &[("Team.Owner", "old"), ("delta.appendOnly", "true")]);
        check(set("team.owner", "b"), &[("DELTA.appendonly", "old"), ("Team.Owner", "old"), ("team.owner", "b")]);
        check(set("Team.Owner", "b"), &[("DELTA.appendonly", "old"), ("Team.Owner", "b")]);
        let unset = |key: &str| Action::UnsetProperty { key: key.to_owned(), from: "old".to_owned() };
        check(unset("delta.appendOnly"), &[("Team.Owner", "old")]);
        check(unset("Team.Owner"), &[("DELTA.appendonly", "old")]);
    }
}
