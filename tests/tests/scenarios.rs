//! Every scenario on a bare log, and the page that says which backend can do which.
//!
//! `UPDATE=1 cargo test --workspace --test scenarios` writes the table of the page anew. That the servers do what it says is
//! shown on them, by `backend`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use delta_engine::native::{Lake, NativeExecutor};
use delta_engine::port::Executor;
use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::{DesiredTable, ObservedTable};
use delta_engine::schema::{Action, Finding, Outcome, diff, simulate};
use delta_engine::{Execution, Status};
use delta_engine_acceptance::lake::{engine, registry};
use delta_engine_sql::{Dialect, SparkLine, script};
use delta_engine_testkit::scenario::{Scenario, scenarios};

const SCHEMA: &str = "silver";

fn native(lake: &Path) -> NativeExecutor {
    NativeExecutor::new(Arc::new(Lake::open(lake.to_str().unwrap(), BTreeMap::new()).unwrap()))
}

/// What a backend says of the actions of a table.
type Judge<'a> = dyn Fn(&DesiredTable, Option<&ObservedTable>, &[Action]) -> Vec<Finding> + 'a;

/// Why a backend can't do a change, or can't have the table it begins with.
fn refused(scenario: &Scenario, judge: &Judge<'_>) -> Vec<Finding> {
    let checked = |draft: &TableDraft| draft.clone().check().unwrap();
    let judge = |desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]| {
        let mut findings = judge(desired, observed, actions);
        findings.retain(Finding::blocks);
        findings
    };
    let before = scenario.before.as_ref().map(|before| {
        let before = checked(before);
        let create = Action::CreateTable { table: Box::new(before.clone()) };
        let found = judge(&before, None, std::slice::from_ref(&create));
        (simulate(None, &[create], "id").unwrap(), found)
    });
    match before {
        Some((_, found)) if !found.is_empty() => found,
        before => {
            let (after, observed) = (checked(&scenario.after), before.map(|(table, _)| table));
            judge(&after, observed.as_ref(), &diff(&after, observed.as_ref()).actions)
        }
    }
}

fn by_dialect(dialect: Dialect) -> impl Fn(&DesiredTable, Option<&ObservedTable>, &[Action]) -> Vec<Finding> {
    move |desired, observed, actions| {
        let script = script(dialect, &desired.name, observed, actions);
        script.refusals.iter().map(delta_engine_sql::Refusal::finding).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_lands_or_is_refused_in_the_plan() {
    let lake = tempfile::tempdir().unwrap();
    let (engine, executor) = (engine(lake.path()).await, native(lake.path()));
    let judge = |desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]| {
        executor.compile(desired, observed, actions).findings
    };
    for scenario in scenarios(SCHEMA) {
        let shown = format!("{}: {}", scenario.action, scenario.case);
        if let Some(before) = &scenario.before {
            engine.sync(&registry([before.clone()]).unwrap()).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        }
        let after = registry([scenario.after.clone()]).unwrap();
        let plan = engine.plan(&after).await.unwrap();
        let is_able = refused(&scenario, &judge).is_empty();
        let outcome = if is_able { Outcome::Changes } else { Outcome::Blocked };
        assert_eq!(plan.tables[0].plan.outcome, outcome, "{shown}: {:?}", plan.tables[0].plan.findings);
        let report = engine.apply(plan).await.unwrap();
        assert_eq!(matches!(report.executions[0], Execution::Applied { .. }), is_able, "{shown}: {report}");
        assert_eq!(engine.plan(&after).await.unwrap().status() == Status::InSync, is_able, "{shown}");
    }
}

/// The table of the page, and why each no.
fn table() -> String {
    let lake = tempfile::tempdir().unwrap();
    let executor = native(lake.path());
    let of_log = |desired: &DesiredTable, observed: Option<&ObservedTable>, actions: &[Action]| {
        executor.compile(desired, observed, actions).findings
    };
    let dialects = [Dialect::Delta(SparkLine::V4_2), Dialect::Delta(SparkLine::V4_0), Dialect::Sail].map(by_dialect);
    let mut reasons: Vec<String> = Vec::new();
    let mut rows =
        "| action | case | Spark 4.2 | Spark 4.0 | Sail | bare log |\n|---|---|---|---|---|---|\n".to_owned();
    let (mut last, mut cells) = ("", Vec::new());
    for scenario in scenarios(SCHEMA) {
        cells.clear();
        let found = dialects.iter().map(|judge| refused(&scenario, judge)).chain([refused(&scenario, &of_log)]);
        for findings in found {
            let mut numbers: Vec<usize> = Vec::new();
            for finding in findings {
                let reason = format!("{}: {}", finding.message, finding.help.unwrap_or_default());
                let number = reasons.iter().position(|known| *known == reason).unwrap_or_else(|| {
                    reasons.push(reason);
                    reasons.len() - 1
                });
                if !numbers.contains(&(number + 1)) {
                    numbers.push(number + 1);
                }
            }
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            cells.push(if numbers.is_empty() { "yes".to_owned() } else { format!("no ({})", numbers.join(", ")) });
        }
        let action = if scenario.action == last { String::new() } else { format!("`{}`", scenario.action) };
        last = scenario.action;
        writeln!(rows, "| {action} | {} | {} |", scenario.case, cells.join(" | ")).unwrap();
    }
    for (index, reason) in reasons.iter().enumerate() {
        write!(rows, "\n{}. {reason}", index + 1).unwrap();
    }
    rows + "\n"
}

#[test]
fn the_page_says_what_each_backend_can_do() {
    const BEGIN: &str = "<!-- written by the test `scenarios` -->\n\n";
    const END: &str = "\n<!-- until here -->";
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/servers.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&page, format!("{before}{BEGIN}{}{END}{after}", table())).unwrap();
    } else {
        assert_eq!(written, table(), "UPDATE=1 cargo test --workspace --test scenarios writes it anew");
    }
}
