//! `cargo xtask sail`: a Sail server on this machine, for the live tests of its dialect.
//!
//! Owns the version and the settings; starting and stopping is `server`. Sail speaks Spark Connect and writes Delta
//! tables without a JVM. Its catalog belongs to a session and its default warehouse folder is relative, which it then
//! refuses itself: `SPARK_REMOTE` names a session that every client shares, and `DELTA_ENGINE_WAREHOUSE` is the absolute
//! folder below which a client gives a schema its `LOCATION`.

use std::path::PathBuf;
use std::process::Command;

use crate::python;
use crate::run::{self, Outcome};
use crate::server::{self, Launch, Lifetime, Server};

const KIND: &str = "sail";

const VERSION: &str = "0.7.2";

/// One session for every client, since no other session sees its tables.
const SESSION: &str = "/;user_id=delta-engine;session_id=0a7e5c1e-5a11-4c0d-8f00-000000000001";

const USAGE: &str = "\
usage: cargo xtask sail up|down|status
       cargo xtask sail run -- COMMAND…";

/// Runs the subcommand.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    match arguments {
        ["up"] => {
            let server = start(Lifetime::Left)?;
            server::announce(server);
            Ok(())
        }
        ["run", "--", program, arguments @ ..] => {
            let server = start(Lifetime::Guarded)?;
            run::succeed(server.tell(Command::new(program).args(arguments)))
        }
        ["down"] => server::bring_down(KIND),
        ["status"] => server::say_status(),
        _ => Err(USAGE.into()),
    }
}

/// What this machine lacks for it, or why it can't be started beside another server.
pub(crate) fn lack() -> Outcome<Option<String>> {
    match python::lack() {
        Some(missing) => Ok(Some(missing)),
        None => server::obstacle(KIND, VERSION),
    }
}

/// A running server, for as long as the value lives.
pub(crate) fn start(lifetime: Lifetime) -> Outcome<Server> {
    let details = VERSION.to_owned();
    if let Some(server) = server::standing(KIND, &details)? {
        return Ok(server);
    }
    let program = program()?;
    let port = server::free_port()?;
    let folder = server::folder(KIND)?;
    let mut command = Command::new(program);
    command.args(["spark", "server", "--ip", "127.0.0.1", "--port", &port.to_string()]);
    server::start(Launch { kind: KIND, details, command, port, parameters: SESSION, folder }, lifetime)
}

fn program() -> Outcome<PathBuf> {
    let package = format!("pysail=={VERSION}");
    let python = python::environment("sail", &[&package], "import pysail")?;
    Ok(python.with_file_name("sail"))
}
