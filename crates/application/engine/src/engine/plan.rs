//! Observe, diff, probe, review, compile, judge, rehearse.

use std::collections::BTreeSet;
use std::sync::Arc;

use delta_engine_schema::model::{ObservedTable, Subject};
use delta_engine_schema::rules::find_rule;
use delta_engine_schema::{
    Answer, Explanation, Finding, Outcome, Severity, Statement, TableDiff, TableInput, TablePlan, claims, diff,
    plan_digest, plan_table,
};

use super::{Engine, EngineError, places, resting};
use crate::event::Event;
use crate::port::{Compiled, Effort, Observation, Proof, Question, Relation};
use crate::registry::RegisteredTable;
use crate::report::{Notice, PreparedPlan, PreparedTable};

/// The rule that says what a scan would read.
const SCAN: &str = "scan-data";

/// A table between observation and plan.
struct Draft {
    declared: RegisteredTable,
    relation: Relation,
    observed: Option<Arc<ObservedTable>>,
    diff: TableDiff,
    claims: Vec<(usize, Option<Statement>)>,
    answers: Vec<(usize, Answer)>,
    /// Actions whose question was let go as far as a scan.
    scanned: BTreeSet<usize>,
    compiled: Compiled,
}

pub(super) async fn prepare(engine: &Engine, tables: &[RegisteredTable]) -> Result<PreparedPlan, EngineError> {
    engine.events.event(&Event::Observing { tables: tables.len() });
    let relations: Vec<Relation> = tables.iter().map(relation_of).collect();
    let mut observations = engine.catalog.observe(&relations).await?;
    places::keep_apart(engine.catalog.as_ref(), &relations, &mut observations);
    places::look_ahead(engine.catalog.as_ref(), &relations, &mut observations).await;
    engine.events.event(&Event::Observed { tables: tables.len() });
    let mut drafts = Vec::new();
    let mut prepared = Vec::new();
    for ((declared, relation), observation) in tables.iter().zip(relations).zip(observations) {
        let observed = match observation {
            Observation::Absent => None,
            Observation::Present(observed) => Some(observed),
            Observation::Unreadable(unreadable) => {
                prepared.push(unreadable_table(declared, relation, unreadable.reason, unreadable.help));
                continue;
            }
        };
        let draft = draft(engine, declared.clone(), relation, observed);
        match namesakes(&draft) {
            Some((reason, help)) => prepared.push(unreadable_table(declared, draft.relation, reason, Some(help))),
            None => drafts.push(draft),
        }
    }
    probe(engine, &mut drafts, Effort::Statistics).await?;
    let mut plans = drafts.iter_mut().map(|draft| planned(engine, draft)).collect::<Result<Vec<_>, _>>()?;
    let opened = allow_scans(&mut drafts, &plans, scans_need_permission(engine));
    if !opened.is_empty() {
        probe(engine, &mut drafts, Effort::Scan).await?;
        for index in opened {
            plans[index] = planned(engine, &mut drafts[index])?;
        }
    }
    for (draft, plan) in drafts.into_iter().zip(plans) {
        let Draft { declared, relation, observed, claims, scanned, compiled, .. } = draft;
        let effort = |action: &usize| if scanned.contains(action) { Effort::Scan } else { Effort::Statistics };
        let proof = |(action, statement): &(usize, Option<Statement>)| {
            statement.clone().map(|statement| Proof { statement, effort: effort(action) })
        };
        let proofs = claims.iter().filter_map(proof).collect();
        prepared.push(PreparedTable { declared, relation, observed, plan, steps: compiled.steps, proofs });
    }
    prepared.sort_by(|left, right| left.plan.name.cmp(&right.plan.name));
    resting::hold_back(&mut prepared);
    let digest = plan_digest(prepared.iter().map(|table| (&table.plan, table.observed.as_deref())));
    let notices = notices(engine, &prepared);
    Ok(PreparedPlan { tables: prepared, notices, digest })
}

