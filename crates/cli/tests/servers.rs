//! What the program says of servers that are of no use, and what Ctrl-C does to one that works.
//!
//! Each text is in `tests/golden/servers`; `UPDATE=1 cargo test -p delta-engine-cli --test servers` writes what was said.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use delta_engine_testkit::connect::{
    Ask, Conduct, Fault, Faults, Journal, Moment, Refused, Reply, Rpc, Script, ScriptedServer,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

const TABLES: &str = "tables:\n  - name: silver.customers\n    columns: [{ name: id, type: bigint }]\n";

/// A folder with a definition, and what is set in its environment.
struct Place {
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tables.yml"), TABLES).unwrap();
        Self { folder, environment: BTreeMap::new() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_delta-engine"));
        for variable in ["SPARK_REMOTE", "SPARK_CONNECT_AUTHENTICATE_TOKEN", "SSL_CERT_FILE", "RUST_LOG", "NO_COLOR"] {
            command.env_remove(variable);
        }
        command.args(arguments).envs(&self.environment).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the program says on both streams, and its code.
    async fn run(&self, arguments: &[&str]) -> (String, i32) {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        said(&output)
    }
}

fn said(output: &Output) -> (String, i32) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout) + &text(&output.stderr), output.status.code().unwrap())
}

/// Holds what is said against the golden text; no secret is in it, and every trouble comes with a way out.
fn check(name: &str, port: u16, (said, code): (String, i32)) {
    let said = said.replace(&format!(":{port}"), ":[port]");
    let said = said.lines().map(without_cause).collect::<Vec<_>>().join("\n");
    assert!(!said.contains("SECRET"), "{name}: {said}");
    assert!(said.contains("help: "), "{name}: {said}");
    let said = format!("{}\n[exit {code}]\n", said.trim_end());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/servers").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &said).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(said, expected, "{name}");
}

/// How a connection breaks that speaks another protocol depends on which side is faster.
fn without_cause(line: &str) -> String {
    let cause = line.split_once("does not answer as a Spark Connect server: ").filter(|(_, cause)| !cause.is_empty());
    match cause {
        Some((before, _)) => format!("{before}does not answer as a Spark Connect server: [cause]"),
        None => line.to_owned(),
    }
}

/// Knows nothing.
fn silent(_: &Ask) -> Reply {
    Reply::refused(Refused::new("TABLE_OR_VIEW_NOT_FOUND", "no such table"))
}

