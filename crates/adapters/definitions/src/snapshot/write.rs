//! Writes tables as a snapshot.

use std::fmt::Write;

use delta_engine_schema::model::{
    Column, DataType, Feature, ForeignKey, Identifier, Layout, Metadata, ObservedTable, Path, RelationKind, Step,
};

/// The text of a snapshot of these tables.
pub fn write_snapshot(tables: &[ObservedTable]) -> String {
    let mut out = Yaml { text: String::from("kind: snapshot\ntables:\n") };
    if tables.is_empty() {
        return "kind: snapshot\ntables: []\n".to_owned();
    }
    tables.iter().for_each(|table| write_table(&mut out, table));
    out.text
}

/// Lines of YAML, two spaces a level.
struct Yaml {
    text: String,
}

impl Yaml {
    fn line(&mut self, level: usize, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:width$}{line}", "", width = level * 2);
    }

    /// A key and a text, references escaped.
    fn pair(&mut self, level: usize, key: &str, value: &str) {
        self.raw(level, key, &scalar(&value.replace("${", "$${")));
    }

    /// A key and a value that is YAML already.
    fn raw(&mut self, level: usize, key: &str, value: &str) {
        self.line(level, &format!("{}: {value}", scalar(key)));
    }

    fn list(&mut self, level: usize, key: &str, items: impl IntoIterator<Item = String>) {
        let items: Vec<String> = items.into_iter().map(|item| scalar(&item.replace("${", "$${"))).collect();
        self.raw(level, key, &format!("[{}]", items.join(", ")));
    }

    fn map<'m>(&mut self, level: usize, key: &str, pairs: impl IntoIterator<Item = (&'m str, &'m str)>) {
        let mut pairs = pairs.into_iter().peekable();
        if pairs.peek().is_some() {
            self.line(level, &format!("{key}:"));
            pairs.for_each(|(key, value)| self.pair(level + 1, key, value));
        }
    }
}

