//! Runs pairs through diff, review, plan and simulation, and holds every law against each.

use std::num::NonZero;

use delta_engine_schema::draft::TableDraft;
use delta_engine_schema::model::{Aspect, DesiredTable, ObservedTable, Path, Scope};
use delta_engine_schema::rules::{RULES, find_rule, rule_of};
use delta_engine_schema::{
    Action, Answer, Day, Outcome, Permission, Policy, Severity, TableDiff, TableInput, TablePlan, claims, diff,
    plan_table, schedule, simulate,
};

use crate::law::{due_features, identity_lost, ids_broken, missing_features, not_reached, superfluous_features};
use crate::pair::{Origin, Pair, UNSEEN, edited, troubled, wild};
use crate::rng::Rng;
use crate::small_scope::SmallScope;
use crate::tally::Tally;

/// A law that a pair breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{law} ({replay})\n{detail}")]
pub struct Broken {
    /// Which law.
    pub law: &'static str,
    /// What to set in the environment to see this pair alone.
    pub replay: String,
    /// What was found.
    pub detail: String,
}

/// Holds every law against random pairs.
///
/// # Errors
/// The first pair that breaks one.
pub fn prove(pairs: usize, seed: u64) -> Result<Tally, Broken> {
    in_parallel(pairs, |index, tally| {
        // Case 0 is the seed's own, so that any case can be run alone under its seed.
        let seed = seed.wrapping_add((index as u64).wrapping_mul(0xA076_1D64_78BD_642F));
        let replay = || format!("DELTA_ENGINE_SEED={seed} DELTA_ENGINE_PAIRS=1");
        let mut rng = Rng::new(seed);
        let generate = match rng.below(10) {
            0..=4 => edited,
            5..=7 => troubled,
            _ => wild,
        };
        let pair = loop {
            match generate(&mut rng) {
                Some(pair) => break pair,
                None => tally.faulty += 1,
            }
        };
        let found = examine(&pair, &mut rng, tally);
        found.map_err(|(law, detail)| Broken { law, replay: replay(), detail: format!("{detail}\n{pair:?}") })
    })
}

/// Holds every law against pairs of the small scope: all of them where as many are asked for, else evenly spread.
///
/// # Errors
/// The first pair that breaks one.
pub fn prove_small_scope(pairs: usize) -> Result<Tally, Broken> {
    let scope = SmallScope::new();
    let pairs = if pairs >= 1_000_000 { scope.len() } else { pairs.min(scope.len()) };
    in_parallel(pairs, |index, tally| {
        let index = index * (scope.len() / pairs);
        let Some(pair) = scope.pair(index) else {
            tally.faulty += 1;
            return Ok(());
        };
        let found = examine(&pair, &mut Rng::new(index as u64), tally);
        let replay = || format!("SmallScope::new().pair({index})");
        found.map_err(|(law, detail)| Broken { law, replay: replay(), detail: format!("{detail}\n{pair:?}") })
    })
}

