//! The keys of the project file.

use super::{BOOLEAN, KeySet, TEXT, key};

pub(crate) const PROJECT: KeySet = KeySet {
    what: "the project file",
    keys: &[
        key(
            "definitions",
            "Where definitions are, as patterns below the folder of this file",
            "definitions: [\"tables/**/*.yml\"]",
            r#"{"type":"array","items":{"type":"string"}}"#,
        ),
        key(
            "variables",
            "Values that differ between targets; definitions write ${var.name}",
            "variables: { lake: { default: ./lake } }",
            r##"{"type":"object","additionalProperties":{"$ref":"#/$defs/variable"}}"##,
        ),
        key(
            "targets",
            "Where the tables are",
            "targets: { dev: { url: ./lake } }",
            r##"{"type":"object","additionalProperties":{"$ref":"#/$defs/target"}}"##,
        ),
        key(
            "rules",
            "How grave the findings of a rule are",
            "rules: { missing-comment: warning }",
            r#"{"type":"object","additionalProperties":{"enum":["rejection","hazard","warning","note","off"]}}"#,
        ),
        key(
            "allow",
            "Permissions for dangerous changes",
            "allow: followed by lines `  - { rule: drop-column, on: silver.scratch.note, reason: … }`",
            r##"{"type":"array","items":{"$ref":"#/$defs/permission"}}"##,
        ),
    ],
    needed: &[],
    foreign: &[
        ("tables", "`definitions` with a pattern, and the tables in files of their own"),
        ("target", "targets"),
        ("vars", "variables"),
        ("include", "definitions"),
        ("environments", "targets"),
        ("permissions", "allow"),
    ],
};

pub(crate) const VARIABLE: KeySet = KeySet {
    what: "a variable",
    keys: &[key(
        "default",
        "Its value where neither the target nor --var gives one",
        "default: ./lake",
        r#"{"type":["string","number","boolean"]}"#,
    )],
    needed: &[],
    foreign: &[("value", "default")],
};

pub(crate) const TARGET: KeySet = KeySet {
    what: "a target",
    keys: &[
        key("url", "A folder, an object store or a Spark Connect server", "url: ./lake", TEXT),
        key("default", "Whether it is meant where no --target is given", "default: true", BOOLEAN),
        key("catalog", "Catalog of names that are written without one", "catalog: dev", TEXT),
        key(
            "catalogs",
            "Catalogs as written, and as they are called here",
            "catalogs: { main: prod_main }",
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
        ),
        key(
            "variables",
            "Values of variables on this target",
            "variables: { lake: \"s3://bucket\" }",
            r#"{"type":"object","additionalProperties":{"type":["string","number","boolean"]}}"#,
        ),
        key("token", "Reference to the token, never the token itself", "token: \"${env.DATABRICKS_TOKEN}\"", TEXT),
        key("layout", "Where a table's folder is below the url", "layout: \"{catalog}/{schema}/{table}\"", TEXT),
        key(
            "observe",
            "What the tables of a server are read through: the server, or their Delta logs, reached from here",
            "observe: native",
            r#"{"enum":["server","native"]}"#,
        ),
        key(
            "execute",
            "What changes the tables of a server: its statements, or commits to their Delta logs",
            "execute: native",
            r#"{"enum":["server","native"]}"#,
        ),
        key(
            "commits",
            "How two writers are kept apart: on s3://, and where execute is native",
            "commits: conditional-put",
            r#"{"enum":["conditional-put","dynamodb","single-writer"]}"#,
        ),
        key(
            "storage",
            "Options of the object store, as delta-rs names them; secrets only as references",
            "storage: { aws_endpoint: \"http://127.0.0.1:9000\" }",
            r#"{"type":"object","additionalProperties":{"type":["string","number","boolean"]}}"#,
        ),
        key("strict", "Whether what the target cannot store is refused rather than noted", "strict: true", BOOLEAN),
    ],
    needed: &["url"],
    foreign: &[
        ("host", "url"),
        ("path", "url"),
        ("root", "url"),
        ("vars", "variables"),
        ("password", "token"),
        ("storage_options", "storage"),
        ("options", "storage"),
        ("read", "observe"),
        ("write", "execute"),
    ],
};

pub(crate) const PERMISSION: KeySet = KeySet {
    what: "a permission",
    keys: &[
        key("rule", "The rule whose finding is allowed", "rule: drop-column", TEXT),
        key(
            "on",
            "The object: a table, or a column with its table; * stands for any part",
            "on: \"silver.scratch.*\"",
            TEXT,
        ),
        key("target", "The target it holds for; every one where it is not written", "target: dev", TEXT),
        key("reason", "Why it is allowed", "reason: rebuilt nightly", TEXT),
        key("until", "The last day it holds", "until: 2027-01-31", r#"{"type":"string","format":"date"}"#),
    ],
    needed: &["rule", "on"],
    foreign: &[("object", "on"), ("table", "on"), ("expires", "until"), ("because", "reason"), ("why", "reason")],
};
