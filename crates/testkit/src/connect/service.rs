//! The protocol: each request as Spark's server answers it, with whatever goes wrong on the way.

use std::sync::Arc;

use delta_engine_spark_proto as proto;
use proto::analyze_plan_request::Analyze;
use proto::analyze_plan_response::{InputFiles, Result as Analyzed, Schema, SparkVersion};
use proto::config_request::operation::OpType;
use proto::execute_plan_response::ResponseType;
use proto::spark_connect_service_server::SparkConnectService;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt};

use super::operation::{Next, Operation};
use super::reply::Says;
use super::server::Shared;
use super::session::Arrival;
use super::{Accepted, Ask, Entry, Fault, Moment, Refused, Rpc};

type Messages = ReceiverStream<Result<proto::ExecutePlanResponse, Status>>;

pub(super) struct Service {
    shared: Arc<Shared>,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Writes a request down, lets it wait, and lets something go wrong.
    async fn ask<T>(
        &self,
        rpc: Rpc,
        request: &Request<T>,
        session: &str,
        operation: Option<&str>,
    ) -> Result<(), Status> {
        let conduct = &self.shared.conduct;
        self.shared.wait().await;
        let headers = request.metadata().clone().into_headers();
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let named = headers
            .keys()
            .filter(|name| name.as_str().starts_with("x-") || *name == "authorization" || *name == "user-agent");
        let entry = Entry {
            rpc,
            session: session.to_owned(),
            operation: operation.map(str::to_owned),
            headers: named.filter_map(|name| Some((name.to_string(), header(name.as_str())?.to_owned()))).collect(),
        };
        let fault = {
            let mut state = self.shared.state();
            state.journal.asked.push(entry);
            state.moment(Moment::Asked(rpc), session)
        };
        let allowed = |token: &String| header("authorization") == Some(&format!("Bearer {token}"));
        if !conduct.token.as_ref().is_none_or(allowed) {
            return Err(Status::unauthenticated("Invalid authentication token"));
        }
        match fault {
            // What the server forgot is found out below.
            None | Some(Fault::LoseSession | Fault::ForgetOperations) => Ok(()),
            Some(Fault::Hang) => std::future::pending().await,
            Some(fault) => Err(said_of(fault)),
        }
    }

    /// Streams what an operation says, from a place on.
    fn stream(&self, operation: Arc<Operation>, at: usize) -> Response<Messages> {
        let (sender, receiver) = mpsc::channel(1);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            // Nobody listens any more: that is the client's right.
            let _ = send(&shared, &operation, at, &sender).await;
        });
        Response::new(ReceiverStream::new(receiver))
    }
}

/// Sends message after message. An error means that nobody listens.
async fn send(
    shared: &Shared,
    operation: &Operation,
    mut at: usize,
    sender: &mpsc::Sender<Result<proto::ExecutePlanResponse, Status>>,
) -> Result<(), mpsc::error::SendError<Result<proto::ExecutePlanResponse, Status>>> {
    let ends = shared.conduct.longest_stream.map(|longest| Instant::now() + longest);
    let session = &operation.session;
    let mut sent = 0;
    loop {
        let next = match ends {
            Some(ends) => match tokio::time::timeout_at(ends, operation.next(at)).await {
                Ok(next) => next,
                Err(_) => return Ok(()),
            },
            None => operation.next(at).await,
        };
        let fault = shared.state().moment(Moment::Message(sent), session);
        match fault {
            None => {}
            Some(Fault::End) => return Ok(()),
            Some(Fault::Hang) => {
                sender.closed().await;
                return Ok(());
            }
            Some(fault) => return sender.send(Err(said_of(fault))).await,
        }
        let message = match next {
            Next::Message(message) => *message,
            Next::Failure(status) => return sender.send(Err(status)).await,
        };
        let last = matches!(message.response_type, Some(ResponseType::ResultComplete(_)));
        sender.send(Ok(message)).await?;
        at += 1;
        sent += 1;
        if last {
            let fault = shared.state().moment(Moment::Said, session);
            return match fault {
                None | Some(Fault::End) => Ok(()),
                Some(Fault::Hang) => {
                    sender.closed().await;
                    Ok(())
                }
                Some(fault) => sender.send(Err(said_of(fault))).await,
            };
        }
    }
}

