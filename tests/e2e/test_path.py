"""The whole path once: clicks in Kinesis, the function, Firehose, the job on Spark, Parquet; every click accounted for.

What AWS would take from the deployment is taken from the state that Terraform makes of the build: settings, names, the
function's environment, the job's arguments, prefixes, columns of tables. Kinesis, S3, SQS and Secrets Manager are
moto's; Firehose and the event source mapping are played. The embedded engine says what must come out.
"""

import base64
import gzip
import json
import tempfile
import zipfile
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.aws import Moto
from support.esm import EventSourceMapping, Settings, Summary, to_queue
from support.firehose import Delivery, Played, deliveries
from support.gateway import Gateway
from support.lambda_api import Function, Result
from support.paths import EXAMPLES, ROOT
from support.pipec import pipec
from support.spark import Spark, rows
from support.terraform import Terraform, resources

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINES = (EXAMPLES / "clickstream" / "samples" / "clicks.jsonl").read_bytes().splitlines()
MANIFEST = json.loads((ROOT / "tests" / "e2e" / "clicks.manifest.json").read_text())
# The text that an operator gives to the secret; the embedded engine's own key.
KEY = "local-key-for-tests-only"


def event_time(line: bytes) -> datetime | None:
    """When a click happened, if its line says so."""
    try:
        at = json.loads(line)["at"]
        found = EPOCH + timedelta(milliseconds=at) if isinstance(at, int) else datetime.fromisoformat(at)
    except (ValueError, KeyError, TypeError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def arrivals(lines: list[bytes]) -> dict[bytes, datetime]:
    """When each line arrives, as `pipec run` has it: with its event, or where it tells none with the line before."""
    found, last = {}, EPOCH
    for line in lines:
        last = event_time(line) or last
        assert found.setdefault(line, last) == last, "lines that are the same arrive together"
    return found


ARRIVALS = arrivals(LINES)


def arrived(data: bytes, _: float = 0.0) -> float:
    """A record's arrival as Kinesis would say it, seconds since 1970."""
    return (ARRIVALS[data] - EPOCH) / timedelta(seconds=1)


@dataclass
class Platform:
    """The platform as its state describes it, on moto."""

    aws: Moto
    spark: Spark
    build: Path
    state: dict
    on: ExitStack
    delivery: dict[str, Delivery] = field(init=False)
    gateway: Gateway = field(init=False)
    mapping: EventSourceMapping = field(init=False)

    def __post_init__(self):
        for bucket in resources(self.state, "aws_s3_bucket"):
            self.aws.bucket(bucket["values"]["bucket"])
        stream = self.the("aws_kinesis_stream", "clicks")
        self.stream = stream["name"]
        self.aws.stream(self.stream, stream["shard_count"])
        self.delivery = deliveries(self.state)
        self.gateway = self.on.enter_context(Gateway(self.aws, set(self.delivery)))
        self.function = self.on.enter_context(self._function())
        self.mapping = self._mapping(stream)

    def the(self, type_: str, name: str) -> dict:
        """The values of one resource."""
        [found] = (one["values"] for one in resources(self.state, type_) if one["name"] == name)
        return found

    def _function(self) -> Function:
        """What the archive holds, with the environment that the deployment gives it."""
        values = self.the("aws_lambda_function", "clicks")
        folder = self.on.enter_context(tempfile.TemporaryDirectory(prefix="function-"))
        with zipfile.ZipFile(self.build / "terraform" / values["filename"]) as archive:
            archive.extract(values["handler"], folder)
        binary = Path(folder, values["handler"])
        binary.chmod(0o755)
        [environment] = values["environment"]
        variables = dict(environment["variables"])
        secret = self.the("aws_secretsmanager_secret", "pseudonym_key")
        assert variables["PSEUDONYM_SECRET"] == secret["arn"]
        # moto gives secrets ARNs of its own.
        variables["PSEUDONYM_SECRET"] = self.aws.client("secretsmanager").create_secret(
            Name=secret["name"], SecretString=KEY)["ARN"]
        return Function([str(binary)], env={**self.gateway.environment(), **variables}, timeout=values["timeout"])

    def _mapping(self, stream: dict) -> EventSourceMapping:
        values = self.the("aws_lambda_event_source_mapping", "clicks")
        dead = self.the("aws_sqs_queue", "clicks_dead_letters")
        [destination] = values["destination_config"]
        assert values["event_source_arn"] == stream["arn"]
        assert destination["on_failure"][0]["destination_arn"] == dead["arn"]
        self.dead_letters = self.aws.queue(dead["name"])
        return EventSourceMapping(
            self.aws.client("kinesis"), self.stream, self.function, Settings.from_terraform(values),
            on_failure=to_queue(self.aws.client("sqs"), self.dead_letters),
            arrival=arrived, clock=lambda: 0.0,  # records are taken as they arrive: none is ever old
        )

    def land(self) -> Played:
        """The delivery stream that reads Kinesis by itself, day by day of arrival."""
        values = self.the("aws_kinesis_firehose_delivery_stream", "clicks_landing")
        [source] = values["kinesis_source_configuration"]
        assert source["kinesis_stream_arn"] == self.the("aws_kinesis_stream", "clicks")["arn"]
        days = defaultdict(list)

        def take(event: dict) -> Result:
            for record in event["Records"]:
                data = base64.b64decode(record["kinesis"]["data"])
                days[ARRIVALS[data].date()].append(data)
            return Result({})

        EventSourceMapping(self.aws.client("kinesis"), self.stream, take).poll()
        return self._play(values["name"], days)

    def deliver(self) -> tuple[Summary, Played, Played]:
        """The function takes what is in the stream, and Firehose what the function gives it."""
        self.gateway.records.clear()
        summary = self.mapping.poll()
        done, turned_away = (self.the("aws_kinesis_firehose_delivery_stream", name)["name"]
                             for name in ("clean", "clean_quarantine"))
        assert set(self.gateway.records) == {done, turned_away}
        records, day = self.gateway.records, date(2026, 1, 4)
        return summary, *(self._play(name, {day: records[name]}) for name in (done, turned_away))

    def _play(self, name: str, days: dict[date, list[bytes]]) -> Played:
        total = Played()
        for day, records in days.items():
            at = datetime.combine(day, time(12), UTC)
            played = self.delivery[name].play(self.aws, self.spark.session, records, at)
            total.delivered += played.delivered
            total.failed += played.failed
        return total

    def lines(self, delivery: str) -> dict[str, list[bytes]]:
        """The lines of what a delivery stream has written, by folder."""
        where = self.delivery[self.the("aws_kinesis_firehose_delivery_stream", delivery)["name"]]
        found = defaultdict(list)
        for key in self.aws.keys(where.bucket, where.prefix.split("!{")[0]):
            body = self.aws.client("s3").get_object(Bucket=where.bucket, Key=key)["Body"].read()
            text = gzip.decompress(body)
            assert text.endswith(b"\n"), f"{key} ends within a line"
            found[key.rpartition("/")[0]] += text[:-1].split(b"\n")
        return found

    def table(self, name: str, place: str | None = None) -> list[dict]:
        """The rows of a dataset, read with the columns of its table in the catalog, from its location or another."""
        values = self.the("aws_glue_catalog_table", name)
        [storage] = values["storage_descriptor"]
        columns = [*storage["columns"], *values["partition_keys"]]
        schema = ", ".join(f"`{one['name']}` {one['type']}" for one in columns)
        return rows(self.spark.session.read.schema(schema).parquet(place or storage["location"]))

    def run_job(self, run_at: str):
        """The job as the state machine starts it: its own arguments, and when the run was due."""
        values = self.the("aws_glue_job", "daily_pages")
        [command] = values["command"]
        objects = {f"s3://{one['values']['bucket']}/{one['values']['key']}": one["values"]["source"]
                   for one in resources(self.state, "aws_s3_object")}
        script = self.build / "terraform" / objects[command["script_location"]]
        libraries = [self.build / "terraform" / objects[place]
                     for place in values["default_arguments"]["--extra-py-files"].split(",")]
        # A job imports what stands beside it, here as there.
        beside = set(script.resolve().parent.glob("pipec_*.py"))
        assert {library.resolve() for library in libraries} == beside
        assert {"pipec_runtime.py", "pipec_lake.py"} <= {path.name for path in beside}
        machine = json.loads(self.the("aws_sfn_state_machine", "nightly")["definition"])
        start = machine["States"]["Run_daily_pages"]["Parameters"]
        assert start == {"JobName": values["name"], "Arguments": {"--run_at.$": "$.run_at"}}
        arguments = {**values["default_arguments"], "--JOB_NAME": values["name"], "--run_at": run_at}
        self.spark.run_job(script.resolve(), [word for pair in arguments.items() for word in pair])

    def refused(self, requests: list[tuple[str, str, int]]) -> set[tuple[str, str]]:
        """What the job asked of S3 and its role does not allow, as actions and resources."""
        document = json.loads(self.the("aws_iam_role_policy", "daily_pages_job")["policy"])
        # What stands under a condition is not counted: a question for an object has no prefix to be asked about.
        statements = [one for one in document["Statement"] if one["Effect"] == "Allow" and "Condition" not in one]
        allowed = [(action, pattern) for one in statements for action in one["Action"] for pattern in one["Resource"]]
        asked = {needed for request in requests for needed in permissions(*request)}
        return {(action, resource) for action, resource in asked
                if not any(action == may and fnmatchcase(resource, pattern) for may, pattern in allowed)}

    def forget_runs(self):
        """Deletes the job's state, so that its next run computes every day."""
        bucket, _, prefix = self.the("aws_glue_job", "daily_pages")["default_arguments"]["--state"][5:].partition("/")
        keys = self.aws.keys(bucket, prefix)
        assert keys, "a good run leaves its time"
        for key in keys:
            self.aws.client("s3").delete_object(Bucket=bucket, Key=key)

    def errors(self) -> list[str]:
        """What delivery streams have put aside."""
        places = [(one.bucket, one.error_prefix.split("!{")[0]) for one in self.delivery.values()]
        return [key for bucket, prefix in places for key in self.aws.keys(bucket, prefix)]


@pytest.fixture(scope="module")
def platform(aws, spark_home, packaged):
    with ExitStack() as on:
        terraform = on.enter_context(Terraform(packaged / "terraform"))
        terraform.init()
        terraform.plan()
        terraform.apply()
        yield Platform(aws, spark_home, packaged, terraform.state(), on)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """What the embedded engine makes of the same clicks."""
    folder = tmp_path_factory.mktemp("path") / "run"
    pipec("run", EXAMPLES / "clickstream", "-o", folder).ok()
    return folder


def permissions(method: str, path: str, status: int) -> list[tuple[str, str]]:
    """What S3 wants a caller to be allowed for a request."""
    place, _, query = path.partition("?")
    bucket, _, key = unquote(place).lstrip("/").partition("/")
    of_bucket, of_object = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{key}"
    if not key:
        return [("s3:ListBucket", of_bucket)] if method == "GET" and "list-type=2" in query else []
    actions = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}
    needed = [(actions.get(method, "s3:PutObject"), of_object)]
    # Only who may list the bucket hears that there is no such object; all others are refused.
    return needed + ([("s3:ListBucket", of_bucket)] if status == 404 else [])


