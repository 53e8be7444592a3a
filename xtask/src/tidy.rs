//! `cargo xtask tidy`: house rules that neither clippy nor cargo checks.
//!
//! Each check is a pure function of text or metadata; this file gathers what they look at and prints what they find.

mod dependencies;
mod licences;
mod lists;
mod words;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::run::{self, Outcome};

/// Something that breaks a rule of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Violation {
    file: PathBuf,
    line: usize,
    /// What is there, why it may not, and what to do instead.
    message: String,
}

impl Violation {
    fn new(file: impl Into<PathBuf>, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.message)
    }
}

pub(crate) fn run() -> Outcome {
    let files = run::files()?;
    let metadata = run::metadata(["--all-features"])?;
    let mut violations = dependencies::check(&metadata);
    violations.extend(licences::check(&metadata));
    for file in files.iter().filter(|file| is_text(file)) {
        let text = run::read(file)?;
        violations.extend(words::check(file, &text));
        if file.extension().is_some_and(|extension| extension == "rs") {
            violations.extend(words::check_rust(file, &text));
        }
    }
    violations.extend(lists::check()?);
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => {
            println!("tidy: {} files, nothing to say", files.len());
            Ok(())
        }
        count => Err(format!("{count} violations").into()),
    }
}

/// Texts that people write; recorded tables, golden output and generated code are what they are.
fn is_text(file: &Path) -> bool {
    let written = ["rs", "toml", "md", "yml", "yaml", "sql", "py", "sh"];
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let recorded = |part: &std::ffi::OsStr| part == "golden" || part == "fixtures" || part == "generated";
    (written.contains(&extension) || file.starts_with(".ci")) && !file.iter().any(recorded)
}
