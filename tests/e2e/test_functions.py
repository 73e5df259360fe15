"""Functions of every kind: built from `functions/shop`, run through the Lambda Runtime API. Firehose is the gateway; tables
and what was seen before are moto's. What each source brings has its own shape, and so has the answer."""

import base64
import hashlib
import json
import random
import subprocess
import urllib.request
import uuid
from urllib.parse import unquote, urlsplit

import pytest
from support import events, postgres
from support.aws import CREDENTIALS
from support.lambda_api import Function
from support.pipec import pipec
from support.postgres import Postgres
from support.search import Search
from support.shop import (
    CARGO,
    PARAMS,
    PDF,
    PNG,
    PRODUCTS,
    cargo,
    click,
    environment,
    load_operations,
    payment,
    reasons,
    rows,
    snapshot,
)

HOUR = 3600.0


def item(sku, quantity=1, **more):
    return {"sku": sku, "quantity": quantity, "wishes": [], **more}


def ids(gateway, stream="clean"):
    return [int(row["click_id"][-4:]) for row in rows(gateway, stream)]


def test_they_are_laid_out_and_clean(workspace):
    files = [path for path in workspace.rglob("*.rs") if "crates" not in path.parts]
    assert len(files) >= 30
    subprocess.run(["rustfmt", "--edition", "2024", "--check", *map(str, files)], check=True)
    cargo(workspace, "clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings")


def test_the_tests_of_the_platform_hold(workspace, binaries):
    for engine in ("local", "lambda"):
        said = pipec("test", workspace.parents[2], "--engine", engine, env=CARGO, timeout=3000).ok()
        assert "0 failed" in said.out + said.err


def test_a_row_is_a_duplicate_across_sandboxes(start, gateway):
    with start("clicks") as function:
        function.invoke(events.kinesis([click(1), click(2), click(1)])).ok()
    assert ids(gateway) == [1, 2]
    later = events.kinesis([click(1), click(3)], arrivals=events.NEW_YEAR + 1800, sequences=["9" * 56, "9" * 55 + "8"])
    with start("clicks") as function:
        function.invoke(later).ok()
    assert ids(gateway) == [1, 2, 3]
    # The duplicate counts too: an hour after it, not after the first.
    much_later = [events.NEW_YEAR + 1800 + HOUR - 1, events.NEW_YEAR + 1800 + HOUR]
    numbers = [str(10**56), str(10**56 + 1)]
    with start("clicks") as function:
        function.invoke(events.kinesis([click(3), click(2)], arrivals=much_later, sequences=numbers)).ok()
    assert ids(gateway) == [1, 2, 3, 2]


def test_a_batch_that_is_brought_again_is_delivered_once(start, gateway):
    batch = events.kinesis([click(1), click(2), click(1)])
    with start("clicks") as function:
        function.invoke(batch).ok()
        function.invoke(batch).ok()
    with start("clicks") as function:
        function.invoke(batch).ok()
    assert ids(gateway) == [1, 2]


def test_a_cut_between_two_writes_loses_nothing(start, gateway):
    batch = events.kinesis([click(1), click(2)])
    gateway.refused = {"DynamoDB_20120810.PutItem"}
    with start("clicks") as function:
        said = function.invoke(batch).ok()
    assert events.failures(said) == events.sequences(batch)
    gateway.refused = set()
    with start("clicks") as function:
        assert events.failures(function.invoke(batch).ok()) == []
    # Delivered, but not remembered: at least once.
    assert sorted(ids(gateway)) == [1, 1, 2, 2]


def test_what_was_not_delivered_is_not_remembered(start, gateway):
    batch = events.kinesis([click(1), click(2)])
    gateway.fault = lambda stream, records: {0} if stream == "clean" else None
    with start("clicks") as function:
        # The stream refuses the first of each request until the function gives up on one.
        failed = events.failures(function.invoke(batch).ok())
        assert failed
        gateway.fault = None
        function.invoke(batch).ok()
    assert set(ids(gateway)) == {1, 2}


def test_without_what_was_seen_before_nothing_is_delivered(start, gateway):
    gateway.refused = {"DynamoDB_20120810.Query"}
    with start("clicks") as function:
        assert function.invoke(events.kinesis([click(1)])).error is not None
    assert gateway.records == {}


