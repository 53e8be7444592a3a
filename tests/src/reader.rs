//! Readers and writers that share no code with the engine: DuckDB's delta extension and Python deltalake.
//!
//! Few Python processes serve a whole test binary, spoken to in lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::{Value, json};

/// The Python process.
#[derive(Debug)]
pub struct Reader {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// A program that reads tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// DuckDB's delta extension, on delta-kernel.
    DuckDb,
    /// Python deltalake's `QueryBuilder`, on DataFusion.
    QueryBuilder,
}

/// A row as text.
pub type Row = Vec<Option<String>>;

/// As many as tests can use on the machines they run on.
const PROCESSES: usize = 2;

/// A reader that is free, or else the first that becomes so; none where this machine has no Python with them, which is said
/// by name and fails in CI. Another process is started where all are busy.
pub fn reader() -> Option<MutexGuard<'static, Reader>> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    static READERS: [OnceLock<Mutex<Reader>>; PROCESSES] = [const { OnceLock::new() }; PROCESSES];
    static TURN: AtomicUsize = AtomicUsize::new(0);
    let python = PYTHON.get_or_init(|| {
        let python = std::env::var_os("DELTA_ENGINE_PYTHON").map(PathBuf::from);
        if python.is_none() {
            let skipped = "skipped: no Python with deltalake and duckdb (DELTA_ENGINE_PYTHON)";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{skipped}");
            println!("{skipped}");
        }
        python
    });
    let python = python.as_deref()?;
    let started = |reader: &'static OnceLock<Mutex<Reader>>| reader.get_or_init(|| Mutex::new(Reader::start(python)));
    if let Some(free) = READERS.iter().find_map(|reader| started(reader).try_lock().ok()) {
        return Some(free);
    }
    let busy = &READERS[TURN.fetch_add(1, Ordering::Relaxed) % PROCESSES];
    Some(started(busy).lock().unwrap_or_else(PoisonError::into_inner))
}

impl Reader {
    fn start(python: &Path) -> Self {
        let mut child = Command::new(python)
            .args(["-u", "-c", include_str!("reader.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("DELTA_ENGINE_PYTHON is a Python");
        let input = child.stdin.take().expect("piped");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { _child: child, input, output }
    }

    fn ask(&mut self, request: &Value) -> Result<Value, String> {
        writeln!(self.input, "{request}").expect("the Python process listens");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the Python process answers");
        let mut answer: Value =
            serde_json::from_str(&line).expect("Python with deltalake, duckdb and its delta extension");
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }

    /// The rows of a table as text, sorted. `select` are SQL expressions.
    ///
    /// # Errors
    /// Where the reader refuses the table.
    pub fn rows(&mut self, by: By, table: &Path, select: &str) -> Result<Vec<Row>, String> {
        let answer = self.ask(&json!({ "op": "rows", "by": by.name(), "path": table, "select": select }))?;
        serde_json::from_value(answer).map_err(|error| error.to_string())
    }

    /// The columns with their types, in the form that `shown` gives them.
    ///
    /// # Errors
    /// Where the reader refuses the table.
    pub fn schema(&mut self, by: By, table: &Path) -> Result<Value, String> {
        self.ask(&json!({ "op": "schema", "by": by.name(), "path": table }))
    }

    /// The names of the columns.
    ///
    /// # Errors
    /// Where the reader refuses the table.
    pub fn columns(&mut self, by: By, table: &Path) -> Result<Vec<String>, String> {
        let name = |column: &Value| column.get("name").or(column.get(0)).and_then(Value::as_str).map(str::to_owned);
        Ok(self.schema(by, table)?.as_array().into_iter().flatten().filter_map(name).collect())
    }

    /// Appends one row by Python deltalake.
    ///
    /// # Errors
    /// Where the writer refuses the table.
    pub fn append(&mut self, table: &Path) -> Result<(), String> {
        self.ask(&json!({ "op": "append", "path": table })).map(drop)
    }

    /// Writes a table of some kind by Python deltalake.
    pub fn make(&mut self, kind: &str, table: &Path) {
        self.ask(&json!({ "op": "make", "kind": kind, "path": table }))
            .unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
}

impl By {
    /// Both.
    pub const ALL: [Self; 2] = [Self::DuckDb, Self::QueryBuilder];

    fn name(self) -> &'static str {
        match self {
            Self::DuckDb => "duckdb",
            Self::QueryBuilder => "query_builder",
        }
    }
}
