//! What the actions of another backend would be in SQL, for people to read: one statement an action.

use std::collections::BTreeSet;

use delta_engine_schema::Action;
use delta_engine_schema::model::TableName;

use crate::clause::clause;
use crate::dialect::{Dialect, SparkLine};
use crate::fuse::sql;
use crate::quote::table as quoted;
use crate::reason::Reason;
use crate::refuse::reasons;
use crate::script::unfold;
use crate::statement::SUBSTITUTION;

/// The text a person would type for these actions, each statement ended by `;` and a line break; comments say what OSS
/// Spark does not take.
pub fn preview(table: &TableName, actions: &[Action]) -> String {
    // Of a new table everything is shown, tags and keys too.
    let parts = unfold(Dialect::Databricks, actions);
    parts.iter().map(|part| statement(table, &part.action)).collect()
}

fn statement(table: &TableName, action: &Action) -> String {
    let oss = Dialect::Delta(SparkLine::NEWEST);
    let name = quoted(table);
    let statement = sql(&format!("TABLE {name}"), &[&clause(&name, action)]);
    let mut why: BTreeSet<Reason> = reasons(oss, table, action).into_iter().map(|(_, reason)| reason).collect();
    if statement.is_none() && why.is_empty() {
        why.insert(Reason::MoveLast);
    }
    let substitution = statement.as_ref().filter(|sql| sql.contains("${")).map(|_| SUBSTITUTION.to_owned());
    let comments = substitution.into_iter().chain(why.into_iter().map(|reason| reason.message(oss)));
    let comments = comments.map(|comment| format!("-- {comment}\n")).collect::<String>();
    comments + &statement.map_or_else(String::new, |sql| format!("{sql};\n"))
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::model::{
        Column, DataType, Expression, Feature, ForeignKey, Identifier, Identity, Layout, Path, PrimaryKey, Step,
    };
    use delta_engine_schema::{Change, Position};

    use super::*;

    fn check(action: Action, expected: &str) {
        let table: TableName = "s.t".parse().expect("a name");
        let ended = if expected.lines().all(|line| line.starts_with("-- ")) { "\n" } else { ";\n" };
        assert_eq!(preview(&table, &[action]), format!("{expected}{ended}"));
    }

    fn change<T: PartialEq>(from: T, to: T) -> Change<T> {
        Change::between(from, to).expect("a difference")
    }

    fn text(to: &str) -> Change<Option<String>> {
        change(None, Some(to.to_owned()))
    }

    fn no_text() -> Change<Option<String>> {
        change(Some("old".to_owned()), None)
    }

    fn read(text: &str) -> Expression {
        Expression::parse(text).expect("an expression")
    }

    fn column(name: &str) -> Path {
        Path::column(name)
    }

    fn nested() -> Path {
        column("address").field(&"zip".into())
    }

    fn below_array() -> Path {
        column("lines").join(Step::Element).field(&"sku".into())
    }

    fn add(parent: Path, column: Column, position: Position) -> Action {
        Action::AddColumn { parent, column: Box::new(column), position }
    }

    fn cluster(to: Layout) -> Action {
        let from = if to == Layout::Flat { Layout::Clustered(vec![column("a")]) } else { Layout::Flat };
        Action::SetClustering { change: change(from, to) }
    }

    #[test]
    fn features_and_properties_are_table_properties() {
        let feature = |feature| Action::EnableFeature { feature };
        check(
            feature(Feature::AllowColumnDefaults),
            "ALTER TABLE `s`.`t` SET TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')",
        );
        check(feature(Feature::Clustering), "-- CLUSTER BY enables this feature; no statement sets it by itself");
        check(
            Action::SetProperty { key: "team.owner".into(), change: text("o'hara \\ co") },
            r"ALTER TABLE `s`.`t` SET TBLPROPERTIES ('team.owner' = 'o\'hara \\ co')",
        );
        check(
            Action::UnsetProperty { key: "team.owner".into(), from: "x".into() },
            "ALTER TABLE `s`.`t` UNSET TBLPROPERTIES ('team.owner')",
        );
    }

    #[test]
    fn tags_say_who_takes_them() {
        const TAG: &str = "-- OSS Spark has no tags; Databricks with Unity Catalog has\n";
        let tag = |action, sql: &str| check(action, &format!("{TAG}ALTER TABLE `s`.`t` {sql}"));
        tag(Action::SetTableTag { key: "domain".into(), change: text("sales") }, "SET TAGS ('domain' = 'sales')");
        tag(Action::UnsetTableTag { key: "domain".into(), from: "sales".into() }, "UNSET TAGS ('domain')");
        tag(
            Action::SetColumnTag { path: column("a"), key: "pii".into(), change: text("yes") },
            "ALTER COLUMN `a` SET TAGS ('pii' = 'yes')",
        );
        tag(
            Action::UnsetColumnTag { path: column("a"), key: "pii".into(), from: "yes".into() },
            "ALTER COLUMN `a` UNSET TAGS ('pii')",
        );
    }

    #[test]
    fn keys_say_who_takes_them() {
        const KEY: &str = "-- OSS Spark has no keys on Delta tables; Databricks with Unity Catalog has\n";
        let key = |action, sql: &str| check(action, &format!("{KEY}ALTER TABLE `s`.`t` {sql}"));
        let primary = PrimaryKey { name: Some("pk".into()), columns: vec!["a".into(), "b".into()], rely: true };
        let foreign = ForeignKey {
            name: None,
            columns: vec!["a".into()],
            references: "c.s.p".parse().expect("a name"),
            referenced_columns: vec!["x".into()],
            rely: false,
        };
        let named = ForeignKey { name: Some("fk".into()), rely: true, ..foreign.clone() };
        key(Action::AddPrimaryKey { key: primary.clone() }, "ADD CONSTRAINT `pk` PRIMARY KEY (`a`, `b`) RELY");
        key(Action::DropPrimaryKey { key: primary }, "DROP PRIMARY KEY");
        key(Action::AddForeignKey { key: foreign.clone() }, "ADD FOREIGN KEY (`a`) REFERENCES `c`.`s`.`p` (`x`)");
        key(
            Action::AddForeignKey { key: named.clone() },
            "ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `c`.`s`.`p` (`x`) RELY",
        );
        key(Action::DropForeignKey { key: foreign }, "DROP FOREIGN KEY (`a`)");
        key(Action::DropForeignKey { key: named }, "DROP CONSTRAINT `fk`");
    }

    #[test]
    fn checks_are_constraints() {
        let (name, expression) = (Identifier::new("valid id"), read("a > 0"));
        check(
            Action::AddCheck { name: name.clone(), expression: expression.clone() },
            "ALTER TABLE `s`.`t` ADD CONSTRAINT `valid id` CHECK (a > 0)",
        );
        check(Action::DropCheck { name, expression }, "ALTER TABLE `s`.`t` DROP CONSTRAINT `valid id`");
    }

    #[test]
    fn columns_are_added_in_their_place() {
        let mut zip = Column::new("zip", DataType::STRING);
        zip.field.comment = Some("x".into());
        check(
            add(column("address"), zip.clone(), Position::After("street".into())),
            "ALTER TABLE `s`.`t` ADD COLUMN `address`.`zip` STRING COMMENT 'x' AFTER `street`",
        );
        check(
            add(Path::table(), zip.clone(), Position::First),
            "ALTER TABLE `s`.`t` ADD COLUMN `zip` STRING COMMENT 'x' FIRST",
        );
        check(
            add(column("lines").join(Step::Element), zip, Position::Last),
            "ALTER TABLE `s`.`t` ADD COLUMN `lines`.element.`zip` STRING COMMENT 'x'",
        );
    }

    #[test]
    fn columns_that_can_only_be_created_are_remarked() {
        let mut bound = Column::new("id", DataType::Long);
        bound.field.nullable = false;
        bound.identity = Some(Identity { start: 1, increment: 1, always: true });
        check(
            add(Path::table(), bound, Position::Last),
            "-- a column is added nullable\n\
             -- a generated or identity column is created with its table\n\
             ALTER TABLE `s`.`t` ADD COLUMN `id` BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1)",
        );
    }

    #[test]
    fn columns_are_renamed_moved_and_dropped() {
        check(
            Action::RenameColumn { path: nested(), to: "post code".into() },
            "ALTER TABLE `s`.`t` RENAME COLUMN `address`.`zip` TO `post code`",
        );
        let relocate = |to| Action::MoveColumn { path: nested(), to };
        check(relocate(Position::First), "ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` FIRST");
        check(
            relocate(Position::After("street".into())),
            "ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` AFTER `street`",
        );
        check(
            relocate(Position::Last),
            "-- SQL moves a column FIRST or AFTER another, and the last one is not known here",
        );
        check(
            Action::DropColumn { path: below_array(), data_type: DataType::STRING },
            "ALTER TABLE `s`.`t` DROP COLUMN `lines`.element.`sku`",
        );
    }

    #[test]
    fn columns_are_altered() {
        check(
            Action::AlterColumnType {
                path: column("m").join(Step::Value),
                change: change(DataType::Integer, DataType::Long),
            },
            "ALTER TABLE `s`.`t` ALTER COLUMN `m`.value TYPE BIGINT",
        );
        check(
            Action::DropColumnNotNull { path: nested() },
            "ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` DROP NOT NULL",
        );
        check(
            Action::SetColumnNotNull { path: nested() },
            "-- OSS Spark can't set NOT NULL on a column that is there; Databricks can\n\
             ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` SET NOT NULL",
        );
        check(
            Action::SetColumnNotNull { path: below_array() },
            "-- no statement sets NOT NULL inside arrays and maps\n\
             ALTER TABLE `s`.`t` ALTER COLUMN `lines`.element.`sku` SET NOT NULL",
        );
        check(
            Action::SetColumnDefault { path: column("a"), change: change(None, Some(read("current_date()"))) },
            "ALTER TABLE `s`.`t` ALTER COLUMN `a` SET DEFAULT current_date()",
        );
        check(
            Action::DropColumnDefault { path: column("a"), from: read("0") },
            "ALTER TABLE `s`.`t` ALTER COLUMN `a` DROP DEFAULT",
        );
    }

    #[test]
    fn comments_are_set_and_removed() {
        let of_column = |change| Action::SetColumnComment { path: nested(), change };
        check(of_column(text("it's")), r"ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` COMMENT 'it\'s'");
        check(of_column(no_text()), "ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` COMMENT ''");
        check(Action::SetTableComment { change: text("x") }, "COMMENT ON TABLE `s`.`t` IS 'x'");
        check(Action::SetTableComment { change: no_text() }, "COMMENT ON TABLE `s`.`t` IS NULL");
    }

    #[test]
    fn clustering_is_set_and_removed() {
        check(
            cluster(Layout::Clustered(vec![column("a"), nested()])),
            "ALTER TABLE `s`.`t` CLUSTER BY (`a`, `address`.`zip`)",
        );
        check(cluster(Layout::Flat), "ALTER TABLE `s`.`t` CLUSTER BY NONE");
        check(
            cluster(Layout::ClusteredAuto),
            "-- OSS Spark does not choose clustering columns; Databricks does\nALTER TABLE `s`.`t` CLUSTER BY AUTO",
        );
        check(
            cluster(Layout::Partitioned(vec!["a".into()])),
            "-- no statement changes partitioning; it is given when the table is created",
        );
    }

    #[test]
    fn hostile_names_and_texts_stay_inside_their_quotes() {
        check(
            Action::RenameColumn { path: column("a`; DROP TABLE t; --"), to: "b\nc".into() },
            "ALTER TABLE `s`.`t` RENAME COLUMN `a``; DROP TABLE t; --` TO `b\nc`",
        );
        check(
            Action::SetTableComment { change: text("\\'; DROP TABLE t; --\n'") },
            "COMMENT ON TABLE `s`.`t` IS '\\\\\\'; DROP TABLE t; --\n\\''",
        );
        check(
            Action::SetTableComment { change: text("in ${env:HOME}") },
            "COMMENT ON TABLE `s`.`t` IS 'in \\u0024{env:HOME}'",
        );
        check(
            Action::DropColumnNotNull { path: column("${x}") },
            "-- set spark.sql.variable.substitute to false first: Spark replaces ${...}, in names and literals too\n\
             ALTER TABLE `s`.`t` ALTER COLUMN `${x}` DROP NOT NULL",
        );
    }

    #[test]
    fn a_script_ends_statements_but_not_comments() {
        let actions = [
            Action::EnableFeature { feature: Feature::Clustering },
            Action::SetColumnDefault { path: column("a"), change: change(None, Some(read("0"))) },
            Action::SetColumnNotNull { path: column("a") },
        ];
        assert_eq!(
            preview(&TableName::bare("t"), &actions),
            "-- CLUSTER BY enables this feature; no statement sets it by itself\n\
             ALTER TABLE `t` ALTER COLUMN `a` SET DEFAULT 0;\n\
             -- OSS Spark can't set NOT NULL on a column that is there; Databricks can\n\
             ALTER TABLE `t` ALTER COLUMN `a` SET NOT NULL;\n"
        );
    }
}
