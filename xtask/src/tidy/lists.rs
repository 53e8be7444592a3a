//! Lists that must name everything: the rules, and the pages that describe rules and actions.

use std::path::Path;

use super::Violation;
use crate::run::{self, Outcome};

const RULES_LIST: &str = "crates/domain/schema/src/rules.rs";
const RULES_FOLDER: &str = "crates/domain/schema/src/rules";
const RULES_PAGE: &str = "docs/reference/rules.md";
const ACTIONS: &str = "crates/domain/schema/src/action.rs";
/// What has to name every action, each with the mark that its names stand in.
const ACTIONS_LISTS: [(&str, char); 2] = [("docs/reference/actions.md", '`'), ("crates/cli/src/plan.schema.json", '"')];

pub(super) fn check() -> Outcome<Vec<Violation>> {
    let list = run::read(Path::new(RULES_LIST))?;
    let page = run::read(Path::new(RULES_PAGE))?;
    let mut violations = Vec::new();
    for file in run::files()?.iter().filter(|file| file.starts_with(RULES_FOLDER)) {
        let (Some(module), text) = (file.file_stem().and_then(|stem| stem.to_str()), run::read(file)?) else {
            continue;
        };
        violations.extend(rule(file, module, &text, &list, &page));
    }
    let code = run::read(Path::new(ACTIONS))?;
    for (list, mark) in ACTIONS_LISTS {
        violations.extend(actions(&code, list, &run::read(Path::new(list))?, mark));
    }
    Ok(violations)
}

/// A file with a rule in it is in the list and on the page; others are helpers.
fn rule(file: &Path, module: &str, text: &str, list: &str, page: &str) -> Vec<Violation> {
    let Some(line) = text.lines().position(|line| line.contains("static RULE: Rule")) else { return Vec::new() };
    let mut violations = Vec::new();
    if !list.contains(&format!("&{module}::RULE")) {
        let message = format!("the rule is not in RULES, so it never speaks; add `&{module}::RULE` to {RULES_LIST}");
        violations.push(Violation::new(file, line + 1, message));
    }
    let name = text.lines().find_map(|line| line.trim().strip_prefix("name: \"")?.strip_suffix("\","));
    if !name.is_some_and(|name| page.contains(&format!("`{name}`"))) {
        let message = format!("the rule is not on {RULES_PAGE}; run cargo xtask docs");
        violations.push(Violation::new(file, line + 1, message));
    }
    violations
}

/// Every kind of action is in a list.
fn actions(code: &str, list: &str, text: &str, mark: char) -> Vec<Violation> {
    let kinds = code.lines().enumerate().filter_map(|(index, line)| {
        let kind = line.trim().split_once("=> \"")?.1.strip_suffix("\",")?;
        Some((index, kind))
    });
    kinds
        .filter(|(_, kind)| !text.contains(&format!("{mark}{kind}{mark}")))
        .map(|(index, kind)| {
            let message = format!("the action `{kind}` is not in {list}; name it there");
            Violation::new(ACTIONS, index + 1, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_listed_and_described() {
        let text = "pub(super) static RULE: Rule = Rule {\n    name: \"drop-column\",\n";
        let check = |list: &str, page: &str| rule(Path::new("drop_column.rs"), "drop_column", text, list, page).len();
        assert_eq!(check("    &drop_column::RULE,", "`drop-column`"), 0);
        assert_eq!(check("", "`drop-column`"), 1);
        assert_eq!(check("", ""), 2);
        assert_eq!(rule(Path::new("touch.rs"), "touch", "fn touch() {}", "", ""), []);
    }

    #[test]
    fn an_action_is_described() {
        let code = "Self::DropColumn { .. } => \"drop_column\",";
        assert_eq!(actions(code, "page", "| `drop_column` |", '`'), []);
        assert_eq!(actions(code, "schema", "[\"drop_column\"]", '"'), []);
        assert_eq!(actions(code, "page", "drop_column", '`').len(), 1);
    }
}
