//! A new table that statements alone can't make: created without what they can't say, which one commit then adds.
//!
//! Only what can be added to an empty table without looking at its rows is left for the commit.

use std::collections::BTreeSet;

use delta_engine_schema::model::{Aspect, DesiredTable, Expression, Identifier, Layout};
use delta_engine_schema::{Action, Finding, TableDiff, claims, diff, simulate};

use crate::port::{Compiled, Executor};

/// How often what is left of a declaration is tried: each time it is smaller.
const TRIES: usize = 4;

/// The two parts.
pub(super) struct Split {
    /// The statements that create the table.
    pub(super) created: Compiled,
    /// What the commit adds.
    pub(super) rest: Vec<Action>,
    /// What the commit shows.
    pub(super) preview: String,
}

/// None where statements can do it alone, or both together can't.
pub(super) fn split(statements: &dyn Executor, commits: &dyn Executor, desired: &DesiredTable) -> Option<Split> {
    let mut smaller = desired.clone();
    for tried in 0..TRIES {
        let create = [Action::CreateTable { table: Box::new(smaller.clone()) }];
        let created = statements.compile(&smaller, None, &create);
        let refusals: Vec<&Finding> = created.findings.iter().filter(|finding| finding.blocks()).collect();
        if refusals.is_empty() {
            return if tried == 0 { None } else { completed(commits, desired, &create, created) };
        }
        smaller = without(&smaller, &refusals)?;
    }
    None
}

fn completed(commits: &dyn Executor, desired: &DesiredTable, create: &[Action], created: Compiled) -> Option<Split> {
    let between = simulate(None, create, "").ok()?;
    let rest = diff(desired, Some(&between));
    if !is_safe(&rest) {
        return None;
    }
    let committed = commits.compile(desired, Some(&between), &rest.actions);
    if committed.findings.iter().any(Finding::blocks) {
        return None;
    }
    let previews: Vec<String> = committed.steps.into_iter().map(|step| step.preview).collect();
    let preview =
        format!("-- one commit to the log of the new table, which the server is told of\n{}", previews.join("\n"));
    Some(Split { created, rest: rest.actions, preview })
}

/// Whether nothing has to be proved of rows, which others may have written since the table is there.
fn is_safe(rest: &TableDiff) -> bool {
    rest.differences.is_empty() && claims(rest).is_empty() && rest.actions.iter().all(super::is_in_log)
}

/// The declaration without what is refused; none where that leaves no table, or one that means something else.
fn without(desired: &DesiredTable, refusals: &[&Finding]) -> Option<DesiredTable> {
    let mut smaller = desired.clone();
    for refusal in refusals {
        let subject = &refusal.subject;
        match (subject.aspect, &subject.key) {
            (Some(Aspect::Layout), _) if matches!(smaller.layout, Layout::Clustered(_)) => {
                smaller.layout = Layout::Flat
            }
            (Some(Aspect::Property), Some(key)) => drop(smaller.properties.remove(key)?),
            (Some(Aspect::Feature), Some(key)) => smaller.features.retain(|feature| feature.name() != key),
            (Some(Aspect::Type), _) if subject.path.is_column() => leave_out(&mut smaller, subject.path.root()?)?,
            (_, _) => return None,
        }
    }
    (smaller != *desired && !smaller.columns.is_empty()).then_some(smaller)
}

/// Takes a column out, if nothing else needs it.
fn leave_out(table: &mut DesiredTable, name: &Identifier) -> Option<()> {
    let mentions = |expression: &Expression| expression.mentions(name);
    let is_needed = table.checks.values().any(mentions)
        || table.columns.iter().filter_map(|column| column.generated.as_ref()).any(mentions)
        || keys(table).contains(name)
        || matches!(&table.layout, Layout::Partitioned(columns) if columns.contains(name));
    if is_needed {
        return None;
    }
    if matches!(&table.layout, Layout::Clustered(paths) if paths.iter().any(|path| path.root() == Some(name))) {
        table.layout = Layout::Flat;
    }
    table.columns.retain(|column| column.name() != name);
    Some(())
}

fn keys(table: &DesiredTable) -> BTreeSet<&Identifier> {
    let primary = table.primary_key.iter().flat_map(|key| &key.columns);
    primary.chain(table.foreign_keys.iter().flat_map(|key| &key.columns)).collect()
}
