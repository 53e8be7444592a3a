//! Names that a statement needs and its action does not say: those of the table as it is when the statement runs.

use delta_engine_schema::model::{
    Aspect, Column, DataType, Identifier, MappingMode, ObservedTable, Path, STATISTICS_COLUMNS, split_dotted,
    split_list,
};
use delta_engine_schema::{Action, Change, Position, renamed_in_list, simulate};

use super::Part;
use crate::dialect::Dialect;
use crate::own::{own_layout, own_names, own_path};
use crate::refuse::holds_nested_text_length;

/// The action of a part as it can be said; `None` where that needs names of siblings that are not known.
pub(super) fn settle(dialect: Dialect, observed: Option<&ObservedTable>, parts: &[Part], at: usize) -> Option<Action> {
    let action = &parts[at].action;
    if let Action::MoveColumn { path, to: Position::Last } = action {
        let to = behind_all(&state(observed, parts, at)?, path)?;
        return Some(Action::MoveColumn { path: path.clone(), to });
    }
    let spelled = || state(observed, parts, at).and_then(|state| respelled(&state.columns, action));
    let minds_case = if is_alteration(action) {
        dialect.minds_case_of_columns()
    } else if matches!(action, Action::SetClustering { .. }) {
        true
    } else {
        is_key(action) && dialect.minds_case_in_keys()
    };
    Some(minds_case.then(spelled).flatten().unwrap_or_else(|| action.clone()))
}

/// Whether the action changes fields of a column whose char and varchar inside are kept as one text for the whole column.
pub(super) fn leaves_text_lengths_behind(
    dialect: Dialect,
    observed: Option<&ObservedTable>,
    parts: &[Part],
    at: usize,
) -> bool {
    let Some(observed) = observed.filter(|_| dialect.keeps_nested_text_lengths_as_text()) else { return false };
    if !observed.columns.iter().any(|column| holds_nested_text_length(column.data_type())) {
        return false;
    }
    let root = changed_inside(&parts[at].action).and_then(|path| path.root().cloned());
    let holds = |root: Identifier| {
        let table = state(Some(observed), parts, at)?;
        table.column(&root).map(|column| holds_nested_text_length(column.data_type()))
    };
    root.and_then(holds).unwrap_or(false)
}

/// Whether the action changes a column itself whose char and varchar inside are kept as one text: Spark makes its fields anew
/// from that text then, so they lose their comments, and under column mapping the names that their data is found by.
pub(super) fn makes_fields_anew(dialect: Dialect, observed: Option<&ObservedTable>, parts: &[Part], at: usize) -> bool {
    let Some(observed) = observed.filter(|_| dialect.keeps_nested_text_lengths_as_text()) else { return false };
    let holds_any = observed.columns.iter().any(|column| holds_nested_text_length(column.data_type()));
    let Some(path) = changed_itself(&parts[at].action).filter(|path| holds_any && path.is_column()) else {
        return false;
    };
    let Some(table) = state(Some(observed), parts, at) else { return false };
    let Some(column) = path.root().and_then(|root| table.column(root)) else { return false };
    let hides_comments = table.unknown.iter().any(|(aspect, at)| aspect == Aspect::Comment && at.root() == path.root());
    let has_comment = |of: &DataType| of.as_struct().into_iter().flatten().any(|field| field.comment.is_some());
    holds_nested_text_length(column.data_type())
        && (table.mapping_mode() != MappingMode::None || hides_comments || column.data_type().contains(has_comment))
}

/// The path of what an action alters as a whole, by `ALTER COLUMN` or `RENAME COLUMN`.
fn changed_itself(action: &Action) -> Option<&Path> {
    if let Action::RenameColumn { path, .. }
    | Action::MoveColumn { path, .. }
    | Action::DropColumnNotNull { path }
    | Action::SetColumnNotNull { path }
    | Action::SetColumnDefault { path, .. }
    | Action::DropColumnDefault { path, .. }
    | Action::SetColumnComment { path, .. } = action
    {
        return Some(path);
    }
    None
}

