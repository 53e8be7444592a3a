//! Every action that a server has a statement for, on empty tables: planned, applied, observed, nothing left to do.

use std::collections::BTreeSet;

use delta_engine_application::{Column, Table};
use delta_engine_schema::model::{DataType, Identity};

use crate::support::{actions, live};

const INT: DataType = DataType::Integer;
const BIGINT: DataType = DataType::Long;
const STRING: DataType = DataType::STRING;

/// A table before and after, and the kinds of actions between.
struct Case {
    before: Table,
    after: Table,
    expected: &'static [&'static str],
}

fn cases(schema: &str) -> Vec<Case> {
    let plain = |name: &str| Table::new(format!("{schema}.{name}")).column(Column::new("id", INT));
    let mapped = |name: &str| plain(name).property("delta.columnMapping.mode", "name");
    let widening = |name: &str| Table::new(format!("{schema}.{name}")).property("delta.enableTypeWidening", true);
    let case = |before: Table, after: Table, expected| Case { before, after, expected };
    vec![
        case(
            plain("additions"),
            plain("additions")
                .column(Column::new("a", "decimal(10,2)").comment("It's \"new\""))
                .column(Column::new("s", "struct<x: int, y: array<string>>")),
            &["add_column"],
        ),
        case(
            plain("nested").column(Column::new("s", "struct<x: int, l: array<struct<e: int>>>")),
            plain("nested")
                .column(Column::new("first", "string"))
                .column(Column::new("s", "struct<w: string, x: int, l: array<struct<e: int, f: int>>>")),
            &["add_column"],
        ),
        case(
            mapped("drops").column(Column::new("a", STRING)).column(Column::new("s", "struct<x: int, y: int>")),
            mapped("drops").column(Column::new("s", "struct<x: int>")),
            &["drop_column"],
        ),
        case(
            mapped("renames").column(Column::new("a", STRING)).column(Column::new("s", "struct<x: int, y: int>")),
            mapped("renames")
                .column(Column::new("b c", STRING).renamed_from("a"))
                .column(Column::new("s", "struct<x: int, z: int>").field_renamed_from("z", "y")),
            &["rename_column"],
        ),
        case(
            plain("moves").column(Column::new("a", INT)).column(Column::new("b", INT)).column(Column::new("c", INT)),
            Table::new(format!("{schema}.moves"))
                .column(Column::new("c", INT))
                .column(Column::new("b", INT))
                .column(Column::new("a", INT))
                .column(Column::new("id", INT)),
            &["move_column"],
        ),
        case(
            widening("widening")
                .column(Column::new("a", INT))
                .column(Column::new("s", "struct<x: int, l: array<int>>")),
            widening("widening")
                .column(Column::new("a", BIGINT))
                .column(Column::new("s", "struct<x: bigint, l: array<bigint>>")),
            &["alter_column_type"],
        ),
        case(
            plain("comments").comment("before").column(Column::new("a", INT).comment("x")),
            plain("comments").comment("it's \\ \n ${env:HOME} 😀").column(Column::new("a", INT)),
            &["set_column_comment", "set_table_comment"],
        ),
        case(
            plain("loosened").column(Column::new("a", INT).not_null()),
            plain("loosened").column(Column::new("a", INT)),
            &["drop_column_not_null"],
        ),
        case(
            plain("defaults").column(Column::new("a", STRING)).column(Column::new("b", INT).default_value("1 + 2")),
            plain("defaults").column(Column::new("a", STRING).default_value("'it''s'")).column(Column::new("b", INT)),
            &["drop_column_default", "set_column_default"],
        ),
        case(
            plain("checks").check("positive", "id > 0").check("odd name", "id <> 7"),
            plain("checks").check("positive", "id >= 0"),
            &["add_check", "drop_check"],
        ),
        case(
            plain("properties").property("team.owner", "a").property("delta.appendOnly", true),
            plain("properties").property("team.owner", "it's b").without_property("delta.appendOnly"),
            &["set_property", "unset_property"],
        ),
        case(
            plain("clustering").column(Column::new("s", "struct<x: int>")).clustered_by(["id"]),
            plain("clustering").column(Column::new("s", "struct<x: int>")).clustered_by(["s.x"]),
            &["set_clustering"],
        ),
        case(plain("cluster_new"), plain("cluster_new").clustered_by(["id"]), &["enable_feature", "set_clustering"]),
        case(
            plain("features"),
            plain("features").property("delta.feature.deletionVectors", "supported"),
            &["enable_feature"],
        ),
        case(
            plain("change_feed"),
            plain("change_feed").property("delta.enableChangeDataFeed", true),
            &["enable_feature", "set_property"],
        ),
        case(
            plain("mapping"),
            mapped("mapping").column(Column::new("new", INT)),
            &["add_column", "enable_feature", "set_property"],
        ),
    ]
}

