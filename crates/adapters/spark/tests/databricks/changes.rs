//! Plans that change keys, tags and what else only Databricks has, on a workspace that keeps them: applied, seen, nothing left.

use delta_engine_application::{Column, PrimaryKey, Report, Status, Table};
use delta_engine_schema::model::{DataType, RelationKind};
use delta_engine_schema::{Outcome, Severity};

use crate::support::{Databricks, registry};
use crate::workspace::Workspace;

const BIGINT: DataType = DataType::Long;
const STRING: DataType = DataType::STRING;

fn mapped(name: &str) -> Table {
    Table::new(format!("main.sales.{name}")).property("delta.columnMapping.mode", "name")
}

/// Applies on this workspace; gives the report, the changing statements in their order, and holds that a second plan is empty.
async fn apply(workspace: Workspace, desired: Vec<Table>) -> (Report, Vec<String>) {
    let databricks = Databricks::start(workspace.clone()).await;
    let registry = registry(desired);
    let plan = databricks.plan(&registry).await;
    let refused: Vec<String> = plan
        .findings()
        .filter(|(_, finding)| finding.severity == Severity::Rejection)
        .map(|(_, finding)| finding.message.clone())
        .collect();
    assert_eq!(refused, Vec::<String>::new());
    workspace.expect(&plan);
    let report = databricks.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.status(), Status::InSync, "{report}\n{:#?}", databricks.scripted.journal().ran);
    let again = databricks.plan(&registry).await;
    assert_eq!(
        again.status(),
        Status::InSync,
        "{:?}",
        again.tables.iter().map(|table| &table.plan).collect::<Vec<_>>()
    );
    let changes = |text: &String| ["CREATE", "ALTER", "COMMENT"].iter().any(|word| text.starts_with(word));
    let ran: Vec<String> = databricks.scripted.journal().ran.into_iter().filter(changes).collect();
    // A schema may be created twice: where it is there nothing happens.
    for statement in ran.iter().filter(|statement| !statement.starts_with("CREATE SCHEMA")) {
        assert_eq!(databricks.scripted.journal().times_accepted(statement), 1, "{statement}");
    }
    (report, ran)
}

