//! Small tables with real parquet files and deletion vectors; and every fixture, statistics against data.

use std::path::PathBuf;
use std::sync::Arc;

use delta_engine_application::port::Relation;
use delta_engine_schema::model::{Expression, Path, TableName};
use deltalake::arrow::array::{ArrayRef, Int64Array, ListArray, RecordBatch, StructArray};
use deltalake::arrow::datatypes::Int64Type;
use deltalake::parquet::arrow::ArrowWriter;
use futures::executor::block_on;
use roaring::RoaringTreemap;

use super::*;
use crate::storage::LocalFiles;

const SCHEMA: &str = r#"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"s\",\"type\":{\"type\":\"struct\",\"fields\":[{\"name\":\"f\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"late\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]},\"nullable\":true,\"metadata\":{}},{\"name\":\"list\",\"type\":{\"type\":\"array\",\"elementType\":\"long\",\"containsNull\":true},\"nullable\":true,\"metadata\":{}},{\"name\":\"late\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}},{\"name\":\"day\",\"type\":\"date\",\"nullable\":true,\"metadata\":{}}]}"#;

struct Lab {
    folder: tempfile::TempDir,
    lines: String,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("_delta_log")).unwrap();
        let lines = format!(
            "{{\"protocol\":{{\"minReaderVersion\":1,\"minWriterVersion\":2}}}}\n{{\"metaData\":{{\"id\":\"t\",\"schemaString\":\"{SCHEMA}\",\"partitionColumns\":[\"day\"],\"configuration\":{{}}}}}}\n"
        );
        Self { folder, lines }
    }

    /// A file whose rows are null in `id` and `s.f` where these are; the second row's `s` is null, the list's second element too.
    fn file(mut self, name: &str, ids: &[Option<i64>], stats: &str, deleted: &[u64]) -> Self {
        let id: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
        let parents = (0..ids.len()).map(|row| row != 1).collect::<Vec<bool>>();
        let field =
            Arc::new(deltalake::arrow::datatypes::Field::new("f", deltalake::arrow::datatypes::DataType::Int64, true));
        let s = StructArray::new(vec![field].into(), vec![id.clone()], Some(parents.into()));
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>(ids.iter().map(|_| Some(vec![Some(1), None])));
        let batch = RecordBatch::try_from_iter([("id", id), ("s", Arc::new(s) as _), ("list", Arc::new(list) as _)]);
        let batch = batch.unwrap();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        std::fs::write(self.folder.path().join(name), &bytes).unwrap();
        let vector =
            if deleted.is_empty() { String::new() } else { format!(",\"deletionVector\":{}", inline(deleted)) };
        let stats = if stats.is_empty() {
            String::new()
        } else {
            format!(",\"stats\":{}", serde_json::to_string(stats).unwrap())
        };
        let partition = match name {
            name if name.starts_with("nowhen") => "\"day\":null",
            // As a checkpoint that was read may have it.
            name if name.starts_with("leftout") => "",
            _ => "\"day\":\"2026-01-01\"",
        };
        self.lines += &format!(
            "{{\"add\":{{\"path\":\"{}\",\"partitionValues\":{{{partition}}},\"size\":{},\"modificationTime\":0,\"dataChange\":true{stats}{vector}}}}}\n",
            name.replace(' ', "%20"),
            bytes.len()
        );
        self
    }

    fn check_condition(&self, condition: &str, effort: Effort, expected: &str) {
        self.ask(Statement::AllRows(Expression::parse(condition).unwrap()), effort, expected);
    }

    fn check(&self, path: &str, effort: Effort, expected: &str) {
        let mut way = Path::table();
        for part in path.split('.') {
            way = match part {
                "element" => way.join(delta_engine_schema::model::Step::Element),
                name => way.field(&name.into()),
            };
        }
        self.ask(Statement::NoNulls(way), effort, expected);
    }

    fn ask(&self, statement: Statement, effort: Effort, expected: &str) {
        std::fs::write(self.folder.path().join("_delta_log/00000000000000000000.json"), &self.lines).unwrap();
        let relation = Relation { name: TableName::bare("t"), location: None };
        let question = Question { relation, version: 0, statement, effort, proven_at: None };
        let answers = block_on(answers(&LocalFiles::new(self.folder.path()), 0, &[&question]));
        assert_eq!(show(&answers[0]), expected, "{:?}", question.statement);
    }
}

