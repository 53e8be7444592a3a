//! Every table of the fixtures folder: observed or refused with a reason, and held against delta-rs's own snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use delta_engine_application::port::{Catalog, Observation, Relation};
use delta_engine_native::log::{LogState, read_state};
use delta_engine_native::storage::{LocalFiles, ObjectFiles};
use delta_engine_native::{Lake, NativeCatalog};
use delta_engine_schema::model::{Column, DataType, ObservedTable};
use deltalake::kernel::Snapshot;
use serde_json::Value;

/// The folder of the fixtures, unpacked archives included; `None` where there is none.
fn fixtures() -> Option<(Vec<PathBuf>, tempfile::TempDir)> {
    let root = std::env::var_os("DELTA_ENGINE_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/fixtures"));
    if !root.is_dir() {
        return None;
    }
    let unpacked = tempfile::tempdir().unwrap();
    let mut tables = Vec::new();
    for source in ["delta-kernel-rs", "delta-rs"] {
        for entry in std::fs::read_dir(root.join(source)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, &mut tables);
            } else if path.extension().is_some_and(|extension| extension == "zst") {
                let target = unpacked.path().join(path.file_name().unwrap());
                let archive = zstd::Decoder::new(std::fs::File::open(&path).unwrap()).unwrap();
                tar::Archive::new(archive).unpack(&target).unwrap();
                collect(&target, &mut tables);
            }
        }
    }
    tables.sort();
    Some((tables, unpacked))
}

