//! The state of a table as its log says it, without what may differ.
//!
//! Owns what is left out (table id, times, commits, highest column id, names of row-id columns) and what is read instead of
//! compared as text (expressions, clustering, the case of Delta's own keys, an empty comment). Every other word of `metaData`,
//! `protocol` and domains is a fact, unknown ones too.

use std::collections::BTreeMap;

use delta_engine::schema::model::{Expression, Identifier};
use serde_json::{Map, Value};

use super::mapping::InFiles;
use super::protocol::features;
use crate::log::Text;

const ID: &str = "delta.columnMapping.id";
const PHYSICAL: &str = "delta.columnMapping.physicalName";
const MAX_ID: &str = "delta.columnmapping.maxcolumnid";
const CLUSTERING: &str = "delta.clustering";
/// Keys whose value is chosen by the writer or tells a time: that they are set is a fact, the value is none.
const CHOSEN: [&str; 4] = [
    "delta.rowtracking.materializedrowidcolumnname",
    "delta.rowtracking.materializedrowcommitversioncolumnname",
    "delta.incommittimestampenablementversion",
    "delta.incommittimestampenablementtimestamp",
];
/// Keys of `metaData` that are facts in another form, or no facts.
const TAKEN_APART: [&str; 7] =
    ["id", "createdTime", "schemaString", "partitionColumns", "configuration", "description", "name"];
/// Metadata of fields that holds an expression.
const EXPRESSIONS: [&str; 2] = ["CURRENT_DEFAULT", "delta.generationExpression"];

/// What a log says of a table.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What is said, by subject.
    pub(super) facts: BTreeMap<String, String>,
    /// Every field with its parents, as data files know them.
    pub(super) fields: BTreeMap<String, Vec<InFiles>>,
}

impl State {
    /// The state that a log says.
    ///
    /// # Panics
    /// Where the log is not of the protocol's form, or uses a column id twice or one above the highest.
    pub fn of(text: &Text) -> Self {
        let mut state = Self::default();
        let schema = text.schema();
        state.struct_fields("", &[], &schema);
        let (writers, readers) = features(&text.protocol);
        writers.iter().for_each(|feature| state.fact(format!("feature {feature}"), "for writers"));
        readers.iter().for_each(|feature| state.fact(format!("feature {feature}"), "for readers and writers"));
        state.metadata(&text.metadata);
        for (key, value) in text.configuration() {
            state.property(&key, &value);
        }
        for (domain, configuration) in &text.domains {
            let configuration: Value = serde_json::from_str(configuration).unwrap();
            if domain == CLUSTERING {
                state.clustering(&schema, &configuration);
            } else {
                state.fact(format!("domain {domain}"), sorted(&configuration));
            }
        }
        state.check_ids(text);
        state
    }

    fn fact(&mut self, subject: String, said: impl Into<String>) {
        self.facts.insert(subject, said.into());
    }

    fn metadata(&mut self, metadata: &Value) {
        for (key, value) in metadata.as_object().unwrap() {
            if !TAKEN_APART.contains(&key.as_str()) {
                self.fact(format!("metaData {key}"), sorted(value));
            }
        }
        if let Some(comment) = metadata["description"].as_str().filter(|comment| !comment.is_empty()) {
            self.fact("comment".to_owned(), comment);
        }
        let partitions: Vec<&str> =
            metadata["partitionColumns"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap()).collect();
        self.fact("partitioned by".to_owned(), format!("{partitions:?}"));
    }

