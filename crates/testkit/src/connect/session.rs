//! What the server knows: sessions, operations, exceptions. All of it is gone when it is started anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use delta_engine_spark_proto as proto;
use tonic::Status;
use uuid::Uuid;

use super::Refused;
use super::operation::Operation;

/// A session.
pub(super) struct Session {
    /// What the server calls it.
    pub(super) server_side: String,
    pub(super) settings: BTreeMap<String, String>,
    /// Exceptions by their ids.
    errors: BTreeMap<String, Refused>,
}

/// The memory of one life of the server.
#[derive(Default)]
pub(super) struct Memory {
    sessions: BTreeMap<String, Session>,
    closed: BTreeSet<String>,
    operations: BTreeMap<String, Arc<Operation>>,
    /// Operations that were stopped because their session ended.
    abandoned: BTreeSet<String>,
    /// Operations that were released.
    finished: BTreeSet<String>,
}

/// What becomes of a plan that comes in.
pub(super) enum Arrival {
    /// It is new.
    New(Arc<Operation>),
    /// It came before.
    Known(Arc<Operation>),
}

impl Memory {
    /// The session of a name, made where there is none (`getOrCreateIsolatedSession`).
    pub(super) fn session(&mut self, id: &str, observed: Option<&String>) -> Result<&mut Session, Status> {
        if self.closed.contains(id) {
            return Err(handle("SESSION_CLOSED", id));
        }
        let session = self.sessions.entry(id.to_owned()).or_insert_with(|| Session {
            server_side: Uuid::new_v4().to_string(),
            settings: BTreeMap::new(),
            errors: BTreeMap::new(),
        });
        match observed {
            Some(observed) if *observed != session.server_side => Err(handle("SESSION_CHANGED", id)),
            Some(_) | None => Ok(session),
        }
    }

    /// The session of a name, which must be there (`getIsolatedSession`).
    pub(super) fn existing(&mut self, id: &str, observed: Option<&String>) -> Result<&mut Session, Status> {
        if !self.sessions.contains_key(id) && !self.closed.contains(id) {
            return Err(handle("SESSION_NOT_FOUND", id));
        }
        self.session(id, observed)
    }

    /// Takes a plan in, or finds the operation that it is (`SparkConnectExecutePlanHandler`).
    pub(super) fn arrive(&mut self, operation: Operation, remembers: bool) -> Result<Arrival, Status> {
        let id = operation.id.clone();
        if let Some(known) = self.operations.get(&id) {
            return match known.plan == operation.plan {
                true => Ok(Arrival::Known(Arc::clone(known))),
                false => Err(handle("OPERATION_ALREADY_EXISTS", &id)),
            };
        }
        if self.abandoned.contains(&id) {
            return Err(handle("OPERATION_ABANDONED", &id));
        }
        if remembers && self.finished.contains(&id) {
            return Err(handle("OPERATION_ALREADY_EXISTS", &id));
        }
        let operation = Arc::new(operation);
        self.operations.insert(id, Arc::clone(&operation));
        Ok(Arrival::New(operation))
    }

    /// The operation to attach to (`SparkConnectReattachExecuteHandler`).
    pub(super) fn operation(&self, id: &str) -> Result<Arc<Operation>, Status> {
        match self.operations.get(id) {
            Some(operation) => Ok(Arc::clone(operation)),
            None if self.abandoned.contains(id) => Err(handle("OPERATION_ABANDONED", id)),
            None => Err(handle("OPERATION_NOT_FOUND", id)),
        }
    }

    /// Nobody will come back for it; one that runs is stopped.
    pub(super) fn release(&mut self, id: &str) {
        if let Some(operation) = self.operations.remove(id) {
            operation.stopped.cancel();
            self.finished.insert(id.to_owned());
        }
    }

    /// Ends a session and what runs in it.
    pub(super) fn close(&mut self, id: &str) {
        self.sessions.remove(id);
        self.closed.insert(id.to_owned());
        let gone: Vec<String> =
            self.operations.values().filter(|operation| operation.session == id).map(|it| it.id.clone()).collect();
        for operation in gone.iter().filter_map(|id| self.operations.remove(id)) {
            operation.stopped.cancel();
        }
        self.abandoned.extend(gone);
    }

    /// Loses the operations, running or not.
    pub(super) fn forget_operations(&mut self) {
        for operation in std::mem::take(&mut self.operations).into_values() {
            operation.stopped.cancel();
        }
    }

    /// Keeps an exception, to be asked about.
    pub(super) fn keep_error(&mut self, session: &str, refused: &Refused) -> String {
        let id = Uuid::new_v4().to_string();
        if let Some(session) = self.sessions.get_mut(session) {
            session.errors.insert(id.clone(), refused.clone());
        }
        id
    }
}

impl Session {
    /// What there is to know of an exception.
    pub(super) fn details(&self, id: &str, error_id: &str) -> proto::FetchErrorDetailsResponse {
        let error = self.errors.get(error_id).map(Refused::details);
        proto::FetchErrorDetailsResponse {
            server_side_session_id: self.server_side.clone(),
            session_id: id.to_owned(),
            root_error_idx: error.is_some().then_some(0),
            errors: error.into_iter().collect(),
        }
    }
}

/// A handle that leads nowhere.
fn handle(subclass: &str, handle: &str) -> Status {
    let refused = Refused {
        class: Some(format!("INVALID_HANDLE.{subclass}")),
        sqlstate: Some("HY000".to_owned()),
        message: format!("The handle {handle} is invalid."),
        parameters: [("handle".to_owned(), handle.to_owned())].into(),
        position: None,
    };
    refused.status(&Uuid::new_v4().to_string())
}
