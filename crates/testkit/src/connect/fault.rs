//! What goes wrong, and when.

use std::time::Duration;

use super::Rpc;

/// A trouble of the server or of the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every connection breaks.
    Cut,
    /// The stream ends well, but before the operation: what Spark does after `senderMaxStreamDuration`.
    End,
    /// `UNAVAILABLE`, as a proxy says it.
    Unavailable,
    /// `INVALID_CURSOR.DISCONNECTED`: another stream took the operation over.
    Disconnected,
    /// `RESOURCE_EXHAUSTED` with the time to wait.
    Throttle(Duration),
    /// `RESOURCE_EXHAUSTED`, and nobody says for how long.
    Busy,
    /// Nothing more is said, and the connection stays as it is.
    Hang,
    /// The server closes the session, and stops what runs in it.
    LoseSession,
    /// The server is started anew and knows nothing; every connection breaks.
    Restart,
    /// The server forgets the operations that it has, as if they had never come. Spark keeps a tombstone for each, so this
    /// is not among those that a client must survive without a mistake.
    ForgetOperations,
}

impl Fault {
    /// Every kind that happens to a server that keeps the protocol and goes on answering, with a short wait.
    pub const ALL: [Self; 8] = [
        Self::Cut,
        Self::End,
        Self::Unavailable,
        Self::Disconnected,
        Self::Throttle(Duration::from_millis(20)),
        Self::Busy,
        Self::LoseSession,
        Self::Restart,
    ];
}

/// Where something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A request came in; nothing was done about it.
    Asked(Rpc),
    /// A plan was accepted and is under way; nothing was said about it.
    Accepted,
    /// This message, from 0, is about to be sent on a stream.
    Message(usize),
    /// The last message was sent, the stream's end was not.
    Said,
}

/// The schedule of faults: asked at every moment, in their order.
pub struct Faults(Box<dyn FnMut(Moment) -> Option<Fault> + Send>);

impl Faults {
    /// Whatever the function says.
    pub fn new(next: impl FnMut(Moment) -> Option<Fault> + Send + 'static) -> Self {
        Self(Box::new(next))
    }

    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::new(|_| None)
    }

    /// At the moment with this number, from 0, among those of running plans: asking for one, its streams, its release.
    pub fn at(number: usize, fault: Fault) -> Self {
        Self::at_each([(number, fault)])
    }

    /// At each of these moments.
    pub fn at_each(faults: impl IntoIterator<Item = (usize, Fault)>) -> Self {
        let faults: std::collections::BTreeMap<usize, Fault> = faults.into_iter().collect();
        let mut number = 0;
        Self::new(move |moment| {
            let counts = match moment {
                Moment::Asked(Rpc::ExecutePlan | Rpc::ReattachExecute) => true,
                Moment::Accepted | Moment::Message(_) | Moment::Said => true,
                Moment::Asked(_) => false,
            };
            if !counts {
                return None;
            }
            number += 1;
            faults.get(&(number - 1)).copied()
        })
    }

    pub(super) fn next(&mut self, moment: Moment) -> Option<Fault> {
        self.0(moment)
    }
}
