//! What `init` writes: a project file and an example table that explain themselves.

/// The project file.
pub const PROJECT: &str = r#"# delta-engine reads this file from here or from any folder below.
# Relative paths start here.

# Where your tables are defined.
definitions: ["tables/**/*.yml"]

# Values that differ between targets; definitions write "${var.lake}".
variables:
  lake: { default: ./lake }

# Where the tables are. `delta-engine plan` takes the default one, `--target prod` another.
targets:
  dev:
    url: ./lake # a folder: tables are plain Delta logs, no Spark needed
    default: true
  # prod:
  #   url: "sc://host:443/;x-databricks-cluster-id=${env.CLUSTER_ID}" # any Spark Connect server
  #   token: "${env.DATABRICKS_TOKEN}" # a reference, never the token itself
  #   catalog: main # completes names such as silver.customers
  #   variables: { lake: "s3://bucket/lake" }

# How grave findings are: rejection, hazard, warning, note or off.
# rules: { missing-comment: warning }

# Dangerous changes that are meant.
# allow:
#   - { rule: drop-column, on: "silver.scratch.*", target: dev, reason: rebuilt nightly, until: 2027-01-31 }
"#;

/// Where the example table belongs, from the folder of the project file.
pub const TABLE_FILE: &str = "tables/customers.yml";

/// The example table.
pub const TABLE: &str = r#"# One or more tables. What is not written here is not wanted, except properties:
# a property that is not written is not touched. A table that is in no file is never touched.

# What every table of this file has; a table's own values are nearer and win.
defaults:
  schema: silver

tables:
  - name: customers
    comment: One row per customer
    columns:
      - { name: customer_id, type: bigint, nullable: false }
      - name: full_name
        type: string
        comment: As on the invoice
        # After a rename, keep the former name here, so that the column is renamed and not dropped:
        # renamed_from: name
      - name: address
        # Put a type in quotes when it holds a comma or a colon.
        type: "struct<street: string, zip: string>"
        fields:
          street: { comment: First line of the address }
      - { name: status, type: string, nullable: false }
      - { name: created_at, type: timestamp }

    # Read often by these columns? Then cluster by them (or partitioned_by: [...], never both).
    # clustered_by: [customer_id]

    primary_key: [customer_id]

    checks:
      known_status: "status IN ('new', 'active', 'closed')"

    properties:
      delta.columnMapping.mode: name # lets columns be renamed and dropped without rewriting files
"#;
