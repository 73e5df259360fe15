"""Deletes files that were rewritten, when what they were before would have left.

Files of some datasets leave by their age. One out of which a person's rows were taken is as young as that, and its rows
are as old as they were; so the job that rewrites it writes down when it is due. Runs daily. A file that somebody else has
written since has an age of its own again.
"""

from __future__ import annotations

import datetime
import json
import os
from typing import Any

import boto3
from botocore.exceptions import ClientError

# A run of the job takes hours at the most.
RUN = datetime.timedelta(days=1)


def changed(s3: Any, bucket: str, key: str) -> datetime.datetime | None:
    """When a file was last written, if it is there."""
    try:
        return s3.head_object(Bucket=bucket, Key=key)["LastModified"]
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
            return None
        raise


def purge(s3: Any, entry: dict[str, str]) -> bool:
    """Deletes a file that is due; whether it was there as it was rewritten."""
    bucket, _, key = entry["file"].removeprefix("s3://").partition("/")
    at = changed(s3, bucket, key)
    if at is None or at > datetime.datetime.fromisoformat(entry["rewritten"]) + RUN:
        return False
    s3.delete_object(Bucket=bucket, Key=key)
    return True


def handler(_event: Any, _context: Any) -> dict[str, int]:
    """Entry point; answers with counts, for tests and for a person who invokes it."""
    s3 = boto3.client("s3")
    bucket, prefix = os.environ["BUCKET"], os.environ["PREFIX"]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    counts = {"due": 0, "deleted": 0}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for listed in page.get("Contents", []):
            entry = json.load(s3.get_object(Bucket=bucket, Key=listed["Key"])["Body"])
            if entry["due"] > today:
                continue
            counts["due"] += 1
            counts["deleted"] += purge(s3, entry)
            s3.delete_object(Bucket=bucket, Key=listed["Key"])
    print(json.dumps({"event": "purged", **counts}), flush=True)
    return counts
