//! A report: what became of each table, and whether anything was changed.

use delta_engine::schema::Outcome;
use delta_engine::{Execution, Failure, PreparedTable, Report};

use super::Screen;
use super::line::{Line, Tone};
use super::plan::NextStep;

/// Shows what became of each table, the command that takes what was held back further, and the last line.
pub(crate) fn show_report(screen: &mut Screen<'_>, report: &Report, next: Option<NextStep>) {
    let name = |table: &PreparedTable| table.plan.name.to_string();
    let worth = |(_, execution): &(&PreparedTable, &Execution)| !matches!(execution, Execution::NotRun);
    let width = report.tables().filter(worth).map(|(table, _)| name(table).chars().count()).max().unwrap_or(0);
    for (table, execution) in report.tables().filter(worth) {
        let (tone, word, rest) = words(table, execution);
        let line = Line::new().toned(tone, word).pad_to(14).toned(Tone::Strong, name(table));
        screen.line(line.pad_to(14 + width + 2).plain(rest));
        if let Some(failure) = execution.failure() {
            show_failure(screen, failure);
        } else if let Execution::Applied { remarks, .. } = execution {
            for remark in remarks {
                screen.line(Line::new().plain(" ".repeat(14)).plain(remark));
            }
        }
    }
    if let Some((words, command)) = next {
        screen.blank();
        screen.line(Line::new().plain(words).plain("  ").toned(Tone::Strong, command));
    }
    screen.blank();
    screen.line(Line::new().toned(Tone::Strong, last_line(report)));
}

fn words(table: &PreparedTable, execution: &Execution) -> (Tone, &'static str, String) {
    match execution {
        Execution::NotRun => (Tone::Quiet, "left alone", String::new()),
        Execution::Applied { version, tolerated, .. } => {
            let word = if table.observed.is_none() { "created" } else { "changed" };
            let version = version.map_or(String::new(), |version| format!("version {version}"));
            let others = match tolerated.len() {
                0 => String::new(),
                1 => ", after 1 commit of somebody else".to_owned(),
                count => format!(", after {count} commits of others"),
            };
            (Tone::Add, word, version + &others)
        }
        Execution::AlreadyApplied => (Tone::Plain, "as declared", "somebody else did it meanwhile".to_owned()),
        Execution::Stale(_) => (Tone::Change, "stale", "changed since the plan; left alone".to_owned()),
        Execution::PartlyApplied { done, steps, .. } => {
            (Tone::Remove, "partly done", format!("{done} of {steps} steps were done"))
        }
        Execution::Failed(_) => (Tone::Remove, "failed", "not changed".to_owned()),
        Execution::Unclear(_) => (Tone::Remove, "unclear", "it may or may not have been changed".to_owned()),
        Execution::Interrupted => (Tone::Change, "interrupted", "not changed".to_owned()),
        Execution::HeldBack { by } => (Tone::Change, "held back", format!("not changed, because {by} failed")),
    }
}

fn show_failure(screen: &mut Screen<'_>, failure: &Failure) {
    let indented = |tone, text: &str| Line::new().plain(" ".repeat(14)).toned(tone, text);
    screen.line(indented(Tone::Plain, &failure.message));
    if let Some(help) = &failure.help {
        screen.line(indented(Tone::Quiet, help));
    }
}

