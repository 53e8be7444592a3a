//! What rules ask of a review: what the plan brings, and what the table is afterwards.

use std::collections::BTreeMap;

use super::Review;
use crate::action::Action;
use crate::model::{Column, DataType, Expression, Field, Identifier, Path, Step, Subject};

impl<'r> Review<'r> {
    /// A column or field of the table.
    pub(super) fn at(&self, path: &Path) -> Subject {
        Subject::path(&self.desired.name, path)
    }

    /// Whether the plan creates the table.
    pub(super) fn creates(&self) -> bool {
        matches!(self.diff.actions.first(), Some(Action::CreateTable { .. }))
    }

    /// The columns of a table that the plan creates; none of one that is there.
    pub(super) fn created_columns(&self) -> &'r [Column] {
        if self.creates() { &self.desired.columns } else { &[] }
    }

    /// The columns that the table has afterwards.
    pub(super) fn columns_after(&self) -> &'r [Column] {
        self.after.map_or(&self.desired.columns, |after| &after.columns)
    }

    /// Every check that the plan creates or adds, by name.
    pub(super) fn new_checks(&self) -> BTreeMap<&'r Identifier, &'r Expression> {
        let mut added = BTreeMap::new();
        for action in &self.diff.actions {
            if let Action::CreateTable { table } = action {
                added.extend(&table.checks);
            } else if let Action::AddCheck { name, expression } = action {
                added.insert(name, expression);
            }
        }
        added
    }

    /// Every default that the plan creates or sets, with the name of its column.
    pub(super) fn new_defaults(&self) -> Vec<(&'r Identifier, &'r Expression)> {
        let created =
            self.created_columns().iter().filter_map(|column| Some((column.name(), column.default.as_ref()?)));
        let set = self.diff.actions.iter().filter_map(|action| {
            let Action::SetColumnDefault { path, change } = action else { return None };
            Some((path.root()?, change.to().as_ref()?))
        });
        created.chain(set).collect()
    }

    /// Every field, at any depth, that the plan creates or adds, in declared names.
    pub(super) fn new_fields(&self) -> Vec<(Path, &'r Field)> {
        let mut fields = Vec::new();
        for column in self.created_columns() {
            collect(Path::column(column.name().clone()), &column.field, &mut fields);
        }
        for action in &self.diff.actions {
            if let Action::AddColumn { parent, column, .. } = action {
                collect(parent.field(column.name()), &column.field, &mut fields);
            }
        }
        fields
    }

    /// The declared path of every column or field whose name is new: created, added or renamed to it.
    pub(super) fn new_names(&self) -> Vec<Path> {
        let renamed = self.diff.actions.iter().filter_map(|action| {
            let Action::RenameColumn { path, to } = action else { return None };
            Some(path.parent().unwrap_or_default().field(to))
        });
        self.new_fields().into_iter().map(|(path, _)| path).chain(renamed).collect()
    }

    /// Whether the plan creates the table with this property, sets it or unsets it.
    pub(super) fn changes_property(&self, key: &str) -> bool {
        let changes = |action: &Action| {
            if let Action::CreateTable { table } = action {
                return table.property(key).is_some();
            }
            matches!(action, Action::SetProperty { key: set, .. } | Action::UnsetProperty { key: set, .. } if set == key)
        };
        self.diff.actions.iter().any(changes)
    }

    /// The clustering paths of a table that the plan creates or clusters anew.
    pub(super) fn new_clustering(&self) -> &'r [Path] {
        for action in &self.diff.actions {
            if let Action::SetClustering { change } = action {
                return change.to().clustering();
            }
        }
        if self.creates() { self.desired.layout.clustering() } else { &[] }
    }
}

fn collect<'f>(path: Path, field: &'f Field, fields: &mut Vec<(Path, &'f Field)>) {
    fields.push((path.clone(), field));
    collect_below(&path, &field.data_type, fields);
}

fn collect_below<'f>(path: &Path, data_type: &'f DataType, fields: &mut Vec<(Path, &'f Field)>) {
    if let Some(nested) = data_type.as_struct() {
        nested.iter().for_each(|field| collect(path.field(&field.name), field, fields));
    } else if let Some(array) = data_type.as_array() {
        collect_below(&path.join(Step::Element), &array.element, fields);
    } else if let Some(map) = data_type.as_map() {
        collect_below(&path.join(Step::Key), &map.key, fields);
        collect_below(&path.join(Step::Value), &map.value, fields);
    }
}
