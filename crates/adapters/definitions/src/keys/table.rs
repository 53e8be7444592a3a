//! The keys of a file of definitions.

use super::{BOOLEAN, Key, KeySet, NAMES, NAMES_OR_NULL, SCALARS, TEXT, TEXT_OR_NULL, key};

pub(crate) const FILE: KeySet = KeySet {
    what: "a file of definitions",
    keys: &[
        key(
            "kind",
            "`snapshot` in files that were written from existing tables",
            "kind: snapshot",
            r#"{"enum":["snapshot"]}"#,
        ),
        key(
            "defaults",
            "What every table of the file has unless it says otherwise; maps merge, null removes",
            "defaults: { schema: silver }",
            r##"{"$ref":"#/$defs/defaults"}"##,
        ),
        key(
            "tables",
            "The tables",
            "tables: followed by lines `  - name: customers`",
            r##"{"type":"array","items":{"$ref":"#/$defs/table"}}"##,
        ),
    ],
    needed: &["tables"],
    foreign: &[("table", "tables"), ("models", "tables"), ("version", ""), ("default", "defaults")],
};

pub(crate) const DEFAULTS: KeySet = KeySet {
    what: "`defaults`",
    keys: &[
        key("catalog", "Catalog of names without one", "catalog: main", TEXT),
        key("schema", "Schema of names without one", "schema: silver", TEXT),
        PROPERTIES,
        TAGS,
        SCOPE,
    ],
    needed: &[],
    foreign: &[("database", "schema"), ("namespace", "schema"), ("tblproperties", "properties")],
};

const PROPERTIES: Key = key(
    "properties",
    "Table properties; null says that one must not be set, and what is not written is not touched",
    "properties: { delta.enableChangeDataFeed: true }",
    SCALARS,
);
const TAGS: Key = key("tags", "Tags in the catalog", "tags: { domain: sales }", SCALARS);
const SCOPE: Key = key(
    "scope",
    "How much of the table is declared here: full, metadata (keys, comments, tags), annotations (comments, tags) or tags",
    "scope: full",
    r#"{"enum":["full","metadata","annotations","tags"]}"#,
);

pub(crate) const TABLE: KeySet = KeySet {
    what: "a table",
    keys: &[
        key(
            "name",
            "[catalog.][schema.]table; backticks around a part with odd letters",
            "name: silver.customers",
            TEXT,
        ),
        key("comment", "What the table is", "comment: One row per customer", TEXT_OR_NULL),
        key(
            "columns",
            "The columns, in order",
            "columns: followed by lines `  - { name: id, type: bigint }`",
            r##"{"type":"array","items":{"$ref":"#/$defs/column"},"minItems":1}"##,
        ),
        key("partitioned_by", "Partition columns, in order", "partitioned_by: [country]", NAMES_OR_NULL),
        key(
            "clustered_by",
            "Columns of liquid clustering, or auto",
            "clustered_by: [customer_id]",
            r#"{"anyOf":[{"const":"auto"},{"type":["array","null"],"items":{"type":"string"}}]}"#,
        ),
        key(
            "primary_key",
            "Columns of the primary key, or a mapping with its name too",
            "primary_key: [customer_id]",
            r##"{"anyOf":[{"type":["array","null"],"items":{"type":"string"}},{"$ref":"#/$defs/primary_key"}]}"##,
        ),
        key(
            "foreign_keys",
            "References to other tables",
            "foreign_keys: followed by lines `  - { columns: [country], references: silver.countries, referenced_columns: [code] }`",
            r##"{"type":["array","null"],"items":{"$ref":"#/$defs/foreign_key"}}"##,
        ),
        key(
            "checks",
            "Conditions that every row meets, by name",
            "checks: { valid_id: \"customer_id > 0\" }",
            r#"{"type":["object","null"],"additionalProperties":{"type":["string","null"]}}"#,
        ),
        PROPERTIES,
        TAGS,
        key(
            "location",
            "Where the files of an external table are",
            "location: \"${var.lake}/customers\"",
            r#"{"type":["string","null"]}"#,
        ),
        SCOPE,
        key(
            "observed",
            "What a snapshot saw beside the definition",
            "observed: { table_id: …, version: 7 }",
            r##"{"$ref":"#/$defs/observed"}"##,
        ),
    ],
    needed: &["name"],
    foreign: &[
        ("description", "comment"),
        ("partition_by", "partitioned_by"),
        ("partitions", "partitioned_by"),
        ("partition_columns", "partitioned_by"),
        ("cluster_by", "clustered_by"),
        ("clustering", "clustered_by"),
        ("liquid_clustered_by", "clustered_by"),
        ("fields", "columns"),
        ("tblproperties", "properties"),
        ("table_properties", "properties"),
        ("options", "properties"),
        ("constraints", "checks"),
        ("check", "checks"),
        ("pk", "primary_key"),
        ("path", "location"),
        ("table", "name"),
        ("schema", "name"),
        ("catalog", "name"),
    ],
};

