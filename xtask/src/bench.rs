//! `cargo xtask bench`: how long a plan takes and how much memory, beside what reading the files alone costs.
//!
//! Lakes are written here as raw logs, so that nothing but the program under measure touches delta-rs. Figures go to
//! docs/benchmarks.md as they were measured; nothing there is estimated.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;

use crate::python;
use crate::run::{self, Outcome, Profile};

const COLUMNS: usize = 50;
const SIZES: [usize; 3] = [100, 1_000, 10_000];
/// Each figure is the best of this many runs: what disturbs a run only ever makes it slower.
const RUNS: usize = 5;

/// One row of the page.
struct Figure {
    what: &'static str,
    tables: usize,
    milliseconds: u128,
    /// Largest resident memory, where `/usr/bin/time` is there to tell.
    mebibytes: Option<u64>,
}

pub(crate) fn run(sizes: &[&str]) -> Outcome {
    let sizes: Vec<usize> = match sizes {
        [] => SIZES.to_vec(),
        given => given.iter().map(|size| size.parse()).collect::<Result<_, _>>()?,
    };
    let program = run::build("delta-engine-cli", "delta-engine", Profile::Release)?;
    let own = std::env::current_exe()?;
    let python = python::interpreter().map_err(|error| println!("skipped: Python deltalake: {error}")).ok();
    let mut figures = Vec::new();
    for tables in sizes {
        let place = tempfile::tempdir()?;
        lake(place.path(), tables)?;
        let root = place.path();
        let floor = || command(&own, &["bench", "floor", "lake"], root);
        let plan = || command(&program, &["plan", "--detailed-exitcode"], root);
        figures.push(measured("list and read the log files", tables, floor)?);
        figures.push(measured("`delta-engine plan`, everything in sync", tables, plan)?);
        if let Some(python) = &python {
            let script = "import deltalake, pathlib\nfor log in pathlib.Path('lake').rglob('_delta_log'):\n    \
                          deltalake.DeltaTable(str(log.parent)).schema()";
            let open = || command(python, &["-c", script], root);
            figures.push(measured("Python `deltalake` opens each table", tables, open)?);
        }
    }
    let page = page(&figures);
    print!("{page}");
    fs::write(run::root().join("docs/benchmarks.md"), page)?;
    Ok(())
}

/// Lists a lake and reads every file of its logs, on as many threads as there are cores.
pub(crate) fn floor(lake: &str) -> Outcome {
    let mut logs = Vec::new();
    let mut folders = vec![PathBuf::from(lake)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                logs.push(path);
            }
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let read = |first: usize| -> std::io::Result<usize> {
        let mut bytes = Vec::new();
        let mut total = 0;
        for log in logs.iter().skip(first).step_by(threads) {
            bytes.clear();
            total += fs::File::open(log)?.read_to_end(&mut bytes)?;
        }
        Ok(total)
    };
    let read = &read;
    let total = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || read(first))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(Ok(0))).sum::<std::io::Result<usize>>()
    })?;
    println!("{} files, {total} bytes", logs.len());
    Ok(())
}

/// A lake of tables with one commit each, and the definitions that they meet.
fn lake(root: &Path, tables: usize) -> Outcome {
    fs::create_dir_all(root.join("tables"))?;
    fs::write(root.join("delta-engine.yml"), "targets: { dev: { url: ./lake, default: true } }\n")?;
    let field = |index: usize| {
        let kind = ["long", "string", "double", "timestamp", "boolean"][index % 5];
        json!({ "name": format!("column_{index}"), "type": kind, "nullable": true, "metadata": {} })
    };
    let fields: Vec<_> = (0..COLUMNS).map(field).collect();
    let schema = json!({ "type": "struct", "fields": fields }).to_string();
    let mut columns = String::new();
    for index in 0..COLUMNS {
        let kind = ["bigint", "string", "double", "timestamp", "boolean"][index % 5];
        writeln!(columns, "      - {{ name: column_{index}, type: {kind} }}")?;
    }
    for table in 0..tables {
        let log = root.join(format!("lake/bench/table_{table}/_delta_log"));
        fs::create_dir_all(&log)?;
        let protocol = json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } });
        let metadata = json!({ "metaData": {
            "id": format!("00000000-0000-4000-8000-{table:012}"),
            "format": { "provider": "parquet", "options": {} },
            "schemaString": schema,
            "partitionColumns": [],
            "configuration": {},
            "createdTime": 1_700_000_000_000_u64,
        } });
        fs::write(log.join("00000000000000000000.json"), format!("{protocol}\n{metadata}\n"))?;
        let text = format!("tables:\n  - name: bench.table_{table}\n    columns:\n{columns}");
        fs::write(root.join(format!("tables/table_{table}.yml")), text)?;
    }
    Ok(())
}

fn command(program: &Path, arguments: &[&str], folder: &Path) -> Command {
    // GNU time tells the largest resident memory of the process alone.
    let time = Path::new("/usr/bin/time");
    let mut command = if time.exists() {
        let mut timed = Command::new(time);
        timed.args(["--quiet", "-f", "%M"]).arg(program);
        timed
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir(folder);
    command
}

fn measured(what: &'static str, tables: usize, command: impl Fn() -> Command) -> Outcome<Figure> {
    let mut best = u128::MAX;
    let mut memory: Option<u64> = None;
    for _ in 0..RUNS {
        let began = Instant::now();
        let output = run::output(&mut command())?;
        let took = began.elapsed().as_millis();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{what}: failed ({}): {said}", output.status).into());
        }
        let kibibytes = said.lines().last().and_then(|line| line.trim().parse::<u64>().ok());
        best = best.min(took);
        memory = kibibytes.map(|kibibytes| memory.unwrap_or(0).max(kibibytes / 1024)).or(memory);
    }
    println!("{tables} tables: {what}: {best} ms");
    Ok(Figure { what, tables, milliseconds: best, mebibytes: memory })
}

fn page(figures: &[Figure]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut page = format!(
        "# Benchmarks\n\n<!-- Made by `cargo xtask bench`; edits here are lost. -->\n\nTables of {COLUMNS} columns with \
         one commit each, on a local disk in the page cache, {cores} cores, best of {RUNS} runs.\nMemory is the largest \
         resident set. The first row of each size is the floor: a program that lists the lake and reads\nevery log file, and \
         looks at none.\n\n| tables | what | time | memory |\n|---|---|---|---|\n"
    );
    for figure in figures {
        let memory = figure.mebibytes.map_or_else(|| "not measured".to_owned(), |mebibytes| format!("{mebibytes} MiB"));
        let (tables, what, milliseconds) = (figure.tables, figure.what, figure.milliseconds);
        page.push_str(&format!("| {tables} | {what} | {milliseconds} ms | {memory} |\n"));
    }
    page
}
