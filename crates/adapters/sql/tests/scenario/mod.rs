//! The tables of the scenarios: how each is, and how it is declared.

#![expect(clippy::expect_used, reason = "helpers of tests fail by panic")]

use delta_engine_schema::draft::{
    ClusteringDraft, ColumnDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
};
use delta_engine_schema::model::{DataType, DesiredTable, Feature, Identity, ObservedTable};
use delta_engine_schema::{Action, simulate};

/// A declaration, and the table there is.
type Scenario = fn() -> (DesiredTable, Option<ObservedTable>);

/// Every scenario by its name, which is that of its file.
pub(crate) const SCENARIOS: &[(&str, Scenario)] = &[
    ("create a table", create_a_table),
    ("create with keys and tags", create_with_keys_and_tags),
    ("create what sql cannot say", create_what_sql_cannot_say),
    ("add columns", add_columns),
    ("change columns", change_columns),
    ("rename and drop columns", rename_and_drop_columns),
    ("move columns", move_columns),
    ("set not null", set_not_null),
    ("set properties", set_properties),
    ("add checks", add_checks),
    ("cluster", cluster),
    ("change keys and tags", change_keys_and_tags),
    ("loosen elements", loosen_elements),
    ("hostile words", hostile_words),
];

/// A table of these columns, written like the fields of a struct.
fn table(columns: &str) -> TableDraft {
    let parsed: DataType = format!("struct<{columns}>").parse().expect("a type");
    let column = |field: &delta_engine_schema::model::Field| ColumnDraft {
        nullable: field.nullable,
        comment: field.comment.as_ref().map(ToString::to_string),
        ..ColumnDraft::new(field.name.as_str(), TypeDraft::Type(field.data_type.clone()))
    };
    TableDraft {
        columns: parsed.as_struct().unwrap_or_default().iter().map(column).collect(),
        ..TableDraft::new("silver.t")
    }
}

trait Said: Sized {
    fn said(self, change: impl FnOnce(&mut TableDraft)) -> Self;

    fn property(self, key: &str, value: &str) -> Self;

    fn mapped(self) -> Self;

    fn column(self, name: &str, change: impl FnOnce(&mut ColumnDraft)) -> Self;
}

impl Said for TableDraft {
    fn said(mut self, change: impl FnOnce(&mut TableDraft)) -> Self {
        change(&mut self);
        self
    }

    fn property(self, key: &str, value: &str) -> Self {
        self.said(|table| table.properties.push((key.to_owned(), Some(value.to_owned()))))
    }

    fn mapped(self) -> Self {
        self.property("delta.columnMapping.mode", "name")
    }

    fn column(mut self, name: &str, change: impl FnOnce(&mut ColumnDraft)) -> Self {
        change(self.columns.iter_mut().find(|column| column.name == name).expect("a column"));
        self
    }
}

fn created(desired: TableDraft) -> (DesiredTable, Option<ObservedTable>) {
    (desired.check().expect("a declaration"), None)
}

fn changed(before: TableDraft, after: TableDraft) -> (DesiredTable, Option<ObservedTable>) {
    let create = Action::CreateTable { table: Box::new(before.check().expect("a declaration")) };
    (after.check().expect("a declaration"), Some(simulate(None, &[create], "id").expect("a table")))
}

fn create_a_table() -> (DesiredTable, Option<ObservedTable>) {
    let columns = "id: bigint not null comment 'the key', created_at: timestamp, local: timestamp_ntz, created_on: date, \
                   status: string, code: char(3), address: struct<street: string not null comment 'First line', zip: varchar(10)>";
    created(
        table(columns)
            .column("created_on", |column| column.generated = Some("CAST(created_at AS DATE)".to_owned()))
            .column("status", |column| column.default = Some("'it''s new'".to_owned()))
            .property("team.owner", "o'hara")
            .property("delta.enableDeletionVectors", "true")
            .said(|table| {
                table.comment = Some("One row per customer".to_owned());
                table.partitioned_by = Some(vec!["created_on".to_owned()]);
                table.location = Some("s3://lake/customers".to_owned());
                table.checks =
                    vec![("valid id".to_owned(), "id > 0".to_owned()), ("coded".to_owned(), "code <> ''".to_owned())];
            }),
    )
}