def test_a_lookup_sees_the_newest_snapshot(start, gateway, aws, place):
    bought = click(1, items=[item("p1", 2), item("p2"), item("p3", price="2.00"), item("p9", price="5.00")])
    with start("clicks") as function:
        function.invoke(events.kinesis([bought])).ok()
    found = [(row["sku"], row["price"], row.get("title")) for row in rows(gateway, "sold")]
    assert found == [("p1", 3.5, "Tea"), ("p2", 9.0, "Cup"), ("p3", 2.0, None), ("p9", 5.0, None)]
    assert [row["sku"] for row in rows(gateway, "unknown")] == ["p9"]
    # The files of the next one are there before it counts.
    gateway.records.clear()
    snapshot(aws, place, "two", [{**PRODUCTS[0], "title": "Green tea"}])
    with start("clicks") as function:
        function.invoke(events.kinesis([click(2, items=[item("p1"), item("p2")])])).ok()
    assert [(row["sku"], row["title"]) for row in rows(gateway, "sold")] == [("p1", "Green tea")]
    assert reasons(gateway, "sold") == ["no price"]
    assert [row["sku"] for row in rows(gateway, "unknown")] == ["p2"]


def test_what_is_no_row_of_a_table_is_turned_away_once_it_is_delivered(start, gateway, aws, place):
    snapshot(aws, place, "three", [*PRODUCTS, {"sku": "p4", "title": "Plate"}])
    gateway.fault = lambda stream, records: set(range(len(records))) if stream == "sold-quarantine" else None
    with start("clicks") as function:
        batch = events.kinesis([click(1, items=[item("p4", price="1.00")])])
        assert events.failures(function.invoke(batch).ok()) == events.sequences(batch)
        gateway.fault = None
        gateway.records.clear()
        for _ in range(2):
            function.invoke(batch).ok()
    assert {(row["reason"], row["row"]) for row in rows(gateway, "sold-quarantine")} == {
        ("price is missing", '{"sku": "p4", "title": "Plate"}')}  # fmt: skip
    assert reasons(gateway, "sold") == reasons(gateway, "unknown") == ["price is missing"]
    assert [row["sku"] for row in rows(gateway, "unknown")] == ["p4", "p4"]


def test_a_table_that_is_not_there_stops_the_batch(start, gateway, aws, place):
    aws.client("s3").delete_object(Bucket=place, Key="products/_newest.json")
    with start("clicks") as function:
        assert function.invoke(events.kinesis([click(1)])).error is not None
    assert gateway.records == {}


def test_rows_go_where_their_route_says(start, gateway):
    batch = [click(1), click(2, amount="99.99"), click(3, kind="view"), click(4, amount=None)]
    with start("clicks") as function:
        function.invoke(events.kinesis(batch)).ok()
    assert {to: ids(gateway, f"spread_processed_{to}") for to in ("large", "small", "others")} == {
        "large": [1], "small": [2, 4], "others": [3]}  # fmt: skip


def test_poison_anywhere_is_turned_away_and_the_rest_goes_on(start, gateway):
    chance = random.Random(7)
    poison = [b"", b"{", b"\xff\xfe", b"[]", click(0, page="none"), click(0, items=[{"sku": 1}]), click(0, at="today"),
              click(0, kind="steal"), click(0) + b"x"]
    good = [click(number) for number in range(1, 200)]
    batch = [*good]
    for bad in poison:
        batch.insert(chance.randrange(len(batch)), bad)
    with start("clicks") as function:
        assert events.failures(function.invoke(events.kinesis(batch)).ok()) == []
    assert ids(gateway) == list(range(1, 200))
    for transform in ("clean", "sold", "unknown", "spread", "numbers"):
        assert len(rows(gateway, f"{transform}-quarantine")) == len(poison), transform
    assert "page like \"/%\"" in " ".join(reasons(gateway, "clean"))


