//! The JSON of plans and reports: a projection with a version of its own, never a derive of the domain.
//!
//! Explicit names, every key always there. A change of meaning bumps `FORMAT_VERSION`.

mod action;

use delta_engine_schema::model::{Path, Step, Subject};
use delta_engine_schema::{Finding, Outcome};
use serde::Serialize;

use crate::report::{Execution, Failure, Notice, PreparedPlan, PreparedTable, Report};
use crate::source::Location;

pub use action::WireAction;

/// Version of the format.
pub const FORMAT_VERSION: u32 = 1;

/// A plan, or a report of one.
#[derive(Debug, Serialize)]
pub struct WirePlan {
    /// Version of the format.
    pub format_version: u32,
    /// The target.
    pub target: WireTarget,
    /// Digest of the plan.
    pub digest: String,
    /// One entry for each declared table, sorted by name.
    pub tables: Vec<WireTable>,
    /// What concerns the run as a whole.
    pub notices: Vec<WireNotice>,
    /// Counts.
    pub summary: WireSummary,
}

/// The target of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WireTarget {
    /// Its name in the project file.
    pub name: Option<String>,
    /// Its address, without secrets.
    pub url: String,
}

/// One table.
#[derive(Debug, Serialize)]
pub struct WireTable {
    /// Full name.
    pub name: String,
    /// `in_sync`, `changes`, `blocked` or `unreadable`.
    pub outcome: &'static str,
    /// All actions, also of a blocked table.
    pub actions: Vec<WireAction>,
    /// How they run.
    pub steps: Vec<WireStep>,
    /// What review and backend say.
    pub findings: Vec<WireFinding>,
    /// What the target can't see or store.
    pub residual: Vec<WireSubject>,
    /// What became of it; null where nothing was run.
    pub execution: Option<WireExecution>,
}

/// One step.
#[derive(Debug, Serialize)]
pub struct WireStep {
    /// What is run, for people.
    pub preview: String,
    /// Indices of the actions it covers.
    pub actions: Vec<usize>,
}

/// One finding.
#[derive(Debug, Serialize)]
pub struct WireFinding {
    /// Stable code.
    pub code: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// `rejection`, `hazard`, `warning` or `note`.
    pub severity: &'static str,
    /// What it is about.
    pub subject: WireSubject,
    /// What is refused or dangerous.
    pub message: String,
    /// The way out.
    pub help: Option<String>,
    /// The permission that lets it pass.
    pub permission: Option<String>,
    /// Where it was declared.
    pub location: Option<WireLocation>,
}

/// What something is about.
#[derive(Debug, Serialize)]
pub struct WireSubject {
    /// Full name of the table.
    pub object: String,
    /// Steps from the table down.
    pub path: Vec<WireStepOfPath>,
    /// The aspect, where it is narrower.
    pub aspect: Option<&'static str>,
    /// Which one, where the aspect is a map.
    pub key: Option<String>,
    /// The subject for people.
    pub display: String,
}

/// One step of a path: exactly one key is there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WireStepOfPath {
    /// Into a field.
    Field(String),
    /// Into an array's elements.
    Element(bool),
    /// Into a map's keys.
    Key(bool),
    /// Into a map's values.
    Value(bool),
}

/// A place in a file.
#[derive(Debug, Serialize)]
pub struct WireLocation {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// What became of a table.
#[derive(Debug, Serialize)]
pub struct WireExecution {
    /// `applied`, `already_applied`, `stale`, `partly_applied`, `failed`, `unclear`, `interrupted` or `held_back`.
    pub result: &'static str,
    /// The version that was written.
    pub version: Option<u64>,
    /// Foreign commits that were tolerated.
    pub tolerated: Vec<u64>,
    /// Why it failed, or what did not go well after it was done.
    pub message: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// Something about the run as a whole.
#[derive(Debug, Serialize)]
pub struct WireNotice {
    /// Stable code.
    pub code: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// What is worth knowing.
    pub message: String,
}

/// Counts over all tables.
#[derive(Debug, Serialize)]
pub struct WireSummary {
    /// Tables to create.
    pub create: usize,
    /// Tables to change.
    pub change: usize,
    /// Tables as declared.
    pub in_sync: usize,
    /// Tables held back.
    pub blocked: usize,
    /// Tables that can't be read.
    pub unreadable: usize,
    /// Tables this run changed.
    pub applied: usize,
}

impl WirePlan {
    /// The JSON of a plan.
    pub fn of_plan(plan: &PreparedPlan, target: WireTarget) -> Self {
        Self::project(plan, None, target)
    }

