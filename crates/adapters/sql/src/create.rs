//! CREATE TABLE.

use std::collections::BTreeMap;

use delta_engine_schema::model::{Column, DesiredTable, Feature, Layout, canonical_value};

use crate::clause::{clustering, properties};
use crate::column;
use crate::own::own_layout;
use crate::quote::{identifier, list, literal};

/// The statement that creates the table under this quoted name, without what can only follow it.
pub(crate) fn create_table(table: &str, desired: &DesiredTable) -> String {
    let columns = desired.columns.iter().map(definition).collect::<Vec<_>>().join(",\n");
    let mut lines = vec![format!("CREATE TABLE {table} (\n{columns}\n)"), "USING delta".to_owned()];
    lines.extend(layout(&own_layout(&desired.columns, &desired.layout)));
    lines.extend(desired.location.as_ref().map(|location| format!("LOCATION {}", literal(location))));
    lines.extend(desired.comment.as_ref().map(|comment| format!("COMMENT {}", literal(comment))));
    let set = settings(desired);
    if !set.is_empty() {
        lines.push(format!("TBLPROPERTIES {}", properties(&set)));
    }
    lines.join("\n")
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
    let mut set: BTreeMap<String, String> = desired
        .properties
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), canonical_value(key, value.as_deref()?).to_owned())))
        .collect();
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

#[cfg(test)]
mod tests {
    use delta_engine_schema::Action;
    use delta_engine_schema::draft::{
        ClusteringDraft, ColumnDraft, ForeignKeyDraft, PrimaryKeyDraft, TableDraft, TypeDraft,
    };
    use delta_engine_schema::model::Identity;

    use crate::preview;

    fn column(name: &str, data_type: &str) -> ColumnDraft {
        ColumnDraft::new(name, TypeDraft::Text(data_type.to_owned()))
    }

    fn check(draft: TableDraft, expected: &str) {
        let table = draft.check().unwrap_or_else(|faults| panic!("{faults:?}"));
        let action = Action::CreateTable { table: Box::new(table.clone()) };
        assert_eq!(preview(&table.name, &[action]), expected);
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
  `created_at` TIMESTAMP_LTZ,
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
-- OSS Spark has no tags; Databricks with Unity Catalog has
ALTER TABLE `orders` SET TAGS ('domain' = 'sales');
-- OSS Spark has no tags; Databricks with Unity Catalog has
ALTER TABLE `orders` ALTER COLUMN `id` SET TAGS ('pii' = 'yes');
-- OSS Spark has no keys on Delta tables; Databricks with Unity Catalog has
ALTER TABLE `orders` ADD PRIMARY KEY (`id`);
-- OSS Spark has no keys on Delta tables; Databricks with Unity Catalog has
ALTER TABLE `orders` ADD FOREIGN KEY (`country`) REFERENCES `silver`.`countries` (`code`);
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
            "-- OSS Spark does not choose clustering columns; Databricks does
-- SQL can't say NOT NULL of array elements and map values
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
