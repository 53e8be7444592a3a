use delta_engine_schema::draft::{ColumnDraft, TableDraft, TypeDraft};
use delta_engine_schema::model::{DataType, Expression, Feature, Identifier, Layout};
use delta_engine_schema::{Change, Position, simulate};

use super::*;
use crate::dialect::SparkLine;

const OSS: Dialect = Dialect::Delta(SparkLine::NEWEST);
const OLDEST: Dialect = Dialect::Delta(SparkLine::V4_0);

fn observed(columns: &[(&str, &str)]) -> ObservedTable {
    let column = |(name, text): &(&str, &str)| ColumnDraft::new(*name, TypeDraft::Text((*text).to_owned()));
    let draft = TableDraft { columns: columns.iter().map(column).collect(), ..TableDraft::new("t") };
    let create = Action::CreateTable { table: Box::new(draft.check().expect("a declaration")) };
    simulate(None, &[create], "id").expect("a table")
}

fn check(dialect: Dialect, table: Option<&ObservedTable>, actions: &[Action], expected: &[&str]) {
    let script = script(dialect, &TableName::bare("t"), table, actions);
    let mut said: Vec<String> = script.statements.iter().map(|statement| statement.sql().to_owned()).collect();
    said.extend(script.refusals.iter().map(|refusal| format!("{:?}", refusal.reason)));
    let alter =
        |rest: &&str| rest.strip_prefix('~').map_or((*rest).to_owned(), |rest| format!("ALTER TABLE `t` {rest}"));
    assert_eq!(said, expected.iter().map(alter).collect::<Vec<_>>());
}

fn relocate(path: &Path, to: Position) -> Action {
    Action::MoveColumn { path: path.clone(), to }
}

fn comment(path: Path) -> Action {
    Action::SetColumnComment { path, change: Change::between(None, Some("x".to_owned())).expect("a difference") }
}

fn set(key: &str) -> Action {
    let change = Change::between(None, Some("true".to_owned())).expect("a difference");
    Action::SetProperty { key: key.to_owned(), change }
}

#[test]
fn the_end_is_behind_the_sibling_that_is_last_when_the_statement_runs() {
    let table = observed(&[("a", "int"), ("b", "int"), ("s", "struct<x: int, y: int, z: int>")]);
    let nested = |name: &str| Path::column("s").field(&Identifier::new(name));
    check(
        OSS,
        Some(&table),
        &[
            relocate(&Path::column("a"), Position::Last),
            relocate(&Path::column("b"), Position::Last),
            relocate(&nested("x"), Position::Last),
            relocate(&nested("x"), Position::Last),
        ],
        &[
            "~ALTER COLUMN `a` AFTER `s`",
            "~ALTER COLUMN `b` AFTER `a`",
            "~ALTER COLUMN `s`.`x` AFTER `z`",
            "~ALTER COLUMN `s`.`x` AFTER `z`",
        ],
    );
    check(OSS, None, &[relocate(&Path::column("a"), Position::Last)], &["MoveLast"]);
}

#[test]
fn a_column_and_what_is_in_it_take_two_statements() {
    let nested = Path::column("s").field(&"x".into());
    check(
        OSS,
        None,
        &[comment(Path::column("a")), comment(nested.clone()), comment(Path::column("s")), comment(Path::column("b"))],
        &[
            "~ALTER COLUMN\n  `a` COMMENT 'x',\n  `s`.`x` COMMENT 'x'",
            "~ALTER COLUMN\n  `s` COMMENT 'x',\n  `b` COMMENT 'x'",
        ],
    );
    let drop = |path: &Path| Action::DropColumn { path: path.clone(), data_type: DataType::Integer };
    check(OSS, None, &[drop(&nested), drop(&Path::column("s"))], &["~DROP COLUMN `s`.`x`", "~DROP COLUMN `s`"]);
}

