//! Small scenarios, one change each: a table as it is declared first, and then.
//!
//! Every backend gets the same list: what it can do lands, and what it can't is refused in the plan. Together they are every
//! action that a backend without keys and tags may be asked for. Knows no backend.

use delta_engine_schema::draft::{
    ClusteringDraft, ColumnDraft, FieldDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
};
use delta_engine_schema::model::{DataType, Field, Identity};

/// One change of one table.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The kind of the action that it is about.
    pub action: &'static str,
    /// What is special about it.
    pub case: &'static str,
    /// The table before; none where it is created.
    pub before: Option<TableDraft>,
    /// The table after.
    pub after: TableDraft,
}

/// Every scenario, its table in the schema.
pub fn scenarios(schema: &str) -> Vec<Scenario> {
    let mut scenarios = creations();
    scenarios.extend(properties());
    scenarios.extend(columns());
    scenarios.extend(details());
    for (index, scenario) in scenarios.iter_mut().enumerate() {
        let name = format!("{schema}.t{index:02}_{}", scenario.action);
        scenario.before.iter_mut().chain([&mut scenario.after]).for_each(|table| table.name.clone_from(&name));
    }
    scenarios
}

fn create(case: &'static str, after: TableDraft) -> Scenario {
    Scenario { action: "create_table", case, before: None, after }
}

fn change(action: &'static str, case: &'static str, before: TableDraft, after: TableDraft) -> Scenario {
    Scenario { action, case, before: Some(before), after }
}

fn creations() -> Vec<Scenario> {
    let types = "id: bigint not null comment 'the key', b: tinyint, c: smallint, d: int, e: float, f: double, \
                 g: decimal(38,10), h: boolean, i: binary, j: date, k: timestamp, l: string, \
                 m: struct<x: int not null comment 'inner', y: array<map<string, int>>>";
    let computed = "at: timestamp, day: date, number: bigint";
    let identity = Identity { start: 5, increment: 2, always: true };
    let keyed = "id: bigint not null, country: string";
    vec![
        create("columns of every plain type, with comments and NOT NULL", table(types)),
        create("a comment", table("a: int").commented("It's one row; per -- \"customer\"\nand day")),
        create("partitions", table("a: int, day: date, country: string").partitioned(&["country", "day"])),
        create("clustering", table("a: int, s: struct<x: int>").clustered(&["s.x", "a"])),
        create(
            "clustering by columns of the server's choice",
            table("a: int").with(|table| {
                table.clustered_by = Some(ClusteringDraft::Auto);
            }),
        ),
        create("a default", table("a: int, b: string").column("b", |column| column.default = text("'it''s new'"))),
        create(
            "a generated column",
            table(computed).column("day", |column| column.generated = text("CAST(at AS DATE)")),
        ),
        create("an identity column", table(computed).column("number", |column| column.identity = Some(identity))),
        create(
            "checks",
            table("a: int, b: string").constrained("valid", "a > 0 AND b <> ''").constrained("odd name", "a <> 7"),
        ),
        create("column mapping, for names with blanks", table("`order date`: date, `a,b`: int").mapped()),
        create("timestamp_ntz", table("a: timestamp_ntz")),
        create("variant", table("a: variant")),
        create("char and varchar", table("a: char(3), b: varchar(10)")),
        create("char and varchar inside a column", table("s: struct<a: varchar(3)>, l: array<char(2)>")),
        create("a collation", table("a: string collate utf8_lcase")),
        create("elements and values that are NOT NULL", table("a: array<string not null>")),
        create("a change data feed", table("a: int").property("delta.enableChangeDataFeed", "true")),
        create("deletion vectors", table("a: int").property("delta.enableDeletionVectors", "true")),
        create("row tracking", table("a: int").property("delta.enableRowTracking", "true")),
        create("in-commit timestamps", table("a: int").property("delta.enableInCommitTimestamps", "true")),
        create("properties of one's own", table("a: int").property("team's", "a \"value\" \\ with ${x}")),
        create(
            "keys and tags",
            table(keyed).column("id", |column| column.tags = tags()).with(|table| {
                table.primary_key =
                    Some(PrimaryKeyDraft { columns: vec!["id".to_owned()], ..PrimaryKeyDraft::default() });
                table.foreign_keys = vec![ForeignKeyDraft {
                    columns: vec!["country".to_owned()],
                    references: "elsewhere.countries".to_owned(),
                    referenced_columns: vec!["code".to_owned()],
                    ..ForeignKeyDraft::default()
                }];
                table.tags = tags();
            }),
        ),
    ]
}

