//! `validate`: are the files sound? Reads no table.

use std::path::PathBuf;

use serde_json::json;

use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::project::{NO_PROJECT, Workspace};
use crate::screen::tables;
use crate::selection::Selection;
use crate::session::Session;

pub(super) fn run(session: &mut Session<'_, '_>, paths: &[PathBuf]) -> Outcome {
    let options = session.options;
    let workspace = Workspace::open(options)?;
    if workspace.project.is_none() && paths.is_empty() {
        let help = "type `delta-engine init` to begin, or name definitions: delta-engine validate PATH";
        return Err(Trouble::no_project(NO_PROJECT, help));
    }
    let settings = workspace.settings(options.target.as_deref())?;
    let registry = workspace.registry(settings.as_ref(), paths, &Selection::read(options)?)?;
    let names: Vec<String> = registry.tables().iter().map(|table| table.desired.name.to_string()).collect();
    let text = format!("No faults: {} declared.", tables(names.len()));
    session.result(&text, &json!({ "format_version": delta_engine::wire::FORMAT_VERSION, "tables": names }));
    Ok(Exit::Done)
}