/// What was changed, and what was not.
fn last_line(report: &Report) -> String {
    let count = |wanted: &dyn Fn(&PreparedTable, &Execution) -> bool| {
        report.tables().filter(|(table, execution)| wanted(table, execution)).count()
    };
    let applied = |execution: &Execution| matches!(execution, Execution::Applied { .. });
    let done = [
        (count(&|table, execution| applied(execution) && table.observed.is_none()), "created"),
        (count(&|table, execution| applied(execution) && table.observed.is_some()), "changed"),
        (count(&|_, execution| matches!(execution, Execution::PartlyApplied { .. })), "changed in part"),
    ];
    let left = [
        (
            count(&|_, execution| matches!(execution, Execution::Unclear(_))),
            "may have been changed",
            "may have been changed",
        ),
        (
            count(&|_, execution| matches!(execution, Execution::AlreadyApplied)),
            "was as declared already",
            "were as declared already",
        ),
        (count(&|_, execution| matches!(execution, Execution::Failed(_))), "failed", "failed"),
        (count(&|_, execution| matches!(execution, Execution::HeldBack { .. })), "was held back", "were held back"),
        (count(&|_, execution| matches!(execution, Execution::Stale(_))), "is stale", "are stale"),
        (count(&|_, execution| matches!(execution, Execution::Interrupted)), "was not reached", "were not reached"),
        (report.plan.count(Outcome::Blocked), "blocked was left alone", "blocked were left alone"),
        (report.plan.count(Outcome::Unreadable), "is unreadable", "are unreadable"),
    ];
    let left: Vec<String> = left
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    let done: Vec<String> =
        done.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let unclear = report.executions.iter().any(|execution| matches!(execution, Execution::Unclear(_)));
    let start = match (done.is_empty(), unclear) {
        (false, _) => format!("Applied: {}", done.join(", ")),
        (true, false) => "Nothing was changed".to_owned(),
        (true, true) => "It is not known whether anything was changed".to_owned(),
    };
    match left.is_empty() {
        true => format!("{start}."),
        false if done.is_empty() => format!("{start}: {}.", left.join(", ")),
        false => format!("{start}; {}.", left.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use delta_engine::{Column, Engine, MemoryLake, Registry, Table};

    use super::*;

    /// The report of as many new tables as there are executions.
    fn report(executions: Vec<Execution>) -> Report {
        let tables =
            (0..executions.len()).map(|index| Table::new(format!("t{index}")).column(Column::new("id", "int")));
        let registry = tables.fold(Registry::new(), |registry, table| registry.table(table)).build().unwrap();
        let lake = Arc::new(MemoryLake::new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let plan = runtime.block_on(Engine::new(lake.clone(), lake).plan(&registry)).unwrap();
        Report { plan, executions }
    }

    fn check(executions: Vec<Execution>, expected: &str) {
        assert_eq!(last_line(&report(executions)), expected);
    }

    fn failure() -> Failure {
        Failure { message: "the store does not answer".to_owned(), help: Some("try again".to_owned()) }
    }

    fn applied() -> Execution {
        Execution::Applied { version: Some(0), tolerated: Vec::new(), remarks: Vec::new() }
    }

    #[test]
    fn the_last_line_says_whether_anything_was_changed() {
        check(vec![applied(), applied()], "Applied: 2 created.");
        check(vec![applied(), Execution::Failed(failure())], "Applied: 1 created; 1 failed.");
        check(vec![Execution::Failed(failure()); 2], "Nothing was changed: 2 failed.");
        check(vec![Execution::Stale(failure())], "Nothing was changed: 1 is stale.");
        check(vec![Execution::AlreadyApplied], "Nothing was changed: 1 was as declared already.");
        check(vec![applied(), Execution::Interrupted], "Applied: 1 created; 1 was not reached.");
        let part = Execution::PartlyApplied { done: 1, steps: 2, failure: failure() };
        check(vec![part], "Applied: 1 changed in part.");
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let unclear = || Execution::Unclear(failure());
        check(vec![unclear()], "It is not known whether anything was changed: 1 may have been changed.");
        check(vec![applied(), unclear()], "Applied: 1 created; 1 may have been changed.");
    }

    #[test]
    fn failures_are_shown_with_their_reason_and_what_to_do() {
        let mut out = Vec::new();
        show_report(&mut Screen::new(&mut out, false), &report(vec![Execution::Failed(failure()), applied()]), None);
        let expected = "failed        t0  not changed\n              the store does not answer\n              try again\n\
                        created       t1  version 0\n\nApplied: 1 created; 1 failed.\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
