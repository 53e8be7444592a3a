//! A catalog made of two: one that knows which tables there are, and one that reads their logs.
//!
//! Owns when a log is believed: it must be that of the table the first one speaks of, and of no catalog that keeps commits
//! to itself. What the first one could not see is filled in, never replaced, unless the logs are to come first; where they are
//! to, and one is not believed, the plan says so. Knows no backend, and leaves it to the second one whether a place can be
//! reached.

mod fill;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delta_engine_schema::model::{Aspect, Feature, MappingMode, ObservedTable, Subject, TableName};
use delta_engine_schema::{BACKEND, Finding, Severity};

use tokio_util::sync::CancellationToken;

use crate::port::{Answer, Catalog, Observation, Question, Relation, TargetError, Unreadable};

/// Two catalogs as one.
#[derive(Clone)]
pub struct Layered {
    catalog: Arc<dyn Catalog>,
    log: Arc<dyn Catalog>,
    reading: Reading,
    /// The log of each table that was last observed.
    seen: Arc<Mutex<BTreeMap<TableName, Log>>>,
}

/// What became of a table's log.
#[derive(Debug, Clone)]
enum Log {
    /// It is the table's, and here.
    Believed(Option<String>),
    /// It is where the catalog has the table registered, and all that is known of the table: the catalog can't read it, and
    /// tells no id.
    Alone(String),
    /// It is not used, and why.
    Unused(String),
}

/// Which logs are read, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Those of tables of which the catalog leaves something open.
    Unknowns,
    /// All of them; what a log says of its table holds, and the catalog adds what a log has no place for.
    Logs,
}

/// A catalog that fills what `primary` could not see of a table from the table's log, which `log` reads at the location that
/// `primary` tells.
pub fn layered(primary: Arc<dyn Catalog>, log: Arc<dyn Catalog>) -> Layered {
    Layered { catalog: primary, log, reading: Reading::Unknowns, seen: Arc::default() }
}

impl Layered {
    /// The same two, where the log of every table is read and comes first: the catalog says which tables there are and
    /// where, and what only it keeps. Statements about data are proved from the log, too.
    pub fn logs_first(self) -> Self {
        Self { reading: Reading::Logs, ..self }
    }

    /// Whether the log of a table was reached and believed when the table was last observed.
    ///
    /// # Errors
    /// Why it was not.
    pub fn reached(&self, table: &TableName) -> Result<(), String> {
        match self.log_of(table) {
            Log::Believed(_) => Ok(()),
            Log::Alone(place) => {
                Err(format!("the catalog can't read the table, so nothing shows that the log at `{place}` is its"))
            }
            Log::Unused(why) => Err(why),
        }
    }

    fn log_of(&self, table: &TableName) -> Log {
        self.seen().get(table).cloned().unwrap_or_else(|| Log::Unused("its log was not read".to_owned()))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<TableName, Log>> {
        // Whole at every moment: every change is one call.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the log of a table is, if it is to be read.
    fn wanted(&self, relation: &Relation, observation: &Observation) -> Option<Relation> {
        let location = match (observation, self.reading) {
            (Observation::Present(table), Reading::Logs) => {
                if table.location.is_none() {
                    let why = "the catalog does not tell where its files are".to_owned();
                    self.seen().insert(relation.name.clone(), Log::Unused(why));
                }
                table.location.clone()
            }
            (Observation::Present(table), Reading::Unknowns) => table.location.clone().filter(|_| leaves_open(table)),
            (Observation::Unreadable(_), Reading::Logs) => self.catalog.place(relation),
            (Observation::Unreadable(_), Reading::Unknowns) | (Observation::Absent, _) => None,
        };
        location.map(|location| Relation { name: relation.name.clone(), location: Some(location) })
    }

    /// A table that the catalog can't read, by its log, where that can be read from here.
    fn alone(&self, first: Unreadable, log: &Observation, relation: &Relation) -> Observation {
        let Observation::Present(log) = log else { return Observation::Unreadable(first) };
        if kept_by_catalog(log).is_some() {
            return Observation::Unreadable(first);
        }
        let place = relation.location.clone().unwrap_or_default();
        self.seen().insert(relation.name.clone(), Log::Alone(place));
        Observation::Present(Arc::new(ObservedTable { location: relation.location.clone(), ..(**log).clone() }))
    }

    fn together(&self, first: Arc<ObservedTable>, log: &Observation) -> Observation {
        let believed = believe(&first, log, self.reading);
        let seen = match &believed {
            Ok(_) => Log::Believed(first.location.clone()),
            Err(why) => Log::Unused(why.clone()),
        };
        self.seen().insert(first.name.clone(), seen);
        match (believed, self.reading) {
            (Ok(log), Reading::Unknowns) => {
                let known = fill::filled((*first).clone(), log);
                Observation::Present(Arc::new(fill::with_metadata(known, log)))
            }
            (Ok(log), Reading::Logs) => {
                let log = ObservedTable { location: first.location.clone(), kind: first.kind, ..log.clone() };
                Observation::Present(Arc::new(fill::filled(log, &first)))
            }
            (Err(why), _) => {
                tracing::debug!(table = %first.name, why, "the log is not used");
                Observation::Present(first)
            }
        }
    }
}

/// Whether there is something that a log could tell.
fn leaves_open(table: &ObservedTable) -> bool {
    let is_in_log = |aspect: Aspect| !matches!(aspect, Aspect::Tags | Aspect::PrimaryKey | Aspect::ForeignKey);
    let hides_mapping = table.mapping_mode() != MappingMode::None
        && table.columns.iter().any(|column| column.field.metadata.column_id().is_none());
    hides_mapping || table.unknown.iter().any(|(aspect, _)| is_in_log(aspect))
}

/// The log of a table, if it is the table's.
fn believe<'l>(first: &ObservedTable, log: &'l Observation, reading: Reading) -> Result<&'l ObservedTable, String> {
    let place = first.location.as_deref().unwrap_or_default();
    let log = match log {
        Observation::Present(log) => log,
        Observation::Absent => return Err(format!("there is no Delta log at `{place}`, seen from here")),
        Observation::Unreadable(unreadable) => return Err(unreadable.to_string()),
    };
    if first.table_id.is_empty() {
        return Err("the catalog does not tell the table's id, so no log can be held to be its".to_owned());
    }
    if first.table_id != log.table_id {
        return Err(format!("the log at `{place}`, seen from here, is that of another table"));
    }
    if let Some(feature) = kept_by_catalog(first).or_else(|| kept_by_catalog(log)) {
        return Err(format!("the catalog keeps the newest commits to itself ({feature})"));
    }
    // A catalog that does not tell the version says 0.
    let is_older = log.version < first.version;
    let is_another = first.version != 0 && log.version != first.version;
    match reading {
        Reading::Logs if is_older => Err(format!("the log at `{place}`, seen from here, is older than the table")),
        Reading::Unknowns if is_another || !fill::same_columns(first, log) => {
            Err("the table changed while it was read".to_owned())
        }
        Reading::Logs | Reading::Unknowns => Ok(log),
    }
}