fn create_with_keys_and_tags() -> (DesiredTable, Option<ObservedTable>) {
    created(
        table("Id: bigint not null, row: bigint, country: string, s: struct<a: int>")
            .column("Id", |column| column.tags = vec![("pii".to_owned(), "yes".to_owned())])
            .column("row", |column| column.identity = Some(Identity { start: 1, increment: 2, always: false }))
            .said(|table| {
                table.clustered_by = Some(ClusteringDraft::By(vec!["COUNTRY".to_owned(), "s.A".to_owned()]));
                table.primary_key =
                    Some(PrimaryKeyDraft { columns: vec!["id".to_owned()], ..PrimaryKeyDraft::default() });
                table.foreign_keys = vec![ForeignKeyDraft {
                    name: Some("fk_country".to_owned()),
                    columns: vec!["COUNTRY".to_owned()],
                    references: "silver.countries".to_owned(),
                    referenced_columns: vec!["code".to_owned()],
                    rely: true,
                    ..ForeignKeyDraft::default()
                }];
                table.tags = vec![("domain".to_owned(), "sales".to_owned()), ("tier".to_owned(), String::new())];
                table.checks = vec![("known".to_owned(), "country IS NOT NULL".to_owned())];
            }),
    )
}

fn create_what_sql_cannot_say() -> (DesiredTable, Option<ObservedTable>) {
    created(
        table("a: array<string not null>, b: string collate utf8_lcase, c: map<int, int>, d: variant")
            .property("delta.feature.brandNew", "supported")
            .property("delta.enableMaterializePartitionColumnsFeature", "true")
            .said(|table| {
                table.clustered_by = Some(ClusteringDraft::Auto);
                table.checks = vec![("all".to_owned(), "forall(a, x -> x <> '')".to_owned())];
            }),
    )
}

fn add_columns() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("id: bigint, s: struct<a: int>, l: array<struct<x: int>>");
    let after = "first: int, second: timestamp_ntz comment 'after a new one', id: bigint, \
                 s: struct<a: int, b: struct<c: string>>, l: array<struct<x: int, y: variant>>, last: date, beyond: string";
    changed(before, table(after).column("beyond", |column| column.default = Some("'x'".to_owned())))
}

fn change_columns() -> (DesiredTable, Option<ObservedTable>) {
    let before = table(
        "a: int not null, b: float, c: varchar(5), d: date, s: struct<x: int not null, y: int>, m: map<int, int>, n: string",
    )
    .column("n", |column| column.default = Some("'old'".to_owned()));
    let after = "a: bigint comment 'wide', b: double, c: varchar(9) comment 'long', d: timestamp_ntz, \
                 s: struct<x: int comment 'loose', y: bigint> comment 'nested', m: map<int, bigint>, n: string";
    changed(
        before,
        table(after)
            .column("a", |column| column.default = Some("0".to_owned()))
            .property("delta.enableTypeWidening", "true")
            .said(|table| table.comment = Some("changed".to_owned())),
    )
}

fn rename_and_drop_columns() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("id: bigint, name: string, note: string, s: struct<a: int, b: int>, gone: int").mapped();
    let before = before.said(|table| {
        table.clustered_by = Some(ClusteringDraft::By(vec!["note".to_owned()]));
        table.checks = vec![("named".to_owned(), "name <> ''".to_owned())];
    });
    let after = table("id: bigint, full_name: string, s: struct<b: int>").mapped().column("full_name", |column| {
        column.renamed_from = vec!["name".to_owned()];
    });
    changed(
        before,
        after.said(|table| {
            table.clustered_by = Some(ClusteringDraft::By(vec!["id".to_owned()]));
            table.checks = vec![("named".to_owned(), "full_name <> ''".to_owned())];
        }),
    )
}

fn move_columns() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("a: int, b: int, c: int, s: struct<x: int, y: int, z: int>");
    changed(before, table("b: int, c: int, a: int, s: struct<z: int, x: int, y: int>"))
}

