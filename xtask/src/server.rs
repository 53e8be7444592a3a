//! A server for live tests: started on loopback, found again by later commands, stopped by its process.
//!
//! At most one runs at a time, since two would not leave memory for the tests; the record in the cache folder says
//! which. Every start gets an empty folder, which is gone again after the stop; the log stays. Knows neither Spark nor
//! Sail: they bring the command line and the port.

mod process;
mod record;

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) use self::process::Process;
use self::record::{Record, log, remove_folder};
pub(crate) use self::record::{folder, warehouse};
use crate::run::Outcome;

/// How long a server may take until it accepts connections; a JVM on a busy machine takes half a minute.
const PATIENCE: Duration = Duration::from_secs(240);
const POLL: Duration = Duration::from_millis(100);

/// What is started.
pub(crate) struct Launch {
    pub(crate) kind: &'static str,
    /// The version and the settings: a server of the same kind and details is as good as a new one.
    pub(crate) details: String,
    pub(crate) command: Command,
    pub(crate) port: u16,
    /// What follows the port in `SPARK_REMOTE`.
    pub(crate) parameters: &'static str,
    /// Where it runs, as [`folder`] gave it.
    pub(crate) folder: PathBuf,
}

/// How long a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Until the value is dropped; the interrupt key ends it too.
    Guarded,
    /// Until `down`.
    Left,
}

/// A server that accepts connections.
#[derive(Debug)]
pub(crate) struct Server {
    record: Record,
    /// None for one that somebody else started, and stops.
    child: Option<Child>,
    /// What ends the server when this program is ended before it can.
    guardian: Option<Child>,
}

impl Server {
    /// Tells a program of the server, by its environment.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.envs(self.record.environment())
    }

    /// Its address.
    pub(crate) fn remote(&self) -> &str {
        &self.record.remote
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> Outcome<u16> {
        let remote = &self.record.remote;
        let port = remote.split([':', '/', ';']).filter_map(|part| part.parse().ok()).next();
        Ok(port.ok_or_else(|| format!("`{remote}` names no port"))?)
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.record.id()
    }

    /// Whether an earlier command started it.
    pub(crate) fn is_borrowed(&self) -> bool {
        self.child.is_none()
    }

    /// The process that it is.
    pub(crate) fn process(&self) -> &Process {
        &self.record.process
    }

    /// Lets it run on; `down` stops it.
    pub(crate) fn leave(mut self) {
        self.child = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            if let Err(error) = self.record.stop() {
                eprintln!("{}: {error}", self.record.title());
            }
            // Takes the exit status of a process that has ended; there is nothing to learn from it.
            let _ = child.try_wait();
        }
        if let Some(mut guardian) = self.guardian.take() {
            // Nothing is left to guard.
            let _ = guardian.kill();
            let _ = guardian.wait();
        }
    }
}