fn write_table(out: &mut Yaml, table: &ObservedTable) {
    out.line(1, &format!("- name: {}", scalar(&table.name.to_string())));
    if let Some(comment) = &table.comment {
        out.pair(2, "comment", comment);
    }
    out.line(2, if table.columns.is_empty() { "columns: []" } else { "columns:" });
    table.columns.iter().for_each(|column| write_column(out, column));
    match &table.layout {
        Layout::Flat => (),
        Layout::Partitioned(columns) => out.list(2, "partitioned_by", columns.iter().map(Identifier::quoted_if_needed)),
        Layout::Clustered(paths) => out.list(2, "clustered_by", paths.iter().map(Path::to_string)),
        Layout::ClusteredAuto => out.line(2, "clustered_by: auto"),
    }
    if let Some(key) = &table.primary_key {
        out.line(2, "primary_key:");
        if let Some(name) = &key.name {
            out.pair(3, "name", name.as_str());
        }
        out.list(3, "columns", key.columns.iter().map(Identifier::quoted_if_needed));
        out.raw(3, "rely", if key.rely { "true" } else { "false" });
    }
    if !table.foreign_keys.is_empty() {
        out.line(2, "foreign_keys:");
        table.foreign_keys.iter().for_each(|key| write_foreign_key(out, key));
    }
    out.map(2, "checks", table.checks.iter().map(|(name, check)| (name.as_str(), check.text())));
    out.map(2, "properties", table.properties.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    out.map(2, "tags", table.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    if let Some(location) = &table.location {
        out.pair(2, "location", location);
    }
    write_observed(out, table);
}

fn write_column(out: &mut Yaml, column: &Column) {
    out.line(3, &format!("- name: {}", scalar(&column.name().as_str().replace("${", "$${"))));
    let mut shown = column.data_type().clone();
    let mut opaque = Vec::new();
    take_opaque(&mut shown, &Path::table(), &mut opaque);
    out.pair(4, "type", &shown.to_string());
    if !column.field.nullable {
        out.raw(4, "nullable", "false");
    }
    if let Some(comment) = &column.field.comment {
        out.pair(4, "comment", comment);
    }
    if let Some(default) = &column.default {
        out.pair(4, "default", default.text());
    }
    if let Some(generated) = &column.generated {
        out.pair(4, "generated", generated.text());
    }
    if let Some(identity) = column.identity {
        let (start, increment, always) = (identity.start, identity.increment, identity.always);
        out.raw(4, "identity", &format!("{{ start: {start}, increment: {increment}, always: {always} }}"));
    }
    out.map(4, "tags", column.tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let mut nested = Vec::new();
    nested_metadata(column.data_type(), &Path::table(), &mut nested);
    if !nested.is_empty() {
        out.line(4, "fields:");
        for (path, metadata) in nested {
            out.line(5, &format!("{}:", scalar(&path.to_string())));
            write_metadata(out, 6, metadata);
        }
    }
    write_metadata(out, 4, &column.field.metadata);
    if !opaque.is_empty() {
        out.line(4, "opaque:");
        for (path, raw) in opaque {
            let path = if path.is_table() { ".".to_owned() } else { path.to_string() };
            out.raw(5, &path, &quoted(&raw));
        }
    }
}

fn write_foreign_key(out: &mut Yaml, key: &ForeignKey) {
    out.line(3, &format!("- references: {}", scalar(&key.references.to_string())));
    if let Some(name) = &key.name {
        out.pair(4, "name", name.as_str());
    }
    out.list(4, "columns", key.columns.iter().map(Identifier::quoted_if_needed));
    // These are names of another table, taken as they are.
    out.list(4, "referenced_columns", key.referenced_columns.iter().map(Identifier::to_string));
    out.raw(4, "rely", if key.rely { "true" } else { "false" });
}

fn write_observed(out: &mut Yaml, table: &ObservedTable) {
    out.line(2, "observed:");
    out.pair(3, "table_id", &table.table_id);
    out.raw(3, "version", &table.version.to_string());
    out.list(3, "features", table.features.iter().map(Feature::to_string));
    match table.kind {
        RelationKind::Table => (),
        RelationKind::StreamingTable => out.raw(3, "kind", "streaming_table"),
    }
    if !table.inbound_keys.is_empty() {
        out.line(3, "inbound_keys:");
        for key in &table.inbound_keys {
            out.line(4, &format!("- table: {}", scalar(&key.table.to_string())));
            if let Some(name) = &key.name {
                out.pair(5, "name", name.as_str());
            }
            out.list(5, "referenced_columns", key.referenced_columns.iter().map(Identifier::to_string));
        }
    }
    if table.unknown.iter().next().is_some() {
        out.line(3, "unknown:");
        for (aspect, path) in table.unknown.iter() {
            out.line(4, &format!("- aspect: {}", aspect.as_str()));
            if !path.is_table() {
                out.pair(5, "at", &path.to_string());
            }
        }
    }
}

fn write_metadata(out: &mut Yaml, level: usize, metadata: &Metadata) {
    let mut entries = metadata.iter().peekable();
    if entries.peek().is_none() {
        return;
    }
    out.line(level, "metadata:");
    for (key, raw) in entries {
        out.raw(level + 1, key, &metadata_value(raw));
    }
}

/// Raw JSON so that it is read back letter for letter.
fn metadata_value(raw: &str) -> String {
    let text: Option<String> = serde_json::from_str(raw).ok();
    let plain = matches!(raw, "true" | "false")
        || (!raw.is_empty() && raw.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)));
    match text {
        Some(text) if serde_json::to_string(&text).is_ok_and(|json| json == raw) => quoted(&text),
        _ if plain => raw.to_owned(),
        _ => format!("{{ json: {} }}", quoted(raw)),
    }
}

/// Puts a placeholder where a type is unknown and keeps its raw JSON.
fn take_opaque(data_type: &mut DataType, at: &Path, found: &mut Vec<(Path, String)>) {
    match data_type {
        DataType::Opaque(raw) => {
            found.push((at.clone(), raw.to_string()));
            *data_type = DataType::Binary;
        }
        DataType::Struct(fields) => {
            fields.iter_mut().for_each(|field| take_opaque(&mut field.data_type, &at.field(&field.name), found));
        }
        DataType::Array(array) => take_opaque(&mut array.element, &at.join(Step::Element), found),
        DataType::Map(map) => {
            take_opaque(&mut map.key, &at.join(Step::Key), found);
            take_opaque(&mut map.value, &at.join(Step::Value), found);
        }
        DataType::Byte
        | DataType::Short
        | DataType::Integer
        | DataType::Long
        | DataType::Float
        | DataType::Double
        | DataType::Decimal(_)
        | DataType::String(_)
        | DataType::Char(_)
        | DataType::Varchar(_)
        | DataType::Boolean
        | DataType::Binary
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz
        | DataType::Variant => (),
    }
}

/// The metadata of nested fields that have some, by path below the column.
fn nested_metadata<'c>(data_type: &'c DataType, at: &Path, found: &mut Vec<(Path, &'c Metadata)>) {
    for field in data_type.as_struct().unwrap_or_default() {
        let path = at.field(&field.name);
        if field.metadata.iter().next().is_some() {
            found.push((path.clone(), &field.metadata));
        }
        nested_metadata(&field.data_type, &path, found);
    }
    if let Some(array) = data_type.as_array() {
        nested_metadata(&array.element, &at.join(Step::Element), found);
    }
    if let Some(map) = data_type.as_map() {
        nested_metadata(&map.key, &at.join(Step::Key), found);
        nested_metadata(&map.value, &at.join(Step::Value), found);
    }
}

/// A text as YAML: bare where it is plain words, in double quotes otherwise.
fn scalar(text: &str) -> String {
    let words = !text.is_empty()
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.ends_with(|last: char| last.is_ascii_alphanumeric() || matches!(last, '_' | ')'))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/() ".contains(&byte));
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let meant_otherwise = reserved.iter().any(|word| word.eq_ignore_ascii_case(text));
    if words && !meant_otherwise { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes, every letter that YAML minds escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            odd if odd.is_control()
                || matches!(odd, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}') =>
            {
                // Writing to a String cannot fail; every such letter has at most four digits.
                let _ = write!(out, "\\u{:04x}", u32::from(odd));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
