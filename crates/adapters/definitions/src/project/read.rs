//! From the tree of a project file to the project.

use delta_engine_schema::Severity;
use delta_engine_schema::model::nearest;

use super::target::{Commits, TargetSettings, Through, misplaced_ways, unstated_commits};
use super::{Permission, Project, RuleSetting, Written};
use crate::fault::{EMPTY, FileFault, SECRET, SHAPE, TARGET, VALUE, VARIABLE};
use crate::keys::{self, Key};
use crate::reader::{Reader, head};
use crate::text::{SourceText, Span};
use crate::tree::{Entry, Node, read_tree};

/// Fills in what the file says and returns what is wrong with it.
pub(super) fn fill(project: &mut Project, source: &SourceText) -> Vec<FileFault> {
    let tree = read_tree(source);
    let mut reader = Reader::verbatim(source);
    reader.faults = tree.faults;
    let Some(root) = tree.root.filter(|_| tree.whole) else {
        return reader.faults.into_iter().map(for_project).collect();
    };
    if !root.is_map() {
        let message = "the project file holds no mapping of keys and values";
        let help = "begin it with `targets:` and indent a target below it; `delta-engine init` writes an example";
        reader.fault(FileFault::new(SHAPE, head(&root), message).help(help));
        return reader.faults;
    }
    for (key, entry) in reader.entries(&root, &keys::PROJECT).known {
        let value = &entry.value;
        match key.name {
            "definitions" => {
                if let Some(patterns) = reader.texts(value, key) {
                    project.definitions = patterns.names;
                }
            }
            "variables" => {
                for entry in reader.map(value, key) {
                    let default = variable(&mut reader, entry);
                    project.variables.insert(entry.key.to_string(), default);
                }
            }
            "targets" => {
                for entry in reader.map(value, key) {
                    if let Some(target) = target(&mut reader, entry, project) {
                        project.targets.push(target);
                    }
                }
            }
            "rules" => {
                for entry in reader.map(value, key) {
                    if let Some(severity) = severity(&mut reader, entry) {
                        let setting = RuleSetting { rule: entry.key.to_string(), severity };
                        project.rules.push((setting, entry.key_span));
                    }
                }
            }
            "allow" => {
                for item in reader.list(value, key).0 {
                    project.permissions.extend(permission(&mut reader, item, source));
                }
            }
            _ => (),
        }
    }
    one_default(&mut reader, &root);
    declared_variables(&mut reader, &root, project);
    known_targets(&mut reader, &root);
    hide_secrets(&mut reader.faults);
    reader.faults
}

/// An empty project file lacks other things than an empty file of definitions.
fn for_project(fault: FileFault) -> FileFault {
    if fault.code() == EMPTY {
        return fault.help("write `targets:` and a target below it; `delta-engine init` writes an example");
    }
    fault
}

/// No fault shows a line in which a secret stands.
fn hide_secrets(faults: &mut [FileFault]) {
    let lines: Vec<u32> = faults
        .iter()
        .filter(|fault| fault.code() == SECRET)
        .filter_map(|fault| fault.span().map(|span| span.line))
        .collect();
    for fault in faults {
        if fault.span().is_some_and(|span| lines.contains(&span.line)) {
            *fault = fault.clone().hidden();
        }
    }
}

fn written(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<Written> {
    reader.text(node, key).value().map(|text| Written { text, span: Some(node.span) })
}

fn variable(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Written> {
    if let Some(text) = entry.value.scalar() {
        let message = format!("the variable `{}` takes a mapping, but a single value stands here", entry.key);
        let help = format!("write `{}: {{ default: {text} }}`", entry.key);
        reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(help));
        return None;
    }
    if entry.value.is_null() {
        return None;
    }
    let entries = reader.entries(&entry.value, &keys::VARIABLE);
    entries.known.into_iter().find_map(|(key, entry)| written(reader, &entry.value, key))
}

fn target(reader: &mut Reader<'_>, entry: &Entry<'_>, project: &Project) -> Option<TargetSettings> {
    if let Some(url) = entry.value.scalar() {
        let message = format!("the target `{}` takes a mapping, but a single value stands here", entry.key);
        let help = format!("write `{}: {{ url: {url} }}`", entry.key);
        reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(help));
        return None;
    }
    let mut target = TargetSettings::of_url("");
    target.name = entry.key.to_string();
    target.base = Some(project.root.clone());
    for (key, entry) in reader.entries(&entry.value, &keys::TARGET).known {
        let value = &entry.value;
        match key.name {
            "url" => {
                refuse_token_in_url(reader, value);
                target.url = written(reader, value, key).unwrap_or(target.url);
            }
            "default" => target.is_default = reader.boolean(value, key).value().unwrap_or_default(),
            "catalog" => target.catalog = written(reader, value, key),
            "catalogs" => target.catalogs = pairs(reader, value, key),
            "variables" => target.variables = pairs(reader, value, key),
            "token" => {
                refuse_written_token(reader, value);
                target.token = written(reader, value, key);
            }
            "layout" => {
                refuse_odd_layout(reader, value);
                target.layout = written(reader, value, key);
            }
            "observe" => target.observe = through(reader, value, key),
            "execute" => target.execute = through(reader, value, key),
            "commits" => {
                let choices = Commits::ALL.map(|commits| (commits.as_str(), commits));
                target.commits = reader.choice(value, key, &choices).value();
            }
            "storage" => {
                refuse_written_secrets(reader, value);
                target.storage = pairs(reader, value, key);
            }
            "strict" => target.strict = reader.boolean(value, key).value().unwrap_or_default(),
            _ => (),
        }
    }
    // A url of references is judged when they are filled in.
    if entry.value.get("commits").is_none()
        && let Some(fault) = unstated_commits(&target, &target.url.text)
    {
        reader.fault(fault);
    }
    if !target.url.text.contains("${")
        && let Some(fault) = misplaced_ways(&target, &target.url.text)
    {
        reader.fault(fault);
    }
    Some(target)
}

