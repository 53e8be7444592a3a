//! Every aspect of tables from descriptions and the information schema, and by how many requests.

use delta_engine_application::port::Catalog;
use delta_engine_schema::model::{ForeignKey, Identifier, InboundKey, ObservedTable, PrimaryKey, RelationKind};
use delta_engine_testkit::connect::{Ask, Reply};

use crate::support::{Databricks, but, present, told, unknown, written};

const THREE: [&str; 3] = ["main.sales.orders", "main.sales.customers", "main.sales.events"];

fn column(table: &ObservedTable, name: &str) -> String {
    let column = table.column(&name.into()).expect(name);
    let nullable = if column.field.nullable { "" } else { " not null" };
    let default = column.default.as_ref().map(|default| format!(" default {}", default.text())).unwrap_or_default();
    let comment = column.field.comment.as_ref().map(|comment| format!(" -- {comment}")).unwrap_or_default();
    format!("{} {}{nullable}{default}{comment}", column.name().as_str(), column.data_type())
}

#[tokio::test]
async fn every_aspect_of_a_table_is_read() {
    let databricks = Databricks::start(written()).await;
    let observations = databricks.observe(&THREE).await;
    let orders = present(&observations[0]);
    let columns: Vec<String> = orders.columns.iter().map(|known| column(orders, known.name().as_str())).collect();
    assert_eq!(
        columns,
        [
            r"id bigint not null -- it's the \ key",
            "Customer_Id bigint",
            "country string",
            "address struct<street: string not null comment 'first line', zip: varchar(10), `x.y`: int> -- where it goes",
            "items array<struct<sku: string, n: smallint> not null>",
            "labels map<string, decimal(10,2) not null>",
            "status string default 'new'",
            "note string collate UTF8_LCASE",
            "placed timestamp",
            "local timestamp_ntz",
            "doc variant",
            "span opaque \"interval day to second\"",
        ]
    );
    assert_eq!(orders.comment.as_deref(), Some("One row per order"));
    assert_eq!(
        format!("{:?}", orders.layout),
        r#"Clustered([Path([Field("id")]), Path([Field("address"), Field("x.y")])])"#
    );
    let properties: Vec<String> = orders.properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
    // What every write moves is not there.
    assert_eq!(
        properties,
        ["delta.columnMapping.mode=name", "delta.enableDeletionVectors=true", "team.owner=it's ours"]
    );
    let features: Vec<&str> = orders.features.iter().map(|feature| feature.name()).collect();
    assert_eq!(features.len(), 10, "{features:?}");
    assert!(features.contains(&"variantType-preview") && features.contains(&"columnMapping"), "{features:?}");
    let checks: Vec<String> = orders.checks.iter().map(|(name, check)| format!("{name}: {}", check.text())).collect();
    assert_eq!(checks, ["positive: id > 0"]);
    assert!(orders.location.as_deref().is_some_and(|location| location.ends_with("/orders")));
    let tags: Vec<String> = orders.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    // The platform's own tags, whose keys nobody could write, are not ours.
    assert_eq!(tags, [r"Owner's=it's \ us", "domain=sales"]);
    let pii = |name: &str| orders.column(&name.into()).and_then(|column| column.tags.get("pii").cloned());
    assert_eq!((pii("customer_id").as_deref(), pii("id")), (Some("yes"), None));
    assert_eq!((orders.kind, unknown(orders)), (RelationKind::Table, vec!["rely".to_owned()]));

    let customers = present(&observations[1]);
    assert_eq!((customers.comment.as_deref(), customers.tags.len()), (None, 0), "an empty comment is none");
    assert_eq!(format!("{:?}", customers.layout), r#"Partitioned(["country", "day"])"#);

    let events = present(&observations[2]);
    assert_eq!((events.kind, format!("{:?}", events.layout).as_str()), (RelationKind::StreamingTable, "ClusteredAuto"));
    assert_eq!(events.columns[1].tags.get("pii").map(String::as_str), Some(""));
}

#[tokio::test]
async fn keys_pair_by_the_referenced_key_and_those_of_others_are_seen() {
    let databricks = Databricks::start(written()).await;
    let observations = databricks.observe(&THREE).await;
    let (orders, customers) = (present(&observations[0]), present(&observations[1]));
    let primary = |name: &str, columns: &[&str]| {
        Some(PrimaryKey {
            name: Some(name.into()),
            columns: columns.iter().map(|column| (*column).into()).collect(),
            rely: false,
        })
    };
    assert_eq!(orders.primary_key, primary("orders_pk", &["id"]));
    assert_eq!(customers.primary_key, primary("customers_pk", &["country", "id"]));
    let foreign = ForeignKey {
        name: Some("orders_customer_fk".into()),
        columns: vec!["Customer_Id".into(), "country".into()],
        references: "main.sales.customers".parse().expect("a name"),
        referenced_columns: vec!["id".into(), "country".into()],
        rely: false,
    };
    assert_eq!((orders.foreign_keys.as_slice(), orders.inbound_keys.as_slice()), ([foreign].as_slice(), [].as_slice()));
    let inbound = |table: &str, name: &str, columns: [&str; 2]| InboundKey {
        table: table.parse().expect("a name"),
        name: Some(name.into()),
        referenced_columns: columns.iter().map(|column| Identifier::new(*column)).collect(),
    };
    // One of a table that nobody asked for; one that rests on a unique key is in nobody's way.
    let expected = [
        inbound("main.crm.visits", "visits_customer_fk", ["country", "id"]),
        inbound("main.sales.orders", "orders_customer_fk", ["id", "country"]),
    ];
    assert_eq!(customers.inbound_keys, expected);
    assert_eq!(customers.foreign_keys, []);
}

#[tokio::test]
async fn what_no_view_shows_is_unknown_where_the_table_may_have_it() {
    let databricks = Databricks::start(written()).await;
    let observations = databricks.observe(&THREE).await;
    let hidden = unknown(present(&observations[1]));
    assert_eq!(
        hidden,
        ["generated country", "generated day", "generated id", "generated since", "identity id", "rely"]
    );
}

#[tokio::test]
async fn a_catalog_costs_five_queries_however_many_tables_there_are() {
    for count in [1, 3, 60] {
        let document = r#"{"type":"MANAGED","provider":"delta","columns":[],"table_properties":{}}"#;
        let described = move |ask: &Ask| match ask {
            Ask::Statement(text) if text.starts_with("DESCRIBE TABLE EXTENDED `main`.`many`.") => {
                Some(Reply::rows(["json_metadata"], &[[Some(document)]]))
            }
            Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => {
                None
            }
        };
        let databricks = Databricks::start(but(described, written())).await;
        let before = databricks.requests();
        let names: Vec<String> = (0..count).map(|number| format!("main.many.t{number}")).collect();
        let observations = databricks.observe(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(observations.iter().all(|observation| told(observation) == "present"));
        assert_eq!(databricks.requests() - before, count + 5);
    }
}

#[tokio::test]
async fn these_are_the_queries() {
    let databricks = Databricks::start(written()).await;
    databricks.observe(&["main.Sales.Orders", "main.sales.customers"]).await;
    let mut accepted = databricks.accepted();
    accepted.sort();
    let these = |schema: &str, table: &str| format!("({schema} IN ('sales') AND {table} IN ('customers', 'orders'))");
    let view = |name: &str| format!("`main`.information_schema.{name}");
    let of_tags = these("schema_name", "table_name");
    let of_tables = these("table_schema", "table_name");
    let same = |left: &str, prefix: &str, right: &str| {
        ["catalog", "schema", "name"]
            .map(|part| format!("{left}.{prefix}constraint_{part} = {right}.constraint_{part}"))
            .join(" AND ")
    };
    let mut expected = [
        // As they are declared: the server finds them in any case.
        "DESCRIBE TABLE EXTENDED `main`.`Sales`.`Orders` AS JSON".to_owned(),
        "DESCRIBE TABLE EXTENDED `main`.`sales`.`customers` AS JSON".to_owned(),
        format!("SELECT table_schema, table_name, table_type FROM {} WHERE {of_tables}", view("tables")),
        format!(
            "SELECT table_schema, table_name, column_name, column_default, generation_expression, is_identity, \
             identity_generation, CAST(identity_start AS STRING) AS identity_start, \
             CAST(identity_increment AS STRING) AS identity_increment FROM {} WHERE {of_tables} \
             AND (column_default IS NOT NULL OR generation_expression IS NOT NULL OR is_identity = 'YES')",
            view("columns")
        ),
        format!("SELECT schema_name, table_name, tag_name, tag_value FROM {} WHERE {of_tags}", view("table_tags")),
        format!(
            "SELECT schema_name, table_name, column_name, tag_name, tag_value FROM {} WHERE {of_tags}",
            view("column_tags")
        ),
        format!(
            "SELECT c.table_schema, c.table_name, c.constraint_name, c.constraint_type, k.column_name, \
             k.ordinal_position, p.table_schema AS referenced_schema, p.table_name AS referenced_table, \
             p.column_name AS referenced_column, u.constraint_type AS referenced_type \
             FROM {constraints} c JOIN {columns} k ON {} LEFT JOIN {} r ON {} \
             LEFT JOIN {columns} p ON {} AND p.ordinal_position = k.position_in_unique_constraint \
             LEFT JOIN {constraints} u ON {} WHERE {} OR {}",
            same("c", "", "k"),
            view("referential_constraints"),
            same("c", "", "r"),
            same("r", "unique_", "p"),
            same("r", "unique_", "u"),
            these("c.table_schema", "c.table_name"),
            these("p.table_schema", "p.table_name"),
            constraints = view("table_constraints"),
            columns = view("key_column_usage"),
        ),
    ];
    expected.sort();
    assert_eq!(accepted, expected);
}

#[tokio::test]
async fn tables_are_listed_by_their_catalog() {
    let listed = |ask: &Ask| match ask {
        Ask::Query(query) if query.contains("current_catalog()") => {
            Some(Reply::rows(["catalog", "schema"], &[[Some("main"), Some("default")]]))
        }
        Ask::Query(query) if query.contains("data_source_format") => {
            assert!(query.contains("FROM `main`.information_schema.tables WHERE table_schema = 'sales'"), "{query}");
            Some(Reply::rows(["table_schema", "table_name"], &[[Some("sales"), Some("orders")]]))
        }
        Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => None,
    };
    let databricks = Databricks::start(but(listed, written())).await;
    for (schema, expected) in [("main.Sales", "main.sales.orders"), ("sales", "sales.orders")] {
        let schema = schema.parse().expect("a name");
        let relations = databricks.catalog.list(Some(&schema)).await.expect("a list");
        let names: Vec<String> = relations.iter().map(|relation| relation.name.to_string()).collect();
        assert_eq!(names, [expected]);
    }
}
