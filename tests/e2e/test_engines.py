"""The transforms of every acceptance platform over the samples that are kept with it, on Spark and in functions: the rows of
the embedded engine, and rows turned away for the same reasons.

One Spark session and one build of functions serve all of them. What is left out stands below, with the reason.
"""

import copy
import gzip
import json
import os
import re
import subprocess
import sys
import uuid
from decimal import Decimal
from pathlib import Path

import pytest
from support.engines import (
    KEY,
    Example,
    different,
    different_reasons,
    plain,
    run_function,
    run_job,
)
from support.firehose import read
from support.firehose_tables import add, catalog
from support.gateway import Gateway
from support.paths import FUNCTIONS, ROOT
from support.shop import CARGO
from support.spark import rows

# Platforms that are made for these tests.
MADE = ROOT / "tests" / "e2e" / "engines"
NAMES = [
    "batch-lakehouse", "changes", "data-pipeline", "image-lake", "kitchen", "reference-architecture", "self-service-platform", "team",
]  # fmt: skip

# What `pipec test` says that jobs do not carry.
NOT_IN_JOBS = {
    "batch-lakehouse": {"decode": "`run container` is not supported on glue yet"},
}
# What `pipec test` says that functions do not carry. Jobs carry all but the first.
NOT_IN_FUNCTIONS = {
    "changes": {"seldom": "`dedupe … within` more than 1 hour is not supported on lambda yet"},
    "image-lake": {"process_images": "`run script` on objects is not supported on lambda yet"},
    "kitchen": {
        "at_risk": "`join … within`, of two streams, is not supported on lambda yet",
        "fridges": "`group … every` is not supported on lambda yet",
    },
    "reference-architecture": {"five_minutes": "`group … every` is not supported on lambda yet"},
    "self-service-platform": {"per_minute": "`group … every` is not supported on lambda yet"},
}
# Jobs whose rows or reasons are not those of the embedded engine, and how what is said of them begins.
UNLIKE: dict[str, dict[str, str]] = {}

