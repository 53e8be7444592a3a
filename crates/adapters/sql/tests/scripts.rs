//! Whole plans in every dialect: each file of `tests/golden` is a scenario, its actions first, then what each dialect runs
//! and refuses.
//!
//! `UPDATE=1 cargo test -p delta-engine-sql --test scripts` writes what is said now instead.

mod scenario;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use delta_engine_schema::model::{DesiredTable, ObservedTable};
use delta_engine_schema::{Action, diff};
use delta_engine_sql::{Dialect, Script, script};

use scenario::SCENARIOS;

/// What a file says.
fn told(desired: &DesiredTable, observed: Option<&ObservedTable>) -> String {
    let actions = diff(desired, observed).actions;
    let mut text = String::from("actions\n");
    for (index, action) in actions.iter().enumerate() {
        let _ = writeln!(text, "  {index:>2}  {}  {}", action.kind(), action.subject(&desired.name));
    }
    let mut told: Vec<(String, String)> = Vec::new();
    for dialect in Dialect::ALL {
        let said = said(&script(dialect, &desired.name, observed, &actions), &actions);
        match told.iter_mut().find(|(_, other)| *other == said) {
            Some((names, _)) => *names += &format!(", {dialect}"),
            None => told.push((dialect.to_string(), said)),
        }
    }
    told.into_iter().fold(text, |text, (names, said)| format!("{text}\n== {names}\n{said}"))
}

fn said(script: &Script, actions: &[Action]) -> String {
    let mut text = String::new();
    for statement in &script.statements {
        let indexes: Vec<String> = statement.indexes().iter().map(usize::to_string).collect();
        // A part of a new table says which one; everything else is what its action says.
        let own: Vec<&str> = statement.actions().iter().map(Action::kind).collect();
        let is_part = statement.indexes().iter().any(|index| matches!(actions[*index], Action::CreateTable { .. }));
        let part = if is_part { format!(" ({})", own.join(", ")) } else { String::new() };
        let _ = writeln!(text, "-- {}{part}\n{statement}", indexes.join(", "));
    }
    for refusal in &script.refusals {
        let finding = refusal.finding();
        let _ = writeln!(text, "!! {}  {} {}", refusal.action, finding.code, finding.subject);
        let _ = writeln!(text, "   {}\n   {}", finding.message, finding.help.unwrap_or_default());
    }
    if !script.residual.is_empty() {
        let left: Vec<String> = script
            .residual
            .iter()
            .map(|subject| {
                format!("{subject} {}", subject.aspect.map_or("", delta_engine_schema::model::Aspect::as_str))
            })
            .collect();
        let _ = writeln!(text, "residual: {}", left.join("; "));
    }
    text
}

#[test]
fn every_scenario_says_what_its_file_says() {
    let update = std::env::var_os("UPDATE").is_some();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut wrong = String::new();
    for (name, scenario) in SCENARIOS {
        let (desired, observed) = scenario();
        let said = format!("{name}\n\n{}", told(&desired, observed.as_ref()));
        let file = folder.join(format!("{}.txt", name.replace(' ', "-")));
        if update {
            fs::write(&file, said).expect("a file to write");
            continue;
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if said != expected {
            let _ = writeln!(wrong, "--- {name}: expected\n{expected}\n--- {name}: said\n{said}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_file_belongs_to_a_scenario() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = fs::read_dir(folder).expect("the goldens").map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    let mut expected: Vec<String> =
        SCENARIOS.iter().map(|(name, _)| format!("{}.txt", name.replace(' ', "-"))).collect();
    files.sort();
    expected.sort();
    assert_eq!(files, expected);
}
