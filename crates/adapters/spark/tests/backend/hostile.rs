//! Names and texts that try to be something else, on a live server: they come back unchanged, and nothing else has run.

use std::collections::BTreeMap;

use delta_engine_application::port::Observation;
use delta_engine_application::{Column, Table};
use delta_engine_schema::model::{ArrayType, DataType, DesiredTable, Field, Identifier, ObservedTable, Path, Step};
use delta_engine_sql::{identifier, literal};
use delta_engine_testkit::rng::Rng;

use crate::support::{Live, live, present};

/// How many tables of hostile texts, unless `DELTA_ENGINE_HOSTILE` says otherwise: each takes 20 seconds of a server.
const TABLES: usize = 4;
/// Texts that are different, in each table.
const TEXTS_OF_A_TABLE: usize = 80;
/// Letters of a name that Unity Catalog still takes.
const LONGEST: usize = 255;

/// What ends names, literals and statements, begins comments, is replaced, is invisible or turns the line around.
const PIECES: [&str; 46] = [
    "'",
    "''",
    "\\",
    "\\'",
    "`",
    "``",
    "\"",
    "--",
    "-- x\n",
    "/*",
    "*/",
    ";",
    "${",
    "${env:HOME}",
    "${spark.app.name}",
    "${system:user.dir}",
    "}",
    "\n",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{1b}",
    "\\u0027",
    "\\047",
    "\\n",
    "%",
    "_",
    "{0}",
    "?",
    ":x",
    "😀",
    "🏳️‍🌈",
    "\u{202e}",
    "שלום",
    "مرحبا",
    "漢字",
    "e\u{301}",
    "\u{feff}",
    "\u{2028}",
    "\u{10ffff}",
    "r'",
    "x''",
    " ",
    ".",
    ",=(){}",
    "NULL",
];

/// Statements that would be seen if they ran.
const INJECTED: [&str; 6] = [
    "'; DROP TABLE {schema}.sentinel; --",
    "`; DROP TABLE {schema}.sentinel; --",
    "\\'; DELETE FROM {schema}.sentinel; /*",
    "'); CREATE TABLE live_hostile.intruder (a INT) USING delta; --",
    "\" UNION SELECT 1; INSERT INTO {schema}.sentinel VALUES (2); --",
    "\n; ALTER TABLE {schema}.sentinel ADD COLUMN b INT;\n",
];

/// Texts, each different from all others also without case.
struct Texts {
    rng: Rng,
    made: usize,
}

impl Texts {
    fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), made: 0 }
    }

    fn next(&mut self) -> String {
        self.made += 1;
        let mut text = String::new();
        for _ in 0..=self.rng.below(6) {
            let pieces: &[&str] = if self.rng.chance(12) { &INJECTED } else { &PIECES };
            text.push_str(self.rng.pick(pieces).copied().unwrap_or_default());
        }
        if self.rng.chance(8) {
            text = text.chars().cycle().take(LONGEST).collect();
        }
        // The number anywhere, so that every piece comes first and last now and then.
        let number = format!("#{}#", self.made);
        let kept: Vec<char> = text.chars().take(LONGEST - number.len()).collect();
        let (start, end) = kept.split_at(self.rng.below(kept.len() + 1));
        start.iter().copied().chain(number.chars()).chain(end.iter().copied()).collect()
    }
}

/// A hostile table, and the texts that its defaults stand for, by column.
struct Made {
    table: Table,
    defaults: BTreeMap<String, String>,
}

fn nested(texts: &mut Texts) -> DataType {
    let field = |texts: &mut Texts, data_type: DataType| {
        let comment = Some(texts.next().into());
        Field { comment, ..Field::new(texts.next(), data_type) }
    };
    let inner = DataType::Struct(vec![field(texts, DataType::Integer), field(texts, DataType::STRING)]);
    let list = DataType::Array(Box::new(ArrayType { element: inner, element_nullable: true }));
    DataType::Struct(vec![field(texts, DataType::Long), field(texts, list)])
}

/// The columns of a table by number, each with its name, comment and default.
struct Columns(Vec<(String, String, Option<String>)>);

impl Columns {
    fn new(texts: &mut Texts, count: usize) -> Self {
        let column = |index: usize| (texts.next(), texts.next(), (index % 5 == 1).then(|| texts.next()));
        Self((0..count).map(column).collect())
    }

