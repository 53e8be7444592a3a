//! Who decided what: severities and named permissions, as a pure value.

mod glob;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::finding::{Finding, Severity};
use crate::model::Subject;
use crate::rules::{Report, Rule};
use glob::glob;

/// Severities and permissions of a run.
///
/// ```
/// use delta_engine_schema::rules::find_rule;
/// use delta_engine_schema::{Policy, Severity};
///
/// let mut policy = Policy { permissions: vec!["drop-column:silver.*.note".parse().unwrap()], ..Policy::default() };
/// policy.severities.insert("missing-comment".to_owned(), Some(Severity::Warning));
/// policy.severities.insert("type-change".to_owned(), None);
/// assert_eq!(policy.severity(find_rule("missing-comment").unwrap()), Some(Severity::Warning));
/// // What Delta refuses can't be turned off.
/// assert_eq!(policy.severity(find_rule("type-change").unwrap()), Some(Severity::Rejection));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Severities by rule name where they differ from the rule's own; `None` turns the rule off.
    pub severities: BTreeMap<String, Option<Severity>>,
    /// What was permitted, in the order it was written.
    pub permissions: Vec<Permission>,
    /// The day of the run.
    pub today: Day,
    /// The name of the target of the run, where it has one.
    pub target: Option<String>,
    /// Whether what the target can't store is refused instead of kept in the definition only.
    pub strict: bool,
}

/// Lets a hazard pass: one rule, for the objects a pattern names.
///
/// ```
/// use delta_engine_schema::Permission;
///
/// let permission: Permission = "drop-column:silver.customers.note".parse().unwrap();
/// assert_eq!((permission.rule.as_str(), permission.object.as_str()), ("drop-column", "silver.customers.note"));
/// assert!("drop-column".parse::<Permission>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The rule's name.
    pub rule: String,
    /// `schema.table`, `schema.table.column`, `*` and `?` allowed.
    pub object: String,
    /// The target it is for; every one where none is named.
    pub target: Option<String>,
    /// Why it was given.
    pub reason: Option<String>,
    /// The last day it holds.
    pub until: Option<Day>,
}

/// A calendar day; ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Year.
    pub year: i16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
}

/// Why a text is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no permission; write RULE:OBJECT, as in drop-column:silver.customers.note")]
pub struct PermissionError(String);

