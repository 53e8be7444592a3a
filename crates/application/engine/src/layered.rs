//! A catalog made of two: one that knows which tables there are, and one that reads their logs.
//!
//! Owns when a log is believed: it must be that of the table the first one speaks of, and of no catalog that keeps commits
//! to itself. What the first one could not see is filled in, never replaced, unless the logs are to come first. Knows no
//! backend, and leaves it to the second one whether a place can be reached.

mod fill;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use delta_engine_schema::model::{Aspect, Feature, MappingMode, ObservedTable, TableName};

use crate::port::{Answer, Catalog, Observation, Question, Relation, TargetError};

/// Two catalogs as one.
#[derive(Clone)]
pub struct Layered {
    catalog: Arc<dyn Catalog>,
    log: Arc<dyn Catalog>,
    reading: Reading,
    /// Where the log of each table is that was last asked for, or why it is not believed.
    seen: Arc<Mutex<BTreeMap<TableName, Place>>>,
}

/// Where a believed log is, or why there is none.
type Place = Result<Option<String>, String>;

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
        self.place(table).map(drop)
    }

    fn place(&self, table: &TableName) -> Place {
        self.seen().get(table).cloned().unwrap_or_else(|| Err("its log was not read".to_owned()))
    }

    fn seen(&self) -> MutexGuard<'_, BTreeMap<TableName, Place>> {
        // Whole at every moment: every change is one call.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the log of a table is, if it is to be read.
    fn wanted(&self, observation: &Observation) -> Option<Relation> {
        let Observation::Present(table) = observation else { return None };
        let wanted = match self.reading {
            Reading::Unknowns => leaves_open(table),
            Reading::Logs => true,
        };
        let located = || Relation { name: table.name.clone(), location: table.location.clone() };
        (wanted && table.location.is_some()).then(located)
    }

    fn together(&self, first: Arc<ObservedTable>, log: &Observation) -> Observation {
        let believed = believe(&first, log, self.reading);
        let place = believed.as_ref().map(|_| first.location.clone()).map_err(Clone::clone);
        self.seen().insert(first.name.clone(), place);
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
    const KEPT: [&str; 3] = ["catalogManaged", "catalogOwned", "coordinatedCommits"];
    table.features.iter().map(Feature::name).find(|name| KEPT.iter().any(|kept| name.starts_with(kept)))
}

#[async_trait]
impl Catalog for Layered {
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        self.catalog.list(schema).await
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let mut observations = self.catalog.observe(relations).await?;
        let wanted = observations.iter().enumerate();
        let wanted = wanted.filter_map(|(index, observation)| Some((index, self.wanted(observation)?)));
        let (at, wanted): (Vec<usize>, Vec<Relation>) = wanted.unzip();
        if wanted.is_empty() {
            return Ok(observations);
        }
        let logs = match self.log.observe(&wanted).await {
            Ok(logs) => logs,
            // What is unknown stays unknown.
            Err(error) => {
                let why = format!("{error}: {}", error.source);
                wanted.iter().for_each(|relation| drop(self.seen().insert(relation.name.clone(), Err(why.clone()))));
                return Ok(observations);
            }
        };
        for (index, log) in at.into_iter().zip(&logs) {
            if let Observation::Present(first) = &observations[index] {
                observations[index] = self.together(Arc::clone(first), log);
            }
        }
        Ok(observations)
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let mut answers = vec![Answer::Unknowable { why: "nobody was asked".to_owned() }; questions.len()];
        let (mut of_log, mut of_catalog) = (Vec::new(), Vec::new());
        for (index, question) in questions.iter().enumerate() {
            match self.place(&question.relation.name) {
                Ok(location) if self.reading == Reading::Logs => {
                    let relation = Relation { location, ..question.relation.clone() };
                    of_log.push((index, Question { relation, ..question.clone() }));
                }
                Ok(_) | Err(_) => of_catalog.push((index, question.clone())),
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
