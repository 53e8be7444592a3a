//! Every scenario on the server: what its dialect can do is planned, applied, observed, and nothing is left to do; what it can't
//! is refused in the plan.

use std::collections::BTreeMap;

use delta_engine_application::{Execution, PreparedTable, Status};
use delta_engine_schema::draft::TableDraft;
use delta_engine_schema::model::{Identifier, ObservedTable};
use delta_engine_schema::{Action, Outcome, diff, simulate};
use delta_engine_sql::{Dialect, script};
use delta_engine_testkit::scenario::{Scenario, scenarios};

use crate::support::{live, registry_of};

/// Why the dialect can't do the change, or can't have the table it begins with; empty where it can do both.
fn refused(dialect: Dialect, scenario: &Scenario) -> Vec<String> {
    let create = |draft: &TableDraft| {
        let table = draft.clone().check().expect("a declaration");
        (table.name.clone(), Action::CreateTable { table: Box::new(table) })
    };
    let mut refusals = Vec::new();
    let before: Option<ObservedTable> = scenario.before.as_ref().map(|before| {
        let (name, action) = create(before);
        refusals.extend(script(dialect, &name, None, std::slice::from_ref(&action)).refusals);
        simulate(None, &[action], "id").expect("a table")
    });
    if refusals.is_empty() {
        let after = scenario.after.clone().check().expect("a declaration");
        let actions = diff(&after, before.as_ref()).actions;
        refusals = script(dialect, &after.name, before.as_ref(), &actions).refusals;
    }
    let mut said: Vec<String> = refusals.iter().map(|refusal| refusal.finding().message).collect();
    said.sort();
    said
}

/// What the backend says of a planned table.
fn said(table: &PreparedTable) -> Vec<String> {
    let of_backend = table.plan.findings.iter().filter(|finding| finding.blocks() && finding.name == "backend");
    let mut said: Vec<String> = of_backend.map(|finding| finding.message.clone()).collect();
    said.sort();
    said
}

#[tokio::test]
async fn each_lands_or_is_refused_in_the_plan_on_every_server() {
    let Some(live) = live("scenarios").await else { return };
    live.make_schema().await;
    let refused = |draft: &TableDraft| {
        let scenario = Scenario { action: "", case: "", before: None, after: draft.clone() };
        !refused(live.dialect, &scenario).is_empty()
    };
    // Where the table itself can't be had, there is nothing to change.
    let scenarios: Vec<Scenario> = scenarios(&live.schema)
        .into_iter()
        .filter(|scenario| !scenario.before.as_ref().is_some_and(&refused))
        .collect();
    let before = registry_of(scenarios.iter().filter_map(|scenario| scenario.before.clone()));
    let made = live.engine.sync(&before).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(live.plan_of(&before).await.status(), Status::InSync);
    assert!(made.applied() > 10, "{made}");

    let by_name: BTreeMap<Identifier, &Scenario> = scenarios
        .iter()
        .map(|scenario| (scenario.after.clone().check().expect("a name").name.table, scenario))
        .collect();
    let after = registry_of(scenarios.iter().map(|scenario| scenario.after.clone()));
    let plan = live.plan_of(&after).await;
    let mut wrong = Vec::new();
    let mut able = 0;
    for table in &plan.tables {
        let scenario = by_name[&table.plan.name.table];
        let shown = format!("{}: {}", scenario.action, scenario.case);
        let (expected, found) = (self::refused(live.dialect, scenario), said(table));
        let kinds: Vec<&str> = table.plan.actions.iter().map(Action::kind).collect();
        if expected != found {
            wrong.push(format!("{shown}: {found:?}, and the dialect says {expected:?}"));
        }
        let outcome = if expected.is_empty() { Outcome::Changes } else { Outcome::Blocked };
        if table.plan.outcome != outcome || !kinds.contains(&scenario.action) {
            let findings: Vec<&str> =
                table.plan.findings.iter().filter(|finding| finding.blocks()).map(|finding| finding.name).collect();
            wrong.push(format!("{shown}: {:?} of {kinds:?}, {findings:?}", table.plan.outcome));
        }
        able += usize::from(expected.is_empty());
    }
    let report = live.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    for (table, execution) in report.tables() {
        let scenario = by_name[&table.plan.name.table];
        let is_right = match execution {
            Execution::Applied { .. } => table.plan.outcome == Outcome::Changes,
            Execution::NotRun => table.plan.outcome == Outcome::Blocked,
            Execution::AlreadyApplied
            | Execution::Stale(_)
            | Execution::PartlyApplied { .. }
            | Execution::Failed(_)
            | Execution::Unclear(_)
            | Execution::Interrupted
            | Execution::HeldBack { .. } => false,
        };
        if !is_right {
            wrong.push(format!("{}: {}: {execution:?}", scenario.action, scenario.case));
        }
    }
    for table in &live.plan_of(&after).await.tables {
        let scenario = by_name[&table.plan.name.table];
        let is_done = self::refused(live.dialect, scenario).is_empty();
        let expected = if is_done { Outcome::InSync } else { Outcome::Blocked };
        if table.plan.outcome != expected {
            wrong.push(format!("{}: {}: then {:?}", scenario.action, scenario.case, table.plan.actions));
        }
    }
    assert!(wrong.is_empty(), "{} wrong on {}:\n{}", wrong.len(), live.dialect, wrong.join("\n"));
    println!("{}: {able} scenarios landed, {} refused in the plan", live.dialect, scenarios.len() - able);
    live.end().await;
}
