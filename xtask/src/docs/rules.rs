//! The page of rules, made from the rules themselves.

use delta_engine_schema::rules::{RULES, Rule};

const HEAD: &str = "\
# Rules

<!-- Made by `cargo xtask docs` from crates/domain/schema/src/rules; edits here are lost. -->

A rule looks at one table's change before anything runs. What it finds has a severity:

- **rejection**: Delta or this program can't do it, or never safely. The table is blocked. Nothing allows it.
- **hazard**: possible and dangerous. The table is blocked until a permission names the rule and the object:
  `--allow RULE:OBJECT`, or an entry under `allow` in the [project file](project-file.md).
- **warning**, **note**: worth knowing. Nothing is held up.

`rules` in the project file sets another severity for hazards, warnings and notes, or `off`. A rejection stays one.
`delta-engine explain CODE` prints the same text as this page.
";

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n| code | name | severity | what it says |\n|---|---|---|---|\n");
    for rule in RULES {
        let (code, name, severity) = (rule.code, rule.name, severity(rule));
        // A text of the table may hold what ends a cell.
        let summary = rule.summary.replace('|', "\\|");
        let anchor = anchor(rule);
        page.push_str(&format!("| [{code}](#{anchor}) | `{name}` | {severity} | {summary} |\n"));
    }
    for rule in RULES {
        page.push_str(&format!(
            "\n## {code} {name}\n\n{severity}: {summary}.\n\n{why}\n\n{way_out}\n",
            code = rule.code,
            name = rule.name,
            severity = capital(severity(rule)),
            summary = rule.summary,
            why = wrapped(rule.why),
            way_out = wrapped(&format!("**Way out.** {}", rule.way_out)),
        ));
    }
    page
}

fn severity(rule: &Rule) -> &'static str {
    rule.severity.map_or("off", delta_engine_schema::Severity::as_str)
}

fn anchor(rule: &Rule) -> String {
    format!("{} {}", rule.code, rule.name).to_lowercase().replace(' ', "-")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

/// Lines of at most 120 letters.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= 120 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_row_and_a_chapter() {
        let page = page();
        for rule in RULES {
            let row = format!("| [{}](#{}) | `{}` |", rule.code, anchor(rule), rule.name);
            let chapter = format!("\n## {} {}\n", rule.code, rule.name);
            assert!(page.contains(&row) && page.contains(&chapter), "{}", rule.name);
        }
    }
}
