//! Exit codes, as docs/reference/exit-codes.md lists them.

use std::process::ExitCode;

use delta_engine::Status;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done,
    /// Nothing, or nothing more, could be done; also a declined prompt.
    Error,
    /// Changes are pending, and the caller wants to know.
    Pending,
    /// Findings hold tables back.
    Blocked,
    /// Tables changed since the plan.
    Stale,
    /// Some of what was to be done was done.
    Partly,
    /// The command line is wrong.
    Usage,
    /// The project file or the definitions are wrong.
    Configuration,
    /// Stopped.
    Interrupted,
}

impl Exit {
    /// The exit of a run that ended so; pending changes are told apart only where that is asked for.
    pub(crate) fn of(status: Status, detailed: bool) -> Self {
        match status {
            Status::Interrupted => Self::Interrupted,
            Status::PartlyApplied => Self::Partly,
            Status::Stale => Self::Stale,
            Status::Blocked => Self::Blocked,
            Status::Failed => Self::Error,
            Status::ChangesPending if detailed => Self::Pending,
            Status::ChangesPending | Status::InSync => Self::Done,
        }
    }

    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Pending => 2,
            Self::Blocked => 3,
            Self::Stale => 4,
            Self::Partly => 5,
            Self::Usage => 64,
            Self::Configuration => 78,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