fn properties() -> Vec<Scenario> {
    let plain = || table("a: int");
    let set = |case: &'static str, value: &str| change("set_property", case, plain(), plain().property(case, value));
    vec![
        change(
            "enable_feature",
            "one that a property names",
            plain(),
            plain().property("delta.feature.deletionVectors", "supported"),
        ),
        change("enable_feature", "column mapping", plain(), plain().mapped()),
        change("enable_feature", "the one that timestamp_ntz needs", plain(), table("a: int, b: timestamp_ntz")),
        change(
            "set_property",
            "one of one's own",
            plain().property("team.owner", "a"),
            plain().property("team.owner", "it's b"),
        ),
        set("delta.appendOnly", "true"),
        set("delta.logRetentionDuration", "interval 60 days"),
        set("delta.enableChangeDataFeed", "true"),
        set("delta.enableDeletionVectors", "true"),
        set("delta.enableTypeWidening", "true"),
        set("delta.enableInCommitTimestamps", "true"),
        set("delta.enableRowTracking", "true"),
        set("delta.checkpointPolicy", "v2"),
        set("delta.dataSkippingStatsColumns", "a"),
        change("unset_property", "one of one's own", plain().property("team.owner", "a"), plain().unset("team.owner")),
        change(
            "unset_property",
            "delta.appendOnly",
            plain().property("delta.appendOnly", "true"),
            plain().unset("delta.appendOnly"),
        ),
    ]
}

fn columns() -> Vec<Scenario> {
    let nested = "a: int, s: struct<x: int, y: int>, l: array<struct<e: int>>";
    let mapped = || table("a: int, b: string, s: struct<x: int, y: int>").mapped();
    let widening = |columns| table(columns).property("delta.enableTypeWidening", "true");
    let former = |name: &str| vec![name.to_owned()];
    vec![
        change("rename_column", "a column", mapped(), {
            table("a: int, `b c`: string, s: struct<x: int, y: int>").mapped().column("b c", |column| {
                column.renamed_from = former("b");
            })
        }),
        change("rename_column", "a nested field", mapped(), {
            table("a: int, b: string, s: struct<x: int, z: int>").mapped().column("s", |column| {
                column.fields.push(FieldDraft {
                    path: "z".to_owned(),
                    renamed_from: former("y"),
                    ..FieldDraft::default()
                });
            })
        }),
        change(
            "rename_column",
            "a partition column",
            table("a: int, day: date").mapped().partitioned(&["day"]),
            table("a: int, on: date")
                .mapped()
                .partitioned(&["on"])
                .column("on", |column| column.renamed_from = former("day")),
        ),
        change("move_column", "columns", table("a: int, b: int, c: int"), table("c: int, b: int, a: int")),
        change(
            "move_column",
            "nested fields",
            table("a: int, s: struct<x: int, y: int, z: int>"),
            table("a: int, s: struct<z: int, x: int, y: int>"),
        ),
        change(
            "add_column",
            "columns at the end",
            table("a: int"),
            table("a: int, b: decimal(10,2) comment 'It''s \"new\"', c: struct<x: int>"),
        ),
        change(
            "add_column",
            "columns between others",
            table("a: int, z: int"),
            table("f: int, a: int, m: date, z: int"),
        ),
        change(
            "add_column",
            "nested fields, of elements too",
            table(nested),
            table("a: int, s: struct<w: string, x: int, y: int>, l: array<struct<e: int, f: int>>"),
        ),
        change("add_column", "a variant", table("a: int"), table("a: int, v: variant")),
        change(
            "add_column",
            "a column with a default",
            table("a: int"),
            table("a: int, b: int").column("b", |column| column.default = text("1 + 1")),
        ),
        change("alter_column_type", "a column", widening("a: int, b: float"), widening("a: bigint, b: double")),
        change("alter_column_type", "a nested field", widening("s: struct<x: int>"), widening("s: struct<x: bigint>")),
        change(
            "alter_column_type",
            "elements, keys and values",
            widening("l: array<int>, m: map<int, int>"),
            widening("l: array<bigint>, m: map<bigint, bigint>"),
        ),
        change("alter_column_type", "decimals", widening("a: decimal(10,2)"), widening("a: decimal(14,4)")),
        change("alter_column_type", "date to timestamp_ntz", widening("a: date"), widening("a: timestamp_ntz")),
        change("alter_column_type", "a longer varchar", table("a: varchar(5)"), table("a: varchar(9)")),
        change("drop_column", "a column", mapped(), table("a: int, s: struct<x: int, y: int>").mapped()),
        change("drop_column", "a nested field", mapped(), table("a: int, b: string, s: struct<x: int>").mapped()),
    ]
}

