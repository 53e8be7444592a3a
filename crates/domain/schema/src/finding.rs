//! What review or a backend says about a plan.

use std::fmt;

use crate::model::Subject;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know; nothing is held up.
    Note,
    /// Worth a thought; nothing is held up.
    Warning,
    /// Possible and dangerous: the table is blocked until a permission names it.
    Hazard,
    /// Never possible or never safe: the table is blocked.
    Rejection,
}

/// One thing that review or a backend says about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, such as `DE305`.
    pub code: &'static str,
    /// Stable name, such as `drop-column`.
    pub name: &'static str,
    /// How grave it is, after policy.
    pub severity: Severity,
    /// What it is about.
    pub subject: Subject,
    /// What is refused or dangerous, and why.
    pub message: String,
    /// The way out: a command or a line to write.
    pub help: Option<String>,
    /// The permission that lets a hazard pass, as `rule:object`.
    pub permission: Option<String>,
}

impl Finding {
    /// Whether the finding keeps its table from being applied.
    pub fn blocks(&self) -> bool {
        self.severity.blocks() && self.permission.is_none()
    }
}

impl Severity {
    /// Whether a finding of this severity keeps its table from being applied.
    pub fn blocks(self) -> bool {
        match self {
            Self::Rejection | Self::Hazard => true,
            Self::Warning | Self::Note => false,
        }
    }

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejection => "rejection",
            Self::Hazard => "hazard",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
