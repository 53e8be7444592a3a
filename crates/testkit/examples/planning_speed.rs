//! How long planning takes, without reading or compiling: 10,000 tables of 100 columns, half of them with changes, a
//! fifth with nested columns. Prints seconds; a benchmark, not a test.

#![expect(clippy::expect_used, reason = "a benchmark's own tables are sound")]

use std::time::{Duration, Instant};

use delta_engine_schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine_schema::model::{DesiredTable, Field, ObservedTable};
use delta_engine_schema::{Action, Outcome, Permission, Policy, TableInput, diff, plan_table, simulate};

const TABLES: usize = 10_000;
const COLUMNS: usize = 100;

fn draft(table: usize, changed: bool) -> TableDraft {
    let mut draft = TableDraft::new(format!("silver.t{table}"));
    let mut names: Vec<usize> = (0..COLUMNS).collect();
    if changed {
        names.swap(10, 60);
        names.retain(|name| *name != 42);
    }
    for name in names {
        let data_type = match name % 10 {
            0 if table.is_multiple_of(5) => {
                "struct<street: string, zip: string, lines: array<struct<sku: string, price: int>>>"
            }
            0..=2 => "bigint",
            3 | 4 => "decimal(10,2)",
            5 => "timestamp",
            6 if changed && name == 6 => "bigint",
            6 => "int",
            _ => "string",
        };
        let mut column = ColumnDraft::new(format!("column_{name:03}"), TypeDraft::Text(data_type.to_owned()));
        column.nullable = name != 0;
        column.comment = (name % 3 == 0).then(|| format!("what column {name} of table {table} is about"));
        if changed && name == 7 {
            column.comment = Some("a new comment".to_owned());
        }
        draft.columns.push(column);
    }
    draft.comment = Some("a table".to_owned());
    for (key, value) in [
        ("delta.columnMapping.mode", "name"),
        ("delta.enableTypeWidening", "true"),
        ("delta.logRetentionDuration", "interval 30 days"),
    ] {
        draft.properties.push((key.to_owned(), Some(value.to_owned())));
    }
    draft
}

/// The table that is there: created from its own declaration, with ids on every field.
fn observed(table: usize) -> ObservedTable {
    let desired = draft(table, false).check().expect("the draft is sound");
    let create = Action::CreateTable { table: Box::new(desired) };
    let mut table = simulate(None, &[create], "id").expect("the plan fits the table");
    table.version = 7;
    table
}

fn plan(pairs: &[(DesiredTable, ObservedTable)], policy: &Policy) -> usize {
    let changes = |(desired, observed): &(DesiredTable, ObservedTable)| {
        let diff = diff(desired, Some(observed));
        let (observed, answers) = (Some(observed), Vec::new());
        let input = TableInput { desired, observed, diff, answers, backend: Vec::new(), residual: Vec::new() };
        let plan = plan_table(input, policy).expect("the plan fits the table");
        assert_ne!(plan.outcome, Outcome::Blocked, "{:?}", plan.findings);
        usize::from(plan.outcome == Outcome::Changes)
    };
    pairs.iter().map(changes).sum()
}

fn timed(run: impl Fn() -> usize) -> (Duration, usize) {
    let best = (0..3).map(|_| {
        let start = Instant::now();
        let changed = run();
        (start.elapsed(), changed)
    });
    best.min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
fn main() {
    let fields = |table: &ObservedTable| {
        let mut count = 0;
        table.columns.iter().for_each(|column| count += 1 + nested(&column.field));
        count
    };
    let pairs: Vec<(DesiredTable, ObservedTable)> = (0..TABLES)
        .map(|table| {
            let desired = draft(table, table % 2 == 1).check().expect("the draft is sound");
            (desired, observed(table))
        })
        .collect();
    let permissions =
        ["drop-column:*", "upgrade-protocol:*"].iter().filter_map(|text| text.parse::<Permission>().ok()).collect();
    let policy = Policy { permissions, ..Policy::default() };
    println!("{} tables, {} fields", pairs.len(), pairs.iter().map(|(_, table)| fields(table)).sum::<usize>());

    let (seconds, changed) = timed(|| plan(&pairs, &policy));
    println!("1 thread   {:.3} s  ({changed} tables with changes)", seconds.as_secs_f64());
    let (seconds, changed) = timed(|| {
        let policy = &policy;
        std::thread::scope(|scope| {
            let halves = pairs.chunks(TABLES.div_ceil(2));
            let workers: Vec<_> = halves.map(|half| scope.spawn(move || plan(half, policy))).collect();
            workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .sum()
        })
    });
    println!("2 threads  {:.3} s  ({changed} tables with changes)", seconds.as_secs_f64());
}

fn nested(field: &Field) -> usize {
    let mut count = 0;
    field.data_type.walk(&mut |data_type| count += data_type.as_struct().map_or(0, <[Field]>::len));
    count
}
