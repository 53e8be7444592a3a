//! From a reviewed diff to a plan that is known to land.

use uuid::Uuid;

use crate::action::Action;
use crate::claim::Answer;
use crate::diff::{TableDiff, diff};
use crate::explanation::Explanation;
use crate::finding::{Finding, Severity};
use crate::model::{DesiredTable, ObservedTable, Subject, TableName};
use crate::policy::Policy;
use crate::rules::{Review, review};
use crate::simulate::{SimulationError, simulate};

/// What will happen to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing to do.
    InSync,
    /// Its actions will run.
    Changes,
    /// Findings hold it back; none of its actions will run.
    Blocked,
    /// It can't be read.
    Unreadable,
}

impl Outcome {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Changes => "changes",
            Self::Blocked => "blocked",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The plan of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct TablePlan {
    /// The table.
    pub name: TableName,
    /// What will happen.
    pub outcome: Outcome,
    /// Its actions in execution order, also where they are held back.
    pub actions: Vec<Action>,
    /// What review and backend say, the gravest first.
    pub findings: Vec<Finding>,
    /// Parts of the declaration that the target can't see or store.
    pub residual: Vec<Subject>,
}

/// A plan that does not land on its declaration: an error of this program, and nothing runs.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RehearsalError {
    /// An action does not fit the state before it.
    #[error("the plan of `{table}` can't be rehearsed: {source}")]
    Simulation {
        /// The table.
        table: TableName,
        /// Why.
        source: SimulationError,
    },
    /// After all actions something is left to do.
    #[error("the plan of `{table}` does not reach its declaration: {left} would be left to do")]
    NotReached {
        /// The table.
        table: TableName,
        /// What is left.
        left: String,
    },
}

/// What a table's plan is made from.
#[derive(Debug, Clone)]
pub struct TableInput<'t> {
    /// The declaration.
    pub desired: &'t DesiredTable,
    /// The table as it is; none where there is none.
    pub observed: Option<&'t ObservedTable>,
    /// What lies between.
    pub diff: TableDiff,
    /// What is known of the claims of its actions, by index of the action.
    pub answers: Vec<(usize, Answer)>,
    /// What the backend says.
    pub backend: Vec<Finding>,
    /// Parts of the declaration that the backend can't store.
    pub residual: Vec<Subject>,
}

/// Reviews, judges and rehearses one table.
///
/// # Errors
/// Where an accepted plan does not land on its declaration.
pub fn plan_table(input: TableInput<'_>, policy: &Policy) -> Result<TablePlan, RehearsalError> {
    let TableInput { desired, observed, diff, answers, backend, mut residual } = input;
    residual.extend(diff.unseen.iter().cloned());
    residual.sort();
    residual.dedup();
    let name = desired.name.clone();
    let mut backend = backend;
    if policy.strict {
        backend.extend(residual.iter().map(not_stored));
    }
    // A table in sync is most tables: it is not copied to see that nothing happens to it.
    let simulated = (!diff.is_empty()).then(|| simulate(observed.cloned(), &diff.actions, ""));
    let after = match &simulated {
        None => observed,
        Some(simulated) => simulated.as_ref().ok(),
    };
    let findings = judged(&Review { desired, observed, diff: &diff, after, answers: &answers }, policy, backend);
    let outcome = if findings.iter().any(Finding::blocks) {
        Outcome::Blocked
    } else if diff.actions.is_empty() {
        Outcome::InSync
    } else {
        Outcome::Changes
    };
    if let Some(simulated) = simulated.filter(|_| outcome != Outcome::Blocked) {
        rehearse(desired, simulated, &diff)?;
    }
    Ok(TablePlan { name, outcome, actions: diff.actions, findings, residual })
}

/// A part of the declaration that a strict target can't store.
pub static NOT_STORED: Explanation = Explanation {
    code: "DE402",
    name: "not-stored",
    summary: "a part of a declaration cannot be stored by the target, and the target is strict",
    way_out: "leave it out of the declaration, or remove strict: true from the target",
};

/// What a strict target says of a part of the declaration that it can't store.
fn not_stored(subject: &Subject) -> Finding {
    let aspect = subject.aspect.map_or("this", |aspect| aspect.as_str()).replace('_', " ");
    Finding {
        code: NOT_STORED.code,
        name: NOT_STORED.name,
        severity: Severity::Rejection,
        subject: subject.clone(),
        message: format!("the target can't store {aspect}, and it is strict"),
        help: Some(NOT_STORED.way_out.to_owned()),
        permission: None,
    }
}

