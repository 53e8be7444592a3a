//! Tables that the live Spark wrote with every feature it has: both backends see the same of each, the native one changes
//! them by every legal action, and Spark then reads the same rows, sees what was declared and goes on inserting.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use delta_engine::port::Observation;
use delta_engine::schema::diff;
use delta_engine::schema::model::{
    Column, DataType, DesiredTable, Identifier, ObservedTable, Path as Place, TableName,
};
use delta_engine_acceptance::change::{Applied, apply, kept};
use delta_engine_acceptance::committed::{differences, lost};
use delta_engine_acceptance::declared::as_declared;
use delta_engine_acceptance::edits::{EDITS, Edit};
use delta_engine_acceptance::fixtures::copy;
use delta_engine_acceptance::lake::{NAME, engine, observation, registry, table_folder};
use delta_engine_acceptance::log::Text;
use delta_engine_acceptance::reader::Row;
use delta_engine_acceptance::setting;
use delta_engine_acceptance::spark::{Spark, spark};
use delta_engine_acceptance::written::{WRITTEN, Written};
use futures::StreamExt;

/// How many tables of each edit are read back, beside all of those that all edits met at once; natively every table is
/// changed by every edit.
const READ_BACK: usize = 1;
/// Requests at once: a server has as many threads as the machine has cores.
const AT_ONCE: usize = 4;

/// A table that Spark wrote.
struct Made {
    name: &'static str,
    folder: PathBuf,
    table: ObservedTable,
    /// The text of each leaf in each row.
    rows: Vec<BTreeMap<Place, String>>,
}