    /// The second form: some have new names, some new comments, some new defaults, and some are new.
    fn changed(&self, texts: &mut Texts) -> (Vec<Column>, BTreeMap<String, String>) {
        let mut defaults = BTreeMap::new();
        let mut columns = Vec::new();
        for (index, (name, comment, default)) in self.0.iter().enumerate() {
            let renamed = index % 5 == 2;
            let name_now = if renamed { texts.next() } else { name.clone() };
            let comment_now = if index % 3 == 0 { texts.next() } else { comment.clone() };
            let default_now = default.clone().map(|default| if index % 2 == 0 { default } else { texts.next() });
            let mut column = Column::new(name_now.clone(), DataType::STRING).comment(comment_now);
            if renamed {
                column = column.renamed_from(name.clone());
            }
            if let Some(text) = default_now {
                column = column.default_value(literal(&text));
                defaults.insert(name_now, text);
            }
            columns.push(column);
        }
        for _ in 0..4 {
            columns.push(Column::new(texts.next(), DataType::STRING).comment(texts.next()));
        }
        (columns, defaults)
    }

    fn first(&self) -> (Vec<Column>, BTreeMap<String, String>) {
        let mut defaults = BTreeMap::new();
        let column = |(name, comment, default): &(String, String, Option<String>)| {
            let column = Column::new(name.clone(), DataType::STRING).comment(comment.clone());
            let Some(text) = default else { return column };
            defaults.insert(name.clone(), text.clone());
            column.default_value(literal(text))
        };
        (self.0.iter().map(column).collect(), defaults)
    }
}

/// The table around these columns, the same but for texts that change.
fn around(
    name: String,
    structure: &(String, DataType),
    columns: Vec<Column>,
    texts: &mut Texts,
    keys: &[String],
) -> Table {
    let checked = |texts: &mut Texts| format!("`id` <> length({})", literal(&texts.next()));
    let table = Table::new(name)
        .comment(texts.next())
        .property("delta.columnMapping.mode", "name")
        .column(Column::new("id", DataType::Long))
        .column(Column::new(structure.0.clone(), structure.1.clone()))
        .check(texts.next(), checked(texts))
        .check(texts.next(), checked(texts));
    let table = columns.into_iter().fold(table, Table::column);
    keys.iter().fold(table, |table, key| table.property(key.clone(), texts.next()))
}

fn tables(live: &Live, texts: &mut Texts) -> (Vec<Made>, Vec<Made>) {
    let mut before = Vec::new();
    let mut after = Vec::new();
    for number in 0..how_many() {
        let name = live.name(&format!("t{number}"));
        let structure = (texts.next(), nested(texts));
        let columns = Columns::new(texts, 20);
        let keys: Vec<String> = (0..6).map(|_| texts.next()).collect();
        let (first, defaults) = columns.first();
        before.push(Made { table: around(name.clone(), &structure, first, texts, &keys[..4]), defaults });
        let (second, defaults) = columns.changed(texts);
        after.push(Made { table: around(name, &structure, second, texts, &keys[2..]), defaults });
    }
    (before, after)
}

/// Every text of a table with its place, spelled as it is. Of its properties those that are declared: others are its own.
fn told(table: &ObservedTable, declared: &DesiredTable) -> Vec<(String, String)> {
    let mut told = vec![("comment".to_owned(), table.comment.clone().unwrap_or_default())];
    for column in &table.columns {
        fields(&Path::table(), &column.field, &mut told);
        let default = column.default.iter().map(|default| ("default".to_owned(), default.text().to_owned()));
        told.extend(default);
    }
    // Delta keeps the names of checks in lower case, and joins their tokens anew.
    told.extend(
        table.checks.iter().map(|(name, check)| (name.as_str().to_lowercase(), format!("{:?}", check.tokens()))),
    );
    let ours = table.properties.iter().filter(|(key, _)| declared.properties.contains_key(*key));
    told.extend(ours.map(|(key, value)| (key.clone(), value.clone())));
    told.sort();
    told
}

fn fields(parent: &Path, field: &Field, told: &mut Vec<(String, String)>) {
    let path = parent.field(&field.name);
    told.push((path.to_string(), field.comment.as_deref().unwrap_or_default().to_owned()));
    let elements = field.data_type.as_array().map(|array| &array.element);
    let below = if elements.is_some() { path.join(Step::Element) } else { path };
    let inner = elements.unwrap_or(&field.data_type).as_struct().unwrap_or_default();
    inner.iter().for_each(|field| fields(&below, field, told));
}

