"""Independent readers and writers of Delta tables, one request a line, one answer a line."""
import datetime, decimal, json, os, sys

import deltalake
import duckdb
import pyarrow as pa
from deltalake import DeltaTable, Field, QueryBuilder, Schema, write_deltalake
from deltalake.schema import PrimitiveType
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


def duck_type(data_type):
    """A type of DuckDB's with its names, which its text would quote."""
    children = data_type.children if data_type.id in ("struct", "list", "map") else []
    if data_type.id == "struct":
        return {"struct": [[name, duck_type(child)] for name, child in children]}
    if data_type.id == "list":
        return {"list": duck_type(children[0][1])}
    if data_type.id == "map":
        return {"map": [duck_type(child) for _, child in children]}
    return str(data_type)


def field_of(field):
    """A field of deltalake's schema, of its metadata the comment only."""
    shown = {name: field[name] for name in ("name", "nullable")}
    return shown | {"type": type_of(field["type"]), "comment": field["metadata"].get("comment") or ""}


def type_of(data_type):
    if not isinstance(data_type, dict):
        return data_type
    inner = {key: type_of(data_type[key]) for key in ("elementType", "keyType", "valueType") if key in data_type}
    if "fields" in data_type:
        inner["fields"] = [field_of(field) for field in data_type["fields"]]
    return data_type | inner


def schema(request):
    if request["by"] == "duckdb":
        read = DUCK.execute("SELECT * FROM delta_scan(?) LIMIT 0", [request["path"]])
        return [[name, duck_type(data_type)] for name, data_type, *_ in read.description]
    return [field_of(field) for field in json.loads(DeltaTable(request["path"]).schema().to_json())["fields"]]


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


ITEM = [("sku", pa.string()), ("count", pa.int16()), ("at", pa.date32())]


def deep(count):
    """Every type that can be widened, and structs in structs, elements, keys and values, some of them NOT NULL."""
    item, place = pa.struct(ITEM), pa.struct([
        ("city", pa.string()), ("zip", pa.int32()), pa.field("code", pa.int8(), nullable=False)])
    line = pa.struct(ITEM[:2] + [pa.field("at", pa.date32(), nullable=False)])
    day = datetime.date(2026, 1, 1)
    at = lambda n: {"sku": f"sku {n}", "count": n, "at": day}
    columns = {
        "id": (pa.int64(), lambda n: n),
        "tiny": (pa.int8(), lambda n: n),
        "small": (pa.int16(), lambda n: n * 100),
        "whole": (pa.int32(), lambda n: n * 10_000),
        "single": (pa.float32(), lambda n: n + 0.5),
        "amount": (pa.decimal128(9, 2), lambda n: decimal.Decimal(n) + decimal.Decimal("0.25")),
        "day": (pa.date32(), lambda n: day + datetime.timedelta(n)),
        "place": (place, lambda n: {"city": f"city {n}", "zip": n, "code": n}),
        "lines": (pa.list_(line), lambda n: [at(n), at(n + 1)]),
        "stock": (pa.map_(item, item), lambda n: [(at(n), at(n + 2))]),
        "firm": (pa.list_(pa.field("element", pa.int16(), nullable=False)), lambda n: [n, n + 1]),
        "rates": (pa.map_(pa.int8(), pa.field("value", pa.int32(), nullable=False)), lambda n: [(n, n * 5)]),
    }
    schema = pa.schema([pa.field(name, data_type, nullable=name != "place") for name, (data_type, _) in columns.items()])
    cells = {name: pa.array([value(n) for n in range(1, count + 1)], data_type)
             for name, (data_type, value) in columns.items()}
    return pa.table(cells, schema=schema)


def lengths(path):
    """Text whose length Spark keeps in the metadata of its field."""
    string = PrimitiveType("string")
    text = lambda name, length: Field(name, string, metadata={"__CHAR_VARCHAR_TYPE_STRING": length})
    DeltaTable.create(path, Schema([Field("id", PrimitiveType("long")), text("code", "char(3)"), text("label", "varchar(5)")]))
    write_deltalake(path, pa.table({"id": [1, 2], "code": ["abc", "def"], "label": ["x", None]}), mode="append")


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
    elif kind == "deep":
        write_deltalake(path, deep(4))
    elif kind == "lengths":
        lengths(path)
    elif kind == "empty":
        DeltaTable.create(path, sample(1).schema)
    else:
        raise ValueError(kind)
    return DeltaTable(path).version()


OPERATIONS = {"rows": rows, "schema": schema, "append": append, "make": make}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": OPERATIONS[request["op"]](request)}
    except BaseException as error:  # a panic of delta-rs is no Exception
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
