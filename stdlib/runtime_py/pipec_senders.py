"""Requests that bring rows of jobs to services: buses, topics, queues, streams, tables, indexes.

Each row is one object of JSON, as functions send it. What a service does not take is sent
again, and what it never takes fails the run, which its schedule repeats: rows come at least
once. It knows nothing of Spark but that rows come in parts, and of runs nothing at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

# How often rows are sent, and the wait before the second time, seconds; it doubles.
TRIES, FIRST_WAIT = 8, 0.2
# The longest partition key of a stream, and the field that says when a document was written.
LONGEST_KEY, WRITTEN, TIME = 256, "_written_at", "@timestamp"
# The attribute that says when an item is of no use any more.
UNTIL = "_until"
MESSAGE_BYTES = 240 * 1024
# How many rows a request has at most, how many bytes, and how many one row.
LIMITS = {
    "events": (10, MESSAGE_BYTES, MESSAGE_BYTES),
    "topic": (10, MESSAGE_BYTES, MESSAGE_BYTES),
    "queue": (10, MESSAGE_BYTES, MESSAGE_BYTES),
    "stream": (500, 4 * 1024 * 1024, 1000 * 1024),
    "items": (25, 8 * 1024 * 1024, 380 * 1024),
    "index": (1000, 8 * 1024 * 1024, 4 * 1024 * 1024),
}


class NotSent(Exception):
    """A service did not take rows."""


def send(told: dict[str, Any], rows: Iterable[str], part: str) -> None:
    """Sends the rows of a part; its name is the same whenever the part is sent again."""
    sender = SENDERS[told["kind"]](told)
    for request in requests(rows, *LIMITS[told["kind"]], part):
        open_rows, wait = request, FIRST_WAIT
        for attempt in range(1, TRIES + 1):
            refused, why = sender.send(open_rows)
            open_rows = [row for at, row in enumerate(open_rows) if at in refused]
            if not open_rows:
                break
            if attempt == TRIES:
                count = len(open_rows)
                raise NotSent(f"{told['kind']}: {count} rows were not taken: {why}")
            time.sleep(wait)
            wait *= 2


class Row:
    """A row on its way: its text, and what tells it from every other one."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def fields(self) -> dict[str, Any]:
        """Its fields; numbers keep all their digits."""
        return json.loads(self.text, parse_float=Decimal)

    def key(self, names: list[str]) -> str:
        """A digest of some fields, the same for rows in which these are alike."""
        values = _texts(self.text)
        return digest("[" + ",".join(values.get(name, "null") for name in names) + "]")


def _texts(text: str) -> dict[str, str]:
    """The fields of an object, each as its text in JSON, as it stands there."""
    decoder, found, at = json.JSONDecoder(), {}, 1
    while text[at : at + 1] != "}":
        name, at = decoder.raw_decode(text, at)
        begin = at + 1
        _, at = decoder.raw_decode(text, begin)
        found[name] = text[begin:at]
        at += text[at] == ","
    return found