#[test]
fn a_field_is_added_after_the_struct_it_goes_into() {
    let add = |parent: Path, name: &str, text: &str| Action::AddColumn {
        parent,
        column: Box::new(delta_engine_schema::model::Column::new(name, text.parse().expect("a type"))),
        position: Position::Last,
    };
    check(
        OSS,
        None,
        &[
            add(Path::table(), "s", "struct<x: int>"),
            add(Path::table(), "b", "int"),
            add(Path::column("s"), "y", "int"),
        ],
        &["~ADD COLUMNS (\n  `s` STRUCT<`x`: INT>,\n  `b` INT\n)", "~ADD COLUMN `s`.`y` INT"],
    );
}

#[test]
fn row_tracking_is_switched_on_alone() {
    check(
        OSS,
        None,
        &[set("a"), set("delta.enableRowTracking"), set("b"), set("c")],
        &[
            "~SET TBLPROPERTIES ('a' = 'true')",
            "~SET TBLPROPERTIES ('delta.enableRowTracking' = 'true')",
            "~SET TBLPROPERTIES (\n  'b' = 'true',\n  'c' = 'true'\n)",
        ],
    );
}

#[test]
fn a_feature_comes_with_the_first_statement_that_brings_it() {
    let enable = |feature: Feature| Action::EnableFeature { feature };
    let actions = [enable(Feature::ChangeDataFeed), enable(Feature::TimestampNtz), set("delta.enableChangeDataFeed")];
    check(
        OSS,
        None,
        &actions,
        &[
            "~SET TBLPROPERTIES (\n  'delta.feature.timestampNtz' = 'supported',\n  'delta.enableChangeDataFeed' = 'true'\n)",
        ],
    );
    let script = script(OSS, &TableName::bare("t"), None, &actions);
    assert_eq!(script.statements[0].indexes().iter().copied().collect::<Vec<_>>(), [0, 1, 2]);
    let kinds: Vec<&str> = script.statements[0].actions().iter().map(Action::kind).collect();
    assert_eq!(kinds, ["enable_feature", "enable_feature", "set_property"]);
    check(OSS, None, &[enable(Feature::Clustering)], &["ClusteringFeature"]);
}

#[test]
fn a_plan_that_is_refused_in_part_has_no_statements() {
    let refused = Action::SetColumnNotNull { path: Path::column("a") };
    check(OSS, None, &[comment(Path::column("b")), refused.clone()], &["SetNotNull"]);
    check(
        Dialect::Databricks,
        None,
        &[comment(Path::column("b")), refused],
        &["~ALTER COLUMN `b` COMMENT 'x'", "~ALTER COLUMN `a` SET NOT NULL"],
    );
}

#[test]
fn sail_is_told_the_own_spelling_of_columns() {
    let table = observed(&[("Amount", "int"), ("S", "struct<X: int>")]);
    let retype = |path: Path| Action::AlterColumnType {
        path,
        change: Change::between(DataType::Integer, DataType::Long).expect("a difference"),
    };
    let actions = [retype(Path::column("amount")), retype(Path::column("s").field(&"x".into()))];
    check(
        Dialect::Sail,
        Some(&table),
        &actions,
        &["~ALTER COLUMN `Amount` TYPE BIGINT", "~ALTER COLUMN `S`.`X` TYPE BIGINT"],
    );
}

#[test]
fn layouts_and_values_are_spelled_as_delta_finds_them() {
    let table = observed(&[("Amount", "int"), ("S", "struct<X: int>")]);
    let paths = vec![Path::column("amount"), Path::column("s").field(&"x".into())];
    let cluster = Action::SetClustering {
        change: Change::between(Layout::Flat, Layout::Clustered(paths)).expect("a difference"),
    };
    check(OSS, Some(&table), &[cluster], &["~CLUSTER BY (`Amount`, `S`.`X`)"]);
    let change = Change::between(None, Some("V2".to_owned())).expect("a difference");
    let set = Action::SetProperty { key: "delta.checkpointPolicy".to_owned(), change };
    check(OSS, None, &[set], &["~SET TBLPROPERTIES ('delta.checkpointPolicy' = 'v2')"]);
}