fn collect(folder: &Path, tables: &mut Vec<PathBuf>) {
    if folder.join("_delta_log").is_dir() {
        tables.push(folder.to_owned());
        return;
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, tables);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_is_read_like_delta_rs_reads_it_or_refused_with_a_reason() {
    let Some((tables, _unpacked)) = fixtures() else {
        println!("skipped: fixtures absent");
        return;
    };
    let lake = std::sync::Arc::new(Lake::open("/", BTreeMap::new()).unwrap());
    let catalog = NativeCatalog::new(lake.clone());
    let (mut faults, mut by_commits) = (Vec::new(), 0);
    for folder in &tables {
        let relation =
            Relation { name: "fixture".parse().unwrap(), location: Some(folder.to_str().unwrap().to_owned()) };
        let log_store = lake.log_store(&relation).unwrap();
        let snapshot = Snapshot::try_new(log_store.as_ref(), None).await;
        let shown = format!("{}/{}", name(folder.parent().unwrap()), name(folder));
        let observation = catalog.observe(std::slice::from_ref(&relation)).await.unwrap().remove(0);
        let line = match (&observation, &snapshot) {
            (Observation::Present(table), Ok(snapshot)) => {
                let state = read_state(&LocalFiles::new(folder), None).await.unwrap().unwrap();
                let stored = ObjectFiles::new(log_store.object_store(None), Default::default());
                let twin = read_state(&stored, None).await.unwrap().unwrap();
                let mut differences = compare(table, &state, snapshot);
                if without_clock(&state) != without_clock(&twin) {
                    differences.push("read differently through the object store".to_owned());
                }
                differences.extend(older_versions(folder, &state, log_store.as_ref()).await);
                let verdict = if differences.is_empty() { "same".to_owned() } else { differences.join("; ") };
                if !differences.is_empty() {
                    faults.push(format!("{shown}: {verdict}"));
                }
                format!("version {} columns {} {}: {verdict}", table.version, table.columns.len(), table.layout)
            }
            (Observation::Present(table), Err(error)) => {
                format!("version {} columns {}: delta-rs refuses: {error}", table.version, table.columns.len())
            }
            (Observation::Unreadable(why), Err(error)) => format!("refused: {why} | delta-rs: {error}"),
            (Observation::Unreadable(why), Ok(_)) => {
                faults.push(format!("{shown}: refused, though delta-rs reads it: {why}"));
                format!("refused: {why}")
            }
            (Observation::Absent, _) => {
                faults.push(format!("{shown}: absent"));
                "absent".to_owned()
            }
        };
        println!("{shown}: {line}");
        if let Observation::Present(table) = &observation {
            match differences_from_commits(table, folder, &shown).await {
                Some(differences) => {
                    by_commits += 1;
                    let told = |difference| format!("{shown}: not as its commits say: {difference}");
                    faults.extend(differences.into_iter().map(told));
                }
                None => println!("{shown}: a checkpoint alone says what it is"),
            }
        }
    }
    println!("{} tables, {by_commits} of them held against their commits alone", tables.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(tables.len() >= 60 && by_commits >= 60, "fixtures are missing");
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn without_clock(state: &LogState) -> LogState {
    let mut state = state.clone();
    if let Some(newest) = &mut state.newest {
        newest.modified = 0;
    }
    state
}

/// Versions that are still in the log, read one by one.
async fn older_versions(
    folder: &Path,
    newest: &LogState,
    log_store: &dyn deltalake::logstore::LogStore,
) -> Vec<String> {
    let mut differences = Vec::new();
    for version in newest.version.saturating_sub(12)..newest.version {
        let ours = read_state(&LocalFiles::new(folder), Some(version)).await;
        let theirs = Snapshot::try_new(log_store, Some(version)).await;
        if let (Ok(Some(ours)), Ok(theirs)) = (&ours, &theirs) {
            let same = ours.version == version
                && ours.table_id() == theirs.metadata().id()
                && ours.configuration().count() == theirs.metadata().configuration().len()
                && schema_json(theirs) == serde_json::from_str::<Value>(&ours.schema.to_string()).unwrap();
            if !same {
                differences.push(format!("version {version} differs"));
            }
        } else if ours.is_ok() != theirs.is_ok() {
            differences.push(format!("version {version}: ours {ours:?}, theirs {:?}", theirs.map(drop)));
        }
    }
    differences
}

/// Fixtures whose checkpoint, which counts, was written for another table than their commits.
const REPLACED: &[&str] = &["delta-kernel-rs/parquet_row_group_skipping"];

/// What the commits of a log say, by a reader that knows nothing else: newest first, down to the first gap.
struct Raw {
    version: u64,
    protocol: Value,
    metadata: Value,
}

impl Raw {
    /// Nothing where the commits that are there do not say all of it.
    fn read(folder: &Path) -> Option<Self> {
        let log = folder.join("_delta_log");
        let stem = |path: PathBuf| path.file_name()?.to_str()?.strip_suffix(".json").map(str::to_owned);
        let number = |stem: String| (stem.len() == 20).then(|| stem.parse::<u64>().ok()).flatten();
        let names = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().path());
        let version = names.filter_map(stem).filter_map(number).max()?;
        let (mut protocol, mut metadata) = (None, None);
        for at in (0..=version).rev() {
            let text = std::fs::read_to_string(log.join(format!("{at:020}.json"))).ok()?;
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            for mut line in lines.map(|line| serde_json::from_str::<Value>(line).unwrap()) {
                let mut take = |key| line.get_mut(key).map(Value::take).filter(|value| !value.is_null());
                protocol = protocol.or_else(|| take("protocol"));
                metadata = metadata.or_else(|| take("metaData"));
            }
            if let (Some(protocol), Some(metadata)) = (&protocol, &metadata) {
                return Some(Self { version, protocol: protocol.clone(), metadata: metadata.clone() });
            }
        }
        None
    }

    fn features(&self, key: &str) -> BTreeSet<String> {
        self.protocol[key].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
    }
}

/// Where a table is not what its commits say, also one that delta-rs refuses; none where no commit says what counts.
async fn differences_from_commits(table: &ObservedTable, folder: &Path, shown: &str) -> Option<Vec<String>> {
    let raw = Raw::read(folder)?;
    let state = read_state(&LocalFiles::new(folder), None).await.unwrap().unwrap();
    let differences = compare_raw(table, &state, &raw);
    if REPLACED.contains(&shown) {
        assert!(!differences.is_empty(), "{shown}: its commits say what its checkpoint says");
        return None;
    }
    Some(differences)
}

fn compare_raw(table: &ObservedTable, state: &LogState, raw: &Raw) -> Vec<String> {
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let metadata = &raw.metadata;
    let schema = value(metadata["schemaString"].as_str().unwrap());
    let partitions: Vec<&str> = table.layout.partition_columns().iter().map(|name| name.as_str()).collect();
    let theirs = metadata["configuration"].as_object().into_iter().flatten();
    let configuration: BTreeMap<&str, &str> =
        theirs.map(|(key, text)| (key.as_str(), text.as_str().unwrap())).collect();
    let field = |column: &Column| {
        let nullable = column.field.nullable;
        serde_json::json!({ "name": column.name().as_str(), "type": type_json(column.data_type()), "nullable": nullable })
    };
    let none = serde_json::json!([]);
    [
        differs("version", &table.version, &raw.version),
        differs("protocol", &value(&state.protocol.raw.to_string()), &raw.protocol),
        differs(
            "features",
            &state.protocol.listed,
            &(&raw.features("readerFeatures") | &raw.features("writerFeatures")),
        ),
        differs("id", &Some(table.table_id.as_str()), &metadata["id"].as_str()),
        differs("comment", &table.comment.as_deref(), &metadata["description"].as_str()),
        differs("partitions", &Value::from(partitions), metadata.get("partitionColumns").unwrap_or(&none)),
        differs("configuration", &state.configuration().collect(), &configuration),
        differs("schema", &value(&state.schema.to_string()), &schema),
        differs("columns", &table.columns.iter().map(field).collect(), &plain(&schema["fields"])),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn differs<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("{what}: {ours:?} != {theirs:?}"))
}

fn schema_json(snapshot: &Snapshot) -> Value {
    serde_json::to_value(snapshot.schema().as_ref()).unwrap()
}

fn compare(table: &ObservedTable, state: &LogState, snapshot: &Snapshot) -> Vec<String> {
    let mut differences = Vec::new();
    let mut same = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{what}: {ours} != {theirs}"));
        }
    };
    let metadata = snapshot.metadata();
    let protocol = snapshot.protocol();
    same("version", table.version.to_string(), snapshot.version().to_string());
    same("id", table.table_id.clone(), metadata.id().to_owned());
    same("comment", format!("{:?}", state.description()), format!("{:?}", metadata.description()));
    let ours: Vec<&str> = state.partition_columns().collect();
    same("partitions", format!("{ours:?}"), format!("{:?}", metadata.partition_columns()));
    same("layout", table.layout.partition_columns().len().to_string(), ours.len().to_string());
    let ours: BTreeMap<_, _> = state.configuration().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let theirs: BTreeMap<String, String> =
        metadata.configuration().iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    same("configuration", format!("{ours:?}"), format!("{theirs:?}"));
    same("reader", state.protocol.reader.to_string(), protocol.min_reader_version().to_string());
    same("writer", state.protocol.writer.to_string(), protocol.min_writer_version().to_string());
    let theirs = serde_json::to_value(protocol).unwrap();
    let names = |key: &str| theirs[key].as_array().cloned().unwrap_or_default();
    let theirs = [names("readerFeatures"), names("writerFeatures")].concat();
    let theirs = theirs.iter().map(|name| name.as_str().unwrap().to_owned());
    let theirs: std::collections::BTreeSet<String> = theirs.collect();
    same("features", format!("{:?}", state.protocol.listed), format!("{theirs:?}"));

    let schema = schema_json(snapshot);
    let raw: Value = serde_json::from_str(&state.schema.to_string()).unwrap();
    // Their metadata maps have no order.
    if raw != schema {
        same("schema", raw.to_string(), schema.to_string());
    }
    let fields = schema["fields"].as_array().unwrap();
    same("columns", table.columns.len().to_string(), fields.len().to_string());
    for (column, field) in table.columns.iter().zip(fields) {
        same("name", column.name().to_string(), field["name"].as_str().unwrap().to_owned());
        same("nullable", column.field.nullable.to_string(), field["nullable"].to_string());
        same("type", type_json(column.data_type()).to_string(), plain(&field["type"]).to_string());
    }
    differences
}

