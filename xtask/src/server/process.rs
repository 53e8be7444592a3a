//! A process of this machine: its id, and the moment at which it began.
//!
//! Ids are used again. A process counts as the one that was noted only if it began at the noted moment too, so that a
//! stranger that got the id is neither reported as running nor stopped.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::run::{self, Outcome};

/// How long a process may take to end after it was asked to; a JVM closes its files first.
const ASKED: Duration = Duration::from_secs(30);
/// How long after it was made to.
const FORCED: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// A process, told apart from later ones of the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    /// An opaque text, the same for as long as the process runs.
    pub(crate) began: String,
}

impl Process {
    /// The process that has this id now.
    pub(crate) fn of(id: u32) -> Outcome<Self> {
        let began = began(id).ok_or_else(|| format!("process {id} ended at once"))?;
        Ok(Self { id, began })
    }

    pub(crate) fn is_running(&self) -> bool {
        began(self.id).as_ref() == Some(&self.began)
    }

    /// Asks the process to end, then makes it; does nothing where it ended long ago.
    pub(crate) fn stop(&self) -> Outcome {
        for (signal, patience) in [("-TERM", ASKED), ("-KILL", FORCED)] {
            if !self.is_running() {
                return Ok(());
            }
            run::output(Command::new("kill").args([signal, &self.id.to_string()]))?;
            let asked = Instant::now();
            while self.is_running() && asked.elapsed() < patience {
                std::thread::sleep(POLL);
            }
        }
        if self.is_running() { Err(format!("process {} does not end", self.id).into()) } else { Ok(()) }
    }
}

/// When the process with this id began; none if there is none, or it ended and only its parent has not noticed.
fn began(id: u32) -> Option<String> {
    if cfg!(target_os = "linux") {
        // proc(5): the name stands in brackets and may hold anything; state is the next field, the start the 20th after.
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace();
        let state = fields.next()?;
        let ticks = fields.nth(18)?;
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        return (!ended(state)).then(|| format!("{} {ticks}", boot.trim()));
    }
    let listed = run::output(Command::new("ps").args(["-o", "state=,lstart=", "-p", &id.to_string()])).ok()?;
    let listed = String::from_utf8(listed.stdout).ok()?;
    let (state, start) = listed.trim().split_once(' ')?;
    (!ended(state)).then(|| start.trim().to_owned())
}

/// Zombies and the dead.
fn ended(state: &str) -> bool {
    state.starts_with(['Z', 'X'])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sleeper() -> std::io::Result<std::process::Child> {
        Command::new("sleep").arg("600").spawn()
    }

    #[test]
    fn a_process_is_found_and_stopped() {
        let mut child = sleeper().unwrap();
        let process = Process::of(child.id()).unwrap();
        assert!(process.is_running());
        process.stop().unwrap();
        assert!(!process.is_running());
        assert!(!child.wait().unwrap().success());
        process.stop().unwrap();
    }

    #[test]
    fn another_process_with_the_same_id_is_left_alone() {
        let mut child = sleeper().unwrap();
        let stranger = Process { id: child.id(), began: "long ago".to_owned() };
        assert!(!stranger.is_running());
        stranger.stop().unwrap();
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