/// What a request or stream says when this happens to it.
fn said_of(fault: Fault) -> Status {
    match fault {
        Fault::Cut | Fault::Restart | Fault::End | Fault::Unavailable | Fault::ForgetOperations | Fault::Hang => {
            Status::unavailable("told so by the script")
        }
        Fault::Busy => Status::resource_exhausted("too many requests"),
        // A session that ends interrupts the streams of its operations (`ExecuteGrpcResponseSender`); that it is gone is
        // what the next request is told.
        Fault::Disconnected | Fault::LoseSession => {
            Refused::new("INVALID_CURSOR.DISCONNECTED", "The cursor has been disconnected.").status("")
        }
        Fault::Throttle(wait) => {
            let details = ErrorDetails::with_retry_info(Some(wait));
            Status::with_error_details(Code::ResourceExhausted, "too many requests", details)
        }
    }
}

/// The texts of the first column.
fn first_column(rows: &[arrow_array::RecordBatch]) -> Vec<String> {
    let columns = rows.iter().filter(|batch| batch.num_columns() > 0).map(|batch| batch.column(0));
    let texts = columns.filter_map(|column| arrow_array::cast::AsArray::as_string_opt::<i32>(column.as_ref()));
    texts.flat_map(|texts| texts.iter().flatten().map(str::to_owned)).collect()
}

/// Runs a plan that was accepted: once, to its end or until it is stopped.
async fn run(shared: Arc<Shared>, operation: Arc<Operation>) {
    let duration = shared.conduct.duration;
    if !duration.is_zero() {
        tokio::select! {
            biased;
            () = operation.stopped.cancelled() => {
                let canceled = Refused::new("OPERATION_CANCELED", "Operation has been canceled.");
                let error_id = shared.state().memory.keep_error(&operation.session, &canceled);
                return operation.fail(&canceled, &error_id);
            }
            () = tokio::time::sleep(duration) => {}
        }
    }
    let (says, error_id) = {
        let mut state = shared.state();
        let says = state.script.reply(&operation.ask).says;
        let error_id = match &says {
            Says::Refused(refused) => state.memory.keep_error(&operation.session, refused),
            Says::Rows(_) | Says::Schema(_) => {
                state.journal.ran.push(operation.ask.text());
                String::new()
            }
        };
        (says, error_id)
    };
    operation.say(says, &error_id);
}

#[tonic::async_trait]
impl SparkConnectService for Service {
    type ExecutePlanStream = Messages;
    type ReattachExecuteStream = Messages;

    async fn execute_plan(&self, request: Request<proto::ExecutePlanRequest>) -> Result<Response<Messages>, Status> {
        let (session, operation) = (request.get_ref().session_id.clone(), request.get_ref().operation_id.clone());
        self.ask(Rpc::ExecutePlan, &request, &session, operation.as_deref()).await?;
        let request = request.into_inner();
        let ask = Ask::of_plan(request.plan.as_ref())
            .ok_or_else(|| Status::unimplemented("the scripted server runs SQL, reads files, and does nothing else"))?;
        let arrived = {
            let mut state = self.shared.state();
            let observed = request.client_observed_server_side_session_id.clone();
            let server_side = state.memory.session(&session, observed.as_ref())?.server_side.clone();
            let operation = Operation::new(request, server_side, ask);
            let arrival = state.memory.arrive(operation, self.shared.conduct.remembers_finished)?;
            if let Arrival::New(operation) = &arrival {
                let (operation, statement) = (operation.id.clone(), operation.ask.text());
                state.journal.accepted.push(Accepted { operation, statement });
            }
            arrival
        };
        let operation = match arrived {
            Arrival::Known(operation) => operation,
            Arrival::New(operation) => {
                let running = run(Arc::clone(&self.shared), Arc::clone(&operation));
                if self.shared.conduct.duration.is_zero() {
                    running.await
                } else {
                    drop(tokio::spawn(running))
                }
                operation
            }
        };
        let fault = self.shared.state().moment(Moment::Accepted, &session);
        match fault {
            None => Ok(self.stream(operation, 0)),
            Some(Fault::Hang) => std::future::pending().await,
            Some(fault) => Err(said_of(fault)),
        }
    }

