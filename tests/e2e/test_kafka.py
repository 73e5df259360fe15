"""Topics of a real broker: what a generated function does with them, and what makes them. The functions are those of
`functions/shop`, what reads the topics for them plays Lambda's part."""

import json
import time
import uuid

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from support.esm import Settings
from support.kafka import TopicMapping
from support.shop import PNG, load_operations, payment, reasons, rows


def test_a_topic_of_a_real_broker_comes_through_whole(start, gateway, broker):
    broker.make("transfers", partitions=3)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    paid = [payment(f"p{number}", at=now) for number in range(598)]
    sent = [*paid[:300], b"poison", b"", *paid[300:], payment("late")]
    broker.send("transfers", sent)
    settings = Settings(batch_size=100, bisect=True, maximum_retry_attempts=2, report_item_failures=True)
    given_up = []
    # Firehose takes no row of one payment, whatever comes with it, and fails once for all.
    bad_days = iter(["ServiceUnavailableException"])
    gateway.fault = lambda stream, records: next(bad_days, None) or {
        place for place, record in enumerate(records) if stream == "paid" and json.loads(record)["payment_id"] == "p307"}
    with start("transfers", LANDING_STREAM="transfers-landing") as function:
        mapping = TopicMapping(broker, "transfers", "shop", function, settings, given_up.append)
        summary = mapping.poll()
        assert summary.errors == [] and len(summary.delivered) == 600
        # The group goes on behind all of it, and nothing comes twice.
        assert broker.committed("transfers", "shop") == [201, 200, 200] and mapping.poll().invocations == 0
    # What is tried again is landed and delivered again: at least once.
    assert set(gateway.records["transfers-landing"]) == {line + b"\n" for line in sent}
    assert {row["payment_id"] for row in rows(gateway, "paid")} == {f"p{number}" for number in range(598)} - {"p307"}
    assert set(reasons(gateway, "paid")) == {"not JSON", "late: more than 1 day behind arrival"}
    assert [record["KafkaBatchInfo"]["places"] for record in given_up] == [summary.discarded] == [[(309 % 3, 309 // 3)]]


def test_objects_of_a_real_broker_are_kept_with_their_fields(start, gateway, aws, place, broker):
    broker.make("scans", max_message_bytes="4194304", message_timestamp_type="LogAppendTime")
    names = [str(uuid.uuid4()) for _ in range(3)]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = [{"photo_id": name, "taken_at": now, "place": where}
            for name, where in zip(names, ["door", "t\u00f8r", "a  b"], strict=True)]  # fmt: skip
    bodies = [PNG + bytes([number]) for number in range(3)]
    large = PNG + bytes((4 << 20) - 2_000)
    broker.send("scans", [*zip(bodies, told, strict=True), (large, told[0]), (b"", told[0])])
    settings = Settings(batch_size=100, bisect=True, maximum_retry_attempts=2, report_item_failures=True)
    with start("scans") as function:
        summary = TopicMapping(broker, "scans", "shop", function, settings).poll()
    assert (summary.errors, summary.discarded, len(summary.delivered)) == ([], [], 5)
    found = rows(gateway, "pictured")
    assert [(row["photo_id"], row["place"]) for row in found] == [(one["photo_id"], one["place"]) for one in told]
    assert reasons(gateway, "pictured") == ["content is application/octet-stream", "content is larger than 1024 B"]
    s3, today = aws.client("s3"), time.strftime("%Y-%m-%d", time.gmtime())
    for row, body in zip(found, bodies, strict=True):
        assert row["content"]["key"].startswith(f"scans/arrived_on={today}/")
        assert s3.get_object(Bucket=place, Key=row["content"]["key"])["Body"].read() == body
    # What stands beside an object tells its row again.
    gateway.records.clear()
    messages = [{"messageId": f"m{number}", "body": json.dumps({"detail-type": "Object Created", "time": now,
                 "detail": {"bucket": {"name": place}, "object": {"key": row["content"]["key"], "sequencer": "00"}}}),
                 "eventSource": "aws:sqs"} for number, row in enumerate(found)]  # fmt: skip
    with start("photos") as function:
        assert function.invoke({"Records": messages}).ok() == {"batchItemFailures": []}
    assert rows(gateway, "pictured") == found


def test_topics_are_made_and_changed(broker, monkeypatch):
    topics = load_operations("make_topics")
    assert topics.IDENTITY == {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}
    login = dict(broker.login)
    asked = {"brokers": login.pop("bootstrap_servers"), "topic": "made", "partitions": 2,
             "settings": {"cleanup.policy": "delete", "retention.ms": "3600000", "max.message.bytes": "4194304"}}  # fmt: skip
    monkeypatch.setattr(topics, "IDENTITY", login)
    assert topics.handler(asked, None) == {"topic": "made", "done": "made"}
    asked = {**asked, "partitions": 3, "settings": {**asked["settings"], "retention.ms": "7200000"}}
    for _ in range(2):
        assert topics.handler(asked, None) == {"topic": "made", "done": "changed"}
    assert len(broker.admin.describe_topics(["made"])[0]["partitions"]) == 3
    (found,) = broker.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, "made")])["topic"].values()
    assert {name: found[name]["value"] for name in ["retention.ms", "max.message.bytes"]} == {
        "retention.ms": "7200000", "max.message.bytes": "4194304"}
    with pytest.raises(ValueError, match="has 3 partitions"):
        topics.handler({**asked, "partitions": 1}, None)
