//! How many requests it takes to read many tables, and that they do not wait for each other: on a scripted server, which
//! counts.

#![expect(clippy::expect_used, reason = "helpers of tests fail by panic")]

use std::sync::Arc;
use std::time::Duration;

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_spark::client::{Patience, Requests};
use delta_engine_spark::{Address, Server, SparkCatalog};
use delta_engine_spark_proto as proto;
use delta_engine_testkit::connect::{
    Answers, Ask, Conduct, Faults, Journal, Refused, Reply, Rpc, Script, ScriptedServer,
};
use serde_json::json;

const TABLES: usize = 200;
/// The version that each log is at.
const VERSION: &str = "00000000000000000003";
/// Tables whose log is read by one request; what Spark lists without a job.
const TOGETHER: usize = 32;

/// The schema `s` with its tables. The folder of the table `gone` is not there any more.
struct Tables {
    gone: Option<&'static str>,
    details: Answers,
    /// What is said of the table that is gone, where it is not what is said of all.
    of_gone: Option<Answers>,
}

impl Tables {
    fn new(gone: Option<&'static str>) -> Self {
        Self { gone, details: Answers::new().recorded(&details()).expect("a recording"), of_gone: None }
    }

    fn register() -> Reply {
        let information =
            |name: &String| format!("Table: {name}\nType: MANAGED\nProvider: delta\nLocation: {}\n", place(name));
        let entries: Vec<(String, String)> = names().map(|name| (information(&name), name)).collect();
        let rows: Vec<_> = entries.iter().map(|(information, name)| [Some(&**name), Some(&**information)]).collect();
        Reply::rows(["tableName", "information"], &rows)
    }

    fn is_of_gone(&self, statement: &str) -> bool {
        self.gone.is_some_and(|gone| statement == format!("DESCRIBE DETAIL `s`.`{gone}`"))
    }

    fn listed(&self, folders: &[String]) -> Reply {
        let gone = self.gone.map(|name| format!("{}/_delta_log", place(name)));
        if let Some(gone) = gone.filter(|gone| folders.contains(gone)) {
            let parameters = [("path".to_owned(), format!("\"{gone}\""))].into();
            return Reply::refused(Refused { parameters, ..Refused::new("PATH_NOT_FOUND", "no such path") });
        }
        let file = |folder: &String| ["json", "crc"].map(|ending| format!("{folder}/{VERSION}.{ending}"));
        let files: Vec<String> = folders.iter().flat_map(file).collect();
        let rows: Vec<[Option<&str>; 1]> = files.iter().map(|file| [Some(file.as_str())]).collect();
        Reply::rows(["file"], &rows)
    }
}

impl Script for Tables {
    fn reply(&mut self, ask: &Ask) -> Reply {
        match ask {
            Ask::Statement(text) if text.starts_with("SHOW TABLE EXTENDED IN `s` LIKE 't0|t1|") => Self::register(),
            Ask::Statement(text) if self.is_of_gone(text) => match &mut self.of_gone {
                Some(says) => says.reply(ask),
                None => self.details.reply(ask),
            },
            Ask::Statement(_) | Ask::Query(_) | Ask::SchemaOfQuery(_) => self.details.reply(ask),
            Ask::SchemaOfTable(_) => Reply::schema(schema()),
            Ask::Files { paths, .. } if paths.iter().all(|path| path.ends_with(".crc")) => {
                let checksum = checksum();
                let rows: Vec<_> = paths.iter().map(|path| [Some(path.as_str()), Some(checksum.as_str())]).collect();
                Reply::rows(["path", "content"], &rows)
            }
            Ask::Files { paths, .. } => self.listed(paths),
        }
    }
}

fn names() -> impl Iterator<Item = String> {
    (0..TABLES).map(|number| format!("t{number}"))
}

fn place(name: &str) -> String {
    format!("file:/w/s.db/{name}")
}

fn schema() -> proto::DataType {
    use proto::data_type::{Integer, Kind, Struct, StructField};
    let integer = proto::DataType { kind: Some(Kind::Integer(Integer::default())) };
    let field = StructField { name: "a".to_owned(), data_type: Some(integer), nullable: true, metadata: None };
    proto::DataType { kind: Some(Kind::Struct(Struct { fields: vec![field], ..Default::default() })) }
}

fn checksum() -> String {
    let field = json!({ "name": "a", "type": "integer", "nullable": true, "metadata": {} });
    let schema = json!({ "type": "struct", "fields": [field] }).to_string();
    json!({
        "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 },
        "metadata": { "id": "7", "format": {}, "schemaString": schema, "partitionColumns": [], "configuration": {} },
    })
    .to_string()
}

/// What `DESCRIBE DETAIL` answers for each table.
fn details() -> String {
    let columns = json!({
        "format": "string", "id": "string", "location": "string", "description": "string",
        "minReaderVersion": "int32", "minWriterVersion": "int32",
    });
    let entry = |name: String| {
        let row = json!({
            "format": "delta", "id": "7", "location": place(&name), "description": null,
            "minReaderVersion": 1, "minWriterVersion": 2,
        });
        json!({ "statement": format!("DESCRIBE DETAIL `s`.`{name}`"), "columns": columns, "rows": [row] })
    };
    json!(names().map(entry).collect::<Vec<_>>()).to_string()
}

/// What reading all tables took: the requests as the client counts them, and what the server saw of them.
struct Reading {
    requests: Requests,
    journal: Journal,
    found: Vec<Observation>,
    catalog: SparkCatalog,
}