# Functions: the source that each reads, the column of the event time, and whether a topic brings its records.
FUNCTIONS_OF = {
    "changes": ("stock", "at", False),
    "data-pipeline": ("events", "at", False),
    "kitchen": ("tickets", "opened", False),
    "reference-architecture": ("telemetry", "at", False),
    "self-service-platform": ("payments", "at", True),
}


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Each platform, run whole on the embedded engine, when it is asked for."""
    folder, known = tmp_path_factory.mktemp("engines"), {}

    def example(name: str) -> Example:
        if name not in known:
            home = [MADE] if (MADE / name).exists() else []
            known[name] = Example(name, folder, *home)
        return known[name]

    return example


@pytest.mark.parametrize("name", NAMES)
def test_jobs_give_the_rows_of_the_embedded_engine(name, examples, spark_home):
    example = examples(name)
    folder, skipped = example.generate("spark")
    assert skipped == NOT_IN_JOBS.get(name, {})
    # What takes old rows out of tables, and persons out of all, has none of its own.
    others = ("pipec_", "purge_tables", "erase_persons")
    jobs = [job for job in sorted(folder.glob("*.py")) if not job.name.startswith(others)]
    found = {job.stem: run_job(spark_home, example, job) for job in jobs}
    unlike = UNLIKE.get(name, {})
    wrong = {job: said for job, said in found.items() if said and not (job in unlike and said.startswith(unlike[job]))}
    assert wrong == {}
    assert {job for job, said in found.items() if said} == unlike.keys(), "what is alike by now leaves the list"
    print(f"{name}: {len(jobs) - len(unlike)} of {len(jobs)} jobs are alike")


def test_changes_that_come_in_parts_are_applied_as_if_they_came_at_once(examples, spark_home, tmp_path):
    example = examples("changes")
    folder, _ = example.generate("spark")
    parts = sorted((example.samples / "orders").iterdir())
    again = copy.copy(example)
    again.folder = tmp_path
    assert run_job(spark_home, again, folder / "versions.py", {"raw_orders": parts}) == ""


def test_what_jobs_write_as_json_is_what_functions_write_and_jobs_read(examples, spark_home, tmp_path, capsys):
    example = examples("texts")
    folder, _ = example.generate("spark")
    # The first reads what the embedded engine wrote, the others what the first did.
    places = {"base_added": example.places["base_added"]}
    places |= {name: tmp_path / name for name in ("processed_kept", "curated_typed", "curated_freed")}
    for job in ["kept", "typed", "freed"]:
        arguments = [text for name, place in places.items() for text in (f"--{name}", place)]
        state = ["--state", tmp_path / f"state-{job}", "--quarantine", tmp_path / "quarantine"]
        spark_home.run_job(folder / f"{job}.py", [*arguments, *state, "--run_at", "2026-03-09T12:00:00Z"])
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (told["rows_in"], told["rows_out"], told["rows_rejected"]) == (5, 5, 0), "what a share of rows is of"
    session = spark_home.session
    for name in ["curated_typed", "curated_freed"]:
        mine, theirs = (rows(session.read.option("datetimeRebaseMode", "CORRECTED").parquet(str(place))) for place in (places[name], example.places[name]))
        assert different(mine, theirs) == ""
        assert len(mine) == 5
    # In each partition a file of lines, as Firehose would write them of a function.
    files = sorted((tmp_path / "processed_kept").glob("day=*/color=*/part-*"))
    assert [(file.parts[-3], file.parts[-2], file.suffixes[-2:]) for file in files] == [
        (f"day=2026-03-0{day}", f"color={color}", [".json", ".gz"])
        for day, color in [(1, "green"), (1, "red"), (2, "red"), (3, "green")]
    ]  # fmt: skip
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    [full] = [line for line in lines if line.startswith('{"id":1,')]
    assert full == (
        '{"id":1,"yes":true,"many":-9223372036854775808,"ratio":1.0E300,"price":1234567890123456789012345678.0123456789,'
        '"whole":12,"name":"a \\"b\\" \\\\ \\n\\t\\u0001 ä 日本 😀","octets":"AP8QIA==","on":"0001-01-01",'
        '"at":"2026-03-01 10:00:00.123456","code":"00000000-0000-0000-0000-0000000000ff",'
        '"free":"{\\"a\\":[1,2.50,1e400],\\"b\\":null}","took":-5,"days":["2026-01-01","9999-12-31"],'
        '"times":["1969-12-31 23:59:59.500000",null],"parts":[0.10,-3.00],"by":{"a":null,"b":1.5},'
        '"spot":{"x":1,"y":0.1,"at":"2026-03-01 00:00:00.000000","note":"\x7f"},"spots":[{"x":2},{"x":3,"note":""}],"known":true}'
    )
    # Floats that no JSON has come in files of other formats only.
    with spark_home.own_settings(), spark_home.module(folder / "kept.py"):
        lake = sys.modules["pipec_lake"]
        odd = session.createDataFrame([(float("nan"), [float("-inf"), 1.5])], "one double, more array<double>").coalesce(1)
        lake.write_files(odd, lake.Dataset("odd", odd.schema, format="json"), str(tmp_path / "odd"), "overwrite")
    [file] = (tmp_path / "odd").glob("part-*")
    assert gzip.decompress(file.read_bytes()) == b'{"more":[null,1.5]}\n'


@pytest.fixture(scope="session")
def binaries(examples, tmp_path_factory):
    """Each platform's function, all built in one workspace: they share what stands around them."""
    workspace, members = None, []
    for name, (source, _, _) in FUNCTIONS_OF.items():
        folder, skipped = examples(name).generate("lambda")
        assert skipped == NOT_IN_FUNCTIONS.get(name, {})
        if workspace is None:
            workspace = folder
        else:
            (folder / source).rename(workspace / source)
        members.append(source)
    manifest = workspace / "Cargo.toml"
    text = re.sub(r"^members = \[.*\]$", f"members = {json.dumps(['crates/function', 'crates/runtime', *members])}",
                  manifest.read_text(), flags=re.MULTILINE)  # fmt: skip
    manifest.write_text(text)
    done = subprocess.run(["cargo", "build", "--release"], cwd=workspace, env={**os.environ, **CARGO}, capture_output=True,
                          text=True, timeout=3000, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-8000:]
    return {source: FUNCTIONS / "release" / f"fn-{source}" for source in members}, workspace


def test_functions_skip_what_only_jobs_or_programs_do(examples):
    for name in NOT_IN_FUNCTIONS.keys() - FUNCTIONS_OF.keys():
        _, skipped = examples(name).generate("lambda")
        assert skipped == NOT_IN_FUNCTIONS[name]


@pytest.fixture
def around(aws):
    """What functions find in AWS, each with a place of its own."""
    with Gateway(aws) as gateway:
        yield gateway, aws


