//! `plan --format sql`: a plan as a script that a person can run by hand.

use delta_engine::definitions::Through;
use delta_engine::schema::{Outcome, Stage};
use delta_engine::{PreparedPlan, PreparedTable, SERVER_SCHEME};

use super::plan::last_line;
use crate::project::Run;

/// The statements of every table that will change, foreign keys off first and on last.
pub(super) fn script(run: &Run, plan: &PreparedPlan) -> String {
    let mut text = comment(&format!("Target {}  {}", run.target.name, run.target.shown_url));
    text += &match (run.target.url.starts_with(SERVER_SCHEME), run.target.execute) {
        (true, Through::Server) => String::new(),
        (true, Through::Native) => comment(
            "A preview: what stands under a commit is committed to the log; the rest is statements that are run.",
        ),
        (false, _) => comment("A preview: this target makes one commit a table and runs no statement."),
    };
    let mut shown: Option<&PreparedTable> = None;
    for (table, preview) in statements(plan) {
        if shown.is_none_or(|shown| shown.plan.name != table.plan.name) {
            text += &format!("\n{}", comment(&table.plan.name.to_string()));
            shown = Some(table);
        }
        text += &ended(preview);
    }
    for table in plan.tables.iter().filter(|table| is_left_out(table)) {
        let outcome = table.plan.outcome.as_str();
        text += &format!(
            "\n{}",
            comment(&format!("{} is {outcome} and left out: type `delta-engine plan` to see why", table.plan.name))
        );
    }
    text + "\n" + &comment(&last_line(plan))
}

fn is_left_out(table: &PreparedTable) -> bool {
    match table.plan.outcome {
        Outcome::Blocked | Outcome::Unreadable => true,
        Outcome::InSync | Outcome::Changes => false,
    }
}

/// Every step that will run, in the stages of an apply: a key waits for the table it references.
fn statements(plan: &PreparedPlan) -> Vec<(&PreparedTable, &str)> {
    let changes = plan.tables.iter().filter(|table| table.plan.outcome == Outcome::Changes);
    let steps = changes.flat_map(|table| table.steps.iter().map(move |step| (table, step)));
    let mut staged: Vec<(Stage, &PreparedTable, &str)> = steps
        .map(|(table, step)| {
            let first = step.actions.first().map_or(Stage::Shape, delta_engine::schema::Action::stage);
            let is_one = step.actions.iter().all(|action| action.stage() == first);
            (if is_one { first } else { Stage::Shape }, table, step.preview.as_str())
        })
        .collect();
    staged.sort_by_key(|(stage, ..)| *stage);
    staged.into_iter().map(|(_, table, preview)| (table, preview)).collect()
}

/// A statement with its semicolon and line break, comments as they are.
fn ended(preview: &str) -> String {
    let text = preview.trim_end();
    let is_open = !text.ends_with(';') && !text.lines().last().unwrap_or_default().starts_with("--");
    format!("{text}{}\n", if is_open { ";" } else { "" })
}

/// A comment of one line, whatever is in a name.
fn comment(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    format!("-- {line}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_end_its_comment() {
        assert_eq!(comment("a\nDROP TABLE t;\r--"), "-- a DROP TABLE t; --\n");
    }

    #[test]
    fn statements_are_ended_once() {
        let check = |preview: &str, expected: &str| assert_eq!(ended(preview), expected);
        check("SELECT 1", "SELECT 1;\n");
        check("SELECT 1;\n", "SELECT 1;\n");
        check("-- why not\n", "-- why not\n");
        check("-- first\nSELECT 1", "-- first\nSELECT 1;\n");
    }
}
