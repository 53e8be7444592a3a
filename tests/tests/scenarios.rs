//! Every scenario on a bare log, and the page that says which backend can do which.
//!
//! `UPDATE=1 cargo test --workspace --test scenarios` writes the table of the page anew. That the servers do what it says is
//! shown on them, by `backend`.

use std::fmt::Write;
use std::path::PathBuf;

use delta_engine::schema::Outcome;
use delta_engine::{Execution, Status};
use delta_engine_acceptance::judge::{Judge, by_dialect, mixed, of_log, refused};
use delta_engine_acceptance::lake::{engine, registry};
use delta_engine_sql::{Dialect, SparkLine};
use delta_engine_testkit::scenario::scenarios;

const SCHEMA: &str = "silver";

#[tokio::test(flavor = "multi_thread")]
async fn each_lands_or_is_refused_in_the_plan() {
    let lake = tempfile::tempdir().unwrap();
    let engine = engine(lake.path()).await;
    for scenario in scenarios(SCHEMA) {
        let shown = format!("{}: {}", scenario.action, scenario.case);
        if let Some(before) = &scenario.before {
            engine.sync(&registry([before.clone()]).unwrap()).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
        }
        let after = registry([scenario.after.clone()]).unwrap();
        let plan = engine.plan(&after).await.unwrap();
        let is_able = refused(&scenario, &of_log).is_empty();
        let outcome = if is_able { Outcome::Changes } else { Outcome::Blocked };
        assert_eq!(plan.tables[0].plan.outcome, outcome, "{shown}: {:?}", plan.tables[0].plan.findings);
        let report = engine.apply(plan).await.unwrap();
        assert_eq!(matches!(report.executions[0], Execution::Applied { .. }), is_able, "{shown}: {report}");
        assert_eq!(engine.plan(&after).await.unwrap().status() == Status::InSync, is_able, "{shown}");
    }
}

/// The table of the page, and why each no.
fn table() -> String {
    let spark = [SparkLine::V4_2, SparkLine::V4_0].map(|line| by_dialect(Dialect::Delta(line)));
    let (sail, mixed) = (by_dialect(Dialect::Sail), mixed(Dialect::Sail));
    let judges: [&Judge<'_>; 5] = [&spark[0], &spark[1], &sail, &mixed, &of_log];
    let mut reasons: Vec<String> = Vec::new();
    let mut rows =
        "| action | case | Spark 4.2 | Spark 4.0 | Sail | Sail, mixed | bare log |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    let (mut last, mut cells) = ("", Vec::new());
    for scenario in scenarios(SCHEMA) {
        cells.clear();
        for findings in judges.map(|judge| refused(&scenario, judge)) {
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
