"""The generated function itself: built by `pipec package`, invoked through the Lambda Runtime API, its rows compared
with those of the embedded engine. Firehose is the gateway, with its limits and its bad days; all else is moto."""

import collections
import datetime
import json
import os
import subprocess
import zipfile
from decimal import Decimal

import pyarrow.dataset
import pytest
from support import events
from support.arrivals import arrivals
from support.gateway import RECORD_LIMIT, Gateway
from support.lambda_api import Function
from support.paths import EXAMPLES, FUNCTIONS, ROOT
from support.pipec import pipec

LINES = (EXAMPLES / "clickstream" / "samples" / "clicks.jsonl").read_bytes().splitlines()
TARGET = {"CARGO_TARGET_DIR": str(FUNCTIONS)}
KEY = "local-key-for-tests-only"
ROWS, REJECTS, SECRET = "test-clean", "test-clean-quarantine", "test-pseudonyms"
GOOD = (b'{"click_id":"00000000-0000-0000-0000-%012d","user_id":"u","at":"2026-01-01T00:00:00Z",'
        b'"page":"/","kind":"view"}')


@pytest.fixture(scope="session")
def bootstrap(packaged, tmp_path_factory):
    """The binary out of the archive that the Terraform names."""
    folder = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(packaged / "lambda" / "dist" / "clicks.zip") as archive:
        assert archive.namelist() == ["bootstrap"]
        archive.extractall(folder)
    path = folder / "bootstrap"
    path.chmod(0o755)
    return path


@pytest.fixture(scope="session")
def secret(aws):
    aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=KEY)


@pytest.fixture
def gateway(aws):
    with Gateway(aws) as gateway:
        yield gateway


@pytest.fixture
def function(bootstrap, gateway, secret):
    with Function([bootstrap], env=environment(gateway), timeout=60) as function:
        yield function


def environment(gateway, **more):
    return {**gateway.environment(), "DELIVERY_STREAM_CLEAN": ROWS, "QUARANTINE_STREAM_CLEAN": REJECTS,
            "PSEUDONYM_SECRET": SECRET, **more}


def rows(gateway, stream=ROWS):
    return [json.loads(line, parse_float=Decimal) for line in gateway.records[stream]]


def batches(lines, size=500):
    times = arrivals(lines)
    for start in range(0, len(lines), size):
        chosen = slice(start, start + size)
        numbers = [str(events.FIRST_SEQUENCE + n) for n in range(start, start + len(lines[chosen]))]
        yield events.kinesis(lines[chosen], arrivals=times[chosen], sequences=numbers)


def metrics(function):
    lines = (json.loads(line) for line in function.logs().splitlines() if line.startswith("{"))
    return [line for line in lines if "_aws" in line]


def as_text(row):
    """A row of Parquet as the function writes it."""
    at = row["at"].astimezone(datetime.UTC)
    return {**row, "at": at.strftime("%Y-%m-%d %H:%M:%S.%f"), "day": str(row["day"])}


def test_the_samples_become_what_the_embedded_engine_makes_of_them(function, gateway, tmp_path):
    for event in batches(LINES):
        assert events.failures(function.invoke(event).ok()) == []
    pipec("run", EXAMPLES / "clickstream", "-o", tmp_path).ok()
    table = pyarrow.dataset.dataset(
        tmp_path / "processed" / "clicks", partitioning=pyarrow.dataset.partitioning(flavor="hive")
    ).to_table()
    expected = [as_text(row) for row in table.to_pylist()]
    counted = [collections.Counter(json.dumps(row, sort_keys=True, default=str) for row in found)
               for found in (rows(gateway), expected)]
    assert counted[0] == counted[1]
    [quarantine] = (tmp_path / "quarantine" / "clean").glob("*.jsonl")
    expected = collections.Counter(quarantine.read_bytes().splitlines())
    assert collections.Counter(line.rstrip(b"\n") for line in gateway.records[REJECTS]) == expected
    assert len(gateway.records[ROWS]) + len(gateway.records[REJECTS]) == len(LINES)
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in gateway.records[ROWS])