#[tokio::test]
async fn every_action_lands_and_a_second_plan_is_empty() {
    let Some(live) = live("actions").await else { return };
    let (before, after): (Vec<_>, Vec<_>) =
        cases(&live.schema).into_iter().map(|case| (case.before, (case.after, case.expected))).unzip();
    let created = live.sync(before).await;
    assert_eq!(created.applied(), after.len());
    let mut hit = BTreeSet::new();
    for (table, expected) in after.iter().cloned() {
        let plan = live.plan(vec![table]).await;
        let kinds: BTreeSet<String> =
            actions(&plan).iter().filter_map(|line| line.split(": ").nth(1)).map(str::to_owned).collect();
        let expected: BTreeSet<String> = expected.iter().map(|kind| (*kind).to_owned()).collect();
        assert_eq!(kinds, expected, "{}", plan.tables[0].plan.name);
        hit.extend(kinds);
    }
    let changed = live.sync(after.into_iter().map(|(table, _)| table).collect()).await;
    assert_eq!(changed.applied(), created.applied(), "{changed}");
    assert_eq!(hit.len(), 16, "{hit:?}");
    live.end().await;
}

#[tokio::test]
async fn tables_are_created_with_all_that_sql_can_say() {
    let Some(live) = live("creation").await else { return };
    let name = |table: &str| live.name(table);
    let types = "struct<a: tinyint, b: smallint, c: bigint, d: float, e: double, f: decimal(38,10), g: boolean, \
                 h: binary, i: date, j: timestamp, k: timestamp_ntz, `odd ``name`: map<string, array<int>>>";
    let everything = Table::new(name("everything"))
        .comment("all -- of */ it;")
        .column(Column::new("id", BIGINT).not_null().comment("key"))
        .column(Column::new("types", types).field_comment("a", "inner"))
        .column(Column::new("short", "varchar(10)"))
        .column(Column::new("fixed", "char(3)"))
        .column(Column::new("free", "variant"))
        .column(Column::new("status", STRING).default_value("'new'"))
        .column(Column::new("`; DROP TABLE x; --", STRING).comment("\u{202e}rtl \\' ${env:HOME}"))
        .clustered_by(["id"])
        .check("valid", "id > 0 AND status <> ''")
        .property("delta.columnMapping.mode", "name")
        .property("delta.enableChangeDataFeed", true)
        .property("it's", "a \"value\" with \\ and ${x}");
    let partitioned = Table::new(name("partitioned"))
        .column(Column::new("a", INT))
        .column(Column::new("day", "date"))
        .column(Column::new("country", STRING))
        .partitioned_by(["country", "day"]);
    let report = live.sync(vec![everything, partitioned]).await;
    assert_eq!(report.applied(), 2);
    live.end().await;
}

/// Spark 4.2 with Delta Lake 4.4 creates them by SQL, older lines do not.
#[tokio::test]
async fn identity_and_generated_columns_are_created_or_refused() {
    let Some(live) = live("computed").await else { return };
    let numbered = Table::new(live.name("numbered"))
        .column(Column::new("id", BIGINT).identity(Identity { start: 5, increment: 2, always: true }))
        .column(Column::new("a", INT));
    let generated = Table::new(live.name("generated"))
        .column(Column::new("t", "timestamp"))
        .column(Column::new("d", "date").generated("CAST(t AS DATE)"));
    for table in [numbered, generated] {
        let plan = live.plan(vec![table.clone()]).await;
        let refusals: Vec<&str> =
            plan.findings().filter(|(_, finding)| finding.blocks()).map(|(_, finding)| finding.name).collect();
        if refusals.is_empty() {
            live.sync(vec![table]).await;
        } else {
            assert_eq!(refusals, ["backend"]);
        }
    }
    live.end().await;
}