pub(crate) const COLUMN: KeySet = KeySet {
    what: "a column",
    keys: &[
        key("name", "Name of the column", "name: customer_id", TEXT),
        key("type", "Spark SQL type; in quotes where it holds a comma or colon", "type: bigint", TEXT),
        key("nullable", "Whether it may be null; true where it is not written", "nullable: false", BOOLEAN),
        key("comment", "What the column is", "comment: As on the invoice", TEXT_OR_NULL),
        key(
            "default",
            "Value of inserts that leave the column out: text is SQL, numbers and booleans are themselves",
            "default: \"'new'\"",
            r#"{"type":["string","number","boolean","null"]}"#,
        ),
        key(
            "generated",
            "SQL expression that computes the column",
            "generated: \"CAST(created_at AS DATE)\"",
            r#"{"type":["string","null"]}"#,
        ),
        key(
            "identity",
            "Numbers the rows",
            "identity: { start: 1, increment: 1, always: true }",
            r##"{"anyOf":[{"type":"null"},{"$ref":"#/$defs/identity"}]}"##,
        ),
        TAGS,
        key(
            "renamed_from",
            "Former name, or several, newest first",
            "renamed_from: old_name",
            r#"{"anyOf":[{"type":["string","null"]},{"type":"array","items":{"type":"string"}}]}"#,
        ),
        key(
            "fields",
            "What is said of nested fields, by path: street, lines.element.sku",
            "fields: { street: { comment: First line } }",
            r##"{"type":["object","null"],"additionalProperties":{"$ref":"#/$defs/field"}}"##,
        ),
        METADATA,
        key(
            "opaque",
            "In snapshots: the raw JSON of types that this version does not know, by path",
            "opaque: { \".\": '\"interval\"' }",
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        ),
    ],
    needed: &["name", "type"],
    foreign: &[
        ("description", "comment"),
        ("data_type", "type"),
        ("datatype", "type"),
        ("column", "name"),
        ("not_null", "nullable: false"),
        ("notnull", "nullable: false"),
        ("required", "nullable: false"),
        ("null", "nullable"),
        ("primary_key", "`primary_key: [column]` on the table"),
        ("pk", "`primary_key: [column]` on the table"),
        ("unique", ""),
        ("index", ""),
        ("check", "`checks: { name: \"condition\" }` on the table"),
        ("references", "`foreign_keys` on the table"),
        ("foreign_key", "`foreign_keys` on the table"),
        ("generated_as", "generated"),
        ("expression", "generated"),
        ("formerly", "renamed_from"),
        ("old_name", "renamed_from"),
        ("default_value", "default"),
    ],
};

const METADATA: Key = key(
    "metadata",
    "In snapshots: what the log keeps of the field, such as its column id",
    "metadata: { delta.columnMapping.id: 1 }",
    r#"{"type":"object"}"#,
);