/// Holds every text of the declaration against the server's, and what defaults mean against the row that they fill.
async fn check(live: &Live, made: &[Made], texts: &mut Vec<String>) {
    let registry = crate::support::registry(made.iter().map(|made| made.table.clone()).collect());
    let names: Vec<String> = registry.tables().iter().map(|table| table.desired.name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let by_logs: Vec<Observation> = live.observe_with(&live.catalog, &names).await;
    let by_name = live.observe_with(&live.catalog.clone().one_by_one(), &names).await;
    for (index, table) in registry.tables().iter().enumerate() {
        let desired = &table.desired;
        let (observed, described) = (present(&by_logs[index]), present(&by_name[index]));
        let declared = ObservedTable {
            comment: desired.comment.clone(),
            columns: desired.columns.clone(),
            checks: desired.checks.clone(),
            properties: desired
                .properties
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), value.clone()?)))
                .collect(),
            ..observed.clone()
        };
        let expected = told(&declared, desired);
        assert_eq!(told(observed, desired), expected, "{}", desired.name);
        assert_eq!(told(described, desired), expected, "{}", desired.name);
        texts.extend(expected.into_iter().flat_map(|(place, text)| [place, text]));
    }
    for made in made {
        let name = registry_name(&made.table);
        live.run(&format!("INSERT INTO {name} (id) VALUES (-1)")).await;
        let answer = live.other.query(&format!("SELECT * FROM {name} ORDER BY id LIMIT 1")).await.expect("a row");
        let rows = answer.rows().expect("rows");
        let row = rows.first().expect("a row");
        for (column, text) in &made.defaults {
            assert_eq!(row.text(column), Ok(Some(text.as_str())), "{name} {column}");
        }
    }
}

fn registry_name(table: &Table) -> String {
    crate::support::registry(vec![table.clone()]).tables()[0].desired.name.to_string()
}

fn how_many() -> usize {
    let said = std::env::var("DELTA_ENGINE_HOSTILE").ok();
    said.map_or(TABLES, |said| said.parse().expect("a number of tables"))
}

async fn count(live: &Live, query: &str) -> Option<i64> {
    live.other.query(query).await.expect(query).rows().expect("rows").first()?.integer("n").expect("a number")
}

#[tokio::test]
async fn hostile_names_and_texts_come_back_unchanged_from_the_newest_spark() {
    let Some(live) = live("hostile").await else { return };
    let schema = live.schema.as_str();
    live.run(&format!("CREATE SCHEMA {schema}")).await;
    live.run(&format!("CREATE TABLE {schema}.sentinel (a INT) USING delta")).await;
    live.run(&format!("INSERT INTO {schema}.sentinel VALUES (1)")).await;
    let mut texts = Texts::new(11);
    let (before, after) = tables(&live, &mut texts);
    let mut seen = Vec::new();
    for made in [&before, &after] {
        live.sync(made.iter().map(|made| made.table.clone()).collect()).await;
        check(&live, made, &mut seen).await;
    }
    seen.sort();
    seen.dedup();
    println!("{} texts made, {} different ones came back from {} tables", texts.made, seen.len(), how_many());
    assert!(seen.len() >= how_many() * TEXTS_OF_A_TABLE);

    assert_eq!(count(&live, &format!("SELECT count(*) AS n FROM {schema}.sentinel WHERE a = 1")).await, Some(1));
    assert_eq!(count(&live, &format!("SELECT count(*) AS n FROM {schema}.sentinel")).await, Some(1));
    let history = live.other.show(&format!("DESCRIBE HISTORY {schema}.sentinel")).await.expect("a history");
    assert_eq!(history.rows().expect("rows").len(), 2, "somebody changed the sentinel");
    let shown = live.other.show(&format!("SHOW TABLES IN {schema}")).await.expect("tables");
    assert_eq!(shown.rows().expect("rows").len(), how_many() + 1, "somebody made a table");
    live.end().await;
}

#[tokio::test]
async fn every_literal_and_identifier_is_read_back_by_the_newest_spark() {
    let Some(live) = live("quotes").await else { return };
    let mut texts = Texts::new(12);
    let mut read = 0;
    live.other.set(&[("spark.sql.variable.substitute", "false")]).await.expect("a setting");
    for substitutes in ["true", "false"] {
        for _ in 0..12 {
            let pairs: Vec<(String, String)> = (0..50).map(|_| (texts.next(), texts.next())).collect();
            // A name can't be protected from substitution, which statements with `${` in names are refused for.
            let kept = |(_, name): &&(String, String)| substitutes == "false" || !name.contains("${");
            let pairs: Vec<&(String, String)> = pairs.iter().filter(kept).collect();
            let item = |(text, name): &&(String, String)| {
                format!("{} AS {}", literal(text), identifier(&Identifier::new(name.as_str())))
            };
            let query = format!("SELECT {}", pairs.iter().map(item).collect::<Vec<_>>().join(", "));
            live.other.set(&[("spark.sql.variable.substitute", substitutes)]).await.expect("a setting");
            let rows = live.other.query(&query).await.expect("a row").rows().expect("rows");
            let row = rows.first().expect("a row");
            let names: Vec<String> = row.columns().collect();
            let expected: Vec<&str> = pairs.iter().map(|(_, name)| name.as_str()).collect();
            assert_eq!(names, expected);
            for (text, name) in &pairs {
                assert_eq!(row.text(name), Ok(Some(text.as_str())), "{name:?}");
                read += 1;
            }
        }
    }
    println!("{read} literals and as many names read back");
    assert!(read >= 1_000);
    live.end().await;
}