#[test]
fn names_and_expressions_can_be_replaced_literals_cannot() {
    let expression = Expression::parse("a <> '${x}'").expect("an expression");
    let actions = [set("${x}"), Action::AddCheck { name: "c".into(), expression }];
    let check = |dialect, expected: [bool; 2]| {
        let script = script(dialect, &TableName::bare("t"), None, &actions);
        let mentions: Vec<bool> = script.statements.iter().map(Statement::mentions_substitution).collect();
        assert_eq!(mentions, expected, "{dialect}");
    };
    check(OSS, [false, true]);
    check(Dialect::Databricks, [false, true]);
    check(Dialect::Sail, [false, false]);
}

#[test]
fn fields_beside_char_and_varchar_stay_as_they_are_on_oss_spark() {
    let table = observed(&[("s", "struct<a: varchar(3), b: int>"), ("v", "varchar(3)")]);
    let rename = |path: Path| Action::RenameColumn { path, to: "new".into() };
    let inside = rename(Path::column("s").field(&"b".into()));
    check(OSS, Some(&table), std::slice::from_ref(&inside), &["NestedTextLength"]);
    check(Dialect::Databricks, Some(&table), &[inside], &["~RENAME COLUMN `s`.`b` TO `new`"]);
    check(OSS, Some(&table), &[rename(Path::column("s"))], &["~RENAME COLUMN `s` TO `new`"]);
    let then = rename(Path::column("new").field(&"b".into()));
    check(OSS, Some(&table), &[rename(Path::column("s")), then], &["NestedTextLength"]);
}

#[test]
fn a_column_with_char_and_varchar_inside_is_not_altered_itself_where_that_loses_something() {
    let plain = || observed(&[("s", "struct<a: varchar(3), b: int>"), ("v", "varchar(3)"), ("o", "struct<b: int>")]);
    let mut mapped = plain();
    mapped.properties.insert("delta.columnMapping.mode".to_owned(), "name".to_owned());
    let mut commented = observed(&[("s", "struct<a: varchar(3) comment 'x', b: int>")]);
    commented.name = mapped.name.clone();
    let mut hidden = plain();
    hidden.unknown.insert(Aspect::Comment, Path::column("s").field(&"a".into()));
    let comment = |column: &str| Action::SetColumnComment {
        path: Path::column(column),
        change: Change::between(None, Some("new".to_owned())).expect("a difference"),
    };
    let refused = &["NestedTextFields"];
    for table in [&mapped, &commented, &hidden] {
        check(OSS, Some(table), &[comment("s")], refused);
        check(OSS, Some(table), &[Action::DropColumnNotNull { path: Path::column("s") }], refused);
        check(OSS, Some(table), &[Action::RenameColumn { path: Path::column("s"), to: "t".into() }], refused);
        let first = Action::MoveColumn { path: Path::column("s"), to: Position::First };
        check(OSS, Some(table), std::slice::from_ref(&first), refused);
        check(Dialect::Databricks, Some(table), &[first], &["~ALTER COLUMN `s` FIRST"]);
    }
    check(OSS, Some(&plain()), &[comment("s")], &["~ALTER COLUMN `s` COMMENT 'new'"]);
    check(OSS, Some(&mapped), &[comment("v")], &["~ALTER COLUMN `v` COMMENT 'new'"]);
    check(OSS, Some(&mapped), &[comment("o")], &["~ALTER COLUMN `o` COMMENT 'new'"]);
}

/// Why a table of this name can't be created.
fn creation_of(dialect: Dialect, name: &str) -> Vec<Reason> {
    let mut draft = TableDraft::new(name);
    draft.columns = vec![ColumnDraft::new("a", TypeDraft::Text("int".to_owned()))];
    let desired = draft.check().expect("a declaration");
    let action = Action::CreateTable { table: Box::new(desired.clone()) };
    script(dialect, &desired.name, None, &[action]).refusals.iter().map(|refusal| refusal.reason).collect()
}