fn show(answer: &Answer) -> String {
    match answer {
        Answer::Proven => "proven".to_owned(),
        Answer::Refuted { example } => example.clone(),
        Answer::NeedsScan { files, .. } => format!("scan {files}"),
        Answer::Unknowable { why } => format!("unknowable: {why}"),
    }
}

fn inline(deleted: &[u64]) -> String {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    deleted.iter().copied().collect::<RoaringTreemap>().serialize_into(&mut bytes).unwrap();
    let size = bytes.len();
    bytes.resize(size.next_multiple_of(4), 0);
    let encoded = serde_json::to_string(&z85::encode(&bytes)).unwrap();
    format!(
        "{{\"storageType\":\"i\",\"pathOrInlineDv\":{encoded},\"sizeInBytes\":{size},\"cardinality\":{}}}",
        deleted.len()
    )
}

#[test]
fn statistics_prove_refute_or_leave_open() {
    let none = r#"{"numRecords":2,"nullCount":{"id":0,"s":{"f":0}}}"#;
    let lab = Lab::new().file("a b", &[Some(1), Some(2)], none, &[]);
    lab.check("id", Effort::Statistics, "proven");
    lab.check("ID", Effort::Statistics, "proven");
    lab.check("s", Effort::Statistics, "proven");
    lab.check("s.f", Effort::Statistics, "proven");
    lab.check("day", Effort::Statistics, "proven");
    lab.check("list", Effort::Statistics, "scan 1");
    lab.check("list.element", Effort::Statistics, "scan 1");
    lab.check("nothing", Effort::Statistics, "unknowable: there is no column `nothing` in version 0");

    let some = r#"{"numRecords":2,"nullCount":{"id":1,"s":{"f":1},"list":1}}"#;
    let lab = lab.file("c", &[Some(1), None], some, &[]);
    lab.check("id", Effort::Statistics, "1 of 2 rows of `c` have no `id`");
    lab.check("s.f", Effort::Statistics, "scan 1");
    lab.check("list", Effort::Statistics, "scan 2");

    let wide = r#"{"numRecords":2,"tightBounds":false,"nullCount":{"id":1}}"#;
    Lab::new().file("d", &[Some(1), None], wide, &[]).check("id", Effort::Statistics, "scan 1");
    Lab::new().file("e", &[Some(1), None], some, &[1]).check("id", Effort::Statistics, "scan 1");
    Lab::new().file("f", &[Some(1), None], some, &[0, 1]).check("id", Effort::Statistics, "proven");
    Lab::new().file("g", &[Some(1)], "", &[]).check("id", Effort::Statistics, "scan 1");
    Lab::new().file("g", &[Some(1)], "no json", &[]).check("id", Effort::Statistics, "scan 1");
    let lab = Lab::new().file("nowhen", &[Some(1)], r#"{"numRecords":1}"#, &[]);
    lab.check("day", Effort::Statistics, "`nowhen` is in a partition without a value of `day`");
}

#[test]
fn data_decides_what_statistics_leave_open() {
    let lab = Lab::new().file("a b", &[Some(1), Some(2), Some(3)], "", &[]);
    lab.check("id", Effort::Scan, "proven");
    lab.check("s", Effort::Scan, "1 values of `s` are null in `a%20b` (3 rows)");
    lab.check("s.f", Effort::Scan, "proven");
    lab.check("list", Effort::Scan, "proven");
    lab.check("list.element", Effort::Scan, "3 values of `list.element` are null in `a%20b` (3 rows)");
    lab.check("late", Effort::Scan, "3 values of `late` are null in `a%20b` (3 rows)");
    lab.check("s.late", Effort::Scan, "2 values of `s.late` are null in `a%20b` (3 rows)");
}

#[test]
fn deleted_rows_are_no_rows() {
    Lab::new().file("a", &[Some(1), None, Some(3)], "", &[1]).check("id", Effort::Scan, "proven");
    Lab::new().file("a", &[Some(1), None, Some(3)], "", &[1]).check("s", Effort::Scan, "proven");
    Lab::new().file("a", &[Some(1), None, Some(3)], "", &[0, 1, 2]).check("late", Effort::Scan, "proven");
    let lab = Lab::new().file("a", &[Some(1), None, Some(3)], "", &[0]);
    lab.check("id", Effort::Scan, "1 values of `id` are null in `a` (2 rows)");
}

#[test]
fn files_that_are_gone_are_unknowable() {
    let lab = Lab::new().file("a", &[Some(1)], "", &[]);
    std::fs::remove_file(lab.folder.path().join("a")).unwrap();
    lab.check("id", Effort::Scan, "unknowable: `a` can't be read: No such file or directory (os error 2)");
}

#[test]
fn conditions_are_proved_by_bounds() {
    let stats = r#"{"numRecords":2,"minValues":{"id":1},"maxValues":{"id":9},"nullCount":{"id":0}}"#;
    let lab = Lab::new().file("a", &[Some(1), Some(9)], stats, &[]);
    lab.check_condition("id > 0", Effort::Statistics, "proven");
    lab.check_condition("id BETWEEN 1 AND 9 AND day = DATE '2026-01-01'", Effort::Statistics, "proven");
    lab.check_condition("id > 9", Effort::Statistics, "no row of `a` satisfies id > 9");
    lab.check_condition("id > 5", Effort::Statistics, "scan 1");
    lab.check_condition("late IS NULL", Effort::Statistics, "scan 1");
    let nulls = r#"{"numRecords":2,"minValues":{"id":1},"maxValues":{"id":1},"nullCount":{"id":1}}"#;
    let lab = Lab::new().file("a", &[Some(1), None], nulls, &[]);
    lab.check_condition("id > 0", Effort::Statistics, "scan 1");
    lab.check_condition("id > 0 OR id IS NULL", Effort::Statistics, "proven");
    for name in ["nowhen", "leftout"] {
        let lab = Lab::new().file(name, &[Some(1)], r#"{"numRecords":1}"#, &[]);
        lab.check_condition("day IS NULL OR day >= DATE '2020-01-01'", Effort::Statistics, "proven");
        lab.check_condition(
            "day IS NOT NULL",
            Effort::Statistics,
            &format!("no row of `{name}` satisfies day IS NOT NULL"),
        );
    }
}

#[test]
fn conditions_are_proved_by_data() {
    let lab = || Lab::new().file("a", &[Some(1), None, Some(3)], "", &[]);
    lab().check_condition("id > 0 OR id IS NULL", Effort::Scan, "proven");
    lab().check_condition("id > 0", Effort::Scan, "a row of `a` with id = null");
    lab().check_condition("id <> 3 OR id IS NULL", Effort::Scan, "a row of `a` with id = 3");
    lab().check_condition("late IS NULL AND day >= DATE '2020-01-01'", Effort::Scan, "proven");
    lab().check_condition("late > 0", Effort::Scan, "a row of `a` with late = null");
    lab().check_condition("s IS NOT NULL", Effort::Scan, "a row of `a` with s = null");
    Lab::new().file("a", &[Some(1), None, Some(3)], "", &[1]).check_condition("id > 0", Effort::Scan, "proven");
}

#[test]
fn conditions_outside_the_language_are_unknowable_unless_there_are_no_rows() {
    let lab = Lab::new().file("a", &[Some(1)], "", &[]);
    lab.check_condition(
        "abs(id) > 0",
        Effort::Scan,
        "unknowable: the function `abs` is beyond what can be proved here",
    );
    Lab::new().check_condition("abs(id) > 0", Effort::Statistics, "proven");
}

#[test]
fn only_files_that_came_since_the_proof_are_in_question() {
    let one = r#"{"numRecords":1,"nullCount":{"id":1}}"#;
    let none = r#"{"numRecords":1,"nullCount":{"id":0}}"#;
    let lab = Lab::new().file("old", &[None], one, &[]);
    lab.check("id", Effort::Statistics, "1 of 1 rows of `old` have no `id`");
    let commit = |version: u64, file: &str, stats: &str| {
        let mut next = Lab::new();
        next.lines.clear();
        let text = next.file(file, &[Some(1)], stats, &[]).lines;
        std::fs::write(lab.folder.path().join(format!("_delta_log/{version:020}.json")), text).unwrap();
    };
    let check = |version: u64, proven_at: Option<u64>, expected: &str| {
        let relation = Relation { name: TableName::bare("t"), location: None };
        let statement = Statement::NoNulls(Path::column("id"));
        let question = Question { relation, version, statement, effort: Effort::Statistics, proven_at };
        let files = LocalFiles::new(lab.folder.path());
        let answers = block_on(answers(&files, version, &[&question]));
        assert_eq!(show(&answers[0]), expected);
    };
    commit(1, "new", none);
    check(1, Some(0), "proven");
    check(1, Some(1), "proven");
    check(1, Some(7), "1 of 1 rows of `old` have no `id`");
    check(1, None, "1 of 1 rows of `old` have no `id`");
    commit(2, "newest", one);
    check(2, Some(0), "1 of 1 rows of `newest` have no `id`");
    check(1, Some(0), "proven");
}

/// The claim of statistics and the truth of the data, for each column of each fixture, nested ones too.
#[test]
fn statistics_never_contradict_the_data_of_any_fixture() {
    let root = std::env::var_os("DELTA_ENGINE_FIXTURES")
        .map(PathBuf::from)
        .unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/fixtures"));
    if !root.is_dir() {
        println!("skipped: fixtures absent");
        return;
    }
    let folders =
        ["delta-kernel-rs", "delta-rs"].iter().flat_map(|source| std::fs::read_dir(root.join(source)).unwrap());
    let mut tallies = std::collections::BTreeMap::<String, usize>::new();
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let files = LocalFiles::new(&folder);
        let Ok(Some(state)) = block_on(read_state(&files, None)) else { continue };
        let table = crate::observe(&TableName::bare("t"), None, &state).unwrap();
        let mut paths = Vec::new();
        for column in &table.columns {
            paths.push(Path::column(column.name().clone()));
            for field in column.data_type().as_struct().unwrap_or_default() {
                paths.push(Path::column(column.name().clone()).field(&field.name));
            }
        }
        let targets: Vec<Target> = paths.iter().map(|path| Target::resolve(&state, path).unwrap()).collect();
        let columns: Vec<Vec<String>> = targets.iter().map(Target::statistics_path).collect();
        let data = block_on(data_files(&files, state.version, None, &columns)).unwrap().unwrap();
        for (index, target) in targets.iter().enumerate() {
            for file in &data {
                let verdict = judge::judge(file, index, target);
                let scanned = if target.is_partition { Ok(None) } else { block_on(scan::scan(&files, file, target)) };
                let outcome = match (&verdict, &scanned) {
                    (_, Err(_)) => "unread",
                    (Verdict::Proven, Ok(None)) => "proven",
                    (Verdict::Refuted(_), Ok(Some(_))) => "refuted",
                    (Verdict::Open, Ok(_)) => "open",
                    (Verdict::Refuted(_), Ok(None)) if target.is_partition => "partition",
                    // Its statistics of this column were written by hand; the files do not have it.
                    (Verdict::Proven, Ok(_)) if folder.ends_with("parsed-stats") && columns[index] == ["ts_col"] => {
                        "invented"
                    }
                    (Verdict::Proven | Verdict::Refuted(_), Ok(_)) => {
                        panic!("{} {}: {verdict:?} but {scanned:?}", folder.display(), target.path)
                    }
                };
                *tallies.entry(outcome.to_owned()).or_default() += 1;
                if let Err(error) = scanned
                    && !with_causes(&error).contains("No such file")
                {
                    println!("{} {}: {}", folder.display(), target.path, with_causes(&error));
                }
            }
        }
    }
    println!("{tallies:?}");
    assert!(tallies["proven"] > 100 && tallies["refuted"] > 0);
}