def test_firehose_gets_its_records_back(start, gateway):
    sent = [payment("a"), b"poison", payment("b", amount="20000.00")]
    names = [f"name-{number}" for number in range(len(sent))]
    event = {"invocationId": "i", "deliveryStreamArn": "arn", "region": "eu-west-1", "records": [
        {"recordId": name, "approximateArrivalTimestamp": int(events.NEW_YEAR * 1000),
         "data": base64.b64encode(data).decode()} for name, data in zip(names, sent, strict=True)]}
    with start("taps") as function:
        answer = function.invoke(event).ok()
        assert [(one["recordId"], one["result"]) for one in answer["records"]] == [(name, "Ok") for name in names]
        assert [base64.b64decode(one["data"]) for one in answer["records"]] == sent
        assert [row["payment_id"] for row in rows(gateway, "paid")] == ["a"]
        assert reasons(gateway, "paid") == ["not JSON"]
        gateway.fault = lambda stream, records: "ServiceUnavailableException"
        event["records"] = [{**event["records"][0], "recordId": "again", "data": base64.b64encode(payment("c")).decode()}]
        assert function.invoke(event).ok()["records"][0]["result"] == "ProcessingFailed"


def test_kafka_is_told_partition_and_offset(start, gateway):
    def message(partition, offset, data):
        return events.kafka_message(data, topic="transfers", partition=partition, offset=offset)

    event = events.kafka([message(0, 7, payment("a")), message(0, 8, payment("a")), message(1, 7, payment("b"))])
    with start("transfers") as function:
        assert function.invoke(event).ok() == {"batchItemFailures": []}
        assert [row["payment_id"] for row in rows(gateway, "paid")] == ["a", "b"]
        gateway.fault = lambda stream, records: "ServiceUnavailableException"
        event = events.kafka([message(1, 9, payment("c"))])
        failure = {"itemIdentifier": {"topic-partition": "transfers-1", "offset": 9}}
        assert function.invoke(event).ok() == {"batchItemFailures": [failure]}


def test_sqs_is_told_the_message(start, gateway):
    def message(name, body):
        return {"messageId": name, "receiptHandle": "r", "body": body.decode(), "eventSource": "aws:sqs",
                "attributes": {"SentTimestamp": str(int(events.NEW_YEAR * 1000)), "ApproximateReceiveCount": "1"}}

    with start("cheques") as function:
        event = {"Records": [message("m1", payment("a")), message("m2", b"poison"), message("m3", payment("b"))]}
        assert function.invoke(event).ok() == {"batchItemFailures": []}
        assert [row["payment_id"] for row in rows(gateway, "cashed")] == ["a", "b"]
        assert reasons(gateway, "cashed") == ["not JSON"]
        gateway.fault = lambda stream, records: {0} if len(records) == 2 else "ServiceUnavailableException"
        event = {"Records": [message("m4", payment("c")), message("m5", payment("d"))]}
        assert function.invoke(event).ok() == {"batchItemFailures": [{"itemIdentifier": "m4"}]}


def picture(number, **fields):
    """What stands beside an object: texts, and those that are not ASCII as S3 gives them back."""
    texts = {"photo_id": f"00000000-0000-0000-0000-{number:012d}", "taken_at": "2026-01-01T00:00:00Z", "place": "door"}
    return {name: text if text.isascii() else f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="
            for name, text in {**texts, **fields}.items()}


def pictures(gateway):
    return {row["place"]: row for row in rows(gateway, "pictured")}


