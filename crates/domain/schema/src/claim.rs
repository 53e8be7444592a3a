//! What must be true of a table's data before an action may run, and what is known of it.

use crate::action::Action;
use crate::diff::TableDiff;
use crate::model::{Expression, Identifier, Path};

/// What is claimed of every row. Names are those of the version the data is read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// The column, field, element or value is never null.
    NoNulls(Path),
    /// The condition is true: not false, not unknown.
    AllRows(Expression),
}

/// What was proved of a statement, for one version of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It holds for every row of that version.
    Proven,
    /// A row breaks it.
    Refuted {
        /// The row or file, for people.
        example: String,
    },
    /// Only the data can tell.
    NeedsScan {
        /// Files to read.
        files: u64,
        /// Their size in bytes.
        bytes: u64,
    },
    /// It can't be told at all.
    Unknowable {
        /// Why.
        why: String,
    },
}

/// A statement that an action of a diff needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Index of the action in the diff.
    pub action: usize,
    /// The statement, in observed names; none where it can't be put in them.
    pub statement: Option<Statement>,
}

/// The claims of a diff against an existing table, in the order of its actions.
pub fn claims(diff: &TableDiff) -> Vec<Claim> {
    if matches!(diff.actions.first(), Some(Action::CreateTable { .. })) {
        return Vec::new();
    }
    let claim = |(action, statement)| Claim { action, statement };
    diff.actions
        .iter()
        .enumerate()
        .filter_map(|(index, action)| Some((index, needed_by(action, &diff.actions)?)))
        .map(claim)
        .collect()
}

#[expect(clippy::option_option, reason = "no claim, a claim that can't be put in observed names, a claim")]
fn needed_by(action: &Action, actions: &[Action]) -> Option<Option<Statement>> {
    match action {
        Action::SetColumnNotNull { path } => Some(Some(Statement::NoNulls(observed_path(path, actions)))),
        Action::AddCheck { expression, .. } => Some(observed_expression(expression, actions).map(Statement::AllRows)),
        Action::CreateTable { .. }
        | Action::EnableFeature { .. }
        | Action::SetProperty { .. }
        | Action::UnsetProperty { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::SetClustering { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::SetColumnTag { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => None,
    }
}

/// The path before the renames among these actions, undone from the last to the first.
pub(crate) fn observed_path(path: &Path, actions: &[Action]) -> Path {
    renames(actions).into_iter().rev().fold(path.clone(), |path, (from, to)| {
        let renamed = from.parent().unwrap_or_default().field(to);
        path.renamed(&renamed, from).unwrap_or(path)
    })
}

/// The expression with top-level renames undone. `None` where a name that it mentions meant another column before, or
/// where a nested field that it may mention is renamed.
fn observed_expression(expression: &Expression, actions: &[Action]) -> Option<Expression> {
    let renames = renames(actions);
    let added: Vec<&Identifier> = actions
        .iter()
        .filter_map(|action| {
            if let Action::AddColumn { parent, column, .. } = action {
                parent.is_table().then(|| column.name())
            } else {
                None
            }
        })
        .collect();
    let mut former: Vec<(&Identifier, &Identifier)> = Vec::new();
    for (from, to) in renames {
        let source = from.leaf_name()?;
        if from.is_column() {
            former.push((to, source));
        } else if expression.mentions(to) {
            return None;
        }
    }
    let reused = former.iter().any(|(_, source)| added.contains(source) && expression.mentions(source));
    (!reused).then(|| expression.with_columns(&former)).flatten()
}

fn renames(actions: &[Action]) -> Vec<(&Path, &Identifier)> {
    actions
        .iter()
        .filter_map(|action| if let Action::RenameColumn { path, to } = action { Some((path, to)) } else { None })
        .collect()
}
