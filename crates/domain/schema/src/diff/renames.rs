//! Which columns and fields are there under another name.
//!
//! Hints: old present and new absent is a rename; both present is ambiguous, unless the old name is declared in its own
//! right; only the new, or neither, is inert. Where both sides carry column ids of one table, ids decide.
//! Chains (`a → b`, `b → c`) run from their free end. A trade of names can't be told from its result by name and is a
//! fault of the declaration.

use std::collections::BTreeSet;

use super::{Difference, TableDiff};
use crate::action::Action;
use crate::model::{DataType, DesiredTable, Field, Identifier, ObservedTable, Path, Step};

pub(super) fn diff_names(desired: &DesiredTable, observed: &ObservedTable, diff: &mut TableDiff) {
    let by_id = desired.origin.as_deref() == Some(observed.table_id.as_str());
    if desired.renames.is_empty() && !by_id {
        return;
    }
    let wanted: Vec<&Field> = desired.columns.iter().map(|column| &column.field).collect();
    let there: Vec<&Field> = observed.columns.iter().map(|column| &column.field).collect();
    Names { desired, by_id, diff }.level(&Path::table(), &wanted, &there);
}

struct Names<'d> {
    desired: &'d DesiredTable,
    by_id: bool,
    diff: &'d mut TableDiff,
}

/// A column that is there as `source` and is declared as `target`.
struct Pending<'f> {
    source: &'f Field,
    target: &'f Field,
    by_id: bool,
}

impl Names<'_> {
    fn level(&mut self, parent: &Path, wanted: &[&Field], there: &[&Field]) {
        // A column that a declared id names is that one, whatever hints say.
        let mut claimed: BTreeSet<u32> = wanted.iter().filter_map(|target| target.metadata.column_id()).collect();
        if !self.by_id {
            claimed.clear();
        }
        let mut pending: Vec<Pending<'_>> =
            wanted.iter().filter_map(|target| self.pending(parent, target, there, &claimed)).collect();
        let mut names: BTreeSet<&Identifier> = there.iter().map(|field| &field.name).collect();
        let mut renamed: Vec<(&Field, &Field)> = Vec::new();
        while let Some(ready) = pending.iter().position(|rename| !names.contains(&rename.target.name)) {
            let rename = pending.remove(ready);
            names.remove(&rename.source.name);
            names.insert(&rename.target.name);
            self.diff
                .actions
                .push(Action::RenameColumn { path: parent.field(&rename.source.name), to: rename.target.name.clone() });
            renamed.push((rename.target, rename.source));
        }
        for stuck in pending {
            let path = parent.field(&stuck.target.name);
            let source = stuck.source.name.clone();
            if stuck.by_id {
                self.diff.differences.push(Difference::RenameCycle { path, source });
            } else if !wanted.iter().any(|field| field.name == source) {
                self.diff.differences.push(Difference::AmbiguousRename { path, source });
            }
        }
        for target in wanted {
            let partner =
                renamed.iter().find(|(declared, _)| std::ptr::eq(*declared, *target)).map(|(_, source)| *source);
            let free = |field: &&&Field| !renamed.iter().any(|(_, source)| std::ptr::eq(*source, **field));
            let same_name = || there.iter().filter(free).find(|field| field.name == target.name).copied();
            if let Some(partner) = partner.or_else(same_name) {
                self.below(&parent.field(&target.name), &target.data_type, &partner.data_type);
            }
        }
    }

    fn pending<'f>(
        &self,
        parent: &Path,
        target: &'f Field,
        there: &[&'f Field],
        claimed: &BTreeSet<u32>,
    ) -> Option<Pending<'f>> {
        if let Some(id) = target.metadata.column_id().filter(|_| self.by_id) {
            let source = there.iter().find(|field| field.metadata.column_id() == Some(id))?;
            return (source.name != target.name).then_some(Pending { source, target, by_id: true });
        }
        let hints = self.desired.renames.get(&parent.field(&target.name))?;
        let free = |field: &&&Field| field.metadata.column_id().is_none_or(|id| !claimed.contains(&id));
        let source = hints.iter().find_map(|hint| there.iter().filter(free).find(|field| field.name == *hint))?;
        Some(Pending { source, target, by_id: false })
    }

    fn below(&mut self, path: &Path, wanted: &DataType, there: &DataType) {
        if let Some((wanted, there)) = wanted.as_struct().zip(there.as_struct()) {
            self.level(path, &wanted.iter().collect::<Vec<_>>(), &there.iter().collect::<Vec<_>>());
        } else if let Some((wanted, there)) = wanted.as_array().zip(there.as_array()) {
            self.below(&path.join(Step::Element), &wanted.element, &there.element);
        } else if let Some((wanted, there)) = wanted.as_map().zip(there.as_map()) {
            self.below(&path.join(Step::Key), &wanted.key, &there.key);
            self.below(&path.join(Step::Value), &wanted.value, &there.value);
        }
    }
}
