//! How commits of several writers are kept apart on `s3://`.
//!
//! Put-if-absent is a promise of the store there, and whether every writer of a table relies on it is the target's to say:
//! nobody can check that. Whether the store keeps it is tried before the first commit. Other kinds of URL promise it by
//! themselves, and are neither asked for nor tried.

use std::sync::PoisonError;

use delta_engine_application::port::{ErrorKind, ExecutionError, Relation, with_causes};
use url::{Position, Url};

use super::{Lake, LakeError, scratch};

/// How two writers of a table on `s3://` are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commits {
    /// The store refuses to put what is there already, and every writer relies on that.
    ConditionalPut,
    /// Every writer takes a lock in DynamoDB.
    DynamoDb,
    /// Nobody else writes.
    SingleWriter,
}

/// Commits are not kept apart, so nothing is written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitsError {
    /// Nothing says how.
    #[error("nothing says how two writers of `{url}` are kept apart")]
    Unstated {
        /// The folder.
        url: String,
    },
    /// The lock is gone.
    #[error(
        "`commits: dynamodb` can't be kept: delta-rs took its lock in DynamoDB out (crate deltalake-aws 1.0), and writes without it"
    )]
    NoLock,
    /// The store takes a second object where there is one.
    #[error(
        "the store of `{url}` does not keep two writers apart: {taken} of {tries} objects were taken under one scratch key, though each was to be put only if there was none"
    )]
    Overwrites {
        /// The folder.
        url: String,
        /// How many were taken.
        taken: usize,
        /// How many were put.
        tries: usize,
    },
    /// The option that switches conditional puts off is set.
    #[error("the option `aws_conditional_put: disabled` of `{url}` takes away what `commits: conditional-put` needs")]
    Disabled {
        /// The folder.
        url: String,
    },
    /// The store gave no answer that tells.
    #[error("failed to try on a scratch key whether the store of `{url}` keeps two writers apart: {why}")]
    Untried {
        /// The folder.
        url: String,
        /// The store's words.
        why: String,
    },
    /// The place can't be used.
    #[error("{why}")]
    Place {
        /// The words of the error.
        why: String,
        /// What to do about it.
        help: Option<String>,
    },
}

impl CommitsError {
    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        const STATE: &str = "commits: conditional-put, where every writer of these tables writes a version only if it is not there yet, or commits: single-writer, where nobody else writes them";
        match self {
            Self::Unstated { .. } => Some(format!("give it a target in delta-engine.yml and write there {STATE}")),
            Self::NoLock => Some(format!("write {STATE}")),
            Self::Overwrites { .. } => Some(
                "use a store that keeps them apart, or write commits: single-writer, where nobody else writes these tables"
                    .to_owned(),
            ),
            Self::Disabled { .. } => {
                Some("take the option out of `storage`, or write commits: single-writer, where nobody else writes".to_owned())
            }
            Self::Untried { .. } => Some("the key may need the right to put and delete below the target's url".to_owned()),
            Self::Place { help, .. } => help.clone(),
        }
    }

    /// Whether the same question gets the same answer.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Unstated { .. } | Self::NoLock | Self::Overwrites { .. } | Self::Disabled { .. } => true,
            Self::Untried { .. } | Self::Place { .. } => false,
        }
    }
}

impl From<LakeError> for CommitsError {
    fn from(error: LakeError) -> Self {
        Self::Place { why: with_causes(&error), help: error.help() }
    }
}

impl From<CommitsError> for ExecutionError {
    fn from(error: CommitsError) -> Self {
        let kind = if error.is_final() { ErrorKind::Refused } else { ErrorKind::Unavailable };
        Self { kind, message: error.to_string(), help: error.help(), source: None }
    }
}

impl Lake {
    /// The same lake, whose target says how two writers are kept apart; told before anything is read.
    ///
    /// # Errors
    /// Where they can't be kept apart in that way.
    pub fn with_commits(self, commits: Commits) -> Result<Self, CommitsError> {
        match commits {
            Commits::DynamoDb => Err(CommitsError::NoLock),
            Commits::ConditionalPut | Commits::SingleWriter => Ok(Self { commits: Some(commits), ..self }),
        }
    }

    /// Makes sure that commits to tables under the root are kept apart from those of other writers: on `s3://` the store
    /// is tried on a scratch key, once. Every commit asks for itself; callers ask to learn it earlier.
    ///
    /// # Errors
    /// Where they are not kept apart, or it can't be told.
    pub async fn check_commits(&self) -> Result<(), CommitsError> {
        self.check_commits_at(&self.root).await
    }

    /// As `check_commits`, for the bucket of a relation's table.
    pub(crate) async fn check_commits_to(&self, relation: &Relation) -> Result<(), CommitsError> {
        self.check_commits_at(&self.table_url(relation)?).await
    }

    async fn check_commits_at(&self, url: &Url) -> Result<(), CommitsError> {
        if !must_be_stated(url) {
            return Ok(());
        }
        let authority = url[..Position::BeforePath].to_owned();
        let asked = {
            let mut kept_apart = self.kept_apart.lock().unwrap_or_else(PoisonError::into_inner);
            kept_apart.entry(authority).or_default().clone()
        };
        let ask = async || match self.keep_apart(url).await {
            Err(error) if !error.is_final() => Err(error),
            answer => Ok(answer),
        };
        asked.get_or_try_init(ask).await?.clone()
    }

    async fn keep_apart(&self, url: &Url) -> Result<(), CommitsError> {
        // The root's folder where the table is in its bucket; for a table elsewhere the folder that it stands in.
        let is_below = url[..Position::BeforePath] == self.root[..Position::BeforePath];
        let folder = if is_below { self.root.clone() } else { url.join("..").unwrap_or_else(|_| url.clone()) };
        let shown = Self::display(&folder);
        match self.commits {
            None => Err(CommitsError::Unstated { url: shown }),
            Some(Commits::DynamoDb) => Err(CommitsError::NoLock),
            Some(Commits::SingleWriter) => Ok(()),
            Some(Commits::ConditionalPut) => {
                let (store, path) = self.store(&folder)?;
                scratch::try_out(store.as_ref(), &path, &shown).await
            }
        }
    }
}

/// Whether writers of this kind of URL have to be kept apart by a promise that not every store keeps.
fn must_be_stated(url: &Url) -> bool {
    matches!(url.scheme(), "s3" | "s3a")
}