impl FromStr for Permission {
    type Err = PermissionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rule, object) = text.split_once(':').ok_or_else(|| PermissionError(text.to_owned()))?;
        if rule.trim().is_empty() || object.trim().is_empty() {
            return Err(PermissionError(text.to_owned()));
        }
        Ok(Self {
            rule: rule.trim().to_owned(),
            object: object.trim().to_owned(),
            target: None,
            reason: None,
            until: None,
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.rule, self.object)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Policy {
    /// The finding of a rule's case: its severity, and the permission that lets it pass. `None` where the rule is off.
    pub fn judge(&self, rule: &Rule, report: Report) -> Option<Finding> {
        let severity = self.severity(rule)?;
        Some(self.permit(rule.finding(severity, report)))
    }

    /// How grave a rule's findings are in this run; `None` where it is off.
    pub fn severity(&self, rule: &Rule) -> Option<Severity> {
        match (rule.severity, self.severities.get(rule.name)) {
            // What Delta refuses can't be decided otherwise.
            (Some(Severity::Rejection), _) | (_, None) => rule.severity,
            (_, Some(set)) => *set,
        }
    }

    /// The finding with its permission, where it is a hazard that somebody permitted.
    pub fn permit(&self, mut finding: Finding) -> Finding {
        if finding.severity != Severity::Hazard {
            return finding;
        }
        let matching: Vec<&Permission> = self.matching(finding.name, &finding.subject).collect();
        match matching.iter().find(|permission| permission.holds_on(self.today)) {
            Some(permission) => finding.permission = Some(permission.to_string()),
            None => {
                if let Some(expired) = matching.iter().filter_map(|permission| permission.until).max() {
                    finding.message = format!("{} (the permission ended on {expired})", finding.message);
                }
            }
        }
        finding
    }

    /// Permissions of this run that no finding used.
    pub fn unused<'p>(&'p self, findings: impl IntoIterator<Item = &'p Finding>) -> Vec<&'p Permission> {
        let used: Vec<&str> = findings.into_iter().filter_map(|finding| finding.permission.as_deref()).collect();
        let current = self.permissions.iter().filter(|permission| permission.is_for(self.target.as_deref()));
        current.filter(|permission| !used.contains(&permission.to_string().as_str())).collect()
    }

    fn matching<'p>(&'p self, rule: &'p str, subject: &Subject) -> impl Iterator<Item = &'p Permission> {
        let full = subject.permission_object();
        // A catalog that the target fills in need not be typed.
        let mut short = subject.clone();
        short.object.catalog = None;
        let short = short.permission_object();
        self.permissions.iter().filter(move |permission| {
            permission.rule == rule
                && permission.is_for(self.target.as_deref())
                && (glob(&permission.object, &full) || glob(&permission.object, &short))
        })
    }
}

impl Permission {
    fn is_for(&self, target: Option<&str>) -> bool {
        self.target.is_none() || self.target.as_deref() == target
    }

    fn holds_on(&self, today: Day) -> bool {
        self.until.is_none_or(|until| today <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Path;
    use crate::rules::find_rule;

    fn hazard(column: &str) -> Finding {
        let table = "dev.silver.customers".parse().unwrap();
        Finding {
            code: "DE305",
            name: "drop-column",
            severity: Severity::Hazard,
            subject: Subject::path(&table, &Path::column(column)),
            message: "deletes data".to_owned(),
            help: None,
            permission: None,
        }
    }

    fn permitted(permission: &str, until: Option<Day>) -> Finding {
        let mut permission: Permission = permission.parse().unwrap();
        permission.until = until;
        let policy = Policy {
            permissions: vec![permission],
            today: Day { year: 2026, month: 11, day: 21 },
            ..Policy::default()
        };
        policy.permit(hazard("note"))
    }

    #[test]
    fn permissions_name_the_object_with_or_without_its_catalog() {
        for object in ["dev.silver.customers.note", "silver.customers.note", "SILVER.customers.*", "*.note"] {
            assert!(permitted(&format!("drop-column:{object}"), None).permission.is_some(), "{object}");
        }
        for object in ["silver.customers", "silver.customers.notes", "customers.note"] {
            assert!(permitted(&format!("drop-column:{object}"), None).permission.is_none(), "{object}");
        }
        assert!(permitted("rename-column:silver.customers.note", None).permission.is_none());
    }

    #[test]
    fn a_permission_is_for_hazards_only() {
        let policy = Policy { permissions: vec!["drop-column:*".parse().unwrap()], ..Policy::default() };
        let rejected = Finding { severity: Severity::Rejection, ..hazard("note") };
        assert_eq!(policy.permit(rejected.clone()), rejected);
        assert_eq!(policy.permit(hazard("note")).permission.as_deref(), Some("drop-column:*"));
    }

    #[test]
    fn a_permission_for_a_target_holds_there_only() {
        let permission = |target: Option<&str>| Permission {
            target: target.map(str::to_owned),
            ..Permission::from_str("drop-column:*").unwrap()
        };
        let check = |of_permission: Option<&str>, of_run: Option<&str>, expected: bool| {
            let policy = Policy {
                permissions: vec![permission(of_permission)],
                target: of_run.map(str::to_owned),
                ..Policy::default()
            };
            assert_eq!(policy.permit(hazard("note")).permission.is_some(), expected, "{of_permission:?} {of_run:?}");
            // One for another target is not missed here.
            assert_eq!(policy.unused([]).len(), usize::from(expected), "{of_permission:?} {of_run:?}");
        };
        check(None, None, true);
        check(None, Some("dev"), true);
        check(Some("dev"), Some("dev"), true);
        check(Some("dev"), Some("prod"), false);
        check(Some("dev"), None, false);
    }

    #[test]
    fn permissions_that_no_finding_used_are_named() {
        let policy = Policy {
            permissions: ["drop-column:*.note", "drop-column:*.other"].map(|text| text.parse().unwrap()).into(),
            ..Policy::default()
        };
        let used = policy.permit(hazard("note"));
        assert_eq!(policy.unused([&used]), [&policy.permissions[1]]);
    }

    #[test]
    fn what_delta_refuses_stays_refused_and_the_rest_is_for_the_team_to_decide() {
        let check = |rule: &str, set: Option<Severity>, expected: Option<Severity>| {
            let rule = find_rule(rule).unwrap();
            let policy = Policy { severities: BTreeMap::from([(rule.name.to_owned(), set)]), ..Policy::default() };
            let report = Report::new(hazard("note").subject, "message", "help");
            assert_eq!(policy.severity(rule), expected);
            assert_eq!(policy.judge(rule, report).map(|finding| finding.severity), expected);
            assert_eq!(Policy::default().severity(rule), rule.severity);
        };
        check("type-change", None, Some(Severity::Rejection));
        check("type-change", Some(Severity::Note), Some(Severity::Rejection));
        check("drop-column", None, None);
        check("drop-column", Some(Severity::Rejection), Some(Severity::Rejection));
        check("missing-comment", Some(Severity::Warning), Some(Severity::Warning));
    }

    #[test]
    fn permissions_end_after_their_last_day() {
        let until = |day: u8| permitted("drop-column:*", Some(Day { year: 2026, month: 11, day }));
        let ended = until(20);
        assert_eq!(
            (ended.permission, ended.message.as_str()),
            (None, "deletes data (the permission ended on 2026-11-20)")
        );
        for day in [21, 22] {
            assert_eq!(until(day).permission.as_deref(), Some("drop-column:*"), "{day}");
        }
    }

    #[test]
    fn a_text_without_object_is_no_permission() {
        assert!("drop-column".parse::<Permission>().is_err());
        assert!("drop-column:".parse::<Permission>().is_err());
        assert!(": silver.customers".parse::<Permission>().is_err());
        assert_eq!(" drop-column : silver.* ".parse::<Permission>().unwrap().to_string(), "drop-column:silver.*");
    }
}
