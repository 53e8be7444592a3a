//! What a path of definitions stands for, where the file system has odd things in store.

use std::fs;
use std::path::{Path, PathBuf};

use delta_engine_application::Registry;
use delta_engine_definitions::{Context, read_files};

const TABLE: &str = "tables: [{ name: a.b, columns: [{ name: x, type: int }] }]\n";

/// What is read from a path below a folder: the names of the tables, or the faults.
fn check(base: &Path, path: &str, expected: &str) {
    let declared = read_files(&[PathBuf::from(path)], base, &Context::default());
    let shown = match Registry::new().declared(declared).build() {
        Ok(registry) => {
            registry.tables().iter().map(|table| table.desired.name.to_string()).collect::<Vec<_>>().join(", ")
        }
        Err(faults) => faults.0.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "),
    };
    assert_eq!(shown, expected, "{path}");
}

#[test]
fn a_dot_is_the_folder_one_is_in() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("t.yml"), TABLE).expect("a file");
    check(folder.path(), ".", "a.b");
    // The tests of a package run in its folder, whose wrong files are goldens: what matters is that it is found.
    let here = read_files(&[PathBuf::from(".")], Path::new(""), &Context::default());
    let missing = Registry::new().declared(here).build().expect_err("the wrong files of the goldens");
    assert!(missing.0.len() > 60 && missing.0.iter().all(|fault| fault.code != "DE161"));
}

#[cfg(unix)]
#[test]
fn links_in_a_circle_are_gone_round_once() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("tables");
    fs::create_dir_all(inner.join("more")).expect("a folder");
    fs::write(inner.join("t.yml"), TABLE).expect("a file");
    symlink("..", inner.join("up")).expect("a link");
    symlink("../../tables", inner.join("more/back")).expect("a link");
    symlink("loop", inner.join("loop")).expect("a link");
    check(folder.path(), "tables", "a.b");
    check(folder.path(), "tables/**/*.yml", "a.b");
    check(folder.path(), "tables/loop", "`tables/loop` is neither a file nor a folder");
    check(folder.path(), "tables/none", "`tables/none` does not exist");
}
