//! Findings under the actions that they are about.

use delta_engine::schema::model::{Aspect, Subject};
use delta_engine::schema::{Action, Finding, Severity};
use delta_engine::{PreparedTable, Sources};

use super::Screen;
use super::line::{Line, Tone, wrapped};
use super::next::shell_quoted;

/// How far messages are indented.
const INDENT: usize = 10;
/// How wide messages are.
const WIDTH: usize = 100;

/// Findings of a table by the action that they are shown under; those that fit none come last.
pub(super) struct Placed<'t> {
    /// One list for each action.
    pub(super) under: Vec<Vec<&'t Finding>>,
    /// About the table, or about what no action touches.
    pub(super) rest: Vec<&'t Finding>,
}

/// Sorts the findings of a table under its actions.
pub(super) fn place(table: &PreparedTable) -> Placed<'_> {
    let plan = &table.plan;
    let subjects: Vec<Subject> = plan.actions.iter().map(|action| action.subject(&plan.name)).collect();
    let creates = matches!(plan.actions.first(), Some(Action::CreateTable { .. }));
    let mut placed = Placed { under: vec![Vec::new(); subjects.len()], rest: Vec::new() };
    for finding in &plan.findings {
        let nearness = subjects.iter().map(|subject| nearness(&finding.subject, subject));
        let best = nearness.enumerate().filter(|(_, near)| *near > 0).min_by_key(|(_, near)| std::cmp::Reverse(*near));
        match best {
            Some((action, _)) if !creates => placed.under[action].push(finding),
            _ => placed.rest.push(finding),
        }
    }
    placed
}

/// How well an action's subject fits a finding's; 0 where it does not.
fn nearness(finding: &Subject, action: &Subject) -> u8 {
    if finding.path != action.path {
        return 0;
    }
    match finding.aspect {
        Some(_) if finding.aspect == action.aspect && finding.key == action.key => 3,
        None if finding.path.is_table() => 0,
        None if action.aspect == Some(Aspect::Existence) => 2,
        None => 1,
        Some(_) => 0,
    }
}

/// The label of a finding, for the right side of a row.
pub(super) fn label(finding: &Finding) -> (Tone, String) {
    let name = format!("{} {}", finding.code, finding.name);
    if finding.blocks() {
        return (Tone::Remove, name);
    }
    let word = match finding.severity {
        Severity::Rejection | Severity::Hazard => "allowed",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    (Tone::Quiet, format!("{word} {name}"))
}

/// What a finding is about, where no action says it.
pub(super) fn about(subject: &Subject) -> String {
    let aspect = subject.aspect.map(|aspect| aspect.as_str().replace('_', " ")).unwrap_or_default();
    let words = match &subject.key {
        Some(key) => format!("{aspect} {key}"),
        None => aspect,
    };
    match (subject.path.is_table(), words.is_empty()) {
        (true, _) => words,
        (false, true) => subject.path.to_string(),
        (false, false) => format!("{words} of {}", subject.path),
    }
}

/// The lines below a finding's row: message, place, way out.
pub(super) fn details(screen: &mut Screen<'_>, finding: &Finding, sources: &dyn Sources) {
    let tone = if finding.blocks() { Tone::Plain } else { Tone::Quiet };
    let indented = |tone, text: &str| Line::new().plain(" ".repeat(INDENT)).toned(tone, text);
    for line in wrapped(&finding.message, WIDTH - INDENT) {
        screen.line(indented(tone, &line));
    }
    if let Some(permission) = &finding.permission {
        screen.line(indented(tone, &format!("allowed by {permission}")));
        return;
    }
    let place = sources.locate(&finding.subject, None).map(|place| format!("{}:{}", place.file, place.line));
    let help = finding.help.as_deref().map(copyable);
    let parts: Vec<String> = place.into_iter().chain(help).collect();
    let one_line = parts.join("   ");
    if one_line.chars().count() <= WIDTH || one_line.contains(ALLOW) {
        return screen.line(indented(Tone::Quiet, &one_line));
    }
    for part in parts.iter().flat_map(|part| wrapped(part, WIDTH - INDENT)) {
        screen.line(indented(Tone::Quiet, &part));
    }
}

/// The way out, with what stands in it for the shell quoted so that it can be copied.
fn copyable(help: &str) -> String {
    match help.strip_prefix(ALLOW) {
        Some(permission) => format!("{ALLOW}{}", shell_quoted(permission)),
        None => help.to_owned(),
    }
}

const ALLOW: &str = "allow: --allow ";

/// The permission that would let a finding pass, as `rule:object`.
pub(super) fn permission_for(finding: &Finding) -> Option<&str> {
    if finding.severity != Severity::Hazard {
        return None;
    }
    finding.help.as_deref()?.strip_prefix(ALLOW)
}