def test_s3_and_eventbridge_tell_of_objects(start, gateway, aws, place):
    s3 = aws.client("s3")
    bodies = {"a b/1.png": (PNG + b"one", picture(1, place="tør")), "2": (PNG + b"two", picture(2, place="hall", turns="0")),
              "3.png": (PDF, picture(3)), "4.png": (PNG + bytes(1017), picture(4)), "5.png": (PNG, picture(5, turns="x")),
              "6.png": (PNG, picture(6, place="shed", color="red"))}  # fmt: skip
    for key, (body, beside) in bodies.items():
        s3.put_object(Bucket=place, Key=key, Body=body, Metadata=beside, **({"ChecksumAlgorithm": "SHA256"} if key == "2" else {}))

    def put(key, name="ObjectCreated:Put"):
        inside = {"bucket": {"name": place}, "object": {"key": key, "size": 1, "sequencer": "0055AED6DCD90281E5"}}
        return {"eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "2026-01-01T00:00:01.000Z", "eventName": name,
                "s3": {"s3SchemaVersion": "1.0", **inside}}  # fmt: skip

    def told(key, kind="Object Created"):
        return {"version": "0", "detail-type": kind, "source": "aws.s3", "time": "2026-01-01T00:00:01Z",
                "detail": {"bucket": {"name": place}, "object": {"key": key, "size": 1, "etag": "e", "sequencer": "00"}}}

    bodies = [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": place},
        {"Records": [put("a+b/1.png"), put("2", "ObjectCreated:CompleteMultipartUpload")]},
        {"Records": [put("2", "ObjectRemoved:Delete")]}, told("2", "Object Deleted"), told("3.png"), told("4.png"),
        told("5.png"), told("6.png"), told("gone.png"), {"photo_id": "no event"},
    ]
    event = {"Records": [{"messageId": f"m{number}", "body": json.dumps(body), "eventSource": "aws:sqs",
                          "attributes": {"SentTimestamp": str(int(events.NEW_YEAR * 1000))}}
                         for number, body in enumerate(bodies)]}  # fmt: skip
    with start("photos") as function:
        # What is gone comes again, and then to the dead letters.
        assert function.invoke(event).ok() == {"batchItemFailures": [{"itemIdentifier": "m8"}]}
    found = pictures(gateway)
    assert {name: row["content"] for name, row in found.items()} == {
        name: {"bucket": place, "key": key, "version": "", "size": len(body), "checksum": hashlib.sha256(body).hexdigest()}
        for name, key, body in [("tør", "a b/1.png", PNG + b"one"), ("hall", "2", PNG + b"two"), ("shed", "6.png", PNG)]
    }  # fmt: skip
    assert reasons(gateway, "pictured") == [
        "content is application/pdf", "content is larger than 1024 B", "not an object", "turns is not int"]
    gateway.fault = lambda stream, records: "ServiceUnavailableException"
    event["Records"] = event["Records"][1:2]
    with start("photos") as function:
        assert function.invoke(event).ok() == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_what_a_sender_uploads_by_a_link_becomes_a_row_with_its_fields(start, gateway, aws, place, monkeypatch):
    s3, body = aws.client("s3"), PNG + b"uploaded"
    fields = {name: {"name": name, "kind": kind, "values": None, "absent": False}
              for name, kind in [("photo_id", "uuid"), ("taken_at", "timestamp"), ("place", "text"), ("turns", "int")]}
    known = {"photos": {"bucket": place, "prefix": "up/", "day_column": "arrived_on", "object": "content", "types": [],
                        "max": 1024, "seconds": 300, "fields": list(fields.values())}}  # fmt: skip
    s3.put_bucket_versioning(Bucket=place, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=place, Key="ops/uploads.json", Body=json.dumps(known))["VersionId"]
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.url, "CONFIGURATION_BUCKET": place,
                        "CONFIGURATION_KEY": "ops/uploads.json", "CONFIGURATION_VERSION": version}.items():
        monkeypatch.setenv(name, value)
    # What is not ASCII, or would not come through a header as it is, does.
    places = ["tør 東京", "=?UTF-8?B?eA==?=", " two  spaces ", "", "line\nbreak", "plain one"]
    uploads = load_operations("uploads")
    records = []
    for number, name in enumerate(places):
        said = {"photo_id": f"00000000-0000-0000-0000-{number:012d}", "taken_at": "2026-01-01T00:00:00Z", "place": name,
                "turns": 0, "content": {"type": "image/png", "size": len(body), "checksum": hashlib.sha256(body).hexdigest()}}
        answer = uploads.handler({"stageVariables": {"source": "photos"}, "body": json.dumps(said)}, None)
        link = json.loads(answer["body"])
        request = urllib.request.Request(link["url"], data=body, headers=link["headers"], method="PUT")
        assert urllib.request.urlopen(request).status == 200
        key = urlsplit(link["url"]).path.split("/", 2)[2]
        told = {"detail-type": "Object Created", "time": "2026-01-01T00:00:01Z", "detail": {
            "bucket": {"name": place}, "object": {"key": unquote(key), "size": len(body), "sequencer": "00"}}}  # fmt: skip
        records.append({"messageId": f"m{number}", "body": json.dumps(told), "eventSource": "aws:sqs"})
    with start("photos") as function:
        assert function.invoke({"Records": records}).ok() == {"batchItemFailures": []}
    assert reasons(gateway, "pictured") == []
    found = rows(gateway, "pictured")
    assert sorted(row["place"] for row in found) == sorted(places)
    assert {row["content"]["checksum"] for row in found} == {hashlib.sha256(body).hexdigest()}


