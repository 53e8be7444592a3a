//! `init`: a project to begin with.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use delta_engine::definitions::{PROJECT_FILE, template};

use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::screen::{Line, Tone};
use crate::session::Session;

pub(super) fn run(session: &mut Session<'_, '_>) -> Outcome {
    if Path::new(PROJECT_FILE).exists() {
        let help = "edit it, or begin another project in another folder; type `delta-engine plan` to see where this one stands";
        return Err(Trouble::failed(
            format!("{PROJECT_FILE} is here already; nothing was written"),
            Some(help.to_owned()),
        ));
    }
    // The project file comes last: where writing stops halfway, `init` can be typed again.
    let written = [(template::TABLE_FILE, template::TABLE), (PROJECT_FILE, template::PROJECT)]
        .map(|(file, text)| write_new(file, text).map(|new| (file, new)));
    for result in written {
        let (file, new) = result?;
        let (tone, word) = if new { (Tone::Add, "wrote") } else { (Tone::Quiet, "kept ") };
        session.out.line(Line::new().toned(tone, word).plain("  ").plain(file));
    }
    session.out.blank();
    session.out.say("Look at the table, change it as you like, then type:");
    session
        .out
        .line(Line::new().plain("  ").toned(Tone::Strong, "delta-engine plan").plain("    to see what would be done"));
    session.out.line(Line::new().plain("  ").toned(Tone::Strong, "delta-engine apply").plain("   to do it"));
    Ok(Exit::Done)
}

/// Writes a file unless there is one; says whether it did.
fn write_new(file: &str, text: &str) -> Result<bool, Trouble> {
    let failed = |error: &std::io::Error| Trouble::io(&format!("write {file}"), error);
    if let Some(folder) = Path::new(file).parent() {
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    match OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut out) => out.write_all(text.as_bytes()).map(|()| true).map_err(|error| failed(&error)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(&error)),
    }
}
