//! `cargo xtask spark`: a Spark Connect server with Delta Lake on this machine, for the live tests.
//!
//! Owns which versions are tried and the settings they run with. Installing is `install`; starting and stopping is
//! `server`. A program is told of the server by `SPARK_REMOTE` and `DELTA_ENGINE_WAREHOUSE`, and of a PySpark of its
//! version by `DELTA_ENGINE_PYSPARK`.

mod install;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, Outcome};
use crate::server::{self, Launch, Lifetime, Server};

const KIND: &str = "spark";

const USAGE: &str = "\
usage: cargo xtask spark up [4.2|4.0] [--conf KEY=VALUE]…
       cargo xtask spark run [4.2|4.0] [--conf KEY=VALUE]… -- COMMAND…
       cargo xtask spark down
       cargo xtask spark status";

/// A pair of Spark and Delta that fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// The newest Spark that a released Delta supports.
    Newest,
    /// The oldest line that is supported.
    Oldest,
}

impl Profile {
    pub(crate) const ALL: [Self; 2] = [Self::Newest, Self::Oldest];

    /// What people type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Newest => "4.2",
            Self::Oldest => "4.0",
        }
    }

    /// The version of PyPI's `pyspark`.
    fn spark(self) -> &'static str {
        match self {
            Self::Newest => "4.2.0",
            Self::Oldest => "4.0.0",
        }
    }

    /// The module and version of `io.delta`. Delta 4.4.1 has a Python package, but no jars on Maven Central.
    fn delta(self) -> (&'static str, &'static str) {
        match self {
            Self::Newest => ("delta-spark_4.2_2.13", "4.4.0"),
            Self::Oldest => ("delta-spark_2.13", "4.0.0"),
        }
    }
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    match arguments {
        ["up", rest @ ..] => {
            let (profile, settings) = read(rest)?;
            let server = start(profile, &settings, Lifetime::Left)?;
            server::announce(server);
            Ok(())
        }
        ["run", rest @ ..] => {
            let end = rest.iter().position(|word| *word == "--").ok_or(USAGE)?;
            let (before, command) = (&rest[..end], &rest[end + 1..]);
            let (profile, settings) = read(before)?;
            let (program, arguments) = command.split_first().ok_or(USAGE)?;
            let server = start(profile, &settings, Lifetime::Guarded)?;
            let mut command = Command::new(program);
            server.tell(command.args(arguments));
            run::as_from_a_shell(&mut command);
            // A client of the same version, to compare with.
            run::succeed(command.env("DELTA_ENGINE_PYSPARK", pyspark(profile)?))
        }
        ["down"] => server::bring_down(KIND),
        ["status"] => server::say_status(),
        _ => Err(USAGE.into()),
    }
}

/// A running server with these settings beside ours, for as long as the value lives.
pub(crate) fn start(profile: Profile, settings: &[Setting], lifetime: Lifetime) -> Outcome<Server> {
    let details = details(profile, settings);
    if let Some(server) = server::standing(KIND, &details)? {
        return Ok(server);
    }
    let installed = install::installed(profile)?;
    let port = server::free_port()?;
    let folder = server::folder(&format!("{KIND}-{}", profile.name()))?;
    let command = command(&installed, &folder, port, settings)?;
    server::start(Launch { kind: KIND, details, command, port, parameters: "", folder }, lifetime)
}

/// What this machine lacks for it, or why it can't be started beside another server.
pub(crate) fn lack(profile: Profile, settings: &[Setting]) -> Outcome<Option<String>> {
    let missing = install::lack().or_else(crate::python::lack);
    match missing {
        Some(missing) => Ok(Some(missing)),
        None => server::obstacle(KIND, &details(profile, settings)),
    }
}

/// The Python with PySpark of that version.
pub(crate) fn pyspark(profile: Profile) -> Outcome<PathBuf> {
    Ok(install::installed(profile)?.python)
}

/// What tells one such server from another.
fn details(profile: Profile, settings: &[Setting]) -> String {
    let words = [profile.name().to_owned()].into_iter().chain(settings.iter().map(Setting::text));
    words.collect::<Vec<_>>().join(" ")
}

/// A setting of Spark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    key: String,
    value: String,
}

impl Setting {
    pub(crate) fn new(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), value: value.to_owned() }
    }

    fn text(&self) -> String {
        format!("{}={}", self.key, self.value)
    }
}

