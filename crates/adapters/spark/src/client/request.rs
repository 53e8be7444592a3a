//! Requests with one answer: settings, schemas, stopping, releasing. All of them may be made twice, and are made again
//! while a trouble may pass.

use std::collections::BTreeMap;
use std::time::Duration;

use delta_engine_spark_proto as proto;
use proto::analyze_plan_request::Analyze;
use proto::analyze_plan_response::Result as Analyzed;
use proto::config_request::{GetAll, GetOption, Operation, Set, Unset, operation::OpType};
use tonic::{Response, Status};

use super::retry::Backoff;
use super::session::CLIENT_TYPE;
use super::status::{Heard, chain, hear};
use super::{Client, ConnectError, Failure, Refusal, Stub, Unavailable};

/// How long a server may take for its first answer. Spark makes a session for it, which takes seconds on a cold server.
const GREETING: Duration = Duration::from_secs(60);
/// How often a first request is made over connections that break.
const GREETINGS: u32 = 3;

/// A status that waiting did not help, and how long that was.
struct Trouble {
    status: Status,
    waited: Duration,
}

impl Client {
    /// The settings of these names; none for one that is not set and has no default.
    pub async fn settings(&self, names: &[&str]) -> Result<BTreeMap<String, Option<String>>, Failure> {
        let keys = names.iter().map(|name| (*name).to_owned()).collect();
        let answer = self.config(OpType::GetOption(GetOption { keys })).await?;
        Ok(answer.pairs.into_iter().map(|pair| (pair.key, pair.value)).collect())
    }

    /// All settings whose names begin so. The names come without the prefix, which is how Spark answers.
    pub async fn all_settings(&self, prefix: &str) -> Result<BTreeMap<String, String>, Failure> {
        let answer = self.config(OpType::GetAll(GetAll { prefix: Some(prefix.to_owned()) })).await?;
        Ok(answer.pairs.into_iter().map(|pair| (pair.key, pair.value.unwrap_or_default())).collect())
    }

    /// Sets settings of the session. What the server warns of is returned.
    pub async fn set(&self, settings: &[(&str, &str)]) -> Result<Vec<String>, Failure> {
        let pair =
            |(key, value): &(&str, &str)| proto::KeyValue { key: (*key).to_owned(), value: Some((*value).to_owned()) };
        let pairs = settings.iter().map(pair).collect();
        Ok(self.config(OpType::Set(Set { pairs, silent: None })).await?.warnings)
    }

    /// Gives settings their defaults back.
    pub async fn unset(&self, names: &[&str]) -> Result<(), Failure> {
        let keys = names.iter().map(|name| (*name).to_owned()).collect();
        self.config(OpType::Unset(Unset { keys })).await.map(|_| ())
    }

    /// The schema of a table, by its quoted name.
    pub async fn schema_of_table(&self, name: &str) -> Result<proto::DataType, Failure> {
        let table = proto::read::NamedTable { unparsed_identifier: name.to_owned(), ..Default::default() };
        let read = proto::Read { is_streaming: false, read_type: Some(proto::read::ReadType::NamedTable(table)) };
        self.schema_of(relation(proto::relation::RelType::Read(read))).await
    }

    /// The schema of a query's rows. It must be a query: Spark runs a command to learn what it answers.
    pub async fn schema_of_query(&self, query: &str) -> Result<proto::DataType, Failure> {
        self.schema_of(sql_relation(query)).await
    }

    /// The files that a relation reads, as URIs. The server lists them, and reads none.
    pub async fn files_of(&self, relation: proto::Relation) -> Result<Vec<String>, Failure> {
        let plan = Some(proto::Plan { op_type: Some(proto::plan::OpType::Root(relation)) });
        match self.analyze(Analyze::InputFiles(proto::analyze_plan_request::InputFiles { plan })).await? {
            Some(Analyzed::InputFiles(answer)) => Ok(answer.files),
            other => Err(unexpected("a list of files", other)),
        }
    }

    /// The version of Spark that the server says it is.
    pub async fn spark_version(&self) -> Result<String, Failure> {
        match self.analyze(Analyze::SparkVersion(proto::analyze_plan_request::SparkVersion {})).await? {
            Some(Analyzed::SparkVersion(answer)) => Ok(answer.version),
            other => Err(unexpected("a version", other)),
        }
    }

    /// Asks for something that a plan or a text tells of itself.
    pub async fn analyze(&self, question: Analyze) -> Result<Option<Analyzed>, Failure> {
        let session = self.session();
        let request = proto::AnalyzePlanRequest {
            session_id: session.id().to_owned(),
            client_observed_server_side_session_id: session.observed(),
            user_context: session.user(),
            client_type: Some(CLIENT_TYPE.to_owned()),
            analyze: Some(question),
        };
        let answer = ask(self, |mut stub| {
            let request = request.clone();
            async move { stub.analyze_plan(request).await }
        });
        answer.await.map(|answer| answer.result)
    }

