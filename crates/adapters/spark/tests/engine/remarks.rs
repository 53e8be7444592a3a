//! What the plan says of a server whose settings are not as they should be, or can't be seen.

use std::collections::BTreeSet;

use delta_engine_application::{Column, PreparedPlan, Table};
use delta_engine_testkit::connect::{Conduct, ScriptedServer};

use crate::run::{registry, start};
use crate::tables::Tables;

/// A plan to create a plain table, and one with `${` in a check.
async fn plan(conduct: Conduct) -> (ScriptedServer, PreparedPlan) {
    let (server, engine) = start(&Tables::new(&["s"], &[]), conduct).await;
    let table = |name: &str| Table::new(name).column(Column::new("a", "string"));
    let tables = [table("s.plain"), table("s.text").check("no_text", "a <> '${env:HOME}'")];
    let plan = engine.plan(&registry(tables)).await.expect("a plan");
    (server, plan)
}

/// What is said of a table, with what blocks it before the rest.
fn said(plan: &PreparedPlan, table: &str) -> Vec<String> {
    let found = plan.findings().filter(|(of, _)| of.plan.name.to_string() == table);
    let said = found.map(|(_, finding)| {
        let help = finding.help.as_deref().unwrap_or("no help");
        format!("{}{} ({help})", if finding.blocks() { "refused: " } else { "" }, finding.message)
    });
    said.collect()
}

fn named(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const SUBSTITUTE: &str = "spark.sql.variable.substitute";
const USER_METADATA: &str = "spark.databricks.delta.commitInfo.userMetadata";

#[tokio::test]
async fn of_a_server_as_it_should_be_nothing_is_said() {
    let (_server, plan) = plan(Conduct::default()).await;
    assert_eq!([said(&plan, "s.plain"), said(&plan, "s.text")], [[""; 0]; 2]);
}

#[tokio::test]
async fn what_the_session_gives_to_new_tables_is_told() {
    let given = ("spark.databricks.delta.properties.defaults.appendOnly".to_owned(), "true".to_owned());
    let (_server, plan) = plan(Conduct { settings: [given].into(), ..Conduct::default() }).await;
    let expected = "the server gives new tables delta.appendOnly = true \
                    (declare the property, with this value or another, to make it yours)";
    assert_eq!(said(&plan, "s.plain"), [expected]);

    let hidden_settings = named(&["spark.databricks.delta.properties.defaults."]);
    let (_server, plan) = self::plan(Conduct { hidden_settings, ..Conduct::default() }).await;
    let said = said(&plan, "s.plain");
    assert!(matches!(&said[..], [one] if one.starts_with("the server does not tell which properties")), "{said:?}");
}

#[tokio::test]
async fn commits_that_cannot_name_their_plan_are_told() {
    let (_server, plan) = plan(Conduct { fixed_settings: named(&[USER_METADATA]), ..Conduct::default() }).await;
    let expected = "the server does not let commits name the plan they belong to \
                    (nothing; the history of the table shows the user only)";
    assert_eq!(said(&plan, "s.plain"), [expected]);
}

#[tokio::test]
async fn where_texts_are_replaced_only_statements_with_such_texts_are_refused() {
    // Set for all, or shown to nobody: what can't be checked is taken for the worse.
    for hidden_settings in [named(&[]), named(&[SUBSTITUTE])] {
        let conduct = Conduct { fixed_settings: named(&[SUBSTITUTE]), hidden_settings, ..Conduct::default() };
        let (_server, plan) = plan(conduct).await;
        assert_eq!(said(&plan, "s.plain"), [""; 0]);
        let expected = "refused: the server replaces `${…}` in statements and can't be kept from it, and a name or expression \
                        holds it (set spark.sql.variable.substitute to false on the server)";
        assert_eq!(said(&plan, "s.text"), [expected]);
    }
}

#[tokio::test]
async fn a_setting_that_is_not_shown_is_set_and_where_that_is_refused_it_is_told() {
    let timestamp = "spark.sql.timestampType";
    let (_server, shown) = plan(Conduct { hidden_settings: named(&[timestamp]), ..Conduct::default() }).await;
    assert_eq!(said(&shown, "s.plain"), [""; 0]);

    let both = [timestamp, "spark.sql.caseSensitive"];
    let conduct = Conduct { hidden_settings: named(&both), fixed_settings: named(&both), ..Conduct::default() };
    let (_server, plan) = plan(conduct).await;
    let expected = "the server neither shows nor sets spark.sql.caseSensitive, spark.sql.timestampType, which changes what \
                    statements mean: its default is assumed (see on the server that nobody has set it)";
    assert_eq!(said(&plan, "s.plain"), [expected]);
}

#[tokio::test]
async fn a_spark_that_was_not_tried_is_told() {
    let (_server, plan) = plan(Conduct { version: "4.3.0".to_owned(), ..Conduct::default() }).await;
    let said = said(&plan, "s.plain");
    let expected = "the server is Spark 4.3.0, which was not tried: it is taken for OSS Spark 4.2";
    assert!(matches!(&said[..], [one] if one.starts_with(expected)), "{said:?}");
}
