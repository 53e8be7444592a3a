//! The Pythons of live tests: one that reads tables, so that other programs than ours judge what we wrote, and those
//! that bring the servers.
//!
//! Kept in the cache folder: made once, made anew when the list of packages changes.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::run::{self, Outcome};

const PACKAGES: [&str; 5] = [
    "deltalake==1.6.6",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-delta==1.5.5",
    "pyarrow==26.0.1",
];

/// DuckDB finds its Delta extension only after it was put in place.
const CHECK: &str = "import deltalake, pyarrow, duckdb, duckdb_extensions; duckdb_extensions.import_extension('delta'); \
                     duckdb.sql('LOAD delta')";

/// The Python with the packages that live tests need, or why there is none.
pub(crate) fn interpreter() -> Outcome<PathBuf> {
    environment("python", &PACKAGES, CHECK)
}

/// The Python of a virtual environment with these packages, of which the script can tell whether they work.
pub(crate) fn environment(name: &str, packages: &[&str], script: &str) -> Outcome<PathBuf> {
    let folder = run::cache()?.join(name);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(python);
    }
    let base = base_interpreter()?;
    eprintln!("installing {} into {}", packages.join(" "), folder.display());
    quietly(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    quietly(Command::new(&python).args(pip).args(packages))?;
    quietly(Command::new(&python).args(["-c", script]))?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

/// Why no virtual environment can be made here.
pub(crate) fn lack() -> Option<String> {
    base_interpreter().err().map(|error| error.to_string())
}

fn base_interpreter() -> Outcome<&'static str> {
    let works = |name: &&str| {
        let version = ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"];
        let status = Command::new(name).args(version).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let found = ["python3", "python"].into_iter().find(|name| works(name));
    Ok(found.ok_or("Python 3.10 or newer with its venv module is not installed (Debian: apt install python3-venv)")?)
}

fn quietly(command: &mut Command) -> Outcome {
    let output = run::output(command)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason").to_owned();
    Err(format!("`{}` failed: {last}", command.get_program().to_string_lossy()).into())
}