def counted(found: list[dict]) -> Counter:
    """Rows as they are, however often and in whatever order they came."""
    return Counter(tuple(sorted(row.items())) for row in found)


def records(lines: list[bytes]) -> list[dict]:
    return sorted((json.loads(line) for line in lines), key=lambda record: (record["at"], record["row"]))


def test_every_click_is_accounted_for(platform, run):
    assert len(LINES) == 10_000
    assert platform.aws.put_records(platform.stream, LINES) == 10_000

    # As they came: byte for byte, by day of arrival.
    assert platform.land() == Played(10_000, 0)
    landed = platform.lines("clicks_landing")
    expected = {str(file.parent.relative_to(run / "raw")): file.read_bytes().splitlines()
                for file in (run / "raw").glob("clicks/*/*.jsonl")}
    assert {folder: sorted(lines) for folder, lines in landed.items()} == {
        folder: sorted(lines) for folder, lines in expected.items()}
    assert Counter(line for lines in landed.values() for line in lines) == Counter(LINES)

    # Cleaned or turned away, and nothing else.
    summary, done, turned_away = platform.deliver()
    assert (len(summary.delivered), summary.discarded, summary.errors) == (10_000, [], []), platform.function.logs()
    assert (done, turned_away) == (Played(MANIFEST["good"], 0), Played(MANIFEST["broken"], 0))
    processed = platform.table("processed_clicks")
    quarantined = records(platform.lines("clean_quarantine").popitem()[1])
    assert len(processed) + len(quarantined) == 10_000
    assert counted(processed) == counted(platform.table("processed_clicks", f"file://{run}/processed/clicks"))
    assert quarantined == records((run / "quarantine" / "clean" / "part-0.jsonl").read_bytes().splitlines())

    # Added up, each click once.
    curated = platform.table("curated_daily_pages", f"file://{run}/curated/daily_pages")
    days = defaultdict(lambda: [0, 0])
    for row in curated:
        days[str(row["day"])][0] += row["clicks"]
        days[str(row["day"])][1] += int(row["revenue"] * 100)
    assert days == {day: [counts["clicks"], counts["click_cents"]] for day, counts in MANIFEST["days"].items()}
    before = len(platform.aws.requests())
    platform.run_job("2026-01-04T01:15:00Z")
    asked = platform.aws.requests()[before:]
    assert len(asked) > 100
    assert platform.refused(asked) == set(), "its role lets the job do what it does"
    assert platform.table("curated_daily_pages") == curated

    # A run that is repeated changes nothing.
    platform.run_job("2026-01-04T01:15:00Z")
    assert platform.table("curated_daily_pages") == curated

    # Delivery is at least once: the same records of the stream again.
    platform.mapping.checkpoints.clear()
    again, *played = platform.deliver()
    assert (sorted(again.delivered), played) == (sorted(summary.delivered), [done, turned_away])
    assert counted(platform.table("processed_clicks")) == counted(processed + processed)
    platform.run_job("2026-01-05T01:15:00Z")
    assert platform.table("curated_daily_pages") == curated
    # That run looked at the last days only; this one looks at all of them.
    platform.forget_runs()
    platform.run_job("2026-01-05T01:15:00Z")
    assert platform.table("curated_daily_pages") == curated

    assert platform.aws.drain(platform.dead_letters) == []
    assert platform.errors() == []
