//! A target that is to read and write logs itself: Unity Catalog tells no ids, so no log is believed to be a table's.

use std::sync::Arc;

use delta_engine_application::port::Catalog;
use delta_engine_application::{Column, Engine, MemoryLake, Mixed, Status, Table, layered};
use delta_engine_schema::model::{DataType, ObservedTable};

use crate::support::{Databricks, present, registry};
use crate::workspace::Workspace;

#[tokio::test]
async fn changes_through_logs_are_refused_and_the_plan_says_that_none_is_read() {
    let table = || Table::new("main.sales.t").column(Column::new("id", DataType::Long));
    let workspace = Workspace::of(&registry(vec![table()]));
    workspace.change("main.sales.t", |table| table.location = Some("s3://lake/t".to_owned()));
    let databricks = Databricks::start(workspace).await;
    let seen = present(&databricks.observe(&["main.sales.t"]).await[0]).clone();
    assert_eq!((seen.table_id.as_str(), seen.location.as_deref()), ("", Some("s3://lake/t")));

    // The log is there, and reached.
    let lake = MemoryLake::new();
    lake.put(ObservedTable { table_id: "7".to_owned(), version: 3, ..seen });
    let catalog = layered(Arc::new(databricks.catalog.clone()), Arc::new(lake.clone())).logs_first();
    let (statements, commits) = (Arc::new(lake.clone()), Arc::new(lake));
    let executor = Mixed::new(catalog.clone(), statements, commits, |_| Ok(()));
    let engine = Engine::new(Arc::new(catalog) as Arc<dyn Catalog>, Arc::new(executor));

    let why = "the catalog does not tell the table's id, so no log can be held to be its";
    let not_read = format!("the table's log is not read, only what the catalog tells of it: {why}");
    let plan = engine.plan(&registry(vec![table().comment("x")])).await.expect("a plan");
    assert_eq!(plan.status(), Status::Blocked);
    let said: Vec<&str> = plan.findings().map(|(_, finding)| finding.message.as_str()).collect();
    assert_eq!(said, [format!("the table's log can't be committed to: {why}"), not_read.clone()]);
    let plan = engine.plan(&registry(vec![table()])).await.expect("a plan");
    assert_eq!(plan.status(), Status::InSync);
    let said: Vec<&str> = plan.findings().map(|(_, finding)| finding.message.as_str()).collect();
    assert_eq!(said, [not_read]);
}