/// These statements ran, the one before the other.
fn in_order(ran: &[String], statements: &[&str]) {
    let places: Vec<Option<usize>> =
        statements.iter().map(|wanted| ran.iter().position(|statement| statement == wanted)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}\n{ran:#?}");
}

fn customers() -> Table {
    mapped("customers")
        .column(Column::new("id", BIGINT).not_null())
        .column(Column::new("name", STRING).tag("pii", "yes").tag("old", ""))
        .primary_key(PrimaryKey::from(["id"]).named("Customers_PK"))
        .tag("domain", "sales")
        .tag("retired", "soon")
}

fn orders() -> Table {
    mapped("orders")
        .column(Column::new("id", BIGINT).not_null())
        .column(Column::new("customer", BIGINT))
        .primary_key(["id"])
        .foreign_key(["customer"], "main.sales.customers", ["id"])
}

#[tokio::test]
async fn keys_are_detached_before_and_attached_after_what_they_rest_on_changes() {
    let workspace = Workspace::of(&registry(vec![customers(), orders()]));
    let customers = mapped("customers")
        .column(Column::new("code", BIGINT).not_null().renamed_from("id"))
        .column(Column::new("name", STRING).tag("pii", "it's \\ no"))
        .primary_key(["code"])
        .tag("domain", "crm")
        .tag("owner", "b");
    let orders = mapped("orders")
        .column(Column::new("id", BIGINT).not_null().tag("key", "yes"))
        .column(Column::new("customer", BIGINT))
        .primary_key(["id"])
        .foreign_key(["customer"], "main.sales.customers", ["code"]);
    let (_, ran) = apply(workspace, vec![customers, orders]).await;
    in_order(
        &ran,
        &[
            // By the name that the catalog keeps.
            "ALTER TABLE `main`.`sales`.`orders` DROP CONSTRAINT `orders_fk0`",
            "ALTER TABLE `main`.`sales`.`customers` DROP PRIMARY KEY",
            "ALTER TABLE `main`.`sales`.`customers` RENAME COLUMN `id` TO `code`",
            "ALTER TABLE `main`.`sales`.`customers` ADD PRIMARY KEY (`code`)",
            "ALTER TABLE `main`.`sales`.`orders` ADD FOREIGN KEY (`customer`) REFERENCES `main`.`sales`.`customers` (`code`)",
        ],
    );
    // Removed first, so that a full set never passes the cap; several tags of one thing in one statement.
    in_order(
        &ran,
        &[
            "ALTER TABLE `main`.`sales`.`customers` UNSET TAGS ('retired')",
            "ALTER TABLE `main`.`sales`.`customers` SET TAGS ('domain' = 'crm', 'owner' = 'b')",
        ],
    );
    in_order(
        &ran,
        &[
            "ALTER TABLE `main`.`sales`.`customers` ALTER COLUMN `name` UNSET TAGS ('old')",
            r"ALTER TABLE `main`.`sales`.`customers` ALTER COLUMN `name` SET TAGS ('pii' = 'it\'s \\ no')",
        ],
    );
    in_order(&ran, &["ALTER TABLE `main`.`sales`.`orders` ALTER COLUMN `id` SET TAGS ('key' = 'yes')"]);
    assert_eq!(ran.len(), 10, "{ran:#?}");
}

#[tokio::test]
async fn a_primary_key_that_another_table_keeps_resting_on_is_not_dropped() {
    let renamed = || {
        mapped("customers")
            .column(Column::new("code", BIGINT).not_null().renamed_from("id"))
            .column(Column::new("name", STRING))
            .primary_key(["code"])
    };
    // The child is not declared; then it is, and is held back itself.
    let blocked = mapped("orders")
        .column(Column::new("id", BIGINT).not_null())
        .column(Column::new("customer", "date"))
        .primary_key(["id"]);
    for desired in [vec![renamed()], vec![renamed(), blocked]] {
        let workspace = Workspace::of(&registry(vec![customers(), orders()]));
        let databricks = Databricks::start(workspace).await;
        let plan = databricks.plan(&registry(desired)).await;
        let parent = &plan.tables[0].plan;
        assert_eq!(parent.outcome, Outcome::Blocked);
        assert_eq!(
            parent.findings[0].message,
            "the foreign key `orders_fk0` of `main.sales.orders` rests on the primary key, and this plan does not drop it"
        );
    }
}

#[tokio::test]
async fn new_tables_that_reference_each_other_get_their_keys_when_all_are_there() {
    let table = |name: &str, other: &str| {
        Table::new(format!("main.returns.{name}"))
            .column(Column::new("id", BIGINT).not_null().tag("key", "yes"))
            .column(Column::new("other", BIGINT))
            .primary_key(["id"])
            .foreign_key(["other"], format!("main.returns.{other}"), ["id"])
            .tag("domain", "sales")
    };
    let (report, ran) = apply(Workspace::default(), vec![table("a", "b"), table("b", "a")]).await;
    assert_eq!(report.applied(), 2);
    for (child, parent) in [("a", "b"), ("b", "a")] {
        in_order(
            &ran,
            &[
                &format!("ALTER TABLE `main`.`returns`.`{parent}` ADD PRIMARY KEY (`id`)"),
                &format!(
                    "ALTER TABLE `main`.`returns`.`{child}` ADD FOREIGN KEY (`other`) REFERENCES \
                     `main`.`returns`.`{parent}` (`id`)"
                ),
            ],
        );
    }
    assert_eq!(ran[0], "CREATE SCHEMA IF NOT EXISTS `main`.`returns`");
}

#[tokio::test]
async fn what_only_databricks_can_do_to_a_table_has_statements() {
    let before = || {
        mapped("orders")
            .comment("old")
            .column(Column::new("id", BIGINT))
            .column(Column::new("amount", "decimal(10,2)").comment("old"))
            .clustered_by(["id"])
            .property("delta.feature.allowColumnDefaults", "supported")
    };
    let workspace = Workspace::of(&registry(vec![before()]));
    let after = mapped("orders")
        .column(Column::new("id", BIGINT))
        .column(Column::new("amount", "decimal(10,2)").default_value("0"))
        .column(Column::new("status", STRING).comment("as it is"))
        .clustered_automatically()
        .property("delta.feature.allowColumnDefaults", "supported");
    let (_, ran) = apply(workspace, vec![after]).await;
    assert_eq!(
        ran,
        [
            "ALTER TABLE `main`.`sales`.`orders` ADD COLUMN `status` STRING COMMENT 'as it is'",
            "ALTER TABLE `main`.`sales`.`orders` CLUSTER BY AUTO",
            "ALTER TABLE `main`.`sales`.`orders` ALTER COLUMN `amount` SET DEFAULT 0",
            "ALTER TABLE `main`.`sales`.`orders` ALTER COLUMN `amount` COMMENT ''",
            "COMMENT ON TABLE `main`.`sales`.`orders` IS NULL",
        ]
    );
}

#[tokio::test]
async fn a_key_that_may_be_relied_on_is_added_so_and_not_held_against_what_nobody_shows() {
    let table = |key: PrimaryKey| mapped("customers").column(Column::new("id", BIGINT).not_null()).primary_key(key);
    let workspace = Workspace::of(&registry(vec![mapped("customers").column(Column::new("id", BIGINT).not_null())]));
    let rely = || PrimaryKey::from(["id"]).named("Customers_PK").rely();
    let (_, ran) = apply(workspace, vec![table(rely())]).await;
    assert_eq!(ran, ["ALTER TABLE `main`.`sales`.`customers` ADD CONSTRAINT `Customers_PK` PRIMARY KEY (`id`) RELY"]);
}

#[tokio::test]
async fn a_table_that_others_changed_since_the_plan_is_left_alone() {
    let workspace = Workspace::of(&registry(vec![customers()]));
    let databricks = Databricks::start(workspace.clone()).await;
    let desired = registry(vec![customers().tag("more", "x")]);
    let plan = databricks.plan(&desired).await;
    workspace.expect(&plan);
    workspace.change("main.sales.customers", |table| drop(table.tags.insert("theirs".to_owned(), "y".to_owned())));
    let report = databricks.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(report.status(), Status::Stale, "{report}");
    assert!(
        databricks.accepted().iter().all(|statement| !statement.starts_with("ALTER")),
        "{:?}",
        databricks.accepted()
    );
}

#[test]
fn a_streaming_table_is_altered_as_one() {
    use delta_engine_schema::{Action, Change, simulate};
    use delta_engine_sql::{Dialect, script};
    let desired = registry(vec![customers()]).tables()[0].desired.clone();
    let create = Action::CreateTable { table: Box::new((*desired).clone()) };
    let mut table = simulate(None, &[create], "").expect("a table");
    table.kind = RelationKind::StreamingTable;
    let change = || Change::between(None, Some("x".to_owned())).expect("a difference");
    let actions =
        [Action::SetTableTag { key: "a".to_owned(), change: change() }, Action::SetTableComment { change: change() }];
    let script = script(Dialect::Databricks, &desired.name, Some(&table), &actions);
    let statements: Vec<&str> = script.statements.iter().map(delta_engine_sql::Statement::sql).collect();
    assert_eq!(
        statements,
        [
            "ALTER STREAMING TABLE `main`.`sales`.`customers` SET TAGS ('a' = 'x')",
            "COMMENT ON TABLE `main`.`sales`.`customers` IS 'x'",
        ]
    );
}