/// Every case once, spread over the cores; the tally does not depend on how many there are.
fn in_parallel(cases: usize, case: impl Fn(usize, &mut Tally) -> Result<(), Broken> + Sync) -> Result<Tally, Broken> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(cases.max(1));
    let case = &case;
    let run = move |first: usize| {
        let mut tally = Tally::default();
        (first..cases).step_by(threads).try_for_each(|index| case(index, &mut tally)).map(|()| tally)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || run(first))).collect();
        workers.into_iter().try_fold(Tally::default(), |total, worker| match worker.join() {
            Ok(tally) => Ok(total.merge(&tally?)),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

type Found = Result<(), (&'static str, String)>;

fn law(name: &'static str, holds: bool, detail: impl FnOnce() -> String) -> Found {
    if holds { Ok(()) } else { Err((name, detail())) }
}

fn examine(pair: &Pair, rng: &mut Rng, tally: &mut Tally) -> Found {
    let desired = pair.desired.clone().check().map_err(|faults| ("a pair's draft is sound", format!("{faults:?}")))?;
    let observed = pair.observed.as_ref();
    let edits = match pair.origin {
        Origin::Edited { edits, .. } => Some(edits),
        Origin::Wild => None,
    };
    let found = diff(&desired, observed);
    let answers = answers(&found, edits.is_some(), rng);
    let policy = policy(edits.is_some() || rng.chance(50));
    let plan = |desired: &DesiredTable, observed: Option<&ObservedTable>, diff: TableDiff| {
        let input =
            TableInput { desired, observed, diff, answers: answers.clone(), backend: Vec::new(), residual: Vec::new() };
        plan_table(input, &policy)
    };
    let planned = match plan(&desired, observed, found.clone()) {
        Ok(planned) => planned,
        // A difference whose rule is still to be written can't block its table.
        Err(_) if found.differences.iter().any(|difference| find_rule(rule_of(difference)).is_none()) => return Ok(()),
        Err(error) => return Err(("an accepted plan can be rehearsed", format!("{error}\n{:#?}", found.actions))),
    };
    tally.count(&planned, edits);
    sound(&found)?;

    let (other_draft, other_table) = shuffled(&pair.desired, observed, rng);
    let other = other_draft.check().map_err(|faults| ("a shuffled draft is sound", format!("{faults:?}")))?;
    let other_diff = diff(&other, other_table.as_ref());
    let (this, that) = (format!("{found:?}"), format!("{other_diff:?}"));
    law("shuffled input gives the same diff", this == that, || format!("{this}\n{that}"))?;
    let that = plan(&other, other_table.as_ref(), other_diff);
    let (this, that) =
        (format!("{planned:?}"), that.map_or_else(|error| error.to_string(), |that| format!("{that:?}")));
    law("shuffled input gives the same plan", this == that, || format!("{this}\n{that}"))?;

    if let Some(observed) = observed {
        hidden(&desired, observed, &found, rng)?;
    }
    let units = schedule(std::slice::from_ref(&planned), |_| Vec::new());
    if planned.outcome == Outcome::Changes {
        let scheduled: usize = units.iter().map(|unit| unit.actions.len()).sum();
        law("an accepted plan is scheduled whole", scheduled == planned.actions.len(), || format!("{units:?}"))?;
    } else {
        law("a plan that is held back runs nothing", units.is_empty(), || format!("{units:?}"))?;
    }
    match planned.outcome {
        Outcome::Changes => landed(pair, &desired, &planned, &plan),
        Outcome::InSync => {
            law("a table in sync has no actions", planned.actions.is_empty(), || format!("{:?}", planned.actions))?;
            let differs = observed.filter(|_| desired.scope == Scope::Full).filter(|table| sees_all(table));
            let differs = differs.and_then(|table| not_reached(&desired, table));
            law("a table in sync is what is declared", differs.is_none(), || format!("{differs:?}"))
        }
        Outcome::Blocked | Outcome::Unreadable => Ok(()),
    }
}

fn sees_all(table: &ObservedTable) -> bool {
    table.unknown.iter().next().is_none()
}

/// Laws of any diff.
fn sound(diff: &TableDiff) -> Found {
    let ordered = diff.actions.windows(2).all(|pair| pair[0].phase() <= pair[1].phase());
    law("actions stand in the order of their phases", ordered, || format!("{:?}", diff.actions))?;
    let mut shown: Vec<String> = diff.actions.iter().map(|action| format!("{action:?}")).collect();
    shown.sort();
    let repeated = shown.windows(2).any(|pair| pair[0] == pair[1]);
    law("no action comes twice", !repeated, || format!("{:?}", diff.actions))?;
    let idle = diff.actions.iter().find(|action| !differs(action));
    law("no action is without a difference", idle.is_none(), || format!("{idle:?}"))
}

fn differs(action: &Action) -> bool {
    match action {
        Action::SetProperty { change, .. }
        | Action::SetTableTag { change, .. }
        | Action::SetColumnTag { change, .. }
        | Action::SetColumnComment { change, .. }
        | Action::SetTableComment { change } => change.from() != change.to(),
        Action::AlterColumnType { change, .. } => change.from() != change.to(),
        Action::SetClustering { change } => !change.from().same_layout(change.to()),
        Action::SetColumnDefault { change, .. } => change.from() != change.to(),
        Action::RenameColumn { path, to } => path.leaf_name() != Some(to),
        Action::CreateTable { .. }
        | Action::EnableFeature { .. }
        | Action::UnsetProperty { .. }
        | Action::UnsetTableTag { .. }
        | Action::DropForeignKey { .. }
        | Action::DropPrimaryKey { .. }
        | Action::DropCheck { .. }
        | Action::MoveColumn { .. }
        | Action::AddColumn { .. }
        | Action::UnsetColumnTag { .. }
        | Action::DropColumn { .. }
        | Action::DropColumnNotNull { .. }
        | Action::SetColumnNotNull { .. }
        | Action::DropColumnDefault { .. }
        | Action::AddCheck { .. }
        | Action::AddPrimaryKey { .. }
        | Action::AddForeignKey { .. } => true,
    }
}

/// Laws of an accepted plan.
fn landed(
    pair: &Pair,
    desired: &DesiredTable,
    planned: &TablePlan,
    plan: &impl Fn(
        &DesiredTable,
        Option<&ObservedTable>,
        TableDiff,
    ) -> Result<TablePlan, delta_engine_schema::RehearsalError>,
) -> Found {
    let observed = pair.observed.as_ref();
    let after = simulate(observed.cloned(), &planned.actions, "new")
        .map_err(|error| ("an accepted plan can be simulated", error.to_string()))?;
    let left = diff(desired, Some(&after));
    law("an accepted plan leaves no difference", left.is_empty(), || format!("{left:?}"))?;
    let again =
        plan(desired, Some(&after), left).map_err(|error| ("a landed plan can be planned", error.to_string()))?;
    let settled = again.actions.is_empty() && !matches!(again.outcome, Outcome::Changes | Outcome::Unreadable);
    law("a landed plan plans to nothing", settled, || format!("{again:?}"))?;
    let was_complete = observed.is_none_or(|table| sees_all(table) && missing_features(table).is_empty());
    let missing = missing_features(&after);
    law("no needed feature is missing", !was_complete || missing.is_empty(), || format!("{missing:?}\n{after:?}"))?;
    let superfluous = superfluous_features(desired, observed, &after);
    law("no feature is enabled that nothing needs", superfluous.is_empty(), || format!("{superfluous:?}\n{after:?}"))?;
    if let Some(observed) = observed {
        law("the feature set never shrinks", observed.features.is_subset(&after.features), || {
            format!("{:?} became {:?}", observed.features, after.features)
        })?;
        if ids_broken(observed).is_none() {
            let broken = ids_broken(&after);
            law("ids stay sound", broken.is_none(), || format!("{broken:?}\n{after:?}"))?;
        }
    }
    if desired.scope == Scope::Full && observed.is_none_or(sees_all) {
        let differs = not_reached(desired, &after);
        law("an accepted plan lands on what is declared", differs.is_none(), || format!("{differs:?}\n{after:?}"))?;
    }
    if let (Origin::Edited { edits, kept }, Some(observed)) = (&pair.origin, observed) {
        let features = due_features(desired, Some(observed), &after).len();
        law("a plan has no more actions than edits and features", planned.actions.len() <= edits + features, || {
            format!("{edits} edits, {:#?}", planned.actions)
        })?;
        let lost = identity_lost(kept, observed, &after);
        law("a kept column stays the column it was", lost.is_none(), || format!("{lost:?}\n{:#?}", planned.actions))?;
    }
    Ok(())
}

/// Hiding aspects, what is there with them or not, never adds an action and never acts on what is hidden.
fn hidden(desired: &DesiredTable, observed: &ObservedTable, found: &TableDiff, rng: &mut Rng) -> Found {
    let mut blind = observed.clone();
    let mut hidden = Vec::new();
    for _ in 0..1 + rng.below(3) {
        let Some(aspect) = rng.pick(UNSEEN).copied() else { continue };
        let column = rng.pick(&observed.columns).map(|column| Path::column(column.name().clone()));
        let path = column.filter(|_| rng.chance(50)).unwrap_or_default();
        blind.unknown.insert(aspect, path.clone());
        if rng.chance(50) {
            blank(&mut blind, aspect, &path);
        }
        hidden.push((aspect, path));
    }
    let seen = diff(desired, Some(&blind));
    let mut open: Vec<String> = found.actions.iter().map(|action| format!("{action:?}")).collect();
    for action in &seen.actions {
        let shown = format!("{action:?}");
        match open.iter().position(|other| *other == shown) {
            Some(index) => drop(open.swap_remove(index)),
            None => return Err(("hiding an aspect adds no action", format!("{hidden:?} adds {shown}"))),
        }
        let on_table = action.subject(&desired.name).path.is_table();
        let of_hidden = hidden.iter().any(|(aspect, path)| path.is_table() && action.aspect() == *aspect);
        law("no action on what is hidden", !(on_table && of_hidden), || format!("{hidden:?} and {shown}"))?;
    }
    Ok(())
}

/// Takes away what the source can't see, as a source would that can't see it.
fn blank(table: &mut ObservedTable, aspect: Aspect, path: &Path) {
    let whole = path.is_table();
    match aspect {
        Aspect::Tags if whole => table.tags.clear(),
        Aspect::Comment if whole => table.comment = None,
        Aspect::PrimaryKey if whole => table.primary_key = None,
        Aspect::ForeignKey if whole => table.foreign_keys.clear(),
        Aspect::Rely if whole => {
            table.primary_key.iter_mut().for_each(|key| key.rely = false);
            table.foreign_keys.iter_mut().for_each(|key| key.rely = false);
        }
        Aspect::Check if whole => table.checks.clear(),
        Aspect::Property if whole => table.properties.clear(),
        Aspect::Feature if whole => table.features.clear(),
        Aspect::Layout if whole => table.layout = delta_engine_schema::model::Layout::Flat,
        Aspect::Tags
        | Aspect::Comment
        | Aspect::PrimaryKey
        | Aspect::ForeignKey
        | Aspect::Rely
        | Aspect::Check
        | Aspect::Property
        | Aspect::Feature
        | Aspect::Layout
        | Aspect::Existence
        | Aspect::Name
        | Aspect::Order
        | Aspect::Type
        | Aspect::Nullability
        | Aspect::Default
        | Aspect::Generated
        | Aspect::Identity
        | Aspect::Location => (),
    }
    for column in table.columns.iter_mut().filter(|column| whole || path.root() == Some(column.name())) {
        match aspect {
            Aspect::Tags => column.tags.clear(),
            Aspect::Comment => column.field.comment = None,
            Aspect::Default => column.default = None,
            Aspect::Generated => column.generated = None,
            Aspect::Identity => column.identity = None,
            Aspect::Nullability => column.field.nullable = true,
            Aspect::PrimaryKey
            | Aspect::ForeignKey
            | Aspect::Rely
            | Aspect::Check
            | Aspect::Property
            | Aspect::Feature
            | Aspect::Layout
            | Aspect::Existence
            | Aspect::Name
            | Aspect::Order
            | Aspect::Type
            | Aspect::Location => (),
        }
    }
}

/// The same pair with everything shuffled whose order means nothing.
fn shuffled(
    draft: &TableDraft,
    observed: Option<&ObservedTable>,
    rng: &mut Rng,
) -> (TableDraft, Option<ObservedTable>) {
    let (mut draft, mut table) = (draft.clone(), observed.cloned());
    rng.shuffle(&mut draft.properties);
    rng.shuffle(&mut draft.checks);
    rng.shuffle(&mut draft.foreign_keys);
    rng.shuffle(&mut draft.tags);
    for column in &mut draft.columns {
        rng.shuffle(&mut column.tags);
        rng.shuffle(&mut column.fields);
    }
    if let Some(table) = &mut table {
        rng.shuffle(&mut table.foreign_keys);
        rng.shuffle(&mut table.inbound_keys);
    }
    (draft, table)
}

/// What is known of every claim: all proven, or anything.
fn answers(diff: &TableDiff, proven: bool, rng: &mut Rng) -> Vec<(usize, Answer)> {
    let mut answer = |claim: delta_engine_schema::Claim| {
        let answer = match if proven { 0 } else { rng.below(6) } {
            0 | 1 => Answer::Proven,
            2 => Answer::Refuted { example: "part-0.parquet".to_owned() },
            3 => Answer::NeedsScan { files: 3, bytes: 4096 },
            4 => Answer::Unknowable { why: "no statistics".to_owned() },
            _ => return None,
        };
        Some((claim.action, answer))
    };
    claims(diff).into_iter().filter_map(&mut answer).collect()
}

/// Rules that are off are turned on to see them work; hazards are permitted or not.
fn policy(permits: bool) -> Policy {
    let off = RULES.iter().filter(|rule| rule.severity.is_none());
    let hazards = RULES.iter().filter(|rule| permits && rule.severity == Some(Severity::Hazard));
    Policy {
        severities: off.map(|rule| (rule.name.to_owned(), Some(Severity::Warning))).collect(),
        permissions: hazards
            .map(|rule| Permission {
                rule: rule.name.to_owned(),
                object: "*".to_owned(),
                target: None,
                reason: None,
                until: None,
            })
            .collect(),
        today: Day { year: 2026, month: 1, day: 1 },
        ..Policy::default()
    }
}