def test_objects_that_kafka_brings_are_kept_first(start, binaries, gateway, aws, place):
    def message(offset, body, **fields):
        headers = [(name, text.encode()) for name, text in fields.items()]
        return events.kafka_message(body, topic="scans", offset=offset, headers=headers)

    texts = {"photo_id": str(uuid.uuid4()), "taken_at": "1767225600000", "place": "tør"}
    sent = [message(1, PNG, **texts), message(2, PNG, **texts), message(3, b"?", **texts), message(4, PNG, place="no name")]
    event = events.kafka(sent)
    with start("scans") as function:
        assert function.invoke(event).ok() == {"batchItemFailures": []}
        checksum = hashlib.sha256(PNG).hexdigest()
        first, second = rows(gateway, "pictured")
        for row, number in (first, 1), (second, 2):
            assert row["place"] == "tør" and row["content"] == {
                "bucket": place, "key": f"scans/arrived_on=2026-01-01/{checksum}-0{number:020}.png", "version": "",
                "size": len(PNG), "checksum": checksum}  # fmt: skip
        kept = aws.client("s3").get_object(Bucket=place, Key=first["content"]["key"])
        assert kept["Body"].read() == PNG and kept["ContentType"] == "image/png"
        assert kept["Metadata"] == {**texts, "place": "=?UTF-8?B?dMO4cg==?="}
        assert reasons(gateway, "pictured") == ["content is application/octet-stream", "photo_id is missing"]
    # What cannot be kept is brought again, and no row tells of it.
    gateway.records.clear()
    with Function([binaries["scans"]], env={**environment(gateway, place), "OBJECTS": "s3://no-such-bucket/a/"},
                  timeout=60) as function:
        event = events.kafka(sent[:1])
        failure = {"itemIdentifier": {"topic-partition": "scans-0", "offset": 1}}
        assert function.invoke(event).ok() == {"batchItemFailures": [failure]}
    assert gateway.records == {}


def test_a_batch_fails_as_a_whole(start, gateway):
    def event(*payments):
        return {"Records": [{"messageId": f"m{number}", "body": body.decode(),
                             "attributes": {"SentTimestamp": str(int(events.NEW_YEAR * 1000))}}
                            for number, body in enumerate(payments)]}  # fmt: skip

    foreign = payment("b", currency="USD")
    with start("cheques") as function:
        failed = function.invoke(event(payment("a"), b"poison", foreign, payment("c")))
        assert failed.error["errorMessage"] == 'the batch fails: cashed: expect ours: currency == "EUR"'
        assert gateway.records == {}
        # What was not delivered is not remembered: without the one that fails, all comes through.
        assert function.invoke(event(payment("a"), b"poison", payment("c"))).ok() == {"batchItemFailures": []}
    assert [row["payment_id"] for row in rows(gateway, "cashed")] == ["a", "c"]
    assert reasons(gateway, "cashed") == ["not JSON"]


def test_a_sender_hears_what_was_wrong(start, gateway):
    def request(body):
        context = {"requestId": uuid.uuid4().hex, "timeEpoch": int(events.NEW_YEAR * 1000)}
        return {"version": "2.0", "body": body.decode(), "isBase64Encoded": False, "requestContext": context}

    with start("coins") as function:
        answer = function.invoke(request(payment("a"))).ok()
        assert (answer["statusCode"], json.loads(answer["body"])) == (202, {"accepted": 1, "rejected": []})
        both = b"[" + payment("b") + b"," + payment("c", amount="500.00") + b"]"
        answer = function.invoke(request(both)).ok()
        [rejected] = json.loads(answer["body"])["rejected"]
        assert (answer["statusCode"], rejected["record"]) == (202, 1) and "small" in rejected["reason"]
        assert function.invoke(request(b"{")).ok()["statusCode"] == 400
        gateway.fault = lambda stream, records: "ServiceUnavailableException"
        assert function.invoke(request(payment("d"))).ok()["statusCode"] == 503
    assert [(row["worth"], row["counter"]) for row in rows(gateway, "coined")] == [(35.0, PARAMS["till"])] * 2