fn set_not_null() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("a: int, b: int, c: int not null");
    changed(before, table("a: int not null comment 'proved', b: int not null, c: int"))
}

fn set_properties() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("a: int")
        .property("team.owner", "sales")
        .property("team.cost", "7")
        .property("delta.appendOnly", "false");
    let after = table("a: int")
        .property("delta.appendOnly", "true")
        .property("delta.columnMapping.mode", "name")
        .property("delta.enableChangeDataFeed", "true")
        .property("delta.enableRowTracking", "true")
        .property("delta.logRetentionDuration", "interval 60 days")
        .property("delta.feature.deletionVectors", "supported")
        .said(|table| {
            table.properties.extend([("team.owner".to_owned(), None), ("team.cost".to_owned(), None)]);
        });
    changed(before, after)
}

fn add_checks() -> (DesiredTable, Option<ObservedTable>) {
    let after = table("a: int, größe: int, l: array<int>").said(|table| {
        table.checks = vec![
            ("one".to_owned(), "a>0 AND a IN (1,2)".to_owned()),
            ("two".to_owned(), "a <> 3".to_owned()),
            ("three".to_owned(), "forall(l, x -> x > a)".to_owned()),
            ("four".to_owned(), "größe > 0".to_owned()),
            ("five".to_owned(), "`größe` > 1".to_owned()),
        ];
    });
    changed(table("a: int, größe: int, l: array<int>"), after)
}

fn cluster() -> (DesiredTable, Option<ObservedTable>) {
    let clustered =
        |table: TableDraft| table.said(|table| table.clustered_by = Some(ClusteringDraft::By(vec!["b".to_owned()])));
    changed(table("a: int"), clustered(table("a: int, b: int")))
}

fn change_keys_and_tags() -> (DesiredTable, Option<ObservedTable>) {
    let key = |column: &str| Some(PrimaryKeyDraft { columns: vec![column.to_owned()], ..PrimaryKeyDraft::default() });
    let foreign = |name: Option<&str>| ForeignKeyDraft {
        name: name.map(str::to_owned),
        columns: vec!["b".to_owned()],
        references: "silver.other".to_owned(),
        referenced_columns: vec!["x".to_owned()],
        ..ForeignKeyDraft::default()
    };
    let tagged = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), "yes".to_owned())).collect::<Vec<_>>();
    let before =
        table("a: int not null, b: int not null").column("a", |column| column.tags = tagged(&["old", "older"]));
    let before = before.said(|table| {
        table.primary_key = key("a");
        table.foreign_keys = vec![foreign(Some("fk_old"))];
        table.tags = tagged(&["x", "y"]);
    });
    let after = table("a: int not null, b: int not null").column("a", |column| column.tags = tagged(&["new", "newer"]));
    let after = after.column("b", |column| column.tags = tagged(&["new"])).said(|table| {
        table.primary_key = key("B");
        table.foreign_keys = vec![ForeignKeyDraft { rely: true, ..foreign(None) }];
        table.tags = tagged(&["z", "zz"]);
    });
    changed(before, after)
}

fn loosen_elements() -> (DesiredTable, Option<ObservedTable>) {
    let (desired, observed) = changed(table("a: int, l: array<int not null>"), table("A: bigint, l: array<int>"));
    let mut observed = observed.expect("a table");
    observed.features.insert(Feature::TypeWidening);
    observed.properties.insert("delta.enableTypeWidening".to_owned(), "true".to_owned());
    (desired, Some(observed))
}

fn hostile_words() -> (DesiredTable, Option<ObservedTable>) {
    let before = table("`a``; DROP TABLE t; --`: int, `b.c`: string, s: struct<`x y`: int>").mapped();
    let after = "`a``; DROP TABLE t; --`: int comment '\\\\\\'; DROP TABLE t; -- ', `b.c`: string, \
                 s: struct<`x y`: int, `q\"'`: int comment 'line\nbreak 😀'>, `${env:HOME}`: int";
    changed(
        before,
        table(after).mapped().property("a'b\\", "${env:HOME}").said(|table| {
            table.comment = Some("*/ 'it''s' \\u0041 \u{202e}".to_owned());
        }),
    )
}
