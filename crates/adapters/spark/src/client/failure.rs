//! What can become of a request, by what it means for what comes next.

use std::time::Duration;

use super::Refusal;

/// Why a request did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server refused it. Whether something happened before is told by the class: `DELTA_POST_COMMIT_HOOK_FAILED`
    /// comes after the change.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server may have done it, and can't be asked any more.
    #[error(transparent)]
    Ambiguous(Ambiguity),
    /// It never reached the server; nothing happened.
    #[error(transparent)]
    Unavailable(Unavailable),
    /// It was asked to stop.
    #[error(transparent)]
    Interrupted(Interruption),
}

/// What is not known of a request that was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ambiguity {
    /// The connection was lost after the request was sent, and no other could be made in time.
    #[error(
        "the connection was lost after the statement was sent, and {waited:.0?} were not enough to find the server again: {last}"
    )]
    ConnectionLost {
        /// How long it was tried.
        waited: Duration,
        /// The last trouble.
        last: String,
    },
    /// The session is gone, and with it what the server knew of its statements.
    #[error("the session ended on the server while the statement was under way: {reason}")]
    SessionLost {
        /// The server's words.
        reason: String,
    },
    /// The server does not know the statement, and never said anything about it.
    #[error("the connection was lost while the statement was sent, and the server does not know it now")]
    Unknown,
    /// The server took the statement, and has forgotten it.
    #[error("the server has forgotten a statement that it had taken")]
    Forgotten,
    /// The server stopped the statement because nobody listened.
    #[error("the server stopped the statement because nobody was connected for too long: {reason}")]
    Abandoned {
        /// The server's words.
        reason: String,
    },
    /// The statement ended, and its result is not there any more.
    #[error("the server has thrown away the result of the statement: {reason}")]
    ResultLost {
        /// The server's words.
        reason: String,
    },
    /// The server answers, but does not let us ask any more.
    #[error("access was denied while the statement was under way: {reason}")]
    Denied {
        /// Somebody's words.
        reason: String,
    },
    /// An answer that says nothing of the statement.
    #[error("the server's answer says nothing about the statement: {answer}")]
    Unclear {
        /// The answer.
        answer: String,
    },
}

/// Why a request never reached the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unavailable {
    /// There is no connection.
    #[error("the server could not be reached for {waited:.0?}: {last}")]
    NotReached {
        /// How long it was tried.
        waited: Duration,
        /// The last trouble.
        last: String,
    },
    /// The server has too much to do.
    #[error("the server asked to wait, longer than there is patience for: {reason}")]
    Busy {
        /// The server's words.
        reason: String,
    },
    /// The session is gone; another one has to be begun.
    #[error("the session has ended on the server: {reason}")]
    SessionLost {
        /// The server's words.
        reason: String,
    },
    /// The server does not let us in any more.
    #[error("access was denied: {reason}")]
    Denied {
        /// Somebody's words.
        reason: String,
    },
}

/// What is known of a request that was asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// It was not sent; nothing happened.
    #[error("stopped before the statement was sent")]
    BeforeSent,
    /// The server has stopped it. What it did before is done.
    #[error("the server stopped the statement; what it did before is done")]
    Stopped,
    /// The server did not say that it stopped.
    #[error("the statement was asked to stop, and may still be running on the server")]
    MayBeRunning,
}

impl Ambiguity {
    /// Whether the session goes on, so that the request can be made anew if it changes nothing.
    pub(super) fn session_is_there(&self) -> bool {
        match self {
            Self::Unknown | Self::Forgotten | Self::Abandoned { .. } | Self::ResultLost { .. } => true,
            Self::ConnectionLost { .. } | Self::SessionLost { .. } | Self::Denied { .. } | Self::Unclear { .. } => {
                false
            }
        }
    }
}

impl Failure {
    /// Whether the session is gone, so that another one has to be begun, and its settings made again.
    pub fn session_is_lost(&self) -> bool {
        matches!(
            self,
            Self::Ambiguous(Ambiguity::SessionLost { .. }) | Self::Unavailable(Unavailable::SessionLost { .. })
        )
    }

    /// The server's exception, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Ambiguous(_) | Self::Unavailable(_) | Self::Interrupted(_) => None,
        }
    }
}