#[test]
fn unity_catalog_takes_all_but_a_few_letters_in_names() {
    let create = |name: &str| creation_of(Dialect::Databricks, name);
    assert_eq!(create("main.silver.`ördérs-2`"), []);
    for refused in ["main.silver.`a b`", "main.`s/t`.t", "main.silver.`a.b`", "silver.`a\tb`", "`\u{7f}`.s.t"] {
        assert_eq!(create(refused), [Reason::TableName], "{refused:?}");
    }
    assert_eq!(create(&format!("main.silver.{}", "x".repeat(255))), []);
    assert_eq!(create(&format!("main.silver.{}", "x".repeat(256))), [Reason::TableName]);
}

#[test]
fn the_session_catalog_takes_plain_names() {
    let create = |name: &str| creation_of(OSS, name);
    assert_eq!(create("silver.orders_2"), []);
    assert_eq!(create("silver.`ördérs`"), [Reason::TableName]);
    assert_eq!(create("spark_catalog.silver.`a b`"), [Reason::TableName]);
    assert_eq!(create("unity.silver.`a-b`"), []);
}

#[test]
fn no_list_of_statistics_loses_its_backticks() {
    let table = |listed: &str| {
        let mut table = observed(&[("a", "int"), ("b c", "int"), ("größe", "int"), ("d", "int")]);
        table.properties.insert("delta.dataSkippingStatsColumns".to_owned(), listed.to_owned());
        table
    };
    let check_dropped = |listed: &str, dropped: &str, expected: &str| {
        let drop = Action::DropColumn { path: Path::column(dropped), data_type: DataType::Integer };
        check(OLDEST, Some(&table(listed)), std::slice::from_ref(&drop), &[expected]);
        check(OSS, Some(&table(listed)), std::slice::from_ref(&drop), &[expected]);
        check(Dialect::Databricks, Some(&table(listed)), &[drop], &[&format!("~DROP COLUMN `{dropped}`")]);
    };
    check_dropped("a,`b c`", "d", "StatisticsNames");
    check_dropped("a,`b c`", "a", "StatisticsNames");
    check_dropped("a,`b c`", "b c", "~DROP COLUMN `b c`");
    check_dropped("a,`größe`", "d", "StatisticsNames");
    check_dropped("", "d", "~DROP COLUMN `d`");
    let check_renamed = |listed: &str, to: &str, expected: &str| {
        let rename = Action::RenameColumn { path: Path::column("a"), to: to.into() };
        check(OLDEST, Some(&table(listed)), std::slice::from_ref(&rename), &[expected]);
        check(OSS, Some(&table(listed)), &[rename], &[&format!("~RENAME COLUMN `a` TO `{to}`")]);
    };
    check_renamed("a,d", "e", "~RENAME COLUMN `a` TO `e`");
    check_renamed("d", "e f", "~RENAME COLUMN `a` TO `e f`");
    check_renamed("a,d", "e f", "StatisticsNames");
    check_renamed("`größe`", "e", "StatisticsNames");
}

#[test]
fn computed_defaults_of_narrow_columns_are_created_from_4_2_on() {
    let refused = |dialect: Dialect, data_type: &str, default: &str| -> Vec<Reason> {
        let mut column = ColumnDraft::new("a", TypeDraft::Text(data_type.to_owned()));
        column.default = Some(default.to_owned());
        let desired = TableDraft { columns: vec![column], ..TableDraft::new("s.t") }.check().expect("a declaration");
        let create = Action::CreateTable { table: Box::new(desired.clone()) };
        script(dialect, &desired.name, None, &[create]).refusals.iter().map(|refusal| refusal.reason).collect()
    };
    for (data_type, default) in [("smallint", "1 + 1"), ("tinyint", "abs(-1)"), ("decimal(3,0)", "1 + 1")] {
        assert_eq!(refused(OLDEST, data_type, default), [Reason::ComputedDefault], "{data_type} {default}");
        assert_eq!(refused(OSS, data_type, default), [], "{data_type} {default}");
    }
    let fine = [
        ("smallint", "- 1"),
        ("smallint", "CAST(1 + 1 AS SMALLINT)"),
        ("int", "1 + 1"),
        ("decimal(3,1)", "1.5"),
        ("smallint", "'1'"),
    ];
    for (data_type, default) in fine {
        assert_eq!(refused(OLDEST, data_type, default), [], "{data_type} {default}");
    }
}
