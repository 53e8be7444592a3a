//! What data proves, what a server can't do, and what others do meanwhile.

use delta_engine_application::{Column, Execution, Status, Table};
use delta_engine_schema::Outcome;
use delta_engine_schema::model::DataType;

use crate::support::live;

fn codes(plan: &delta_engine_application::PreparedPlan) -> Vec<&str> {
    plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.name).collect()
}

#[tokio::test]
async fn checks_are_proved_by_the_rows_before_they_are_added() {
    let Some(live) = live("probe").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    live.run(&format!("INSERT INTO {} VALUES (1), (2), (-3)", live.name("t"))).await;
    let refuted = live.plan(vec![table().check("positive", "a > 0")]).await;
    assert_eq!(refuted.tables[0].plan.outcome, Outcome::Blocked);
    let said: Vec<String> = refuted.findings().map(|(_, finding)| finding.message.clone()).collect();
    assert!(said.iter().any(|message| message.contains("1 of 3 rows")), "{said:?}");
    live.sync(vec![table().check("small", "a < 10")]).await;
    live.end().await;
}

#[tokio::test]
async fn what_the_server_cannot_do_is_refused_at_plan_time() {
    let Some(live) = live("refusals").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    let after = vec![
        Table::new(live.name("t"))
            .column(Column::new("a", DataType::Integer).not_null())
            .column(Column::new("b", "array<string not null>")),
    ];
    let plan = live.plan(after).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Blocked);
    assert!(codes(&plan).contains(&"backend"), "{:?}", codes(&plan));
    assert!(plan.tables[0].steps.is_empty());
    live.end().await;
}

#[tokio::test]
async fn a_table_that_was_changed_since_the_plan_is_left_alone() {
    let Some(live) = live("stale").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    let plan = live.plan(vec![table().comment("ours")]).await;
    live.run(&format!("ALTER TABLE {} ADD COLUMN b INT", live.name("t"))).await;
    let report = live.engine.apply(plan).await.expect("a report");
    assert_eq!(report.status(), Status::Stale, "{report}");
    live.end().await;
}

#[tokio::test]
async fn rows_that_came_since_the_plan_do_not_matter() {
    let Some(live) = live("rows").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    let plan = live.plan(vec![table().comment("ours").column(Column::new("b", DataType::Integer))]).await;
    live.run(&format!("INSERT INTO {} VALUES (1)", live.name("t"))).await;
    let report = live.engine.apply(plan).await.expect("a report");
    assert_eq!(report.status(), Status::InSync, "{report}");
    live.end().await;
}

#[tokio::test]
async fn what_another_has_done_already_is_not_done_again() {
    let Some(live) = live("twice").await else { return };
    let table = || Table::new(live.name("t")).column(Column::new("a", DataType::Integer));
    let plan = live.plan(vec![table()]).await;
    live.run(&format!("CREATE SCHEMA {}", live.schema)).await;
    live.run(&format!("CREATE TABLE {} (a INT) USING delta", live.name("t"))).await;
    let report = live.engine.apply(plan).await.expect("a report");
    assert_eq!(report.executions, [Execution::AlreadyApplied]);
    live.end().await;
}

#[tokio::test]
async fn commits_name_their_plan() {
    let Some(live) = live("history").await else { return };
    let report = live.sync(vec![Table::new(live.name("t")).column(Column::new("a", DataType::Integer))]).await;
    let history = live.other.show(&format!("DESCRIBE HISTORY {}", live.name("t"))).await.expect("a history");
    let rows = history.rows().expect("rows");
    let said = rows.first().and_then(|row| row.text("userMetadata").ok().flatten());
    assert_eq!(said, Some(format!("delta-engine plan {}", report.plan.digest)).as_deref());
    live.end().await;
}
