//! Wrong files and what a user reads about them. `UPDATE=1` rewrites what is expected.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the implementation that no message may show.
const OURS: &[&str] = &["Some(", "None", "Struct", "enum", "expected one of", "::", "Vec<", "&str", "unwrap", "Error("];

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder of goldens");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    files
}

#[test]
fn every_wrong_file_is_reported_as_expected() {
    let mut wrong = Vec::new();
    let files = cases("faults");
    for file in &files {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let shown = match fs::read(file).map(String::from_utf8).expect("a readable file") {
            Ok(text) => support::faults(name, &text),
            Err(_) => support::faults_of_path(file),
        };
        assert!(!shown.is_empty(), "{name} has no fault");
        let shown: String = shown.iter().map(|fault| format!("{fault}\n\n")).collect();
        for word in OURS {
            assert!(!shown.contains(word), "{name} shows `{word}`:\n{shown}");
        }
        let golden = file.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&golden, &shown).expect("a golden that can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != shown {
            wrong.push(format!("{name}:\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "differs from its golden:\n{}", wrong.join("\n"));
    assert!(files.len() >= 60, "only {} cases", files.len());
}

#[test]
fn every_valid_file_has_no_fault() {
    for file in cases("valid") {
        let text = fs::read_to_string(&file).expect("a readable file");
        let shown: Vec<String> = support::faults("valid.yml", &text).iter().map(ToString::to_string).collect();
        assert!(shown.is_empty(), "{}:\n{}", file.display(), shown.join("\n"));
    }
}