    async fn reattach_execute(
        &self,
        request: Request<proto::ReattachExecuteRequest>,
    ) -> Result<Response<Messages>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::ReattachExecute, &request, &asked.session_id, Some(&asked.operation_id)).await?;
        let operation = {
            let mut state = self.shared.state();
            state.memory.existing(&asked.session_id, asked.client_observed_server_side_session_id.as_ref())?;
            state.memory.operation(&asked.operation_id)?
        };
        let at = match &asked.last_response_id {
            None => 0,
            Some(last) => operation
                .place_after(last)
                .ok_or_else(|| Refused::new("INVALID_CURSOR.POSITION_NOT_FOUND", "no such response").status(""))?,
        };
        Ok(self.stream(operation, at))
    }

    async fn release_execute(
        &self,
        request: Request<proto::ReleaseExecuteRequest>,
    ) -> Result<Response<proto::ReleaseExecuteResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::ReleaseExecute, &request, &asked.session_id, Some(&asked.operation_id)).await?;
        let mut state = self.shared.state();
        let observed = asked.client_observed_server_side_session_id.as_ref();
        let server_side_session_id = state.memory.existing(&asked.session_id, observed)?.server_side.clone();
        state.memory.release(&asked.operation_id);
        let (session_id, operation_id) = (asked.session_id.clone(), Some(asked.operation_id.clone()));
        Ok(Response::new(proto::ReleaseExecuteResponse { session_id, server_side_session_id, operation_id }))
    }

    async fn analyze_plan(
        &self,
        request: Request<proto::AnalyzePlanRequest>,
    ) -> Result<Response<proto::AnalyzePlanResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::AnalyzePlan, &request, &asked.session_id, None).await?;
        let mut state = self.shared.state();
        let observed = asked.client_observed_server_side_session_id.as_ref();
        let server_side_session_id = state.memory.session(&asked.session_id, observed)?.server_side.clone();
        let result = match &asked.analyze {
            Some(Analyze::SparkVersion(_)) => {
                Analyzed::SparkVersion(SparkVersion { version: self.shared.conduct.version.clone() })
            }
            Some(Analyze::Schema(schema)) => {
                let ask = Ask::of_schema(schema.plan.as_ref())
                    .ok_or_else(|| Status::unimplemented("the scripted server knows schemas of tables and SQL"))?;
                match state.script.reply(&ask).says {
                    Says::Schema(schema) => Analyzed::Schema(Schema { schema: Some(*schema) }),
                    Says::Refused(refused) => {
                        let error_id = state.memory.keep_error(&asked.session_id, &refused);
                        return Err(refused.status(&error_id));
                    }
                    Says::Rows(_) => return Err(Refused::new("SCRIPT_ERROR", "rows are no schema").status("")),
                }
            }
            Some(Analyze::InputFiles(asked)) => {
                let ask = Ask::of_plan(asked.plan.as_ref())
                    .ok_or_else(|| Status::unimplemented("the scripted server knows files by their paths"))?;
                match state.script.reply(&ask).says {
                    Says::Rows(rows) => Analyzed::InputFiles(InputFiles { files: first_column(&rows) }),
                    Says::Refused(refused) => {
                        let error_id = state.memory.keep_error(&request.get_ref().session_id, &refused);
                        return Err(refused.status(&error_id));
                    }
                    Says::Schema(_) => return Err(Refused::new("SCRIPT_ERROR", "a schema is no file").status("")),
                }
            }
            Some(_) | None => return Err(Status::unimplemented("the scripted server does not analyze this")),
        };
        let session_id = asked.session_id.clone();
        Ok(Response::new(proto::AnalyzePlanResponse { session_id, server_side_session_id, result: Some(result) }))
    }

    async fn config(&self, request: Request<proto::ConfigRequest>) -> Result<Response<proto::ConfigResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::Config, &request, &asked.session_id, None).await?;
        let conduct = &self.shared.conduct;
        let mut state = self.shared.state();
        let observed = asked.client_observed_server_side_session_id.as_ref();
        let session = state.memory.session(&asked.session_id, observed)?;
        let pair = |key: &str, value: Option<String>| proto::KeyValue { key: key.to_owned(), value };
        let hidden = |key: &str| {
            let refused = Refused::new("CONFIG_NOT_AVAILABLE", &format!("Configuration {key} is not available."));
            if conduct.hidden_settings.contains(key) { Err(refused.status("")) } else { Ok(()) }
        };
        let fixed = |key: &String| {
            let refused = Refused::new("CANNOT_MODIFY_CONFIG", &format!("Cannot modify the value of `{key}`."));
            if conduct.fixed_settings.contains(key) { Err(refused.status("")) } else { Ok(()) }
        };
        let pairs = match asked.operation.as_ref().and_then(|operation| operation.op_type.as_ref()) {
            Some(OpType::Set(set)) => {
                for proto::KeyValue { key, value } in &set.pairs {
                    fixed(key)?;
                    session.settings.insert(key.clone(), value.clone().unwrap_or_default());
                }
                Vec::new()
            }
            Some(OpType::Unset(unset)) => {
                for key in &unset.keys {
                    fixed(key)?;
                    session.settings.remove(key);
                }
                Vec::new()
            }
            Some(OpType::GetOption(get)) => {
                get.keys.iter().try_for_each(|key| hidden(key))?;
                let value = |key: &String| session.settings.get(key).or_else(|| conduct.settings.get(key)).cloned();
                get.keys.iter().map(|key| pair(key, value(key))).collect()
            }
            Some(OpType::GetAll(get)) => {
                hidden(get.prefix())?;
                let mut all = conduct.settings.clone();
                all.extend(session.settings.clone());
                let prefix = get.prefix();
                let short = |(key, value): (String, String)| Some(pair(key.strip_prefix(prefix)?, Some(value)));
                all.into_iter().filter_map(short).collect()
            }
            Some(OpType::Get(_) | OpType::GetWithDefault(_) | OpType::IsModifiable(_)) | None => {
                return Err(Status::unimplemented("the scripted server does not configure this"));
            }
        };
        let server_side_session_id = session.server_side.clone();
        let session_id = asked.session_id.clone();
        Ok(Response::new(proto::ConfigResponse { session_id, server_side_session_id, pairs, warnings: Vec::new() }))
    }

    async fn interrupt(
        &self,
        request: Request<proto::InterruptRequest>,
    ) -> Result<Response<proto::InterruptResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::Interrupt, &request, &asked.session_id, None).await?;
        let mut state = self.shared.state();
        let observed = asked.client_observed_server_side_session_id.as_ref();
        let server_side_session_id = state.memory.session(&asked.session_id, observed)?.server_side.clone();
        let operation = match &asked.interrupt {
            Some(proto::interrupt_request::Interrupt::OperationId(id)) => state.memory.operation(id).ok(),
            Some(proto::interrupt_request::Interrupt::OperationTag(_)) | None => None,
        };
        if let Some(operation) = &operation {
            operation.stopped.cancel();
        }
        let interrupted_ids = operation.iter().map(|operation| operation.id.clone()).collect();
        let session_id = asked.session_id.clone();
        Ok(Response::new(proto::InterruptResponse { session_id, server_side_session_id, interrupted_ids }))
    }

    async fn fetch_error_details(
        &self,
        request: Request<proto::FetchErrorDetailsRequest>,
    ) -> Result<Response<proto::FetchErrorDetailsResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::FetchErrorDetails, &request, &asked.session_id, None).await?;
        let mut state = self.shared.state();
        let observed = asked.client_observed_server_side_session_id.as_ref();
        let session = state.memory.existing(&asked.session_id, observed)?;
        Ok(Response::new(session.details(&asked.session_id, &asked.error_id)))
    }

    async fn release_session(
        &self,
        request: Request<proto::ReleaseSessionRequest>,
    ) -> Result<Response<proto::ReleaseSessionResponse>, Status> {
        let asked = request.get_ref();
        self.ask(Rpc::ReleaseSession, &request, &asked.session_id, None).await?;
        self.shared.state().memory.close(&asked.session_id);
        let session_id = asked.session_id.clone();
        Ok(Response::new(proto::ReleaseSessionResponse { session_id, ..Default::default() }))
    }

    async fn add_artifacts(
        &self,
        _: Request<Streaming<proto::AddArtifactsRequest>>,
    ) -> Result<Response<proto::AddArtifactsResponse>, Status> {
        Err(Status::unimplemented("the scripted server takes no artifacts"))
    }

    async fn artifact_status(
        &self,
        _: Request<proto::ArtifactStatusesRequest>,
    ) -> Result<Response<proto::ArtifactStatusesResponse>, Status> {
        Err(Status::unimplemented("the scripted server takes no artifacts"))
    }

    async fn clone_session(
        &self,
        _: Request<proto::CloneSessionRequest>,
    ) -> Result<Response<proto::CloneSessionResponse>, Status> {
        Err(Status::unimplemented("the scripted server clones no sessions"))
    }

    async fn get_status(
        &self,
        _: Request<proto::GetStatusRequest>,
    ) -> Result<Response<proto::GetStatusResponse>, Status> {
        Err(Status::unimplemented("the scripted server tells no states"))
    }
}
