//! CREATE TABLE, and what can only follow it.

use std::collections::BTreeMap;

use delta_engine_schema::model::{Column, DesiredTable, Feature, Layout, Path, TableName};
use delta_engine_schema::{Action, Change};

use crate::action::{clustering, properties, statements};
use crate::column;
use crate::quote::{identifier, list, literal, table as quoted};
use crate::statement::{Remark, Statement};

/// The table, then its checks, keys and tags: OSS Delta takes none of them in CREATE TABLE.
pub(crate) fn create_table(table: &TableName, desired: &DesiredTable) -> Vec<Statement> {
    let columns = desired.columns.iter().map(definition).collect::<Vec<_>>().join(",\n");
    let mut lines = vec![format!("CREATE TABLE {} (\n{columns}\n)", quoted(table)), "USING delta".to_owned()];
    lines.extend(layout(&desired.layout));
    lines.extend(desired.location.as_ref().map(|location| format!("LOCATION {}", literal(location))));
    lines.extend(desired.comment.as_ref().map(|comment| format!("COMMENT {}", literal(comment))));
    let set = settings(desired);
    if !set.is_empty() {
        lines.push(format!("TBLPROPERTIES {}", properties(&set)));
    }
    let remarks = desired.columns.iter().flat_map(column::created);
    let auto = (desired.layout == Layout::ClusteredAuto).then_some(Remark::ClusterByAuto);
    let mut created = vec![Statement::new(lines.join("\n")).remarked(remarks.chain(auto))];
    created.extend(following(desired).iter().flat_map(|action| statements(table, action)));
    created
}

fn definition(column: &Column) -> String {
    format!("  {} {}", identifier(column.name()), column::definition(column))
}

fn layout(layout: &Layout) -> Option<String> {
    match layout {
        Layout::Flat => None,
        Layout::Partitioned(columns) => Some(format!("PARTITIONED BY {}", list(columns))),
        Layout::Clustered(paths) => (!paths.is_empty()).then(|| clustering(paths)),
        Layout::ClusteredAuto => Some("CLUSTER BY AUTO".to_owned()),
    }
}

/// Properties to set, features among them that creation does not bring by itself.
fn settings(desired: &DesiredTable) -> BTreeMap<String, String> {
    let mut set: BTreeMap<String, String> =
        desired.properties.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
    // Never enabled by a DEFAULT itself (WRONG_COLUMN_DEFAULTS_FOR_DELTA_FEATURE_NOT_ENABLED).
    let defaults = desired.columns.iter().any(|column| column.default.is_some());
    let implied = defaults.then_some(&Feature::AllowColumnDefaults);
    // CLUSTER BY brings clustering, and Delta refuses the property.
    for feature in desired.features.iter().chain(implied).filter(|feature| **feature != Feature::Clustering) {
        set.insert(feature_key(feature), "supported".to_owned());
    }
    set
}

/// The property that enables a feature.
pub(crate) fn feature_key(feature: &Feature) -> String {
    format!("delta.feature.{}", feature.name())
}

fn following(desired: &DesiredTable) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, expression) in &desired.checks {
        actions.push(Action::AddCheck { name: name.clone(), expression: expression.clone() });
    }
    actions.extend(desired.primary_key.iter().map(|key| Action::AddPrimaryKey { key: key.clone() }));
    actions.extend(desired.foreign_keys.iter().map(|key| Action::AddForeignKey { key: key.clone() }));
    let given = |value: &String| Change::between(None, Some(value.clone()));
    for (key, value) in &desired.tags {
        actions.extend(given(value).map(|change| Action::SetTableTag { key: key.clone(), change }));
    }
    for column in &desired.columns {
        let path = Path::column(column.name().clone());
        for (key, value) in &column.tags {
            let set = |change| Action::SetColumnTag { path: path.clone(), key: key.clone(), change };
            actions.extend(given(value).map(set));
        }
    }
    actions
}

#[cfg(test)]
mod tests {
    use delta_engine_schema::draft::{
        ClusteringDraft, ColumnDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
    };
    use delta_engine_schema::model::Identity;

    use super::*;
    use crate::script;

    fn column(name: &str, data_type: &str) -> ColumnDraft {
        ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
    }

    fn check(draft: TableDraft, expected: &str) {
        let table = draft.check().unwrap_or_else(|faults| panic!("{faults:?}"));
        let action = Action::CreateTable { table: Box::new(table.clone()) };
        assert_eq!(script(&table.name, &[action]), expected);
    }

