//! `schema`: JSON Schemas, for editors and programs.

use delta_engine::definitions::schema::{definitions_schema, project_schema};

use crate::args::SchemaKind;
use crate::error::Outcome;
use crate::exit::Exit;
use crate::session::Session;

/// The schema of the JSON of plans and reports.
pub(crate) const PLAN_SCHEMA: &str = include_str!("../plan.schema.json");

pub(super) fn run(session: &mut Session<'_, '_>, of: SchemaKind) -> Outcome {
    match of {
        SchemaKind::Definitions => session.json(&definitions_schema()),
        SchemaKind::Project => session.json(&project_schema()),
        SchemaKind::Plan => session.out.raw(PLAN_SCHEMA),
    }
    Ok(Exit::Done)
}