/// The server that runs now, whoever started it.
pub(crate) fn running() -> Outcome<Option<Record>> {
    match Record::read()? {
        Some(record) if record.process.is_running() => Ok(Some(record)),
        Some(record) => {
            record.forget()?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// The server that runs, if it is such a one; any other must be stopped first.
pub(crate) fn standing(kind: &str, details: &str) -> Outcome<Option<Server>> {
    match running()? {
        Some(record) if record.kind == kind && record.details == details => {
            Ok(Some(Server { record, child: None, guardian: None }))
        }
        Some(other) => Err(one_at_a_time(&other).into()),
        None => Ok(None),
    }
}

/// Why no such server can be started: another one runs.
pub(crate) fn obstacle(kind: &str, details: &str) -> Outcome<Option<String>> {
    let other = running()?.filter(|record| record.kind != kind || record.details != details);
    Ok(other.as_ref().map(one_at_a_time))
}

fn one_at_a_time(other: &Record) -> String {
    let (title, id, kind) = (other.title(), other.id(), &other.kind);
    format!("{title} runs (process {id}), and there is one at a time; `cargo xtask {kind} down` stops it")
}

/// Starts a server and waits until it accepts connections.
pub(crate) fn start(launch: Launch, lifetime: Lifetime) -> Outcome<Server> {
    remove_folder(&launch.folder)?;
    fs::create_dir_all(warehouse(&launch.folder))?;
    let Launch { kind, details, mut command, port, parameters, folder } = launch;
    let output = File::create(log(&folder))?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).current_dir(&folder);
    if lifetime == Lifetime::Left {
        apart(&mut command);
    }
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command.spawn().map_err(|error| format!("failed to start `{name}`: {error}"))?;
    let began = Process::of(child.id());
    let process = match began {
        Ok(process) => process,
        Err(_) => return Err(format!("{kind} ended at once: {}", last_words(&folder)).into()),
    };
    let remote = format!("sc://127.0.0.1:{port}{parameters}");
    let record = Record { kind: kind.to_owned(), details, remote, process, folder };
    if let Err(error) = record.write() {
        child.kill()?;
        child.wait()?;
        return Err(error);
    }
    let guardian = match lifetime {
        Lifetime::Guarded => guardian(&record.process).ok(),
        Lifetime::Left => None,
    };
    let mut server = Server { record, child: Some(child), guardian };
    server.wait(port)?;
    Ok(server)
}

impl Server {
    fn wait(&mut self, port: u16) -> Outcome {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let began = Instant::now();
        while TcpStream::connect_timeout(&address, POLL).is_err() {
            let ended = match &mut self.child {
                Some(child) => child.try_wait()?.is_some(),
                None => !self.record.process.is_running(),
            };
            if ended {
                return Err(format!(
                    "{} ended before it answered: {}",
                    self.record.title(),
                    last_words(&self.record.folder)
                )
                .into());
            }
            if began.elapsed() > PATIENCE {
                let (title, words) = (self.record.title(), last_words(&self.record.folder));
                return Err(format!("{title} does not answer; its log ends with: {words}").into());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

/// Waits for this program to end, in whatever way, and then ends a process that is still there. It holds one end of a pipe
/// that is closed by nothing else.
#[cfg(unix)]
fn guardian(process: &Process) -> std::io::Result<Child> {
    const SCRIPT: &str = "cat >/dev/null; kill -TERM $1 2>/dev/null || exit; \
                          for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 1; kill -0 $1 2>/dev/null || exit; done; \
                          kill -KILL $1";
    let mut command = Command::new("sh");
    command.args(["-c", SCRIPT, "sh", &process.id.to_string()]);
    apart(&mut command);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(not(unix))]
fn guardian(_: &Process) -> std::io::Result<Child> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Lets the server run on, and says where; what a program has to be told is all of standard output, for `export $(…)`.
pub(crate) fn announce(server: Server) {
    let record = server.record.clone();
    let how = if server.is_borrowed() { "runs already" } else { "runs" };
    eprintln!("{} {how} (process {}, log `{}`)", record.title(), record.id(), record.log().display());
    eprintln!("`cargo xtask {} down` stops it and removes its tables", record.kind);
    print_environment(&record);
    server.leave();
}

/// Stops the server of that kind, and leaves one of another kind alone.
pub(crate) fn bring_down(kind: &str) -> Outcome {
    match running()? {
        Some(record) if record.kind == kind => {
            record.stop()?;
            println!("{} stopped", record.title());
        }
        Some(other) => println!("no {kind} server runs, but {} does", other.title()),
        None => println!("no {kind} server runs"),
    }
    Ok(())
}

/// Says which server runs, of whatever kind.
pub(crate) fn say_status() -> Outcome {
    match running()? {
        Some(record) => {
            let log = record.log();
            println!("{} runs (process {}, log `{}`)", record.title(), record.id(), log.display());
            print_environment(&record);
        }
        None => println!("no server runs"),
    }
    Ok(())
}

fn print_environment(record: &Record) {
    for (name, value) in record.environment() {
        println!("{name}={value}");
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// What the log ends with, on one line.
fn last_words(folder: &Path) -> String {
    let file = log(folder);
    let text = fs::read_to_string(&file).unwrap_or_default();
    let told = text.lines().rev().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with("at "));
    format!("{} (see `{}`)", told.unwrap_or("it said nothing").trim(), file.display())
}

/// Out of reach of the interrupt key.
#[cfg(unix)]
fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_server_ends_with_the_program_that_started_it() {
        let mut server = Command::new("sleep").arg("600").spawn().unwrap();
        let mut guardian = guardian(&Process::of(server.id()).unwrap()).unwrap();
        std::thread::sleep(POLL);
        assert_eq!(server.try_wait().unwrap(), None);
        // As when this program is killed.
        drop(guardian.stdin.take());
        assert!(!server.wait().unwrap().success());
        guardian.wait().unwrap();
    }
}
