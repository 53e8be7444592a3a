//! A statement, and what is to be known of it.

use std::collections::BTreeSet;
use std::fmt;

use delta_engine_schema::Action;

use crate::dialect::Dialect;

/// What a person must do before a statement that holds `${`.
pub(crate) const SUBSTITUTION: &str =
    "set spark.sql.variable.substitute to false first: Spark replaces ${...}, in names and literals too";

/// One SQL statement, and the actions it carries out: all of them or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    sql: String,
    actions: Vec<Action>,
    indexes: BTreeSet<usize>,
    is_substituted: bool,
}

impl Statement {
    pub(crate) fn new(dialect: Dialect, sql: String, actions: Vec<Action>, indexes: BTreeSet<usize>) -> Self {
        let is_substituted = dialect.substitutes_variables() && sql.contains("${");
        Self { sql, actions, indexes, is_substituted }
    }

    /// The statement without a final semicolon.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// What it does, in smallest actions: creating a table may take several statements, and then each says which part of
    /// the table is its own. Applied one after the other, the actions of all statements are the plan.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Indexes of the planned actions that it carries out, or a part of which it carries out.
    pub fn indexes(&self) -> &BTreeSet<usize> {
        &self.indexes
    }

    /// Whether the server may replace a part of it, unless `spark.sql.variable.substitute` is off: a name or an expression
    /// in it holds `${`. Literals of ours never do.
    pub fn mentions_substitution(&self) -> bool {
        self.is_substituted
    }
}

/// As a person runs it: ended by a semicolon, and by a comment before where there is something to do first.
impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mentions_substitution() {
            writeln!(f, "-- {SUBSTITUTION}")?;
        }
        write!(f, "{};", self.sql)
    }
}