def coin(**more):
    context = {"requestId": uuid.uuid4().hex, "timeEpoch": int(events.NEW_YEAR * 1000)}
    return {"version": "2.0", "body": payment("a", **more).decode(), "isBase64Encoded": False, "requestContext": context}


def test_params_are_what_the_deployment_says(start, gateway):
    with start("coins", PARAM_MOST_COINS="1000", PARAM_BY_WEIGHT="true") as function:
        function.invoke(coin(amount="999.99")).ok()
        function.invoke(coin(currency="XXX")).ok()
    assert [row["worth"] for row in rows(gateway, "coined")] == [0.25]
    assert reasons(gateway, "coined") == ["check currency: currency != refused_currency"]


@pytest.mark.parametrize(("variable", "value", "said"), [
    ("PARAM_MOST_COINS", "many", "the param `most_coins` is not int"),
    ("PARAM_MOST_COINS", "9223372036854775808", "the param `most_coins` is not int"),
    ("PARAM_COIN_WORTH", "3.555", "the param `coin_worth` is not decimal(4, 2)"),
    ("PARAM_BY_WEIGHT", '"yes"', "the param `by_weight` is not bool"),
    ("PARAM_TILL", "1", "the param `till` is not string"),
])  # fmt: skip
def test_a_param_that_is_none_of_its_type_stops_the_function(start, gateway, variable, value, said):
    with start("coins", **{variable: value}) as function:
        assert function.invoke(coin()).error is not None
        assert said in function.logs()
    assert gateway.records == {}


TABLE = """CREATE SCHEMA books AUTHORIZATION writer; CREATE TABLE books.sales (
  sale_id uuid PRIMARY KEY, customer text NOT NULL, at timestamptz NOT NULL, amount numeric(12, 2) CHECK (amount < 1000),
  note varchar(10), items jsonb, more jsonb); GRANT ALL ON books.sales TO writer"""


@pytest.fixture(scope="session")
def database():
    with Postgres() as database:
        database.run(TABLE)
        yield database


@pytest.fixture
def search():
    with Search() as search:
        yield search


