//! `cargo xtask bench`: how long a plan takes and how much memory, beside what reading the files alone costs and beside
//! Python `deltalake`.
//!
//! Owns what is measured side by side and what docs/benchmarks.md says of it. Figures go there as they were measured;
//! nothing is estimated.

mod lake;
mod measure;
mod page;
mod spark;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use self::measure::{Figure, Subject, side_by_side};
use crate::python;
use crate::run::{self, Outcome, Profile};

/// Opens every table of the lake, one after the other, and reads its schema.
const OPEN_ALL: &str = "import deltalake, pathlib
for log in pathlib.Path('lake').rglob('_delta_log'):
    deltalake.DeltaTable(str(log.parent)).schema()";

/// Opens the table of the long log.
const OPEN_ONE: &str = "import deltalake; deltalake.DeltaTable('lake/bench/table_0').schema()";

/// What starting Python and loading its packages costs by itself.
const OPEN_NOTHING: &str = "import deltalake, pathlib";

/// Tables in each lake, unless said otherwise.
const SIZES: [usize; 3] = [1, 1_000, 10_000];

/// The comparison on Spark, over this many tables.
pub(crate) fn on_spark(tables: &[&str]) -> Outcome {
    match tables {
        [] => spark::run(None),
        [tables] => spark::run(Some(tables.parse()?)),
        _ => Err("usage: cargo xtask bench spark [TABLES]".into()),
    }
}

pub(crate) fn run(sizes: &[&str]) -> Outcome {
    let sizes: Vec<usize> = match sizes {
        [] => SIZES.to_vec(),
        given => given.iter().map(|size| size.parse()).collect::<Result<_, _>>()?,
    };
    let program = run::build("delta-engine-cli", "delta-engine", Profile::Release)?;
    let planning = planning()?;
    let peers = Peers {
        floor: run::build("xtask", "xtask", Profile::Release)?,
        python: python::interpreter().map_err(|error| println!("skipped: Python deltalake: {error}")).ok(),
        program,
    };
    let mut page = page::Page::new(&planning);
    for tables in sizes {
        println!("{tables} tables of {} columns", lake::COLUMNS);
        let folder = tempfile::tempdir()?;
        lake::write(folder.path(), tables)?;
        page.lake(tables, &peers.measure(folder.path(), OPEN_ALL, &["bench", "floor", "lake", "tables"])?);
    }
    if let Some(python) = &peers.python {
        println!("one table of {} commits and {} files", lake::LONG_LOG_COMMITS, lake::LONG_LOG_FILES);
        let folder = tempfile::tempdir()?;
        lake::write_long_log(folder.path())?;
        // The checkpoint is by another program, of the newest version but one: the newest commit is read beside it.
        let newest = folder.path().join(format!("lake/bench/table_0/_delta_log/{:020}.json", lake::LONG_LOG_COMMITS));
        let commit = fs::read(&newest)?;
        fs::remove_file(&newest)?;
        let checkpoint = "import deltalake; deltalake.DeltaTable('lake/bench/table_0').create_checkpoint()";
        run::succeed(std::process::Command::new(python).args(["-c", checkpoint]).current_dir(folder.path()))?;
        fs::write(&newest, commit)?;
        let long = peers.measure(folder.path(), OPEN_ONE, &["bench", "floor-of-log", "lake/bench/table_0"])?;
        // What the programs cost without the long log: the same table with its first commit alone.
        let folder = tempfile::tempdir()?;
        lake::write(folder.path(), 1)?;
        let short = peers.measure(folder.path(), OPEN_ONE, &["bench", "floor-of-log", "lake/bench/table_0"])?;
        page.long_log(&long, &short);
    }
    fs::write(run::root().join("docs/benchmarks.md"), page.text())?;
    Ok(())
}

/// The programs that are measured side by side.
struct Peers {
    floor: PathBuf,
    python: Option<PathBuf>,
    program: PathBuf,
}

impl Peers {
    fn measure(&self, folder: &Path, open: &str, floor: &[&str]) -> Outcome<Vec<Figure>> {
        let floor = Subject { what: page::FLOOR, program: &self.floor, arguments: floor, exits: &[0] };
        let plan = Subject { what: page::PLAN, program: &self.program, arguments: &["plan"], exits: &[0] };
        let mut subjects = vec![floor, plan];
        let (open, nothing) = (["-c", open], ["-c", OPEN_NOTHING]);
        if let Some(python) = &self.python {
            subjects.push(Subject { what: page::PYTHON, program: python, arguments: &open, exits: &[0] });
            subjects.push(Subject { what: page::PYTHON_START, program: python, arguments: &nothing, exits: &[0] });
        }
        side_by_side(folder, &subjects)
    }
}

/// Planning alone, with rehearsal, of tables in memory: what the example prints.
fn planning() -> Outcome<String> {
    let mut example = run::cargo(["run", "--release", "--quiet", "--package", "delta-engine-testkit"]);
    let printed = run::stdout(example.args(["--example", "planning_speed"]))?;
    print!("{printed}");
    Ok(printed)
}

/// Lists folders and reads every file in them, on as many threads as there are cores.
pub(crate) fn floor(folders: &[&str]) -> Outcome {
    let mut logs = Vec::new();
    let mut folders: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { folders.push(entry.path()) } else { logs.push(entry.path()) }
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

/// Lists the log of a table and reads its checkpoint and the newest commit, nothing else.
pub(crate) fn floor_of_log(table: &str) -> Outcome {
    let log = Path::new(table).join("_delta_log");
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(&log)? {
        names.extend(entry?.file_name().into_string().ok());
    }
    let newest_of = |ending: &str| names.iter().filter(|name| name.ends_with(ending)).max();
    let wanted = [newest_of(".checkpoint.parquet"), newest_of(".json")];
    let mut total = 0;
    for name in wanted.into_iter().flatten() {
        total += fs::read(log.join(name))?.len();
    }
    println!("{} files listed, {total} bytes read", names.len());
    Ok(())
}
