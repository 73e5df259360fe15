"""Lands files of buckets and answers of endpoints in the lake, as they came.

It is started with the name of a source: by the scheduler, with the scheduled time, or by a file that came, with its
key. The same start twice gives the same names, so it writes the same objects again and nothing twice. Where each
delivery replaces the last, a small object beside the data names the newest one once it is there as a whole.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

POINTER = "_newest.json"
# The largest answer of an endpoint that is kept in memory.
LARGEST_ANSWER = 256 * 1024 * 1024
GONE = {"404", "412", "NoSuchKey", "NotFound", "PreconditionFailed"}


def configuration(s3: Any) -> dict[str, dict[str, Any]]:
    """The sources of this platform."""
    answer = s3.get_object(Bucket=os.environ["CONFIGURATION_BUCKET"], Key=os.environ["CONFIGURATION_KEY"])
    return json.load(answer["Body"])["sources"]


def instant(text: str) -> datetime.datetime:
    """An instant of the scheduler or of an event."""
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)


def place(source: dict[str, Any], at: datetime.datetime, mark: str, name: str) -> str:
    """Where something lands, below the dataset's folder: the same for the same start."""
    known = hashlib.sha256(mark.encode()).hexdigest()[:12]
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", name)[-100:]
    if source["suffix"] and not plain.endswith(source["suffix"]):
        plain += source["suffix"]
    return f"{source['day_column']}={at:%Y-%m-%d}/{at:%H%M%S%f}-{known}-{plain}"