    /// The JSON of a report.
    pub fn of_report(report: &Report, target: WireTarget) -> Self {
        Self::project(&report.plan, Some(&report.executions), target)
    }

    fn project(plan: &PreparedPlan, executions: Option<&[Execution]>, target: WireTarget) -> Self {
        let execution =
            |index: usize| executions.and_then(|executions| executions.get(index)).and_then(WireExecution::of);
        let tables = plan.tables.iter().enumerate().map(|(index, table)| WireTable::of(table, execution(index)));
        let applied = executions
            .unwrap_or_default()
            .iter()
            .filter(|execution| matches!(execution, Execution::Applied { .. }))
            .count();
        let create = plan.creates();
        Self {
            format_version: FORMAT_VERSION,
            target,
            digest: plan.digest.clone(),
            tables: tables.collect(),
            notices: plan.notices.iter().map(WireNotice::of).collect(),
            summary: WireSummary {
                create,
                change: plan.count(Outcome::Changes) - create,
                in_sync: plan.count(Outcome::InSync),
                blocked: plan.count(Outcome::Blocked),
                unreadable: plan.count(Outcome::Unreadable),
                applied,
            },
        }
    }
}

impl WireTable {
    fn of(table: &PreparedTable, execution: Option<WireExecution>) -> Self {
        let mut next = 0;
        let steps = table.steps.iter().map(|step| {
            let first = next;
            next += step.actions.len();
            WireStep { preview: step.preview.clone(), actions: (first..next).collect() }
        });
        Self {
            name: table.plan.name.to_string(),
            outcome: table.plan.outcome.as_str(),
            actions: table.plan.actions.iter().map(|action| WireAction::of(&table.plan.name, action)).collect(),
            steps: steps.collect(),
            findings: table.plan.findings.iter().map(|finding| WireFinding::of(table, finding)).collect(),
            residual: table.plan.residual.iter().map(WireSubject::of).collect(),
            execution,
        }
    }
}

impl WireFinding {
    fn of(table: &PreparedTable, finding: &Finding) -> Self {
        Self {
            code: finding.code,
            name: finding.name,
            severity: finding.severity.as_str(),
            subject: WireSubject::of(&finding.subject),
            message: finding.message.clone(),
            help: finding.help.clone(),
            permission: finding.permission.clone(),
            location: table.declared.sources.locate(&finding.subject, None).map(WireLocation::of),
        }
    }
}

impl WireSubject {
    /// The JSON of a subject.
    pub fn of(subject: &Subject) -> Self {
        Self {
            object: subject.object.to_string(),
            path: path(&subject.path),
            aspect: subject.aspect.map(|aspect| aspect.as_str()),
            key: subject.key.clone(),
            display: subject.to_string(),
        }
    }
}

fn path(path: &Path) -> Vec<WireStepOfPath> {
    let step = |step: &Step| match step {
        Step::Field(name) => WireStepOfPath::Field(name.to_string()),
        Step::Element => WireStepOfPath::Element(true),
        Step::Key => WireStepOfPath::Key(true),
        Step::Value => WireStepOfPath::Value(true),
    };
    path.steps().iter().map(step).collect()
}

impl WireLocation {
    fn of(location: Location) -> Self {
        Self { file: location.file, line: location.line, column: location.column }
    }
}

impl WireNotice {
    fn of(notice: &Notice) -> Self {
        Self { code: notice.code, name: notice.name, message: notice.message.clone() }
    }
}

impl WireExecution {
    fn of(execution: &Execution) -> Option<Self> {
        let plain = |result| Self { result, version: None, tolerated: Vec::new(), message: None, help: None };
        let failed = |result, failure: &Failure| Self {
            message: Some(failure.message.clone()),
            help: failure.help.clone(),
            ..plain(result)
        };
        Some(match execution {
            Execution::NotRun => return None,
            Execution::Applied { version, tolerated, remarks } => {
                let message = (!remarks.is_empty()).then(|| remarks.join("; "));
                Self { version: *version, tolerated: tolerated.clone(), message, ..plain("applied") }
            }
            Execution::AlreadyApplied => plain("already_applied"),
            Execution::Stale(failure) => failed("stale", failure),
            Execution::PartlyApplied { failure, .. } => failed("partly_applied", failure),
            Execution::Failed(failure) => failed("failed", failure),
            Execution::Unclear(failure) => failed("unclear", failure),
            Execution::Interrupted => plain("interrupted"),
            Execution::HeldBack { by } => Self { message: Some(format!("`{by}` failed")), ..plain("held_back") },
        })
    }
}