fn read(arguments: &[&str]) -> Outcome<(Profile, Vec<Setting>)> {
    let (profile, mut rest) = match arguments {
        [name, rest @ ..] if !name.starts_with('-') => {
            let profile = Profile::ALL.into_iter().find(|profile| profile.name() == *name);
            let known = Profile::ALL.map(Profile::name).join(" and ");
            (profile.ok_or_else(|| format!("there is no Spark profile `{name}`; there are {known}"))?, rest)
        }
        rest => (Profile::Newest, rest),
    };
    let mut settings = Vec::new();
    while let ["--conf", setting, after @ ..] = rest {
        let (key, value) = setting.split_once('=').ok_or_else(|| format!("`--conf {setting}` is not KEY=VALUE"))?;
        settings.push(Setting::new(key, value));
        rest = after;
    }
    if rest.is_empty() { Ok((profile, settings)) } else { Err(USAGE.into()) }
}

/// What starts the server: the program becomes the JVM, so its process is the server's.
fn command(installed: &install::Installed, folder: &Path, port: u16, settings: &[Setting]) -> Outcome<Command> {
    let mut command = Command::new(installed.home.join("bin").join("spark-submit"));
    command.env("SPARK_HOME", &installed.home).env("SPARK_LOCAL_IP", "127.0.0.1").env("SPARK_NO_DAEMONIZE", "1");
    // Settings of another Spark on this machine are not ours.
    command.env_remove("SPARK_CONF_DIR").env_remove("SPARK_REMOTE").env_remove("PYSPARK_SUBMIT_ARGS");
    command.args(["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]);
    command.args(["--name", "delta-engine", "--master", "local[2]", "--driver-memory", "1536m"]);
    command.arg("--jars").arg(installed.jars.join(","));
    let own = OWN.iter().map(|(key, value)| Setting::new(key, value));
    let placed = [
        Setting::new("spark.connect.grpc.binding.port", &port.to_string()),
        Setting::new("spark.sql.warehouse.dir", text(&server::warehouse(folder))?),
        Setting::new("spark.local.dir", text(&folder.join("local"))?),
    ];
    for setting in own.chain(placed).chain(settings.iter().cloned()) {
        command.args(["--conf", &setting.text()]);
    }
    command.arg("spark-internal");
    Ok(command)
}

fn text(path: &Path) -> Outcome<&str> {
    Ok(path.to_str().ok_or_else(|| format!("`{}` is not Unicode, which Spark needs", path.display()))?)
}

/// What every server runs with. The catalog is in memory: tables live as long as the server, and nothing has to be
/// cleaned up or migrated between versions.
const OWN: [(&str, &str); 11] = [
    ("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"),
    ("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"),
    ("spark.sql.catalogImplementation", "in-memory"),
    ("spark.connect.grpc.binding.address", "127.0.0.1"),
    ("spark.driver.bindAddress", "127.0.0.1"),
    ("spark.driver.host", "127.0.0.1"),
    ("spark.ui.enabled", "false"),
    ("spark.ui.showConsoleProgress", "false"),
    // Tables of tests are small: one task a job, not 50 and 200.
    ("spark.databricks.delta.snapshotPartitions", "1"),
    ("spark.sql.shuffle.partitions", "1"),
    ("spark.sql.session.timeZone", "UTC"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(arguments: &[&str], expected: Result<(Profile, &[Setting]), &str>) {
        let read = read(arguments).map_err(|error| error.to_string());
        let read = read.as_ref().map(|(profile, settings)| (*profile, settings.as_slice()));
        assert_eq!(read.map_err(String::as_str), expected);
    }

    #[test]
    fn a_profile_and_settings_are_read() {
        let limit = [Setting::new("spark.connect.execute.reattachable.senderMaxStreamDuration", "2s")];
        check(&[], Ok((Profile::Newest, &[])));
        check(&["4.0"], Ok((Profile::Oldest, &[])));
        check(&["--conf", &limit[0].text()], Ok((Profile::Newest, &limit)));
        check(
            &["4.0", "--conf", "a=b=c", "--conf", "d="],
            Ok((Profile::Oldest, &[Setting::new("a", "b=c"), Setting::new("d", "")])),
        );
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        check(&["4.1"], Err("there is no Spark profile `4.1`; there are 4.2 and 4.0"));
        check(&["--conf", "a"], Err("`--conf a` is not KEY=VALUE"));
        check(&["--conf"], Err(USAGE));
        check(&["4.2", "4.0"], Err(USAGE));
    }
}
