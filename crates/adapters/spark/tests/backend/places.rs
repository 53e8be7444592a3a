//! Declared places where the log of an unregistered table lies: seen in the plan, never overwritten, and registered by what
//! the plan says.

use delta_engine_application::{Column, PreparedPlan, Status, Table};
use delta_engine_schema::Outcome;
use delta_engine_schema::model::DataType;

use crate::support::live;

/// What is in the way of a plan, and the way out.
fn told(plan: &PreparedPlan) -> (String, String) {
    let found: Vec<_> = plan.findings().filter(|(_, finding)| finding.blocks()).collect();
    let [(_, finding)] = found[..] else { panic!("{found:?}") };
    (finding.message.clone(), finding.help.clone().unwrap_or_default())
}

#[tokio::test]
async fn a_log_at_the_place_of_a_new_table_blocks_it_until_it_is_registered_on_every_server() {
    let Some(live) = live("occupied").await else { return };
    live.make_schema().await;
    let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("a folder");
    let place = format!("file://{warehouse}/{}_ext/t", live.schema);
    let name = live.name("t");
    let table = || Table::new(&name).location(&place).column(Column::new("a", DataType::Integer));
    live.sync(vec![table()]).await;
    live.run(&format!("INSERT INTO {name} VALUES (7)")).await;
    live.run(&format!("DROP TABLE {name}")).await;
    let folder = place.strip_prefix("file://").expect("a folder");
    let commits = || std::fs::read_dir(format!("{folder}/_delta_log")).expect("the log stays").count();
    let before = commits();

    // As it is, and with another column, which the server's CREATE would refuse half-way.
    for declared in [table(), table().column(Column::new("b", DataType::STRING))] {
        let plan = live.plan(vec![declared]).await;
        assert_eq!(plan.tables[0].plan.outcome, Outcome::Unreadable);
        assert!(plan.tables[0].steps.is_empty());
        let (message, help) = told(&plan);
        assert!(message.contains(&format!("a Delta table lies at `{place}`")), "{message}");
        assert!(help.contains("declare another location"), "{help}");
        let report = live.engine.apply(plan).await.expect("a report");
        assert_eq!((report.applied(), report.status()), (0, Status::Failed), "{report}");
    }
    assert_eq!(commits(), before);

    // A person does what the plan says.
    let (_, help) = told(&live.plan(vec![table()]).await);
    let (_, statement) = help.split_once("plan again: ").expect("a statement");
    let (statement, _) = statement.split_once("; or declare").expect("its end");
    live.run(statement).await;
    live.sync(vec![table()]).await;
    let rows = live.other.query(&format!("SELECT a FROM {name}")).await.expect("a query").rows().expect("rows");
    assert_eq!(rows.first().and_then(|row| row.integer("a").expect("a number")), Some(7));
    live.end().await;
}

#[tokio::test]
async fn an_empty_place_is_where_a_new_table_goes_on_every_server() {
    let Some(live) = live("empty_place").await else { return };
    live.make_schema().await;
    let warehouse = std::env::var("DELTA_ENGINE_WAREHOUSE").expect("a folder");
    let folder = format!("{warehouse}/{}_ext", live.schema);
    std::fs::create_dir_all(format!("{folder}/there")).expect("a folder");
    let table = |name: &str| {
        Table::new(live.name(name)).location(format!("file://{folder}/{name}")).column(Column::new("a", DataType::Long))
    };
    let report = live.sync(vec![table("there"), table("absent")]).await;
    assert_eq!(report.applied(), 2, "{report}");
    live.end().await;
}
