//! An executor made of two, for tables that a catalog registers and whose logs can be reached: statements for what the
//! catalog keeps, commits for what a log holds.
//!
//! Owns which of the two does what, decided when the plan is made: a table is created by statements, because only they
//! register it; a change of a table goes to one side as a whole, to the log where that can take all of it. Knows no backend:
//! which places may be committed to beside the catalog is a `Gate`'s to say.

mod create;

use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_schema::model::{Aspect, DesiredTable, ObservedTable, Path, Subject};
use delta_engine_schema::{Action, BACKEND, Finding, Severity, claims, diff};

use crate::layered::{Layered, kept_by_catalog};
use crate::port::{
    Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Receipt, Relation, Step, with_causes,
};
use create::Split;

/// Whether commits may go to a place beside those of the catalog's own writers; without a place, whether they may at all.
pub type Gate = dyn Fn(Option<&str>) -> Result<(), Refused> + Send + Sync;

/// Why a place may not be committed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What is in the way.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What is said where the catalog's own side can do what this one may not.
const LEAVE_IT_OUT: &str = "take `execute: native` out of the target: then its statements are used";

/// Statements and commits as one executor.
pub struct Mixed {
    catalog: Layered,
    statements: Arc<dyn Executor>,
    commits: Arc<dyn Executor>,
    gate: Box<Gate>,
}

/// Who changes a table that is there.
enum Side {
    Log,
    /// The statements of the catalog's side, with what is to be known of that.
    Statements(Option<Finding>),
    Nobody(Vec<Finding>),
}

impl Mixed {
    /// The executor of two. `catalog` has to read the logs first.
    pub fn new(
        catalog: Layered,
        statements: Arc<dyn Executor>,
        commits: Arc<dyn Executor>,
        gate: impl Fn(Option<&str>) -> Result<(), Refused> + Send + Sync + 'static,
    ) -> Self {
        Self { catalog, statements, commits, gate: Box::new(gate) }
    }

    /// Decided from the whole change, so that its parts, which may run at different times, go the same way.
    fn side(&self, desired: &DesiredTable, seen: &ObservedTable) -> Side {
        let whole = diff(desired, Some(seen)).actions;
        if let Err(refused) = self.may_commit(seen) {
            return Side::Nobody(vec![finding(desired, Severity::Rejection, refused)]);
        }
        let by_statements = || self.statements.compile(desired, Some(seen), &whole).findings;
        if !whole.iter().all(is_in_log) {
            // Tags and keys are the catalog's, and a change is not torn in two.
            return Side::Statements(None);
        }
        let refusals = self.commits.compile(desired, Some(seen), &whole).findings;
        let Some(first) = refusals.iter().find(|finding| finding.blocks()) else { return Side::Log };
        if by_statements().iter().any(Finding::blocks) {
            return Side::Nobody(refusals);
        }
        let message = format!("the change is made by statements, because a commit to the log can't: {}", first.message);
        let note = Refused { message, help: "nothing".to_owned() };
        Side::Statements(Some(finding(desired, Severity::Note, note)))
    }

    /// Whether the log of a table may be committed to.
    fn may_commit(&self, seen: &ObservedTable) -> Result<(), Refused> {
        let refused = |message| Refused { message, help: LEAVE_IT_OUT.to_owned() };
        if let Some(feature) = kept_by_catalog(seen) {
            return Err(refused(format!(
                "the catalog makes the commits of this table ({feature}), and would not see one beside them"
            )));
        }
        (self.gate)(seen.location.as_deref())?;
        self.catalog.reached(&seen.name).map_err(|why| refused(format!("the table's log can't be committed to: {why}")))
    }

    /// A new table in two parts, where statements alone can't make it.
    fn split(&self, desired: &DesiredTable) -> Option<Split> {
        (self.gate)(desired.location.as_deref()).ok()?;
        create::split(self.statements.as_ref(), self.commits.as_ref(), desired)
    }

    fn compile_new(&self, desired: &DesiredTable, actions: &[Action]) -> Compiled {
        let whole = self.statements.compile(desired, None, actions);
        let creates = actions.iter().any(|action| matches!(action, Action::CreateTable { .. }));
        if !creates || !whole.findings.iter().any(Finding::blocks) {
            return whole;
        }
        let Some(split) = self.split(desired) else { return whole };
        let mut compiled = split.created;
        let note = Refused {
            message: "the table is created without what statements can't say, and a commit to its log adds that"
                .to_owned(),
            help: "nothing; until then the table is there without it".to_owned(),
        };
        compiled.findings.push(finding(desired, Severity::Note, note));
        compiled.steps.push(Step { preview: split.preview, actions: Vec::new() });
        compiled
    }

    /// The second part of a new table.
    async fn complete(&self, split: &Split, context: &Context) -> Result<Receipt, ExecutionError> {
        let now = self.observe(&context.relation).await?;
        let left = diff(&context.desired, Some(&now));
        let is_as_planned = left.differences.is_empty()
            && claims(&left).is_empty()
            && left.actions.iter().all(|action| split.rest.contains(action));
        if !is_as_planned {
            return Err(error(
                ErrorKind::Conflict,
                "the table that was created is not the one that was planned".to_owned(),
            ));
        }
        if left.actions.is_empty() {
            return Ok(Receipt { version: None, tolerated: Vec::new(), remarks: Vec::new() });
        }
        self.may_commit(&now).map_err(|refused| ExecutionError {
            help: Some(refused.help),
            ..error(ErrorKind::Refused, refused.message)
        })?;
        let step = Step { preview: split.preview.clone(), actions: left.actions };
        self.commit(&step, context, now).await
    }