pub(crate) const FIELD: KeySet = KeySet {
    what: "a nested field",
    keys: &[
        key("comment", "What the field is", "comment: First line", TEXT_OR_NULL),
        key(
            "renamed_from",
            "Former name, or several, newest first",
            "renamed_from: line1",
            r#"{"anyOf":[{"type":["string","null"]},{"type":"array","items":{"type":"string"}}]}"#,
        ),
        METADATA,
    ],
    needed: &[],
    foreign: &[
        ("description", "comment"),
        ("type", "it in the column's `type`, as in \"struct<street: string>\""),
        ("nullable", "`not null` behind the field's type in the column's `type`"),
        ("fields", "the whole path as one key, as in `lines.element.sku: { comment: … }`"),
    ],
};

pub(crate) const IDENTITY: KeySet = KeySet {
    what: "an identity",
    keys: &[
        key("start", "First number; 1 where it is not written", "start: 1", r#"{"type":"integer"}"#),
        key("increment", "Step; 1 where it is not written", "increment: 1", r#"{"type":"integer"}"#),
        key("always", "Whether explicit values are refused; true where it is not written", "always: true", BOOLEAN),
    ],
    needed: &[],
    foreign: &[("step", "increment"), ("by_default", "always: false")],
};

pub(crate) const PRIMARY_KEY: KeySet = KeySet {
    what: "a primary key",
    keys: &[
        key("name", "Name of the key", "name: pk_customers", TEXT),
        key("columns", "Its columns", "columns: [customer_id]", NAMES),
        key("rely", "Whether the optimizer may trust the key", "rely: true", BOOLEAN),
    ],
    needed: &["columns"],
    foreign: &[("column", "columns"), ("cols", "columns")],
};

pub(crate) const FOREIGN_KEY: KeySet = KeySet {
    what: "a foreign key",
    keys: &[
        key("name", "Name of the key", "name: fk_country", TEXT),
        key("columns", "Columns of this table", "columns: [country]", NAMES),
        key("references", "The other table", "references: silver.countries", TEXT),
        key(
            "referenced_columns",
            "Columns there; the same names where it is not written",
            "referenced_columns: [code]",
            NAMES,
        ),
        key("rely", "Whether the optimizer may trust the key", "rely: true", BOOLEAN),
    ],
    needed: &["columns", "references"],
    foreign: &[
        ("column", "columns"),
        ("table", "references"),
        ("references_table", "references"),
        ("references_columns", "referenced_columns"),
        ("on_delete", ""),
        ("on_update", ""),
    ],
};

pub(crate) const OBSERVED: KeySet = KeySet {
    what: "`observed`",
    keys: &[
        key("table_id", "Id of the table in its log", "table_id: 5e0b7c1e-…", TEXT),
        key("version", "Version that was read", "version: 7", r#"{"type":"integer"}"#),
        key("features", "Features the table has", "features: [columnMapping]", NAMES),
        key("kind", "table or streaming_table", "kind: table", r#"{"enum":["table","streaming_table"]}"#),
        key(
            "inbound_keys",
            "Foreign keys of other tables that refer to this one",
            "inbound_keys: followed by lines `  - { table: silver.orders, referenced_columns: [id] }`",
            r##"{"type":"array","items":{"$ref":"#/$defs/inbound_key"}}"##,
        ),
        key(
            "unknown",
            "What could not be seen when the snapshot was taken",
            "unknown: followed by lines `  - { aspect: tags }`",
            r##"{"type":"array","items":{"$ref":"#/$defs/unseen"}}"##,
        ),
    ],
    needed: &["table_id", "version"],
    foreign: &[("id", "table_id")],
};

pub(crate) const INBOUND_KEY: KeySet = KeySet {
    what: "an inbound key",
    keys: &[
        key("table", "The table that holds the key", "table: silver.orders", TEXT),
        key("name", "Name of the key", "name: fk_customer", TEXT),
        key("referenced_columns", "Columns of this table", "referenced_columns: [id]", NAMES),
    ],
    needed: &["table", "referenced_columns"],
    foreign: &[],
};

pub(crate) const UNSEEN: KeySet = KeySet {
    what: "an entry of `unknown`",
    keys: &[
        key("aspect", "What could not be seen", "aspect: tags", TEXT),
        key(
            "at",
            "Where: a column or nested field; the whole table where it is not written",
            "at: address.street",
            TEXT,
        ),
    ],
    needed: &["aspect"],
    foreign: &[],
};
