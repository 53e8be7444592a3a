//! What is known of the claims of a plan, with words for each claim.

use super::Review;
use crate::action::Action;
use crate::claim::{Answer, Statement, claims};
use crate::model::TableName;

/// A claim with its answer.
pub(super) struct Answered<'r> {
    /// The action that needs it.
    pub(super) action: &'r Action,
    /// What is known.
    pub(super) answer: &'r Answer,
    /// The claim in the names the table has now, where it can be put in them.
    pub(super) statement: Option<Statement>,
}

impl<'r> Review<'r> {
    /// Every answered claim, in the order of the actions.
    pub(super) fn answered(&self) -> Vec<Answered<'r>> {
        if self.answers.is_empty() {
            return Vec::new();
        }
        let claims = claims(self.diff);
        let answered = |(index, answer): &'r (usize, Answer)| {
            let statement =
                claims.iter().find(|claim| claim.action == *index).and_then(|claim| claim.statement.clone());
            Some(Answered { action: self.diff.actions.get(*index)?, answer, statement })
        };
        self.answers.iter().filter_map(answered).collect()
    }
}

impl Answered<'_> {
    /// What is claimed, as in "`id` holds no null".
    pub(super) fn words(&self) -> String {
        if let Action::SetColumnNotNull { path } = self.action {
            return format!("`{path}` holds no null");
        }
        if let Action::AddCheck { name, .. } = self.action {
            return format!("every row satisfies check `{name}`");
        }
        "the data allows it".to_owned()
    }

    /// A query for the rows that break the claim, where SQL can say it.
    pub(super) fn query(&self, table: &TableName) -> Option<String> {
        match self.statement.as_ref()? {
            Statement::NoNulls(path) => {
                (!path.crosses_collection()).then(|| format!("SELECT * FROM {table} WHERE {path} IS NULL"))
            }
            Statement::AllRows(condition) => Some(format!("SELECT * FROM {table} WHERE ({condition}) IS NOT TRUE")),
        }
    }
}