def found(s3: Any, source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The files that are there, without the empty markers of folders."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=source["bucket"], Prefix=source["prefix"])
    for page in pages:
        for entry in page.get("Contents", []):
            if entry["Size"] > 0:
                yield entry


def copy(s3: Any, source: dict[str, Any], key: str, etag: str, at: datetime.datetime) -> str | None:
    """Copies a file within S3, whatever its size; nothing where it is gone, or another one is in its place."""
    version = etag.strip('"')
    name = place(source, at, f"{key} {version}", key.rsplit("/", 1)[-1])
    extra = {
        "CopySourceIfMatch": f'"{version}"',
        "MetadataDirective": "REPLACE",
        "SSEKMSKeyId": source["key"],
        "ServerSideEncryption": "aws:kms",
        "TaggingDirective": "REPLACE",
    }
    origin = {"Bucket": source["bucket"], "Key": key}
    try:
        s3.copy(origin, source["to_bucket"], source["to_prefix"] + name, ExtraArgs=extra)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise
    if source["own"]:
        # What senders put in is taken out once it has landed.
        s3.delete_object(Bucket=source["bucket"], Key=key)
    return name


def put(s3: Any, source: dict[str, Any], key: str, body: bytes) -> None:
    """Writes a small object."""
    s3.put_object(Bucket=source["to_bucket"], Key=source["to_prefix"] + key, Body=body,
                  ServerSideEncryption="aws:kms", SSEKMSKeyId=source["key"])


def read(s3: Any, bucket: str, key: str) -> Any:
    """A small object of JSON; nothing where it is not there."""
    try:
        return json.load(s3.get_object(Bucket=bucket, Key=key)["Body"])
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return None
        raise


def point(s3: Any, source: dict[str, Any], names: list[str], at: datetime.datetime) -> None:
    """Makes a delivery the newest one, unless a later one is."""
    before = read(s3, source["to_bucket"], source["to_prefix"] + POINTER)
    if before is None or instant(before["at"]) <= at:
        put(s3, source, POINTER, json.dumps({"files": names, "at": at.isoformat()}).encode())


def land_all(s3: Any, name: str, source: dict[str, Any], at: datetime.datetime) -> list[str]:
    """Lands the newest file, where it replaces what was there, or every file that did not land yet."""
    entries = sorted(found(s3, source), key=lambda entry: (entry["LastModified"], entry["Key"]))
    if source["delivers"] == "snapshot":
        names = [copy(s3, source, entry["Key"], entry["ETag"], at) for entry in entries[-1:]]
        landed = [name for name in names if name is not None]
        if landed:
            point(s3, source, landed, at)
        return landed
    remembered = source["state"] + name + ".json"
    bucket = os.environ["CONFIGURATION_BUCKET"]
    known = read(s3, bucket, remembered) or {}
    there = {entry["Key"]: entry["ETag"] for entry in entries}
    landed = []
    for key, etag in there.items():
        if known.get(key) != etag:
            landed.append(copy(s3, source, key, etag, at))
    # Files that were taken away need not be known any more.
    s3.put_object(Bucket=bucket, Key=remembered, Body=json.dumps(there).encode(),
                  ServerSideEncryption="aws:kms", SSEKMSKeyId=source["key"])
    return [name for name in landed if name is not None]


def headers(secrets: Any, source: dict[str, Any]) -> dict[str, str]:
    """What a request says besides where it goes; secrets are read each time, so that they may rotate."""
    out = {"Accept": "application/json", "User-Agent": "pipec", **source["headers"]}
    auth = source["auth"]
    if auth is not None:
        text = secrets.get_secret_value(SecretId=auth["secret"])["SecretString"]
        if auth["kind"] == "bearer":
            out["Authorization"] = f"Bearer {text.strip()}"
        elif auth["kind"] == "basic":
            login = json.loads(text)
            pair = f"{login['username']}:{login['password']}".encode()
            out["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            out[auth["name"]] = text.strip()
    return out


class Elsewhere(urllib.request.HTTPRedirectHandler):
    """An answer that sends the request to another host would send its secret there too."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # noqa: PLR0913
        """The next request, on the same host by the same scheme."""
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if (old.scheme, old.netloc) != (new.scheme, new.netloc):
            raise urllib.error.HTTPError(req.full_url, code, "the endpoint sends elsewhere", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def ask(secrets: Any, source: dict[str, Any]) -> str:
    """The answer of an endpoint."""
    request = urllib.request.Request(source["url"], method=source["method"], headers=headers(secrets, source))
    with urllib.request.build_opener(Elsewhere).open(request, timeout=source["timeout"]) as answer:
        body = answer.read(LARGEST_ANSWER + 1)
    if len(body) > LARGEST_ANSWER:
        raise ValueError(f"the answer has more than {LARGEST_ANSWER} bytes")
    return body.decode("utf-8-sig")


def rest(text: str, at: int) -> int:
    """The place of the next sign of JSON."""
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def end(text: str, at: int) -> int:
    """Where the value that begins here ends."""
    return json.JSONDecoder().raw_decode(text, at)[1]


def member(text: str, at: int, name: str) -> int:
    """Where a member of the object that begins here has its value; of equal names the last."""
    place_of = -1
    at = rest(text, at + 1)
    while text[at] != "}":
        key, at = json.JSONDecoder().raw_decode(text, at)
        at = rest(text, rest(text, at) + 1)
        if key == name:
            place_of = at
        at = rest(text, end(text, at))
        at = rest(text, at + 1) if text[at] == "," else at
    return place_of


def rows(text: str, path: str | None) -> list[str]:
    """The rows of an answer, each on a line, in the words that it came in: numbers keep their digits."""
    json.loads(text)
    at = rest(text, 0)
    for name in path.split(".") if path else []:
        at = member(text, at, name) if text[at] == "{" else -1
        if at < 0:
            raise ValueError(f"the answer has no list at {path}")
    if text[at] != "[":
        raise ValueError(f"the answer has no list at {path or 'its top'}")
    found_rows = []
    at = rest(text, at + 1)
    while text[at] != "]":
        after = end(text, at)
        # Inside of texts there are no line ends: those between signs mean nothing.
        found_rows.append(text[at:after].replace("\r", " ").replace("\n", " "))
        at = rest(text, after)
        at = rest(text, at + 1) if text[at] == "," else at
    return found_rows


def poll(s3: Any, secrets: Any, source: dict[str, Any], at: datetime.datetime) -> list[str]:
    """Lands an answer, a row a line."""
    lines = rows(ask(secrets, source), source["rows"])
    name = place(source, at, source["url"], "answer.json")
    put(s3, source, name, "".join(line + "\n" for line in lines).encode())
    if source["delivers"] == "snapshot":
        point(s3, source, [name], at)
    return [name]


def handler(event: dict[str, Any], _context: Any) -> list[str]:
    """Entry point; answers with what has landed, for tests and for a person who invokes it."""
    s3 = boto3.client("s3")
    source = configuration(s3)[event["source"]]
    at = instant(event["at"]) if "at" in event else datetime.datetime.now(datetime.UTC)
    if source["kind"] == "http":
        landed = poll(s3, boto3.client("secretsmanager"), source, at)
    elif "key" in event:
        name = copy(s3, source, event["key"], event["etag"], at)
        landed = [] if name is None else [name]
        if landed and source["delivers"] == "snapshot":
            point(s3, source, landed, at)
    else:
        landed = land_all(s3, event["source"], source, at)
    print(json.dumps({"level": "INFO", "message": "landed", "source": event["source"], "files": len(landed)}), flush=True)
    return landed