fn through(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Through {
    let choices = Through::ALL.map(|through| (through.as_str(), through));
    reader.choice(node, key, &choices).value().unwrap_or_default()
}

fn pairs(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Vec<(String, Written)> {
    let mut pairs = Vec::new();
    for entry in reader.map(node, key) {
        if entry.value.scalar().is_none() {
            let message = format!("`{}` in `{}` takes a single value", entry.key, key.name);
            let help = format!("write for example `{}`", key.example);
            reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(help));
        } else if let Some(value) = written(reader, &entry.value, key) {
            pairs.push((entry.key.to_string(), value));
        }
    }
    pairs
}

fn refuse_written_token(reader: &mut Reader<'_>, node: &Node<'_>) {
    let Some(text) = node.scalar() else { return };
    if !text.contains("${env.") && !text.contains("${var.") {
        let message = "the token itself stands in the file, where everybody who reads the file can use it";
        let help = "put it in a variable of the environment and write token: \"${env.DATABRICKS_TOKEN}\"; revoke this one if the file was shared";
        reader.fault(FileFault::new(SECRET, node.span, message).help(help).hidden());
    }
}

fn refuse_token_in_url(reader: &mut Reader<'_>, node: &Node<'_>) {
    let Some(text) = node.scalar() else { return };
    let Some((_, value)) = text.split_once("token=") else { return };
    if !value.starts_with("${") {
        let message = "the url holds a token, where everybody who reads the file can use it";
        let help = "remove `token=…` from the url and write token: \"${env.DATABRICKS_TOKEN}\"; revoke this one if the file was shared";
        reader.fault(FileFault::new(SECRET, node.span, message).help(help).hidden());
    }
}

/// How the names of options end whose values are secrets: `aws_secret_access_key`, `azure_storage_sas_token` and their kin,
/// but not `aws_access_key_id`.
const SECRET_OPTIONS: [&str; 4] = ["key", "token", "secret", "password"];

fn refuse_written_secrets(reader: &mut Reader<'_>, node: &Node<'_>) {
    for entry in node.entries() {
        let option = entry.key.to_ascii_lowercase();
        let is_secret = SECRET_OPTIONS.iter().any(|ending| option.ends_with(ending));
        let is_written = entry.value.scalar().is_some_and(|text| !text.contains("${env.") && !text.contains("${var."));
        if is_secret && is_written {
            let message =
                format!("the `{option}` itself stands in the file, where everybody who reads the file can use it");
            let help = format!(
                "put it in a variable of the environment and write {option}: \"${{env.{}}}\"; revoke this one if the file was shared",
                option.to_ascii_uppercase()
            );
            reader.fault(FileFault::new(SECRET, entry.value.span, message).help(help).hidden());
        }
    }
}

fn refuse_odd_layout(reader: &mut Reader<'_>, node: &Node<'_>) {
    let Some(text) = node.scalar() else { return };
    for part in text.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        if !matches!(name, "catalog" | "schema" | "table") {
            let message = format!("`{{{name}}}` is no part of a table's name");
            let help = "a layout is made of {catalog}, {schema} and {table}, as in \"{catalog}/{schema}/{table}\"";
            reader.fault(FileFault::new(VALUE, node.span, message).help(help));
        }
    }
    if !text.contains("{table}") {
        let message = "the layout gives every table the same folder: it does not hold {table}";
        let help = "write for example layout: \"{schema}/{table}\"";
        reader.fault(FileFault::new(VALUE, node.span, message).help(help));
    }
}

