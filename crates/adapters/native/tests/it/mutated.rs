//! No file makes the reader panic: logs, checkpoints and data files with bytes deleted, put in, turned and cut off.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use delta_engine_application::port::{Answer, Catalog, Effort, Observation, Question, Relation, Statement};
use delta_engine_native::{Lake, NativeCatalog};
use delta_engine_schema::model::{Expression, Path as ColumnPath};
use deltalake::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use deltalake::parquet::arrow::ArrowWriter;

const TABLE: &str = r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}
{"metaData":{"id":"t","format":{"provider":"parquet"},"schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{\"delta.columnMapping.id\":1}}]}","partitionColumns":[],"configuration":{"delta.checkpointInterval":"10"},"createdTime":1}}"#;

const PIECES: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "-1",
    "1e999",
    "9223372036854775807",
    "18446744073709551616",
    "true",
    "\\ud800",
    "\n",
    "0.5",
];

/// A deterministic generator (Knuth's MMIX constants).
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound.max(1)
    }

    /// The bytes with one to three changes behind `from`.
    fn mutated(&mut self, bytes: &[u8], from: usize) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let length = bytes.len();
            let at = from.min(length) + self.below(length.saturating_sub(from));
            let end = (at + 1 + self.below(8)).min(length);
            match self.below(6) {
                0 => drop(bytes.drain(at..end)),
                1 => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
                2 => drop(bytes.splice(at..end, PIECES[self.below(PIECES.len())].bytes())),
                3 if at < length => bytes[at] ^= 1 << self.below(8),
                4 if at < length => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                _ if self.below(4) == 0 => bytes.truncate(at),
                _ => bytes.extend_from_within(at..end),
            }
        }
        bytes
    }
}

/// A data file of ids, one of them null.
fn data() -> Vec<u8> {
    let ids: ArrayRef = Arc::new(Int64Array::from((0..50).map(|id| (id != 7).then_some(id)).collect::<Vec<_>>()));
    let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn add(size: usize) -> String {
    format!(
        r#"{{"add":{{"path":"data.parquet","partitionValues":{{}},"size":{size},"modificationTime":0,"dataChange":true}}}}"#
    )
}

fn write(folder: &Path, files: &[(&str, &[u8])]) {
    std::fs::create_dir_all(folder.join("_delta_log")).unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
}

/// Where the footer of a parquet file begins: nearly everything that can go wrong stands there.
fn footer(bytes: &[u8]) -> usize {
    let (rest, _) = bytes.split_last_chunk::<4>().unwrap();
    let (rest, length) = rest.split_last_chunk::<4>().unwrap();
    rest.len() - usize::try_from(u32::from_le_bytes(*length)).unwrap()
}

/// Reads each table, and asks about the data of those that can be read; how many can, and how many answers tell.
async fn read(tables: &[tempfile::TempDir]) -> (usize, usize) {
    let catalog = NativeCatalog::new(Arc::new(Lake::open("/", BTreeMap::new()).unwrap()));
    let relation = |folder: &tempfile::TempDir| Relation {
        name: "t".parse().unwrap(),
        location: Some(folder.path().to_str().unwrap().to_owned()),
    };
    let relations: Vec<Relation> = tables.iter().map(relation).collect();
    let observed = catalog.observe(&relations).await.unwrap();
    let mut questions = Vec::new();
    for (relation, observation) in relations.iter().zip(&observed) {
        if let Observation::Present(table) = observation {
            let condition = Statement::AllRows(Expression::parse("id >= 0 OR id IS NULL").unwrap());
            for statement in [Statement::NoNulls(ColumnPath::column("id")), condition] {
                let (relation, version) = (relation.clone(), table.version);
                questions.push(Question { relation, version, statement, effort: Effort::Scan, proven_at: None });
            }
        }
    }
    let answers = catalog.probe(&questions).await.unwrap();
    let tell = answers.iter().filter(|answer| matches!(answer, Answer::Proven | Answer::Refuted { .. })).count();
    (questions.len() / 2, tell)
}

/// Many tables whose files `mutate` changes: all of them are read or refused, and there are some of each.
async fn check(seed: u64, mutate: impl Fn(&mut Lcg, &Path)) {
    const TABLES: usize = 300;
    let mut random = Lcg(seed);
    let tables: Vec<tempfile::TempDir> = (0..TABLES).map(|_| tempfile::tempdir().unwrap()).collect();
    tables.iter().for_each(|folder| mutate(&mut random, folder.path()));
    let (readable, tell) = read(&tables).await;
    println!("{readable} of {TABLES} tables can be read, {tell} of {} questions have an answer", readable * 2);
    assert!(readable > 0 && tell > 0 && (readable < TABLES || tell < readable * 2), "{readable}, {tell}");
}

#[tokio::test]
async fn mutated_commits_are_read_or_refused() {
    let data = data();
    let first = format!("{TABLE}\n{}\n", add(data.len()));
    check(1, |random, folder| {
        let commit = random.mutated(first.as_bytes(), 0);
        write(folder, &[("data.parquet", &data), ("_delta_log/00000000000000000000.json", &commit)]);
    })
    .await;
}

#[tokio::test]
async fn mutated_checkpoints_are_read_or_refused() {
    let data = data();
    let whole = super::times::checkpoint(&format!("{TABLE}\n{}", add(data.len())));
    let footer = footer(&whole);
    check(2, |random, folder| {
        let from = if random.below(3) == 0 { 0 } else { footer };
        let checkpoint = random.mutated(&whole, from);
        let hint = random.mutated(br#"{"version":3,"size":3}"#, 0);
        let files: [(&str, &[u8]); 3] = [
            ("data.parquet", &data),
            ("_delta_log/00000000000000000003.checkpoint.parquet", &checkpoint),
            ("_delta_log/_last_checkpoint", &hint),
        ];
        write(folder, &files);
    })
    .await;
}

#[tokio::test]
async fn mutated_data_files_are_read_or_refused() {
    let whole = data();
    let footer = footer(&whole);
    check(3, |random, folder| {
        let from = if random.below(3) == 0 { 0 } else { footer };
        let data = random.mutated(&whole, from);
        // The log says the old length, or the new one.
        let size = if random.below(2) == 0 { whole.len() } else { data.len() };
        let first = format!("{TABLE}\n{}\n", add(size));
        write(folder, &[("data.parquet", &data), ("_delta_log/00000000000000000000.json", first.as_bytes())]);
    })
    .await;
}
