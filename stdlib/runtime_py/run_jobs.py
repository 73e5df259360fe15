"""Runs generated jobs one after another in one Spark session, for the tests of a platform.

    python run_jobs.py JOBS RESULTS

JOBS is a list in JSON, of `{"job": FILE, "arguments": [TEXT …], "given": {ARGUMENT: [ROW …]},
"views": {FUNCTION: {"schema": TEXT, "rows": [ROW …]}}, "wanted": [ARGUMENT …]}`: a job, the rows
of the datasets that it reads and of views that stand in for their functions, and the datasets
that it writes, by the arguments that say where they are. RESULTS gets a line of JSON for each:
`{"seconds": NUMBER, "error": TEXT or null, "rows": {ARGUMENT: [ROW …]}}`. A ROW is an object in
which nothing is lost: numbers are texts, instants microseconds, dates days, bytes hexadecimal.

The exit status is 3 without PySpark. Jars in the folder that PIPEC_JARS names are Spark's too.
"""

import importlib.util
import json
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

MISSING = 3
# What makes small jobs fast; nothing of it changes a row.
SETTINGS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
    # Of hundreds of jobs Spark would keep all plans as text.
    "spark.driver.memory": "2g",
    # Code that runs once is not worth the second compiler, nor a small heap many collectors.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.ui.retainedExecutions": "1",
    "spark.sql.maxPlanStringLength": "1000",
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def module_of(path: str):
    """A job's file as a module; the modules that it imports lie beside it."""
    folder, name = os.path.split(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(
        f"job_{name.removesuffix('.py')}", path
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_value(kind, value):
    """A value of a ROW as Python has it."""
    name = kind.typeName()
    if value is None or name in ("string", "boolean"):
        return value
    if name == "array":
        return [read_value(kind.elementType, item) for item in value]
    if name == "map":
        return {key: read_value(kind.valueType, item) for key, item in value.items()}
    if name == "struct":
        return read_row(kind, value)
    if name == "timestamp":
        return EPOCH + int(value) * MICROSECOND
    if name == "date":
        return date(1970, 1, 1) + timedelta(days=int(value))
    if name == "binary":
        return bytearray.fromhex(value)
    return {"decimal": Decimal, "double": float}.get(name, int)(value)


def read_row(schema, row):
    """A ROW as a tuple in the order of its columns."""
    return tuple(read_value(field.dataType, row.get(field.name)) for field in schema)


def write_value(kind, value):
    """A value as a ROW has it."""
    name = kind.typeName()
    if value is None or name in ("string", "boolean"):
        return value
    if name == "array":
        return [write_value(kind.elementType, item) for item in value]
    if name == "map":
        return {key: write_value(kind.valueType, item) for key, item in value.items()}
    if name == "struct":
        return write_row(kind, value)
    if name == "date":
        return str((value - date(1970, 1, 1)).days)
    if name == "binary":
        return bytes(value).hex()
    if name == "decimal":
        # Spark hands very small ones over with more digits than their type has.
        return format(value, f".{kind.scale}f")
    return repr(value)


def plain(value, kind):
    """A column without instants, microseconds in their place: Python cannot take those of
    the first day that there is."""
    from pyspark.sql import functions as F

    name = kind.typeName()
    if name == "timestamp":
        return F.unix_micros(value)
    if name == "array":
        return F.transform(value, lambda item: plain(item, kind.elementType))
    if name == "map":
        return F.transform_values(value, lambda _, item: plain(item, kind.valueType))
    if name == "struct":
        fields = [plain(value[f.name], f.dataType).alias(f.name) for f in kind]
        return F.when(value.isNotNull(), F.struct(*fields))
    return value


def write_row(schema, row):
    """Spark's row as a ROW."""
    return {
        field.name: write_value(field.dataType, row[field.name]) for field in schema
    }


def datasets_of(module) -> dict:
    """The datasets of a job by their arguments."""
    found = (
        value for value in vars(module).values() if hasattr(value, "target_file_bytes")
    )
    return {dataset.argument: dataset for dataset in found}


def view_of(spark, name: str, view: dict):
    """A function that gives these rows in place of a view's own."""
    schema = spark.createDataFrame([], view["schema"]).schema
    values = [read_row(schema, row) for row in view["rows"]]

    def given(_run):
        return spark.createDataFrame(values, schema)

    given.__name__ = name
    return given


def run(spark, job: dict) -> dict:
    """Runs one job on its rows; `error` is what went wrong, in a line."""
    rows = {}
    try:
        module = module_of(job["job"])
        datasets = datasets_of(module)
        places = dict(zip(job["arguments"][::2], job["arguments"][1::2], strict=True))
        lake = sys.modules["pipec_lake"]
        for setting, value in sys.modules["pipec_runtime"].SETTINGS.items():
            spark.conf.set(setting, value)
        for argument, given in job["given"].items():
            dataset = datasets[argument]
            values = [read_row(dataset.schema, row) for row in given]
            frame = spark.createDataFrame(values, dataset.schema)
            if values:
                lake.save(frame, dataset, places[f"--{argument}"])
        for name, view in job["views"].items():
            setattr(module, name, view_of(spark, name, view))
        module.main([job["job"], *job["arguments"]])
        for argument in job["wanted"]:
            dataset = datasets[argument]
            frame = lake.load(spark, dataset, places[f"--{argument}"])
            columns = [
                plain(frame[lake.quoted(field.name)], field.dataType).alias(field.name)
                for field in dataset.schema
            ]
            found = frame.select(*columns).collect()
            rows[argument] = [write_row(dataset.schema, row) for row in found]
    except Exception as error:  # noqa: BLE001 - the next job has its own chance
        return {"error": said(error), "rows": {}}
    return {"error": None, "rows": rows}


def said(error: Exception) -> str:
    """What went wrong, in a line: of Java's errors the one that began it."""
    cause = getattr(error, "java_exception", None)
    while cause is not None and cause.getCause() is not None:
        cause = cause.getCause()
    text = str(error) if cause is None else cause.toString()
    return next(iter(text.strip().splitlines()), type(error).__name__)


def main(argv: list[str]) -> int:
    """Runs them all; the exit status says only whether they could be run."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # What is collected comes in the machine's time zone.
    os.environ["TZ"] = "UTC"
    time.tzset()
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return MISSING
    with open(argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    builder = SparkSession.builder.appName("pipec test")
    for setting, value in SETTINGS.items():
        builder = builder.config(setting, value)
    jars = os.environ.get("PIPEC_JARS")
    if jars:
        builder = builder.config("spark.driver.extraClassPath", f"{jars}/*")
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    spark.conf.set("spark.sql.session.timeZone", "UTC")
    with open(argv[2], "w", encoding="utf-8") as results:
        for job in jobs:
            started = time.monotonic()
            result = run(spark, job)
            result["seconds"] = time.monotonic() - started
            print(json.dumps(result), file=results, flush=True)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
