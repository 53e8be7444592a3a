//! From an action to its statements: one exhaustive match.

use std::collections::BTreeMap;

use delta_engine_schema::model::{
    Column, Expression, Feature, ForeignKey, Identifier, Layout, Path, PrimaryKey, TableName,
};
use delta_engine_schema::{Action, Position};

use crate::create::{create_table, feature_key};
use crate::quote::{expression, identifier, list, literal, path as quoted, table as quoted_table};
use crate::statement::{Remark, Statement};
use crate::{column, data_type};

/// What an action on a table is in Spark SQL, in order; never empty.
///
/// Creating a table may take several statements, any other action is one.
pub fn statements(table: &TableName, action: &Action) -> Vec<Statement> {
    let name = quoted_table(table);
    let alter = |rest: String| Statement::new(format!("ALTER TABLE {name} {rest}"));
    let alter_column = |path: &Path, rest: String| alter(format!("ALTER COLUMN {} {rest}", quoted(path)));
    let statement = match action {
        Action::CreateTable { table: desired } => return create_table(table, desired),
        Action::EnableFeature { feature: Feature::Clustering } => Statement::none(Remark::ClusteringFeature),
        Action::EnableFeature { feature } => {
            alter(format!("SET TBLPROPERTIES {}", pair(&feature_key(feature), "supported")))
        }
        Action::SetProperty { key, change } => alter(set_or_unset("TBLPROPERTIES", key, change.to().as_deref())),
        Action::UnsetProperty { key, .. } => alter(set_or_unset("TBLPROPERTIES", key, None)),
        Action::SetTableTag { key, change } => {
            alter(set_or_unset("TAGS", key, change.to().as_deref())).remarked([Remark::Tag])
        }
        Action::UnsetTableTag { key, .. } => alter(set_or_unset("TAGS", key, None)).remarked([Remark::Tag]),
        Action::DropForeignKey { key } => alter(drop_foreign_key(key)).remarked([Remark::Key]),
        Action::DropPrimaryKey { .. } => alter("DROP PRIMARY KEY".to_owned()).remarked([Remark::Key]),
        Action::DropCheck { name, .. } => alter(format!("DROP CONSTRAINT {}", identifier(name))),
        Action::RenameColumn { path, to } => alter(format!("RENAME COLUMN {} TO {}", quoted(path), identifier(to))),
        Action::MoveColumn { path, to } => match place(to) {
            Some(place) => alter_column(path, place),
            None => Statement::none(Remark::MoveLast),
        },
        Action::AddColumn { parent, column, position } => {
            alter(add_column(parent, column, position)).remarked(column::added(column))
        }
        Action::AlterColumnType { path, change } => {
            alter_column(path, format!("TYPE {}", data_type::data_type(change.to())))
                .remarked(data_type::remarks(change.to()))
        }
        Action::SetClustering { change } => match change.to() {
            Layout::Flat => alter("CLUSTER BY NONE".to_owned()),
            Layout::Clustered(paths) => alter(clustering(paths)),
            Layout::ClusteredAuto => alter("CLUSTER BY AUTO".to_owned()).remarked([Remark::ClusterByAuto]),
            Layout::Partitioned(_) => Statement::none(Remark::Partitioning),
        },
        Action::UnsetColumnTag { path, key, .. } => {
            alter_column(path, set_or_unset("TAGS", key, None)).remarked([Remark::Tag])
        }
        Action::DropColumn { path, .. } => alter(format!("DROP COLUMN {}", quoted(path))),
        Action::DropColumnNotNull { path } => alter_column(path, "DROP NOT NULL".to_owned()),
        Action::SetColumnNotNull { path } => {
            let inside = path.crosses_collection();
            let remark = if inside { Remark::NotNullInCollection } else { Remark::SetNotNull };
            alter_column(path, "SET NOT NULL".to_owned()).remarked([remark])
        }
        Action::SetColumnDefault { path, change } => alter_column(path, default(change.to().as_ref())),
        Action::DropColumnDefault { path, .. } => alter_column(path, default(None)),
        // There is no UNSET COMMENT; an empty comment and none are the same.
        Action::SetColumnComment { path, change } => {
            alter_column(path, format!("COMMENT {}", literal(change.to().as_deref().unwrap_or_default())))
        }
        Action::SetTableComment { change } => {
            let text = change.to().as_deref().map_or_else(|| "NULL".to_owned(), literal);
            Statement::new(format!("COMMENT ON TABLE {name} IS {text}"))
        }
        Action::SetColumnTag { path, key, change } => {
            alter_column(path, set_or_unset("TAGS", key, change.to().as_deref())).remarked([Remark::Tag])
        }
        Action::AddCheck { name, expression: condition } => {
            alter(format!("ADD CONSTRAINT {} CHECK ({})", identifier(name), expression(condition)))
        }
        Action::AddPrimaryKey { key } => alter(add_primary_key(key)).remarked([Remark::Key]),
        Action::AddForeignKey { key } => alter(add_foreign_key(key)).remarked([Remark::Key]),
    };
    vec![statement]
}