/// The feature by which a catalog has taken the commits of a table over: its folder may lack the newest ones.
pub(crate) fn kept_by_catalog(table: &ObservedTable) -> Option<&str> {
    table.features.iter().find(|feature| feature.leaves_commits_to_others()).map(Feature::name)
}

/// What a plan should say of a log that was to be read.
fn remark(table: &TableName, log: Log) -> Option<Finding> {
    let (message, help) = match log {
        Log::Believed(_) => return None,
        Log::Alone(place) => (
            format!("the catalog can't read the table; what is known of it is the log at `{place}`, as seen from here"),
            "see that this is the same place for the server, which tells no id to compare",
        ),
        Log::Unused(why) => (
            format!("the table's log is not read, only what the catalog tells of it: {why}"),
            "let the log be reached from here, or take `observe: native` out of the target",
        ),
    };
    Some(Finding {
        code: BACKEND.code,
        name: BACKEND.name,
        severity: Severity::Note,
        subject: Subject::table(table),
        message,
        help: Some(help.to_owned()),
        permission: None,
    })
}

#[async_trait]
impl Catalog for Layered {
    async fn obstacles(&self, relations: &[Relation]) -> Vec<Option<Unreadable>> {
        self.catalog.obstacles(relations).await
    }

    fn begins(&self, cancellation: &CancellationToken) {
        self.catalog.begins(cancellation);
        self.log.begins(cancellation);
    }

    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        self.catalog.list(schema).await
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let mut observations = self.catalog.observe(relations).await?;
        relations.iter().for_each(|relation| drop(self.seen().remove(&relation.name)));
        let wanted = relations.iter().zip(&observations).enumerate();
        let wanted =
            wanted.filter_map(|(index, (relation, observation))| Some((index, self.wanted(relation, observation)?)));
        let (at, wanted): (Vec<usize>, Vec<Relation>) = wanted.unzip();
        if wanted.is_empty() {
            return Ok(observations);
        }
        let logs = match self.log.observe(&wanted).await {
            Ok(logs) => logs,
            // What is unknown stays unknown.
            Err(error) => {
                let why = format!("{error}: {}", error.source);
                let unused = |relation: &Relation| self.seen().insert(relation.name.clone(), Log::Unused(why.clone()));
                wanted.iter().for_each(|relation| drop(unused(relation)));
                return Ok(observations);
            }
        };
        for ((index, log), relation) in at.into_iter().zip(&logs).zip(&wanted) {
            observations[index] = match observations[index].clone() {
                Observation::Present(first) => self.together(first, log),
                Observation::Unreadable(first) => self.alone(first, log, relation),
                Observation::Absent => Observation::Absent,
            };
        }
        Ok(observations)
    }

    fn place(&self, relation: &Relation) -> Option<String> {
        self.catalog.place(relation)
    }

    fn remarks(&self, table: &TableName) -> Vec<Finding> {
        let mut remarks = self.catalog.remarks(table);
        let seen = self.seen().get(table).cloned();
        if self.reading == Reading::Logs
            && let Some(seen) = seen
        {
            remarks.extend(remark(table, seen));
        }
        remarks
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let mut answers = vec![Answer::Unknowable { why: "nobody was asked".to_owned() }; questions.len()];
        let (mut of_log, mut of_catalog) = (Vec::new(), Vec::new());
        for (index, question) in questions.iter().enumerate() {
            let location = match self.log_of(&question.relation.name) {
                Log::Believed(location) => location,
                Log::Alone(location) => Some(location),
                Log::Unused(_) => None,
            };
            if self.reading == Reading::Logs && location.is_some() {
                let relation = Relation { location, ..question.relation.clone() };
                of_log.push((index, Question { relation, ..question.clone() }));
            } else {
                of_catalog.push((index, question.clone()));
            }
        }
        for (asked, of) in [(&self.log, of_log), (&self.catalog, of_catalog)] {
            if !of.is_empty() {
                let (at, questions): (Vec<usize>, Vec<Question>) = of.into_iter().unzip();
                let read = asked.probe(&questions).await?;
                at.into_iter().zip(read).for_each(|(index, answer)| answers[index] = answer);
            }
        }
        Ok(answers)
    }
}
