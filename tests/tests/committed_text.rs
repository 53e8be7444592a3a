//! What stands in a commit is what was declared, told by a comparer that knows nothing of the differ.

use std::collections::BTreeMap;
use std::path::Path;

use delta_engine::schema::model::{
    Column, DataType, Feature, FeatureKind, Field, Layout, ObservedTable, Path as Place,
};
use delta_engine::{Execution, Status};
use delta_engine_acceptance::committed::{LENGTHS, differences, lost, text_lengths};
use delta_engine_acceptance::lake::{NAME, blockers, engine, registry, table_folder};
use delta_engine_acceptance::log::{Text, newest};
use delta_engine_acceptance::{foreign, setting};
use delta_engine_testkit::pair::{Origin, Pair, edited};
use delta_engine_testkit::rng::Rng;
use serde_json::{Map, Value, json};

/// Accepted pairs.
const PAIRS: usize = 500;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_is_what_is_declared() {
    let wanted = setting("DELTA_ENGINE_COMMITS", PAIRS);
    let mut rng = Rng::new(setting("DELTA_ENGINE_SEED", 3));
    let (mut committed, mut tried, mut blocked) = (0, 0, BTreeMap::<String, usize>::new());
    let mut kinds = BTreeMap::<&str, usize>::new();
    while committed < wanted {
        assert!(tried < wanted * 40, "few pairs are accepted: {committed} of {tried}, {blocked:?}");
        tried += 1;
        let Some(pair) = edited(&mut rng) else { continue };
        match check(tried, &pair).await {
            Outcome::Committed(actions) => {
                committed += 1;
                actions.into_iter().for_each(|kind| *kinds.entry(kind).or_default() += 1);
            }
            Outcome::Blocked(why) => {
                let rule = why.first().and_then(|why| why.split(':').next()).unwrap_or("none").to_owned();
                *blocked.entry(rule).or_default() += 1;
            }
            Outcome::NothingToDo => {}
        }
    }
    println!("{committed} of {tried} pairs committed: {kinds:?}\nblocked: {blocked:?}");
}