    /// One commit to the log of a table as it was seen.
    async fn commit(
        &self,
        step: &Step,
        context: &Context,
        seen: Arc<ObservedTable>,
    ) -> Result<Receipt, ExecutionError> {
        let relation = Relation { name: seen.name.clone(), location: seen.location.clone() };
        let context = Context { relation, observed: Some(Arc::new(as_in_log(&seen))), ..context.clone() };
        let mut receipt = self.commits.execute(step, &context).await?;
        // The commit is made, and stays made.
        if let Err(error) = self.statements.refresh(&context.relation).await {
            tracing::warn!(table = %seen.name, %error, "the server was not told of the commit");
            let help = error.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            receipt.remarks.push(with_causes(&error) + &help);
        }
        Ok(receipt)
    }

    /// The table that the catalog has registered now.
    async fn observe(&self, relation: &Relation) -> Result<Arc<ObservedTable>, ExecutionError> {
        let observed = self.catalog.observe(std::slice::from_ref(relation)).await;
        let observed = observed.map_err(|cause| ExecutionError {
            source: Some(Box::new(cause)),
            help: Some("nothing was changed by this step; try again".to_owned()),
            ..error(ErrorKind::Unavailable, "the table could not be looked at before the commit".to_owned())
        })?;
        match observed.into_iter().next() {
            Some(Observation::Present(now)) => Ok(now),
            Some(Observation::Unreadable(why)) => {
                Err(error(ErrorKind::Conflict, format!("the table can't be read any more: {why}")))
            }
            Some(Observation::Absent) | None => Err(error(ErrorKind::Conflict, "the table is gone".to_owned())),
        }
    }
}

#[async_trait]
impl Executor for Mixed {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        let Some(seen) = observed else { return self.compile_new(desired, actions) };
        if actions.is_empty() {
            return Compiled::default();
        }
        match self.side(desired, seen) {
            Side::Log => {
                let mut compiled = self.commits.compile(desired, observed, actions);
                let place = seen.location.as_deref().unwrap_or_default();
                let head = one_line(&format!("-- one commit to the log at {place}, which the server is told of"));
                compiled.steps.iter_mut().for_each(|step| step.preview = format!("{head}\n{}", step.preview));
                compiled
            }
            Side::Statements(note) => {
                let mut compiled = self.statements.compile(desired, observed, actions);
                compiled.findings.extend(note);
                compiled
            }
            Side::Nobody(findings) => Compiled { findings, ..Compiled::default() },
        }
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let Some(seen) = &context.observed else {
            return match self.split(&context.desired).filter(|split| split.preview == step.preview) {
                Some(split) => self.complete(&split, context).await,
                None => self.statements.execute(step, context).await,
            };
        };
        match self.side(&context.desired, seen) {
            Side::Log => {
                let now = self.observe(&context.relation).await?;
                // The log itself is held against the plan in the commit; here it is that the name still leads to it.
                if now.table_id != seen.table_id || now.location != seen.location {
                    return Err(error(ErrorKind::Conflict, "another table has that name now".to_owned()));
                }
                self.commit(step, context, Arc::clone(seen)).await
            }
            Side::Statements(_) => self.statements.execute(step, context).await,
            Side::Nobody(findings) => {
                let why = findings.into_iter().next().map(|finding| finding.message).unwrap_or_default();
                Err(error(ErrorKind::Conflict, format!("the table can't be changed any more: {why}")))
            }
        }
    }

    async fn close(&self) {
        futures::future::join(self.statements.close(), self.commits.close()).await;
    }
}

/// Whether a log holds what an action changes; the rest is the catalog's.
fn is_in_log(action: &Action) -> bool {
    match action {
        Action::CreateTable { .. }
        | Action::SetTableTag { .. }
        | Action::UnsetTableTag { .. }
        | Action::SetColumnTag { .. }
        | Action::UnsetColumnTag { .. }
        | Action::AddPrimaryKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::AddForeignKey { .. }
        | Action::DropForeignKey { .. } => false,
        Action::EnableFeature { .. }
        | Action::SetProperty { .. }
        | Action::UnsetProperty { .. }
        | Action::DropCheck { .. }
        | Action::RenameColumn { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::AlterColumnType { .. }
        | Action::SetClustering { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnNotNull { .. }
        | Action::SetColumnDefault { .. }
        | Action::DropColumnDefault { .. }
        | Action::SetColumnComment { .. }
        | Action::SetTableComment { .. }
        | Action::AddCheck { .. } => true,
    }
}

/// The table as its log alone tells it: without what only the catalog keeps.
fn as_in_log(seen: &ObservedTable) -> ObservedTable {
    let mut table = ObservedTable {
        tags: Default::default(),
        primary_key: None,
        foreign_keys: Vec::new(),
        inbound_keys: Vec::new(),
        ..seen.clone()
    };
    table.columns.iter_mut().for_each(|column| column.tags = Default::default());
    for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
        table.unknown.insert(aspect, Path::table());
    }
    table
}

fn finding(desired: &DesiredTable, severity: Severity, of: Refused) -> Finding {
    Finding {
        code: BACKEND.code,
        name: BACKEND.name,
        severity,
        subject: Subject::table(&desired.name),
        message: of.message,
        help: Some(of.help),
        permission: None,
    }
}

/// A comment ends with its line, whatever is in a name.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn error(kind: ErrorKind, message: String) -> ExecutionError {
    ExecutionError { kind, message, help: None, source: None }
}
