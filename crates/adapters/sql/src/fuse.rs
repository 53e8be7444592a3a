//! From clauses to statements: neighbours that can share one do, and nothing changes places.
//!
//! Each statement is one commit, so fewer statements are fewer half-way states. What shares a statement happens together or
//! not at all; that a server reads a list in the same way as one statement after the other is what `together` answers.

use delta_engine_schema::Action;
use delta_engine_schema::model::Path;

use crate::clause::{Alteration, Clause, pair};
use crate::dialect::Dialect;
use crate::quote::{literal, path as quoted};
use crate::statement::Statement;

/// A clause, and what it does.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Indexes of the planned actions it belongs to.
    pub(crate) indexes: Vec<usize>,
    /// What it does, in smallest actions.
    pub(crate) actions: Vec<Action>,
    /// How it is said.
    pub(crate) clause: Clause,
}

/// The statements of these pieces, in their order. `altered` is what ALTER names: the kind of table and its quoted name.
pub(crate) fn fuse(dialect: Dialect, altered: &str, pieces: Vec<Piece>) -> Vec<Statement> {
    let mut groups: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let joins =
            |group: &&mut Vec<Piece>| group.iter().all(|earlier| together(dialect, &earlier.clause, &piece.clause));
        match groups.last_mut().filter(joins) {
            Some(group) => group.push(piece),
            None => groups.push(vec![piece]),
        }
    }
    groups.into_iter().filter_map(|group| statement(dialect, altered, group)).collect()
}

fn statement(dialect: Dialect, altered: &str, group: Vec<Piece>) -> Option<Statement> {
    let clauses: Vec<&Clause> = group.iter().map(|piece| &piece.clause).collect();
    let sql = sql(altered, &clauses)?;
    let indexes = group.iter().flat_map(|piece| piece.indexes.clone()).collect();
    Some(Statement::new(dialect, sql, group.into_iter().flat_map(|piece| piece.actions).collect(), indexes))
}

/// Whether two clauses can stand in one statement, the earlier one first.
fn together(dialect: Dialect, earlier: &Clause, later: &Clause) -> bool {
    match (earlier, later) {
        (Clause::SetProperty { key: one, .. }, Clause::SetProperty { key: other, .. }) => {
            one != other && !is_alone(one) && !is_alone(other)
        }
        (Clause::UnsetProperty { key: one }, Clause::UnsetProperty { key: other }) => one != other,
        (Clause::SetTag { of: one, key, .. }, Clause::SetTag { of: other, key: next, .. })
        | (Clause::UnsetTag { of: one, key }, Clause::UnsetTag { of: other, key: next }) => one == other && key != next,
        // Spark and Delta add one after the other (`AlterTableAddColumnsDeltaCommand`), so a place may name a column of the
        // same list; a field of a struct that is not there yet can't be found.
        (Clause::AddColumn { path: one, .. }, Clause::AddColumn { path: other, .. }) => !other.starts_with(one),
        // A column or a part of it may be named once (`NOT_SUPPORTED_CHANGE_SAME_COLUMN`). Delta applies the list in no
        // order (`AbstractDeltaCatalog.alterTable`, a hash map), which only moves would see.
        (Clause::AlterColumn { path: one, kind, .. }, Clause::AlterColumn { path: other, kind: next, .. }) => {
            dialect.alters_columns_together() && kind == next && *kind != Alteration::Move && !overlap(one, other)
        }
        (Clause::DropColumn { path: one }, Clause::DropColumn { path: other }) => !overlap(one, other),
        (_, _) => false,
    }
}

/// Switching row tracking on writes every file's row ids first, in many commits; only alone does it leave other writers be
/// (`RowTrackingEnablementOnlyTag`).
fn is_alone(key: &str) -> bool {
    key == "delta.enableRowTracking"
}

fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The statement of clauses that go together; `None` where there is nothing to say.
pub(crate) fn sql(altered: &str, clauses: &[&Clause]) -> Option<String> {
    let items: Vec<String> = clauses.iter().map(|clause| item(clause)).collect();
    let is_one = items.len() == 1;
    let (line, lines) = (items.join(", "), items.join(",\n  "));
    let rest = match clauses.first()? {
        Clause::SetProperty { .. } if is_one => format!("SET TBLPROPERTIES ({line})"),
        Clause::SetProperty { .. } => format!("SET TBLPROPERTIES (\n  {lines}\n)"),
        Clause::UnsetProperty { .. } => format!("UNSET TBLPROPERTIES ({line})"),
        Clause::SetTag { of, .. } => format!("{}SET TAGS ({line})", of_column(of)),
        Clause::UnsetTag { of, .. } => format!("{}UNSET TAGS ({line})", of_column(of)),
        Clause::AddColumn { .. } if is_one => format!("ADD COLUMN {line}"),
        Clause::AddColumn { .. } => format!("ADD COLUMNS (\n  {lines}\n)"),
        Clause::AlterColumn { .. } if is_one => format!("ALTER COLUMN {line}"),
        Clause::AlterColumn { .. } => format!("ALTER COLUMN\n  {lines}"),
        Clause::DropColumn { .. } if is_one => format!("DROP COLUMN {line}"),
        Clause::DropColumn { .. } => format!("DROP COLUMNS ({line})"),
        Clause::Alter(rest) => rest.clone(),
        Clause::Whole(statement) => return Some(statement.clone()),
        Clause::Nothing => return None,
    };
    Some(format!("ALTER {altered} {rest}"))
}

fn item(clause: &Clause) -> String {
    match clause {
        Clause::SetProperty { key, value } | Clause::SetTag { key, value, .. } => pair(key, value),
        Clause::UnsetProperty { key } | Clause::UnsetTag { key, .. } => literal(key),
        Clause::AddColumn { path, definition } => format!("{} {definition}", quoted(path)),
        Clause::AlterColumn { path, change, .. } => format!("{} {change}", quoted(path)),
        Clause::DropColumn { path } => quoted(path),
        Clause::Alter(_) | Clause::Whole(_) | Clause::Nothing => String::new(),
    }
}

fn of_column(of: &Path) -> String {
    if of.is_table() { String::new() } else { format!("ALTER COLUMN {} ", quoted(of)) }
}
