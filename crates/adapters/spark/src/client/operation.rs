//! One statement or query on the server, from sending it to its last message.
//!
//! The server may end or lose the stream at any message: it does so by itself every two minutes
//! (`spark.connect.execute.reattachable.senderMaxStreamDuration`). Only `ResultComplete` is the end; anything else is
//! attached to again, from the last message that came.
//!
//! A plan is sent once. That the server does not know it says little: it may still be on its way, and Spark forgets what
//! somebody interrupted (`ExecuteThreadRunner.interrupt`). It is sent again in two cases alone: there was no connection to
//! send it over, or the server answered it with a plea to come back later and does not know it then.

use std::time::Duration;

use delta_engine_spark_proto as proto;
use proto::execute_plan_request::{RequestOption, request_option};
use proto::execute_plan_response::ResponseType;
use proto::relation::RelType;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::request::{self, is_session_lost, sql_relation};
use super::retry::Backoff;
use super::session::CLIENT_TYPE;
use super::status::{Heard, chain, hear};
use super::{Ambiguity, Answer, Client, Failure, Interruption, Refusal, Unavailable};

/// A stream that lived so long was a sign of life, even if nothing was said.
const LIVED: Duration = Duration::from_secs(1);

/// What the server has of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    /// Nothing.
    No,
    /// Perhaps all of it.
    Maybe,
    /// All of it: this was its last message.
    Taken { last: String },
}

/// Whether it was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stopping {
    No,
    /// The server may not have heard it, or did not know what to stop.
    Asked,
    /// The server knew it, and is stopping it.
    Heard,
}

/// How a stream ended.
enum End {
    /// With everything said.
    Complete,
    /// Before, after or without a sign of life.
    Cut { alive: bool },
}

/// What came instead of an end.
enum Trouble {
    Status(Status),
    /// An answer of another session.
    Stranger(String),
}

pub(super) struct Operation<'c> {
    client: &'c Client,
    id: String,
    statement: &'c str,
    plan: proto::Plan,
    /// Whether the place of an error is worth a request.
    wants_place: bool,
    backoff: Backoff<'c>,
    sent: Sent,
    /// Whether the last request was the sending one.
    sending: bool,
    /// Whether the server answered the sending one with a plea to come back later.
    put_off: bool,
    stopping: Stopping,
    finished: bool,
    answer: Answer,
}

impl<'c> Operation<'c> {
    /// A statement, run at once by the server as a command.
    pub(super) fn statement(client: &'c Client, statement: &'c str) -> Self {
        let mut operation = Self::show(client, statement);
        operation.wants_place = true;
        operation
    }

    /// The same, without a look for the place of an error.
    pub(super) fn show(client: &'c Client, statement: &'c str) -> Self {
        let command = proto::SqlCommand { input: Some(sql_relation(statement)), ..Default::default() };
        let command = proto::Command { command_type: Some(proto::command::CommandType::SqlCommand(command)) };
        let plan = proto::Plan { op_type: Some(proto::plan::OpType::Command(command)) };
        Self::new(client, statement, plan)
    }

    /// A query, whose rows come with the answer.
    pub(super) fn query(client: &'c Client, query: &'c str) -> Self {
        Self::new(client, query, proto::Plan { op_type: Some(proto::plan::OpType::Root(sql_relation(query))) })
    }

    /// A relation, whose rows come with the answer.
    pub(super) fn relation(client: &'c Client, relation: proto::Relation) -> Self {
        Self::new(client, "", proto::Plan { op_type: Some(proto::plan::OpType::Root(relation)) })
    }

    fn new(client: &'c Client, statement: &'c str, plan: proto::Plan) -> Self {
        Self {
            client,
            id: Uuid::new_v4().to_string(),
            statement,
            plan,
            wants_place: false,
            backoff: Backoff::outage(client.patience()),
            sent: Sent::No,
            sending: false,
            put_off: false,
            stopping: Stopping::No,
            finished: false,
            answer: Answer::default(),
        }
    }

    /// To its end, or to where nothing more can be found out.
    pub(super) async fn run(mut self, cancellation: &CancellationToken) -> Result<Answer, Failure> {
        let ended = tokio::select! {
            biased;
            () = cancellation.cancelled() => None,
            ended = self.drive() => Some(ended),
        };
        let ended = match ended {
            Some(ended) => ended,
            None => self.stop().await,
        };
        self.finish();
        ended.map(|()| std::mem::take(&mut self.answer))
    }