/// Where something is to change, two fields of one name are in the way: an action could meet either of them. Why, and what to do.
fn namesakes(draft: &Draft) -> Option<(String, String)> {
    let field = draft.observed.as_ref().filter(|_| !draft.diff.is_empty())?.ambiguous_field()?;
    let reason = format!("it has two columns or fields `{field}`: upper and lower case make no other name");
    Some((reason, "rename or drop one of the two with the engine that wrote them".to_owned()))
}

/// Plans one table anew, for a run that lost a race.
pub(super) async fn replan(engine: &Engine, declared: &RegisteredTable) -> Result<PreparedTable, EngineError> {
    let mut plan = prepare(engine, std::slice::from_ref(declared)).await?;
    let none = || unreadable_table(declared, relation_of(declared), "it was not observed".to_owned(), None);
    Ok(plan.tables.pop().unwrap_or_else(none))
}

fn relation_of(declared: &RegisteredTable) -> Relation {
    Relation { name: declared.desired.name.clone(), location: declared.desired.location.clone() }
}

fn draft(
    engine: &Engine,
    declared: RegisteredTable,
    relation: Relation,
    observed: Option<Arc<ObservedTable>>,
) -> Draft {
    let desired = &declared.desired;
    let diff = diff(desired, observed.as_deref());
    let claims = claims(&diff).into_iter().map(|claim| (claim.action, claim.statement)).collect();
    let mut compiled = if diff.is_empty() && observed.is_some() {
        Compiled::default()
    } else {
        engine.executor.compile(desired, observed.as_deref(), &diff.actions)
    };
    compiled.findings.extend(engine.catalog.remarks(&desired.name));
    Draft { declared, relation, observed, diff, claims, answers: Vec::new(), scanned: BTreeSet::new(), compiled }
}

/// Asks what is still open at this effort, all tables at once.
async fn probe(engine: &Engine, drafts: &mut [Draft], effort: Effort) -> Result<(), EngineError> {
    let mut asked = Vec::new();
    let mut questions = Vec::new();
    for (index, draft) in drafts.iter_mut().enumerate() {
        let Some(observed) = &draft.observed else { continue };
        for (action, statement) in &draft.claims {
            if draft.answers.iter().any(|(answered, _)| answered == action) {
                continue;
            }
            let Some(statement) = statement.clone() else {
                let why = "the condition names a column by a name that another column has now".to_owned();
                draft.answers.push((*action, Answer::Unknowable { why }));
                continue;
            };
            asked.push((index, *action));
            if effort == Effort::Scan {
                draft.scanned.insert(*action);
            }
            let (relation, version) = (draft.relation.clone(), observed.version);
            questions.push(Question { relation, version, statement, effort, proven_at: None });
        }
    }
    if questions.is_empty() {
        return Ok(());
    }
    engine.events.event(&Event::Probing { statements: questions.len() });
    let answers = engine.catalog.probe(&questions).await?;
    for ((index, action), answer) in asked.into_iter().zip(answers) {
        let answer = if effort == Effort::Scan && needs_scan(&answer) {
            // Nothing is promised that nobody has looked at.
            Answer::Unknowable { why: "the target did not read the files that it asked to read".to_owned() }
        } else {
            answer
        };
        drafts[index].answers.push((action, answer));
    }
    Ok(())
}

/// Whether somebody has to permit scans: a project may say that they are no hazard.
fn scans_need_permission(engine: &Engine) -> bool {
    let severity = find_rule(SCAN).and_then(|rule| engine.policy.severity(rule));
    matches!(severity, Some(Severity::Hazard | Severity::Rejection))
}

