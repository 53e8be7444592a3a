//! Running other programs, and where things are.

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a chore comes to. The message is all that people need, so one boxed error serves every chore.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The folder of the workspace: as `cargo run` says it now, because a program that was built in another clone passes for this
/// one's where both share a target folder.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    own.parent().map(Path::to_owned).unwrap_or(own)
}

/// Where things are kept that are made once: `DELTA_ENGINE_CACHE`, else `~/.cache/delta-engine`.
pub(crate) fn cache() -> Outcome<PathBuf> {
    let set = std::env::var_os("DELTA_ENGINE_CACHE").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cache").join("delta-engine"));
    let cache = set.or_else(home).ok_or("there is no home folder; set DELTA_ENGINE_CACHE to a folder")?;
    std::fs::create_dir_all(&cache).map_err(|error| format!("failed to make `{}`: {error}", cache.display()))?;
    Ok(cache)
}

/// Whether this is a CI run, which may not skip anything.
pub(crate) fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Cargo, in the workspace.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    as_from_a_shell(&mut command);
    command
}

/// Takes what `cargo run` says of this program out of a command's environment: it would reach build scripts (`ring` reads it) and
/// build half the tree again.
pub(crate) fn as_from_a_shell(command: &mut Command) {
    let of_this_run = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
    for (name, _) in std::env::vars_os() {
        if of_this_run.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
}

/// Runs a program to its end; anything but success is an error.
pub(crate) fn succeed(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| format!("failed to start `{}`: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", shown(command)).into()) }
}

/// Runs a program and keeps what it writes on standard output.
pub(crate) fn stdout(command: &mut Command) -> Outcome<String> {
    let output = output(command.stderr(Stdio::inherit()))?;
    if !output.status.success() {
        return Err(format!("`{}` failed ({})", shown(command), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Runs a program and keeps all that it writes, whatever it ends with.
pub(crate) fn output(command: &mut Command) -> Outcome<Output> {
    Ok(command.output().map_err(|error| format!("failed to start `{}`: {error}", shown(command)))?)
}

/// Builds a program of the workspace; its path.
pub(crate) fn build(package: &str, binary: &str, profile: Profile) -> Outcome<PathBuf> {
    let mut arguments = vec!["build", "--package", package, "--bin", binary];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    succeed(cargo(arguments).args(["--message-format", "short"]))?;
    let folder = match profile {
        Profile::Debug => "debug",
        Profile::Release => "release",
    };
    let path = target()?.join(folder).join(format!("{binary}{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() { Ok(path) } else { Err(format!("cargo built no `{}`", path.display()).into()) }
}

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to build.
    Debug,
    /// Fast to run.
    Release,
}

/// Cargo's target folder.
pub(crate) fn target() -> Outcome<PathBuf> {
    let metadata = metadata(["--no-deps"])?;
    let folder = metadata["target_directory"].as_str().ok_or("`cargo metadata` names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// What cargo knows of the workspace.
pub(crate) fn metadata<const N: usize>(arguments: [&str; N]) -> Outcome<serde_json::Value> {
    let mut command = cargo(["metadata", "--format-version", "1"]);
    Ok(serde_json::from_str(&stdout(command.args(arguments))?)?)
}

/// The files of the repository below its folder that are not ignored, sorted.
pub(crate) fn files() -> Outcome<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    let listed = stdout(&mut git)?;
    let mut files: Vec<PathBuf> = listed.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from).collect();
    files.retain(|file| root().join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

/// The text of a file of the repository.
pub(crate) fn read(file: &Path) -> Outcome<String> {
    let text = std::fs::read_to_string(root().join(file));
    Ok(text.map_err(|error| format!("failed to read `{}`: {error}", file.display()))?)
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
