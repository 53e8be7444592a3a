//! Links between pages: every relative one leads to a file, and every anchor to a heading.

use std::path::{Component, Path, PathBuf};

use super::markdown::prose;
use crate::run;

pub(super) fn check(page: &Path, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (line, prose) in prose(text) {
        for link in links(prose) {
            if let Some(fault) = broken(page, text, link) {
                faults.push(format!("{}:{line}: the link `{link}` {fault}", page.display()));
            }
        }
        for path in paths(prose).filter(|path| !run::root().join(path).exists()) {
            faults.push(format!("{}:{line}: `{path}` is not there", page.display()));
        }
    }
    faults
}

/// The targets of `[text](target)`, code spans aside.
fn links(line: &str) -> Vec<&str> {
    let prose = line.split('`').step_by(2);
    let targets = prose.flat_map(|part| part.split("](").skip(1));
    targets.filter_map(|rest| rest.split(')').next()).map(|target| target.trim_matches(['<', '>'])).collect()
}

/// Code spans that name a file or folder of the sources from the root.
fn paths(line: &str) -> impl Iterator<Item = &str> {
    const ROOMS: [&str; 5] = ["crates/", "docs/", "examples/", "tests/", "xtask/"];
    let spans = line.split('`').skip(1).step_by(2);
    spans.filter(|span| {
        ROOMS.iter().any(|room| span.starts_with(room))
            && !span.contains([' ', '*', '{', '<', '…'])
            && !span.contains("NAME")
    })
}

fn broken(page: &Path, text: &str, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let target = if file.is_empty() { page.to_owned() } else { normal(&page.parent()?.join(file)) };
    if !file.is_empty() && !run::root().join(&target).exists() {
        return Some(format!("leads to `{}`, which is not there", target.display()));
    }
    let anchor = anchor?;
    let other = if file.is_empty() { text.to_owned() } else { run::read(&target).ok()? };
    (!anchors(&other).iter().any(|there| there == anchor))
        .then(|| format!("leads to a heading that `{}` does not have", target.display()))
}

fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            normal.pop();
        } else if part != Component::CurDir {
            normal.push(part);
        }
    }
    normal
}

/// The anchors that GitHub makes of headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = prose(text).into_iter().filter_map(|(_, line)| line.strip_prefix('#'));
    headings.map(|heading| anchor(heading.trim_start_matches('#'))).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_in_code_are_none() {
        assert_eq!(links("see [a](b.md#c) and `[d](e)` or ![f](<g h>)"), ["b.md#c", "g h"]);
    }

    #[test]
    fn paths_are_spans_that_begin_in_a_room_of_the_sources() {
        let line = "`crates/cli` and docs/a.md, `tests/**`, `target/x`, `cargo run`, `xtask/src/run.rs`";
        assert_eq!(paths(line).collect::<Vec<_>>(), ["crates/cli", "xtask/src/run.rs"]);
    }

    #[test]
    fn anchors_are_those_of_github() {
        assert_eq!(anchors("## `DE305` drop-column\n# What's new?"), ["de305-drop-column", "whats-new"]);
    }

    #[test]
    fn a_link_leads_to_a_file_and_a_heading() {
        let check = |link: &str| broken(Path::new("docs/a.md"), "# Here", link).is_some();
        assert_eq!(
            ["#here", "#there", "../Cargo.toml", "nowhere.md", "https://example.org/x"].map(check),
            [false, true, false, true, false]
        );
    }
}