fn details() -> Vec<Scenario> {
    let plain = || table("a: int, b: string");
    let defaulted = |default: &str| plain().column("a", |column| column.default = text(default));
    let strict = "a: int not null, s: struct<x: int not null>";
    let commented = "a: int comment 'x', b: string, s: struct<x: int comment 'in'>";
    vec![
        change("set_clustering", "set", plain(), plain().clustered(&["a"])),
        change("set_clustering", "changed", plain().clustered(&["a"]), plain().clustered(&["b", "a"])),
        change("set_clustering", "removed", plain().clustered(&["a"]), plain()),
        change("drop_column_not_null", "a column", table(strict), table("a: int, s: struct<x: int not null>")),
        change("drop_column_not_null", "a nested field", table(strict), table("a: int not null, s: struct<x: int>")),
        change("set_column_not_null", "a column", table("a: int"), table("a: int not null")),
        change("set_column_default", "a number", plain(), defaulted("7")),
        change("set_column_default", "an expression", plain(), defaulted("1 + 1")),
        change("set_column_default", "a text", plain(), plain().column("b", |column| column.default = text("'it''s'"))),
        change("drop_column_default", "a column's", defaulted("1 + 1"), plain()),
        change("set_column_comment", "of a column", plain(), table("a: int comment 'It''s \\\\ \u{1f980}', b: string")),
        change(
            "set_column_comment",
            "of a nested field",
            table("a: int, s: struct<x: int>"),
            table("a: int, s: struct<x: int comment 'in'>"),
        ),
        change("set_column_comment", "removed", table(commented), table("a: int, b: string, s: struct<x: int>")),
        change("set_table_comment", "set", plain(), plain().commented("it's \\ \n ${env:HOME} \u{1f600}")),
        change("set_table_comment", "removed", plain().commented("x"), plain()),
        change("add_check", "a check", plain(), plain().constrained("valid", "a > 0 AND b IN ('x', 'it''s')")),
        change("drop_check", "a check", plain().constrained("valid", "a > 0"), plain()),
    ]
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn tags() -> Vec<(String, String)> {
    vec![("pii".to_owned(), "yes".to_owned())]
}

/// A table of these columns, written like the fields of a struct.
fn table(columns: &str) -> TableDraft {
    let parsed: Result<DataType, _> = format!("struct<{columns}>").parse();
    let column = |field: &Field| ColumnDraft {
        nullable: field.nullable,
        comment: field.comment.as_ref().map(ToString::to_string),
        ..ColumnDraft::new(field.name.as_str(), TypeDraft::Type(field.data_type.clone()))
    };
    let fields = parsed.as_ref().ok().and_then(DataType::as_struct).unwrap_or_default();
    TableDraft { columns: fields.iter().map(column).collect(), ..TableDraft::new("t") }
}

/// Changes of a draft, one after the other.
trait Said: Sized {
    fn with(self, change: impl FnOnce(&mut TableDraft)) -> Self;

    fn commented(self, comment: &str) -> Self {
        self.with(|table| table.comment = text(comment))
    }

    fn property(self, key: &str, value: &str) -> Self {
        self.with(|table| table.properties.push((key.to_owned(), text(value))))
    }

    fn unset(self, key: &str) -> Self {
        self.with(|table| table.properties.push((key.to_owned(), None)))
    }

    fn mapped(self) -> Self {
        self.property("delta.columnMapping.mode", "name")
    }

    fn partitioned(self, columns: &[&str]) -> Self {
        self.with(|table| table.partitioned_by = Some(columns.iter().map(ToString::to_string).collect()))
    }

    fn clustered(self, columns: &[&str]) -> Self {
        let columns = columns.iter().map(ToString::to_string).collect();
        self.with(|table| table.clustered_by = Some(ClusteringDraft::By(columns)))
    }

    fn constrained(self, name: &str, condition: &str) -> Self {
        self.with(|table| table.checks.push((name.to_owned(), condition.to_owned())))
    }

    fn column(self, name: &str, change: impl FnOnce(&mut ColumnDraft)) -> Self {
        self.with(|table| table.columns.iter_mut().filter(|column| column.name == name).take(1).for_each(once(change)))
    }
}

impl Said for TableDraft {
    fn with(mut self, change: impl FnOnce(&mut TableDraft)) -> Self {
        change(&mut self);
        self
    }
}

/// A change as something that is done for each of at most one.
fn once<T>(change: impl FnOnce(&mut T)) -> impl FnMut(&mut T) {
    let mut change = Some(change);
    move |of| change.take().into_iter().for_each(|change| change(of))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use delta_engine_schema::{Action, diff, simulate};

    use super::*;

    #[test]
    fn each_is_sound_and_about_its_action() {
        let mut names = BTreeSet::new();
        for scenario in scenarios("s") {
            let shown = format!("{}: {}", scenario.action, scenario.case);
            assert!(names.insert(scenario.after.name.clone()), "{shown}");
            let check =
                |table: &TableDraft| table.clone().check().unwrap_or_else(|faults| panic!("{shown}: {faults:?}"));
            let after = check(&scenario.after);
            assert!(!after.columns.is_empty(), "{shown}");
            let observed = scenario.before.as_ref().map(|before| {
                let create = Action::CreateTable { table: Box::new(check(before)) };
                simulate(None, &[create], "id").expect("a table")
            });
            let actions = diff(&after, observed.as_ref()).actions;
            assert!(actions.iter().any(|action| action.kind() == scenario.action), "{shown}: {actions:?}");
        }
    }
}
