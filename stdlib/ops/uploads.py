"""Gives senders of objects links to put them by.

A sender posts what it says of an object: the fields of the schema, and in the object's own field its type, its size and
its SHA-256. What is wrong with that it hears at once. Otherwise it gets a link, which S3 takes for a few minutes, for one
object of exactly this type, size and checksum, once, under a new name, with the fields beside it as its metadata.
"""

from __future__ import annotations

import base64
import datetime
import functools
import json
import os
import re
import uuid
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

# The longest request that is read, and the most that S3 keeps beside an object, bytes.
LONGEST = 65_536
MOST_METADATA = 2_048
# What a header carries as it is: no space at its ends or twice, and nothing that looks encoded.
PLAIN = re.compile(r"(?!=\?)[!-~]+(?: [!-~]+)*")
CHECKSUM = re.compile(r"[0-9a-f]{64}")
MEDIA = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


class Number(str):
    """A number of JSON, by its digits: no sum of a sender goes through a float."""


def text_like(pattern: str) -> Callable[[Any], bool]:
    """Whether a value is a text of this form, or a number that is written so."""
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def is_text(value: Any) -> bool:
    """Whether a value is a text, and not a number."""
    return isinstance(value, str) and not isinstance(value, Number)


KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "bytes": ("a text in Base64", is_text),
    "date": ("a date, as 2026-01-31", text_like(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")),
    "decimal": ("a decimal number", text_like(r"[+-]?[0-9]+(\.[0-9]+)?")),
    "duration": ("a whole number", text_like(r"[+-]?[0-9]+")),
    "float": ("a number", lambda value: isinstance(value, Number)),
    "int": ("a whole number", text_like(r"[+-]?[0-9]+")),
    "json": ("JSON", lambda value: True),
    "list": ("a list", lambda value: isinstance(value, list)),
    "map": ("an object", lambda value: isinstance(value, dict)),
    "struct": ("an object", lambda value: isinstance(value, dict)),
    "text": ("a text", is_text),
    "timestamp": ("an instant, as 2026-01-31T12:00:00Z, or milliseconds since 1970",
                  text_like(r"-?[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
                            r"(Z|[+-][0-9]{2}:[0-9]{2})")),
    "uuid": ("a UUID", text_like(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
}


@functools.cache
def clients() -> tuple[Any, dict[str, dict[str, Any]]]:
    """S3, and what may be uploaded; a new version of it starts new functions."""
    # Links are of the bucket's own region, and bind headers: only this version of signatures does.
    s3 = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"},
                                          request_checksum_calculation="when_required"))
    answer = s3.get_object(Bucket=os.environ["CONFIGURATION_BUCKET"], Key=os.environ["CONFIGURATION_KEY"],
                           VersionId=os.environ["CONFIGURATION_VERSION"])
    return s3, json.load(answer["Body"])


def plain(value: Any) -> str:
    """A value as it stands beside an object: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else packed(value)


def packed(value: Any) -> str:
    """JSON, with numbers as they came."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{packed(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(packed(item) for item in value) + "]"
    return json.dumps(value)


def header(text: str) -> str:
    """A text as a header carries it: as it is, or as RFC 2047 has what is not plain."""
    if PLAIN.fullmatch(text):
        return text
    return "=?UTF-8?B?" + base64.b64encode(text.encode()).decode() + "?="


def beside(source: dict[str, Any], said: dict[str, Any], wrong: list[str]) -> dict[str, str]:
    """The fields beside an object as its metadata; fields that nobody declared are left out."""
    out: dict[str, str] = {}
    for field in source["fields"]:
        name, value = field["name"], said.get(field["name"])
        described, fits = KINDS[field["kind"]]
        if value is None:
            if not field["absent"]:
                wrong.append(f"`{name}` is missing")
        elif not fits(value):
            wrong.append(f"`{name}` is not {described}")
        elif field["values"] is not None and value not in field["values"]:
            wrong.append(f"`{name}` is none of {', '.join(field['values'])}")
        else:
            out[name] = header(plain(value))
    size = sum(len(name) + len(text) for name, text in out.items())
    if size > MOST_METADATA:
        wrong.append(f"the fields together have {size} bytes, and S3 keeps {MOST_METADATA} beside an object")
    return out


def described(source: dict[str, Any], said: dict[str, Any], wrong: list[str]) -> dict[str, Any]:
    """What a sender says of the object itself."""
    name, declared = source["object"], said.get(source["object"])
    if not isinstance(declared, dict):
        wrong.append(f"`{name}` does not say the `type`, `size` and `checksum` of what comes")
        return {}
    media, size, checksum = (declared.get(key) for key in ("type", "size", "checksum"))
    if not (is_text(media) and MEDIA.fullmatch(media)):
        wrong.append(f"`{name}.type` is not a media type, as image/png")
    elif source["types"] and media not in source["types"]:
        wrong.append(f"`{name}.type` is none of {', '.join(source['types'])}")
    if not (isinstance(size, Number) and size.isdigit() and len(size) < 16 and 0 < int(size) <= source["max"]):
        wrong.append(f"`{name}.size` is not a number of bytes from 1 to {source['max']}")
    if not (is_text(checksum) and CHECKSUM.fullmatch(checksum)):
        wrong.append(f"`{name}.checksum` is not the SHA-256 of the bytes in lower-case hex")
    return {"type": media, "size": size, "checksum": checksum}


def body(event: dict[str, Any]) -> dict[str, Any] | None:
    """What was posted, if it is an object of JSON."""
    text = event.get("body") or ""
    if len(text) > LONGEST:
        return None
    try:
        if event.get("isBase64Encoded"):
            text = base64.b64decode(text, validate=True).decode()
        said = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def link(s3: Any, source: dict[str, Any], upload: dict[str, Any], metadata: dict[str, str]) -> dict[str, Any]:
    """How to put the object: everything that is said here is signed, and nothing else is taken."""
    today = datetime.datetime.now(datetime.UTC)
    key = f"{source['prefix']}{source['day_column']}={today:%Y-%m-%d}/{uuid.uuid4()}"
    checksum = base64.b64encode(bytes.fromhex(upload["checksum"])).decode()
    parameters = {
        "Bucket": source["bucket"],
        "ChecksumSHA256": checksum,
        "ContentLength": int(upload["size"]),
        "ContentType": upload["type"],
        "IfNoneMatch": "*",
        "Key": key,
        "Metadata": metadata,
    }
    url = s3.generate_presigned_url("put_object", Params=parameters, ExpiresIn=source["seconds"], HttpMethod="PUT")
    headers = {
        "content-length": str(upload["size"]),
        "content-type": upload["type"],
        "if-none-match": "*",
        "x-amz-checksum-sha256": checksum,
        **{f"x-amz-meta-{name}": text for name, text in metadata.items()},
    }
    return {"method": "PUT", "url": url, "headers": headers, "expires_in": source["seconds"]}


def answer(status: int, content: dict[str, Any]) -> dict[str, Any]:
    """What the sender hears; a link is nobody else's to keep."""
    headers = {"cache-control": "no-store", "content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(content)}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A request for an upload."""
    s3, sources = clients()
    source = sources[event["stageVariables"]["source"]]
    said = body(event)
    if said is None:
        return answer(400, {"message": "not an object of JSON", "errors": []})
    wrong: list[str] = []
    metadata = beside(source, said, wrong)
    upload = described(source, said, wrong)
    if wrong:
        return answer(400, {"message": "not what the schema says", "errors": wrong})
    return answer(201, link(s3, source, upload, metadata))
