//! `snapshot`: the tables of the target as they are, as YAML.

use std::path::Path;

use delta_engine::definitions::snapshot::write_snapshot;
use delta_engine::port::{Observation, Relation};
use delta_engine::schema::model::{ObservedTable, TableName};
use delta_engine::{CancellationToken, Engine};

use super::{stoppable, with_engine};
use crate::error::{Outcome, Trouble};
use crate::exit::Exit;
use crate::project::{NO_PROJECT, Workspace, connect};
use crate::screen::tables;
use crate::selection::Selection;
use crate::session::Session;

pub(super) async fn run(session: &mut Session<'_, '_>, output: Option<&Path>, stop: &CancellationToken) -> Outcome {
    let options = session.options;
    let workspace = Workspace::open(options)?;
    let Some(settings) = workspace.settings(options.target.as_deref())? else {
        let help = "name a target: delta-engine snapshot --target ./lake";
        return Err(Trouble::no_project(NO_PROJECT, help));
    };
    let engine = stoppable(stop, connect(&workspace.resolve(&settings)?)).await??;
    // Declared tables that lie elsewhere are not found by looking; faults in their files are not the question here.
    let declared = match &workspace.project {
        Some(_) => workspace.registry(Some(&settings), &[], &Selection::all()).ok(),
        None => None,
    };
    let elsewhere = declared.iter().flat_map(|registry| registry.tables()).filter_map(|table| {
        let location = table.desired.location.clone()?;
        Some(Relation { name: table.desired.name.clone(), location: Some(location) })
    });
    let elsewhere = elsewhere.collect();
    with_engine(session, engine, async |session, engine| {
        let found = stoppable(stop, observe_all(engine, elsewhere)).await??;
        write(session, &found, output)
    })
    .await
}

fn write(session: &mut Session<'_, '_>, found: &[(Relation, Observation)], output: Option<&Path>) -> Outcome {
    let selection = Selection::read(session.options)?;
    let names: Vec<&TableName> = found.iter().map(|(relation, _)| &relation.name).collect();
    selection.check(&names)?;
    let (mut snapshot, mut unreadable) = (Vec::new(), 0);
    for (relation, observation) in found.iter().filter(|(relation, _)| selection.keeps(&relation.name)) {
        match observation {
            Observation::Present(table) => snapshot.push(ObservedTable::clone(table)),
            Observation::Absent => {}
            Observation::Unreadable(why) => {
                unreadable += 1;
                session.talk.say(format!("left out {}: {why}", relation.name));
            }
        }
    }
    let text = write_snapshot(&snapshot);
    match output {
        None => session.out.raw(&text),
        Some(file) => {
            std::fs::write(file, text).map_err(|error| Trouble::io(&format!("write {}", file.display()), &error))?;
            session.talk.say(format!("wrote {} to {}", tables(snapshot.len()), file.display()));
        }
    }
    if unreadable > 0 {
        session.talk.say(format!("the snapshot lacks {}, which cannot be read", tables(unreadable)));
        return Ok(Exit::Error);
    }
    Ok(Exit::Done)
}

/// Every table that is found at the target, and these.
pub(super) async fn observe_all(engine: &Engine, more: Vec<Relation>) -> Result<Vec<(Relation, Observation)>, Trouble> {
    let catalog = engine.catalog();
    let failed = |error: delta_engine::port::TargetError| Trouble::from(delta_engine::EngineError::from(error));
    let mut relations = catalog.list(None).await.map_err(failed)?;
    relations.retain(|found| more.iter().all(|other| other.name != found.name));
    relations.extend(more);
    relations.sort();
    let observations = catalog.observe(&relations).await.map_err(failed)?;
    Ok(relations.into_iter().zip(observations).collect())
}
