//! Tables that other programs wrote, to be copied before they are changed.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The tables of the fixtures folder, archives unpacked.
#[derive(Debug)]
pub struct Fixtures {
    /// Name and folder of each, sorted.
    pub tables: Vec<(String, PathBuf)>,
    _unpacked: TempDir,
}

/// The fixtures; none where the folder is absent, which is said.
pub fn fixtures() -> Option<Fixtures> {
    let root = std::env::var_os("DELTA_ENGINE_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures"));
    if !root.is_dir() {
        println!("skipped: fixtures absent");
        return None;
    }
    let unpacked = tempfile::tempdir().unwrap();
    let mut tables = Vec::new();
    for source in ["delta-kernel-rs", "delta-rs"] {
        for entry in fs::read_dir(root.join(source)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{source}/{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                collect(&name, &path, &mut tables);
            } else if let Some(name) = name.strip_suffix(".tar.zst") {
                let target = unpacked.path().join(name);
                let archive = zstd::Decoder::new(fs::File::open(&path).unwrap()).unwrap();
                tar::Archive::new(archive).unpack(&target).unwrap();
                collect(name, &target, &mut tables);
            }
        }
    }
    tables.sort();
    Some(Fixtures { tables, _unpacked: unpacked })
}

fn collect(name: &str, folder: &Path, tables: &mut Vec<(String, PathBuf)>) {
    if folder.join("_delta_log").is_dir() {
        tables.push((name.to_owned(), folder.to_owned()));
        return;
    }
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(name, &path, tables);
        }
    }
}

/// Copies a table.
pub fn copy(from: &Path, to: &Path) {
    each_file(from, to, |from, to| fs::copy(from, to).map(drop));
}

/// Copies a table by linking its files, which is for writers that put whole files in place and change none.
pub fn link(from: &Path, to: &Path) {
    each_file(from, to, |from, to| fs::hard_link(from, to));
}

fn each_file(from: &Path, to: &Path, place: fn(&Path, &Path) -> std::io::Result<()>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            each_file(&path, &target, place);
        } else {
            place(&path, &target).unwrap();
        }
    }
}
