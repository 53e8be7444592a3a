//! `plan --format sql` is run by hand: its statements, one by one, in the session of another user's PySpark, after which nothing
//! is left to do. On the server that `SPARK_REMOTE` names, by the Python that `DELTA_ENGINE_PYSPARK` names.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panic"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What lets every hazard of these scenarios pass.
const ALLOWED: [&str; 4] = ["drop-column:*", "upgrade-protocol:*", "break-streams:*", "scan-data:*"];

/// Definitions in a folder, whose schemas are those of this test alone.
struct Project {
    /// What keeps its schemas apart from those of the other tests.
    prefix: &'static str,
    folder: tempfile::TempDir,
    remote: String,
    python: PathBuf,
    schemas: Vec<String>,
}

impl Project {
    /// None where there is no server or no PySpark, which is said.
    fn new(prefix: &'static str, schemas: &[&str]) -> Option<Self> {
        let variable = |name: &str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            if value.is_none() {
                println!("skipped: live_script, {prefix}: {name} is not set");
            }
            value
        };
        let (remote, python) = (variable("SPARK_REMOTE")?, variable("DELTA_ENGINE_PYSPARK")?);
        let folder = tempfile::tempdir().unwrap();
        let targets =
            format!("definitions: [tables/*.yml]\ntargets: {{ dev: {{ url: \"{remote}\", default: true }} }}\n");
        std::fs::write(folder.path().join("delta-engine.yml"), targets).unwrap();
        std::fs::create_dir(folder.path().join("tables")).unwrap();
        let schemas = schemas.iter().map(|schema| (*schema).to_owned()).collect();
        Some(Self { prefix, folder, remote, python: python.into(), schemas })
    }

    /// The schema of this test that stands for one of the definitions.
    fn own(&self, schema: &str) -> String {
        format!("live_script_{}_{schema}_{}", self.prefix, std::process::id())
    }

    /// Puts a file of definitions, as it is but for its schemas, where the project looks for it.
    fn declare(&self, file: &Path, change: impl Fn(String) -> String) {
        let mut text = change(std::fs::read_to_string(file).unwrap());
        for schema in &self.schemas {
            text = text.replace(&format!("schema: {schema}"), &format!("schema: {}", self.own(schema)));
            text = text.replace(&format!("{schema}."), &format!("{}.", self.own(schema)));
        }
        std::fs::write(self.folder.path().join("tables").join(file.file_name().unwrap()), text).unwrap();
    }

    fn engine(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_delta-engine"));
        command.args(arguments).args(ALLOWED.iter().flat_map(|rule| ["--allow", rule]));
        command.current_dir(self.folder.path()).env("NO_COLOR", "1").output().unwrap()
    }

    /// Runs every statement that the plan prints; their number.
    fn run_by_hand(&self) -> usize {
        let plan = self.engine(&["plan", "--format", "sql"]);
        assert_eq!(plan.status.code(), Some(0), "{}", String::from_utf8_lossy(&plan.stderr));
        let script = String::from_utf8(plan.stdout).unwrap();
        let said = self.pyspark(include_str!("live_script/by_hand.py"), &script);
        println!("{said}");
        said.trim().parse().unwrap_or_else(|_| panic!("{said}\n{script}"))
    }

    /// What a Python with PySpark says to a script.
    fn pyspark(&self, program: &str, input: &str) -> String {
        let separator = if self.remote.contains("/;") { ";" } else { "/;" };
        let remote = format!("{}{separator}user_id=somebody", self.remote);
        let mut python = Command::new(&self.python);
        python.args(["-W", "ignore", "-c", program, &remote]).env_remove("SPARK_REMOTE");
        let mut child =
            python.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a Python");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn assert_in_sync(&self) {
        let plan = self.engine(&["plan", "--detailed-exitcode"]);
        assert_eq!(plan.status.code(), Some(0), "{}", String::from_utf8_lossy(&plan.stdout));
        let said = String::from_utf8(plan.stdout).unwrap();
        assert!(said.contains("Everything is as declared"), "{said}");
    }

    fn end(&self) {
        let drops: Vec<String> = self
            .schemas
            .iter()
            .map(|schema| format!("DROP SCHEMA IF EXISTS {} CASCADE;\n", self.own(schema)))
            .collect();
        self.pyspark(include_str!("live_script/by_hand.py"), &drops.concat());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn a_lake_is_made_and_changed_by_hand() {
    let Some(project) = Project::new("lake", &["bronze", "silver", "gold"]) else {
        return;
    };
    let same = |text: String| text;
    // What OSS Spark refuses in the plan is left as it was.
    let without_not_null = |text: String| {
        text.replace(
            "{ name: customer_id, type: bigint, nullable: false }          #",
            "{ name: customer_id, type: bigint } #",
        )
    };
    let files = ["bronze.yml", "silver.yml", "gold.yml"];
    for file in files {
        project.declare(&root().join("xtask/demo/v1/tables").join(file), same);
    }
    // Three schemas, eleven tables and a check.
    assert!(project.run_by_hand() >= 15);
    project.assert_in_sync();
    for file in files {
        project.declare(&root().join("xtask/demo/v2/tables").join(file), without_not_null);
    }
    assert!(project.run_by_hand() >= 15);
    project.assert_in_sync();
    project.end();
}

#[test]
fn a_table_is_changed_in_every_way_by_hand() {
    let Some(project) = Project::new("table", &["silver"]) else { return };
    let golden = root().join("crates/cli/tests/golden/cli/changes");
    project.declare(&golden.join("before.yml"), |text| text);
    assert!(project.run_by_hand() >= 2);
    project.assert_in_sync();
    std::fs::remove_file(project.folder.path().join("tables/before.yml")).unwrap();
    project.declare(&golden.join("after.yml"), |text| text);
    assert!(project.run_by_hand() >= 5);
    project.assert_in_sync();
    project.end();
}
