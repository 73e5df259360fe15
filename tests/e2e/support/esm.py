"""A Kinesis event source mapping: the part of Lambda that polls a stream, retries, and gives up.

moto keeps the settings of a mapping but never polls, so this does, by the rules of the Lambda developer guide:

- each shard in order, one batch at a time, up to `batch_size` records and 6 MB of request;
- a function error, or a `batchItemFailures` with an empty or unknown identifier, fails the whole batch; otherwise
  everything before the lowest reported sequence number is done, and the rest is tried again;
- with `bisect`, a batch that failed whole is split into halves, one that failed in part at the reported record;
  splitting does not use up retries;
- a batch that has used up its retries, or whose records are too old, is discarded: its metadata (and for S3 the
  request itself) goes to the on-failure destination, and the shard goes on.

The guide leaves open what is split when the very first record of a batch is the one reported. Here that batch is
halved, as one that failed whole, so that a poison record ends up alone; with `bisect=False` all that stands behind
it in the batch is discarded with it, which is the danger to test for.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .events import ACCOUNT, REGION, kinesis_record
from .lambda_api import PAYLOAD_LIMIT, Function, Result

ENDLESS = 1_000  # a mapping may retry for ever; a test that does so has found a mistake


@dataclass
class Settings:
    """The settings of a mapping, with AWS's defaults (`maximum_retry_attempts` -1 is for ever, as there)."""

    batch_size: int = 100
    bisect: bool = False
    maximum_retry_attempts: int = -1
    maximum_record_age: float = -1
    report_item_failures: bool = False

    @classmethod
    def from_terraform(cls, values: dict) -> "Settings":
        """The settings of an `aws_lambda_event_source_mapping`, as `terraform show -json` has them."""
        def given(name: str, default):
            return default if values.get(name) is None else values[name]

        return cls(
            batch_size=given("batch_size", 100),
            bisect=given("bisect_batch_on_function_error", False),
            maximum_retry_attempts=given("maximum_retry_attempts", -1),
            maximum_record_age=given("maximum_record_age_in_seconds", -1),
            report_item_failures="ReportBatchItemFailures" in given("function_response_types", []),
        )


@dataclass
class Summary:
    """What one poll did. `delivered` and `discarded` are sequence numbers, in the order in which they were settled."""

    invocations: int = 0
    errors: list[dict] = field(default_factory=list)
    delivered: list[str] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)


