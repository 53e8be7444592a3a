//! What Delta refuses, what is dangerous, and what is worth knowing: one file a rule, listed once.
//!
//! A rule's text serves the finding, `delta-engine explain` and the docs page alike.

mod add_generated;
mod add_not_null;
mod ambiguous_rename;
mod answers;
mod backfill;
mod break_streams;
mod check_expression;
mod check_name;
mod check_not_boolean;
mod check_on_changed_column;
mod check_without_column;
mod claim_refuted;
mod claim_unknowable;
mod clustering_limit;
mod clustering_type;
mod clustering_without_statistics;
mod column_ids;
mod default_not_backfilled;
mod default_not_constant;
mod default_type;
mod depends_on_unknown;
mod drop_column;
mod feature_not_for_existing;
mod generated_change;
mod generated_expression;
mod generated_of_another_type;
mod generated_on_changed_column;
mod generated_reference;
mod iceberg_compatibility;
mod iceberg_widening;
mod identity_alteration;
mod identity_change;
mod identity_column;
mod invalid_name;
mod map_key_type;
mod map_of_changed_structs;
mod mapping;
mod mapping_left_over;
mod mapping_mode_change;
mod mapping_removal;
mod mapping_required_to_drop;
mod mapping_required_to_rename;
mod mention;
mod missing_comment;
mod missing_table;
mod not_null_in_collection;
mod not_null_nested;
mod not_null_under_nullable;
mod opaque_type;
mod out_of_scope;
mod partition_all_columns;
mod partition_type;
mod partitioning_change;
mod primary_key_nullable;
mod references;
mod rename_cycle;
mod reserved_name;
mod retention;
mod retention_order;
mod scan_data;
mod shorten_retention;
mod statistics;
mod stats_columns;
mod streaming_table;
mod streams_restart;
#[cfg(test)]
pub(crate) mod testing;
mod told_type;
mod touch;
mod type_change;
mod unresolved_column;
mod upgrade_protocol;
mod variant_default;
mod view;
mod widening_not_enabled;
mod words;

use crate::claim::Answer;
use crate::diff::{Difference, TableDiff};
use crate::finding::{Finding, Severity};
use crate::model::{DesiredTable, ObservedTable, Subject};

/// A rule, as a value.
#[derive(Debug)]
pub struct Rule {
    /// Stable code.
    pub code: &'static str,
    /// Stable name, used in permissions and severities.
    pub name: &'static str,
    /// Severity unless policy says otherwise; `None` is off unless policy turns it on.
    pub severity: Option<Severity>,
    /// What the rule says, in one line.
    pub summary: &'static str,
    /// Why Delta refuses it, or what is dangerous, with the primary source.
    pub why: &'static str,
    /// What to do instead.
    pub way_out: &'static str,
    /// Finds every case.
    pub check: fn(&Review<'_>) -> Vec<Report>,
}

/// What a rule looks at: one table and its diff.
#[derive(Debug, Clone, Copy)]
pub struct Review<'r> {
    /// The declaration.
    pub desired: &'r DesiredTable,
    /// The table as it is; none where it is to be created.
    pub observed: Option<&'r ObservedTable>,
    /// What lies between.
    pub diff: &'r TableDiff,
    /// The table after the actions; none where they do not fit the model, which is a bug that the rehearsal reports.
    pub after: Option<&'r ObservedTable>,
    /// What is known of the claims of the actions, by index of the action.
    pub answers: &'r [(usize, Answer)],
}

/// One case of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about.
    pub subject: Subject,
    /// What is refused or dangerous here.
    pub message: String,
    /// The way out, for this case.
    pub help: Option<String>,
}

/// Every rule, in the order of their codes.
pub static RULES: &[&Rule] = &[
    &ambiguous_rename::RULE,
    &rename_cycle::RULE,
    &type_change::RULE,
    &partitioning_change::RULE,
    &generated_change::RULE,
    &identity_change::RULE,
    &out_of_scope::RULE,
    &missing_table::RULE,
    &mapping_required_to_drop::RULE,
    &mapping_required_to_rename::RULE,
    &check_on_changed_column::RULE,
    &generated_on_changed_column::RULE,
    &reserved_name::RULE,
    &invalid_name::RULE,
    &not_null_in_collection::RULE,
    &not_null_under_nullable::RULE,
    &add_not_null::RULE,
    &add_generated::RULE,
    &widening_not_enabled::RULE,
    &mapping_removal::RULE,
    &mapping_mode_change::RULE,
    &clustering_limit::RULE,
    &clustering_type::RULE,
    &clustering_without_statistics::RULE,
    &partition_type::RULE,
    &partition_all_columns::RULE,
    &retention_order::RULE,
    &primary_key_nullable::RULE,
    &identity_column::RULE,
    &generated_reference::RULE,
    &check_without_column::RULE,
    &check_name::RULE,
    &map_key_type::RULE,
    &claim_refuted::RULE,
    &claim_unknowable::RULE,
    &depends_on_unknown::RULE,
    &opaque_type::RULE,
    &stats_columns::RULE,
    &identity_alteration::RULE,
    &streaming_table::RULE,
    &feature_not_for_existing::RULE,
    &variant_default::RULE,
    &default_not_constant::RULE,
    &generated_expression::RULE,
    &iceberg_widening::RULE,
    &iceberg_compatibility::RULE,
    &column_ids::RULE,
    &unresolved_column::RULE,
    &check_expression::RULE,
    &default_type::RULE,
    &mapping_left_over::RULE,
    &check_not_boolean::RULE,
    &generated_of_another_type::RULE,
    &upgrade_protocol::RULE,
    &scan_data::RULE,
    &break_streams::RULE,
    &shorten_retention::RULE,
    &drop_column::RULE,
    &backfill::RULE,
    &streams_restart::RULE,
    &default_not_backfilled::RULE,
    &not_null_nested::RULE,
    &map_of_changed_structs::RULE,
    &missing_comment::RULE,
];

