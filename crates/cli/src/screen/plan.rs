//! A plan: what would be done, table by table, and what holds it back.

use delta_engine::schema::model::Subject;
use delta_engine::schema::{Action, Finding, Outcome};
use delta_engine::{PreparedPlan, PreparedTable};

use super::action::{Row, created, row};
use super::finding::{about, details, label, permission_for, place};
use super::line::{Line, Tone};
use super::{Screen, command_line};

/// The column where codes begin, unless a row is longer.
const CODES: usize = 50;

/// The first line of a plan.
pub(crate) enum Heading<'h> {
    /// A target, by its name where it has one.
    Target {
        /// The name.
        name: Option<&'h str>,
        /// The address.
        url: &'h str,
    },
    /// Two sides.
    Sides {
        /// Where it starts.
        from: &'h str,
        /// Where it leads.
        to: &'h str,
    },
}

/// Shows a plan up to its last line.
pub(crate) fn show_plan(screen: &mut Screen<'_>, heading: &Heading<'_>, plan: &PreparedPlan) {
    show_heading(screen, heading, plan);
    screen.blank();
    let mut said = false;
    for table in plan.tables.iter().filter(|table| has_to_say(table)) {
        show_table(screen, table);
        said = true;
    }
    if said {
        screen.blank();
    }
    for notice in &plan.notices {
        let text = format!("warning {} {}: {}", notice.code, notice.name, notice.message);
        screen.line(Line::new().toned(Tone::Quiet, text));
    }
    if !plan.notices.is_empty() {
        screen.blank();
    }
}

/// A command to type, with the words before it.
pub(crate) type NextStep = (String, String);

/// The command that takes this plan further.
pub(crate) fn next_step(plan: &PreparedPlan, typed: &[String], command: &str) -> Option<NextStep> {
    let to_apply = |words: &str| Some((words.to_owned(), command_line(typed, command, "apply", &[])));
    match (allow_step(plan, typed, command), plan.count(Outcome::Changes)) {
        (Some(step), _) => Some(step),
        (None, 0) => None,
        (None, _) if plan.count(Outcome::Blocked) + plan.count(Outcome::Unreadable) > 0 => {
            to_apply("Apply the others with:")
        }
        (None, _) => to_apply("Apply it with:"),
    }
}

/// The command that lets pass what only waits for permission.
pub(crate) fn allow_step(plan: &PreparedPlan, typed: &[String], command: &str) -> Option<NextStep> {
    let permissions = missing_permissions(plan);
    let hopeless = plan.tables.iter().filter(|table| is_hopeless(table)).count();
    let meant = match permissions.len() {
        0 => return None,
        1 => "If it is meant",
        _ => "If all of it is meant",
    };
    let words = match hopeless {
        0 => format!("{meant}:"),
        _ if typed.iter().any(|word| word == "--all-or-nothing") => "Once no other table is held back:".to_owned(),
        1 => format!("{meant} (1 other table stays as it is):"),
        others => format!("{meant} ({others} other tables stay as they are):"),
    };
    let more: Vec<String> = permissions.into_iter().flat_map(|permission| ["--allow".to_owned(), permission]).collect();
    Some((words, command_line(typed, command, "apply", &more)))
}

/// Whether the table is held back by something that no permission lets pass.
fn is_hopeless(table: &PreparedTable) -> bool {
    match table.plan.outcome {
        Outcome::Blocked => blocking(table).any(|finding| permission_for(finding).is_none()),
        Outcome::Unreadable => true,
        Outcome::InSync | Outcome::Changes => false,
    }
}

fn blocking(table: &PreparedTable) -> impl Iterator<Item = &Finding> {
    table.plan.findings.iter().filter(|finding| finding.blocks())
}