def digest(text: str) -> str:
    """What stands for a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def requests(
    rows: Iterable[str], most: int, all_bytes: int, row_bytes: int, part: str
) -> Iterator[list[Row]]:
    """Rows in order, in requests."""
    request: list[Row] = []
    size = 0
    for number, text in enumerate(rows):
        length = len(text.encode())
        if length > row_bytes:
            raise NotSent(f"a row is larger than {row_bytes // 1024} KiB")
        if request and (len(request) == most or size + length > all_bytes):
            yield request
            request, size = [], 0
        request.append(Row(text, f"{part}/{number}"))
        size += length
    if request:
        yield request


Refused = tuple["set[int]", str]


class Service:
    """A service that boto3 knows."""

    name = ""

    def __init__(self, told: dict[str, Any]) -> None:
        # In AWS; a laptop that tries a job out does not need it.
        import boto3  # type: ignore[import-untyped]

        self.told = told
        self.client: Any = boto3.client(self.name)


class Events(Service):
    """A bus of EventBridge: each row is the detail of an event."""

    name = "events"

    def send(self, rows: list[Row]) -> Refused:
        common = {
            "DetailType": self.told["detail_type"],
            "EventBusName": self.told["bus"],
            "Source": self.told["source"],
        }
        entries = [{"Detail": row.text, **common} for row in rows]
        return by_place(self.client.put_events(Entries=entries)["Entries"])


class Topic(Service):
    """A topic of SNS: each row is a message."""

    name = "sns"

    def send(self, rows: list[Row]) -> Refused:
        entries = [{"Id": str(at), "Message": row.text} for at, row in enumerate(rows)]
        answer = self.client.publish_batch(
            TopicArn=self.told["arn"], PublishBatchRequestEntries=entries
        )
        return by_id(answer)


class Queue(Service):
    """A queue of SQS: each row is a message."""

    name = "sqs"

    def send(self, rows: list[Row]) -> Refused:
        entries = []
        for at, row in enumerate(rows):
            entry = {"Id": str(at), "MessageBody": row.text}
            if self.told["fifo"]:
                entry["MessageGroupId"] = row.key(self.told["key"])
                entry["MessageDeduplicationId"] = digest(row.name + row.text)
            entries.append(entry)
        answer = self.client.send_message_batch(
            QueueUrl=self.told["url"], Entries=entries
        )
        return by_id(answer)


class Stream(Service):
    """A stream of Kinesis: each row is a record."""

    name = "kinesis"

    def send(self, rows: list[Row]) -> Refused:
        records = [
            {"Data": row.text.encode(), "PartitionKey": self._key(row)} for row in rows
        ]
        answer = self.client.put_records(StreamName=self.told["name"], Records=records)
        return by_place(answer["Records"])

    def _key(self, row: Row) -> str:
        name: str = self.told.get("key") or ""
        value = row.fields().get(name)
        if value is None:
            return digest(row.name)
        text = value if isinstance(value, str) else _texts(row.text)[name]
        return text if 0 < len(text) <= LONGEST_KEY else row.key([name])


class Items(Service):
    """A table of DynamoDB: each row is an item, in the place of the one with its key."""

    name = "dynamodb"

    def send(self, rows: list[Row]) -> Refused:
        table = self.told["table"]
        puts = [{"PutRequest": {"Item": self._item(row)}} for row in rows]
        answer = self.client.batch_write_item(RequestItems={table: puts})
        left = answer.get("UnprocessedItems", {}).get(table, [])
        keys = [self._key(put) for put in left]
        places = {at for at, put in enumerate(puts) if self._key(put) in keys}
        return places, "UnprocessedItems"

    def _key(self, put: dict[str, Any]) -> list[Any]:
        item = put["PutRequest"]["Item"]
        return [item.get(name) for name in self.told["key"]]

    def _item(self, row: Row) -> dict[str, Any]:
        item = {name: attribute(value) for name, value in row.fields().items()}
        if "keep_seconds" in self.told:
            item[UNTIL] = {"N": str(int(time.time()) + self.told["keep_seconds"])}
        return item


def attribute(value: Any) -> dict[str, Any]:
    """A value as an attribute: numbers keep their digits."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [attribute(item) for item in value]}
    if isinstance(value, dict):
        return {"M": {name: attribute(item) for name, item in value.items()}}
    return {"N": str(value)}


class Index:
    """An index of OpenSearch Serverless: each row is a document."""

    def __init__(self, told: dict[str, Any]) -> None:
        import botocore.httpsession  # type: ignore[import-untyped]
        import botocore.session  # type: ignore[import-untyped]

        self.told = told
        session = botocore.session.get_session()
        self._credentials = session.get_credentials()
        self._region = session.get_config_variable("region")
        self._http = botocore.httpsession.URLLib3Session(timeout=60)

    def send(self, rows: list[Row]) -> Refused:
        now = int(time.time() * 1000)
        lines = []
        for row in rows:
            key = self.told["key"]
            action = {"index": {"_id": row.key(key)} if key else {}}
            rest = row.text[1:]
            own = f'{{"{WRITTEN if key else TIME}":{now}' + ("," * (rest != "}"))
            lines += [json.dumps(action), own + rest]
        place = f"{self.told['endpoint'].rstrip('/')}/{self.told['index']}/_bulk"
        status, answer = self._post(place, "\n".join(lines) + "\n")
        if status >= 300:
            return set(range(len(rows))), f"status {status}"
        items = [item["index"] for item in answer["items"]]
        refused = {at for at, item in enumerate(items) if item["status"] >= 300}
        why = next((i["error"]["type"] for i in items if "error" in i), "no answer")
        return refused, why

    def _post(self, url: str, body: str) -> tuple[int, dict[str, Any]]:
        from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

        data = body.encode()
        headers = {
            "content-type": "application/x-ndjson",
            "x-amz-content-sha256": hashlib.sha256(data).hexdigest(),
        }
        request = AWSRequest("POST", url, headers, data)
        SigV4Auth(self._credentials, "aoss", self._region).add_auth(request)
        answer = self._http.send(request.prepare())
        return answer.status_code, json.loads(answer.content or b"{}")


def by_place(entries: list[dict[str, Any]]) -> Refused:
    """The places of the entries that have an error."""
    refused = {at for at, entry in enumerate(entries) if entry.get("ErrorCode")}
    why = next((e["ErrorCode"] for e in entries if e.get("ErrorCode")), "")
    return refused, why


def by_id(answer: dict[str, Any]) -> Refused:
    """The places of the messages that failed, which are called by them."""
    failed = answer.get("Failed", [])
    return {int(one["Id"]) for one in failed}, failed[0]["Code"] if failed else ""


SENDERS: dict[str, Any] = {
    "events": Events,
    "topic": Topic,
    "queue": Queue,
    "stream": Stream,
    "items": Items,
    "index": Index,
}


def decoded(text: str) -> dict[str, Any]:
    """What a deployment says of a sink: JSON in base64, which nothing ends on its way."""
    return json.loads(base64.b64decode(text))