/// Runs every rule that is on; differences that no action closes come first, because they are the root cause.
pub fn review(review: &Review<'_>, is_on: impl Fn(&Rule) -> bool) -> Vec<(&'static Rule, Report)> {
    let on = RULES.iter().filter(|rule| is_on(rule));
    on.flat_map(|rule| (rule.check)(review).into_iter().map(|report| (*rule, report))).collect()
}

/// The rule of this name or code.
pub fn find_rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name || rule.code.eq_ignore_ascii_case(name)).copied()
}

impl Rule {
    /// The rule's finding for one case.
    pub fn finding(&self, severity: Severity, report: Report) -> Finding {
        Finding {
            code: self.code,
            name: self.name,
            severity,
            subject: report.subject,
            message: report.message,
            help: report.help,
            permission: None,
        }
    }
}

impl Report {
    /// A case with a way out.
    pub fn new(subject: Subject, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { subject, message: message.into(), help: Some(help.into()) }
    }
}

impl Review<'_> {
    /// The table itself.
    pub fn table(&self) -> Subject {
        Subject::table(&self.desired.name)
    }

    /// The permission that lets a hazard pass.
    pub fn permission(&self, rule: &str, subject: &Subject) -> String {
        format!("allow: --allow {rule}:{}", subject.permission_object())
    }
}

/// Which rule speaks for a difference: a new difference does not compile until it has one.
pub fn rule_of(difference: &Difference) -> &'static str {
    match difference {
        Difference::MissingTable => "missing-table",
        Difference::OutOfScope { .. } => "out-of-scope",
        Difference::Type { .. } => "type-change",
        Difference::Partitioning { .. } => "partitioning-change",
        Difference::Generated { .. } => "generated-change",
        Difference::Identity { .. } => "identity-change",
        Difference::AmbiguousRename { .. } => "ambiguous-rename",
        Difference::RenameCycle { .. } => "rename-cycle",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Action;
    use crate::model::{DataType, Layout, Path, Scope};

    #[test]
    fn codes_and_names_are_unique_and_in_order() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code), "sorted by code, each once");
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "each name once: {names:?}");
    }

    #[test]
    fn the_hundred_of_a_code_says_how_grave_it_is() {
        for rule in RULES {
            let expected: &[Option<Severity>] = match &rule.code[..3] {
                "DE2" => &[Some(Severity::Rejection)],
                "DE3" => &[Some(Severity::Hazard)],
                "DE5" => &[Some(Severity::Warning), None],
                other => panic!("{other} is no series of rules"),
            };
            assert!(expected.contains(&rule.severity), "{}", rule.code);
        }
    }

    #[test]
    fn texts_are_whole_sentences_and_names_plain() {
        for rule in RULES {
            assert!(rule.name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "{}", rule.name);
            assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}", rule.code);
            assert!(rule.why.ends_with('.') && rule.way_out.ends_with('.'), "{}", rule.code);
            assert!([rule.summary, rule.why, rule.way_out].iter().all(|text| !text.contains("  ")), "{}", rule.code);
        }
    }

    #[test]
    fn rules_are_found_by_code_and_by_name() {
        for rule in RULES {
            let found =
                [rule.code, &rule.code.to_lowercase(), rule.name].map(|text| find_rule(text).map(|rule| rule.code));
            assert_eq!(found, [Some(rule.code); 3]);
        }
        assert!(find_rule("DE999").is_none());
    }

    #[test]
    fn every_difference_has_a_rule_that_is_there() {
        let path = Path::column("a");
        let differences = [
            Difference::MissingTable,
            Difference::OutOfScope {
                action: Box::new(Action::DropColumnNotNull { path: path.clone() }),
                scope: Scope::Tags,
            },
            Difference::Type { path: path.clone(), from: DataType::Long, to: DataType::Integer },
            Difference::Partitioning { from: Layout::Flat, to: Layout::Partitioned(vec!["a".into()]) },
            Difference::Generated { path: path.clone(), from: None, to: None },
            Difference::Identity { path: path.clone(), from: None, to: None },
            Difference::AmbiguousRename { path: path.clone(), source: "b".into() },
            Difference::RenameCycle { path, source: "b".into() },
        ];
        let desired = testing::table("a: int").declared();
        for difference in differences {
            let name = rule_of(&difference);
            let rule = find_rule(name).unwrap_or_else(|| panic!("there is no rule {name}"));
            let diff = TableDiff { differences: vec![difference], ..TableDiff::default() };
            let review = Review { desired: &desired, observed: None, diff: &diff, after: None, answers: &[] };
            assert_eq!((rule.check)(&review).len(), 1, "{name}");
        }
    }
}