class EventSourceMapping:
    """Polls a stream of a moto server into a function.

    `invoke` is a `Function`, or anything that takes an event and returns a `Result`. `on_failure` takes the record of
    a discarded batch (see `to_queue` and `to_bucket`). `arrival` gives each record's arrival, in seconds since 1970,
    from its bytes and its own arrival; the default is the stream's. `clock` is what ages are measured against.
    """

    def __init__(
        self,
        kinesis,
        stream: str,
        invoke: Function | Callable[[dict], Result],
        settings: Settings | None = None,
        *,
        on_failure: Callable[[dict], None] | None = None,
        arrival: Callable[[bytes, float], float] | None = None,
        clock: Callable[[], float] = time.time,
    ):
        self.kinesis, self.stream = kinesis, stream
        self.invoke = invoke.invoke if isinstance(invoke, Function) else invoke
        self.function_arn = getattr(invoke, "arn", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:function")
        self.settings = settings or Settings()
        self.on_failure, self.arrival, self.clock = on_failure, arrival, clock
        self.checkpoints: dict[str, str] = {}

    def poll(self) -> Summary:
        """Delivers everything that is in the stream now and was not settled before."""
        summary = Summary()
        for shard in self.kinesis.list_shards(StreamName=self.stream)["Shards"]:
            records = self._read(shard["ShardId"])
            while records:
                batch = self._batch(records)
                self._settle(shard["ShardId"], batch, summary)
                records = records[len(batch):]
                self.checkpoints[shard["ShardId"]] = batch[-1]["kinesis"]["sequenceNumber"]
        return summary

    def _read(self, shard: str) -> list[dict]:
        after = self.checkpoints.get(shard)
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after} if after else {
            "ShardIteratorType": "TRIM_HORIZON"}
        where = self.kinesis.get_shard_iterator(StreamName=self.stream, ShardId=shard, **start)["ShardIterator"]
        out = []
        while where:
            answer = self.kinesis.get_records(ShardIterator=where, Limit=10_000)
            out += [self._record(shard, record) for record in answer["Records"]]
            where = answer.get("NextShardIterator") if answer["Records"] else None
        return out

    def _record(self, shard: str, record: dict) -> dict:
        arrived = record["ApproximateArrivalTimestamp"].timestamp()
        return kinesis_record(
            record["Data"],
            sequence=record["SequenceNumber"],
            shard=shard,
            arrival=self.arrival(record["Data"], arrived) if self.arrival else arrived,
            key=record["PartitionKey"],
            stream=self.stream,
        )

    def _batch(self, records: list[dict]) -> list[dict]:
        """As many records as fit: by count, and by the size of the request that they make."""
        size = len('{"Records": []}')
        for n, record in enumerate(records[: self.settings.batch_size]):
            size += len(json.dumps(record)) + 2
            if size > PAYLOAD_LIMIT and n:
                return records[:n]
        return records[: self.settings.batch_size]

    def _settle(self, shard: str, batch: list[dict], summary: Summary):
        """Tries a batch until each of its records is delivered or discarded."""
        settings, tries, last = self.settings, 0, Result()
        limit = settings.maximum_retry_attempts if settings.maximum_retry_attempts >= 0 else ENDLESS
        while batch:
            if self._too_old(batch[0]):
                old = [record for record in batch if self._too_old(record)]
                self._discard(shard, old, "RecordAgeExceeded", tries, last, summary)
                batch = batch[len(old):]
                continue
            last, tries = self.invoke({"Records": batch}), tries + 1
            summary.invocations += 1
            done = self._done(batch, last)
            if last.error is not None:
                summary.errors.append(last.error)
            summary.delivered += [record["kinesis"]["sequenceNumber"] for record in batch[:done]]
            failed, batch = batch, batch[done:]
            if not batch:
                return
            if settings.bisect and len(failed) > 1:
                if done == 0:
                    middle = len(batch) // 2
                    self._settle(shard, batch[:middle], summary)
                    batch = batch[middle:]
                tries = 0
            elif tries > limit:
                assert settings.maximum_retry_attempts >= 0, f"{self.stream} is blocked by a record: {last.error}"
                self._discard(shard, batch, "RetryAttemptsExhausted", tries, last, summary)
                return

    def _too_old(self, record: dict) -> bool:
        age = self.clock() - record["kinesis"]["approximateArrivalTimestamp"]
        return 0 <= self.settings.maximum_record_age < age

    def _done(self, batch: list[dict], result: Result) -> int:
        """How many records from the first on are done."""
        if result.error is not None:
            return 0
        payload = result.payload if isinstance(result.payload, dict) else {}
        reported = payload.get("batchItemFailures") if self.settings.report_item_failures else None
        if not reported:
            return len(batch)
        order = {record["kinesis"]["sequenceNumber"]: n for n, record in enumerate(batch)}
        return min(order.get(failure.get("itemIdentifier"), 0) for failure in reported)

    def _discard(self, shard: str, batch: list[dict], condition: str, tries: int, last: Result, summary: Summary):
        inner = [record["kinesis"] for record in batch]
        summary.discarded += [record["sequenceNumber"] for record in inner]
        if self.on_failure is None:
            return
        record = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self.function_arn,
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST",
                                "functionError": "Unhandled" if last.error is not None else None},
            "version": "1.0",
            "timestamp": _iso(self.clock()),
            "KinesisBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": inner[0]["sequenceNumber"],
                "endSequenceNumber": inner[-1]["sequenceNumber"],
                "approximateArrivalOfFirstRecord": _iso(inner[0]["approximateArrivalTimestamp"]),
                "approximateArrivalOfLastRecord": _iso(inner[-1]["approximateArrivalTimestamp"]),
                "batchSize": len(inner),
                "streamArn": batch[0]["eventSourceARN"],
            },
        }
        self.on_failure({**record, "payload": json.dumps({"Records": batch})})


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_queue(sqs, url: str) -> Callable[[dict], None]:
    """An SQS destination: it is told where the records are in the stream, not what they hold."""
    def send(record: dict):
        told = {name: value for name, value in record.items() if name != "payload"}
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(told))
    return send


def to_bucket(s3, bucket: str, mapping: str = "00000000-0000-4000-8000-000000000000") -> Callable[[dict], None]:
    """An S3 destination: it gets the whole request too, under `aws/lambda/MAPPING/SHARD/YYYY/MM/DD/`."""
    def put(record: dict):
        at = record["timestamp"]
        name = f"{at[:19].replace(':', '.')}-{uuid.uuid4()}"
        key = f"aws/lambda/{mapping}/{record['KinesisBatchInfo']['shardId']}/{at[:10].replace('-', '/')}/{name}"
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(record).encode())
    return put
