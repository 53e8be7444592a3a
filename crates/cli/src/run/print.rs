//! `schema` and `completions`.

use clap::CommandFactory;
use delta_engine::definitions::schema::{definitions_schema, project_schema};

use crate::args::{Cli, Schema, SchemaOf};
use crate::error::Error;
use crate::exit::Exit;
use crate::screen::Screen;

/// The JSON Schema of what `--format json` prints.
const PLAN_SCHEMA: &str = include_str!("plan.schema.json");

pub(crate) fn schema(screen: &mut Screen, arguments: &Schema) -> Result<Exit, Error> {
    match arguments.of {
        SchemaOf::Definitions => screen.json(&definitions_schema())?,
        SchemaOf::Project => screen.json(&project_schema())?,
        SchemaOf::Plan => screen.print(PLAN_SCHEMA)?,
    }
    Ok(Exit::Done)
}

pub(crate) fn completions(screen: &mut Screen, shell: clap_complete::Shell) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "delta-engine", &mut script);
    screen.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
