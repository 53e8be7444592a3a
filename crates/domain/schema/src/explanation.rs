//! What codes mean that belong to no rule: faults of declarations, troubles of targets, notices.
//!
//! Each text stands beside what raises its code; here is only what several backends raise.

/// What a code means: one text for the error, for `delta-engine explain` and for the docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Stable code.
    pub code: &'static str,
    /// Stable name.
    pub name: &'static str,
    /// What it says, in one line.
    pub summary: &'static str,
    /// What to do about it, as it stands behind `help:`.
    pub way_out: &'static str,
}

/// A backend has no way to make a change.
pub static BACKEND: Explanation = Explanation {
    code: "DE410",
    name: "backend",
    summary: "a change is beyond what this backend can do to a table without harming it",
    way_out: "make the change through the engine that manages the table",
};