    async fn schema_of(&self, relation: proto::Relation) -> Result<proto::DataType, Failure> {
        let plan = Some(proto::Plan { op_type: Some(proto::plan::OpType::Root(relation)) });
        match self.analyze(Analyze::Schema(proto::analyze_plan_request::Schema { plan })).await? {
            Some(Analyzed::Schema(proto::analyze_plan_response::Schema { schema: Some(schema) })) => Ok(schema),
            other => Err(unexpected("a schema", other)),
        }
    }

    async fn config(&self, operation: OpType) -> Result<proto::ConfigResponse, Failure> {
        let request = config_request(self, operation);
        ask(self, |mut stub| {
            let request = request.clone();
            async move { stub.config(request).await }
        })
        .await
    }
}

/// Makes the session, and learns what the server calls it.
pub(super) async fn greet(client: &Client) -> Result<(), ConnectError> {
    let request = config_request(client, OpType::GetOption(GetOption { keys: Vec::new() }));
    let mut backoff = Backoff::start(client.patience());
    let mut broken = 0;
    loop {
        let mut stub = client.stub();
        let status = match tokio::time::timeout(GREETING, stub.config(request.clone())).await {
            Ok(Ok(answer)) => {
                let answer = answer.into_inner();
                client.session().is_of(&answer.session_id, &answer.server_side_session_id);
                return Ok(());
            }
            Ok(Err(status)) => status,
            Err(_) => Status::unknown(format!("no answer in {GREETING:?}")),
        };
        // A server that is starting says so itself; a connection that breaks is another thing, and soon given up.
        let wait = match hear(&status) {
            Heard::Wait(asked) => backoff.next(asked),
            Heard::Lost if std::error::Error::source(&status).is_none() => backoff.next(None),
            Heard::Lost | Heard::NotSent => {
                broken += 1;
                if broken < GREETINGS { backoff.next(None) } else { None }
            }
            Heard::Exception(_) | Heard::Denied | Heard::Untrusted | Heard::Foreign => None,
        };
        let Some(wait) = wait else { return Err(ConnectError::greeting(client.address(), &status)) };
        tracing::info!(server = %client.address(), reason = chain(&status), "waiting for the server");
        tokio::time::sleep(wait).await;
    }
}

/// Asks the server to stop an operation; whether it knew that operation. That it has stopped is seen on its own stream.
pub(super) async fn interrupt(client: &Client, operation_id: &str) -> Result<bool, Failure> {
    let session = client.session();
    let request = proto::InterruptRequest {
        session_id: session.id().to_owned(),
        client_observed_server_side_session_id: session.observed(),
        user_context: session.user(),
        client_type: Some(CLIENT_TYPE.to_owned()),
        interrupt_type: proto::interrupt_request::InterruptType::OperationId.into(),
        interrupt: Some(proto::interrupt_request::Interrupt::OperationId(operation_id.to_owned())),
    };
    let asked = ask_within(client, Backoff::stop(client.patience()), |mut stub| {
        let request = request.clone();
        async move { stub.interrupt(request).await }
    });
    asked.await.map(|answer| answer.interrupted_ids.iter().any(|id| id == operation_id))
}

/// Tells the server that nobody will come back for an operation. Nothing depends on it: the session's end does the same.
pub(super) async fn release(client: &Client, operation_id: &str) {
    let session = client.session();
    let all = proto::release_execute_request::ReleaseAll {};
    let request = proto::ReleaseExecuteRequest {
        session_id: session.id().to_owned(),
        client_observed_server_side_session_id: session.observed(),
        user_context: session.user(),
        operation_id: operation_id.to_owned(),
        client_type: Some(CLIENT_TYPE.to_owned()),
        release: Some(proto::release_execute_request::Release::ReleaseAll(all)),
    };
    if let Err(status) = client.stub().release_execute(request).await {
        tracing::debug!(operation = operation_id, reason = chain(&status), "not released");
    }
}

/// Ends the session, in as long as stopping anything may take.
pub(super) async fn release_session(client: &Client) {
    let session = client.session();
    let request = proto::ReleaseSessionRequest {
        session_id: session.id().to_owned(),
        user_context: session.user(),
        client_type: Some(CLIENT_TYPE.to_owned()),
        allow_reconnect: false,
    };
    let mut stub = client.stub();
    match tokio::time::timeout(client.patience().stop, stub.release_session(request)).await {
        Ok(Ok(_)) => tracing::debug!(session = session.id(), "session ended"),
        Ok(Err(status)) => tracing::debug!(session = session.id(), reason = chain(&status), "session left behind"),
        Err(_) => tracing::debug!(session = session.id(), "session left behind: no answer"),
    }
}

/// Fetches what a status left out of an exception. What can't be fetched stays cut.
pub(super) async fn complete(client: &Client, refusal: &mut Refusal) {
    let Some(error_id) = refusal.error_id.clone() else { return };
    let session = client.session();
    let request = proto::FetchErrorDetailsRequest {
        session_id: session.id().to_owned(),
        client_observed_server_side_session_id: session.observed(),
        user_context: session.user(),
        error_id,
        client_type: Some(CLIENT_TYPE.to_owned()),
    };
    let fetched = try_for(client, Backoff::stop(client.patience()), |mut stub| {
        let request = request.clone();
        async move { stub.fetch_error_details(request).await }
    });
    match fetched.await {
        Ok(mut details) => {
            let root = details.root_error_idx.and_then(|index| usize::try_from(index).ok());
            if let Some(root) = root.filter(|root| *root < details.errors.len()) {
                refusal.complete(details.errors.swap_remove(root));
            }
        }
        Err(trouble) => tracing::debug!(reason = chain(&trouble.status), "no details of the exception"),
    }
}