fn planned(engine: &Engine, draft: &mut Draft) -> Result<TablePlan, EngineError> {
    // A plan that may be made again needs what it was made of.
    let may_be_again = draft.answers.iter().any(|(_, answer)| needs_scan(answer));
    let input = TableInput {
        diff: if may_be_again { draft.diff.clone() } else { std::mem::take(&mut draft.diff) },
        desired: &draft.declared.desired,
        observed: draft.observed.as_deref(),
        answers: draft.answers.clone(),
        backend: draft.compiled.findings.clone(),
        residual: draft.compiled.residual.clone(),
    };
    Ok(plan_table(input, &engine.policy)?)
}

/// Where a scan needs no permission, or has it, its question is opened again; the tables to plan again.
fn allow_scans(drafts: &mut [Draft], plans: &[TablePlan], need_permission: bool) -> Vec<usize> {
    let mut opened = Vec::new();
    for (index, (draft, plan)) in drafts.iter_mut().zip(plans).enumerate() {
        let permitted = |finding: &&Finding| finding.name == SCAN && finding.permission.is_some();
        let subjects: Vec<&Subject> = plan.findings.iter().filter(permitted).map(|finding| &finding.subject).collect();
        let before = draft.answers.len();
        let name = &draft.declared.desired.name;
        let actions = &draft.diff.actions;
        draft.answers.retain(|(action, answer)| {
            let may_scan = || {
                let subject = actions[*action].subject(name);
                subjects.iter().any(|allowed| allowed.permission_object() == subject.permission_object())
            };
            !(needs_scan(answer) && (!need_permission || may_scan()))
        });
        if draft.answers.len() != before {
            opened.push(index);
        }
    }
    opened
}

fn needs_scan(answer: &Answer) -> bool {
    matches!(answer, Answer::NeedsScan { .. })
}

pub(crate) static UNREADABLE: Explanation = Explanation {
    code: "DE401",
    name: "unreadable",
    summary: "something is at the place of a table, and it cannot be read",
    way_out: "see what the message says of its files; the other tables of the run are not held up",
};

fn unreadable_table(
    declared: &RegisteredTable,
    relation: Relation,
    reason: String,
    help: Option<String>,
) -> PreparedTable {
    let name = declared.desired.name.clone();
    let finding = Finding {
        code: UNREADABLE.code,
        name: UNREADABLE.name,
        severity: Severity::Rejection,
        subject: Subject::table(&name),
        message: reason,
        help,
        permission: None,
    };
    let plan = TablePlan {
        name,
        outcome: Outcome::Unreadable,
        actions: Vec::new(),
        findings: vec![finding],
        residual: Vec::new(),
    };
    PreparedTable { declared: declared.clone(), relation, observed: None, plan, steps: Vec::new(), proofs: Vec::new() }
}

pub(crate) static CONCURRENT_WRITERS: Explanation = Explanation {
    code: "DE504",
    name: "concurrent-writers",
    summary: "jobs that write to a table while its metadata changes fail, and go on only if they retry",
    way_out: "apply when nobody writes, or make sure that the jobs retry",
};

pub(crate) static UNUSED_PERMISSION: Explanation = Explanation {
    code: "DE505",
    name: "unused-permission",
    summary: "a permission was given that nothing needed",
    way_out: "remove it, so that it does not let a later change pass unseen",
};

fn notices(engine: &Engine, tables: &[PreparedTable]) -> Vec<Notice> {
    let findings = tables.iter().flat_map(|table| &table.plan.findings);
    let unused = engine.policy.unused(findings).into_iter().map(|permission| Notice {
        code: UNUSED_PERMISSION.code,
        name: UNUSED_PERMISSION.name,
        message: format!("the permission {permission} was not needed"),
    });
    let mut notices: Vec<Notice> = unused.collect();
    let changes =
        tables.iter().filter(|table| table.plan.outcome == Outcome::Changes && table.observed.is_some()).count();
    if changes > 0 {
        notices.push(Notice {
            code: CONCURRENT_WRITERS.code,
            name: CONCURRENT_WRITERS.name,
            message: "jobs that write to a table while it is changed fail, and go on only if they retry; apply when \
                      nobody writes"
                .to_owned(),
        });
    }
    notices
}
