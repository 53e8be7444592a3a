//! Whether the text of a commit is what was declared, told by walking JSON: knows nothing of the differ, of simulation and
//! of the editor of logs.

use std::collections::{BTreeMap, BTreeSet};

use delta_engine::schema::model::{
    Column, DataType, DesiredTable, Expression, Field, Identifier, Layout, Path, Step, is_derived_property,
};
use serde_json::{Map, Value, json};

use crate::log::Text;

const ID: &str = "delta.columnMapping.id";
const PHYSICAL: &str = "delta.columnMapping.physicalName";
const MAX_ID: &str = "delta.columnMapping.maxColumnId";
const MODE: &str = "delta.columnMapping.mode";
const STATISTICS: &str = "delta.dataSkippingStatsColumns";
/// Field metadata that a declaration speaks of.
const DECLARED: &[&str] = &[
    "comment",
    "CURRENT_DEFAULT",
    "delta.generationExpression",
    "delta.identity.start",
    "delta.identity.step",
    "delta.identity.allowExplicitInsert",
    LENGTHS,
];

/// Where Spark keeps the lengths of char and varchar: on columns only.
pub const LENGTHS: &str = "__CHAR_VARCHAR_TYPE_STRING";

/// The type as Spark keeps it where it holds a length (`DataType.catalogString`).
pub fn text_lengths(data_type: &DataType) -> Option<String> {
    let holds = data_type.contains(|inner| matches!(inner, DataType::Char(_) | DataType::Varchar(_)));
    holds.then(|| catalog_string(data_type))
}

fn catalog_string(data_type: &DataType) -> String {
    if let Some(fields) = data_type.as_struct() {
        let field = |field: &Field| format!("{}:{}", field.name, catalog_string(&field.data_type));
        return format!("struct<{}>", fields.iter().map(field).collect::<Vec<_>>().join(","));
    }
    if let Some(array) = data_type.as_array() {
        return format!("array<{}>", catalog_string(&array.element));
    }
    match data_type.as_map() {
        Some(map) => format!("map<{},{}>", catalog_string(&map.key), catalog_string(&map.value)),
        None => data_type.to_string(),
    }
}