    #[test]
    fn a_table_with_everything_oss_delta_takes_is_one_statement() {
        let draft = TableDraft {
            columns: vec![
                ColumnDraft { nullable: false, comment: Some("the key".into()), ..column("id", "bigint") },
                column("created_at", "timestamp"),
                ColumnDraft { generated: Some("CAST(created_at AS DATE)".into()), ..column("created_on", "date") },
                ColumnDraft {
                    default: Some("'new'".into()),
                    comment: Some("it's\nnew".into()),
                    ..column("status", "string")
                },
                column("address", "struct<street: string not null, zip: string>"),
            ],
            comment: Some("One row per customer".into()),
            partitioned_by: Some(vec!["created_on".into()]),
            location: Some("s3://lake/customers".into()),
            properties: vec![
                ("team.owner".into(), Some("o'hara".into())),
                ("delta.enableChangeDataFeed".into(), Some("true".into())),
                ("delta.appendOnly".into(), None),
            ],
            checks: vec![("valid_id".into(), "id > 0".into())],
            ..TableDraft::new("silver.customers")
        };
        check(
            draft,
            r"CREATE TABLE `silver`.`customers` (
  `id` BIGINT NOT NULL COMMENT 'the key',
  `created_at` TIMESTAMP,
  `created_on` DATE GENERATED ALWAYS AS (CAST(created_at AS DATE)),
  `status` STRING DEFAULT 'new' COMMENT 'it\'s
new',
  `address` STRUCT<`street`: STRING NOT NULL, `zip`: STRING>
)
USING delta
PARTITIONED BY (`created_on`)
LOCATION 's3://lake/customers'
COMMENT 'One row per customer'
TBLPROPERTIES (
  'delta.enableChangeDataFeed' = 'true',
  'delta.feature.allowColumnDefaults' = 'supported',
  'team.owner' = 'o\'hara'
);
ALTER TABLE `silver`.`customers` ADD CONSTRAINT `valid_id` CHECK (id > 0);
",
        );
    }

    #[test]
    fn keys_and_tags_follow_with_who_takes_them() {
        let draft = TableDraft {
            columns: vec![
                ColumnDraft { nullable: false, tags: vec![("pii".into(), "yes".into())], ..column("id", "bigint") },
                column("country", "string"),
            ],
            clustered_by: Some(ClusteringDraft::By(vec!["country".into(), "id".into()])),
            properties: vec![("delta.feature.deletionVectors".into(), Some("supported".into()))],
            primary_key: Some(PrimaryKeyDraft { columns: vec!["id".into()], ..PrimaryKeyDraft::default() }),
            foreign_keys: vec![ForeignKeyDraft {
                columns: vec!["country".into()],
                references: "silver.countries".into(),
                referenced_columns: vec!["code".into()],
                ..ForeignKeyDraft::default()
            }],
            tags: vec![("domain".into(), "sales".into())],
            ..TableDraft::new("orders")
        };
        check(
            draft,
            "CREATE TABLE `orders` (
  `id` BIGINT NOT NULL,
  `country` STRING
)
USING delta
CLUSTER BY (`country`, `id`)
TBLPROPERTIES (
  'delta.feature.deletionVectors' = 'supported'
);
-- taken by Databricks with Unity Catalog; OSS Spark has no keys on Delta tables
ALTER TABLE `orders` ADD PRIMARY KEY (`id`);
-- taken by Databricks with Unity Catalog; OSS Spark has no keys on Delta tables
ALTER TABLE `orders` ADD FOREIGN KEY (`country`) REFERENCES `silver`.`countries` (`code`);
-- taken by Databricks with Unity Catalog; OSS Spark has no tags
ALTER TABLE `orders` SET TAGS ('domain' = 'sales');
-- taken by Databricks with Unity Catalog; OSS Spark has no tags
ALTER TABLE `orders` ALTER COLUMN `id` SET TAGS ('pii' = 'yes');
",
        );
    }

    #[test]
    fn what_oss_spark_cannot_create_is_remarked_once() {
        let identity = Some(Identity { start: 1, increment: 2, always: false });
        let draft = TableDraft {
            columns: vec![
                ColumnDraft { identity, ..column("id", "bigint") },
                column("a", "array<string not null>"),
                column("b", "array<int not null>"),
            ],
            clustered_by: Some(ClusteringDraft::Auto),
            ..TableDraft::new("t")
        };
        check(
            draft,
            "-- left out, Spark SQL can't say it: NOT NULL of array elements and map values
-- taken by Databricks, and by OSS Spark from Delta 4.4
-- taken by Databricks; OSS Spark can't choose clustering columns
CREATE TABLE `t` (
  `id` BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 1 INCREMENT BY 2),
  `a` ARRAY<STRING>,
  `b` ARRAY<INT>
)
USING delta
CLUSTER BY AUTO;
",
        );
    }
}
