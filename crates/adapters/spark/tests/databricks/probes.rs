//! What the data of a table is asked: one aggregate query for all that a plan needs of it.

use delta_engine_application::{Column, Table};
use delta_engine_schema::Outcome;
use delta_engine_schema::model::DataType;
use delta_engine_testkit::connect::{Answers, Ask, Script};

use crate::support::{Databricks, but, registry};
use crate::workspace::Workspace;

/// The workspace, whose table has rows: `broken` of three break the second question.
fn with_rows(workspace: Workspace, broken: i64) -> impl Script {
    let detail = r#"[{"statement": "detail", "columns": {"format": "string", "id": "string", "description": "string",
        "location": "string", "partitionColumns": "list<element: string>", "clusteringColumns": "list<element: string>",
        "numFiles": "int64", "sizeInBytes": "int64", "properties": "map<string, string>", "minReaderVersion": "int32",
        "minWriterVersion": "int32", "tableFeatures": "list<element: string>"},
        "rows": [{"format": "delta", "id": "an-id", "description": null, "location": "", "partitionColumns": [],
        "clusteringColumns": [], "numFiles": 2, "sizeInBytes": 100, "properties": [], "minReaderVersion": 1,
        "minWriterVersion": 7, "tableFeatures": ["invariants"]}]}]"#;
    let counts = format!(
        r#"[{{"query": "counts", "columns": {{"total": "int64", "broken0": "int64", "broken1": "int64", "broken2": "int64"}},
        "rows": [{{"total": 3, "broken0": 0, "broken1": {broken}, "broken2": 0}}]}}]"#
    );
    let answers = Answers::new().recorded(detail).expect("a detail");
    let mut answers = answers.recorded(&counts).expect("counts");
    let rows = move |ask: &Ask| match ask {
        Ask::Statement(text) if text.starts_with("DESCRIBE DETAIL") => {
            Some(answers.reply(&Ask::Statement("detail".to_owned())))
        }
        Ask::Query(text) if text.starts_with("SELECT count(*)") => {
            Some(answers.reply(&Ask::Query("counts".to_owned())))
        }
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    but(rows, workspace)
}

fn table() -> Table {
    Table::new("main.sales.orders").column(Column::new("a", DataType::Long)).column(Column::new("b", DataType::Long))
}

fn tightened() -> Table {
    Table::new("main.sales.orders")
        .column(Column::new("a", DataType::Long).not_null())
        .column(Column::new("b", DataType::Long).not_null())
        .check("positive", "a > 0")
}

#[tokio::test]
async fn not_null_and_checks_of_a_table_are_counted_by_one_query() {
    let workspace = Workspace::of(&registry(vec![table()]));
    let databricks = Databricks::start(with_rows(workspace.clone(), 0)).await;
    let registry = registry(vec![tightened()]);
    let plan = databricks.plan(&registry).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Changes, "{:?}", plan.tables[0].plan.findings);
    let counted: Vec<String> =
        databricks.accepted().into_iter().filter(|text| text.starts_with("SELECT count(*)")).collect();
    assert_eq!(
        counted,
        ["SELECT count(*) AS total, count_if(coalesce(`a` IS NULL, FALSE)) AS broken0, \
         count_if(coalesce(`b` IS NULL, FALSE)) AS broken1, count_if(NOT coalesce((a > 0), FALSE)) AS broken2 \
         FROM `main`.`sales`.`orders`"]
    );
    let steps: Vec<&str> = plan.tables[0].steps.iter().map(|step| step.preview.as_str()).collect();
    assert_eq!(
        steps,
        [
            "ALTER TABLE `main`.`sales`.`orders` ALTER COLUMN\n  `a` SET NOT NULL,\n  `b` SET NOT NULL;",
            "ALTER TABLE `main`.`sales`.`orders` ADD CONSTRAINT `positive` CHECK (a > 0);",
        ]
    );
    workspace.expect(&plan);
    let report = databricks.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.status(), delta_engine_application::Status::InSync, "{report}");
}

#[tokio::test]
async fn rows_that_break_it_hold_the_change_back() {
    let databricks = Databricks::start(with_rows(Workspace::of(&registry(vec![table()])), 2)).await;
    let plan = databricks.plan(&registry(vec![tightened()])).await;
    assert_eq!(plan.tables[0].plan.outcome, Outcome::Blocked);
    let said: Vec<String> = plan.findings().map(|(_, finding)| finding.message.clone()).collect();
    assert!(said.iter().any(|message| message.contains("2 of 3 rows")), "{said:?}");
}
