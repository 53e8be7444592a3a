"""The other side of `cargo xtask bench spark`: PySpark Connect, table by table and statement by statement, in the way of the
Python delta-engine. Answers each line of standard input with one line of JSON, as `spark_speed.rs` does.

The Python delta-engine (0.8) asks six questions a table, one after another, each as `spark.sql(…).collect()`:
`DESCRIBE TABLE EXTENDED … AS JSON`, then column tags, table tags, primary key, foreign keys and inbound keys, from
information_schema. OSS Spark refuses the first for Delta tables (NOT_SUPPORTED_COMMAND_FOR_V2_TABLE) and has no
information_schema, so this file asks what tells the same on OSS Spark, and nothing for the other five, whose answers are
empty there. There are two sets of such questions; the page shows both, and counts the faster one.
"""

import json
import os
import sys
import time

import grpc
from pyspark.errors import AnalysisException
from pyspark.sql.connect.client import DefaultChannelBuilder
from pyspark.sql.connect.session import SparkSession

SCHEMA = "bench"


class Count(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    """How many requests were made, by their names in the protocol."""

    def __init__(self):
        self.requests = {}

    def add(self, details):
        method = details.method
        name = (method.decode() if isinstance(method, bytes) else method).rsplit("/", 1)[-1]
        self.requests[name] = self.requests.get(name, 0) + 1

    def intercept_unary_unary(self, continuation, details, request):
        self.add(details)
        return continuation(details, request)

    def intercept_unary_stream(self, continuation, details, request):
        self.add(details)
        return continuation(details, request)


COUNT = Count()


def connect():
    channel = DefaultChannelBuilder(os.environ["SPARK_REMOTE"])
    channel.add_interceptor(COUNT)
    return SparkSession.builder.channelBuilder(channel).create()


# -- reading ----------------------------------------------------------------------------------------------------------


def by_detail(spark, name):
    """Two questions a table: its schema, and Delta's own description."""
    try:
        schema = spark.table(name).schema
    except AnalysisException as error:
        if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
            return None
        raise
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    return learnt(
        schema,
        detail["description"],
        list(detail["partitionColumns"]),
        list(detail["clusteringColumns"]),
        dict(detail["properties"]),
        list(detail["tableFeatures"]),
    )


def by_properties(spark, name):
    """Three questions a table, which compute less on the server: schema, properties, and the description in words."""
    try:
        schema = spark.table(name).schema
    except AnalysisException as error:
        if error.getCondition() == "TABLE_OR_VIEW_NOT_FOUND":
            return None
        raise
    properties = {row[0]: row[1] for row in spark.sql(f"SHOW TBLPROPERTIES {name}").collect()}
    described = spark.sql(f"DESCRIBE TABLE EXTENDED {name}").collect()
    clustering = json.loads(properties.pop("clusteringColumns", "[]"))
    _, writer = (int(properties.pop(f"delta.min{side}Version")) for side in ("Reader", "Writer"))
    features = [key.removeprefix("delta.feature.") for key in properties if key.startswith("delta.feature.")]
    return learnt(
        schema,
        comment(described),
        partitions(described),
        [path if isinstance(path, str) else ".".join(path) for path in clustering],
        properties,
        features or legacy(writer),
    )


def partitions(described):
    """The names below `# Partition Information`, up to the next heading."""
    names = []
    lines = iter(row[0] for row in described)
    for line in lines:
        if line == "# Partition Information":
            next(lines)
            for name in lines:
                if not name or name.startswith("#"):
                    return names
                names.append(name)
    return names


def comment(described):
    """The table's comment, behind the heading that its columns stand before."""
    rows = [(row[0], row[1]) for row in described]
    heading = next(at for at, row in enumerate(rows) if row[0] == "# Detailed Table Information")
    return next((text for name, text in rows[heading:] if name == "Comment"), None)


def legacy(writer):
    """What the versions of protocols without a list of features stand for (PROTOCOL.md, "Table Features")."""
    first = {"appendOnly": 2, "invariants": 2, "checkConstraints": 3, "changeDataFeed": 4, "generatedColumns": 4}
    first |= {"columnMapping": 5, "identityColumns": 6}
    return [name for name, version in first.items() if version <= writer]


def learnt(schema, comment, partitioned_by, clustered_by, configuration, features):
    checks, properties = {}, {}
    for key, value in configuration.items():
        if key.startswith("delta.constraints."):
            checks[key.removeprefix("delta.constraints.")] = value
        elif not key.startswith("delta.feature."):
            properties[key] = value
    return {
        "columns": [column(field) for field in schema.jsonValue()["fields"]],
        "comment": comment or None,
        "partitioned_by": partitioned_by,
        "clustered_by": clustered_by,
        "properties": properties,
        "checks": checks,
        "features": sorted(features),
    }


def column(field):
    metadata = field["metadata"]
    return {
        "name": field["name"],
        "type": metadata.get("__CHAR_VARCHAR_TYPE_STRING") or text(field["type"]),
        "nullable": field["nullable"],
        "comment": metadata.get("comment"),
    }


NAMES = {"byte": "tinyint", "short": "smallint", "integer": "int", "long": "bigint"}


def text(kind):
    """A type as DDL, nullability and comments of nested parts included."""
    if isinstance(kind, str):
        return NAMES.get(kind, kind)
    null = lambda nullable: "" if nullable else " not null"
    if kind["type"] == "array":
        return f"array<{text(kind['elementType'])}{null(kind['containsNull'])}>"
    if kind["type"] == "map":
        return f"map<{text(kind['keyType'])}, {text(kind['valueType'])}{null(kind['valueContainsNull'])}>"
    fields = []
    for field in kind["fields"]:
        comment = field["metadata"].get("comment")
        said = "" if comment is None else f" comment {literal(comment)}"
        fields.append(f"{field['name']}: {text(field['type'])}{null(field['nullable'])}{said}")
    return f"struct<{', '.join(fields)}>"


WAYS = {"detail": by_detail, "properties": by_properties}


# -- writing ----------------------------------------------------------------------------------------------------------


def literal(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def creation(name, kind):
    """One statement creates a table; the Python delta-engine knows no checks, which take a second one."""
    layout = {1: " PARTITIONED BY (`country`, `created_on`)", 2: " CLUSTER BY (`id`, `address`.`zip`)"}.get(kind, "")
    mapping = "'delta.columnMapping.mode'='name', " if kind == 3 else ""
    invoice = literal('As on the invoice, it\'s "quoted"')
    yield (
        f"CREATE TABLE {name} (`id` BIGINT NOT NULL COMMENT 'Key', `name` STRING COMMENT {invoice}, "
        "`amount` DECIMAL(12,2), `created_at` TIMESTAMP, `created_on` DATE, `country` VARCHAR(2), "
        "`status` STRING COMMENT 'Open or closed', `qty` INT, `note` STRING COMMENT 'Free text', "
        "`address` STRUCT<`street`: STRING COMMENT 'First line', `zip`: STRING>, `labels` ARRAY<STRING>, "
        "`attributes` MAP<STRING,BIGINT>) USING delta COMMENT 'One row per order' "
        f"TBLPROPERTIES ({mapping}'delta.enableDeletionVectors'='true', 'team.owner'='sales'){layout}"
    )
    if kind == 3:
        yield f"ALTER TABLE {name} ADD CONSTRAINT `valid` CHECK (id > 0)"


def alteration(name, kind):
    """One statement an action, in the Python delta-engine's order of phases."""
    yield f"ALTER TABLE {name} SET TBLPROPERTIES ('delta.logRetentionDuration'='interval 60 days')"
    yield f"ALTER TABLE {name} SET TBLPROPERTIES ('team.owner'='orders')"
    if kind == 3:
        yield f"ALTER TABLE {name} RENAME COLUMN `qty` TO `quantity`"
    yield f"ALTER TABLE {name} ADD COLUMN `channel` STRING COMMENT 'Shop or web'"
    yield f"ALTER TABLE {name} ADD COLUMN `score` DOUBLE"
    yield f"ALTER TABLE {name} ALTER COLUMN `note` COMMENT 'Free text of the clerk'"
    yield f"ALTER TABLE {name} ALTER COLUMN `status` COMMENT 'Open, closed or void'"
    yield f"COMMENT ON TABLE {name} IS 'One row per order line'"


def apply(spark, statements, names):
    """Reads every table, then runs the statements of each; looks at nothing afterwards."""
    read = WAYS["properties"]
    for name in names:
        read(spark, name)
    count = 0
    for number, name in enumerate(names):
        for statement in statements(name, number % 4):
            spark.sql(statement)
            count += 1
    return {"statements": count}


# -- the conversation -------------------------------------------------------------------------------------------------


def measured(run):
    before = dict(COUNT.requests)
    began = time.perf_counter()
    answer = run()
    seconds = time.perf_counter() - began
    requests = {name: count - before.get(name, 0) for name, count in COUNT.requests.items()}
    requests = {name: count for name, count in requests.items() if count}
    work = requests.get("ExecutePlan", 0) + requests.get("AnalyzePlan", 0)
    return {**answer, "seconds": seconds, "work": work, "requests": requests}


def main():
    spark = connect()
    for line in sys.stdin:
        match line.split():
            case ["observe", way, *sets]:
                counted = zip(sets[::2], sets[1::2])
                names = [f"{SCHEMA}.{prefix}{at}" for prefix, count in counted for at in range(int(count))]
                answer = measured(lambda: {"tables": {name: WAYS[way](spark, name) for name in names}})
            case ["create" | "alter" as verb, prefix, count]:
                names = [f"{SCHEMA}.{prefix}{at}" for at in range(int(count))]
                statements = creation if verb == "create" else alteration
                answer = measured(lambda: apply(spark, statements, names))
            case _:
                raise ValueError(line)
        print(json.dumps(answer), flush=True)
    spark.stop()


main()
