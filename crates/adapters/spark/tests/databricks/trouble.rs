//! What can't be read: told apart, and never taken for something that is not there.

use delta_engine_application::{Column, Status, Table};
use delta_engine_schema::model::{Aspect, DataType, Path};
use delta_engine_spark_proto as proto;
use delta_engine_testkit::connect::{Answers, Ask, Refused, Reply, Script};

use crate::support::{Databricks, but, present, registry, told, unknown, view, written};

fn denied() -> Reply {
    let refused = Refused::new("INSUFFICIENT_PERMISSIONS", "Insufficient privileges");
    Reply::refused(Refused { sqlstate: Some("42501".to_owned()), ..refused })
}

/// The written answers, but that these views are denied.
fn without(views: &'static [&'static str]) -> impl Script {
    let other = move |ask: &Ask| match ask {
        Ask::Query(query) if view(query).is_some_and(|view| views.contains(&view)) => Some(denied()),
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    but(other, written())
}

#[tokio::test]
async fn absent_unreadable_and_no_delta_are_told_apart() {
    let databricks = Databricks::start(written()).await;
    let check = [
        ("main.sales.orders", "present"),
        ("main.sales.missing", "absent"),
        ("main.sales.daily", "there is a view of that name (choose another name, or drop the view)"),
        (
            "main.sales.totals",
            "there is a materialized view of that name (choose another name, or change the view where its pipeline is)",
        ),
        (
            "main.sales.lake",
            "there is a table of that name, and it is no Delta table but iceberg (choose another name, or convert it with \
             CONVERT TO DELTA)",
        ),
        (
            "main.sales.remote",
            "there is a foreign table of that name, which another system keeps (choose another name, or change it in the \
             system that keeps it)",
        ),
        (
            "main.sales.secret",
            "the server can't describe the table: [INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have \
             SELECT on Table 'main.sales.secret'. SQLSTATE: 42501 (let the user of this session read the table: on \
             Databricks, USE CATALOG, USE SCHEMA and SELECT)",
        ),
    ];
    let observations = databricks.observe(&check.map(|(name, _)| name)).await;
    for ((name, expected), observation) in check.iter().zip(&observations) {
        assert_eq!(told(observation), *expected, "{name}");
    }
}

#[tokio::test]
async fn a_missing_schema_is_created_a_hidden_one_is_not_and_a_missing_catalog_is_an_error() {
    let missing = |ask: &Ask| match ask {
        Ask::Query(query) if query.contains("`nowhere`.information_schema") => {
            let words = "Catalog 'nowhere' was not found. Please verify the catalog name and then retry";
            Some(Reply::refused(Refused::new("NO_SUCH_CATALOG_EXCEPTION", words)))
        }
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(missing, written())).await;
    let table = |name: &str| Table::new(name).column(Column::new("id", DataType::Long));
    let names = ["main.returns.refunds", "main.sales.missing", "main.hidden.t", "nowhere.s.t"];
    let plan = databricks.plan(&registry(names.map(table).into())).await;
    let shown: Vec<String> = plan
        .tables
        .iter()
        .map(|table| {
            let steps = table.steps.iter().map(|step| step.preview.lines().next().unwrap_or_default().to_owned());
            let words = table.plan.findings.iter().map(|finding| finding.message.clone());
            format!("{}: {}", table.plan.name, steps.chain(words).collect::<Vec<_>>().join(" | "))
        })
        .collect();
    let find = |name: &str| shown.iter().find(|line| line.starts_with(name)).expect(name);
    assert!(
        find("main.returns.refunds").contains("CREATE SCHEMA IF NOT EXISTS `main`.`returns`; | CREATE TABLE"),
        "{shown:?}"
    );
    assert!(find("main.returns.refunds").contains("is not there, and is created first"), "{shown:?}");
    assert!(find("main.sales.missing").starts_with("main.sales.missing: CREATE TABLE"), "{shown:?}");
    assert!(find("main.hidden.t").contains("does not have USE SCHEMA on Schema 'main.hidden'"), "{shown:?}");
    let expected = "there is no catalog `nowhere`, or none that the user of this session may see: \
                    [NO_SUCH_CATALOG_EXCEPTION] Catalog 'nowhere' was not found";
    assert!(find("nowhere.s.t").contains(expected), "{shown:?}");
    // One query tells of all schemas of a catalog, and only those that it does not list are asked for.
    let accepted = databricks.accepted();
    let count = |text: &str| accepted.iter().filter(|statement| statement.contains(text)).count();
    assert_eq!((count(".information_schema.schemata"), count("DESCRIBE SCHEMA")), (1, 2), "{accepted:?}");
}

#[tokio::test]
async fn views_that_are_denied_leave_their_aspects_unknown() {
    let cases: [(&'static [&'static str], &[&str]); 5] = [
        (&["table_tags"], &["tags", "rely"]),
        (&["column_tags"], &["tags at", "tags body", "rely"]),
        (&["keys"], &["primary_key", "foreign_key", "rely"]),
        (&["columns"], &["rely"]),
        (&["tables"], &["tags", "tags at", "tags body", "primary_key", "foreign_key", "rely"]),
    ];
    for (views, expected) in cases {
        let databricks = Databricks::start(without(views)).await;
        let observations = databricks.observe(&["main.sales.events"]).await;
        assert_eq!(unknown(present(&observations[0])), expected, "{views:?}");
    }
}

