//! The places of new tables: which are asked for, how often, and what is said of a log that lies there.

#![expect(clippy::expect_used, clippy::panic, reason = "helpers of tests fail by panic")]

use std::sync::Arc;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_spark::client::Patience;
use delta_engine_spark::{Address, Server, SparkCatalog};
use delta_engine_testkit::connect::{Answers, Ask, Conduct, Faults, Refused, Reply, Script, ScriptedServer};
use serde_json::json;

const TAKEN: &str = "file:/w/it's taken";

/// The schema `s` is there and empty, `new` is not; a log lies at one place.
fn script() -> impl Script {
    let columns = json!({
        "format": "string", "id": "string", "location": "string", "description": "string", "numFiles": "int64",
        "minReaderVersion": "int32", "minWriterVersion": "int32",
    });
    let row = |format: &str, id: &str, place: &str| {
        json!({
            "format": format, "id": id, "location": place, "description": null, "numFiles": 3, "minReaderVersion": 1,
            "minWriterVersion": 2,
        })
    };
    let detail = |place: &str, row| json!({ "statement": format!("DESCRIBE DETAIL delta.`{place}`"), "columns": columns, "rows": [row] });
    let details = json!([
        detail(TAKEN, row("delta", "an-id", TAKEN)),
        detail("s3://b/parquet", row("parquet", "", "s3://b/parquet")),
    ]);
    let mut details = Answers::new().recorded(&details.to_string()).expect("a recording");
    move |ask: &Ask| {
        let text = match ask {
            Ask::Statement(text) | Ask::Query(text) => text,
            Ask::SchemaOfTable(_) | Ask::SchemaOfQuery(_) | Ask::Files { .. } => return details.reply(ask),
        };
        if text.contains(" `new`") {
            return Reply::refused(Refused::new("SCHEMA_NOT_FOUND", "no such schema"));
        }
        if text.starts_with("SHOW TABLE EXTENDED") {
            return Reply::rows(["tableName", "information"], &[]);
        }
        if text.starts_with("DESCRIBE SCHEMA") {
            return Reply::rows(["info_name", "info_value"], &[[Some("Location"), Some("file:///w")]]);
        }
        if let Some((_, commits)) = text.split_once("binaryFile.") {
            let found: &[[Option<&str>; 1]] = &[[Some("w/taken/_delta_log/00000000000000000000.json")]];
            return Reply::rows(["path"], if commits == "`file:///w/taken/_delta_log/*.json`" { found } else { &[] });
        }
        if text.starts_with("DESCRIBE TABLE EXTENDED") {
            return Reply::refused(Refused::new("TABLE_OR_VIEW_NOT_FOUND", "no such table"));
        }
        details.reply(ask)
    }
}

struct Found {
    said: Vec<String>,
    asked: Vec<String>,
}

/// What is found of tables, and the statements that asked for their places.
async fn check(settings: &[(&str, &str)], tables: &[(&str, Option<&str>)]) -> Found {
    let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let conduct = Conduct { settings, version: "4.2.0".to_owned(), ..Conduct::default() };
    let scripted = ScriptedServer::start(script(), Faults::none(), conduct).await.expect("a server");
    let address = Address::parse(&scripted.url()).expect("an address");
    let server = Arc::new(Server::connect(&address, Patience::default()).await.expect("a session"));
    let relation = |(name, location): &(&str, Option<&str>)| Relation {
        name: name.parse().expect("a name"),
        location: location.map(str::to_owned),
    };
    let relations: Vec<Relation> = tables.iter().map(relation).collect();
    let found = SparkCatalog::new(server).observe(&relations).await.expect("observations");
    let said = |observation: &Observation| match observation {
        Observation::Present(table) => panic!("{}", table.name),
        Observation::Absent => "absent".to_owned(),
        Observation::Unreadable(why) => format!("{why}: {}", why.help.clone().unwrap_or_default()),
    };
    let accepted = scripted.journal().accepted.into_iter().map(|accepted| accepted.statement);
    let asked =
        accepted.filter(|statement| statement.contains("delta.`") || statement.contains("binaryFile")).collect();
    Found { said: found.iter().map(said).collect(), asked }
}

const SPARK: [(&str, &str); 3] = [
    ("spark.master", "local[2]"),
    ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
    ("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
];

#[tokio::test]
async fn a_log_at_the_place_of_a_new_table_is_seen_and_told() {
    let found = check(
        &SPARK,
        &[
            ("s.nowhere", None),
            ("s.free", Some("file:/w/free")),
            ("s.taken", Some(TAKEN)),
            ("new.taken", Some(TAKEN)),
            ("s.parquet", Some("s3://b/parquet")),
            ("s.relative", Some("w/t")),
        ],
    )
    .await;
    let taken = "a Delta table lies at `file:/w/it's taken` (id an-id, 3 files of data) that the server has not registered, so \
                 that a new one would take it over or fail half-way: register it and plan again: ";
    let register = |name: &str| {
        format!(r"CREATE TABLE {name} USING delta LOCATION 'file:/w/it\'s taken'; or declare another location")
    };
    assert_eq!(
        found.said,
        [
            "absent".to_owned(),
            "absent".to_owned(),
            format!("{taken}{}", register("`s`.`taken`")),
            format!("{taken}CREATE SCHEMA `new`; {}", register("`new`.`taken`")),
            "absent".to_owned(),
            "absent".to_owned(),
        ]
    );
    // One request for each absolute place, and none for tables without one.
    assert_eq!(found.asked.len(), 4, "{:?}", found.asked);
}

#[tokio::test]
async fn a_server_without_details_is_asked_for_the_commits() {
    let tables =
        [("s.t", Some("file:///w/taken/")), ("s.free", Some("file:///w/free")), ("s.nowhere", None), ("s.taken", None)];
    let found = check(&[], &tables).await;
    assert!(found.said[0].contains("lies at `file:///w/taken/` (1 commits in its log)"), "{:?}", found.said);
    assert_eq!(found.said[1..3], ["absent", "absent"]);
    // In the folder of its schema.
    let register = "CREATE TABLE `s`.`taken` USING delta LOCATION 'file:///w/taken'";
    assert!(found.said[3].contains(register), "{:?}", found.said);
    assert_eq!(found.asked.len(), 4, "{:?}", found.asked);
}
