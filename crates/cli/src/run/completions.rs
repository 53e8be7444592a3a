//! `completions`: a script for the shell.

use clap_complete::{Shell, generate};

use crate::args;
use crate::error::Outcome;
use crate::exit::Exit;
use crate::session::Session;

pub(super) fn run(session: &mut Session<'_, '_>, shell: Shell) -> Outcome {
    let mut script = Vec::new();
    generate(shell, &mut args::command(), "delta-engine", &mut script);
    session.out.raw(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
