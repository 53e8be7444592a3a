//! Names with a catalog: the session's own, another one of the server's, and one that is not there.

use delta_engine_application::{Column, Execution, Status, Table};
use delta_engine_schema::Outcome;
use delta_engine_schema::model::DataType;
use delta_engine_spark::client::Failure;
use tokio_util::sync::CancellationToken;

use crate::support::{actions, live};

fn reasons(plan: &delta_engine_application::PreparedPlan) -> Vec<String> {
    plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.message.clone()).collect()
}

#[tokio::test]
async fn tables_of_the_session_catalog_may_have_its_name() {
    let Some(live) = live("three_parts").await else { return };
    let name = format!("spark_catalog.{}", live.name("t"));
    let table = || Table::new(&name).column(Column::new("a", DataType::Integer));
    let plan = live.plan(vec![table()]).await;
    let steps: Vec<&str> = plan.tables[0].steps.iter().map(|step| step.preview.as_str()).collect();
    assert_eq!(steps[0], format!("CREATE SCHEMA IF NOT EXISTS `spark_catalog`.`{}`;", live.schema));
    assert!(steps[1].starts_with(&format!("CREATE TABLE `spark_catalog`.`{}`.`t`", live.schema)), "{steps:?}");
    live.sync(vec![table()]).await;
    live.run(&format!("INSERT INTO {} VALUES (1)", live.name("t"))).await;
    let changed = || table().column(Column::new("b", DataType::STRING)).comment("more").check("positive", "a > 0");
    let report = live.sync(vec![changed()]).await;
    assert_eq!(report.applied(), 1, "{report}");
    // The same table by its short name.
    let short = Table::new(live.name("t"))
        .column(Column::new("a", DataType::Integer))
        .column(Column::new("b", DataType::STRING))
        .comment("more")
        .check("positive", "a > 0");
    let again = live.plan(vec![short]).await;
    assert_eq!(again.status(), Status::InSync, "{:?}", actions(&again));
    live.end().await;
}

#[tokio::test]
async fn a_catalog_that_is_not_there_is_an_error_of_the_plan() {
    let Some(live) = live("no_catalog").await else { return };
    let plan = live.plan(vec![Table::new("nowhere.s.t").column(Column::new("a", DataType::Integer))]).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Unreadable);
    assert!(plan.tables[0].steps.is_empty());
    let said = reasons(&plan);
    assert!(said.len() == 1 && said[0].contains("nowhere"), "{said:?}");
    live.end().await;
}

/// `jdbc` is Spark's own catalog of a database, and `other` is Delta's class, which only stands in front of the session's catalog.
/// `cargo xtask test` starts the server with both.
#[tokio::test]
async fn catalogs_without_delta_tables_are_told_in_words_on_the_newest_spark() {
    let Some(live) = live("no_delta").await else { return };
    let schema = format!("jdbc.{}", live.schema);
    let made = live.other.execute(&format!("CREATE SCHEMA {schema}"), &CancellationToken::new()).await;
    if let Err(Failure::Refused(refusal)) = &made
        && refusal.is("REQUIRES_SINGLE_PART_NAMESPACE")
    {
        println!("skipped: backend::no_delta: the server has no catalog `jdbc`");
        return live.end().await;
    }
    made.expect("a schema");
    live.run(&format!("CREATE TABLE {schema}.there (a INT)")).await;
    let table = |name: String| Table::new(name).column(Column::new("a", DataType::Integer));
    let unreadable = async |name: String, expected: &str| {
        let plan = live.plan(vec![table(name)]).await;
        assert_eq!(plan.tables[0].plan.outcome, Outcome::Unreadable, "{expected}");
        let said = reasons(&plan);
        assert!(said.len() == 1 && said[0].contains(expected), "{said:?}");
    };
    unreadable(format!("{schema}.there"), "it is no Delta table").await;
    unreadable("other.s.t".to_owned(), "the server can't describe the table: [INTERNAL_ERROR]").await;
    // That it takes no Delta tables only its refusal tells.
    let plan = live.plan(vec![table(format!("{schema}.fresh"))]).await;
    let report = live.engine.apply(plan).await.expect("a report");
    let Execution::Failed(failure) = &report.executions[0] else { panic!("{report}") };
    assert!(failure.message.contains("[NOT_SUPPORTED_IN_JDBC_CATALOG.COMMAND]"), "{failure:?}");
    live.run(&format!("DROP TABLE {schema}.there")).await;
    live.end().await;
}