/// A copy of one that was changed, to be read back.
struct Changed {
    shown: String,
    lake: tempfile::TempDir,
    desired: DesiredTable,
    rows: Vec<Row>,
    /// The kept leaves by the names they have now.
    leaves: Vec<Place>,
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_the_newest_spark_wrote_are_changed_natively_and_read_back_by_spark() {
    let Some(spark) = spark("fixtures").await else { return };
    let made = make_all(&spark).await;
    let mut faults = Vec::new();
    for table in &made {
        faults.extend(seen_alike(&spark, table).await.into_iter().map(|fault| format!("{}: {fault}", table.name)));
    }
    let mut ends: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let mut changed = Vec::new();
    let read_back = setting("DELTA_ENGINE_READ_BACK", READ_BACK);
    for (at, edit) in EDITS.iter().enumerate() {
        let mut wanted = if edit.name == "all at once" { made.len() } else { read_back };
        for index in 0..made.len() {
            // Each edit begins with another table.
            let (end, copy) = change(&made[(index + at) % made.len()], edit, &mut faults).await;
            *ends.entry(edit.name).or_default().entry(end).or_default() += 1;
            if let Some(copy) = copy.filter(|_| wanted > 0) {
                wanted -= 1;
                changed.push(copy);
            }
        }
    }
    for (edit, ends) in &ends {
        println!("{edit}: {ends:?}");
    }
    let count = changed.len();
    let checked = changed.into_iter().enumerate().map(|(number, copy)| {
        let spark = &spark;
        async move { read_again(spark, number, &copy).await }
    });
    let found: Vec<Vec<String>> = futures::stream::iter(checked).buffer_unordered(AT_ONCE).collect().await;
    faults.extend(found.into_iter().flatten());
    println!("{} tables of Spark's, {count} read back by Spark after a native change", made.len());
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    for edit in EDITS {
        let applied = ends.get(edit.name).and_then(|ends| ends.get("applied"));
        assert!(applied.is_some(), "{}: applied to no table", edit.name);
    }
    spark.end().await;
}

/// A session that has read a table reads what is committed beside it, without being told.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_newest_spark_reads_what_is_committed_beside_it() {
    let Some(spark) = spark("beside").await else { return };
    let name = spark.name("t");
    spark.run(&format!("CREATE TABLE {name} (id BIGINT) USING delta")).await.unwrap();
    spark.run(&format!("INSERT INTO {name} VALUES (1)")).await.unwrap();
    let columns =
        async || -> usize { spark.rows(&format!("SELECT to_json(struct(*)) FROM {name}")).await.unwrap().len() };
    assert_eq!(columns().await, 1);
    let folder = location(&spark, "t").await;
    let lake = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(lake.path().join("silver")).unwrap();
    std::os::unix::fs::symlink(&folder, table_folder(lake.path())).unwrap();
    let mut draft = as_declared(&delta_engine_acceptance::lake::observed(lake.path()).await.unwrap(), NAME);
    let mut column = draft.columns[0].clone();
    column.name = "added".to_owned();
    draft.columns.push(column);
    let Applied::Yes(_) = apply("beside", lake.path(), &draft).await else { panic!("not applied") };
    spark.run(&format!("INSERT INTO {name} (id, added) VALUES (2, 3)")).await.unwrap();
    let rows = spark.rows(&format!("SELECT to_json(struct(*)) AS row FROM {name} ORDER BY id")).await.unwrap();
    let text = |text: &str| vec![Some(text.to_owned())];
    assert_eq!(rows, [text(r#"{"id":1}"#), text(r#"{"id":2,"added":3}"#)]);
    spark.end().await;
}

async fn make_all(spark: &Spark) -> Vec<Made> {
    let version = spark.client.spark_version().await.unwrap();
    let mut made = Vec::new();
    let all = WRITTEN.iter().map(|written| async move { (written, make(spark, written).await) });
    let mut all = futures::stream::iter(all).buffered(AT_ONCE);
    while let Some((written, folder)) = all.next().await {
        let folder = match folder {
            Ok(folder) => folder,
            Err(why) => {
                println!("{}: not made by Spark {version}: {why}", written.name);
                continue;
            }
        };
        let Observation::Present(table) = native(&folder).await else { panic!("{}: not read", written.name) };
        let table = ObservedTable::clone(&table);
        let rows = rows(spark, &spark.name(written.name), &table).await;
        assert!(!rows.is_empty(), "{}: no rows", written.name);
        made.push(Made { name: written.name, folder, table, rows });
    }
    // Identity and generated columns are for Spark 4.2 alone.
    let missing = WRITTEN.len() - made.len();
    assert!(missing == 0 || missing <= 1 && !version.starts_with("4.2"), "{missing} tables were not made");
    made
}

async fn make(spark: &Spark, written: &Written) -> Result<PathBuf, String> {
    for statement in written.statements {
        spark.run(&statement.replace("{t}", &spark.name(written.name))).await?;
    }
    Ok(location(spark, written.name).await)
}

async fn location(spark: &Spark, table: &str) -> PathBuf {
    let shown = spark.client.show(&format!("DESCRIBE DETAIL {}", spark.name(table))).await.unwrap().rows().unwrap();
    let place = shown.first().unwrap().text("location").unwrap().unwrap().to_owned();
    PathBuf::from(place.trim_start_matches("file:").replacen("///", "/", 1))
}

async fn native(folder: &Path) -> Observation {
    observation(&engine(Path::new("/")).await, "fixture", folder.to_str()).await
}

/// Both backends see the same; what Spark hides from one of its ways is no difference.
async fn seen_alike(spark: &Spark, made: &Made) -> Vec<String> {
    let mut faults = Vec::new();
    let same = |table: &ObservedTable| ObservedTable {
        name: TableName::bare("t"),
        location: None,
        version: 0,
        unknown: Default::default(),
        ..table.clone()
    };
    let native = same(&made.table);
    match spark.observe(&spark.catalog, made.name).await {
        Observation::Present(table) => {
            let by_log = same(&table);
            if by_log != native {
                faults.push(format!("Spark's backend sees {by_log:#?}\nthe native one {native:#?}"));
            }
        }
        Observation::Absent | Observation::Unreadable(_) => faults.push("Spark's backend does not see it".to_owned()),
    }
    let desired = registry([as_declared(&native, NAME)]).unwrap().tables()[0].desired.clone();
    match spark.observe(&spark.catalog.clone().one_by_one(), made.name).await {
        Observation::Present(table) => {
            let left = diff(&desired, Some(&table));
            if !left.is_empty() {
                faults.push(format!("as described it differs: {:?} {:?}", left.actions, left.differences));
            }
        }
        Observation::Absent | Observation::Unreadable(_) => faults.push("described, it is not there".to_owned()),
    }
    faults
}

/// Changes a copy of its own; how that ended, and what is to be read back.
async fn change(made: &Made, edit: &Edit, faults: &mut Vec<String>) -> (String, Option<Changed>) {
    let lake = tempfile::tempdir().unwrap();
    copy(&made.folder, &table_folder(lake.path()));
    let shown = format!("{}: {}", made.name, edit.name);
    let seen = async || delta_engine_acceptance::lake::observed(lake.path()).await.unwrap();
    let first = seen().await;
    let mut draft = as_declared(&first, NAME);
    if (edit.before)(&first, &mut draft)
        && let Applied::No(why) = apply(&shown, lake.path(), &draft).await
    {
        return (format!("before: {why}"), None);
    }
    let before = seen().await;
    let text = Text::read(&table_folder(lake.path())).await;
    let mut draft = as_declared(&before, NAME);
    if !(edit.edit)(&before, &mut draft) {
        return ("nothing to change".to_owned(), None);
    }
    let plan = match apply(&shown, lake.path(), &draft).await {
        Applied::Yes(plan) => plan,
        Applied::No(why) => return (why, None),
    };
    let desired = DesiredTable::clone(&plan.tables[0].declared.desired);
    let kept = kept(&text, &plan.tables[0].plan.actions);
    let after = text.next(&table_folder(lake.path()));
    let found = differences(&desired, &after).into_iter().chain(lost(&text, &after, &desired, &kept));
    faults.extend(found.map(|fault| format!("{shown}: {fault}")));
    let leaves: Vec<(Place, Place)> = kept.into_iter().filter(|(path, _)| is_leaf(&made.table, path)).collect();
    let row =
        |row: &BTreeMap<Place, String>| -> Row { leaves.iter().map(|(from, _)| row.get(from).cloned()).collect() };
    let rows = made.rows.iter().map(row).collect();
    let leaves = leaves.into_iter().map(|(_, to)| to).collect();
    ("applied".to_owned(), Some(Changed { shown, lake, desired, rows, leaves }))
}

/// What is compared: fields of structs in place of the structs.
fn is_leaf(table: &ObservedTable, path: &Place) -> bool {
    !path.crosses_collection() && table.type_at(path).is_some_and(|data_type| !matches!(data_type, DataType::Struct(_)))
}

fn leaves(table: &ObservedTable) -> Vec<Place> {
    let mut found = Vec::new();
    let mut open: Vec<Place> = table.columns.iter().map(|column| Place::table().field(column.name())).collect();
    while let Some(path) = open.pop() {
        match table.type_at(&path).and_then(DataType::as_struct) {
            Some(fields) => open.extend(fields.iter().map(|field| path.field(&field.name))),
            None => found.push(path),
        }
    }
    found.sort();
    found
}

/// As JSON, which leaves out fields that are null: one that was added to the elements of a list is.
fn select(leaves: &[Place]) -> String {
    let quoted = |path: &Place| -> String {
        let names: Vec<String> =
            path.steps().iter().filter_map(|step| step.as_field()).map(Identifier::quoted).collect();
        names.join(".")
    };
    let item = |(at, path): (usize, &Place)| format!("to_json(named_struct('v', {})) AS c{at}", quoted(path));
    leaves.iter().enumerate().map(item).collect::<Vec<_>>().join(", ")
}

async fn rows(spark: &Spark, name: &str, table: &ObservedTable) -> Vec<BTreeMap<Place, String>> {
    let leaves = leaves(table);
    let read = spark.rows(&format!("SELECT {} FROM {name}", select(&leaves))).await.unwrap();
    let row = |row: Row| leaves.iter().cloned().zip(row).filter_map(|(path, text)| Some((path, text?))).collect();
    read.into_iter().map(row).collect()
}

/// Registers the copy, which then is as declared for Spark, goes on inserting, and has its old rows and one more.
async fn read_again(spark: &Spark, number: usize, changed: &Changed) -> Vec<String> {
    let Changed { shown, lake, desired, rows: before, leaves } = changed;
    let table = format!("c{number}");
    let name = spark.name(&table);
    let place = table_folder(lake.path());
    let mut faults = Vec::new();
    let found = async {
        spark.run(&format!("CREATE TABLE {name} USING delta LOCATION 'file:{}'", place.display())).await?;
        match spark.observe(&spark.catalog, &table).await {
            Observation::Present(observed) => {
                let left = diff(desired, Some(&observed));
                if !left.is_empty() {
                    return Err(format!("Spark sees what differs: {:?} {:?}", left.actions, left.differences));
                }
            }
            Observation::Absent => return Err("Spark does not see it".to_owned()),
            Observation::Unreadable(why) => return Err(format!("Spark can't read it: {why}")),
        }
        let is_written = |column: &&Column| column.identity.is_none() && column.generated.is_none();
        let columns: Vec<String> =
            desired.columns.iter().filter(is_written).map(|column| column.name().quoted()).collect();
        let columns = columns.join(", ");
        spark.run(&format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} LIMIT 1")).await?;
        let mut after = spark.rows(&format!("SELECT {} FROM {name}", select(leaves))).await?;
        for row in before {
            match after.iter().position(|other| other == row) {
                Some(at) => drop(after.swap_remove(at)),
                None => return Err(format!("the row {row:?} is gone; there are {after:?}")),
            }
        }
        if after.len() == 1 { Ok(()) } else { Err(format!("rows that were not there: {after:?}")) }
    };
    if let Err(fault) = found.await {
        faults.push(format!("{shown}: {fault}"));
    }
    if let Err(fault) = spark.run(&format!("DROP TABLE IF EXISTS {name}")).await {
        faults.push(format!("{shown}: {fault}"));
    }
    faults
}