/// Their type JSON without the metadata of nested fields.
fn plain(json: &Value) -> Value {
    match json {
        Value::Object(entries) => entries
            .iter()
            .filter(|(key, _)| *key != "metadata")
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        Value::Array(items) => items.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// The model's type as the log spells it.
fn type_json(data_type: &DataType) -> Value {
    use serde_json::json;
    match data_type {
        DataType::Byte => json!("byte"),
        DataType::Short => json!("short"),
        DataType::Integer => json!("integer"),
        DataType::Long => json!("long"),
        DataType::Float => json!("float"),
        DataType::Double => json!("double"),
        DataType::Decimal(decimal) => json!(format!("decimal({},{})", decimal.precision(), decimal.scale())),
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => json!("string"),
        DataType::Boolean => json!("boolean"),
        DataType::Binary => json!("binary"),
        DataType::Date => json!("date"),
        DataType::Timestamp => json!("timestamp"),
        DataType::TimestampNtz => json!("timestamp_ntz"),
        DataType::Variant => json!("variant"),
        DataType::Struct(fields) => {
            let field = |field: &delta_engine_schema::model::Field| json!({"name": field.name.as_str(), "type": type_json(&field.data_type), "nullable": field.nullable});
            json!({"type": "struct", "fields": fields.iter().map(field).collect::<Vec<_>>()})
        }
        DataType::Array(array) => {
            json!({"type": "array", "elementType": type_json(&array.element), "containsNull": array.element_nullable})
        }
        DataType::Map(map) => {
            json!({"type": "map", "keyType": type_json(&map.key), "valueType": type_json(&map.value), "valueContainsNull": map.value_nullable})
        }
        DataType::Opaque(raw) => serde_json::from_str(raw).unwrap(),
    }
}