/// Whether the action makes Delta write the list of columns with statistics anew, and the list holds a name that needs
/// backticks then: it is written without them (`dropDeltaStatsColumns`), after which Delta finds no column for it (measured).
pub(super) fn loses_statistics_names(
    dialect: Dialect,
    observed: Option<&ObservedTable>,
    parts: &[Part],
    at: usize,
) -> bool {
    let (path, to) = if let Action::DropColumn { path, .. } = &parts[at].action {
        (path, None)
    } else if let Action::RenameColumn { path, to } = &parts[at].action {
        (path, Some(path.parent().unwrap_or_default().field(to)))
    } else {
        return false;
    };
    let lists = observed.is_some_and(|table| table.property(STATISTICS_COLUMNS).is_some());
    let unquotes = match to {
        None => dialect.drops_columns_from_statistics_unquoted(),
        Some(_) => dialect.renames_columns_of_statistics_unquoted(),
    };
    if !unquotes || !lists {
        return false;
    }
    let Some(table) = state(observed, parts, at) else { return false };
    let listed = table.property(STATISTICS_COLUMNS).unwrap_or_default();
    let left = renamed_in_list(listed, path, to.as_ref());
    let is_odd = |part: &String| part.chars().any(|letter| !letter.is_ascii_alphanumeric() && letter != '_');
    split_list(&left).filter_map(split_dotted).any(|parts| parts.iter().any(is_odd))
}

/// The path of what an action changes inside a column: its fields or their types.
fn changed_inside(action: &Action) -> Option<&Path> {
    if let Action::AddColumn { parent, .. } = action {
        return Some(parent).filter(|parent| !parent.is_table());
    }
    if let Action::RenameColumn { path, .. }
    | Action::MoveColumn { path, .. }
    | Action::DropColumn { path, .. }
    | Action::AlterColumnType { path, .. } = action
    {
        return Some(path).filter(|path| !path.is_column());
    }
    None
}

/// The table when the part's statement runs. Only few statements need it, and it is only then put together.
fn state(observed: Option<&ObservedTable>, parts: &[Part], at: usize) -> Option<ObservedTable> {
    let before: Vec<Action> = parts[..at].iter().map(|part| part.action.clone()).collect();
    simulate(observed.cloned(), &before, "").ok()
}

/// The end has no word of its own: it is AFTER the sibling that is last.
fn behind_all(table: &ObservedTable, path: &Path) -> Option<Position> {
    let parent = path.parent()?;
    let names: Vec<&Identifier> = if parent.is_table() {
        table.columns.iter().map(Column::name).collect()
    } else {
        table.type_at(&parent)?.as_struct()?.iter().map(|field| &field.name).collect()
    };
    let last = names.into_iter().rfind(|name| path.leaf_name() != Some(name));
    Some(last.map_or(Position::First, |last| Position::After(last.clone())))
}

fn is_alteration(action: &Action) -> bool {
    matches!(
        action,
        Action::AlterColumnType { .. } | Action::SetColumnDefault { .. } | Action::DropColumnDefault { .. }
    )
}

fn is_key(action: &Action) -> bool {
    matches!(action, Action::AddPrimaryKey { .. } | Action::AddForeignKey { .. })
}

/// The action with the table's own spelling of its columns, for a server that minds the case.
fn respelled(columns: &[Column], action: &Action) -> Option<Action> {
    let mut action = action.clone();
    if let Action::AlterColumnType { path, .. }
    | Action::SetColumnDefault { path, .. }
    | Action::DropColumnDefault { path, .. } = &mut action
    {
        *path = own_path(columns, path)?;
    } else if let Action::AddPrimaryKey { key } = &mut action {
        key.columns = own_names(columns, &key.columns)?;
    } else if let Action::AddForeignKey { key } = &mut action {
        key.columns = own_names(columns, &key.columns)?;
    } else if let Action::SetClustering { change } = &mut action {
        *change = Change::between(change.from().clone(), own_layout(columns, change.to()))?;
    }
    Some(action)
}