/// All statements of these actions, each ended by `;` and a line break, remarks as comments before them.
pub fn script(table: &TableName, actions: &[Action]) -> String {
    let ended = |statement: Statement| match statement.sql() {
        Some(_) => format!("{statement};\n"),
        None => format!("{statement}\n"),
    };
    actions.iter().flat_map(|action| statements(table, action)).map(ended).collect()
}

/// Keys and values, one a line.
pub(crate) fn properties(set: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> =
        set.iter().map(|(key, value)| format!("  {} = {}", literal(key), literal(value))).collect();
    format!("(\n{}\n)", lines.join(",\n"))
}

/// Clustering by these paths; by none where there are none.
pub(crate) fn clustering(paths: &[Path]) -> String {
    if paths.is_empty() {
        return "CLUSTER BY NONE".to_owned();
    }
    format!("CLUSTER BY ({})", paths.iter().map(quoted).collect::<Vec<_>>().join(", "))
}

fn set_or_unset(what: &str, key: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("SET {what} {}", pair(key, value)),
        None => format!("UNSET {what} ({})", literal(key)),
    }
}

fn pair(key: &str, value: &str) -> String {
    format!("({} = {})", literal(key), literal(value))
}

fn default(value: Option<&Expression>) -> String {
    value.map_or_else(|| "DROP DEFAULT".to_owned(), |value| format!("SET DEFAULT {}", expression(value)))
}

/// `None` for the end, which Spark SQL has no word for.
fn place(position: &Position) -> Option<String> {
    match position {
        Position::First => Some("FIRST".to_owned()),
        Position::After(sibling) => Some(format!("AFTER {}", identifier(sibling))),
        Position::Last => None,
    }
}

fn add_column(parent: &Path, column: &Column, position: &Position) -> String {
    let path = quoted(&parent.field(column.name()));
    let clauses = ["ADD COLUMN".to_owned(), path, column::definition(column)];
    // A new column without a place goes to the end.
    clauses.into_iter().chain(place(position)).collect::<Vec<_>>().join(" ")
}

fn add_primary_key(key: &PrimaryKey) -> String {
    format!("ADD {}PRIMARY KEY {}{}", constraint(key.name.as_ref()), list(&key.columns), rely(key.rely))
}

fn add_foreign_key(key: &ForeignKey) -> String {
    let (columns, there) = (list(&key.columns), list(&key.referenced_columns));
    let references = quoted_table(&key.references);
    let name = constraint(key.name.as_ref());
    format!("ADD {name}FOREIGN KEY {columns} REFERENCES {references} {there}{}", rely(key.rely))
}

fn drop_foreign_key(key: &ForeignKey) -> String {
    match &key.name {
        Some(name) => format!("DROP CONSTRAINT {}", identifier(name)),
        None => format!("DROP FOREIGN KEY {}", list(&key.columns)),
    }
}

fn constraint(name: Option<&Identifier>) -> String {
    name.map_or_else(String::new, |name| format!("CONSTRAINT {} ", identifier(name)))
}

fn rely(rely: bool) -> &'static str {
    if rely { " RELY" } else { "" }
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::Change;
    use delta_engine_schema::model::{DataType, Identity, Step};

    use super::*;

    fn check(action: Action, expected: &str) {
        let table: TableName = "s.t".parse().expect("a name");
        let printed: Vec<String> = statements(&table, &action).iter().map(Statement::to_string).collect();
        assert_eq!(printed, [expected], "{action:?}");
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
        const TAG: &str = "-- taken by Databricks with Unity Catalog; OSS Spark has no tags\n";
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
        const KEY: &str = "-- taken by Databricks with Unity Catalog; OSS Spark has no keys on Delta tables\n";
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
            "-- taken by no Spark: a column is added nullable\n\
             -- taken by no Spark: a generated or identity column is created with its table\n\
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
        check(relocate(Position::Last), "-- Spark SQL moves a column FIRST or AFTER another, not to the end");
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
            "-- taken by Databricks; OSS Spark can't set NOT NULL on a column that is there\n\
             ALTER TABLE `s`.`t` ALTER COLUMN `address`.`zip` SET NOT NULL",
        );
        check(
            Action::SetColumnNotNull { path: below_array() },
            "-- taken by no Spark: NOT NULL inside arrays and maps\n\
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
            "-- taken by Databricks; OSS Spark can't choose clustering columns\nALTER TABLE `s`.`t` CLUSTER BY AUTO",
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
            "-- set spark.sql.variable.substitute to false first: Spark replaces ${...}, in literals too\n\
             COMMENT ON TABLE `s`.`t` IS 'in ${env:HOME}'",
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
            script(&TableName::bare("t"), &actions),
            "-- CLUSTER BY enables this feature; no statement sets it by itself\n\
             ALTER TABLE `t` ALTER COLUMN `a` SET DEFAULT 0;\n\
             -- taken by Databricks; OSS Spark can't set NOT NULL on a column that is there\n\
             ALTER TABLE `t` ALTER COLUMN `a` SET NOT NULL;\n"
        );
    }
}
