"""Independent readers and writers of Delta tables, one request a line, one answer a line."""
import json, os, sys

import deltalake
import duckdb
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder, write_deltalake
from duckdb_extensions import import_extension

import_extension("delta")
DUCK = duckdb.connect()
DUCK.execute("LOAD delta")
DUCK.execute("SET TimeZone='UTC'")


def text(value):
    return None if value is None else str(value)


def rows(request):
    select = request["select"]
    if request["by"] == "duckdb":
        query = f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (SELECT {select} FROM delta_scan(?))"
        found = [list(row) for row in DUCK.execute(query, [request["path"]]).fetchall()]
    else:
        query = f"select {select} from t"
        table = DeltaTable(request["path"])
        read = pa.table(QueryBuilder().register("t", table).execute(query).read_all())
        found = [[text(value) for value in row.values()] for row in read.to_pylist()]
    return sorted(found, key=lambda row: [(cell is None, cell or "") for cell in row])


def columns(request):
    if request["by"] == "duckdb":
        read = DUCK.execute("DESCRIBE SELECT * FROM delta_scan(?)", [request["path"]]).fetchall()
        return [row[0] for row in read]
    return [field.name for field in DeltaTable(request["path"]).schema().fields]


def append(request):
    """Adds one row like those that are there, or one of nulls."""
    table = DeltaTable(request["path"])
    builder = QueryBuilder().register("t", table)
    batch = pa.table(builder.execute("select * from t limit 1").read_all())
    if batch.num_rows == 0:
        schema = pa.schema(table.schema().to_arrow())
        if any(not field.nullable for field in schema):
            raise ValueError("no row to repeat")
        batch = pa.table([pa.nulls(1, field.type) for field in schema], schema=schema)
    write_deltalake(request["path"], batch, mode="append")
    return batch.num_rows


def sample(count, start=0):
    numbers = list(range(start, start + count))
    return pa.table({
        "id": pa.array(numbers, pa.int32()),
        "name": pa.array([f"name {n}" for n in numbers]),
        "price": pa.array([n * 1.5 for n in numbers]),
        "day": pa.array([f"2026-01-{1 + n % 28:02}" for n in numbers]),
        "place": pa.array([{"city": f"city {n}", "zip": n} for n in numbers],
                          pa.struct([("city", pa.string()), ("zip", pa.int32())])),
        "lines": pa.array([[{"sku": f"sku {n}"}] for n in numbers], pa.list_(pa.struct([("sku", pa.string())]))),
    })


def make(request):
    path, kind = request["path"], request["kind"]
    if kind == "plain":
        write_deltalake(path, sample(20))
    elif kind == "partitioned":
        write_deltalake(path, sample(40), partition_by=["day"])
    elif kind == "checkpointed":
        for start in range(12):
            write_deltalake(path, sample(5, start * 5), mode="append")
        DeltaTable(path).create_checkpoint()
        write_deltalake(path, sample(5, 60), mode="append")
    elif kind == "long":
        for start in range(120):
            write_deltalake(path, sample(2, start * 2), mode="append")
            if start == 70:
                DeltaTable(path).create_checkpoint()
    elif kind == "unbroken":
        configuration = {"delta.checkpointInterval": "1000"}
        for start in range(30):
            write_deltalake(path, sample(1, start), mode="append", configuration=configuration)
    elif kind == "constrained":
        schema = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])
        data = pa.table({"id": [1, 2, 3], "name": ["a", None, "c"]}, schema=schema)
        write_deltalake(path, data, configuration={"delta.appendOnly": "false"}, description="kept")
        DeltaTable(path).alter.add_constraint({"positive": "id > 0"})
        write_deltalake(path, data, mode="append")
    elif kind == "rewritten":
        write_deltalake(path, sample(30))
        DeltaTable(path).delete("id < 10")
        write_deltalake(path, sample(10, 100), mode="append")
        DeltaTable(path).optimize.compact()
    elif kind == "wide":
        fields = {f"column {n}" if n % 7 == 0 else f"c{n}": pa.array([n, n + 1]) for n in range(120)}
        write_deltalake(path, pa.table({name.replace(" ", "_"): values for name, values in fields.items()}))
    elif kind == "empty":
        DeltaTable.create(path, sample(1).schema)
    else:
        raise ValueError(kind)
    return DeltaTable(path).version()


OPERATIONS = {"rows": rows, "columns": columns, "append": append, "make": make}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[request["op"]](request)}
    except BaseException as error:  # a panic of delta-rs is no Exception
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
