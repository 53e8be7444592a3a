//! The catalog of a bare lake: lists folders, observes logs, answers probes.
//!
//! Owns concurrency and the isolation of one table's trouble from the others. Knows nothing of file formats.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use delta_engine_application::port::{Answer, Catalog, Observation, Question, Relation, TargetError, Unreadable};
use delta_engine_schema::model::{Identifier, TableName};
use futures::StreamExt;
use futures::executor::block_on;

use crate::lake::Lake;
use crate::log::read_state;
use crate::observe::observe;
use crate::probe;

/// Tables read at once from an object store.
const TABLES: usize = 32;
/// Table versions probed at once.
const PROBES: usize = 8;

/// Reads the tables of a lake from their logs.
#[derive(Debug, Clone)]
pub struct NativeCatalog {
    lake: Arc<Lake>,
}

impl NativeCatalog {
    /// The catalog of a lake.
    pub fn new(lake: Arc<Lake>) -> Self {
        Self { lake }
    }

    /// Local tables are read whole on threads of their own: their reads never wait, so a task each would only cost.
    async fn observe_locally(&self, relations: &[Relation]) -> Vec<Observation> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16);
        let relations: Arc<[Relation]> = relations.into();
        let stripe = |first: usize| {
            let (lake, relations) = (self.lake.clone(), relations.clone());
            tokio::task::spawn_blocking(move || {
                let mine = relations.iter().enumerate().skip(first).step_by(threads);
                mine.map(|(index, relation)| (index, block_on(observation(&lake, relation)))).collect::<Vec<_>>()
            })
        };
        let stripes: Vec<_> = (0..threads.min(relations.len())).map(stripe).collect();
        let mut observations = vec![Observation::Absent; relations.len()];
        for stripe in stripes {
            let read = stripe.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            read.into_iter().for_each(|(index, observation)| observations[index] = observation);
        }
        observations
    }

    async fn observe_remotely(&self, relations: &[Relation]) -> Vec<Observation> {
        let mut reads = Vec::with_capacity(relations.len());
        for relation in relations {
            reads.push(observation(&self.lake, relation));
        }
        futures::stream::iter(reads).buffered(TABLES).collect().await
    }

    /// Names compare without case and folders do not: a table that is there under another spelling of its name is not absent.
    async fn find_in_other_case(&self, relations: &[Relation], observations: &mut [Observation]) {
        let absent =
            |index: &usize| relations[*index].location.is_none() && observations[*index] == Observation::Absent;
        let absent: Vec<usize> = (0..relations.len()).filter(absent).collect();
        let names: Vec<&TableName> = absent.iter().map(|index| &relations[*index].name).collect();
        let found = self.lake.in_other_case(&names).await;
        for (index, there) in absent.into_iter().zip(found) {
            let Some((name, place)) = there else { continue };
            observations[index] = Observation::Unreadable(Unreadable {
                reason: format!("`{place}` holds `{name}`, and names that differ only in upper and lower case are one"),
                help: Some(format!("declare it as `{name}`")),
            });
        }
    }

    async fn probe_version(&self, relation: &Relation, version: u64, questions: Vec<Question>) -> Vec<Answer> {
        let files = match self.lake.files(relation) {
            Ok(files) => files,
            Err(error) => {
                let why = Unreadable::from(error).reason;
                return vec![Answer::Unknowable { why }; questions.len()];
            }
        };
        let answers = async move {
            let questions: Vec<&Question> = questions.iter().collect();
            probe::answers(files.as_ref(), version, &questions).await
        };
        if !self.lake.is_local(relation) {
            return answers.await;
        }
        let blocking = tokio::task::spawn_blocking(move || block_on(answers));
        blocking.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

#[async_trait]
impl Catalog for NativeCatalog {
    #[tracing::instrument(skip_all, fields(root = %Lake::display(self.lake.root())))]
    async fn list(&self, schema: Option<&TableName>) -> Result<Vec<Relation>, TargetError> {
        let mut relations = self.lake.tables().await.map_err(|error| TargetError {
            attempt: format!("list the tables under `{}`", Lake::display(self.lake.root())),
            help: Some("check that the root is right and may be listed".to_owned()),
            source: Box::new(error),
        })?;
        if let Some(schema) = schema {
            relations.retain(|relation| is_in(&relation.name, schema));
        }
        Ok(relations)
    }

    #[tracing::instrument(skip_all, fields(tables = relations.len()))]
    async fn observe(&self, relations: &[Relation]) -> Result<Vec<Observation>, TargetError> {
        let (local, remote): (Vec<_>, Vec<_>) =
            relations.iter().cloned().enumerate().partition(|(_, relation)| self.lake.is_local(relation));
        let (local_at, local): (Vec<usize>, Vec<Relation>) = local.into_iter().unzip();
        let (remote_at, remote): (Vec<usize>, Vec<Relation>) = remote.into_iter().unzip();
        let (local, remote) = futures::join!(self.observe_locally(&local), self.observe_remotely(&remote));
        let mut observations = vec![Observation::Absent; relations.len()];
        for (index, observation) in local_at.into_iter().zip(local).chain(remote_at.into_iter().zip(remote)) {
            observations[index] = observation;
        }
        self.find_in_other_case(relations, &mut observations).await;
        Ok(observations)
    }

    async fn obstacles(&self, relations: &[Relation]) -> Vec<Option<Unreadable>> {
        let mut looks = Vec::with_capacity(relations.len());
        for relation in relations {
            looks.push(obstacle(&self.lake, relation));
        }
        futures::stream::iter(looks).buffered(TABLES).collect().await
    }

    fn place(&self, relation: &Relation) -> Option<String> {
        self.lake.table_url(relation).ok().map(|url| Lake::display(&url))
    }

    #[tracing::instrument(skip_all, fields(questions = questions.len()))]
    async fn probe(&self, questions: &[Question]) -> Result<Vec<Answer>, TargetError> {
        // The file list of a version is read once for all questions about it.
        let mut groups: BTreeMap<(&Relation, u64, Option<u64>), Vec<usize>> = BTreeMap::new();
        for (index, question) in questions.iter().enumerate() {
            groups.entry((&question.relation, question.version, question.proven_at)).or_default().push(index);
        }
        let mut probes = Vec::with_capacity(groups.len());
        for ((relation, version, _), at) in groups {
            let questions: Vec<Question> = at.iter().map(|index| questions[*index].clone()).collect();
            probes.push(async move { (at, self.probe_version(relation, version, questions).await) });
        }
        let mut answers = vec![Answer::Proven; questions.len()];
        let mut probes = futures::stream::iter(probes).buffered(PROBES);
        while let Some((at, read)) = probes.next().await {
            at.into_iter().zip(read).for_each(|(index, answer)| answers[index] = answer);
        }
        Ok(answers)
    }
}

/// Whether a table is in a schema, written `schema` or `catalog.schema`.
fn is_in(name: &TableName, schema: &TableName) -> bool {
    let same = |wanted: &Identifier, theirs: &Option<Identifier>| theirs.as_ref() == Some(wanted);
    same(&schema.table, &name.schema) && schema.schema.as_ref().is_none_or(|catalog| same(catalog, &name.catalog))
}

async fn observation(lake: &Lake, relation: &Relation) -> Observation {
    match read(lake, relation).await {
        Ok(observation) => observation,
        Err(unreadable) => Observation::Unreadable(unreadable),
    }
}

async fn read(lake: &Lake, relation: &Relation) -> Result<Observation, Unreadable> {
    let url = lake.table_url(relation)?;
    let files = lake.files(relation)?;
    let Some(state) = read_state(files.as_ref(), None).await? else { return Ok(Observation::Absent) };
    let location = relation.location.clone().unwrap_or_else(|| Lake::display(&url));
    let table = observe(&relation.name, Some(&location), &state)?;
    Ok(Observation::Present(Arc::new(table)))
}

/// Files without a log at the place of a table. That they can't be listed is told when the table is created.
async fn obstacle(lake: &Lake, relation: &Relation) -> Option<Unreadable> {
    let occupied = lake.occupied(relation).await.ok()??;
    let files = lake.files(relation).ok()?;
    // They may be those of a table that came to be meanwhile, which the next look shows.
    if !matches!(read_state(files.as_ref(), None).await, Ok(None)) {
        return None;
    }
    let (reason, help) = occupied.reason_and_help();
    Some(Unreadable { reason, help: Some(help.to_owned()) })
}