fn judged(view: &Review<'_>, policy: &Policy, backend: Vec<Finding>) -> Vec<Finding> {
    let reviewed = review(view, |rule| policy.severity(rule).is_some())
        .into_iter()
        .filter_map(|(rule, report)| policy.judge(rule, report));
    let mut findings: Vec<Finding> =
        reviewed.chain(backend.into_iter().map(|finding| policy.permit(finding))).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// The state after the actions must be the declared one, by the same diff that planned them.
fn rehearse(
    desired: &DesiredTable,
    after: Result<ObservedTable, SimulationError>,
    planned: &TableDiff,
) -> Result<(), RehearsalError> {
    let table = || desired.name.clone();
    let after = after.map_err(|source| RehearsalError::Simulation { table: table(), source })?;
    let left = diff(desired, Some(&after));
    if left.is_empty() && planned.differences.is_empty() {
        return Ok(());
    }
    let actions = left.actions.iter().map(|action| format!("{} {}", action.kind(), action.subject(&desired.name)));
    let differences = left.differences.iter().chain(&planned.differences).map(|difference| format!("{difference:?}"));
    Err(RehearsalError::NotReached { table: table(), left: actions.chain(differences).collect::<Vec<_>>().join(", ") })
}

/// A digest of what a plan does to which tables: the same plan gives the same digest.
pub fn plan_digest<'p>(tables: impl IntoIterator<Item = (&'p TablePlan, Option<&'p ObservedTable>)>) -> String {
    let mut text = String::new();
    for (plan, observed) in tables {
        let table_id = observed.map_or("", |observed| observed.table_id.as_str());
        text.push_str(&format!("{}\n{table_id}\n{}\n{:?}\n", plan.name, plan.outcome.as_str(), plan.actions));
    }
    Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Aspect, Path};
    use crate::rules::testing::{Sketch, table};

    fn input<'t>(desired: &'t DesiredTable, observed: Option<&'t ObservedTable>) -> TableInput<'t> {
        let diff = diff(desired, observed);
        TableInput { desired, observed, diff, answers: Vec::new(), backend: Vec::new(), residual: Vec::new() }
    }

    fn planned(desired: Sketch, observed: Option<&ObservedTable>) -> TablePlan {
        plan_table(input(&desired.declared(), observed), &Policy::default()).unwrap()
    }

    fn check(desired: Sketch, observed: Sketch, expected: (Outcome, &[&str])) {
        let plan = planned(desired, Some(&observed.there()));
        let codes: Vec<&str> = plan.findings.iter().map(|finding| finding.code).collect();
        assert_eq!((plan.outcome, codes.as_slice()), expected);
    }

    #[test]
    fn what_review_says_decides_the_outcome() {
        check(table("a: int"), table("a: int"), (Outcome::InSync, &[]));
        check(table("a: int, b: int"), table("a: int"), (Outcome::Changes, &[]));
        check(table("b: int").renamed("b", "a"), table("a: int").mapped(), (Outcome::Changes, &["DE501"]));
        check(table("a: boolean"), table("a: int"), (Outcome::Blocked, &["DE203"]));
    }

    #[test]
    fn the_gravest_finding_comes_first() {
        let observed = || table("a: int, b: int, c: int").mapped();
        check(
            table("d: int, b: string").renamed("d", "a"),
            observed(),
            (Outcome::Blocked, &["DE203", "DE305", "DE501"]),
        );
    }

    #[test]
    fn what_is_not_stored_blocks_at_a_strict_target_only() {
        let (desired, mut observed) = (table("a: int comment 'x'").declared(), table("a: int").there());
        observed.unknown.insert(Aspect::Comment, Path::table());
        let plan = |strict| {
            let mut input = input(&desired, Some(&observed));
            // The backend names one that the diff found too.
            input.residual = vec![
                Subject::table(&desired.name).aspect(Aspect::PrimaryKey),
                Subject::path(&desired.name, &Path::column("a")).aspect(Aspect::Comment),
            ];
            plan_table(input, &Policy { strict, ..Policy::default() }).unwrap()
        };
        let lenient = plan(false);
        assert_eq!((lenient.outcome, lenient.findings.len(), lenient.residual.len()), (Outcome::InSync, 0, 2));
        let strict = plan(true);
        let messages: Vec<&str> = strict.findings.iter().map(|finding| finding.message.as_str()).collect();
        let refused = [
            "the target can't store primary key, and it is strict",
            "the target can't store comment, and it is strict",
        ];
        assert_eq!((strict.outcome, messages.as_slice()), (Outcome::Blocked, refused.as_slice()));
    }

    #[test]
    fn a_plan_that_does_not_land_is_an_error() {
        let check = |spoil: fn(&mut TableDiff), expected: &str| {
            let (desired, observed) = (table("a: int, b: int, c: int").declared(), table("a: int").there());
            let mut input = input(&desired, Some(&observed));
            spoil(&mut input.diff);
            let error = plan_table(input, &Policy::default()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            |diff| drop(diff.actions.pop()),
            "the plan of `silver.t` does not reach its declaration: add_column silver.t.c would be left to do",
        );
        check(
            |diff| diff.actions.push(diff.actions[0].clone()),
            "the plan of `silver.t` can't be rehearsed: `b` is there already",
        );
    }

    #[test]
    fn a_digest_tells_tables_outcomes_and_actions_apart() {
        let there = table("a: int").mapped().there();
        let another = ObservedTable { table_id: "another".to_owned(), ..there.clone() };
        let plan = || planned(table("a: int, b: int"), Some(&there));
        let named = TablePlan { name: "silver.u".parse().unwrap(), ..plan() };
        let blocked = TablePlan { outcome: Outcome::Blocked, ..plan() };
        let other = planned(table("a: int, c: int"), Some(&there));
        let digests = [(plan(), &there), (plan(), &another), (named, &there), (blocked, &there), (other, &there)]
            .map(|(plan, observed)| plan_digest([(&plan, Some(observed))]));
        let different: std::collections::BTreeSet<&String> = digests.iter().collect();
        assert_eq!(different.len(), digests.len(), "{digests:?}");
        assert_eq!(plan_digest([(&plan(), Some(&there))]), digests[0]);
    }
}