    async fn drive(&mut self) -> Result<(), Failure> {
        loop {
            let (asked, trouble) = match self.attempt().await {
                Ok(End::Complete) => return Ok(()),
                Ok(End::Cut { alive: true }) => {
                    self.backoff.alive();
                    continue;
                }
                Ok(End::Cut { alive: false }) => (None, "the stream ended before the statement".to_owned()),
                Err(Trouble::Stranger(reason)) => return Err(Failure::Ambiguous(Ambiguity::SessionLost { reason })),
                Err(Trouble::Status(status)) => (self.judge(&status).await?, chain(&status)),
            };
            let Some(wait) = self.backoff.next(asked) else { return Err(self.give_up(asked, trouble)) };
            tracing::debug!(operation = self.id, ?wait, trouble, "attaching again");
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends the plan or attaches to it, and reads what comes.
    async fn attempt(&mut self) -> Result<End, Trouble> {
        let mut stub = self.client.stub();
        self.sending = self.sent == Sent::No;
        let opened = if self.sending {
            // From here on the server may have it, whatever becomes of this future.
            self.sent = Sent::Maybe;
            self.put_off = false;
            stub.execute_plan(self.execute_request()).await
        } else {
            stub.reattach_execute(self.reattach_request()).await
        };
        let mut stream = opened.map_err(Trouble::Status)?.into_inner();
        self.answer.count_stream();
        let opened = Instant::now();
        let mut alive = false;
        while let Some(message) = stream.message().await.map_err(Trouble::Status)? {
            if !self.client.session().is_of(&message.session_id, &message.server_side_session_id) {
                let session = message.server_side_session_id;
                return Err(Trouble::Stranger(format!("the server's session is now `{session}`")));
            }
            self.sent = Sent::Taken { last: message.response_id };
            self.backoff.alive();
            alive = true;
            if self.take(message.response_type) {
                return Ok(End::Complete);
            }
        }
        Ok(End::Cut { alive: alive || opened.elapsed() >= LIVED })
    }

    /// Keeps what belongs to the answer; true at its end.
    fn take(&mut self, response: Option<ResponseType>) -> bool {
        // The rest is progress, metrics, and what no statement of ours asks for.
        if let Some(ResponseType::ResultComplete(_)) = response {
            return true;
        }
        if let Some(ResponseType::ArrowBatch(batch)) = response {
            self.answer.push(batch.data, batch.row_count, batch.start_offset);
        } else if let Some(ResponseType::SqlCommandResult(result)) = response {
            let rows = result.relation.and_then(|relation| relation.rel_type);
            if let Some(RelType::LocalRelation(proto::LocalRelation { data: Some(data), .. })) = rows {
                self.answer.push_relation(data);
            }
        }
        false
    }

    /// What a status means: an end, or how long the server asks to wait.
    async fn judge(&mut self, status: &Status) -> Result<Option<Duration>, Failure> {
        let reason = || chain(status);
        match hear(status) {
            Heard::NotSent => {
                if self.sending {
                    self.sent = Sent::No;
                }
                Ok(None)
            }
            Heard::Lost => Ok(None),
            Heard::Wait(asked) => {
                self.put_off |= self.is_untouched();
                Ok(asked)
            }
            Heard::Exception(refusal) => self.judge_exception(refusal).await,
            Heard::Denied if self.is_untouched() => Err(Failure::Unavailable(Unavailable::Denied { reason: reason() })),
            Heard::Denied => Err(Failure::Ambiguous(Ambiguity::Denied { reason: reason() })),
            Heard::Foreign if self.is_untouched() => Err(Failure::Refused(Box::new(Refusal::foreign(status)))),
            Heard::Foreign => Err(Failure::Ambiguous(Ambiguity::Unclear { answer: reason() })),
            Heard::Untrusted => Err(self.give_up(None, reason())),
        }
    }

    async fn judge_exception(&mut self, mut refusal: Box<Refusal>) -> Result<Option<Duration>, Failure> {
        let is = |class: &str| refusal.is(class);
        if is_session_lost(&refusal) {
            let reason = refusal.message;
            return Err(match self.is_untouched() {
                true => Failure::Unavailable(Unavailable::SessionLost { reason }),
                false => Failure::Ambiguous(Ambiguity::SessionLost { reason }),
            });
        }
        if is("INVALID_HANDLE.OPERATION_NOT_FOUND") {
            return self.judge_unknown();
        }
        if is("INVALID_HANDLE.OPERATION_ALREADY_EXISTS") {
            // It was put off, and is there after all.
            return Ok(None);
        }
        if is("INVALID_HANDLE.OPERATION_ABANDONED") {
            return Err(Failure::Ambiguous(Ambiguity::Abandoned { reason: refusal.message }));
        }
        if is("INVALID_CURSOR") {
            return Err(Failure::Ambiguous(Ambiguity::ResultLost { reason: refusal.message }));
        }
        if is("OPERATION_CANCELED") && self.stopping != Stopping::No {
            return Err(Failure::Interrupted(Interruption::Stopped));
        }
        if refusal.is_cut() || self.wants_place {
            request::complete(self.client, &mut refusal).await;
        }
        refusal.locate(self.statement);
        Err(Failure::Refused(refusal))
    }

    /// The server does not know the operation: it never came, or is gone.
    fn judge_unknown(&mut self) -> Result<Option<Duration>, Failure> {
        match (self.stopping, &self.sent) {
            (Stopping::Heard, _) => Err(Failure::Interrupted(Interruption::Stopped)),
            (Stopping::Asked, _) => Err(Failure::Interrupted(Interruption::MayBeRunning)),
            (Stopping::No, Sent::Maybe) if self.put_off => {
                self.sent = Sent::No;
                Ok(None)
            }
            (Stopping::No, Sent::No | Sent::Maybe) => Err(Failure::Ambiguous(Ambiguity::Unknown)),
            (Stopping::No, Sent::Taken { .. }) => Err(Failure::Ambiguous(Ambiguity::Forgotten)),
        }
    }

    /// Whether what the server now said is its whole answer to the plan.
    fn is_untouched(&self) -> bool {
        self.sending && self.sent == Sent::Maybe
    }

    fn give_up(&self, asked: Option<Duration>, last: String) -> Failure {
        let waited = self.backoff.waited();
        match (&self.sent, asked) {
            (Sent::No, None) => Failure::Unavailable(Unavailable::NotReached { waited, last }),
            (Sent::No, Some(_)) => Failure::Unavailable(Unavailable::Busy { reason: last }),
            (Sent::Maybe | Sent::Taken { .. }, _) => Failure::Ambiguous(Ambiguity::ConnectionLost { waited, last }),
        }
    }

    /// Asks the server to stop, and finds out whether it did. A server that does not even answer the first is left half of
    /// the time for the second.
    async fn stop(&mut self) -> Result<(), Failure> {
        if self.sent == Sent::No {
            return Err(Failure::Interrupted(Interruption::BeforeSent));
        }
        self.stopping = Stopping::Asked;
        self.backoff = Backoff::stop(self.client.patience());
        let (began, patience) = (Instant::now(), self.client.patience().stop);
        match tokio::time::timeout_at(began + patience / 2, request::interrupt(self.client, &self.id)).await {
            Ok(Ok(true)) => self.stopping = Stopping::Heard,
            Ok(Ok(false)) => tracing::debug!(operation = self.id, "the server knows nothing that it could stop"),
            Ok(Err(failure)) => tracing::debug!(operation = self.id, %failure, "the request to stop was not heard"),
            Err(_) => tracing::debug!(operation = self.id, "the request to stop was not answered"),
        }
        match tokio::time::timeout_at(began + patience, self.drive()).await {
            Err(_) | Ok(Err(Failure::Ambiguous(Ambiguity::ConnectionLost { .. }))) => {
                Err(Failure::Interrupted(Interruption::MayBeRunning))
            }
            Ok(ended) => ended,
        }
    }

    /// Nobody will attach again.
    fn finish(&mut self) {
        self.finished = true;
        if self.sent != Sent::No {
            let (client, id) = (self.client.clone(), self.id.clone());
            tokio::spawn(async move { request::release(&client, &id).await });
        }
    }

    fn execute_request(&self) -> proto::ExecutePlanRequest {
        let session = self.client.session();
        let reattach = request_option::RequestOption::ReattachOptions(proto::ReattachOptions { reattachable: true });
        proto::ExecutePlanRequest {
            session_id: session.id().to_owned(),
            client_observed_server_side_session_id: session.observed(),
            user_context: session.user(),
            operation_id: Some(self.id.clone()),
            plan: Some(self.plan.clone()),
            client_type: Some(CLIENT_TYPE.to_owned()),
            request_options: vec![RequestOption { request_option: Some(reattach) }],
            tags: Vec::new(),
        }
    }

    fn reattach_request(&self) -> proto::ReattachExecuteRequest {
        let session = self.client.session();
        let last_response_id = match &self.sent {
            Sent::Taken { last } => Some(last.clone()),
            Sent::No | Sent::Maybe => None,
        };
        proto::ReattachExecuteRequest {
            session_id: session.id().to_owned(),
            client_observed_server_side_session_id: session.observed(),
            user_context: session.user(),
            operation_id: self.id.clone(),
            client_type: Some(CLIENT_TYPE.to_owned()),
            last_response_id,
        }
    }
}

/// A future that is dropped leaves nothing running on the server.
impl Drop for Operation<'_> {
    fn drop(&mut self) {
        if self.finished || self.sent == Sent::No {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (client, id) = (self.client.clone(), self.id.clone());
            runtime.spawn(async move {
                if let Err(failure) = request::interrupt(&client, &id).await {
                    tracing::debug!(operation = id, %failure, "the request to stop was not heard");
                }
                request::release(&client, &id).await;
            });
        }
    }
}