#[tokio::test]
async fn what_is_declared_of_an_unknown_aspect_is_listed_and_never_diffed() {
    let declared = || {
        Table::new("main.sales.customers")
            .column(Column::new("id", DataType::Long).not_null())
            .column(Column::new("country", DataType::STRING).not_null().tag("pii", "no"))
            .column(Column::new("since", "date"))
            .column(Column::new("day", "date"))
            .partitioned_by(["country", "day"])
            .tag("domain", "sales")
            .primary_key(["country", "id"])
    };
    let databricks = Databricks::start(without(&["table_tags", "column_tags", "keys"])).await;
    let plan = databricks.plan(&registry(vec![declared()])).await;
    assert_eq!(plan.status(), Status::InSync, "{:?}", plan.tables[0].plan);
    let residual: Vec<String> = plan.tables[0]
        .plan
        .residual
        .iter()
        .map(|subject| format!("{} {}", subject.path, subject.aspect.map_or("", Aspect::as_str)))
        .collect();
    assert_eq!(residual, [" tags", " primary_key", "country tags"]);
    // With the views the same declaration changes the tags, and leaves the key.
    let databricks = Databricks::start(written()).await;
    let plan = databricks.plan(&registry(vec![declared()])).await;
    let steps: Vec<&str> = plan.tables[0].steps.iter().map(|step| step.preview.as_str()).collect();
    assert_eq!(
        steps,
        [
            "ALTER TABLE `main`.`sales`.`customers` SET TAGS ('domain' = 'sales');",
            "ALTER TABLE `main`.`sales`.`customers` ALTER COLUMN `country` SET TAGS ('pii' = 'no');",
        ]
    );
}

#[tokio::test]
async fn a_table_that_the_information_schema_does_not_list_has_no_tags_that_anybody_knows_of() {
    let unlisted = |ask: &Ask| match ask {
        Ask::Query(query) if view(query) == Some("tables") => {
            Some(Reply::rows(["table_schema", "table_name", "table_type"], &[[Some("sales"), Some("x"), Some("VIEW")]]))
        }
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(unlisted, written())).await;
    let observations = databricks.observe(&["main.sales.orders"]).await;
    let orders = present(&observations[0]);
    for aspect in [Aspect::Tags, Aspect::PrimaryKey, Aspect::ForeignKey] {
        assert!(orders.unknown.covers(aspect, &Path::table()), "{aspect:?}");
    }
}

