//! The examples: packages outside this workspace, built and run as a stranger would, each in a folder of its own.

use std::process::Command;

use crate::run::{self, Outcome};

/// The embedding example, on a folder.
pub(crate) fn embed() -> Outcome {
    twice("embed", |_| {})
}

/// Builds the example that needs a server.
pub(crate) fn build_spark() -> Outcome {
    run::succeed(&mut package("build", "spark")?)
}

/// The example on a server, in a schema that nobody else has.
pub(crate) fn spark(remote: &str) -> Outcome {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let schema = format!("example_{}", since.as_millis());
    twice("spark", |command| {
        command.args(["--", &schema]).env("SPARK_REMOTE", remote);
    })
}

/// The first run makes the table, the second one finds it.
fn twice(name: &str, with: impl Fn(&mut Command)) -> Outcome {
    let place = tempfile::tempdir()?;
    let mut command = package("run", name)?;
    command.current_dir(place.path());
    with(&mut command);
    for expected in ["1 tables changed, 0 blocked", "0 tables changed, 0 blocked"] {
        let said = run::stdout(&mut command)?;
        if said.trim() != expected {
            return Err(format!("the example `{name}` says `{}`, not `{expected}`", said.trim()).into());
        }
    }
    Ok(())
}

fn package(verb: &str, name: &str) -> Outcome<Command> {
    let folder = run::root().join("examples").join(name);
    // The versions of this workspace, so that nothing is fetched and built twice.
    std::fs::copy(run::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut command = run::cargo([verb, "--quiet"]);
    // The profile of this workspace, for the same reason.
    for setting in
        ["debug=\"line-tables-only\"", "package.\"*\".debug=false", "package.delta-engine-schema.opt-level=2"]
    {
        command.args(["--config", &format!("profile.dev.{setting}")]);
    }
    command.arg("--manifest-path").arg(folder.join("Cargo.toml")).env("CARGO_TARGET_DIR", run::target()?);
    Ok(command)
}