def test_it_counts_what_it_did_and_logs_no_row(function, gateway):
    known = b'{"click_id":"x","user_id":"secret-user"}'
    extra = (GOOD % 2).replace(b'"user_id":"u"', b'"user_id":"secret-user","colour":1,"size":2')
    function.invoke(events.kinesis([known, extra, b"{"])).ok()
    [line] = metrics(function)
    assert (line["RowsIn"], line["RowsOut"], line["RowsRejected"], line["UnknownFields"]) == (3, 1, 2, 2)
    assert line["RejectedDecode"] == 2 and line["reasons"] == {"click_id is not uuid": 1, "not JSON": 1}
    assert (line["FunctionName"], line["Transform"]) == ("function", "clean") and line["request_id"]
    assert "secret-user" not in function.logs()


def test_an_empty_batch_is_fine(function, gateway):
    assert function.invoke({"Records": []}).ok() == {"batchItemFailures": []}
    assert gateway.batches == []


def test_poison_goes_to_quarantine_and_never_fails_the_batch(function, gateway):
    poison = [b"", b"\xff\xfe", b"[]", b"{", b"null", b'{"click_id":1}', b"[" * 100_000]
    assert function.invoke(events.kinesis(poison)).ok() == {"batchItemFailures": []}
    found = rows(gateway, REJECTS)
    assert [record["reason"] for record in found] == [
        "not JSON", "not JSON", "not an object", "not JSON", "not an object", "click_id is not uuid", "not JSON"]
    assert {record["at"] for record in found} == {"2026-01-01T00:00:00Z"}
    assert not gateway.records[ROWS]


def test_a_record_that_is_no_base64_fails_nothing_else(function, gateway):
    event = events.kinesis([GOOD % 1, GOOD % 2])
    event["Records"][0]["kinesis"]["data"] = "!"
    assert function.invoke(event).ok() == {"batchItemFailures": []}
    assert (len(rows(gateway)), len(rows(gateway, REJECTS))) == (1, 1)


def test_a_late_record_is_turned_away(function, gateway):
    function.invoke(events.kinesis([GOOD % 1, GOOD % 2], arrivals=[events.NEW_YEAR + 86_400, events.NEW_YEAR + 86_401])).ok()
    assert [record["reason"] for record in rows(gateway, REJECTS)] == ["late: more than 1 day behind arrival"]
    assert len(rows(gateway)) == 1


def test_six_megabytes(function, gateway):
    page = b"/" + b"x" * 2000
    lines = [(GOOD % n).replace(b'"/"', b'"%s"' % page) for n in range(1750)]
    event = events.kinesis(lines)
    body = json.dumps(event).encode()
    assert 5.5e6 < len(body) < 6 * 1024 * 1024
    assert function.invoke(event).ok() == {"batchItemFailures": []}
    assert len({row["click_id"] for row in rows(gateway)}) == len(lines) == len(gateway.records[ROWS])


def test_a_row_that_is_too_large_for_firehose_goes_to_quarantine_cut(function, gateway):
    large = (GOOD % 1).replace(b'"u"', b'"%s"' % (b"\\u0001" * 300_000))
    assert function.invoke(events.kinesis([large, GOOD % 2])).ok() == {"batchItemFailures": []}
    sizes = [len(line) for line in gateway.records[ROWS] + gateway.records[REJECTS]]
    assert max(sizes) <= RECORD_LIMIT and len(sizes) == 2


def test_entries_that_firehose_refuses_are_sent_again(function, gateway):
    tries = collections.Counter()

    def refuse_twice(stream, records):
        tries.update(records)
        return {n for n, record in enumerate(records) if n % 3 == 0 and tries[record] <= 2}

    gateway.fault = refuse_twice
    assert function.invoke(events.kinesis([GOOD % n for n in range(100)])).ok() == {"batchItemFailures": []}
    assert sorted(row["click_id"][-3:] for row in rows(gateway)) == [f"{n:03}" for n in range(100)]


