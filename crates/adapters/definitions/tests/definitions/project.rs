//! A project on disk: what is found, how targets are filled in, and how names are completed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::support::{project, shown};
use delta_engine_application::{CheckedTable, DeclarationFault, Declared};
use delta_engine_definitions::{Context, Project, load, read_files, template};
use delta_engine_schema::model::{self, DesiredTable, Expression, Identifier};

const PROJECT: &str = r#"
variables: { lake: { default: ./lake }, team: {} }
targets:
  dev: { url: ./lake, catalog: dev, default: true }
  prod:
    url: "sc://host:443/;cluster=${env.CLUSTER}"
    token: "${env.TOKEN}"
    catalog: prod
    catalogs: { main: prod_main }
    variables: { lake: "${env.LAKE}/x" }
    layout: "{schema}/{table}"
    commits: conditional-put
    storage: { aws_allow_http: true, aws_secret_access_key: "${env.TOKEN}" }
    strict: true
rules: { missing-comment: warning, drop-column: off }
allow:
  - { rule: drop-column, on: "silver.scratch.*", target: dev, reason: rebuilt nightly, until: 2027-01-31 }
"#;

const TABLES: &str = r#"
defaults: { schema: silver, tags: { team: a, domain: sales }, properties: { delta.appendOnly: true, x: "1" } }
tables:
  - name: orders
    columns: [{ name: id, type: bigint }]
    foreign_keys:
      - { columns: [id], references: main.gold.ids }
      - { columns: [id], references: ids }
    tags: { team: null, domain: shop }
    properties: { DELTA.appendonly: false, x: null }
    location: "${var.lake}/orders"
    comment: "$${var.lake} on ${target.name}, ${env:HOME}"
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("folders");
        fs::write(file, text).expect("a file");
    }
    folder
}

/// The tables of declarations without a fault.
fn tables(declared: &Declared) -> Vec<&DesiredTable> {
    let own = declared.tables.iter().flat_map(CheckedTable::faults);
    let faults: Vec<DeclarationFault> = declared.faults.iter().chain(own).cloned().collect();
    assert!(faults.is_empty(), "{}", shown(&faults));
    declared.tables.iter().filter_map(CheckedTable::table).collect()
}

