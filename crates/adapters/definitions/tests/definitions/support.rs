//! What the tests of this crate share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use delta_engine_application::{DeclarationFault, Registry};
use delta_engine_definitions::{Context, Project, read_files, read_tables};

/// Words of the implementation that no message may show.
const OURS: &[&str] = &["Some(", "None", "Struct", "enum", "expected one of", "::", "Vec<", "&str", "unwrap", "Error("];

/// A deterministic generator (Knuth's MMIX constants).
pub(crate) struct Lcg(pub(crate) u64);

impl Lcg {
    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

/// The YAML files of a folder of goldens, in the order of their names.
pub(crate) fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder of goldens");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    files
}

/// Compares the faults of every wrong file of a folder with the text beside it; `UPDATE=1` rewrites the texts.
pub(crate) fn check_goldens(folder: &str, least: usize, faults: impl Fn(&str, &[u8], &Path) -> Vec<DeclarationFault>) {
    let mut wrong = Vec::new();
    let files = cases(folder);
    for file in &files {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let shown = faults(name, &fs::read(file).expect("a readable file"), file);
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
    assert!(files.len() >= least, "only {} cases", files.len());
}

/// Every fault of a text, its own and those of the tables in it.
pub(crate) fn faults(file: &str, text: &str) -> Vec<DeclarationFault> {
    let context = Context::default().variable("lake", "s3://bucket").catalog("main");
    let builder = match read_tables(file, text, &context) {
        Ok(declarations) => Registry::new().declarations(declarations),
        Err(faults) => return faults,
    };
    builder.build().err().map(|faults| faults.0).unwrap_or_default()
}

/// Every fault of files that are read by their paths.
pub(crate) fn faults_of_paths(paths: &[PathBuf], base: &Path) -> Vec<DeclarationFault> {
    let declared = read_files(paths, base, &Context::default());
    Registry::new().declared(declared).build().err().map(|faults| faults.0).unwrap_or_default()
}

/// A project of this text in a folder, in an environment that knows `LAKE` alone.
pub(crate) fn project(file: &str, text: &str, root: &Path) -> Result<Project, Vec<DeclarationFault>> {
    Project::parse(file, text, root, BTreeMap::from([("LAKE".to_owned(), "/srv/lake".to_owned())]))
}

/// The faults as the terminal shows them.
pub(crate) fn shown(faults: &[DeclarationFault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}
