//! The logs of tables that a catalog elsewhere has registered, reached from here.
//!
//! One lake a bucket, opened when the first table of it is met. Owns the way from registered locations to lakes; which tables
//! there are is not known here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use delta_engine_application::port::{
    Answer, Catalog, Compiled, Context, ErrorKind, ExecutionError, Executor, Observation, Question, Receipt, Relation,
    Step, TargetError, Unreadable,
};
use delta_engine_schema::Action;
use delta_engine_schema::model::{DesiredTable, ObservedTable, TableName};

use crate::lake::{Commits, CommitsError, Lake, LakeError, Unreachable, store_url};
use crate::{NativeCatalog, NativeExecutor};

/// Which locations are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Folders of this machine.
    Folders,
    /// Buckets too, with the credentials that there are here.
    Everything,
}

/// Logs by their registered locations.
#[derive(Debug)]
pub struct RegisteredLogs {
    reach: Reach,
    /// Options of the object store; may hold secrets.
    storage: BTreeMap<String, String>,
    commits: Option<Commits>,
    /// By scheme and bucket.
    lakes: Mutex<BTreeMap<String, Arc<Lake>>>,
}

/// Why a log is not within reach.
#[derive(Debug, thiserror::Error)]
enum OutOfReach {
    #[error(transparent)]
    Location(#[from] Unreachable),
    #[error("`{0}` is in a bucket, and buckets are only read where the target says `observe: native`")]
    NotAsked(String),
    #[error(transparent)]
    Lake(#[from] LakeError),
    #[error(transparent)]
    Commits(#[from] CommitsError),
}

impl RegisteredLogs {
    /// Logs within reach. `storage` are delta-rs's options of the object store.
    pub fn new(reach: Reach, storage: BTreeMap<String, String>, commits: Option<Commits>) -> Self {
        Self { reach, storage, commits, lakes: Mutex::default() }
    }

    /// The lake of a relation's bucket, and the relation as that lake takes it.
    fn find(&self, relation: &Relation) -> Result<(Arc<Lake>, Relation), OutOfReach> {
        let url = store_url(relation.location.as_deref().unwrap_or_default())?;
        let bucket = bucket(&url);
        let is_folder = bucket == FOLDERS;
        if !is_folder && self.reach == Reach::Folders {
            return Err(OutOfReach::NotAsked(url));
        }
        let mut lakes = self.lakes.lock().unwrap_or_else(PoisonError::into_inner);
        let lake = match lakes.get(&bucket) {
            Some(lake) => Arc::clone(lake),
            None => {
                let storage = if is_folder { BTreeMap::new() } else { self.storage.clone() };
                let mut lake = Lake::open(&bucket, storage)?;
                if let Some(commits) = self.commits {
                    lake = lake.with_commits(commits)?;
                }
                let lake = Arc::new(lake);
                lakes.insert(bucket, Arc::clone(&lake));
                lake
            }
        };
        Ok((lake, Relation { name: relation.name.clone(), location: Some(url) }))
    }
}

/// Where paths of this machine begin.
const FOLDERS: &str = "file:///";

/// A URL up to its path.
fn bucket(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return FOLDERS.to_owned() };
    let authority = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{authority}/")
}

/// Relations with their place among those asked for.
type Placed = Vec<(usize, Relation)>;

#[async_trait]
impl Catalog for RegisteredLogs {
    /// Which tables there are is the server's to say.
    async fn list(&self, _schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        Ok(Vec::new())
    }

    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let mut observations = vec![Observation::Absent; relations.len()];
        let mut lakes: BTreeMap<String, (Arc<Lake>, Placed)> = BTreeMap::new();
        for (index, relation) in relations.iter().enumerate() {
            match self.find(relation) {
                Ok((lake, relation)) => {
                    let of_lake = lakes.entry(lake.root().to_string()).or_insert_with(|| (lake, Vec::new()));
                    of_lake.1.push((index, relation));
                }
                Err(error) => observations[index] = Observation::Unreadable(unreadable(&error)),
            }
        }
        for (lake, placed) in lakes.into_values() {
            let (at, asked): (Vec<usize>, Vec<Relation>) = placed.into_iter().unzip();
            let read = NativeCatalog::new(lake).observe(&asked).await?;
            at.into_iter().zip(read).for_each(|(index, observation)| observations[index] = observation);
        }
        Ok(observations)
    }

    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        let mut answers = vec![Answer::Unknowable { why: "nobody was asked".to_owned() }; questions.len()];
        let mut lakes: BTreeMap<String, (Arc<Lake>, Vec<(usize, Question)>)> = BTreeMap::new();
        for (index, question) in questions.iter().enumerate() {
            match self.find(&question.relation) {
                Ok((lake, relation)) => {
                    let of_lake = lakes.entry(lake.root().to_string()).or_insert_with(|| (lake, Vec::new()));
                    of_lake.1.push((index, Question { relation, ..question.clone() }));
                }
                Err(error) => answers[index] = Answer::Unknowable { why: error.to_string() },
            }
        }
        for (lake, asked) in lakes.into_values() {
            let (at, asked): (Vec<usize>, Vec<Question>) = asked.into_iter().unzip();
            let read = NativeCatalog::new(lake).probe(&asked).await?;
            at.into_iter().zip(read).for_each(|(index, answer)| answers[index] = answer);
        }
        Ok(answers)
    }
}

#[async_trait]
impl Executor for RegisteredLogs {
    fn compile(&self, desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]) -> Compiled {
        NativeExecutor::judge(desired, observed, actions)
    }

    async fn execute(&self, step: &Step, context: &Context) -> Result<Receipt, ExecutionError> {
        let (lake, relation) = self.find(&context.relation).map_err(|error| ExecutionError {
            kind: ErrorKind::Refused,
            message: error.to_string(),
            help: unreadable(&error).help,
            source: None,
        })?;
        NativeExecutor::new(lake).execute(step, &Context { relation, ..context.clone() }).await
    }
}

fn unreadable(error: &OutOfReach) -> Unreadable {
    let help = match error {
        OutOfReach::Location(unreachable) => Some(unreachable.help.to_owned()),
        OutOfReach::NotAsked(_) => Some("write observe: native on the target".to_owned()),
        OutOfReach::Lake(error) => error.help(),
        OutOfReach::Commits(error) => error.help(),
    };
    Unreadable { reason: error.to_string(), help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_by_their_bucket() {
        assert_eq!(bucket("s3://b/k/t"), "s3://b/");
        assert_eq!(bucket("abfss://c@a.dfs.core.windows.net/t"), "abfss://c@a.dfs.core.windows.net/");
        assert_eq!(bucket("file:///w/t"), FOLDERS);
        let logs = RegisteredLogs::new(Reach::Folders, BTreeMap::new(), None);
        let relation = |location: &str| Relation { name: TableName::bare("t"), location: Some(location.to_owned()) };
        let (lake, found) = logs.find(&relation("file:/w/t")).ok().unzip();
        assert_eq!(found.and_then(|relation| relation.location).as_deref(), Some("file:///w/t"));
        assert_eq!(lake.map(|lake| lake.root().to_string()).as_deref(), Some(FOLDERS));
        let error = logs.find(&relation("s3a://b/t")).map(|_| ()).map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("observe: native")));
    }
}
