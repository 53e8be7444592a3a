//! Tables of others: each is observed or refused with a reason, and what may be written is changed by every legal action,
//! with the rows read back by readers that share no code with the engine.

use std::collections::BTreeMap;
use std::path::Path;

use delta_engine::PreparedPlan;
use delta_engine::port::Observation;
use delta_engine::schema::model::{DataType, Identifier, ObservedTable, Path as Place};
use delta_engine_acceptance::change::{Applied, apply, kept};
use delta_engine_acceptance::committed::{differences, lost};
use delta_engine_acceptance::declared::as_declared;
use delta_engine_acceptance::edits::EDITS;
use delta_engine_acceptance::fixtures::{copy, fixtures};
use delta_engine_acceptance::lake::{NAME, engine, observation, table_folder};
use delta_engine_acceptance::log::Text;
use delta_engine_acceptance::reader::{By, Row, reader};

#[derive(Default)]
struct Tally {
    ends: BTreeMap<&'static str, BTreeMap<String, usize>>,
    read: BTreeMap<String, usize>,
    faults: Vec<String>,
}

impl Tally {
    fn count(&mut self, edit: &'static str, end: &str) {
        *self.ends.entry(edit).or_default().entry(end.to_owned()).or_default() += 1;
    }

    fn end(self, least_applied: usize) {
        for (edit, ends) in &self.ends {
            println!("{edit}: {ends:?}");
        }
        println!("readers and writers: {:?}", self.read);
        assert!(self.faults.is_empty(), "{} faults\n{}", self.faults.len(), self.faults.join("\n"));
        for edit in EDITS {
            let applied = self.ends.get(edit.name).and_then(|ends| ends.get("applied"));
            assert!(applied.is_some_and(|count| *count >= least_applied), "{}: applied to too few tables", edit.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_is_changed_by_every_legal_action() {
    let Some(fixtures) = fixtures() else { return };
    let mut tally = Tally::default();
    let mut observed = 0;
    for (name, folder) in &fixtures.tables {
        let (table, location) = (engine(Path::new("/")).await, folder.to_str().unwrap());
        match observation(&table, "fixture", Some(location)).await {
            Observation::Present(_) => {
                observed += 1;
                check(name, folder, &mut tally).await;
            }
            Observation::Unreadable(why) => {
                println!("{name}: refused: {why}");
                assert!(!why.reason.is_empty());
            }
            Observation::Absent => panic!("{name} is absent"),
        }
    }
    println!("{observed} of {} tables observed", fixtures.tables.len());
    assert!(fixtures.tables.len() >= 60 && observed >= 60);
    tally.end(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_python_deltalake_are_changed_by_every_legal_action() {
    let folder = tempfile::tempdir().unwrap();
    let kinds =
        ["plain", "partitioned", "checkpointed", "long", "unbroken", "constrained", "rewritten", "wide", "empty"];
    {
        let Some(mut reader) = reader() else { return };
        kinds.iter().for_each(|kind| reader.make(kind, &folder.path().join(kind)));
    }
    let mut tally = Tally::default();
    for kind in kinds {
        check(kind, &folder.path().join(kind), &mut tally).await;
    }
    tally.end(1);
}

/// Every edit, each on a copy of its own.
async fn check(name: &str, table: &Path, tally: &mut Tally) {
    let appends = {
        let lake = tempfile::tempdir().unwrap();
        copy(table, lake.path());
        reader().is_some_and(|mut reader| reader.append(lake.path()).is_ok())
    };
    for edit in EDITS {
        let lake = tempfile::tempdir().unwrap();
        copy(table, &table_folder(lake.path()));
        let shown = format!("{name}: {}", edit.name);
        let mut appends = appends;
        let mut draft = as_declared(&seen(lake.path()).await, NAME);
        if (edit.before)(&seen(lake.path()).await, &mut draft) {
            match apply(&shown, lake.path(), &draft).await {
                Applied::Yes(plan) => appends &= !loses(&plan, "write"),
                Applied::No(why) => {
                    tally.count(edit.name, &format!("before: {why}"));
                    continue;
                }
            }
        }
        let before = seen(lake.path()).await;
        let text = Text::read(&table_folder(lake.path())).await;
        let mut draft = as_declared(&before, NAME);
        if !(edit.edit)(&before, &mut draft) {
            tally.count(edit.name, "nothing to change");
            continue;
        }
        let twin = tempfile::tempdir().unwrap();
        copy(lake.path(), twin.path());
        let plan = match apply(&shown, lake.path(), &draft).await {
            Applied::Yes(plan) => plan,
            Applied::No(why) => {
                tally.count(edit.name, &why);
                continue;
            }
        };
        tally.count(edit.name, "applied");
        let kept = kept(&text, &plan.tables[0].plan.actions);
        let after = text.next(&table_folder(lake.path()));
        let mut found = differences(&plan.tables[0].declared.desired, &after);
        found.extend(lost(&text, &after, &plan.tables[0].declared.desired, &kept));
        let (old, new) = (table_folder(twin.path()), table_folder(lake.path()));
        found.extend(reread(&plan, &old, &new, &before, &kept, tally));
        appends &= !loses(&plan, "write");
        found.extend(append(&new, appends, tally));
        tally.faults.extend(found.iter().map(|fault| format!("{shown}: {fault}")));
    }
}

async fn seen(lake: &Path) -> ObservedTable {
    delta_engine_acceptance::lake::observed(lake).await.unwrap()
}

/// Whether the plan said that delta-rs loses something.
fn loses(plan: &PreparedPlan, what: &str) -> bool {
    plan.tables[0].plan.findings.iter().any(|finding| {
        let of_delta_rs = finding.message.split(", ").filter(|part| part.contains("delta-rs"));
        finding.name == "upgrade-protocol" && of_delta_rs.into_iter().any(|part| part.contains(what))
    })
}

/// The rows of the kept columns by every reader that read them before, and the names of all columns.
fn reread(
    plan: &PreparedPlan,
    old: &Path,
    new: &Path,
    before: &ObservedTable,
    kept: &[(Place, Place)],
    tally: &mut Tally,
) -> Vec<String> {
    let Some(mut reader) = reader() else { return Vec::new() };
    let mut faults = Vec::new();
    for by in By::ALL {
        let leaves = leaves(before, kept, by);
        let select = |side: fn(&(Place, Place)) -> &Place| {
            leaves.iter().map(|leaf| expression(side(leaf), by)).collect::<Vec<_>>().join(", ")
        };
        if leaves.is_empty() {
            continue;
        }
        let mut count = |end: &str| *tally.read.entry(format!("{by:?} {end}")).or_default() += 1;
        let was: Vec<Row> = match reader.rows(by, old, &select(|leaf| &leaf.0)) {
            Ok(rows) => rows,
            Err(_) => {
                count("could not read it before");
                continue;
            }
        };
        match reader.rows(by, new, &select(|leaf| &leaf.1)) {
            Ok(rows) if rows == was => count("reads the same rows"),
            Ok(rows) => faults.push(format!("{by:?}: rows were {was:?} and are {rows:?}")),
            Err(_) if by == By::QueryBuilder && loses(plan, "read") => count("lost the table as announced"),
            Err(error) => faults.push(format!("{by:?}: {error}")),
        }
        if by == By::DuckDb {
            let declared: Vec<String> =
                plan.tables[0].declared.desired.columns.iter().map(|column| column.name().to_string()).collect();
            match reader.columns(by, new) {
                Ok(names) if names == declared => {}
                other => faults.push(format!("{by:?}: columns are {other:?}, declared {declared:?}")),
            }
        }
    }
    faults
}

/// What can be compared of the kept columns: whole columns, and fields of structs in place of the structs.
fn leaves(before: &ObservedTable, kept: &[(Place, Place)], by: By) -> Vec<(Place, Place)> {
    let is_leaf = |path: &Place| match before.type_at(path) {
        Some(DataType::Struct(_)) | None => false,
        // A field that was added to the elements shows in the text of the whole array.
        Some(data_type) => {
            !data_type.contains(|inner| inner.as_struct().is_some() || matches!(inner, DataType::Variant))
        }
    };
    let leaves = kept.iter().filter(|(path, _)| !path.crosses_collection() && is_leaf(path));
    // DuckDB's extension (1.5.5) takes partition values by position under column mapping: after a hand-written commit that
    // adds a column before the partition column it reads null there, where delta-rs, also on delta-kernel, reads the value.
    let is_trusted = |path: &Place| match by {
        By::DuckDb => !path.root().is_some_and(|column| before.layout.partition_columns().contains(column)),
        By::QueryBuilder => path.is_column(),
    };
    leaves.filter(|(path, _)| is_trusted(path)).cloned().collect()
}

fn expression(path: &Place, by: By) -> String {
    let quoted = |name: &Identifier| format!("\"{}\"", name.as_str().replace('"', "\"\""));
    let names: Vec<String> = path.steps().iter().filter_map(|step| step.as_field()).map(quoted).collect();
    let mut path = names.join(".");
    if by == By::DuckDb {
        path = format!("({path})");
    }
    path
}

/// An append by Python deltalake, which must go on where it did before and no loss was announced.
fn append(table: &Path, must: bool, tally: &mut Tally) -> Option<String> {
    let mut reader = reader()?;
    let count = |reader: &mut delta_engine_acceptance::reader::Reader| {
        reader.rows(By::DuckDb, table, "count(*)").ok().and_then(|rows| rows[0][0].as_deref()?.parse::<i64>().ok())
    };
    let before = count(&mut reader);
    let mut tell = |end: &str| *tally.read.entry(format!("deltalake {end}")).or_default() += 1;
    match reader.append(table) {
        Ok(()) => {
            tell(if must { "appends" } else { "appends, though that was not asked of it" });
            let after = count(&mut reader);
            (before.map(|rows| rows + 1) != after).then(|| format!("{before:?} rows became {after:?} by one more"))
        }
        Err(error) if must && !error.contains("no row to repeat") => {
            Some(format!("deltalake can append no more: {error}"))
        }
        Err(_) => {
            tell("appends no more, as before or as announced");
            None
        }
    }
}