class Sinks:
    """Whatever the sales go to, for one test alone."""

    def __init__(self, aws, place, database, search):
        self.aws, self.name = aws, place
        sqs, sns, bus = aws.client("sqs"), aws.client("sns"), aws.client("events")
        ordered = {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}
        self.queues = {name: aws.queue(f"{place}-{name}") for name in ("queued", "heard", "alerts")}
        self.queues["in_order"] = sqs.create_queue(QueueName=f"{place}.fifo", Attributes=ordered)["QueueUrl"]
        arn = {name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
               for name, url in self.queues.items()}  # fmt: skip
        topic = sns.create_topic(Name=place)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["heard"], Attributes={"RawMessageDelivery": "true"})
        bus.create_event_bus(Name=place)
        bus.put_rule(Name=place, EventBusName=place, EventPattern='{"source": ["shop"], "detail-type": ["large"]}')
        bus.put_targets(Rule=place, EventBusName=place, Targets=[{"Id": "1", "Arn": arn["alerts"]}])
        aws.stream(place)
        self.items = f"{place}-items"
        aws.client("dynamodb").create_table(
            TableName=self.items, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "customer", "AttributeType": "S"}])
        secrets = aws.client("secretsmanager")
        login = json.dumps({"username": postgres.USER, "password": postgres.PASSWORD})
        secrets.create_secret(Name=f"{place}-db", SecretString=login)
        secrets.create_secret(Name=f"{place}-authority", SecretString=database.authority)
        columns = ["sale_id", "customer", "at", "amount", "note", "items", "more"]
        self.told = {
            "large_alerts": {"kind": "events", "bus": place, "source": "shop", "detail_type": "large"},
            "tell": {"kind": "topic", "arn": topic},
            "queue_up": {"kind": "queue", "url": self.queues["queued"], "fifo": False, "key": []},
            "line_up": {"kind": "queue", "url": self.queues["in_order"], "fifo": True, "key": ["customer"]},
            "stream": {"kind": "stream", "name": place, "key": "customer"},
            "find": {"kind": "index", "endpoint": search.url, "index": "sales", "key": ["sale_id"]},
            "log": {"kind": "index", "endpoint": search.url, "index": "log", "key": []},
            "newest_of": {"kind": "items", "table": self.items, "key": ["customer"], "keep_seconds": 86_400},
            "book": {"kind": "table", "host": "localhost", "port": database.port, "database": postgres.DATABASE,
                     "table": "books.sales", "columns": columns, "key": ["sale_id"], "credentials": f"{place}-db",
                     "authority": f"{place}-authority"},
        }  # fmt: skip

    def environment(self):
        quarantines = {label.split("_alerts")[0] for label in self.told}
        return {
            **{f"SINK_{label.upper()}": json.dumps(told) for label, told in self.told.items()},
            **{f"QUARANTINE_STREAM_{name.upper()}": f"{name}-quarantine" for name in quarantines},
            "DELIVERY_STREAM_LARGE_PROCESSED_SALES": "large",
        }

    def messages(self, queue):
        return [json.loads(body) for body in self.aws.drain(self.queues[queue])]

    def records(self):
        kinesis, found = self.aws.client("kinesis"), []
        for shard in kinesis.list_shards(StreamName=self.name)["Shards"]:
            at = kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
            found += kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]
        return [(record["PartitionKey"], json.loads(record["Data"])) for record in found]


@pytest.fixture
def sinks(aws, place, database, search):
    database.run("TRUNCATE books.sales")
    return Sinks(aws, place, database, search)


@pytest.fixture
def sell(binaries, gateway, place, sinks):
    """Starts the function that sends what is sold outside the lake."""
    more = {**environment(gateway, place), **sinks.environment()}
    return lambda: Function([binaries["sales"]], env=more, timeout=60)


def sale(number, customer="a", amount="12.50", **more):
    return json.dumps({"sale_id": str(uuid.UUID(int=number)), "customer": customer, "at": f"2026-01-01T00:00:{number:02}.5Z",
                       "amount": amount, "items": [], **more}).encode()  # fmt: skip


def numbers(found):
    return sorted(uuid.UUID(row["sale_id"]).int for row in found)


def test_sinks_get_rows_as_the_language_writes_them(sell, sinks, gateway, database, search):
    bought = [{"sku": "tea \"green\" & <hot>", "quantity": 2, "price": "3.50", "wishes": ["ø"]}]
    batch = [sale(1, items=bought, note="first", more={"b": [1, None]}), sale(2, "b", "100.00"), b"poison", sale(3, amount="99.99")]
    with sell() as function:
        assert events.failures(function.invoke(events.kinesis(batch)).ok()) == []
        logged = function.logs()
    assert "tea" not in logged and postgres.PASSWORD not in logged
    (alert,) = sinks.messages("alerts")
    assert (alert["source"], alert["detail-type"]) == ("shop", "large")
    assert alert["detail"] == {"sale_id": str(uuid.UUID(int=2)), "day": "2026-01-01", "customer": "b", "amount": 100.0,
                               "at": "2026-01-01T00:00:02.500000Z", "items": []}  # fmt: skip
    # What goes to a dataset is as Firehose converts it.
    assert [row["at"] for row in rows(gateway, "large")] == ["2026-01-01 00:00:01.500000", "2026-01-01 00:00:03.500000"]
    assert numbers(sinks.messages("heard")) == numbers(sinks.messages("queued")) == numbers(sinks.messages("in_order")) == [1, 2, 3]
    assert sorted((key, row["customer"]) for key, row in sinks.records()) == [("a", "a"), ("a", "a"), ("b", "b")]
    found = search.documents["sales"]
    assert numbers(found.values()) == [1, 2, 3] and all(row["_written_at"] > 1.7e12 for row in found.values())
    assert found != {} and next(row for row in found.values() if row["items"])["items"][0]["sku"] == bought[0]["sku"]
    assert numbers(search.documents["log"].values()) == [1, 2, 3]
    items = sinks.aws.client("dynamodb").scan(TableName=sinks.items)["Items"]
    newest = {item["customer"]["S"]: item for item in items}
    # The newest of each customer.
    assert {name: item["amount"]["N"] for name, item in newest.items()} == {"a": "99.99", "b": "100.00"}
    assert int(newest["a"]["_until"]["N"]) > 1.7e9
    written = database.rows("SELECT * FROM books.sales ORDER BY sale_id")
    assert [row["amount"] for row in written] == [12.5, 100.0, 99.99]
    assert written[0]["at"] == "2026-01-01T00:00:01.5+00:00" and written[0]["more"] == {"b": [1, None]}
    assert written[0]["items"][0]["wishes"] == ["ø"] and written[1]["note"] is None
    for transform in ("tell", "book", "large"):
        assert reasons(gateway, transform) == ["not JSON"]


