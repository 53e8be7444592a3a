//! Who asks: the ids that name a session, ours and the server's.
//!
//! The server's own id is remembered from its first answer and sent along from then on: a server that was started anew says
//! that the session is another one, instead of beginning an empty one under the old name.

use std::sync::OnceLock;

use delta_engine_spark_proto as proto;
use uuid::Uuid;

use super::Address;

/// A session as both sides know it.
#[derive(Debug)]
pub(super) struct Session {
    id: String,
    user_id: String,
    /// Whether it was begun here, and ends here.
    ours: bool,
    /// What the server calls it; empty where the server has no such name (Sail).
    server_side: OnceLock<String>,
}

/// What names the client to the server's log.
pub(super) const CLIENT_TYPE: &str = concat!("delta-engine/", env!("CARGO_PKG_VERSION"));

impl Session {
    pub(super) fn new(address: &Address) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let user_id = address
            .user_id()
            .map(str::to_owned)
            .or_else(|| variable("SPARK_USER"))
            .or_else(|| variable("USER"))
            .unwrap_or_else(|| "delta-engine".to_owned());
        let id = address.session_id();
        Self {
            id: id.unwrap_or_else(Uuid::new_v4).to_string(),
            user_id,
            ours: id.is_none(),
            server_side: OnceLock::new(),
        }
    }

    /// A new session of the same user.
    pub(super) fn successor(&self) -> Self {
        let id = Uuid::new_v4().to_string();
        Self { id, user_id: self.user_id.clone(), ours: true, server_side: OnceLock::new() }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn is_ours(&self) -> bool {
        self.ours
    }

    pub(super) fn user(&self) -> Option<proto::UserContext> {
        let (user_id, user_name) = (self.user_id.clone(), self.user_id.clone());
        Some(proto::UserContext { user_id, user_name, extensions: Vec::new() })
    }

    /// What the server called the session in its answers so far.
    pub(super) fn observed(&self) -> Option<String> {
        self.server_side.get().filter(|id| !id.is_empty()).cloned()
    }

    /// Whether an answer comes from the session it was asked of; the first one says which that is.
    pub(super) fn is_of(&self, id: &str, server_side: &str) -> bool {
        // An answer that names no session contradicts none.
        let same = |ours: &str, theirs: &str| ours.is_empty() || theirs.is_empty() || ours == theirs;
        same(&self.id, id) && same(self.server_side.get_or_init(|| server_side.to_owned()), server_side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_another_session_are_found() {
        let session = Session::new(&Address::parse("sc://h/;user_id=me").unwrap());
        let id = session.id().to_owned();
        assert_eq!(session.observed(), None);
        let asked: Vec<bool> = ["a", "a", "", "b"].iter().map(|server_side| session.is_of(&id, server_side)).collect();
        assert_eq!((asked, session.observed()), (vec![true, true, true, false], Some("a".to_owned())));
        assert!(!session.is_of("another", "a"));
    }

    #[test]
    fn a_named_session_is_not_ours_to_end() {
        let url = "sc://h/;user_id=me;session_id=5c2f3a3e-8d3e-4a52-9a0c-3f1d6c1b7e10";
        let session = Session::new(&Address::parse(url).unwrap());
        assert_eq!((session.is_ours(), session.id()), (false, "5c2f3a3e-8d3e-4a52-9a0c-3f1d6c1b7e10"));
        assert!(session.successor().is_ours());
    }
}
