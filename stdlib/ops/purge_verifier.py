"""Counts what should have been purged and is still there.

Runs daily. Each folder with a lifetime has a number of days after which nothing of it may be left: neither an object,
nor an old version, nor a delete marker that hides nothing any more. What is rewritten is judged by the day in its
key, everything else by its age. Writes one metric a folder and one for all (embedded metric format): OverdueObjects.
"""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import boto3

NAMESPACE = "Pipec"
# A hidden version stays a day, and S3 takes up to two more to act.
HIDDEN_DAYS = 3


def configuration(s3: Any) -> list[dict[str, Any]]:
    """The folders of this platform."""
    answer = s3.get_object(Bucket=os.environ["CONFIGURATION_BUCKET"], Key=os.environ["CONFIGURATION_KEY"])
    return json.load(answer["Body"])["places"]


def versions(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """Every version and delete marker below a prefix, keys in order, of one key the newest first."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        entries = [entry | {"marker": False} for entry in page.get("Versions", [])]
        entries += [entry | {"marker": True} for entry in page.get("DeleteMarkers", [])]
        entries.sort(key=lambda entry: (entry["Key"], not entry["IsLatest"], -entry["LastModified"].timestamp()))
        yield from entries


def day_of(key: str, column: str) -> datetime.date | None:
    """The day that a key names: `daily_pages/day=2026-01-31/part-0.parquet`."""
    found = re.search(rf"/{re.escape(column)}=(\d{{4}}-\d{{2}}-\d{{2}})/", key)
    return datetime.date.fromisoformat(found[1]) if found else None


def overdue(s3: Any, place: dict[str, Any], now: datetime.datetime) -> int:
    """How many versions and markers of a folder are past their time."""
    lifetime = datetime.timedelta(days=place["days"])
    hidden_lifetime = datetime.timedelta(days=HIDDEN_DAYS)
    count = 0
    key, hidden_since = None, None
    previous_is_lone_marker = None
    for entry in versions(s3, place["bucket"], place["prefix"]):
        if entry["Key"] != key:
            count += lone(previous_is_lone_marker, now, hidden_lifetime)
            key, hidden_since = entry["Key"], None
            previous_is_lone_marker = entry["LastModified"] if entry["marker"] else None
        else:
            previous_is_lone_marker = None
        if hidden_since is not None:
            count += now - hidden_since > hidden_lifetime
        elif not entry["marker"]:
            count += expired(place, entry, now, lifetime)
        hidden_since = entry["LastModified"]
    return count + lone(previous_is_lone_marker, now, hidden_lifetime)


def lone(since: datetime.datetime | None, now: datetime.datetime, lifetime: datetime.timedelta) -> int:
    """Whether a delete marker that hides nothing is past its time."""
    return int(since is not None and now - since > lifetime)


def expired(
    place: dict[str, Any], entry: dict[str, Any], now: datetime.datetime, lifetime: datetime.timedelta
) -> bool:
    """Whether a current object should be gone."""
    if place["day_column"] is None:
        return now - entry["LastModified"] > lifetime
    day = day_of(entry["Key"], place["day_column"])
    return day is not None and now.date() - day > lifetime


def emit(count: int, now: datetime.datetime, name: str | None) -> None:
    """One metric, as a line of the log: of a folder, or of all."""
    dimensions = ["Platform"] if name is None else ["Platform", "Dataset"]
    metric = {"Name": "OverdueObjects", "Unit": "Count"}
    directive = {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": [metric]}
    record = {
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "Platform": os.environ["PLATFORM"],
        "OverdueObjects": count,
    }
    if name is not None:
        record["Dataset"] = name
    print(json.dumps(record), flush=True)


def handler(_event: Any, _context: Any) -> dict[str, int]:
    """Entry point; answers with the counts, for tests and for a person who invokes it."""
    s3 = boto3.client("s3")
    now = datetime.datetime.now(datetime.UTC)
    counts = {}
    for place in configuration(s3):
        counts[place["name"]] = overdue(s3, place, now)
        emit(counts[place["name"]], now, place["name"])
    emit(sum(counts.values()), now, None)
    return counts