/// What an exception means for a session: one that is gone stays gone.
pub(super) fn is_session_lost(refusal: &Refusal) -> bool {
    ["SESSION_NOT_FOUND", "SESSION_CLOSED", "SESSION_CHANGED"]
        .iter()
        .any(|subclass| refusal.is(&format!("INVALID_HANDLE.{subclass}")))
}

/// The rows of a text that is SQL, as a relation.
pub(super) fn sql_relation(query: &str) -> proto::Relation {
    relation(proto::relation::RelType::Sql(proto::Sql { query: query.to_owned(), ..Default::default() }))
}

fn relation(rel_type: proto::relation::RelType) -> proto::Relation {
    let common = Some(proto::RelationCommon { plan_id: Some(0), ..Default::default() });
    proto::Relation { common, rel_type: Some(rel_type) }
}

fn config_request(client: &Client, operation: OpType) -> proto::ConfigRequest {
    let session = client.session();
    proto::ConfigRequest {
        session_id: session.id().to_owned(),
        client_observed_server_side_session_id: session.observed(),
        user_context: session.user(),
        operation: Some(Operation { op_type: Some(operation) }),
        client_type: Some(CLIENT_TYPE.to_owned()),
    }
}

async fn ask<T, F>(client: &Client, call: impl FnMut(Stub) -> F) -> Result<T, Failure>
where
    T: OfSession,
    F: Future<Output = Result<Response<T>, Status>>,
{
    ask_within(client, Backoff::outage(client.patience()), call).await
}

async fn ask_within<T, F>(client: &Client, backoff: Backoff<'_>, call: impl FnMut(Stub) -> F) -> Result<T, Failure>
where
    T: OfSession,
    F: Future<Output = Result<Response<T>, Status>>,
{
    match try_for(client, backoff, call).await {
        Ok(answer) => {
            let (id, server_side) = answer.session();
            if client.session().is_of(id, server_side) {
                return Ok(answer);
            }
            let reason = format!("the server's session is now `{server_side}`");
            Err(Failure::Unavailable(Unavailable::SessionLost { reason }))
        }
        Err(Trouble { status, waited }) => Err(failure(client, &status, waited).await),
    }
}

async fn try_for<T, F>(client: &Client, mut backoff: Backoff<'_>, mut call: impl FnMut(Stub) -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    loop {
        let status = match call(client.stub()).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => status,
        };
        let wait = match hear(&status) {
            Heard::Wait(asked) => backoff.next(asked),
            Heard::Lost | Heard::NotSent => backoff.next(None),
            Heard::Exception(_) | Heard::Denied | Heard::Untrusted | Heard::Foreign => None,
        };
        let Some(wait) = wait else { return Err(Trouble { status, waited: backoff.waited() }) };
        tracing::debug!(reason = chain(&status), ?wait, "asking again");
        tokio::time::sleep(wait).await;
    }
}

async fn failure(client: &Client, status: &Status, waited: Duration) -> Failure {
    let reason = chain(status);
    match hear(status) {
        Heard::Exception(refusal) if is_session_lost(&refusal) => {
            Failure::Unavailable(Unavailable::SessionLost { reason: refusal.message })
        }
        Heard::Exception(mut refusal) => {
            if refusal.is_cut() {
                complete(client, &mut refusal).await;
            }
            Failure::Refused(refusal)
        }
        Heard::Foreign => Failure::Refused(Box::new(Refusal::foreign(status))),
        Heard::Denied => Failure::Unavailable(Unavailable::Denied { reason }),
        Heard::Wait(_) => Failure::Unavailable(Unavailable::Busy { reason }),
        Heard::NotSent | Heard::Lost | Heard::Untrusted => {
            Failure::Unavailable(Unavailable::NotReached { waited, last: reason })
        }
    }
}

fn unexpected(wanted: &str, found: Option<Analyzed>) -> Failure {
    let message = match found {
        Some(_) => format!("the server answered, but not with {wanted}"),
        None => format!("the server's answer holds no word about {wanted}"),
    };
    Failure::Refused(Box::new(Refusal { message, ..Refusal::default() }))
}

/// An answer that says which session it comes from.
trait OfSession {
    /// Our name of the session and the server's.
    fn session(&self) -> (&str, &str);
}

macro_rules! of_session {
    ($($answer:ident),*) => {$(
        impl OfSession for proto::$answer {
            fn session(&self) -> (&str, &str) {
                (&self.session_id, &self.server_side_session_id)
            }
        }
    )*};
}

of_session!(AnalyzePlanResponse, ConfigResponse, InterruptResponse);