/// The permissions that would let tables pass which nothing else holds back.
fn missing_permissions(plan: &PreparedPlan) -> Vec<String> {
    let is_blocked = |table: &&PreparedTable| table.plan.outcome == Outcome::Blocked;
    let mut permissions: Vec<String> = Vec::new();
    for table in plan.tables.iter().filter(is_blocked) {
        if blocking(table).all(|finding| permission_for(finding).is_some()) {
            permissions.extend(blocking(table).filter_map(permission_for).map(str::to_owned));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    permissions.retain(|permission| seen.insert(permission.clone()));
    permissions
}

/// How many tables there are of each kind, as in `1 create, 10 in sync`.
pub(crate) fn counts(plan: &PreparedPlan) -> String {
    let create = plan.creates();
    let parts = [
        (create, "create"),
        (plan.count(Outcome::Changes) - create, "change"),
        (plan.count(Outcome::InSync), "in sync"),
        (plan.count(Outcome::Blocked), "blocked"),
        (plan.count(Outcome::Unreadable), "unreadable"),
    ];
    let there = parts.iter().filter(|(count, _)| *count > 0);
    there.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
}

/// A number of tables, in words.
pub(crate) fn tables(count: usize) -> String {
    if count == 1 { "1 table".to_owned() } else { format!("{count} tables") }
}

fn show_heading(screen: &mut Screen<'_>, heading: &Heading<'_>, plan: &PreparedPlan) {
    let all = plan.tables.len();
    let unreadable = plan.count(Outcome::Unreadable);
    let read = if unreadable == 0 { tables(all) } else { format!("{} of {}", all - unreadable, tables(all)) };
    let line = match heading {
        Heading::Target { name, url } => {
            let line = Line::new().plain("Target ");
            let line = match name {
                Some(name) => line.toned(Tone::Strong, name).plain("  ").plain(url),
                None => line.toned(Tone::Strong, url),
            };
            line.plain(format!("  {read} read"))
        }
        Heading::Sides { from, to } => {
            let line = Line::new().plain("From ").toned(Tone::Strong, from).plain(" to ").toned(Tone::Strong, to);
            line.plain(format!("  {} compared", tables(all)))
        }
    };
    screen.line(line);
}

fn has_to_say(table: &PreparedTable) -> bool {
    table.plan.outcome != Outcome::InSync || !table.plan.findings.is_empty()
}

fn show_table(screen: &mut Screen<'_>, table: &PreparedTable) {
    let plan = &table.plan;
    let (symbol, tone, mut words) = match plan.outcome {
        Outcome::InSync => ("=", Tone::Quiet, String::new()),
        Outcome::Changes if table.observed.is_none() => ("+", Tone::Add, String::new()),
        Outcome::Changes => ("~", Tone::Change, String::new()),
        Outcome::Blocked => ("!", Tone::Remove, "blocked".to_owned()),
        Outcome::Unreadable => ("!", Tone::Remove, "unreadable".to_owned()),
    };
    if let Some(Action::CreateTable { table }) = plan.actions.first() {
        words = if words.is_empty() { created(table) } else { format!("{}   {words}", created(table)) };
    }
    let line = Line::new().toned(tone, symbol).plain(" ").toned(Tone::Strong, plan.name.to_string());
    screen.line(line.plain("   ").plain(words));
    let placed = place(table);
    let rows: Vec<(Row, Vec<&Finding>)> = plan.actions.iter().map(row).zip(placed.under).collect();
    let created = matches!(plan.actions.first(), Some(Action::CreateTable { .. }));
    let shown: Vec<&(Row, Vec<&Finding>)> = if created { Vec::new() } else { rows.iter().collect() };
    let what = shown.iter().map(|(row, _)| row.what.chars().count()).max().unwrap_or(0);
    let widest =
        shown.iter().filter(|(_, findings)| !findings.is_empty()).map(|(row, _)| row_line(row, false, what).width());
    let codes = widest.max().map_or(CODES, |widest| CODES.max(widest + 2));
    for (row, findings) in shown {
        let blocks = findings.first().is_some_and(|finding| finding.blocks());
        let mut line = row_line(row, blocks, what);
        let Some((first, others)) = findings.split_first() else {
            screen.line(line);
            continue;
        };
        let (tone, text) = label(first);
        line = line.pad_to(codes).toned(tone, text);
        screen.line(line);
        details(screen, first, &*table.declared.sources);
        others.iter().for_each(|finding| show_alone(screen, finding, "", codes, table));
    }
    for finding in placed.rest {
        show_alone(screen, finding, &about(&finding.subject), codes, table);
    }
    if let Some(words) = residual(&plan.residual) {
        screen.line(Line::new().toned(Tone::Quiet, format!("    note  kept in the definition only: {words}")));
    }
}

/// The row of an action: a mark where it is held back, symbol, what, rest.
fn row_line(row: &Row, blocks: bool, what: usize) -> Line {
    let mark = Line::new().plain("  ").toned(Tone::Remove, if blocks { "!" } else { "" }).pad_to(4);
    mark.toned(row.tone, row.symbol).pad_to(8).plain(&row.what).pad_to(8 + what + 2).plain(&row.rest)
}

fn show_alone(screen: &mut Screen<'_>, finding: &Finding, words: &str, codes: usize, table: &PreparedTable) {
    let mark = if finding.blocks() { "!" } else { "" };
    let (tone, text) = label(finding);
    let line = Line::new().plain("  ").toned(Tone::Remove, mark).pad_to(8).plain(words);
    let line = if words.is_empty() {
        line
    } else if line.width() + 2 > codes {
        line.plain("  ")
    } else {
        line.pad_to(codes)
    };
    screen.line(line.toned(tone, text));
    details(screen, finding, &*table.declared.sources);
}

/// How many tables are as they should be, and what of them is so in the definition only.
pub(crate) fn tables_as_declared(plan: &PreparedPlan) -> String {
    let count = tables(plan.tables.len());
    match residual(plan.tables.iter().flat_map(|table| &table.plan.residual)) {
        None => count,
        Some(words) => format!("{count}, but for what is kept in the definition only ({words})"),
    }
}

/// What the target cannot store, each kind once.
fn residual<'p>(subjects: impl IntoIterator<Item = &'p Subject>) -> Option<String> {
    let word = |subject: &Subject| {
        let aspect = subject.aspect.map_or("parts of it", |aspect| aspect.as_str()).replace('_', " ");
        if subject.path.is_table() { aspect } else { format!("{aspect} of columns") }
    };
    let mut words: Vec<String> = subjects.into_iter().map(word).collect();
    words.sort();
    words.dedup();
    (!words.is_empty()).then(|| words.join(", "))
}
