//! What holds for the script of every plan, in every dialect: 4,000 random pairs of tables.
//!
//! `DELTA_ENGINE_PAIRS` sets how many.

#![expect(clippy::panic, reason = "helpers of tests fail by panic")]

use std::collections::BTreeMap;

use delta_engine_schema::model::{Aspect, DesiredTable, ObservedTable, Path};
use delta_engine_schema::{Action, Severity, diff, simulate};
use delta_engine_sql::{Dialect, Reason, Script, Statement, script};
use delta_engine_testkit::law::missing_features;
use delta_engine_testkit::pair::{Pair, edited, troubled, wild};
use delta_engine_testkit::rng::Rng;

const PAIRS: usize = 4_000;

/// A plan against a server of a dialect.
struct Plan {
    desired: DesiredTable,
    observed: Option<ObservedTable>,
    actions: Vec<Action>,
    after: ObservedTable,
}

/// A random pair; none where it is not sound.
fn pair(rng: &mut Rng) -> Option<(DesiredTable, Option<ObservedTable>)> {
    let generate = match rng.below(10) {
        0..=5 => edited,
        6..=7 => troubled,
        _ => wild,
    };
    let Pair { desired, observed, .. } = generate(rng)?;
    Some((desired.check().ok()?, observed))
}

/// The plan of a pair, where the server shows what it has a place for; none where the actions do not fit the model.
fn plan(dialect: Dialect, desired: &DesiredTable, observed: Option<&ObservedTable>) -> Option<Plan> {
    let mut observed = observed.cloned();
    if let Some(table) = &mut observed {
        let hidden = [
            (!dialect.keeps_tags(), Aspect::Tags),
            (!dialect.keeps_keys(), Aspect::PrimaryKey),
            (!dialect.keeps_keys(), Aspect::ForeignKey),
        ];
        hidden
            .into_iter()
            .filter(|(is_hidden, _)| *is_hidden)
            .for_each(|(_, aspect)| table.unknown.insert(aspect, Path::table()));
    }
    let actions = diff(desired, observed.as_ref()).actions;
    let after = simulate(observed.clone(), &actions, "id").ok().filter(|_| !actions.is_empty())?;
    Some(Plan { desired: desired.clone(), observed, actions, after })
}

/// What became of the scripts of a dialect.
#[derive(Debug, Default)]
struct Tally {
    whole: usize,
    refused: usize,
    actions: usize,
    statements: usize,
    reasons: BTreeMap<Reason, usize>,
}

/// Nothing is run where something is refused, and every refusal says what, why and what instead.
fn refusals_hold(plan: &Plan, script: &Script) {
    assert_eq!(script.statements, [], "{:?}", script.refusals);
    for refusal in &script.refusals {
        let finding = refusal.finding();
        assert_eq!((finding.severity, finding.code), (Severity::Rejection, "DE410"));
        assert!(!finding.message.is_empty() && finding.help.is_some_and(|help| !help.is_empty()));
        assert_eq!(finding.subject.object, plan.desired.name);
        assert!(refusal.action < plan.actions.len());
    }
}

/// Each action is in one statement, the creation of a table in one or more, and they keep their order; a feature alone may
/// wait for the statement that brings it along.
fn every_action_is_covered_in_order(plan: &Plan, statements: &[Statement]) {
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, statement) in statements.iter().enumerate() {
        assert!(!statement.indexes().is_empty() && !statement.actions().is_empty());
        statement.indexes().iter().for_each(|index| places.entry(*index).or_default().push(place));
    }
    let mut last = 0;
    for (index, action) in plan.actions.iter().enumerate() {
        let found = places.get(&index).map(Vec::as_slice).unwrap_or_default();
        let is_creation = matches!(action, Action::CreateTable { .. });
        assert!(found.len() == 1 || is_creation && !found.is_empty(), "{index} {action:?} is in {found:?}");
        if !matches!(action, Action::EnableFeature { .. }) {
            assert!(found[0] >= last, "{index} {action:?} comes before what it follows");
            last = found[0];
        }
    }
    assert!(places.keys().all(|index| *index < plan.actions.len()));
    let own =
        statements.iter().flat_map(Statement::actions).filter(|action| !matches!(action, Action::EnableFeature { .. }));
    assert!(own.clone().map(Action::phase).is_sorted(), "{:?}", own.collect::<Vec<_>>());
}

/// After every statement the table is one that Delta allows; after the last it is the planned one.
fn every_stop_is_sound(plan: &Plan, dialect: Dialect, statements: &[Statement]) {
    let mut state = plan.observed.clone();
    // A table that lacks a feature before, or whose features nobody saw, is none of ours.
    let sound = |table: &ObservedTable| missing_features(table).is_empty();
    let keeps_sound = state.as_ref().is_none_or(sound) && sound(&plan.after);
    for statement in statements {
        let next = simulate(state, statement.actions(), "id").unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert!(!keeps_sound || sound(&next), "{statement} leaves out {:?}", missing_features(&next));
        state = Some(next);
    }
    let Some(mut reached) = state else { return };
    let mut planned = plan.after.clone();
    planned.version = reached.version;
    if plan.observed.is_none() {
        // What the server has no place for is not there.
        if !dialect.keeps_tags() {
            planned.tags.clear();
            planned.columns.iter_mut().for_each(|column| column.tags.clear());
        }
        if !dialect.keeps_keys() {
            planned.primary_key = None;
            planned.foreign_keys.clear();
        }
        // The order of keys means nothing.
        planned.foreign_keys.sort();
        reached.foreign_keys.sort();
    }
    assert_eq!(reached, planned);
}

#[test]
fn scripts_cover_every_action_once_keep_the_order_of_phases_and_land() {
    let pairs = std::env::var("DELTA_ENGINE_PAIRS").ok().and_then(|text| text.parse().ok()).unwrap_or(PAIRS);
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut rng = Rng::new(7);
    let found = (0..pairs).filter_map(|_| pair(&mut rng));
    for (desired, observed) in found {
        for dialect in Dialect::ALL {
            let Some(plan) = plan(dialect, &desired, observed.as_ref()) else { continue };
            let script = script(dialect, &plan.desired.name, plan.observed.as_ref(), &plan.actions);
            let tally = tallies.entry(dialect.to_string()).or_default();
            if !script.refusals.is_empty() {
                tally.refused += 1;
                script.refusals.iter().for_each(|refusal| *tally.reasons.entry(refusal.reason).or_default() += 1);
                refusals_hold(&plan, &script);
                continue;
            }
            tally.whole += 1;
            tally.actions += plan.actions.len();
            tally.statements += script.statements.len();
            every_action_is_covered_in_order(&plan, &script.statements);
            every_stop_is_sound(&plan, dialect, &script.statements);
        }
    }
    println!("{tallies:#?}");
    if pairs >= PAIRS {
        let rare = tallies
            .iter()
            .filter(|(_, tally)| tally.whole < 200 || tally.refused < 200 || tally.actions <= tally.statements);
        assert_eq!(rare.map(|(name, _)| name).collect::<Vec<_>>(), Vec::<&String>::new(), "hardly tried: {tallies:#?}");
    }
}
