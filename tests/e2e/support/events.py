"""The events that AWS services hand to a function, in the shapes that AWS documents.

The Kinesis shape is that of the Lambda developer guide's page on Kinesis Data Streams: `data` is base64,
`approximateArrivalTimestamp` is in seconds with a fraction, and `eventID` is the shard and the sequence number.
"""

import base64
import json
from collections.abc import Iterable, Sequence

ACCOUNT = "123456789012"
REGION = "eu-west-1"
FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898
NEW_YEAR = 1_767_225_600.0  # 2026-01-01T00:00:00Z


def as_bytes(record) -> bytes:
    """A record as a producer sends it: bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(record, bytes):
        return record
    if isinstance(record, str):
        return record.encode()
    return json.dumps(record, ensure_ascii=False).encode()


def kinesis_record(data, *, sequence: str, shard: str, arrival: float, key: str, stream: str) -> dict:
    """One record of a Kinesis batch."""
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": key,
            "sequenceNumber": sequence,
            "data": base64.b64encode(as_bytes(data)).decode(),
            "approximateArrivalTimestamp": arrival,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard}:{sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/function",
        "awsRegion": REGION,
        "eventSourceARN": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}",
    }


def kinesis(
    records: Iterable,
    *,
    arrivals: float | Sequence[float] = NEW_YEAR,
    sequences: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    shard: str = "shardId-000000000000",
    stream: str = "clicks",
) -> dict:
    """A batch of one shard. `arrivals` is one time for all, or one each, in seconds since 1970."""
    batch = []
    for n, data in enumerate(records):
        batch.append(
            kinesis_record(
                data,
                sequence=sequences[n] if sequences else str(FIRST_SEQUENCE + n),
                shard=shard,
                arrival=arrivals if isinstance(arrivals, int | float) else arrivals[n],
                key=keys[n] if keys else str(n),
                stream=stream,
            )
        )
    return {"Records": batch}


def kafka_message(value: bytes | None, *, topic: str, offset: int = 0, partition: int = 0, arrival: float = NEW_YEAR,
                  headers: Iterable[tuple[str, bytes]] = (), appended: bool = False) -> dict:  # fmt: skip
    """One record of a Kafka batch: bytes in Base64, headers as Java writes them, in numbers from -128."""
    return {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": round(arrival * 1000),
        "timestampType": "LOG_APPEND_TIME" if appended else "CREATE_TIME",
        **({} if value is None else {"value": base64.b64encode(value).decode()}),
        "headers": [{name: [byte - 256 if byte > 127 else byte for byte in text]} for name, text in headers],
    }


def kafka_record(record) -> dict:
    """The same, of what a client of Kafka read."""
    return kafka_message(record.value, topic=record.topic, offset=record.offset, partition=record.partition,
                         arrival=record.timestamp / 1000, headers=record.headers, appended=record.timestamp_type == 1)


def kafka(messages: list[dict]) -> dict:
    """A batch of a topic: by its partitions."""
    parts: dict[str, list[dict]] = {}
    for message in messages:
        parts.setdefault(f"{message['topic']}-{message['partition']}", []).append(message)
    return {"eventSource": "aws:kafka", "eventSourceArn": f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/local/1",
            "bootstrapServers": "localhost:9098", "records": parts}


def sequences(event: dict) -> list[str]:
    """The sequence numbers of a Kinesis event, in order."""
    return [record["kinesis"]["sequenceNumber"] for record in event["Records"]]


def failures(payload: dict | None) -> list[str]:
    """The sequence numbers that a function reported as failed."""
    return [failure["itemIdentifier"] for failure in (payload or {}).get("batchItemFailures") or []]
