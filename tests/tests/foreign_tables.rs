//! Tables of others: each is observed or refused with a reason, and what may be written is changed by every legal action,
//! with the rows read back by readers that share no code with the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use delta_engine::PreparedPlan;
use delta_engine::port::Observation;
use delta_engine::schema::model::{ObservedTable, Path as Place};
use delta_engine_acceptance::change::{Applied, apply, kept};
use delta_engine_acceptance::committed::{differences, lost};
use delta_engine_acceptance::declared::as_declared;
use delta_engine_acceptance::edits::{DEEP_EDITS, EDITS, Edit};
use delta_engine_acceptance::fixtures::{copy, fixtures, link};
use delta_engine_acceptance::lake::{NAME, engine, observation, table_folder};
use delta_engine_acceptance::leaves::{Leaf, leaves};
use delta_engine_acceptance::log::Text;
use delta_engine_acceptance::reader::{By, Reader, reader};
use delta_engine_acceptance::shown::shown;
use serde_json::{Value, json};

/// The changes that no table of the fixtures has the shape for; the tables of Python deltalake have it.
const WITHOUT_A_FIXTURE: &[&str] = &[
    "add a field of values",
    "add a field of keys",
    "rename a field of keys",
    "rename a field of values",
    "drop a field of elements",
    "drop a field of keys",
    "drop a field of values",
    "move a field of elements",
    "move a field of keys",
    "move a field of values",
    "comment a field of keys",
    "comment a field of values",
    "drop not null in elements",
    "drop not null of elements",
    "drop not null of values",
    "a longer varchar",
    "varchar to string",
    "char to varchar",
    "widen a field of elements",
    "widen a field of keys",
    "widen a field of values",
    "widen keys",
];

/// How many fixtures are at work at once.
const STRIPES: usize = 2;

/// Every legal change.
fn edits() -> impl Iterator<Item = &'static Edit> {
    EDITS.iter().chain(DEEP_EDITS)
}

#[derive(Default)]
struct Tally {
    /// The table at hand.
    table: String,
    /// What readers showed of it.
    shown: BTreeMap<(By, Asked), Result<Value, String>>,
    observed: usize,
    ends: BTreeMap<&'static str, BTreeMap<String, usize>>,
    read: BTreeMap<String, usize>,
    /// The tables that a reader could not read before, by the reader.
    unread: BTreeMap<String, BTreeSet<String>>,
    faults: Vec<String>,
}

impl Tally {
    fn count(&mut self, edit: &'static str, end: &str) {
        *self.ends.entry(edit).or_default().entry(end.to_owned()).or_default() += 1;
    }

    fn begin(&mut self, table: &str) {
        table.clone_into(&mut self.table);
        self.shown.clear();
    }

    fn merge(mut self, other: Self) -> Self {
        self.observed += other.observed;
        for (edit, ends) in other.ends {
            for (end, count) in ends {
                *self.ends.entry(edit).or_default().entry(end).or_default() += count;
            }
        }
        for (end, count) in other.read {
            *self.read.entry(end).or_default() += count;
        }
        for (reader, tables) in other.unread {
            self.unread.entry(reader).or_default().extend(tables);
        }
        self.faults.extend(other.faults);
        self
    }

    /// Every change was made to some table, but for these, which no table has the shape for.
    fn end(self, without_a_table: &[&str]) {
        for (edit, ends) in &self.ends {
            println!("{edit}: {ends:?}");
        }
        println!("readers and writers: {:#?}", self.read);
        for (reader, tables) in &self.unread {
            println!("{reader} could not be read before, of {tables:?}");
        }
        if reader().is_some() {
            self.enough_was_read();
        }
        assert!(self.faults.is_empty(), "{} faults\n{}", self.faults.len(), self.faults.join("\n"));
        let is_applied = |edit: &&Edit| self.ends.get(edit.name).is_some_and(|ends| ends.contains_key("applied"));
        let unapplied: Vec<&str> = edits().filter(|edit| !is_applied(edit)).map(|edit| edit.name).collect();
        assert_eq!(unapplied, without_a_table, "applied to no table");
        println!("{} changes, {} of them on these tables", edits().count(), edits().count() - unapplied.len());
    }
}

