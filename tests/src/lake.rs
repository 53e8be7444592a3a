//! Engines on a lake in a folder, and the permissions that let every hazard pass.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use delta_engine::native::Lake;
use delta_engine::port::{Catalog, Observation, Relation};
use delta_engine::schema::draft::TableDraft;
use delta_engine::schema::model::{ObservedTable, Subject};
use delta_engine::schema::rules::RULES;
use delta_engine::schema::{Severity, TablePlan};
use delta_engine::{Connect, Declaration, Engine, Location, Registry, RegistryBuilder, Sources, connect_lake};

/// The name under which tests declare their one table.
pub const NAME: &str = "silver.t";

/// The folder of that table in a lake.
pub fn table_folder(lake: &Path) -> PathBuf {
    lake.join("silver/t")
}

/// An engine on a folder, with every hazard permitted.
pub async fn engine(lake: &Path) -> Engine {
    permitting(Engine::connect(lake.to_str().unwrap()).await.unwrap())
}

/// An engine on a lake opened by the test, with every hazard permitted.
pub fn engine_on(lake: Lake) -> Engine {
    permitting(connect_lake(lake))
}

/// The engine with every hazard permitted.
pub fn permitting(engine: Engine) -> Engine {
    RULES
        .iter()
        .filter(|rule| rule.severity == Some(Severity::Hazard))
        .fold(engine, |engine, rule| engine.allowing(format!("{}:*", rule.name).parse().unwrap()))
}

#[derive(Debug)]
struct Nowhere;

impl Sources for Nowhere {
    fn locate(&self, _: &Subject, _: Option<std::ops::Range<usize>>) -> Option<Location> {
        None
    }
}

/// A registry of these drafts.
///
/// # Errors
/// The faults, as one text.
pub fn registry(drafts: impl IntoIterator<Item = TableDraft>) -> Result<Registry, String> {
    let declared = drafts.into_iter().map(|draft| Declaration { draft, sources: Arc::new(Nowhere) });
    declared
        .fold(Registry::new(), |builder: RegistryBuilder, table| builder.declarations([table]))
        .build()
        .map_err(|faults| faults.0.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "))
}

/// What an engine sees at a name, or at a location.
pub async fn observation(engine: &Engine, name: &str, location: Option<&str>) -> Observation {
    let relation = Relation { name: name.parse().unwrap(), location: location.map(str::to_owned) };
    let catalog: &Arc<dyn Catalog> = engine.catalog();
    catalog.observe(&[relation]).await.unwrap().remove(0)
}

/// The table of the test in a lake, seen by an engine of its own, without its place; none where it is absent.
pub async fn observed(lake: &Path) -> Option<ObservedTable> {
    match observation(&engine(lake).await, NAME, None).await {
        Observation::Present(table) => Some(ObservedTable { location: None, ..ObservedTable::clone(&table) }),
        Observation::Absent => None,
        Observation::Unreadable(why) => panic!("unreadable: {why}"),
    }
}

/// What blocks a plan, by name and message.
pub fn blockers(plan: &TablePlan) -> Vec<String> {
    let blocking = plan.findings.iter().filter(|finding| finding.blocks());
    blocking.map(|finding| format!("{}: {}", finding.name, finding.message)).collect()
}
