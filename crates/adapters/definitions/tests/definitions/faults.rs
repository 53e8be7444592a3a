//! Wrong files and what a user reads about them. `UPDATE=1` rewrites what is expected.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::support::{cases, check_goldens, faults, faults_of_paths, project, shown};
use delta_engine_application::DeclarationFault;
use delta_engine_definitions::FILE_FAULTS;

#[test]
fn every_wrong_file_of_definitions_is_reported_as_expected() {
    check_goldens("faults", 60, |name, bytes, path| match std::str::from_utf8(bytes) {
        Ok(text) => faults(name, text),
        Err(_) => faults_of_paths(&[path.to_owned()], path.parent().expect("a folder")),
    });
}

#[test]
fn every_wrong_project_file_is_reported_as_expected() {
    check_goldens("project", 20, |name, bytes, _| {
        let text = std::str::from_utf8(bytes).expect("text");
        project_faults(name, text)
    });
}

/// The faults of a project file, then of its rules, then of its target.
fn project_faults(name: &str, text: &str) -> Vec<DeclarationFault> {
    let project = match project(name, text, Path::new("")) {
        Ok(project) => project,
        Err(faults) => return faults,
    };
    let mut faults = project.check_rules(&["drop-column", "missing-comment"]);
    match project.target(None) {
        Ok(target) => faults.extend(project.resolve(&target, &BTreeMap::new()).err().unwrap_or_default()),
        Err(wrong) => faults.extend(wrong),
    }
    faults
}

#[test]
fn every_valid_file_has_no_fault() {
    for file in cases("valid") {
        let text = fs::read_to_string(&file).expect("a readable file");
        let faults = faults("valid.yml", &text);
        assert!(faults.is_empty(), "{}:\n{}", file.display(), shown(&faults));
    }
}

#[test]
fn codes_are_unique_and_in_order() {
    let codes: Vec<&str> = FILE_FAULTS.iter().map(|fault| fault.code).collect();
    assert!(codes.is_sorted() && codes.windows(2).all(|pair| pair[0] != pair[1]), "{codes:?}");
}
