//! The Python that live tests read tables with, so that other programs than ours judge what we wrote.
//!
//! Kept in the cache folder: made once, made anew when the list of packages changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{self, Outcome};

const PACKAGES: [&str; 5] = [
    "deltalake==1.6.6",
    "duckdb==1.5.5",
    "duckdb-extensions==1.5.5",
    "duckdb-extension-delta==1.5.5",
    "pyarrow==26.0.1",
];

/// The Python with the packages that live tests need, or why there is none.
pub(crate) fn interpreter() -> Outcome<PathBuf> {
    let folder = run::cache()?.join("python");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = folder.join("packages.txt");
    let packages = PACKAGES.join("\n");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|there| there == packages) {
        return Ok(python);
    }
    let base = base_interpreter()?;
    println!("installing {} into {}", PACKAGES.join(" "), folder.display());
    quietly(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    quietly(Command::new(&python).args(pip).args(PACKAGES))?;
    check(&python)?;
    std::fs::write(&stamp, packages)?;
    Ok(python)
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

/// DuckDB finds its Delta extension only after it was put in place.
fn check(python: &Path) -> Outcome {
    let script = "import deltalake, pyarrow, duckdb, duckdb_extensions; duckdb_extensions.import_extension('delta'); \
                  duckdb.sql('LOAD delta')";
    quietly(Command::new(python).args(["-c", script]))
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
