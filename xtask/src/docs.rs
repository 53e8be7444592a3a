//! `cargo xtask docs`: pages that are true.
//!
//! API docs build without a warning, links lead somewhere, generated pages are fresh, and every console transcript is
//! run again and says what the page says.

mod links;
mod markdown;
mod rules;
mod transcript;

use std::path::{Path, PathBuf};

use crate::run::{self, Outcome, Profile};

/// What to do with a page that does not say what is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Fail.
    Check,
    /// Write generated pages; fail on transcripts.
    Write,
    /// Write generated pages and transcripts.
    Update,
}

const RULES_PAGE: &str = "docs/reference/rules.md";

pub(crate) fn run(mode: Mode) -> Outcome {
    let mut faults = Vec::new();
    faults.extend(generated(Path::new(RULES_PAGE), &rules::page(), mode)?);
    let pages = pages()?;
    for page in &pages {
        faults.extend(links::check(page, &run::read(page)?));
    }
    let program = run::build("delta-engine-cli", "delta-engine", Profile::Debug)?;
    for page in &pages {
        let text = run::read(page)?;
        let checked = transcript::check(page, &text, &program)?;
        faults.extend(checked.faults);
        if mode != Mode::Update {
            faults.extend(checked.stale);
        } else if checked.text != text {
            std::fs::write(run::root().join(page), &checked.text)?;
            println!("{}: written anew", page.display());
        }
    }
    println!("docs: {} pages", pages.len());
    let mut rustdoc = run::cargo(["doc", "--no-deps", "--workspace", "--quiet"]);
    run::succeed(rustdoc.env("RUSTDOCFLAGS", "-D warnings"))?;
    if faults.is_empty() {
        return Ok(());
    }
    for fault in &faults {
        println!("{fault}");
    }
    Err(format!("{} faults in the docs", faults.len()).into())
}

/// The Markdown pages of the repository, recorded ones aside.
fn pages() -> Outcome<Vec<PathBuf>> {
    let mut files = run::files()?;
    files.retain(|file| {
        let is_page = file.extension().is_some_and(|extension| extension == "md");
        is_page && !file.iter().any(|part| part == "fixtures" || part == "golden")
    });
    Ok(files)
}

fn generated(file: &Path, text: &str, mode: Mode) -> Outcome<Option<String>> {
    let path = run::root().join(file);
    if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(None);
    }
    if mode == Mode::Check {
        return Ok(Some(format!("{}:1: is not what the code says; run cargo xtask docs", file.display())));
    }
    std::fs::write(&path, text)?;
    println!("{}: written anew", file.display());
    Ok(None)
}
