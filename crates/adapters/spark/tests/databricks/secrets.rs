//! Tokens and headers are sent, and shown nowhere.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, PoisonError};

use delta_engine_application::{Column, Table};
use delta_engine_schema::model::DataType;
use delta_engine_spark::Address;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{Databricks, HEADER, TOKEN, registry};
use crate::workspace::Workspace;

/// Everything that is said at any level, by anybody, as one text.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn say(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Self)) {
        let mut said = self.clone();
        said.write(&format!("\n{} {}", metadata.target(), metadata.name()));
        record(&mut said);
    }

    fn write(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        write!(text, " {field}={value:?}").expect("a text");
        self.write(&text);
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.say(span.metadata(), |log| span.record(log));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.say(event.metadata(), |log| event.record(log));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Which messages are wanted is kept for the process, and tests that want none run at the same time: so this test runs itself in
/// another one.
#[tokio::test]
async fn everything_that_is_logged_of_a_run_holds_no_secret() {
    const ALONE: &str = "DELTA_ENGINE_TEST_ALONE";
    const NAME: &str = "secrets::everything_that_is_logged_of_a_run_holds_no_secret";
    if std::env::var_os(ALONE).is_none() {
        let mut inner = std::process::Command::new(std::env::current_exe().expect("this program"));
        inner.args(["--exact", NAME]).env(ALONE, "1");
        let output = tokio::task::spawn_blocking(move || inner.output()).await.expect("a thread").expect("a run");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let table = || Table::new("main.sales.t").column(Column::new("id", DataType::Long));
    let workspace = Workspace::of(&registry(vec![table()]));
    let databricks = Databricks::start(workspace.clone()).await;
    let plan = databricks.plan(&registry(vec![table().tag("a", "b")])).await;
    workspace.expect(&plan);
    let report = databricks.engine.apply(plan).await.unwrap_or_else(|error| panic!("{error}"));
    let sent = databricks.scripted.journal().asked;
    let bearer = format!("Bearer {TOKEN}");
    assert!(sent.iter().all(|entry| {
        let header = |name: &str| entry.headers.get(name).map(String::as_str);
        header("authorization") == Some(bearer.as_str()) && header("x-databricks-cluster-id") == Some(HEADER)
    }));
    let logged = log.text();
    assert!(logged.contains("server ready") && logged.contains("unit table=main.sales.t"), "{logged}");
    let shown = format!("{report:?} {report} {:?}", databricks.catalog);
    for text in [&logged, &shown] {
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn a_token_asks_for_tls_wherever_the_workspace_is() {
    for host in ["dbc-0000.cloud.databricks.com", "adb-1.2.azuredatabricks.net"] {
        let address = Address::parse(&format!("sc://{host}:443/;token={TOKEN};x-databricks-cluster-id={HEADER}"));
        let address = address.expect("an address");
        assert!(address.is_encrypted());
        assert!(!format!("{address} {address:?}").contains("SECRET"));
        let clear = Address::parse(&format!("sc://{host}:443/;use_ssl=false;token={TOKEN}")).expect_err("a fault");
        assert!(!format!("{clear} {clear:?}").contains("SECRET"));
    }
}
