//! `diff`: what leads from one state of tables to another.
//!
//! A side is definitions, a snapshot or a target. Definitions to start from are taken as the tables they create, so that
//! two files of YAML are a case for the planner, without a lake.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use delta_engine::definitions::snapshot::{read_snapshot, write_snapshot};
use delta_engine::definitions::{Context, TargetSettings, read_tables, shown_url};
use delta_engine::port::Observation;
use delta_engine::schema::draft::{Fault, TableDraft};
use delta_engine::schema::model::{Aspect, ObservedTable, Subject, TableName};
use delta_engine::schema::{Action, simulate};
use delta_engine::wire::{WirePlan, WireTarget};
use delta_engine::{CancellationToken, Declared, Engine, Location, MemoryLake, Registry, Silent, Sources, Status};

use super::snapshot::observe_all;
use super::{plan, stoppable, with_engine};
use crate::error::{Outcome, Trouble, did_you_mean};
use crate::exit::Exit;
use crate::project::{Workspace, connect, equipped};
use crate::screen::{Heading, Line, Tone, counts, show_plan, tables_as_declared};
use crate::selection::Selection;
use crate::session::Session;

enum Side {
    Definitions(PathBuf),
    Snapshot { file: String, text: String },
    Target(Box<TargetSettings>),
}

pub(super) async fn run(session: &mut Session<'_, '_>, from: &str, to: &str, stop: &CancellationToken) -> Outcome {
    let options = session.options;
    let workspace = Workspace::open(options)?;
    let (start, goal) = (side(&workspace, from)?, side(&workspace, to)?);
    let settings = match (&start, &goal) {
        (Side::Target(settings), _) | (_, Side::Target(settings)) => Some(settings.as_ref().clone()),
        _ => named_target(&workspace, options.target.as_deref())?,
    };
    let sides = Sides { workspace: &workspace, settings };
    let selection = Selection::read(options)?;
    let declared = stoppable(stop, sides.declared(&goal, to)).await??;
    let registry = Registry::new().declared(declared).build().map_err(|faults| Trouble::faults(faults.0))?;
    let (engine, there) = stoppable(stop, sides.engine(&start)).await??;
    let names: Vec<&TableName> =
        registry.tables().iter().map(|table| &table.desired.name).chain(there.iter()).collect();
    selection.check(&names)?;
    let registry = registry.filtered(|name| selection.keeps(name));
    let policy = workspace.policy(options, None, &registry)?;
    let engine = equipped(engine, options, stop).with_policy(policy);
    // What is in memory is read at once.
    let engine = if matches!(start, Side::Target(_)) { engine } else { engine.with_events(Arc::new(Silent)) };
    with_engine(session, engine, async |session, engine| {
        let plan = stoppable(stop, engine.plan(&registry)).await??;
        let exit = Exit::of(plan.status(), options.detailed_exitcode);
        // A URL may hold a token.
        let (from, to) = (shown_url(from), shown_url(to));
        if session.is_json() {
            plan::json(session, &WirePlan::of_plan(&plan, WireTarget { name: None, url: from.to_owned() }))?;
            return Ok(exit);
        }
        show_plan(&mut session.out, &Heading::Sides { from, to }, &plan);
        let declared = |name: &TableName| registry.tables().iter().any(|table| table.desired.name == *name);
        let only: Vec<String> =
            there.iter().filter(|name| selection.keeps(name) && !declared(name)).map(ToString::to_string).collect();
        if !only.is_empty() {
            let words = format!("only in {from}, and never dropped: {}", only.join(", "));
            session.out.line(Line::new().toned(Tone::Quiet, words));
            session.out.blank();
        }
        let last = if plan.status() == Status::InSync {
            format!("No difference: {}.", tables_as_declared(&plan))
        } else {
            format!("Difference: {}. Nothing was applied.", counts(&plan))
        };
        session.out.line(Line::new().toned(Tone::Strong, last));
        Ok(exit)
    })
    .await
}

/// The target whose catalog and variables both sides are read with.
fn named_target(workspace: &Workspace, wanted: Option<&str>) -> Result<Option<TargetSettings>, Trouble> {
    match workspace.settings(wanted) {
        // No target is needed to read files.
        Err(_) if wanted.is_none() => Ok(Some(TargetSettings::of_url("."))),
        other => other,
    }
}

fn side(workspace: &Workspace, text: &str) -> Result<Side, Trouble> {
    let names: Vec<&str> =
        workspace.project.iter().flat_map(|project| project.targets()).map(TargetSettings::name).collect();
    let target = || {
        let settings = workspace.settings(Some(text))?.unwrap_or_else(|| TargetSettings::of_url(text));
        Ok(Side::Target(Box::new(settings)))
    };
    if text.contains("://") || names.contains(&text) {
        return target();
    }
    let path = Path::new(text);
    if path.is_file() {
        let read = std::fs::read(path).map_err(|error| Trouble::io(&format!("read {text}"), &error))?;
        return Ok(match String::from_utf8(read) {
            Ok(read) if is_snapshot(&read) => Side::Snapshot { file: text.to_owned(), text: read },
            // What is wrong with it is said where definitions are read.
            _ => Side::Definitions(path.to_owned()),
        });
    }
    if path.is_dir() {
        // A folder without definitions is one of tables, or of tables to come.
        let settings = || Side::Target(Box::new(TargetSettings::of_url(text)));
        return Ok(if holds_definitions(path, 0) { Side::Definitions(path.to_owned()) } else { settings() });
    }
    if text.contains(['*', '?', '[', '{']) {
        return Ok(Side::Definitions(path.to_owned()));
    }
    let message = format!("`{text}` is no file, folder or target{}", did_you_mean(text, &names));
    let help = if names.is_empty() {
        "a side is a file or folder of definitions, a snapshot, or the folder or URL of a target".to_owned()
    } else {
        format!("the targets are {}", names.join(", "))
    };
    Err(Trouble::usage(message, help))
}