/// Settings of a Spark 4.2 with Delta Lake.
fn spark() -> Conduct {
    let settings = [
        ("spark.master", "local[2]"),
        ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
        ("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
        ("spark.sql.variable.substitute", "false"),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Conduct { version: "4.2.0".to_owned(), settings, ..Conduct::default() }
}

async fn start(script: impl Script + 'static, conduct: Conduct) -> ScriptedServer {
    ScriptedServer::start(script, Faults::none(), conduct).await.unwrap()
}

async fn plan(name: &str, conduct: Conduct, parameters: &str) {
    let server = start(silent, conduct).await;
    let url = format!("{}{parameters}", server.url());
    check(name, server.port(), Place::new().run(&["plan", "tables.yml", "--target", &url]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let url = format!("sc://{free}/;user_id=a");
    check("not-reached", free.port(), Place::new().run(&["plan", "tables.yml", "--target", &url]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_wrong_or_missing() {
    let guarded = || Conduct { token: Some("right".to_owned()), ..spark() };
    plan("wrong-token", guarded(), "/;token=SECRET").await;
    plan("no-token", guarded(), "").await;
    let server = start(silent, guarded()).await;
    let place = Place::new().with("SPARK_CONNECT_AUTHENTICATE_TOKEN", "SECRET").with("SPARK_REMOTE", &server.url());
    check("wrong-token-of-environment", server.port(), place.run(&["plan", "tables.yml"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_without_delta_too_old_or_set_otherwise() {
    let without = |name: &str, value: &str| {
        let mut conduct = spark();
        conduct.settings.insert(name.to_owned(), value.to_owned());
        conduct
    };
    plan("no-delta", without("spark.sql.extensions", ""), "").await;
    // What Spark says where nobody set it.
    plan("no-delta-catalog", without("spark.sql.catalog.spark_catalog", "builtin"), "").await;
    plan("too-old", Conduct { version: "3.5.3".to_owned(), ..spark() }, "").await;
    let mut fixed = without("spark.sql.caseSensitive", "true");
    fixed.fixed_settings.insert("spark.sql.caseSensitive".to_owned());
    plan("fixed-setting", fixed, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_nobody_trusts_and_encryption_that_is_missing() {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = Some((signed.cert.pem(), signed.signing_key.serialize_pem()));
    let server = start(silent, Conduct { identity, ..spark() }).await;
    let place = Place::new();
    let url = |parameters: &str| format!("sc://localhost:{}{parameters}", server.port());
    let said = place.run(&["plan", "tables.yml", "--target", &url("/;use_ssl=true;token=SECRET")]).await;
    check("untrusted", server.port(), said);
    check("encryption-missing", server.port(), place.run(&["plan", "tables.yml", "--target", &url("")]).await);
    plan("encryption-unknown", spark(), "/;use_ssl=true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_are_none() {
    let urls = [
        ("url-token-in-the-clear", "sc://example.org/;use_ssl=false;token=SECRET"),
        ("url-unknown-parameter", "sc://localhost/;tokn=SECRET"),
        ("url-port", "sc://localhost:port"),
        ("url-user", "sc://me:SECRET@localhost"),
        ("url-query", "sc://localhost/?token=SECRET"),
        ("url-path", "sc://localhost/tables"),
    ];
    for (name, url) in urls {
        check(name, 0, Place::new().run(&["plan", "tables.yml", "--target", url]).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ways_that_only_servers_have_are_known_by_the_project_file() {
    let server = start(silent, spark()).await;
    let place = Place::new().with("REMOTE", &format!("{}/;token=SECRET", server.url()));
    let project = "definitions: [tables.yml]\ntargets:\n  dev: { url: \"${env.REMOTE}\", execute: natively }\n";
    fs::write(place.folder.path().join("delta-engine.yml"), project).unwrap();
    check("wrong-way", server.port(), place.run(&["plan"]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_ends_with_the_run() {
    // A snapshot needs a list of schemas, which the script does not know: the session of a run that fails ends too.
    for (arguments, expected) in [(vec!["plan", "tables.yml"], 0), (vec!["snapshot"], 1)] {
        let server = start(empty, spark()).await;
        let url = server.url();
        let (text, code) = Place::new().run(&[&arguments[..], &["--target", &url]].concat()).await;
        let ended = server.journal().count(Rpc::ReleaseSession);
        assert_eq!((code, ended), (expected, 1), "{arguments:?}: {text}");
    }
    let server = start(empty, spark()).await;
    let (text, _) = Place::new().run(&["apply", "tables.yml", "--yes", "--target", &server.url()]).await;
    let journal = server.journal();
    assert!(journal.ran.iter().any(|statement| is_creation(statement)), "{text}");
    assert_eq!(journal.count(Rpc::ReleaseSession), 1, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_does_not_end_holds_nobody_up_for_long() {
    let server = start(empty, spark()).await;
    server.set_faults(Faults::new(|moment| (moment == Moment::Asked(Rpc::ReleaseSession)).then_some(Fault::Hang)));
    let began = Instant::now();
    let (text, code) = Place::new().run(&["plan", "tables.yml", "--target", &server.url()]).await;
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("1 create"), "{text}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

/// No table, and a schema that is there; creating takes its time.
fn empty(ask: &Ask) -> Reply {
    match ask {
        Ask::Statement(text) if text.starts_with("SHOW TABLE EXTENDED") => {
            Reply::rows::<2>(["tableName", "information"], &[])
        }
        Ask::Statement(text) if text.starts_with("DESCRIBE SCHEMA") => Reply::rows(["info_name"], &[[Some("a")]]),
        Ask::Statement(text) if text.starts_with("CREATE TABLE") => Reply::done(),
        other @ (Ask::Statement(_)
        | Ask::Query(_)
        | Ask::SchemaOfTable(_)
        | Ask::SchemaOfQuery(_)
        | Ask::Files { .. }) => silent(other),
    }
}

fn is_creation(statement: &str) -> bool {
    statement.starts_with("CREATE TABLE")
}

/// Starts `apply`, and sends it Ctrl-C once the server has taken a statement that `meets`.
async fn interrupted(server: &ScriptedServer, meets: impl Fn(&str) -> bool) -> (String, i32, Journal) {
    let place = Place::new();
    let url = server.url();
    let child = place.command(&["apply", "tables.yml", "--yes", "--target", &url]).spawn().unwrap();
    let began = Instant::now();
    while !server.journal().accepted.iter().any(|accepted| meets(&accepted.statement)) {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", server.journal().accepted);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    interrupt(&child);
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await.unwrap().unwrap();
    let (text, code) = said(&output);
    (text, code, server.journal())
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Every request of the schedule takes so long that an interruption meets it.
const LONG: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_the_statement_on_the_server() {
    let server = start(empty, Conduct { duration: LONG, ..spark() }).await;
    let (text, code, journal) = interrupted(&server, is_creation).await;
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("interrupted") && text.contains("not changed"), "{text}");
    assert_eq!(journal.count(Rpc::Interrupt), 1, "{text}");
    assert!(!journal.ran.iter().any(|statement| is_creation(statement)), "{:?}", journal.ran);
    assert_eq!(journal.accepted.iter().filter(|accepted| is_creation(&accepted.statement)).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_says_so_where_a_statement_may_still_be_running() {
    let server = start(empty, Conduct { duration: LONG, ..spark() }).await;
    // From the interruption on the server answers nobody about the statement.
    let faults = Faults::new(|moment| match moment {
        Moment::Asked(Rpc::Interrupt | Rpc::ReattachExecute) => Some(Fault::Cut),
        Moment::Asked(_) | Moment::Accepted | Moment::Message(_) | Moment::Said => None,
    });
    server.set_faults(faults);
    let (text, code, _) = interrupted(&server, is_creation).await;
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("may still be running on the server"), "{text}");
    assert!(text.contains("plan again"), "{text}");
    assert!(!text.contains("somebody else"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_reading_leaves_nothing_running() {
    let server = start(empty, Conduct { duration: Duration::from_secs(60), ..spark() }).await;
    let (text, code, journal) = interrupted(&server, |statement| statement.starts_with("SHOW TABLE")).await;
    assert_eq!(code, 130, "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    assert_eq!(journal.count(Rpc::Interrupt), 1, "{:?}", journal.asked);
}
