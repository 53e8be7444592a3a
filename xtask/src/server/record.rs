//! What is kept of a running server, so that later commands find it: a file in the cache folder.
//!
//! Owns the places of that file, of a server's folder and of its log. Starts nothing.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::process::Process;
use crate::run::{self, Outcome};

/// A server as the file in the cache folder keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) kind: String,
    pub(crate) details: String,
    pub(crate) remote: String,
    pub(crate) process: Process,
    pub(crate) folder: PathBuf,
}

impl Record {
    /// What a program is told: where the server listens, and the folder that its tables go below.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("SPARK_REMOTE", self.remote.clone()),
            ("DELTA_ENGINE_WAREHOUSE", warehouse(&self.folder).to_string_lossy().into_owned()),
        ]
    }

    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.kind, self.details)
    }

    pub(crate) fn log(&self) -> PathBuf {
        log(&self.folder)
    }

    /// The process, for people.
    pub(crate) fn id(&self) -> u32 {
        self.process.id
    }

    pub(crate) fn stop(&self) -> Outcome {
        self.process.stop()?;
        self.forget()
    }

    /// Removes what a server that has ended leaves behind, but for its log.
    pub(crate) fn forget(&self) -> Outcome {
        remove_folder(&self.folder)?;
        let file = record_file()?;
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("failed to remove `{}`: {error}", file.display()).into())
            }
            _ => Ok(()),
        }
    }

    /// Makes it the one; fails where another command was faster.
    pub(crate) fn write(&self) -> Outcome {
        let text = json!({
            "kind": self.kind, "details": self.details, "remote": self.remote,
            "process": self.process.id, "began": self.process.began, "folder": self.folder,
        });
        let mut file = File::create_new(record_file()?).map_err(|_| "another server was started at the same moment")?;
        Ok(writeln!(file, "{text:#}")?)
    }

    /// The one that was started last and not stopped by us; it may have ended by itself.
    pub(crate) fn read() -> Outcome<Option<Self>> {
        let file = record_file()?;
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("failed to read `{}`: {error}", file.display()).into()),
        };
        let damaged = || format!("`{}` is damaged; end the server it was for, and delete the file", file.display());
        let value: Value = serde_json::from_str(&text).map_err(|_| damaged())?;
        let text = |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(damaged);
        let process = value["process"].as_u64().and_then(|id| u32::try_from(id).ok()).ok_or_else(damaged)?;
        Ok(Some(Self {
            kind: text("kind")?,
            details: text("details")?,
            remote: text("remote")?,
            process: Process { id: process, began: text("began")? },
            folder: PathBuf::from(text("folder")?),
        }))
    }
}

/// The folder of a server's tables.
pub(crate) fn warehouse(folder: &Path) -> PathBuf {
    folder.join("warehouse")
}

/// The folder that a server of this name runs in.
pub(crate) fn folder(name: &str) -> Outcome<PathBuf> {
    let folder = run::cache()?.join("servers").join(name);
    fs::create_dir_all(folder.parent().unwrap_or(&folder))?;
    Ok(folder)
}

/// The log of the server in a folder.
pub(crate) fn log(folder: &Path) -> PathBuf {
    // Not `with_extension`: `spark-4.2` has none.
    let mut name = folder.as_os_str().to_owned();
    name.push(".log");
    PathBuf::from(name)
}

/// Removes a folder, if it is there.
pub(crate) fn remove_folder(folder: &Path) -> Outcome {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(format!("failed to remove `{}`: {error}", folder.display()).into())
        }
        _ => Ok(()),
    }
}

fn record_file() -> Outcome<PathBuf> {
    folder("running.json")
}
