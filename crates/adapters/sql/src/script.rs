//! From the actions of a table to the statements that a dialect runs, and to what it has none for.

#[cfg(test)]
mod hostile;
mod settle;
#[cfg(test)]
mod tests;
mod unfold;

use std::collections::BTreeSet;

use delta_engine_schema::Action;
use delta_engine_schema::model::required_features;
use delta_engine_schema::model::{
    Aspect, DesiredTable, Feature, ObservedTable, Path, RelationKind, Subject, TableName,
};

use crate::clause::{Clause, clause};
use crate::dialect::Dialect;
use crate::fuse::{Piece, fuse};
use crate::quote::table as quoted;
use crate::reason::{Reason, Refusal};
use crate::refuse::{needed_by, reasons};
use crate::statement::Statement;

pub(crate) use unfold::{Part, unfold};

/// The statements of a table's plan, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Script {
    /// The whole plan; empty where a part of it is refused, so that nothing stops half-way.
    pub statements: Vec<Statement>,
    /// What the dialect has no statement for.
    pub refusals: Vec<Refusal>,
    /// What of a new table the server has no place for; it changes no data.
    pub residual: Vec<Subject>,
}

/// The statements of these actions on a table. Neighbours share a statement where the dialect lets them.
///
/// `observed` is the table as the plan saw it, none where it is to be created: some statements have to name columns that
/// their action does not.
pub fn script(dialect: Dialect, table: &TableName, observed: Option<&ObservedTable>, actions: &[Action]) -> Script {
    let parts = bring_along(dialect, unfold(dialect, actions));
    let name = quoted(table);
    let mut refusals = Vec::new();
    let mut pieces = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let refused = |(subject, reason)| Refusal { dialect, action: part.index, subject, reason };
        refusals.extend(reasons(dialect, table, &part.action).into_iter().map(refused));
        if settle::leaves_text_lengths_behind(dialect, observed, &parts, at) {
            refusals.push(refused((part.action.subject(table), Reason::NestedTextLength)));
        }
        if settle::makes_fields_anew(dialect, observed, &parts, at) {
            refusals.push(refused((part.action.subject(table), Reason::NestedTextFields)));
        }
        if settle::loses_statistics_names(dialect, observed, &parts, at) {
            refusals.push(refused((part.action.subject(table), Reason::StatisticsNames)));
        }
        match settle::settle(dialect, observed, &parts, at) {
            Some(settled) => pieces.push(piece(part, clause(&name, &settled))),
            None => refusals.push(refused((part.action.subject(table), Reason::MoveLast))),
        }
    }
    let statements =
        if refusals.is_empty() { fuse(dialect, &altered(dialect, &name, observed), pieces) } else { Vec::new() };
    Script { statements, refusals, residual: residual(dialect, table, actions) }
}

/// What ALTER names: the kind of table and its quoted name.
fn altered(dialect: Dialect, name: &str, observed: Option<&ObservedTable>) -> String {
    match observed.map(|observed| observed.kind) {
        Some(RelationKind::StreamingTable) => format!("{} {name}", dialect.streaming_table()),
        Some(RelationKind::Table) | None => format!("TABLE {name}"),
    }
}

fn piece(part: &Part, clause: Clause) -> Piece {
    let own = [(part.index, part.action.clone())];
    let (indexes, actions) = part.along.iter().cloned().chain(own).unzip();
    Piece { indexes, actions, clause }
}

/// Gives each feature to the first statement that brings it along by itself: it is there once it is used, and stays away
/// where what needs it fails.
fn bring_along(dialect: Dialect, parts: Vec<Part>) -> Vec<Part> {
    let mut kept: Vec<Part> = Vec::with_capacity(parts.len());
    let mut waiting: Vec<(usize, Feature, Action)> = Vec::new();
    let brought: BTreeSet<Feature> = parts.iter().flat_map(|part| brings(dialect, &part.action)).collect();
    for mut part in parts {
        if let Action::EnableFeature { feature } = &part.action
            && brought.contains(feature)
        {
            waiting.push((part.index, feature.clone(), part.action));
            continue;
        }
        let own = brings(dialect, &part.action);
        let (along, later) = waiting.into_iter().partition(|(_, feature, _)| own.contains(feature));
        waiting = later;
        part.along.splice(0..0, along.into_iter().map(|(index, _, action): (usize, Feature, Action)| (index, action)));
        kept.push(part);
    }
    let left = |(index, _, action)| Part { index, action, along: Vec::new() };
    waiting.into_iter().map(left).chain(kept).collect()
}

/// The features that come with the statement of an action on a table that is there.
fn brings(dialect: Dialect, action: &Action) -> BTreeSet<Feature> {
    match action {
        // Delta adds what a feature requires together with it (`Protocol.withFeature`).
        Action::EnableFeature { feature } => {
            feature.facts().map(|facts| facts.requires.iter().cloned().collect()).unwrap_or_default()
        }
        Action::SetProperty { key, change } => needed_by(key, change.to().as_deref()),
        Action::SetClustering { change } => required_features(&[], change.to(), &[].into(), []),
        Action::SetColumnNotNull { .. } => BTreeSet::from([Feature::Invariants]),
        Action::AddCheck { .. } => BTreeSet::from([Feature::CheckConstraints]),
        Action::SetColumnDefault { .. } if dialect.defaults_bring_their_feature() => {
            BTreeSet::from([Feature::AllowColumnDefaults])
        }
        Action::CreateTable { .. }
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
        | Action::UnsetColumnTag { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::SetColumnTag { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => BTreeSet::new(),
    }
}

/// What new tables declare and the server has no place for.
fn residual(dialect: Dialect, table: &TableName, actions: &[Action]) -> Vec<Subject> {
    let created = actions.iter().filter_map(|action| {
        let Action::CreateTable { table: desired } = action else { return None };
        Some(desired.as_ref())
    });
    created.flat_map(|desired| residual_of(dialect, table, desired)).collect()
}

fn residual_of(dialect: Dialect, table: &TableName, desired: &DesiredTable) -> Vec<Subject> {
    let whole = || Subject::table(table);
    let mut residual = Vec::new();
    if !dialect.keeps_tags() {
        residual.extend((!desired.tags.is_empty()).then(|| whole().aspect(Aspect::Tags)));
        let tagged = desired.columns.iter().filter(|column| !column.tags.is_empty());
        residual.extend(
            tagged.map(|column| Subject::path(table, &Path::column(column.name().clone())).aspect(Aspect::Tags)),
        );
    }
    if !dialect.keeps_keys() {
        residual.extend(desired.primary_key.as_ref().map(|_| whole().aspect(Aspect::PrimaryKey)));
        residual.extend(desired.foreign_keys.iter().map(|key| whole().aspect(Aspect::ForeignKey).key(key.label())));
    }
    residual
}