def test_what_comes_again_changes_nothing_where_rows_have_keys(sell, sinks, database, search):
    batch = events.kinesis([sale(1), sale(2, amount="20.00"), sale(3, "b")])
    with sell() as function:
        for _ in range(2):
            assert events.failures(function.invoke(batch).ok()) == []
        again = events.kinesis([sale(1, amount="13.00"), sale(1, amount="14.00")], sequences=["7", "8"])
        assert events.failures(function.invoke(again).ok()) == []
    assert len(search.documents["sales"]) == 3 and len(sinks.messages("in_order")) == 5
    # Of two with one key, the second stays.
    (row,) = database.rows("SELECT amount FROM books.sales WHERE sale_id = '00000000-0000-0000-0000-000000000001'")
    assert row == {"amount": 14.0} and len(database.rows("SELECT * FROM books.sales")) == 3


def test_what_a_sink_does_not_take_comes_again_and_the_rest_does_not(sell, sinks, gateway, database, search):
    tried = []

    def busy(request):
        tried.append(len(request["Entries"]))
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False} for entry in request["Entries"]]
                } if len(tried) <= 2 else None  # fmt: skip

    gateway.answers["AmazonSQS.SendMessageBatch"] = busy
    search.fault = lambda document: 429 if document.get("amount") == 7.0 else None
    batch = events.kinesis([sale(1), sale(2, amount="7.00"), sale(3, amount="5000.00"), sale(4, note="longer than ten")])
    with sell() as function:
        failed = events.failures(function.invoke(batch).ok())
    # A document that is never taken, a row that breaks a constraint, and one that does not fit.
    assert failed == events.sequences(batch)[1:]
    assert numbers(database.rows("SELECT sale_id FROM books.sales")) == [1, 2]
    assert numbers(search.documents["sales"].values()) == [1, 3, 4]
    assert numbers(sinks.messages("queued")) == [1, 2, 3, 4] and len(tried) > 2


def test_a_database_that_is_someone_else_gets_nothing(sell, sinks, database):
    # An authority that signed nothing here.
    _, other = postgres.authority()
    sinks.aws.client("secretsmanager").put_secret_value(SecretId=f"{sinks.name}-authority", SecretString=other)
    batch = events.kinesis([sale(1)])
    with sell() as function:
        assert events.failures(function.invoke(batch).ok()) == events.sequences(batch)
        assert "cannot be reached" in function.logs()
    assert database.rows("SELECT * FROM books.sales") == []


def test_too_large_a_row_is_turned_away_by_its_sink_alone(sell, sinks, gateway):
    with sell() as function:
        batch = events.kinesis([sale(1, amount="200.00", note="x" * 300_000), sale(2)])
        failed = events.failures(function.invoke(batch).ok())
        # Too long for the column of the table as well, which only the table knows.
        assert failed == events.sequences(batch)[:1]
    assert reasons(gateway, "large") == ["larger than 240 KiB"] and sinks.messages("alerts") == []
    assert numbers(sinks.messages("heard")) == [1, 2]