impl Tally {
    /// A reader that can read nothing finds nothing wrong: most of what each was asked it has to have read.
    fn enough_was_read(&self) {
        let count = |is_meant: &dyn Fn(&str) -> bool| {
            self.read.iter().filter(|(end, _)| is_meant(end)).map(|(_, count)| *count).sum::<usize>()
        };
        for by in ["DuckDb", "QueryBuilder"] {
            let wanted = count(&|end| end.starts_with(by) && end.ends_with(": as wanted"));
            let all = count(&|end| end.starts_with(by));
            assert!(wanted > 100 && wanted * 3 > all * 2, "{by} read {wanted} of {all}: {:#?}", self.read);
        }
        let appends = count(&|end| end == "deltalake appends");
        assert!(appends > 100, "deltalake appended to {appends}: {:#?}", self.read);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_is_changed_by_every_legal_action() {
    let Some(fixtures) = fixtures() else { return };
    let stripe = |first: usize| {
        let tables: Vec<_> = fixtures.tables.iter().skip(first).step_by(STRIPES).cloned().collect();
        tokio::spawn(async move {
            let mut tally = Tally::default();
            for (name, folder) in tables {
                check_fixture(&name, &folder, &mut tally).await;
            }
            tally
        })
    };
    let stripes: Vec<_> = (0..STRIPES).map(stripe).collect();
    let mut tally = Tally::default();
    for stripe in stripes {
        tally = tally.merge(stripe.await.unwrap());
    }
    println!("{} of {} tables observed", tally.observed, fixtures.tables.len());
    assert!(fixtures.tables.len() >= 60 && tally.observed >= 60);
    tally.end(WITHOUT_A_FIXTURE);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_python_deltalake_are_changed_by_every_legal_action() {
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        "plain",
        "partitioned",
        "checkpointed",
        "long",
        "unbroken",
        "constrained",
        "rewritten",
        "wide",
        "empty",
        "deep",
        "lengths",
    ];
    {
        let Some(mut reader) = reader() else { return };
        kinds.iter().for_each(|kind| reader.make(kind, &folder.path().join(kind)));
    }
    let mut tally = Tally::default();
    for kind in kinds {
        check(kind, &folder.path().join(kind), &mut tally).await;
    }
    tally.end(&[]);
}

async fn check_fixture(name: &str, folder: &Path, tally: &mut Tally) {
    match observation(&engine(Path::new("/")).await, "fixture", folder.to_str()).await {
        Observation::Present(_) => {
            tally.observed += 1;
            check(name, folder, tally).await;
        }
        Observation::Unreadable(why) => {
            println!("{name}: refused: {why}");
            assert!(!why.reason.is_empty());
        }
        Observation::Absent => panic!("{name} is absent"),
    }
}

/// A table that all changes begin with.
struct Original {
    name: String,
    lake: tempfile::TempDir,
    table: ObservedTable,
    rows: Option<i64>,
    /// Whether Python deltalake can append to it.
    appends: bool,
}

impl Original {
    /// A copy, on one file system with the copies of its own, so that those are links.
    async fn copied(name: &str, folder: &Path) -> Self {
        let lake = tempfile::tempdir().unwrap();
        let place = table_folder(lake.path());
        copy(folder, &place);
        let twin = tempfile::tempdir().unwrap();
        link(&place, twin.path());
        let table = seen(lake.path()).await;
        let rows = reader().and_then(|mut reader| count(&mut reader, &place));
        let appends = reader().is_some_and(|mut reader| reader.append(twin.path()).is_ok());
        Self { name: name.to_owned(), lake, table, rows, appends }
    }
}

/// Every edit, each on a copy of its own.
async fn check(name: &str, folder: &Path, tally: &mut Tally) {
    tally.begin(name);
    let original = Original::copied(name, folder).await;
    for edit in edits() {
        let end = change(&original, edit, tally).await;
        tally.count(edit.name, &end);
    }
}

/// Makes a change and judges what became of the table; says how it ended.
async fn change(original: &Original, edit: &Edit, tally: &mut Tally) -> String {
    const NOTHING: &str = "nothing to change";
    if !edit.applies_to(&original.table, as_declared(&original.table, NAME)) {
        return NOTHING.to_owned();
    }
    let shown = format!("{}: {}", original.name, edit.name);
    let lake = tempfile::tempdir().unwrap();
    link(original.lake.path(), lake.path());
    let mut appends = original.appends;
    let mut draft = as_declared(&original.table, NAME);
    let has_two_steps = (edit.before)(&original.table, &mut draft);
    if has_two_steps {
        match apply(&shown, lake.path(), &draft).await {
            Applied::Yes(plan) => appends &= !loses(&plan, "write"),
            Applied::No(why) => return format!("before: {why}"),
        }
    }
    let before = seen(lake.path()).await;
    let mut draft = as_declared(&before, NAME);
    if !(edit.edit)(&before, &mut draft) {
        return NOTHING.to_owned();
    }
    let twin = tempfile::tempdir().unwrap();
    let old = if has_two_steps {
        link(lake.path(), twin.path());
        Old::Changed(table_folder(twin.path()))
    } else {
        Old::Original(table_folder(original.lake.path()))
    };
    let new = table_folder(lake.path());
    let text = Text::read(&new).await;
    let plan = match apply(&shown, lake.path(), &draft).await {
        Applied::Yes(plan) => plan,
        Applied::No(why) => return why,
    };
    let desired = &plan.tables[0].declared.desired;
    let kept = kept(&text, &plan.tables[0].plan.actions);
    let after = text.next(&new);
    let mut found = differences(desired, &after);
    found.extend(lost(&text, &after, desired, &kept));
    found.extend(reread(&plan, &old, &new, &before, &kept, tally));
    appends &= !loses(&plan, "write");
    found.extend(append(&new, appends, original.rows, tally));
    tally.faults.extend(found.iter().map(|fault| format!("{shown}: {fault}")));
    "applied".to_owned()
}

async fn seen(lake: &Path) -> ObservedTable {
    delta_engine_acceptance::lake::observed(lake).await.unwrap()
}

/// Whether the plan said that delta-rs loses something.
fn loses(plan: &PreparedPlan, what: &str) -> bool {
    plan.tables[0].plan.findings.iter().any(|finding| {
        let mut of_delta_rs = finding.message.split(", ").filter(|part| part.contains("delta-rs"));
        // What stands in no parentheses loses write alone.
        let lost = |part: &str| part.split_once('(').map_or("write", |(_, lost)| lost).contains(what);
        finding.name == "upgrade-protocol" && of_delta_rs.any(lost) || finding.name == "map-of-changed-structs"
    })
}

/// The table that a change began with.
enum Old {
    /// The one that all changes begin with.
    Original(PathBuf),
    /// One that was changed before.
    Changed(PathBuf),
}

/// What is asked of a reader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Columns,
    /// The values of these expressions.
    Rows(String),
}

fn ask(reader: &mut Reader, by: By, table: &Path, asked: &Asked) -> Result<Value, String> {
    match asked {
        Asked::Columns => reader.schema(by, table),
        Asked::Rows(select) => reader.rows(by, table, select).map(|rows| json!(rows)),
    }
}

/// What a reader showed before; asked once of a table that many changes begin with.
fn ask_old(reader: &mut Reader, by: By, old: &Old, asked: Asked, tally: &mut Tally) -> Result<Value, String> {
    match old {
        Old::Changed(table) => ask(reader, by, table, &asked),
        Old::Original(table) => {
            let shown = tally.shown.entry((by, asked));
            shown.or_insert_with_key(|(by, asked)| ask(reader, *by, table, asked)).clone()
        }
    }
}

/// The columns and the rows of what was kept, by every reader that read them before.
fn reread(
    plan: &PreparedPlan,
    old: &Old,
    new: &Path,
    before: &ObservedTable,
    kept: &[(Place, Place)],
    tally: &mut Tally,
) -> Vec<String> {
    let Some(mut reader) = reader() else { return Vec::new() };
    let desired = &plan.tables[0].declared.desired;
    let mut faults = Vec::new();
    for by in By::ALL {
        let announced = by == By::QueryBuilder && loses(plan, "read");
        let was = ask_old(&mut reader, by, old, Asked::Columns, tally).map(|_| shown(by, &desired.columns));
        faults.extend(compare(by, "columns", was, ask(&mut reader, by, new, &Asked::Columns), announced, tally));
        let leaves = leaves(before, desired, kept, by);
        if leaves.is_empty() {
            continue;
        }
        let select = |of: fn(&Leaf, By) -> String| {
            Asked::Rows(leaves.iter().map(|leaf| of(leaf, by)).collect::<Vec<_>>().join(", "))
        };
        let was = ask_old(&mut reader, by, old, select(Leaf::was), tally);
        let now = ask(&mut reader, by, new, &select(Leaf::is));
        faults.extend(compare(by, "rows", was, now, announced, tally));
    }
    faults
}

/// Whether a reader shows what it is to show; where it could not read the table before, that is said by name.
fn compare(
    by: By,
    what: &str,
    was: Result<Value, String>,
    now: Result<Value, String>,
    announced: bool,
    tally: &mut Tally,
) -> Option<String> {
    let mut count = |end: &str| *tally.read.entry(format!("{by:?} {what}: {end}")).or_default() += 1;
    let Ok(was) = was else {
        count("could not be read before");
        tally.unread.entry(format!("{by:?} {what}")).or_default().insert(tally.table.clone());
        return None;
    };
    match now {
        Ok(now) if now == was => {
            count("as wanted");
            None
        }
        Ok(now) => Some(format!("{by:?}: the {what} are {now}, wanted {was}")),
        Err(_) if announced => {
            count("lost as announced");
            None
        }
        Err(error) => Some(format!("{by:?}: the {what}: {error}")),
    }
}

/// How many rows DuckDB counts.
fn count(reader: &mut Reader, table: &Path) -> Option<i64> {
    reader.rows(By::DuckDb, table, "count(*)").ok().and_then(|rows| rows[0][0].as_deref()?.parse().ok())
}

/// An append by Python deltalake, which must go on where it did before and no loss was announced.
fn append(table: &Path, must: bool, before: Option<i64>, tally: &mut Tally) -> Option<String> {
    let mut reader = reader()?;
    let mut tell = |end: &str| *tally.read.entry(format!("deltalake {end}")).or_default() += 1;
    match reader.append(table) {
        Ok(()) => {
            tell(if must { "appends" } else { "appends, though that was not asked of it" });
            let after = count(&mut reader, table);
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