/// Whether a file says at its left margin that it is a snapshot.
fn is_snapshot(text: &str) -> bool {
    let kind = text.lines().find_map(|line| line.strip_prefix("kind:"));
    kind.is_some_and(|kind| kind.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']) == "snapshot")
}

/// Whether a folder holds YAML files outside of tables.
fn holds_definitions(folder: &Path, depth: usize) -> bool {
    const DEEPEST: usize = 8;
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    if paths.iter().any(|path| path.ends_with("_delta_log")) {
        return false;
    }
    let is_yaml = |path: &PathBuf| path.extension().is_some_and(|end| end == "yml" || end == "yaml") && path.is_file();
    paths.iter().any(is_yaml)
        || (depth < DEEPEST && paths.iter().any(|path| path.is_dir() && holds_definitions(path, depth + 1)))
}

/// How both sides are read.
struct Sides<'w> {
    workspace: &'w Workspace,
    settings: Option<TargetSettings>,
}

impl Sides<'_> {
    /// The state to reach, as declarations.
    async fn declared(&self, side: &Side, shown: &str) -> Result<Declared, Trouble> {
        let mut declarations = match side {
            Side::Definitions(path) => return Ok(self.definitions(path)),
            Side::Snapshot { file, text } => read_tables(file, text, &self.context()?)?,
            Side::Target(settings) => {
                let found = self.observed(settings).await?;
                let mut read = read_tables(shown, &write_snapshot(&found), &self.context()?)?;
                read.iter_mut().for_each(|declaration| declaration.sources = Arc::new(Nowhere));
                read
            }
        };
        declarations.iter_mut().for_each(|declaration| wish_for(&mut declaration.draft));
        Ok(declarations.into_iter().collect())
    }

    /// An engine over the state to start from, and the tables there are where that is known.
    async fn engine(&self, side: &Side) -> Result<(Engine, Vec<TableName>), Trouble> {
        let found = match side {
            Side::Target(settings) => return Ok((connect(&self.workspace.resolve(settings)?).await?, Vec::new())),
            Side::Snapshot { file, text } => read_snapshot(file, text)?,
            Side::Definitions(path) => created(self.definitions(path))?,
        };
        let lake = MemoryLake::new();
        let names = found.iter().map(|table| table.name.clone()).collect();
        found.into_iter().for_each(|table| lake.put(table));
        Ok((Engine::new(Arc::new(lake.clone()), Arc::new(lake)), names))
    }

    fn definitions(&self, path: &Path) -> Declared {
        self.workspace.declared(self.settings.as_ref(), &[path.to_owned()])
    }

    fn context(&self) -> Result<Context, Trouble> {
        self.workspace.context_of(self.settings.as_ref())
    }

    /// The tables of the target to reach, named without its catalog, so that they find those of another.
    async fn observed(&self, settings: &TargetSettings) -> Result<Vec<ObservedTable>, Trouble> {
        let target = self.workspace.resolve(settings)?;
        let engine = connect(&target).await?;
        let found = observe_all(&engine, Vec::new()).await;
        engine.close().await;
        let mut tables = Vec::new();
        for (relation, observation) in found? {
            match observation {
                Observation::Present(table) => tables.push(ObservedTable::clone(&table)),
                Observation::Absent => {}
                Observation::Unreadable(why) => {
                    let message = format!("{} on {} cannot be read: {why}", relation.name, target.name);
                    return Err(Trouble::failed(message, why.help));
                }
            }
        }
        for table in &mut tables {
            let catalog = table.name.catalog.as_ref().map(|catalog| catalog.as_str().to_owned());
            table.name.catalog.take_if(|_| catalog == target.catalog);
        }
        Ok(tables)
    }
}

/// What is read from a target stands in no file.
#[derive(Debug)]
struct Nowhere;

impl Sources for Nowhere {
    fn locate(&self, _: &Subject, _: Option<Range<usize>>) -> Option<Location> {
        None
    }
}

/// Makes a wish of what was observed: where the tables of one target lie says nothing about another, and properties that
/// nobody may declare are the platform's.
fn wish_for(draft: &mut TableDraft) {
    draft.location = None;
    let faults = draft.clone().check().err().unwrap_or_default();
    let about_property =
        |fault: &Fault| fault.subject.key.clone().filter(|_| fault.subject.aspect == Some(Aspect::Property));
    let keys: Vec<String> = faults.iter().filter_map(about_property).collect();
    draft.properties.retain(|(key, _)| !keys.contains(key));
}

/// The tables that declarations create.
fn created(declared: Declared) -> Result<Vec<ObservedTable>, Trouble> {
    let registry = Registry::new().declared(declared).build().map_err(|faults| Trouble::faults(faults.0))?;
    let create = |table: &delta_engine::RegisteredTable| {
        let desired = &table.desired;
        let action = Action::CreateTable { table: Box::new(desired.as_ref().clone()) };
        simulate(None, &[action], &format!("declared-{}", desired.name))
            .map_err(|error| Trouble::failed(format!("{}: {error}", desired.name), None))
    };
    registry.tables().iter().map(create).collect()
}
