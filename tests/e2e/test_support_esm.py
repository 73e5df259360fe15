"""The event source mapping: order, checkpoints, bisecting down to the poison record, retries, age, destinations."""

import base64
import json

import pytest
from support.esm import EventSourceMapping, Settings, to_bucket, to_queue
from support.lambda_api import Result

PARTIAL = Settings(batch_size=16, bisect=True, maximum_retry_attempts=2, report_item_failures=True)


def text(record) -> str:
    return base64.b64decode(record["kinesis"]["data"]).decode()


class Handler:
    """A function that remembers what it has handled, and fails on the records that it is told to."""

    def __init__(self, poison=(), *, partial=True):
        self.poison, self.partial = set(poison), partial
        self.handled, self.batches = [], []

    def __call__(self, event) -> Result:
        self.batches.append([text(record) for record in event["Records"]])
        failed = [record for record in event["Records"] if text(record) in self.poison]
        if failed and not self.partial:
            return Result(error={"errorType": "Boom"})
        self.handled += [text(record) for record in event["Records"] if record not in failed]
        return Result({"batchItemFailures": [{"itemIdentifier": r["kinesis"]["sequenceNumber"]} for r in failed]})


@pytest.fixture
def stream(aws, request):
    """A stream of one shard with the records 0 to 99."""
    name = "esm-" + request.node.name.replace("[", "-").replace("]", "")
    aws.stream(name, shards=1)
    aws.put_records(name, [str(n).encode() for n in range(100)])
    return name


def test_every_record_arrives_once_and_each_shard_in_order(aws):
    aws.stream("esm-order", shards=3)
    aws.put_records("esm-order", [str(n).encode() for n in range(200)], keys=[str(n % 7) for n in range(200)])
    handler = Handler()
    mapping = EventSourceMapping(aws.client("kinesis"), "esm-order", handler, Settings(batch_size=30))
    summary = mapping.poll()
    assert sorted(map(int, handler.handled)) == list(range(200))
    assert len(summary.delivered) == 200
    for key in range(7):
        of_key = [int(n) for n in handler.handled if int(n) % 7 == key]
        assert of_key == sorted(of_key)
    assert all(len(batch) <= 30 for batch in handler.batches)
    assert mapping.poll().invocations == 0, "what is settled is not delivered again"
    aws.put_records("esm-order", [b"200"])
    mapping.poll()
    assert handler.handled[-1] == "200"


@pytest.mark.parametrize("partial", [True, False])
def test_bisecting_leaves_only_the_poison_records(aws, stream, partial):
    queue = aws.queue(f"{stream}-dead")
    handler = Handler({"0", "37", "38", "99"}, partial=partial)
    mapping = EventSourceMapping(aws.client("kinesis"), stream, handler, PARTIAL,
                                 on_failure=to_queue(aws.client("sqs"), queue))
    summary = mapping.poll()
    assert len(summary.discarded) == 4
    assert set(map(int, handler.handled)) == set(range(100)) - {0, 37, 38, 99}
    assert len(summary.delivered) == 96
    told = [json.loads(body) for body in aws.drain(queue)]
    assert sorted(one["KinesisBatchInfo"]["startSequenceNumber"] for one in told) == sorted(summary.discarded)
    assert {one["KinesisBatchInfo"]["batchSize"] for one in told} == {1}
    assert {one["requestContext"]["condition"] for one in told} == {"RetryAttemptsExhausted"}
    assert {one["requestContext"]["approximateInvokeCount"] for one in told} == {3}, "one try and two retries"
    assert "payload" not in told[0]


def test_without_bisecting_what_stands_behind_the_poison_is_lost_with_it(aws, stream):
    settings = Settings(batch_size=10, maximum_retry_attempts=1, report_item_failures=True)
    handler = Handler({"13"})
    summary = EventSourceMapping(aws.client("kinesis"), stream, handler, settings).poll()
    assert len(summary.discarded) == 7
    assert len(summary.delivered) == 93


def test_failures_count_only_where_the_mapping_asks_for_them(aws, stream):
    handler = Handler({"13"})
    summary = EventSourceMapping(aws.client("kinesis"), stream, handler, Settings(batch_size=10)).poll()
    assert (len(summary.delivered), summary.discarded) == (100, [])


def test_endless_retries_are_found_out(aws, stream):
    handler = Handler({"13"}, partial=False)
    with pytest.raises(AssertionError, match="blocked by a record"):
        EventSourceMapping(aws.client("kinesis"), stream, handler, Settings(batch_size=10)).poll()


def test_old_records_are_discarded_and_arrivals_can_be_given(aws, stream):
    settings = Settings(batch_size=100, maximum_record_age=60)
    records = []
    handler = Handler()
    mapping = EventSourceMapping(
        aws.client("kinesis"), stream, handler, settings,
        on_failure=records.append, arrival=lambda data, _: 1000.0 + int(data), clock=lambda: 1080.0,
    )
    summary = mapping.poll()
    assert handler.handled == [str(n) for n in range(20, 100)]
    assert len(summary.discarded) == 20
    assert records[0]["requestContext"]["condition"] == "RecordAgeExceeded"
    assert records[0]["KinesisBatchInfo"]["approximateArrivalOfFirstRecord"] == "1970-01-01T00:16:40.000Z"


def test_a_bucket_gets_the_records_themselves(aws, stream):
    bucket = aws.bucket("esm-bucket")
    mapping = EventSourceMapping(aws.client("kinesis"), stream, Handler({"42"}), PARTIAL,
                                 on_failure=to_bucket(aws.client("s3"), bucket))
    mapping.poll()
    [key] = aws.keys(bucket, "aws/lambda/")
    told = json.loads(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    assert [text(record) for record in json.loads(told["payload"])["Records"]] == ["42"]


def test_a_batch_is_cut_where_the_request_would_be_too_large(aws):
    aws.stream("esm-size", shards=1)
    aws.put_records("esm-size", [bytes([65 + n]) * 900_000 for n in range(8)], keys=["k"] * 8)
    handler = Handler()
    EventSourceMapping(aws.client("kinesis"), "esm-size", handler, Settings(batch_size=100)).poll()
    assert [len(batch) for batch in handler.batches] == [5, 3]


def test_the_settings_come_from_terraform():
    assert Settings.from_terraform({
        "batch_size": 500, "bisect_batch_on_function_error": True, "maximum_retry_attempts": 3,
        "maximum_record_age_in_seconds": 3600, "function_response_types": ["ReportBatchItemFailures"],
    }) == Settings(500, True, 3, 3600, True)
    assert Settings.from_terraform({"batch_size": None}) == Settings()