async fn read(tables: Tables, latency: Duration, way: impl Fn(SparkCatalog) -> SparkCatalog) -> Reading {
    let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settings = [
        setting("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
        setting("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
        setting("spark.master", "local[2]"),
    ];
    let conduct = Conduct { latency, settings: settings.into(), version: "4.2.0".to_owned(), ..Conduct::default() };
    let scripted = ScriptedServer::start(tables, Faults::none(), conduct).await.expect("a server");
    let address = Address::parse(&format!("{}/;user_id=tester", scripted.url())).expect("an address");
    let server = Arc::new(Server::connect(&address, Patience::default()).await.expect("a session"));
    let catalog = way(SparkCatalog::new(Arc::clone(&server)));
    let relations: Vec<Relation> = names().map(|name| relation(&name)).collect();
    let before = server.requests();
    let found = catalog.observe(&relations).await.expect("observations");
    Reading { requests: server.requests().since(&before), journal: scripted.journal(), found, catalog }
}

fn relation(name: &str) -> Relation {
    Relation { name: format!("s.{name}").parse().expect("a name"), location: None }
}

fn versions(found: &[Observation]) -> Vec<Option<u64>> {
    let version = |observation: &Observation| match observation {
        Observation::Present(table) => Some(table.version),
        Observation::Absent | Observation::Unreadable(_) => None,
    };
    found.iter().map(version).collect()
}

#[tokio::test]
async fn logs_take_two_requests_for_many_tables_and_one_for_the_schema() {
    let reading = read(Tables::new(None), Duration::from_millis(50), |catalog| catalog).await;
    assert_eq!(versions(&reading.found), [Some(3); TABLES]);
    let chunks = TABLES.div_ceil(TOGETHER);
    assert_eq!(reading.requests.work(), u64::try_from(1 + 2 * chunks).expect("few"));
    assert_eq!(reading.journal.count(Rpc::ExecutePlan), 1 + chunks);
    // One more, when the session began: the version of the server.
    assert_eq!(reading.journal.count(Rpc::AnalyzePlan), 1 + chunks);
    assert!(reading.journal.most_at_once >= 4, "{} at once", reading.journal.most_at_once);
}

#[tokio::test]
async fn descriptions_take_two_requests_a_table_many_at_once_and_within_a_bound() {
    let reading = read(Tables::new(None), Duration::from_millis(50), SparkCatalog::one_by_one).await;
    assert_eq!(versions(&reading.found), [Some(0); TABLES], "only logs tell the version");
    assert_eq!(reading.requests.work(), 400);
    let at_once = reading.journal.most_at_once;
    // 16 tables with two requests each, and what releases the answers of those before.
    assert!((16..=64).contains(&at_once), "{at_once} at once");
}

/// What the server says of the table whose folder is gone: the catalog's own entry in place of the log's, or a refusal.
#[tokio::test]
async fn a_registered_table_without_its_log_is_unreadable_and_not_absent() {
    let entry = r#"[{
        "statement": "DESCRIBE DETAIL `s`.`t7`",
        "columns": { "format": "string", "id": "string", "location": "string", "description": "string" },
        "rows": [{ "format": "delta", "id": null, "location": "file:/w/s.db/t7", "description": "" }]
    }]"#;
    let refused = |class: &str| {
        let reply = Reply::refused(Refused::new(class, "told so by the script"));
        Answers::new().on(Ask::Statement("DESCRIBE DETAIL `s`.`t7`".to_owned()), reply)
    };
    let placed = "the server has the table registered at `file:/w/s.db/t7`, and finds no Delta log there";
    let nowhere = "the server has the table registered, and finds no Delta log there";
    for (says, expected) in [
        (Answers::new().recorded(entry).expect("a recording"), placed),
        (refused("DELTA_TABLE_NOT_FOUND"), nowhere),
        (refused("DELTA_PATH_DOES_NOT_EXIST"), nowhere),
        (refused("TABLE_OR_VIEW_NOT_FOUND"), placed),
    ] {
        let tables = Tables { of_gone: Some(says), ..Tables::new(Some("t7")) };
        let reading = read(tables, Duration::ZERO, |catalog| catalog).await;
        let Observation::Unreadable(unreadable) = &reading.found[7] else {
            panic!("{expected}: {:?}", reading.found[7]);
        };
        assert_eq!(unreadable.to_string(), expected);
        assert!(unreadable.help.as_ref().is_some_and(|help| help.contains("drop the table")), "{unreadable:?}");
        assert_eq!(versions(&reading.found)[6], Some(3));
        // Who reads logs may find it where it is registered.
        let places = ["t7", "t6"].map(|name| reading.catalog.place(&relation(name)));
        assert_eq!(places, [Some(place("t7")), None]);
    }
}

#[tokio::test]
async fn a_folder_that_is_gone_costs_its_own_table_alone() {
    let reading = read(Tables::new(Some("t7")), Duration::ZERO, |catalog| catalog).await;
    let versions = versions(&reading.found);
    assert_eq!((versions[7], versions[6], versions[199]), (Some(0), Some(3), Some(3)), "described, and read");
    // The list of its chunk once more, its schema and its detail.
    let chunks = u64::try_from(TABLES.div_ceil(TOGETHER)).expect("few");
    assert_eq!(reading.requests.work(), 1 + 2 * chunks + 1 + 2);
}