def test_what_cannot_be_delivered_goes_back_to_the_stream(function, gateway):
    gateway.fault = lambda stream, records: {n for n, record in enumerate(records) if b'0007"' in record or b'0042"' in record}
    event = events.kinesis([GOOD % n for n in range(100)])
    numbers = events.sequences(event)
    assert events.failures(function.invoke(event).ok()) == [numbers[7], numbers[42]]
    assert len(rows(gateway)) == 98
    assert metrics(function)[-1]["RowsUndelivered"] == 2
    gateway.fault = None
    assert events.failures(function.invoke({"Records": [event["Records"][7], event["Records"][42]]}).ok()) == []
    assert len({row["click_id"] for row in rows(gateway)}) == 100 == len(rows(gateway))


def test_a_quarantine_that_fails_holds_its_records_back(function, gateway):
    gateway.fault = lambda stream, records: "ServiceUnavailableException" if stream == REJECTS else None
    event = events.kinesis([GOOD % 1, b"{", GOOD % 2])
    assert events.failures(function.invoke(event).ok()) == [events.sequences(event)[1]]
    assert len(rows(gateway)) == 2
    assert "ServiceUnavailableException" in function.logs()


@pytest.mark.parametrize("problem", ["absent", "empty"])
def test_a_secret_without_a_value_says_what_to_do(bootstrap, gateway, aws, problem):
    name = f"test-{problem}"
    if problem == "empty":
        aws.client("secretsmanager").create_secret(Name=name)
    with Function([bootstrap], env=environment(gateway, PSEUDONYM_SECRET=name)) as function:
        assert function.invoke({"Records": []}).error
        [said] = [json.loads(line)["message"] for line in function.logs().splitlines() if line.startswith("{")]
    assert name in said and "put-secret-value" in said


def test_a_missing_setting_is_named(bootstrap, gateway, secret):
    with Function([bootstrap], env=environment(gateway, DELIVERY_STREAM_CLEAN="")) as function:
        assert function.invoke({"Records": []}).error
        assert "DELIVERY_STREAM_CLEAN" in function.logs()


def test_the_same_binary_makes_the_same_archive(clickstream, bootstrap):
    archive = clickstream / "lambda" / "dist" / "clicks.zip"
    first = archive.read_bytes()
    pipec("package", clickstream, env=TARGET, timeout=3000).ok()
    assert archive.read_bytes() == first


def test_without_cargo_it_says_what_to_install(clickstream, tmp_path):
    done = pipec("package", clickstream, env={"PATH": str(tmp_path)})
    assert done.status == 3 and "Rust" in done.err


def test_the_platforms_tests_hold_on_the_function():
    done = pipec("test", EXAMPLES / "clickstream", "--engine", "lambda", env=TARGET, timeout=3000).ok()
    assert "1 passed" in done.out + done.err


def cargo(folder, *arguments):
    done = subprocess.run(["cargo", *arguments], cwd=folder, env={**os.environ, **TARGET}, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def test_what_is_generated_is_laid_out_and_linted(clickstream):
    cargo(clickstream / "lambda", "fmt", "--all", "--check")
    cargo(clickstream / "lambda", "clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings")


def test_what_an_author_may_write_is_clean_rust_and_the_function_does_what_tests_say():
    names = ["what_an_author_may_write_is_clean_rust", "the_function_does_what_the_tests_say"]
    environment = {**os.environ, **TARGET}
    target = {"CARGO_TARGET_DIR": str(ROOT / "target")}
    listed = subprocess.run(["cargo", "test", "--lib", "--no-run", "--message-format", "json"], cwd=ROOT,
                            env={**environment, **target}, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in listed.stdout.splitlines() if line.startswith("{")]
    [binary] = [line["executable"] for line in found if line.get("executable") and line["target"]["name"] == "pipec"]
    done = subprocess.run([binary, "--ignored", *names], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