fn severity(reader: &mut Reader<'_>, entry: &Entry<'_>) -> Option<Option<Severity>> {
    const HELP: &str = "write rejection, hazard, warning, note or off";
    let Some(word) = entry.value.scalar() else {
        let message = format!("the rule `{}` takes one word: how grave its findings are", entry.key);
        reader.fault(FileFault::new(SHAPE, entry.value.span, message).help(HELP));
        return None;
    };
    let meant = match word {
        "rejection" => return Some(Some(Severity::Rejection)),
        "hazard" => return Some(Some(Severity::Hazard)),
        "warning" => return Some(Some(Severity::Warning)),
        "note" => return Some(Some(Severity::Note)),
        "off" => return Some(None),
        "error" | "deny" | "forbid" => Some("rejection"),
        "warn" => Some("warning"),
        "info" | "hint" => Some("note"),
        "ignore" | "allow" | "none" | "false" | "disabled" => Some("off"),
        _ => nearest(word, &["rejection", "hazard", "warning", "note", "off"]),
    };
    let guess = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    let message = format!("`{word}` is no severity{guess}");
    reader.fault(FileFault::new(VALUE, entry.value.span, message).help(HELP));
    None
}

fn permission(reader: &mut Reader<'_>, node: &Node<'_>, source: &SourceText) -> Option<(Permission, Span)> {
    let mut permission = Permission {
        rule: String::new(),
        on: String::new(),
        target: None,
        reason: None,
        until: None,
        location: source.location(head(node)),
    };
    let mut span = head(node);
    for (key, entry) in reader.entries(node, &keys::PERMISSION).known {
        let value = &entry.value;
        match key.name {
            "rule" => {
                span = value.span;
                permission.rule = reader.text(value, key).value().unwrap_or_default();
            }
            "on" => permission.on = reader.text(value, key).value().unwrap_or_default(),
            "target" => permission.target = reader.text(value, key).value(),
            "reason" => permission.reason = reader.text(value, key).value(),
            "until" => permission.until = date(reader, value, key),
            _ => (),
        }
    }
    node.is_map().then_some((permission, span))
}

fn date(reader: &mut Reader<'_>, node: &Node<'_>, key: &Key) -> Option<jiff::civil::Date> {
    let text = reader.text(node, key).value()?;
    let shaped = text.len() == 10 && text.is_ascii();
    let date = text.parse().ok().filter(|_| shaped);
    if date.is_none() {
        let message = format!("`{text}` is no date");
        let help = "write the year, the month and the day: until: 2027-01-31";
        reader.fault(FileFault::new(VALUE, node.span, message).help(help));
    }
    date
}

fn one_default(reader: &mut Reader<'_>, root: &Node<'_>) {
    let targets = root.get("targets").map(Node::entries).unwrap_or_default();
    let mut marked = targets.iter().filter(|target| target.value.get("default").and_then(Node::scalar) == Some("true"));
    let Some(first) = marked.next() else { return };
    for second in marked {
        let span = second.value.entry("default").map_or(second.key_span, |entry| entry.key_span);
        let message = format!(
            "`{}` is the default target, but `{}` is too (line {})",
            second.key, first.key, first.key_span.line
        );
        reader.fault(FileFault::new(TARGET, span, message).help("write `default: true` on one target only"));
    }
}

/// A value for a variable that nothing declares would silently do nothing.
fn declared_variables(reader: &mut Reader<'_>, root: &Node<'_>, project: &Project) {
    let names: Vec<&str> = project.variables.keys().map(String::as_str).collect();
    for target in root.get("targets").map(Node::entries).unwrap_or_default() {
        let values = target.value.get("variables").map(Node::entries).unwrap_or_default();
        for entry in values.iter().filter(|entry| !names.contains(&&*entry.key)) {
            let name = &entry.key;
            let guess = nearest(name, &names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("there is no variable `{name}`{guess}");
            let help = format!("declare it at the top: variables: {{ {name}: {{}} }}");
            reader.fault(FileFault::new(VARIABLE, entry.key_span, message).help(help));
        }
    }
}

fn known_targets(reader: &mut Reader<'_>, root: &Node<'_>) {
    let targets = root.get("targets").map(Node::entries).unwrap_or_default();
    let names: Vec<&str> = targets.iter().map(|target| &*target.key).collect();
    for item in root.get("allow").map(Node::items).unwrap_or_default() {
        let Some(node) = item.get("target") else { continue };
        let Some(name) = node.scalar().filter(|name| !names.contains(name)) else { continue };
        let guess = nearest(name, &names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let message = format!("there is no target `{name}`{guess}");
        let help = if names.is_empty() {
            "declare it under `targets`".to_owned()
        } else {
            format!("targets here are {}", names.join(", "))
        };
        reader.fault(FileFault::new(TARGET, node.span, message).help(help));
    }
}