fn ok<T>(result: Result<T, Vec<DeclarationFault>>) -> T {
    result.unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

#[test]
fn definitions_are_completed_and_filled_in_for_each_target() {
    let folder = folder(&[("tables/a/orders.yml", TABLES)]);
    let project = ok(project("delta-engine.yml", PROJECT, folder.path()));
    let dev = project.target(None).expect("a default target");
    let read = load(&project, &dev, &BTreeMap::new(), None);
    let table = tables(&read)[0];
    assert_eq!(table.name.to_string(), "dev.silver.orders");
    let references: Vec<String> = table.foreign_keys.iter().map(|key| key.references.to_string()).collect();
    assert_eq!(references, ["dev.silver.ids", "main.gold.ids"]);
    assert_eq!(table.tags, BTreeMap::from([("domain".to_owned(), "shop".to_owned())]));
    let properties = [("delta.appendOnly".to_owned(), Some("false".to_owned())), ("x".to_owned(), None)];
    assert_eq!(table.properties, BTreeMap::from(properties));
    assert_eq!(table.location.as_deref(), folder.path().join("lake/orders").to_str());
    assert_eq!(table.comment.as_deref(), Some("${var.lake} on dev, ${env:HOME}"));

    let prod = project.target(Some("prod")).expect("a target");
    let read = load(&project, &prod, &BTreeMap::new(), None);
    let table = tables(&read)[0];
    assert_eq!(table.name.to_string(), "prod.silver.orders");
    assert!(table.foreign_keys.iter().any(|key| key.references.to_string() == "prod_main.gold.ids"));
    // The environment lacks CLUSTER and TOKEN, which reading definitions does not need.
    assert_eq!(table.location.as_deref(), Some("/srv/lake/x/orders"));

    let typed = BTreeMap::from([("lake".to_owned(), "s3://typed".to_owned())]);
    let read = load(&project, &prod, &typed, None);
    assert_eq!(tables(&read)[0].location.as_deref(), Some("s3://typed/orders"));
}

#[test]
fn targets_are_filled_in_and_secrets_not_printed() {
    let environment = [("CLUSTER", "c-1"), ("TOKEN", "hush"), ("LAKE", "/l")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let project = ok(Project::parse("delta-engine.yml", PROJECT, Path::new("/base"), environment));
    let dev = ok(project.resolve(&project.target(None).expect("dev"), &BTreeMap::new()));
    assert_eq!((dev.url.as_str(), dev.shown_url.as_str()), ("/base/lake", "./lake"));
    let prod = ok(project.resolve(&project.target(Some("prod")).expect("prod"), &BTreeMap::new()));
    assert_eq!(prod.url, "sc://host:443/;cluster=c-1");
    assert_eq!(prod.token.as_ref().map(|token| token.reveal()), Some("hush"));
    let storage: Vec<_> = prod.storage.iter().map(|(option, value)| (option.as_str(), value.reveal())).collect();
    assert_eq!(storage, [("aws_allow_http", "true"), ("aws_secret_access_key", "hush")]);
    let printed = format!("{prod:?}");
    assert!(!printed.contains("hush") && !printed.contains("c-1"), "{printed}");
    assert!(prod.strict && prod.commits.is_some());
    let typed = project.target(Some("./elsewhere")).expect("a folder");
    assert_eq!(ok(project.resolve(&typed, &BTreeMap::new())).url, "./elsewhere");
    assert_eq!(project.rules().count(), 2);
    assert_eq!(
        project.permissions().next().and_then(|allow| allow.until).map(|day| day.to_string()).as_deref(),
        Some("2027-01-31")
    );
}

#[test]
fn what_is_typed_is_judged_too() {
    let project = ok(project("delta-engine.yml", PROJECT, Path::new("")));
    let fault = project.target(Some("prd")).expect_err("no target");
    assert_eq!(fault[0].message, "there is no target `prd`; did you mean `prod`?");
    let dev = project.target(None).expect("dev");
    let faults = project.resolve(&dev, &BTreeMap::from([("lak".to_owned(), String::new())])).expect_err("no variable");
    assert_eq!(faults[0].message, "--var sets `lak`, and the project has no such variable; did you mean `lake`?");
}

#[test]
fn a_project_is_found_from_below_and_names_files_from_there() {
    let wrong = "tables:\n  - nam: x\n    columns: []\n";
    let folder = folder(&[("delta-engine.yml", template::PROJECT), ("tables/wrong.yml", wrong), ("a/b/x", "")]);
    let project = ok(Project::find(&folder.path().join("a/b"))).expect("a project");
    let dev = project.target(None).expect("dev");
    let faults = load(&project, &dev, &BTreeMap::new(), None).faults;
    assert_eq!(faults[0].location.as_ref().map(|place| place.file.as_str()), Some("../../tables/wrong.yml"));
}

#[test]
fn the_templates_are_a_sound_project() {
    let folder = folder(&[("delta-engine.yml", template::PROJECT), (template::TABLE_FILE, template::TABLE)]);
    let project = ok(Project::find(folder.path())).expect("a project");
    let read = load(&project, &project.target(None).expect("dev"), &BTreeMap::new(), None);
    assert_eq!(tables(&read).len(), 1);
}

#[test]
fn files_are_found_by_name_folder_and_pattern() {
    let table = |name: &str| format!("tables:\n  - name: {name}\n    columns: [{{ name: a, type: int }}]\n");
    let (a, b, c) = (table("a"), table("b"), table("c"));
    let folder = folder(&[
        ("t/b.yml", &b),
        ("t/deep/er/a.yaml", &a),
        ("t/.hidden/x.yml", "not: read"),
        ("t/lake/_delta_log/0.yml", "not: read"),
        ("[odd]/c.yml", &c),
        ("q.sql", "CREATE TABLE q (a INT)"),
    ]);
    let read = |paths: &[&str]| {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let read = read_files(&paths, folder.path(), &Context::default());
        if read.faults.is_empty() {
            return tables(&read).iter().map(|table| table.name.to_string()).collect::<Vec<_>>().join(" ");
        }
        read.faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(read(&["t"]), "b a");
    assert_eq!(read(&["t/**/*.yaml", "./t/*.yml", "t/b.yml"]), "b a");
    assert_eq!(read(&["[odd]/c.yml"]), "c");
    assert_eq!(
        read(&["t/*.yaml", "none/*.yml", "gone.yml"]),
        "`t/*.yaml` matches no file; `none/*.yml` matches no file; `gone.yml` does not exist"
    );
    assert_eq!(read(&["*.sql"]), "`q.sql` is a SQL file; SQL definitions are not supported yet");
    assert_eq!(read(&["t/{b"]).split(':').next(), Some("`t/{b` is no pattern"));
}

/// The project file of docs/DESIGN, section 5, as it stands there.
const DESIGN: &str = r#"
# delta-engine.yml, found by walking up; relative paths start here
definitions: ["tables/**/*.yml", "tables/**/*.sql"]
variables: { lake: { default: ./lake } }
targets:
  dev:  { url: ./lake, catalog: dev, default: true }
  prod: { url: "sc://host:443/;x-databricks-cluster-id=${env.CLUSTER_ID}", token: "${env.DATABRICKS_TOKEN}", catalog: prod, catalogs: { main: prod_main }, variables: { lake: "s3://bucket" } }
rules: { missing-comment: warning }
allow:
  - { rule: drop-column, on: "silver.scratch.*", target: dev, reason: rebuilt nightly, until: 2027-01-31 }
"#;

#[test]
fn the_example_of_the_design_is_read_whole() {
    let table = fs::read_to_string(&super::support::cases("valid")[0]).expect("the example");
    let folder = folder(&[("tables/customers.yml", &table)]);
    let project = ok(project("delta-engine.yml", DESIGN, folder.path()));
    assert!(project.check_rules(&["missing-comment", "drop-column"]).is_empty());
    let prod = project.target(Some("prod")).expect("prod");
    let read = load(&project, &prod, &BTreeMap::new(), None);
    let table = tables(&read)[0];
    assert_eq!(table.name.to_string(), "prod.silver.customers");
    assert_eq!(table.columns.len(), 8);
    let former = |path: model::Path| table.renames[&path].iter().map(Identifier::to_string).collect::<Vec<_>>();
    assert_eq!(former(model::Path::column("full_name")), ["name", "fullname"]);
    assert_eq!(former(model::Path::column("address").field(&"street".into())), ["line1"]);
    assert_eq!(table.columns[5].default.as_ref().map(Expression::text), Some("'new'"));
    assert_eq!(table.foreign_keys[0].references.to_string(), "prod.silver.countries");
    assert_eq!(table.checks[&"valid_id".into()].text(), "customer_id > 0");
    assert_eq!(table.location.as_deref(), Some("s3://bucket/customers"));
    let properties: Vec<(&str, Option<&str>)> =
        table.properties.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
    let expected = [
        ("delta.columnMapping.mode", Some("name")),
        ("delta.enableChangeDataFeed", Some("true")),
        ("team.owner", None),
    ];
    assert_eq!(properties, expected);
}