    fn property(&mut self, key: &str, value: &str) {
        let is_of_delta = key.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("delta."));
        let folded = if is_of_delta { key.to_lowercase() } else { key.to_owned() };
        if folded == MAX_ID {
            return;
        }
        if let Some(name) = folded.strip_prefix("delta.constraints.") {
            return self.fact(format!("check {name}"), tokens(value));
        }
        let said = if CHOSEN.contains(&folded.as_str()) { "chosen" } else { value };
        self.fact(format!("property {folded}"), said);
    }

    /// Columns by their own names, whatever form the domain lists them in; none are no clustering.
    fn clustering(&mut self, schema: &Value, domain: &Value) {
        let columns: Vec<String> =
            domain["clusteringColumns"].as_array().into_iter().flatten().map(|column| named(schema, column)).collect();
        if !columns.is_empty() {
            self.fact("clustered by".to_owned(), columns.join(", "));
        }
    }

    fn struct_fields(&mut self, at: &str, parents: &[InFiles], of: &Value) {
        let fields = of["fields"].as_array().unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        self.fact(format!("fields of `{at}`"), format!("{names:?}"));
        for (name, field) in names.into_iter().zip(fields) {
            let path = below(at, &Identifier::new(name).quoted_if_needed());
            let metadata = field["metadata"].as_object().unwrap();
            self.fact(format!("{path} nullable"), field["nullable"].to_string());
            self.field_metadata(&path, metadata);
            let physical = metadata.get(PHYSICAL).and_then(Value::as_str).unwrap_or(name).to_owned();
            let mut along = parents.to_vec();
            along.push(InFiles { id: metadata.get(ID).and_then(Value::as_i64), physical });
            self.data_type(&path, &along, &field["type"]);
            self.fields.insert(path, along);
        }
    }

    fn field_metadata(&mut self, path: &str, metadata: &Map<String, Value>) {
        for (key, value) in metadata {
            let is_empty_comment = key == "comment" && value.as_str().is_some_and(str::is_empty);
            if key == ID || key == PHYSICAL || is_empty_comment {
                continue;
            }
            let is_expression = EXPRESSIONS.contains(&key.as_str());
            let said = value.as_str().filter(|_| is_expression).map_or_else(|| sorted(value), tokens);
            self.fact(format!("{path} {key}"), said);
        }
    }

    fn data_type(&mut self, path: &str, along: &[InFiles], of: &Value) {
        let kind = of["type"].as_str();
        self.fact(format!("{path} type"), kind.map_or_else(|| sorted(of), str::to_owned));
        match kind {
            Some("struct") => self.struct_fields(path, along, of),
            Some("array") => {
                self.fact(format!("{path} containsNull"), of["containsNull"].to_string());
                self.data_type(&below(path, "element"), along, &of["elementType"]);
            }
            Some("map") => {
                self.fact(format!("{path} valueContainsNull"), of["valueContainsNull"].to_string());
                self.data_type(&below(path, "key"), along, &of["keyType"]);
                self.data_type(&below(path, "value"), along, &of["valueType"]);
            }
            Some(_) | None => {}
        }
    }

    fn check_ids(&self, text: &Text) {
        let highest = text.property(MAX_ID).and_then(|id| id.parse::<i64>().ok());
        let mut ids: Vec<i64> = self.fields.values().filter_map(|along| along.last()?.id).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "a column id is used twice: {ids:?}");
        let most = ids.last().copied();
        assert!(most.is_none_or(|most| highest.is_some_and(|highest| most <= highest)), "{most:?} above {highest:?}");
    }
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

/// The tokens of an expression, with words in lower case and literals read.
fn tokens(text: &str) -> String {
    Expression::parse(text).map_or_else(|_| text.to_owned(), |read| format!("{:?}", read.tokens()))
}

/// JSON with its keys in order.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<&String, String> = entries.iter().map(|(key, value)| (key, sorted(value))).collect();
            let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key:?}: {value}")).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// The path of a clustering column: a list of physical names, one dotted text of them, or an object that holds the list