def environment(aws, example: Example, crate: Path) -> dict[str, str]:
    """The names of what a function finds: streams are called as their variables."""
    place = aws.around_functions(f"engines-{uuid.uuid4().hex[:12]}", KEY)
    text = "".join(file.read_text() for file in crate.rglob("*.rs"))
    found = {name: name for name in re.findall(r'"((?:DELIVERY|QUARANTINE)_STREAM_\w+)"', text)}
    # What stands for a sink takes its rows as well.
    found |= {name: json.dumps({"kind": "delivery_stream", "name": name}) for name in re.findall(r'"(SINK_\w+)"', text)}
    for name in re.findall(r'"TABLE_RAW_(\w+)"', text):
        file = max((example.samples / name.lower()).iterdir())
        s3, folder = aws.client("s3"), name.lower()
        s3.put_object(Bucket=place, Key=f"{folder}/{file.name}", Body=file.read_bytes())
        s3.put_object(Bucket=place, Key=f"{folder}/_newest.json", Body=json.dumps({"files": [file.name]}).encode())
        found[f"TABLE_RAW_{name}"] = f"s3://{place}/{folder}/"
    return {**found, "SEEN_TABLE": place, "PSEUDONYM_SECRET": place}


@pytest.mark.parametrize("name", FUNCTIONS_OF)
def test_functions_give_the_rows_of_the_embedded_engine(name, examples, binaries, around, spark_home):
    example, (gateway, aws) = examples(name), around
    source, event_time, topic = FUNCTIONS_OF[name]
    built, workspace = binaries
    lines = (example.samples / f"{source}.jsonl").read_bytes().splitlines()
    variables = environment(aws, example, workspace / source)
    run_function(gateway, built[source], variables, lines, event_time, topic=topic)
    wrong = {}
    for stream in sorted(name for name in variables if name.startswith(("DELIVERY_STREAM_", "SINK_"))):
        transform = stream.removeprefix("DELIVERY_STREAM_").removeprefix("SINK_").lower()
        said = compared(example, transform, gateway.records[stream], spark_home.session)
        if said:
            wrong[transform] = said
    for stream in sorted(name for name in variables if name.startswith("QUARANTINE_STREAM_")):
        transform = stream.removeprefix("QUARANTINE_STREAM_").lower()
        mine = sorted(json.loads(record)["reason"] for record in gateway.records[stream])
        said = different_reasons(mine, [reason for reason, _, _ in example.turned_away(transform)])
        if said:
            wrong[f"{transform}: quarantine"] = said
    assert wrong == {}


# Where the rows of a stream go whose name does not say it: a dataset, or a sink.
TARGETS = {
    "clean_events": "processed_events", "clean_tickets": "processed_tickets", "captured": "processed_payments",
    "readings": "processed_readings", "alert": "events", "find": "search", "last_seen": "latest", "fault_log": "app_db",
    "refunds": "fraud_bus", "counted": "processed_counted",
}  # fmt: skip


# Those of them that Firehose adds to a table of Iceberg.
TABLES = {"processed_payments"}


def compared(example: Example, transform: str, records: list[bytes], spark) -> str:
    """What differs between delivered lines and the embedded engine's rows: of a dataset as Firehose would convert them."""
    target = TARGETS.get(transform) or transform.removeprefix("dispatch_")
    if target in TABLES:
        return added(example, target, records, spark)
    theirs = example.sent(target)
    if not theirs:
        there = spark.read.parquet(str(example.places[target]))
        columns = [(column.name, column.dataType.simpleString()) for column in there.schema]
        # What plays the conversion here hands no lists of structs on.
        if not any("array<struct" in kind for _, kind in columns):
            return converted(spark, records, there, columns)
        theirs = [json.loads(row, parse_float=Decimal) for row in there.toJSON().collect()]
    mine = sorted(json.dumps(plain(json.loads(record, parse_float=Decimal))) for record in records)
    theirs = sorted(json.dumps(plain(row)) for row in theirs)
    differs = sorted(set(mine) ^ set(theirs))[:2]
    return "" if mine == theirs else f"different: {len(mine)} rows for {len(theirs)}, such as {differs}"


def added(example: Example, target: str, records: list[bytes], spark) -> str:
    """What differs between a table that Firehose adds delivered lines to, and a dataset's rows."""
    there = spark.read.parquet(str(example.places[target]))
    table = f"{catalog(spark, example.folder / 'tables')}.made.{target}"
    there.limit(0).writeTo(table).using("iceberg").create()
    refused = add(spark, table, records)
    return f"refused: {refused[0]}" if refused else different(rows(spark.table(table)), rows(there))


def converted(spark, records: list[bytes], there, columns: list[tuple[str, str]]) -> str:
    """What differs between what the service makes of delivered lines and a dataset's rows."""
    texts = spark.createDataFrame([(record.decode(),) for record in records], "value string")
    outcome = read(texts, columns).cache()
    refused = outcome.where("error is not null").collect()
    found = different(rows(outcome.where("error is null").select("row.*")), rows(there))
    outcome.unpersist()
    return f"not converted: {refused[0]}" if refused else found
