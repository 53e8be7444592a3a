//! How often everything was hit, so that a proof can't pass by proving nothing.

use std::collections::BTreeMap;
use std::fmt;

use delta_engine_schema::rules::RULES;
use delta_engine_schema::{Action, Outcome, TablePlan};

/// The names of all actions, and the name of one: of one list, so that an action that is not on it doesn't compile.
macro_rules! actions {
    ($($action:ident => $name:literal,)*) => {
        const ACTIONS: &[&str] = &[$($name),*];

        fn name(action: &Action) -> &'static str {
            match action {
                $(Action::$action { .. } => $name,)*
            }
        }
    };
}

actions! {
    CreateTable => "create_table",
    EnableFeature => "enable_feature",
    SetProperty => "set_property",
    UnsetProperty => "unset_property",
    SetTableTag => "set_table_tag",
    UnsetTableTag => "unset_table_tag",
    DropForeignKey => "drop_foreign_key",
    DropPrimaryKey => "drop_primary_key",
    DropCheck => "drop_check",
    RenameColumn => "rename_column",
    MoveColumn => "move_column",
    AddColumn => "add_column",
    AlterColumnType => "alter_column_type",
    SetClustering => "set_clustering",
    UnsetColumnTag => "unset_column_tag",
    DropColumn => "drop_column",
    DropColumnNotNull => "drop_column_not_null",
    SetColumnNotNull => "set_column_not_null",
    SetColumnDefault => "set_column_default",
    DropColumnDefault => "drop_column_default",
    SetColumnComment => "set_column_comment",
    SetTableComment => "set_table_comment",
    SetColumnTag => "set_column_tag",
    AddCheck => "add_check",
    AddPrimaryKey => "add_primary_key",
    AddForeignKey => "add_foreign_key",
}

/// Counts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Pairs made by legal edits.
    pub edited: u64,
    /// Those of them that were accepted, changes or none.
    pub edited_accepted: u64,
    /// Wild or small-scope pairs.
    pub wild: u64,
    /// Those of them that were accepted.
    pub wild_accepted: u64,
    /// Tries that made no pair, because a draft had faults.
    pub faulty: u64,
    /// Edits in all.
    pub edits: u64,
    /// Hits of each action in accepted plans.
    pub actions: BTreeMap<&'static str, u64>,
    /// Findings of each rule.
    pub rules: BTreeMap<&'static str, u64>,
    /// What blocked pairs made by legal edits, by rule.
    pub blockers: BTreeMap<&'static str, u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            edited: 0,
            edited_accepted: 0,
            wild: 0,
            wild_accepted: 0,
            faulty: 0,
            edits: 0,
            actions: ACTIONS.iter().map(|name| (*name, 0)).collect(),
            rules: RULES.iter().map(|rule| (rule.name, 0)).collect(),
            blockers: BTreeMap::new(),
        }
    }
}

impl Tally {
    /// Counts a plan; `edits` where the pair was made by legal edits.
    pub fn count(&mut self, plan: &TablePlan, edits: Option<usize>) {
        let accepted = plan.outcome != Outcome::Blocked;
        if let Some(edits) = edits {
            self.edited += 1;
            self.edited_accepted += u64::from(accepted);
            self.edits += edits as u64;
        } else {
            self.wild += 1;
            self.wild_accepted += u64::from(accepted);
        }
        if accepted {
            for action in &plan.actions {
                *self.actions.entry(name(action)).or_default() += 1;
            }
        }
        for finding in &plan.findings {
            *self.rules.entry(finding.name).or_default() += 1;
            if edits.is_some() && finding.blocks() {
                *self.blockers.entry(finding.name).or_default() += 1;
            }
        }
    }

    /// Both runs as one.
    pub fn merge(mut self, other: &Self) -> Self {
        self.edited += other.edited;
        self.edited_accepted += other.edited_accepted;
        self.wild += other.wild;
        self.wild_accepted += other.wild_accepted;
        self.faulty += other.faulty;
        self.edits += other.edits;
        for (into, from) in [
            (&mut self.actions, &other.actions),
            (&mut self.rules, &other.rules),
            (&mut self.blockers, &other.blockers),
        ] {
            for (name, count) in from {
                *into.entry(name).or_default() += count;
            }
        }
        self
    }

    /// Actions and rules that were hit less often than this.
    pub fn rare(&self, least: u64) -> Vec<&'static str> {
        self.actions.iter().chain(&self.rules).filter(|(_, count)| **count < least).map(|(name, _)| *name).collect()
    }

    /// The share of accepted pairs among those made by legal edits, in percent.
    pub fn acceptance(&self) -> u64 {
        100 * self.edited_accepted / self.edited.max(1)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} edited pairs ({} edits), {} accepted ({} %)",
            self.edited,
            self.edits,
            self.edited_accepted,
            self.acceptance()
        )?;
        writeln!(f, "{} other pairs, {} accepted; {} tries made none", self.wild, self.wild_accepted, self.faulty)?;
        for (title, counts) in [("actions", &self.actions), ("rules", &self.rules), ("blocked by", &self.blockers)] {
            writeln!(f, "{title}")?;
            for (name, count) in counts {
                writeln!(f, "  {count:>9}  {name}")?;
            }
        }
        Ok(())
    }
}
