"""Measures how old the newest object of each dataset is.

Runs on a schedule. For each dataset it looks into the newest day folders only, so its work does not grow with the
lake, and writes one metric (embedded metric format): AgeSeconds. A dataset without objects has no metric, which an
alarm on freshness takes as breaching.
"""

from __future__ import annotations

import datetime
import json
import os
import time
from collections.abc import Iterator
from typing import Any

import boto3

NAMESPACE = "Pipec"
# Late rows go to older days: the newest object is not always in the newest day.
NEWEST_FOLDERS = 3


def configuration(s3: Any) -> list[dict[str, Any]]:
    """The folders of this platform."""
    answer = s3.get_object(Bucket=os.environ["CONFIGURATION_BUCKET"], Key=os.environ["CONFIGURATION_KEY"])
    return json.load(answer["Body"])["places"]


def folders(s3: Any, bucket: str, prefix: str) -> list[str]:
    """The folders right below a prefix, sorted."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return sorted(entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", []))


def objects(s3: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """The objects below a prefix, without the empty markers of folders."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if entry["Size"] > 0:
                yield entry


def newest(s3: Any, place: dict[str, Any]) -> datetime.datetime | None:
    """When the newest object of a dataset was written."""
    bucket, prefix = place["bucket"], place["prefix"]
    below = folders(s3, bucket, prefix)[-NEWEST_FOLDERS:] or [prefix]
    times = (entry["LastModified"] for folder in below for entry in objects(s3, bucket, folder))
    return max(times, default=None)


def emit(dataset: str, age: float, now: float) -> None:
    """One metric, as a line of the log."""
    dimensions = ["Platform", "Dataset"]
    metric = {"Name": "AgeSeconds", "Unit": "Seconds"}
    directive = {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": [metric]}
    record = {
        "_aws": {"Timestamp": int(now * 1000), "CloudWatchMetrics": [directive]},
        "Platform": os.environ["PLATFORM"],
        "Dataset": dataset,
        "AgeSeconds": round(age, 3),
    }
    print(json.dumps(record), flush=True)


def handler(_event: Any, _context: Any) -> dict[str, float]:
    """Entry point; answers with the ages, for tests and for a person who invokes it."""
    s3 = boto3.client("s3")
    now = time.time()
    ages = {}
    for place in configuration(s3):
        if place["kind"] != "dataset":
            continue
        written = newest(s3, place)
        if written is not None:
            ages[place["name"]] = max(0.0, now - written.timestamp())
            emit(place["name"], ages[place["name"]], now)
    return ages