/// Everything in which a table is not what is declared.
pub fn differences(desired: &DesiredTable, text: &Text) -> Vec<String> {
    let mut found = Vec::new();
    let schema = text.schema();
    let fields = schema["fields"].as_array().unwrap();
    let declared: Vec<&Field> = desired.columns.iter().map(|column| &column.field).collect();
    compare_fields("", &declared, fields, &mut found);
    for (column, field) in desired.columns.iter().zip(fields) {
        compare_column(column, field, &mut found);
    }
    let partitions: Vec<Identifier> = text.metadata["partitionColumns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|name| name.as_str().unwrap().into())
        .collect();
    same("partitionColumns", &desired.layout.partition_columns(), &partitions.as_slice(), &mut found);
    let comment = text.metadata["description"].as_str().unwrap_or_default();
    same("description", &desired.comment.as_deref().unwrap_or_default(), &comment, &mut found);
    compare_configuration(desired, text, &mut found);
    compare_clustering(desired, text, &schema, &mut found);
    compare_mapping(text, &schema, &mut found);
    found
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, declared: &T, committed: &T, found: &mut Vec<String>) {
    if declared != committed {
        found.push(format!("{what}: declared {declared:?}, committed {committed:?}"));
    }
}

fn compare_fields(at: &str, declared: &[&Field], fields: &[Value], found: &mut Vec<String>) {
    let names = |fields: &[Value]| -> Vec<Identifier> {
        fields.iter().map(|field| field["name"].as_str().unwrap().into()).collect()
    };
    let wanted: Vec<Identifier> = declared.iter().map(|field| field.name.clone()).collect();
    same(&format!("names in `{at}`"), &wanted, &names(fields), found);
    for (field, json) in declared.iter().zip(fields) {
        let at = format!("{at}.{}", field.name);
        same(&format!("{at} nullable"), &field.nullable, &json["nullable"].as_bool().unwrap(), found);
        let comment = json["metadata"]["comment"].as_str().unwrap_or_default();
        same(&format!("{at} comment"), &field.comment.as_deref().unwrap_or_default(), &comment, found);
        compare_type(&at, &field.data_type, &json["type"], found);
    }
}

fn compare_type(at: &str, declared: &DataType, json: &Value, found: &mut Vec<String>) {
    let simple = match declared {
        DataType::Struct(fields) => {
            same(&format!("{at} type"), &Some("struct"), &json["type"].as_str(), found);
            let fields: Vec<&Field> = fields.iter().collect();
            return compare_fields(at, &fields, json["fields"].as_array().map_or(&[], Vec::as_slice), found);
        }
        DataType::Array(array) => {
            same(&format!("{at} type"), &Some("array"), &json["type"].as_str(), found);
            same(&format!("{at} containsNull"), &Some(array.element_nullable), &json["containsNull"].as_bool(), found);
            return compare_type(&format!("{at}.element"), &array.element, &json["elementType"], found);
        }
        DataType::Map(map) => {
            same(&format!("{at} type"), &Some("map"), &json["type"].as_str(), found);
            same(
                &format!("{at} valueContainsNull"),
                &Some(map.value_nullable),
                &json["valueContainsNull"].as_bool(),
                found,
            );
            compare_type(&format!("{at}.key"), &map.key, &json["keyType"], found);
            return compare_type(&format!("{at}.value"), &map.value, &json["valueType"], found);
        }
        DataType::Opaque(raw) => serde_json::from_str(raw).unwrap(),
        DataType::Byte => json!("byte"),
        DataType::Short => json!("short"),
        DataType::Integer => json!("integer"),
        DataType::Long => json!("long"),
        DataType::Float => json!("float"),
        DataType::Double => json!("double"),
        DataType::Decimal(decimal) => json!(format!("decimal({},{})", decimal.precision(), decimal.scale())),
        // A collation stands in the field's metadata.
        DataType::String(_) | DataType::Char(_) | DataType::Varchar(_) => json!("string"),
        DataType::Boolean => json!("boolean"),
        DataType::Binary => json!("binary"),
        DataType::Date => json!("date"),
        DataType::Timestamp => json!("timestamp"),
        DataType::TimestampNtz => json!("timestamp_ntz"),
        DataType::Variant => json!("variant"),
    };
    same(&format!("{at} type"), &simple, json, found);
}

fn compare_column(column: &Column, field: &Value, found: &mut Vec<String>) {
    let (at, metadata) = (column.name().as_str(), &field["metadata"]);
    // The names in it are spelled as the table spells them.
    let lengths = metadata[LENGTHS].as_str().map(str::to_lowercase);
    let declared = text_lengths(column.data_type()).map(|text| text.to_lowercase());
    same(&format!("{at} lengths"), &declared, &lengths, found);
    let expression = |key: &str| metadata[key].as_str().map(|text| Expression::parse(text).unwrap());
    same(&format!("{at} default"), &column.default, &expression("CURRENT_DEFAULT"), found);
    same(&format!("{at} generated"), &column.generated, &expression("delta.generationExpression"), found);
    let identity = metadata["delta.identity.start"].as_i64().map(|start| {
        (start, metadata["delta.identity.step"].as_i64(), metadata["delta.identity.allowExplicitInsert"].as_bool())
    });
    let declared = column.identity.map(|identity| (identity.start, Some(identity.increment), Some(!identity.always)));
    same(&format!("{at} identity"), &declared, &identity, found);
}

fn compare_configuration(desired: &DesiredTable, committed: &Text, found: &mut Vec<String>) {
    let number = |value: &str| value.trim().parse::<i64>().ok().map(|number| number.to_string());
    let text = |value: &str| value.replace(' ', "").to_lowercase();
    let plain = |value: &str| seconds(value).or_else(|| number(value)).unwrap_or_else(|| text(value));
    for (key, value) in &desired.properties {
        let there = committed.property(key).filter(|_| !is_derived_property(key));
        same(key, &value.as_deref().map(plain), &there.as_deref().map(plain), found);
    }
    let check = |(key, value): (String, String)| {
        Some((Identifier::new(key.strip_prefix("delta.constraints.")?), Expression::parse(&value).unwrap()))
    };
    let checks: BTreeMap<Identifier, Expression> = committed.configuration().into_iter().filter_map(check).collect();
    same("checks", &desired.checks, &checks, found);
}

/// A length of time such as `interval 2 weeks` in seconds, as text.
fn seconds(value: &str) -> Option<String> {
    let value = value.to_lowercase();
    let mut words = value.strip_prefix("interval")?.split_whitespace();
    let mut total = 0;
    while let Some(count) = words.next() {
        let unit = match words.next()?.trim_end_matches('s') {
            "week" => 604_800,
            "day" => 86_400,
            "hour" => 3600,
            "minute" => 60,
            "second" => 1,
            _ => return None,
        };
        total += count.parse::<i64>().ok()? * unit;
    }
    Some(format!("{total} seconds"))
}

fn compare_clustering(desired: &DesiredTable, text: &Text, schema: &Value, found: &mut Vec<String>) {
    let domain: Value =
        text.domains.get("delta.clustering").map_or(json!({}), |raw| serde_json::from_str(raw).unwrap());
    let columns = domain["clusteringColumns"].as_array().cloned().unwrap_or_default();
    let logical: BTreeSet<Option<Path>> = columns.iter().map(|parts| logical(schema, parts)).collect();
    if matches!(desired.layout, Layout::ClusteredAuto) {
        return found.push("automatic clustering was committed".to_owned());
    }
    let declared: BTreeSet<Option<Path>> = desired.layout.clustering().iter().cloned().map(Some).collect();
    same("clustering", &declared, &logical, found);
}

/// The logical path of physical names.
fn logical(schema: &Value, parts: &Value) -> Option<Path> {
    let mut at = schema;
    let mut path = Path::table();
    for part in parts.as_array()? {
        let physical = |field: &&Value| field["metadata"].get(PHYSICAL).unwrap_or(&field["name"]) == part;
        let field = at["fields"].as_array()?.iter().find(physical)?;
        path = path.field(&field["name"].as_str()?.into());
        at = &field["type"];
    }
    Some(path)
}

/// Under column mapping every field has an id and a physical name, all different, none above `maxColumnId`.
fn compare_mapping(text: &Text, schema: &Value, found: &mut Vec<String>) {
    let mapped = text.property(MODE).is_some_and(|mode| !mode.eq_ignore_ascii_case("none"));
    if !mapped {
        return;
    }
    let highest: i64 = text.property(MAX_ID).and_then(|id| id.parse().ok()).unwrap_or(-1);
    let mut ids = BTreeSet::new();
    for (path, field) in fields(schema) {
        match (field["metadata"][ID].as_i64(), field["metadata"][PHYSICAL].as_str()) {
            (Some(id), Some(_)) if id <= highest && ids.insert(id) => {}
            other => found.push(format!("{path} has mapping {other:?}, where the highest id is {highest}")),
        }
    }
}

/// Every named field of a schema with its path.
pub fn fields(schema: &Value) -> Vec<(Path, &Map<String, Value>)> {
    let mut found = Vec::new();
    collect(&Path::table(), schema, &mut found);
    found
}

fn collect<'v>(path: &Path, data_type: &'v Value, found: &mut Vec<(Path, &'v Map<String, Value>)>) {
    for field in data_type["fields"].as_array().into_iter().flatten() {
        let at = path.field(&field["name"].as_str().unwrap().into());
        found.push((at.clone(), field.as_object().unwrap()));
        collect(&at, &field["type"], found);
    }
    for (key, step) in [("elementType", Step::Element), ("keyType", Step::Key), ("valueType", Step::Value)] {
        if let Some(below) = data_type.get(key) {
            collect(&path.join(step), below, found);
        }
    }
}

/// Everything that a commit changed although no declaration speaks of it. `kept` are the fields of both sides: where each
/// was and where it is.
pub fn lost(before: &Text, after: &Text, desired: &DesiredTable, kept: &[(Path, Path)]) -> Vec<String> {
    let mut found = Vec::new();
    lost_metadata(before, after, &mut found);
    lost_configuration(before, after, desired, &mut found);
    lost_protocol(before, after, &mut found);
    for (domain, configuration) in before.domains.iter().filter(|(domain, _)| *domain != "delta.clustering") {
        same(&format!("domain {domain}"), &Some(configuration), &after.domains.get(domain), &mut found);
    }
    let (old, new) = (before.schema(), after.schema());
    let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (fields(&old).into_iter().collect(), fields(&new).into_iter().collect());
    let was_mapped = before.property(MODE).is_some_and(|mode| !mode.eq_ignore_ascii_case("none"));
    let is_mapped = after.property(MODE).is_some_and(|mode| !mode.eq_ignore_ascii_case("none"));
    for (from, to) in kept {
        let (Some(was), Some(is)) = (old.get(from), new.get(to)) else {
            found.push(format!("{from} is not kept as {to}"));
            continue;
        };
        lost_field(from, was, is, &mut found);
        compare_type_changes(from, was, is, &mut found);
        if is_mapped && !was_mapped {
            same(&format!("{to} physical name"), &was.get("name"), &is["metadata"].get(PHYSICAL), &mut found);
        }
    }
    if was_mapped {
        let kept: BTreeSet<&Path> = kept.iter().map(|(_, to)| to).collect();
        let highest = |text: &Text| text.property(MAX_ID).and_then(|id| id.parse::<i64>().ok()).unwrap_or(0);
        let used =
            old.values().filter_map(|field| field["metadata"][ID].as_i64()).max().unwrap_or(0).max(highest(before));
        for (path, field) in new.iter().filter(|(path, _)| !kept.contains(path)) {
            let id = field["metadata"][ID].as_i64();
            if id.is_none_or(|id| id <= used) {
                found.push(format!("new field {path} has id {id:?}, and ids up to {used} were used"));
            }
        }
        if highest(after) < highest(before) {
            found.push(format!("maxColumnId went from {} to {}", highest(before), highest(after)));
        }
    }
    found
}

fn lost_metadata(before: &Text, after: &Text, found: &mut Vec<String>) {
    let spoken_of = ["schemaString", "partitionColumns", "configuration", "description"];
    let other = |text: &Text| -> Map<String, Value> {
        let entries = text.metadata.as_object().unwrap().iter();
        entries
            .filter(|(key, _)| !spoken_of.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    same("metaData", &other(before), &other(after), found);
}

fn lost_configuration(before: &Text, after: &Text, desired: &DesiredTable, found: &mut Vec<String>) {
    let declared = |key: &str| desired.properties.keys().any(|theirs| theirs.eq_ignore_ascii_case(key));
    let moves = |key: &str| key.starts_with("delta.constraints.") || key == MAX_ID || key == STATISTICS;
    for (key, value) in before.configuration().iter().filter(|(key, _)| !declared(key) && !moves(key)) {
        same(&format!("configuration {key}"), &Some(value), &after.configuration().get(key), found);
    }
    let old: BTreeSet<String> = before.configuration().into_keys().collect();
    for key in after.configuration().keys().filter(|key| !old.contains(*key)) {
        if !declared(key) && !moves(key) && !is_derived_property(key) {
            found.push(format!("configuration {key} came from nowhere"));
        }
    }
}

fn lost_protocol(before: &Text, after: &Text, found: &mut Vec<String>) {
    for key in ["minReaderVersion", "minWriterVersion"] {
        if after.protocol[key].as_i64() < before.protocol[key].as_i64() {
            found.push(format!("{key} went down"));
        }
    }
    for key in ["readerFeatures", "writerFeatures"] {
        let names = |text: &Text| -> BTreeSet<String> {
            text.protocol[key].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let gone: Vec<String> = names(before).difference(&names(after)).cloned().collect();
        if !gone.is_empty() {
            found.push(format!("{key} lost {gone:?}"));
        }
    }
}

fn lost_field(path: &Path, was_field: &Map<String, Value>, is_field: &Map<String, Value>, found: &mut Vec<String>) {
    let (was, is) = (was_field, is_field);
    let name = |field: &Map<String, Value>| field["name"].as_str().unwrap().to_owned();
    let known = ["name", "type", "nullable", "metadata"];
    for (key, value) in was.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        same(&format!("{path} {key}"), &Some(value), &is.get(key), found);
    }
    let none = Map::new();
    let metadata = |field: &'_ Map<String, Value>| field["metadata"].as_object().unwrap_or(&none).clone();
    let names = [&was["name"], &is["name"]].map(|name| name.as_str().unwrap_or_default());
    let (was, is) = (metadata(was), metadata(is));
    for (key, value) in was.iter().filter(|(key, _)| !DECLARED.contains(&key.as_str())) {
        if key == "__COLLATIONS" {
            // It names the field itself, as Spark does.
            let value = renamed_keys(value, &name(was_field), &name(is_field));
            same(&format!("{path} {key}"), &Some(&value), &is.get(key), found);
            continue;
        }
        match (key.as_str(), value.as_array(), is.get(key).and_then(Value::as_array)) {
            ("delta.typeChanges", Some(was), Some(is)) if is.starts_with(was) => {}
            // Collations are listed by paths that begin with the field's name, so they follow a rename.
            ("__COLLATIONS", ..) => {
                let text = value.to_string().replace(&format!("\"{}", names[0]), &format!("\"{}", names[1]));
                let renamed: Value = serde_json::from_str(&text).unwrap();
                same(&format!("{path} {key}"), &Some(&renamed), &is.get(key), found);
            }
            _ => same(&format!("{path} {key}"), &Some(value), &is.get(key), found),
        }
    }
}

/// Each type that was widened below a field, down to the next field, is told in the field's metadata behind what is told
/// there already (PROTOCOL.md, "Type Widening").
fn compare_type_changes(path: &Path, was: &Map<String, Value>, is: &Map<String, Value>, found: &mut Vec<String>) {
    const KEY: &str = "delta.typeChanges";
    let told = |field: &Map<String, Value>| field["metadata"][KEY].as_array().cloned().unwrap_or_default();
    let mut made = Vec::new();
    type_changes("", &was["type"], &is["type"], &mut made);
    let mut new: Vec<Value> = told(is).split_off(told(was).len().min(told(is).len()));
    made.sort_by_key(Value::to_string);
    new.sort_by_key(Value::to_string);
    same(&format!("{path} {KEY}"), &made, &new, found);
}

fn type_changes(at: &str, was: &Value, is: &Value, made: &mut Vec<Value>) {
    for (key, step) in [("elementType", "element"), ("keyType", "key"), ("valueType", "value")] {
        if let Some((was, is)) = was.get(key).zip(is.get(key)) {
            let at = if at.is_empty() { step.to_owned() } else { format!("{at}.{step}") };
            type_changes(&at, was, is, made);
        }
    }
    if was.is_string() && was != is {
        let mut change = json!({ "fromType": was, "toType": is });
        if !at.is_empty() {
            change["fieldPath"] = json!(at);
        }
        made.push(change);
    }
}

/// The entries of an object whose keys are a field's name, or begin with it and a dot, under the field's new name.
fn renamed_keys(entries: &Value, from: &str, to: &str) -> Value {
    let renamed = |key: &String| match key.strip_prefix(from) {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => format!("{to}{rest}"),
        _ => key.clone(),
    };
    entries.as_object().into_iter().flatten().map(|(key, value)| (renamed(key), value.clone())).collect()
}
