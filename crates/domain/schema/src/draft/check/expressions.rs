//! Defaults, generation expressions and check constraints.

use std::collections::BTreeMap;

use super::Checker;
use crate::draft::FaultKind;
use crate::model::{Aspect, Expression, ExpressionError, Identifier, Subject};

impl Checker {
    pub(super) fn checks(
        &mut self,
        drafts: Vec<(String, String)>,
        unread: Vec<String>,
    ) -> BTreeMap<Identifier, Expression> {
        let mut names: Vec<Identifier> = Vec::new();
        let mut checks = BTreeMap::new();
        let drafts = drafts.into_iter().map(|(name, condition)| (name, Some(condition)));
        for (name, condition) in drafts.chain(unread.into_iter().map(|name| (name, None))) {
            let subject = self.table().aspect(Aspect::Check).key(&name);
            let identifier = Identifier::new(name.as_str());
            if name.trim().is_empty() {
                self.fault(subject.clone(), FaultKind::EmptyName { what: "a check" });
            } else if let Some(first) = names.iter().find(|there| **there == identifier) {
                let first = (!first.same_spelling(&identifier)).then(|| first.to_string());
                self.fault(subject.clone(), FaultKind::Duplicate { name, first });
            }
            if let Some(expression) = self.expression(condition, || subject.clone()) {
                checks.insert(identifier.clone(), expression);
            }
            names.push(identifier);
        }
        checks
    }

    pub(super) fn expression(&mut self, text: Option<String>, subject: impl Fn() -> Subject) -> Option<Expression> {
        let parsed: Result<Expression, ExpressionError> = Expression::parse(&text?);
        parsed.map_err(|error| self.fault(subject(), FaultKind::Expression(error))).ok()
    }
}