enum Outcome {
    Committed(Vec<&'static str>),
    Blocked(Vec<String>),
    NothingToDo,
}

/// Writes the table of a pair, applies the declaration, and reads the commit.
async fn check(number: usize, pair: &Pair) -> Outcome {
    let lake = tempfile::tempdir().unwrap();
    let table = table_folder(lake.path());
    let before = match &pair.observed {
        Some(observed) if can_be_written(observed) => {
            write(&table, observed);
            Some(Text::first(&table))
        }
        Some(_) => return Outcome::NothingToDo,
        None => None,
    };
    assert_eq!(pair.desired.name, NAME);
    let desired = pair.desired.clone().check().unwrap();
    let registry = registry([pair.desired.clone()]).unwrap();
    let engine = engine(lake.path()).await;
    let plan = engine.plan(&registry).await.unwrap();
    if plan.status() != Status::ChangesPending {
        let why = blockers(&plan.tables[0].plan);
        return if why.is_empty() { Outcome::NothingToDo } else { Outcome::Blocked(why) };
    }
    let actions = plan.tables[0].plan.actions.clone();
    let shown = format!("pair {number}: {actions:?}");
    let report = engine.apply(plan).await.unwrap();
    assert!(matches!(report.executions[0], Execution::Applied { .. }), "{shown}\n{:?}", report.executions[0]);
    assert_eq!(newest(&table), before.as_ref().map_or(0, |_| 1), "{shown}");
    let after = before.as_ref().map_or_else(|| Text::first(&table), |before| before.next(&table));
    let mut found = differences(&desired, &after);
    if let (Some(before), Origin::Edited { kept, .. }) = (&before, &pair.origin) {
        found.extend(lost(before, &after, &desired, kept));
    }
    assert!(found.is_empty(), "{}\n{shown}", found.join("\n"));
    assert_eq!(engine.plan(&registry).await.unwrap().status(), Status::InSync, "{shown}");
    Outcome::Committed(actions.iter().map(delta_engine::schema::Action::kind).collect())
}

/// Whether a log can hold the table.
fn can_be_written(table: &ObservedTable) -> bool {
    table.layout != Layout::ClusteredAuto && table.inbound_keys.is_empty()
}

/// Writes a table as version 0, with keys that nobody knows at every level.
fn write(folder: &Path, table: &ObservedTable) {
    std::fs::create_dir_all(folder.join("_delta_log")).unwrap();
    let columns: Vec<Value> = table.columns.iter().map(column).collect();
    let mut configuration: Map<String, Value> =
        table.properties.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    for (name, check) in &table.checks {
        configuration.insert(format!("delta.constraints.{}", name.as_str().to_lowercase()), json!(check.text()));
    }
    configuration.insert("owner.Unknown".to_owned(), json!("\u{e9} \"kept\""));
    let mut metadata = json!({
        "id": table.table_id,
        "format": { "provider": "parquet", "options": { "odd": "1" } },
        "schemaString": json!({ "type": "struct", "fields": columns }).to_string(),
        "partitionColumns": table.layout.partition_columns().iter().map(|column| column.as_str()).collect::<Vec<_>>(),
        "configuration": configuration,
        "createdTime": 17,
        "unheard": { "of": [1.5, "x"] },
    });
    if let Some(comment) = &table.comment {
        metadata["description"] = json!(comment);
    }
    let mut actions = vec![json!({ "protocol": protocol(table) }), json!({ "metaData": metadata })];
    let paths: Vec<Vec<String>> = table.layout.clustering().iter().map(|path| physical(table, path)).collect();
    let domain = |name: &str, configuration: Value| json!({ "domainMetadata": { "domain": name, "configuration": configuration.to_string(), "removed": false } });
    if !paths.is_empty() {
        actions.push(domain("delta.clustering", json!({ "clusteringColumns": paths })));
    }
    actions.push(domain("somebody.else", json!({ "mark": 3 })));
    assert!(foreign::commit_at(folder, 0, &actions));
}

/// Every feature listed, and one for each that only readers would know by its version.
fn protocol(table: &ObservedTable) -> Value {
    let mut features = table.features.clone();
    features.insert(Feature::DomainMetadata);
    let binds_readers = |feature: &&Feature| match feature.facts() {
        Some(facts) => facts.kind == FeatureKind::ReaderWriter,
        None => feature.name() == "typeWidening-preview",
    };
    let readers: Vec<&str> = features.iter().filter(binds_readers).map(Feature::name).collect();
    let writers: Vec<&str> = features.iter().map(Feature::name).collect();
    json!({ "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": readers, "writerFeatures": writers })
}

fn column(column: &Column) -> Value {
    let mut json = field(&column.field);
    let metadata = json["metadata"].as_object_mut().unwrap();
    if let Some(text) = text_lengths(column.data_type()) {
        metadata.insert(LENGTHS.to_owned(), json!(text));
    }
    if let Some(default) = &column.default {
        metadata.insert("CURRENT_DEFAULT".to_owned(), json!(default.text()));
    }
    if let Some(generated) = &column.generated {
        metadata.insert("delta.generationExpression".to_owned(), json!(generated.text()));
    }
    if let Some(identity) = column.identity {
        metadata.insert("delta.identity.start".to_owned(), json!(identity.start));
        metadata.insert("delta.identity.step".to_owned(), json!(identity.increment));
        metadata.insert("delta.identity.allowExplicitInsert".to_owned(), json!(!identity.always));
        metadata.insert("delta.identity.highWaterMark".to_owned(), json!(9_007_199_254_740_993_i64));
    }
    json
}

fn field(field: &Field) -> Value {
    let mut metadata: Map<String, Value> =
        field.metadata.iter().map(|(key, raw)| (key.to_owned(), serde_json::from_str(raw).unwrap())).collect();
    metadata.insert("unheard of".to_owned(), json!({ "deep": [true, null] }));
    if let Some(comment) = &field.comment {
        metadata.insert("comment".to_owned(), json!(comment.as_ref()));
    }
    if let DataType::String(Some(collation)) = &field.data_type {
        let collations = json!({ field.name.as_str(): format!("spark.{collation}") });
        metadata.insert("__COLLATIONS".to_owned(), collations);
    }
    json!({
        "name": field.name.as_str(), "type": data_type(&field.data_type), "nullable": field.nullable,
        "metadata": metadata, "unheard": field.name.as_str(),
    })
}

fn data_type(of: &DataType) -> Value {
    match of {
        DataType::Struct(fields) => json!({ "type": "struct", "fields": fields.iter().map(field).collect::<Vec<_>>() }),
        DataType::Array(array) => {
            json!({ "type": "array", "elementType": data_type(&array.element), "containsNull": array.element_nullable })
        }
        DataType::Map(map) => json!({
            "type": "map", "keyType": data_type(&map.key), "valueType": data_type(&map.value),
            "valueContainsNull": map.value_nullable,
        }),
        DataType::Opaque(raw) => serde_json::from_str(raw).unwrap(),
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => json!("string"),
        DataType::Byte => json!("byte"),
        DataType::Short => json!("short"),
        DataType::Integer => json!("integer"),
        DataType::Long => json!("long"),
        DataType::Decimal(decimal) => json!(format!("decimal({},{})", decimal.precision(), decimal.scale())),
        DataType::Float
        | DataType::Double
        | DataType::Boolean
        | DataType::Binary
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant => json!(of.to_string()),
    }
}

/// The names in the files along a path.
fn physical(table: &ObservedTable, path: &Place) -> Vec<String> {
    let mut names = Vec::new();
    let mut fields: Vec<&Field> = table.columns.iter().map(|column| &column.field).collect();
    for step in path.steps() {
        let field = fields.iter().find(|field| Some(&field.name) == step.as_field()).unwrap();
        let mapped = field.metadata.get("delta.columnMapping.physicalName");
        let name = mapped.map(|raw| serde_json::from_str(raw).unwrap());
        names.push(name.unwrap_or_else(|| field.name.to_string()));
        fields = field.data_type.as_struct().unwrap_or_default().iter().collect();
    }
    names
}
