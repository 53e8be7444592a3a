//! Columns and fields that a plan renames, drops or retypes: what readers, checks and generated columns hang on.

use super::Review;
use crate::action::Action;
use crate::claim::observed_path;
use crate::model::{Identifier, Path, TypeChange, classify_type_change};

/// A rename, drop or type change of something that is there.
pub(super) struct Touch<'r> {
    /// The action.
    pub(super) action: &'r Action,
    /// Where it stands now.
    pub(super) place: Path,
    /// The top-level column it stands in, by the name it has now.
    pub(super) column: Identifier,
    /// What happens, as in "drops `note`".
    pub(super) words: String,
}

impl<'r> Review<'r> {
    /// Every rename, drop and type change of the plan. A new length of char or varchar is none: the stored type is
    /// string before and after, and Delta looks at that one (`AlterTableChangeColumnDeltaCommand.verifyColumnChange`).
    pub(super) fn touches(&self) -> Vec<Touch<'r>> {
        let actions = &self.diff.actions;
        actions.iter().enumerate().filter_map(|(index, action)| touch(action, &actions[..index])).collect()
    }
}

fn touch<'r>(action: &'r Action, before: &[Action]) -> Option<Touch<'r>> {
    let (path, words) = match action {
        Action::RenameColumn { path, to } => (path, format!("renames `{path}` to `{to}`")),
        Action::DropColumn { path, .. } => (path, format!("drops `{path}`")),
        Action::AlterColumnType { path, change }
            if classify_type_change(change.from(), change.to()) != TypeChange::Length =>
        {
            (path, format!("changes the type of `{path}`"))
        }
        Action::CreateTable { .. }
        | Action::EnableFeature { .. }
        | Action::SetProperty { .. }
        | Action::UnsetProperty { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::DropCheck { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::SetClustering { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::SetColumnTag { .. }
        | Action::AddCheck { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => return None,
    };
    let place = observed_path(path, before);
    let column = place.root()?.clone();
    Some(Touch { action, place, column, words })
}