/// What an older runtime, or a catalog that Unity Catalog does not govern, answers of a table.
fn plain() -> Answers {
    let field = |name: &str, kind| proto::data_type::StructField {
        name: name.to_owned(),
        data_type: Some(proto::DataType { kind: Some(kind) }),
        nullable: true,
        metadata: None,
    };
    let fields = vec![field("id", proto::data_type::Kind::Long(proto::data_type::Long::default()))];
    let schema = proto::data_type::Struct { fields, ..Default::default() };
    let schema = proto::DataType { kind: Some(proto::data_type::Kind::Struct(schema)) };
    let detail = r#"{"columns": {"format": "string", "id": "string", "description": "string", "location": "string",
        "partitionColumns": "list<element: string>", "clusteringColumns": "list<element: string>", "numFiles": "int64",
        "sizeInBytes": "int64", "properties": "map<string, string>", "minReaderVersion": "int32",
        "minWriterVersion": "int32", "tableFeatures": "list<element: string>"},
        "rows": [{"format": "delta", "id": "an-id", "description": "old", "location": "dbfs:/t", "partitionColumns": [],
        "clusteringColumns": [], "numFiles": 0, "sizeInBytes": 0, "properties": [], "minReaderVersion": 1,
        "minWriterVersion": 2, "tableFeatures": []}]}"#;
    let entry = |name: &str| detail.replacen('{', &format!(r#"{{"statement": "DESCRIBE DETAIL {name}","#), 1);
    let names = ["`main`.`sales`.`old`", "`main`.`sales`.`older`", "`hive_metastore`.`s`.`t`"];
    let recorded = format!("[{}]", names.map(entry).join(","));
    let answers = Answers::new().recorded(&recorded).expect("details");
    names.iter().fold(answers, |answers, name| {
        answers.on(Ask::SchemaOfTable((*name).to_owned()), Reply::schema(schema.clone()))
    })
}

#[tokio::test]
async fn without_descriptions_as_json_a_table_is_described_as_anywhere() {
    let mut plain = plain();
    let old = move |ask: &Ask| match ask {
        Ask::Statement(text) if text.ends_with("AS JSON") => {
            Some(Reply::refused(Refused::new("PARSE_SYNTAX_ERROR", "Syntax error at or near 'AS'")))
        }
        Ask::Query(query) if view(query) == Some("tables") => {
            let columns = ["table_schema", "table_name", "table_type"];
            Some(Reply::rows(columns, &[[Some("sales"), Some("old"), Some("MANAGED")]]))
        }
        Ask::Statement(text) if text.starts_with("DESCRIBE DETAIL") => Some(plain.reply(ask)),
        Ask::SchemaOfTable(_) => Some(plain.reply(ask)),
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(old, written())).await;
    for _ in 0..2 {
        let observations = databricks.observe(&["main.sales.old", "hive_metastore.s.t"]).await;
        let (old, ungoverned) = (present(&observations[0]), present(&observations[1]));
        assert_eq!(
            (old.table_id.as_str(), old.comment.as_deref(), unknown(old)),
            ("an-id", Some("old"), vec!["rely".to_owned()])
        );
        let nothing = ["tags", "tags id", "primary_key", "foreign_key", "rely"];
        assert_eq!(unknown(ungoverned), nothing, "no information schema tells of it");
    }
    let accepted = databricks.accepted();
    let asked = |text: &str| accepted.iter().filter(|statement| statement.contains(text)).count();
    assert_eq!(asked("AS JSON"), 1, "the server is asked once: {accepted:?}");
    assert_eq!(asked("`hive_metastore`.information_schema"), 0, "{accepted:?}");
}

#[tokio::test]
async fn what_a_document_leaves_open_is_asked_of_delta() {
    let cases: [(bool, &[&str]); 2] = [(false, &["rely"]), (true, &["check", "rely"])];
    for (detail_is_denied, expected) in cases {
        let mut plain = plain();
        let open = move |ask: &Ask| match ask {
            Ask::Statement(text) if text == "DESCRIBE TABLE EXTENDED `main`.`sales`.`old` AS JSON" => {
                let document = r#"{"type":"MANAGED","provider":"delta",
                    "columns":[{"name":"id","type":{"name":"bigint"},"nullable":true}],
                    "table_properties":{"delta.feature.checkConstraints":"supported"}}"#;
                Some(Reply::rows(["json_metadata"], &[[Some(document)]]))
            }
            Ask::Statement(text) if text.starts_with("DESCRIBE DETAIL") => {
                Some(if detail_is_denied { denied() } else { plain.reply(ask) })
            }
            Ask::Query(query) if view(query) == Some("tables") => {
                let columns = ["table_schema", "table_name", "table_type"];
                Some(Reply::rows(columns, &[[Some("sales"), Some("old"), Some("MANAGED")]]))
            }
            Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => {
                None
            }
        };
        let databricks = Databricks::start(but(open, written())).await;
        let observations = databricks.observe(&["main.sales.old"]).await;
        assert_eq!(unknown(present(&observations[0])), expected);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_description_is_the_tables_own_trouble() {
    let broken = |ask: &Ask| match ask {
        Ask::Statement(text) if text.contains("`daily`") => Some(Reply::rows(["json_metadata"], &[[Some("{}")]])),
        Ask::Statement(text) if text.contains("`lake`") => Some(Reply::rows(["json_metadata"], &[[None]])),
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(broken, written())).await;
    let observations = databricks.observe(&["main.sales.daily", "main.sales.lake", "main.sales.orders"]).await;
    assert!(told(&observations[0]).contains("has no `type`"), "{}", told(&observations[0]));
    assert!(told(&observations[1]).contains("is no JSON"), "{}", told(&observations[1]));
    assert_eq!(told(&observations[2]), "present");
}

#[tokio::test]
async fn names_are_completed_by_the_session_and_lowered_as_a_whole() {
    let current = |ask: &Ask| match ask {
        Ask::Query(query) if query.contains("current_catalog()") => {
            Some(Reply::rows(["catalog", "schema"], &[[Some("Main"), Some("default")]]))
        }
        Ask::Query(query) if view(query) == Some("tables") => {
            assert!(query.contains("FROM `main`.information_schema.tables"), "{query}");
            assert!(query.contains("table_name IN ('größe', 'orders', 'ας')"), "{query}");
            let columns = ["table_schema", "table_name", "table_type"];
            Some(Reply::rows(columns, &[[Some("sales"), Some("orders"), Some("MANAGED")]]))
        }
        Ask::Statement(text) if text == "DESCRIBE TABLE EXTENDED `sales`.`orders` AS JSON" => {
            let document = r#"{"type":"MANAGED","provider":"delta","columns":[],"table_properties":{}}"#;
            Some(Reply::rows(["json_metadata"], &[[Some(document)]]))
        }
        Ask::Statement(text) if text.ends_with("AS JSON") => {
            Some(Reply::refused(Refused::new("TABLE_OR_VIEW_NOT_FOUND", "cannot be found")))
        }
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(current, written())).await;
    let observations = databricks.observe(&["sales.orders", "sales.`GRÖßE`", "sales.`ΑΣ`"]).await;
    let orders = present(&observations[0]);
    assert_eq!(orders.name.to_string(), "sales.orders");
    // Written as the declaration is, so that it is the same key.
    assert_eq!(orders.foreign_keys[0].references.to_string(), "sales.customers");
    assert_eq!([told(&observations[1]), told(&observations[2])], ["absent", "absent"]);
}
