//! `cargo xtask demo`: what the program is for, on a lake in a folder that is gone afterwards.
//!
//! Every command is printed with what it says, every exit code is checked, and the last plan must find nothing to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::run::{self, Outcome, Profile};

const TABLES: usize = 12;

/// Exit codes; see docs/reference/exit-codes.md.
const DONE: i32 = 0;
const PENDING: i32 = 2;
const BLOCKED: i32 = 3;

pub(crate) fn run() -> Outcome {
    let program = run::build("delta-engine-cli", "delta-engine", Profile::Debug)?;
    let began = Instant::now();
    let demo = Demo { program, folder: tempfile::tempdir()? };
    std::fs::copy(source("delta-engine.yml"), demo.folder.path().join("delta-engine.yml"))?;

    title("Eleven tables in three schemas are declared, and there are none yet");
    demo.declare("v1")?;
    demo.step(&["plan", "--detailed-exitcode"], PENDING)?;
    demo.step(&["apply", "--yes"], DONE)?;
    title("A second plan finds nothing to do");
    demo.step(&["plan", "--detailed-exitcode"], DONE)?;
    title("The declarations change; one change would delete data");
    demo.declare("v2")?;
    demo.step(&["plan"], BLOCKED)?;
    title("Applying leaves that table alone, and changes the others");
    demo.step(&["apply", "--yes"], BLOCKED)?;
    title("Somebody permits it, by name");
    demo.step(&["apply", "--yes", "--allow", "drop-column:silver.customers.note"], DONE)?;
    title("Everything is as declared");
    demo.step(&["plan", "--detailed-exitcode"], DONE)?;
    demo.all_in_sync()?;
    println!("demo: {TABLES} tables as declared, {} s", began.elapsed().as_secs());
    Ok(())
}

struct Demo {
    program: PathBuf,
    folder: TempDir,
}

impl Demo {
    /// Puts the definitions of a version where the project file looks for them.
    fn declare(&self, version: &str) -> Outcome {
        let to = self.folder.path().join("tables");
        std::fs::create_dir_all(&to)?;
        for entry in std::fs::read_dir(source(version).join("tables"))? {
            let entry = entry?;
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    }

    fn step(&self, arguments: &[&str], expected: i32) -> Outcome {
        println!("$ delta-engine {}", arguments.join(" "));
        let status = self.command(arguments).status()?;
        println!();
        match status.code() {
            Some(code) if code == expected => Ok(()),
            _ => Err(format!("`delta-engine {}` ended with {status}, not {expected}", arguments.join(" ")).into()),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder.path());
        command
    }

    /// Every table of the last plan, by the JSON that programs read.
    fn all_in_sync(&self) -> Outcome {
        let plan: Value = serde_json::from_str(&run::stdout(&mut self.command(&["plan", "--format", "json"]))?)?;
        let tables = plan["tables"].as_array().ok_or("the plan's JSON has no tables")?;
        let in_sync = tables.iter().filter(|table| table["outcome"] == "in_sync").count();
        if in_sync == tables.len() && in_sync == TABLES {
            return Ok(());
        }
        Err(format!("{in_sync} of {} tables are in sync, not {TABLES}", tables.len()).into())
    }
}

fn source(name: &str) -> PathBuf {
    let here = run::root().join("xtask").join("demo");
    here.join(Path::new(name))
}

fn title(text: &str) {
    println!("--- {text}\n");
}
