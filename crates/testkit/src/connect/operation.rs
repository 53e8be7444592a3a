//! An operation: what it said so far, for every stream that attaches to it.

use delta_engine_spark_proto as proto;
use proto::execute_plan_response::{ArrowBatch, ResponseType, ResultComplete, SqlCommandResult};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::Refused;
use super::reply::{Ask, Says};

/// A plan that was accepted.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) session: String,
    pub(super) server_side: String,
    pub(super) plan: Option<proto::Plan>,
    pub(super) ask: Ask,
    /// Cancelled when it is asked to stop.
    pub(super) stopped: CancellationToken,
    said: watch::Sender<Said>,
}

/// What an operation said.
#[derive(Default)]
struct Said {
    responses: Vec<proto::ExecutePlanResponse>,
    failed: Option<Status>,
}

/// What a stream has to send next.
pub(super) enum Next {
    Message(Box<proto::ExecutePlanResponse>),
    Failure(Status),
}

impl Operation {
    pub(super) fn new(request: proto::ExecutePlanRequest, server_side: String, ask: Ask) -> Self {
        Self {
            id: request.operation_id.unwrap_or_else(|| Uuid::new_v4().to_string()),
            session: request.session_id,
            server_side,
            plan: request.plan,
            ask,
            stopped: CancellationToken::new(),
            said: watch::Sender::new(Said::default()),
        }
    }

    /// Says all of an answer. What was said or stopped before stays.
    pub(super) fn say(&self, says: Says, error_id: &str) {
        match says {
            Says::Rows(batches) => {
                let messages = match &self.ask {
                    Ask::Statement(_) => vec![command_result(&batches)],
                    Ask::Query(_) | Ask::Files { .. } | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) => {
                        arrow_batches(&batches)
                    }
                };
                let complete = ResponseType::ResultComplete(ResultComplete {});
                let responses = messages.into_iter().chain([complete]).map(|message| self.response(message)).collect();
                self.finish(Said { responses, failed: None });
            }
            Says::Refused(refused) => self.fail(&refused, error_id),
            Says::Schema(_) => self.fail(&Refused::new("SCRIPT_ERROR", "a schema is no answer to a plan"), error_id),
        }
    }

    pub(super) fn fail(&self, refused: &Refused, error_id: &str) {
        self.finish(Said { responses: Vec::new(), failed: Some(refused.status(error_id)) });
    }

    fn finish(&self, all: Said) {
        self.said.send_if_modified(|said| {
            let first = said.responses.is_empty() && said.failed.is_none();
            if first {
                *said = all;
            }
            first
        });
    }

    /// Waits for what comes at a place.
    pub(super) async fn next(&self, at: usize) -> Next {
        let mut said = self.said.subscribe();
        // The sender lives as long as the operation does.
        let found = said.wait_for(|said| said.responses.len() > at || said.failed.is_some()).await;
        match found.as_deref() {
            Ok(Said { responses, failed }) => match (responses.get(at), failed) {
                (Some(message), _) => Next::Message(Box::new(message.clone())),
                (None, Some(status)) => Next::Failure(status.clone()),
                (None, None) => Next::Failure(Status::internal("nothing was said")),
            },
            Err(_) => Next::Failure(Status::internal("the operation is gone")),
        }
    }

    /// The place after a message.
    pub(super) fn place_after(&self, response_id: &str) -> Option<usize> {
        let said = self.said.borrow();
        said.responses.iter().position(|response| response.response_id == response_id).map(|at| at + 1)
    }

    fn response(&self, message: ResponseType) -> proto::ExecutePlanResponse {
        proto::ExecutePlanResponse {
            session_id: self.session.clone(),
            server_side_session_id: self.server_side.clone(),
            operation_id: self.id.clone(),
            response_id: Uuid::new_v4().to_string(),
            response_type: Some(message),
            ..Default::default()
        }
    }
}

/// What Spark answers to a command: a relation that holds the rows.
fn command_result(batches: &[arrow_array::RecordBatch]) -> ResponseType {
    let data = batches.first().map(stream);
    let local = proto::LocalRelation { data, schema: None };
    let rel_type = Some(proto::relation::RelType::LocalRelation(local));
    ResponseType::SqlCommandResult(SqlCommandResult { relation: Some(proto::Relation { common: None, rel_type }) })
}

fn arrow_batches(batches: &[arrow_array::RecordBatch]) -> Vec<ResponseType> {
    let mut offset = 0;
    let mut messages = Vec::new();
    for batch in batches {
        let row_count = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        let message = ArrowBatch { row_count, data: stream(batch), start_offset: Some(offset), ..Default::default() };
        offset += row_count;
        messages.push(ResponseType::ArrowBatch(message));
    }
    messages
}

/// A batch as an Arrow stream of its own.
#[expect(clippy::expect_used, reason = "writing a batch to memory does not fail")]
fn stream(batch: &arrow_array::RecordBatch) -> tonic::codegen::Bytes {
    let schema = batch.schema();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &schema).expect("in memory");
    writer.write(batch).expect("in memory");
    writer.into_inner().expect("in memory").into()
}