/// (the forms that Delta has written, `ClusteringColumn`).
fn named(schema: &Value, column: &Value) -> String {
    let parts: Vec<&str> = match column {
        Value::Array(parts) => parts.iter().map(|part| part.as_str().unwrap()).collect(),
        Value::String(dotted) => dotted.split('.').collect(),
        Value::Object(object) => return named(schema, &object["physicalName"]),
        Value::Null | Value::Bool(_) | Value::Number(_) => panic!("{column} is no clustering column"),
    };
    let mut at = schema;
    let mut path = String::new();
    for part in parts {
        let is_it = |field: &&Value| field["metadata"].get(PHYSICAL).unwrap_or(&field["name"]) == part;
        let Some(field) = at["fields"].as_array().and_then(|fields| fields.iter().find(is_it)) else {
            return format!("no column of this name: {column}");
        };
        path = below(&path, &Identifier::new(field["name"].as_str().unwrap()).quoted_if_needed());
        at = &field["type"];
    }
    path
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Bijection, differences};
    use super::*;

    /// A table of one column, mapped.
    fn text(change: impl Fn(&mut Value, &mut Text)) -> Text {
        let mut schema = json!({ "type": "struct", "fields": [
            { "name": "a b", "type": "long", "nullable": true, "metadata": { ID: 1, PHYSICAL: "x" } },
            { "name": "s", "type": { "type": "struct", "fields": [
                { "name": "c", "type": "string", "nullable": true, "metadata": { ID: 3, PHYSICAL: "z" } },
            ] }, "nullable": true, "metadata": { ID: 2, PHYSICAL: "y" } },
        ] });
        let metadata = json!({
            "id": "1", "format": { "provider": "parquet", "options": {} }, "partitionColumns": [], "createdTime": 7,
            "configuration": { "delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "3" },
        });
        let protocol = json!({ "minReaderVersion": 2, "minWriterVersion": 5 });
        let mut text = Text { version: 0, protocol, metadata, domains: BTreeMap::new() };
        change(&mut schema, &mut text);
        text.metadata["schemaString"] = schema.to_string().into();
        text
    }

    fn check(change: impl Fn(&mut Value, &mut Text), expected: &[&str]) {
        let (log, server) = (State::of(&text(|_, _| {})), State::of(&text(change)));
        assert_eq!(differences(&log, &server, &mut Bijection::default()), expected);
    }

    fn cluster(text: &mut Text, columns: &Value) {
        text.domains.insert(CLUSTERING.to_owned(), json!({ "clusteringColumns": columns }).to_string());
    }

    #[test]
    fn what_may_differ_is_no_difference() {
        check(
            |schema, text| {
                text.metadata["id"] = json!("2");
                text.metadata["createdTime"] = json!(8);
                text.metadata["description"] = json!("");
                text.metadata["configuration"]["delta.columnMapping.maxColumnId"] = json!("9");
                schema["fields"][0]["metadata"] = json!({ ID: 5, PHYSICAL: "col-5", "comment": "" });
                cluster(text, &json!([]));
            },
            &[],
        );
        let clustered = |columns: Value| State::of(&text(|_, text| cluster(text, &columns)));
        let forms = [json!([["x"], ["y", "z"]]), json!(["x", "y.z"]), json!([{ "physicalName": ["x"] }, ["y", "z"]])];
        for form in forms {
            assert_eq!(clustered(form).facts["clustered by"], "`a b`, s.c");
        }
    }

    #[test]
    fn every_other_word_is_a_difference() {
        let nothing = |subject: &str, said: &str| format!("{subject}: on the log nothing, over the server {said}");
        check(
            |schema, _| schema["fields"][1]["nullable"] = json!(false),
            &["s nullable: on the log true, over the server false"],
        );
        check(
            |schema, _| schema["fields"][1]["type"]["fields"][0]["metadata"]["x"] = json!([1]),
            &[&nothing("s.c x", "[1]")],
        );
        check(|_, text| text.metadata["new"] = json!({}), &[&nothing("metaData new", "{}")]);
        check(|_, text| text.metadata["configuration"]["Team"] = json!("A"), &[&nothing("property Team", "A")]);
        check(
            |_, text| text.protocol["minWriterVersion"] = json!(6),
            &[&nothing("feature identityColumns", "for writers")],
        );
        check(|_, text| drop(text.domains.insert("d".to_owned(), "1".to_owned())), &[&nothing("domain d", "1")]);
        check(|_, text| cluster(text, &json!([["x"]])), &[&nothing("clustered by", "`a b`")]);
    }

    #[test]
    fn expressions_are_compared_by_tokens_and_keys_of_delta_without_case() {
        let with = |key: &str, value: &str| {
            let (key, value) = (key.to_owned(), value.to_owned());
            State::of(&text(move |_, text| text.metadata["configuration"][&key] = json!(value)))
        };
        let same = |one: (&str, &str), other: (&str, &str)| {
            differences(&with(one.0, one.1), &with(other.0, other.1), &mut Bijection::default()).is_empty()
        };
        assert!(same(
            ("delta.constraints.c", "a>0 AND b <> 'it''s'"),
            ("delta.constraints.c", r"a > 0 and b<>'it\'s'")
        ));
        assert!(!same(("delta.constraints.c", "a > 0"), ("delta.constraints.c", "a > 1")));
        assert!(same(("DELTA.appendonly", "true"), ("delta.appendOnly", "true")));
        assert!(!same(("delta.appendOnly", "TRUE"), ("delta.appendOnly", "true")));
        assert!(!same(("Team", "x"), ("team", "x")));
    }
}
