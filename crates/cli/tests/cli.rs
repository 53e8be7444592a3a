//! Whole calls of the program: each folder of `tests/golden/cli` is a scenario.
//!
//! Its files are copied to a new folder, the commands of its `steps.txt` are run there by a shell, one after the other,
//! and what they say is compared. `UPDATE=1 cargo test -p delta-engine-cli --test cli` writes what was said instead.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panic")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/cli")
}

/// What a shell in `folder` says to a command, and its exit code.
fn shell(folder: &Path, command: &str) -> (String, i32) {
    let program = Path::new(env!("CARGO_BIN_EXE_delta-engine"));
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{{ {command}\n}} 2>&1")).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        // What would change the screen, or name a server.
        let of_spark = ["SPARK_REMOTE", "SPARK_CONNECT_AUTHENTICATE_TOKEN"];
        if of_spark.contains(&name.as_str())
            || ["NO_COLOR", "CLICOLOR_FORCE", "RUST_LOG", "TERM"].contains(&name.as_str())
        {
            shell.env_remove(name);
        }
    }
    let output = shell.env("PATH", path).env("COLUMNS", "100").output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code().unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::copy(&path, &target).map(drop).unwrap() }
    }
}

/// The text without what differs from call to call: the folder, and ids made at random.
fn normalised(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "[folder]");
    let mut rest = text.as_str();
    let mut out = String::new();
    while !rest.is_empty() {
        if let Some(after) = after_uuid(rest) {
            out.push_str("[id]");
            rest = after;
        } else {
            let letter = rest.chars().next().unwrap();
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out
}

fn after_uuid(text: &str) -> Option<&str> {
    let start = text.get(..36)?;
    let fits = |(at, letter): (usize, char)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    };
    start.char_indices().all(fits).then(|| &text[36..])
}

/// The transcript with what is said now.
fn replay(steps: &str, folder: &Path) -> String {
    let mut said = String::new();
    for line in steps.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (text, code) = shell(folder, command);
            let text = normalised(&text, folder);
            writeln!(said, "{line}\n{}", text.trim_end_matches('\n')).unwrap();
            if text.trim_end_matches('\n').is_empty() {
                said.pop();
            }
            if code != 0 {
                writeln!(said, "[exit {code}]").unwrap();
            }
            said.push('\n');
        } else if line.starts_with("# ") {
            writeln!(said, "{line}").unwrap();
        }
    }
    said.truncate(said.trim_end().len());
    said.push('\n');
    said
}

#[test]
fn every_scenario_says_what_its_transcript_says() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut scenarios: Vec<PathBuf> = fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    scenarios.sort();
    assert!(!scenarios.is_empty());
    let mut wrong = String::new();
    for scenario in scenarios {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().canonicalize().unwrap();
        copy(&scenario, &folder);
        fs::remove_file(folder.join("steps.txt")).unwrap();
        let file = scenario.join("steps.txt");
        let expected = fs::read_to_string(&file).unwrap();
        let said = replay(&expected, &folder);
        if update {
            fs::write(&file, said).unwrap();
        } else if said != expected {
            let name = scenario.file_name().unwrap().to_string_lossy();
            writeln!(wrong, "--- {name}: expected\n{expected}\n--- {name}: said\n{said}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A scenario's folder with its files, its commands not yet run.
fn scenario(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&golden().join(name), folder.path());
    folder
}

/// The published schema lets new keys appear; here every key must be known.
fn close(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        map.values_mut().for_each(close);
        if map.get("properties").is_some_and(Value::is_object) {
            map.insert("additionalProperties".to_owned(), false.into());
        }
    } else if let Some(list) = schema.as_array_mut() {
        list.iter_mut().for_each(close);
    }
}

#[test]
fn plans_and_reports_fit_the_published_schema() {
    let folder = scenario("changes");
    let run = |command: &str| shell(folder.path(), command).0;
    let mut schema: Value = serde_json::from_str(&run("delta-engine schema plan")).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let check = |command: &str| {
        let text = run(&format!("delta-engine {command} --format json -q"));
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{command}: {error}: {text}"));
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path)).collect();
        assert!(errors.is_empty(), "{command}: {errors:#?}");
        value
    };
    check("plan");
    let created = check("apply --yes");
    assert_eq!(created["summary"]["applied"], 1);
    run("cp after.yml tables/customers.yml");
    let plan = check("plan");
    assert_eq!(plan["tables"][0]["outcome"], "blocked");
    check("diff before.yml after.yml");
    check("apply --yes --allow 'drop-column:*' --allow 'upgrade-protocol:*'");
    check("plan");
    run(
        "rm -rf lake/silver/customers/_delta_log/* && echo x > lake/silver/customers/_delta_log/00000000000000000000.json",
    );
    let unreadable = check("plan");
    assert_eq!(unreadable["tables"][0]["outcome"], "unreadable");
    check("plan --target nowhere");
}
