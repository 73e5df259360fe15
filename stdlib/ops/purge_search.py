"""Takes documents out of an index of OpenSearch Serverless that have stayed their time.

Runs daily for each index whose documents have a key: lifecycle policies end those of collections of events alone, and
the service has no deletion by query. So it searches for what was written too long ago, a page at a time, the oldest
first, and deletes that by its names. What it searched only shrinks: whatever is written meanwhile is young.

Writes how many documents it found that a run before it should have taken out (embedded metric format):
OverdueObjects. A run that does not come to its end fails, and is tried again from where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.httpsession
import botocore.session

NAMESPACE = "Pipec"
# The field that says when a document was written, milliseconds since 1970; generated functions write it.
WRITTEN = "_written_at"
# The most that one search answers with, and that one request deletes.
PAGE = 10_000
# How long the service may take before it finds what is new, and no longer what is gone, seconds.
REFRESH = 30
# A request is tried this often, with waits that double, seconds.
TRIES, FIRST_WAIT = 5, 1.0
# What is left of a run's time when it begins nothing new, seconds.
MARGIN = 45


class NotDone(Exception):
    """What the run had no time for, or was not let do."""


class Index:
    """One index, as signed requests reach it."""

    def __init__(self, endpoint: str, name: str) -> None:
        self._url = f"{endpoint.rstrip('/')}/{name}"
        session = botocore.session.get_session()
        self._credentials = session.get_credentials()
        self._region = os.environ["AWS_REGION"]
        self._http = botocore.httpsession.URLLib3Session(timeout=60)

    def _send(self, path: str, body: str, kind: str) -> tuple[int, dict[str, Any]]:
        data = body.encode()
        headers = {"content-type": kind, "x-amz-content-sha256": hashlib.sha256(data).hexdigest()}
        request = botocore.awsrequest.AWSRequest("POST", self._url + path, headers, data)
        botocore.auth.SigV4Auth(self._credentials, "aoss", self._region).add_auth(request)
        answer = self._http.send(request.prepare())
        return answer.status_code, json.loads(answer.content or b"{}")

    def post(self, path: str, body: str, kind: str = "application/json") -> dict[str, Any] | None:
        """The answer; nothing where there is no such index yet."""
        wait = FIRST_WAIT
        for attempt in range(1, TRIES + 1):
            status, answer = self._send(path, body, kind)
            if status < 300:
                return answer
            if status == 404:
                return None
            if attempt == TRIES or (status < 500 and status != 429):
                raise NotDone(f"{path} answered {status}: {kind_of(answer)}")
            time.sleep(wait)
            wait *= 2
        raise AssertionError("the last try returns or raises")

    def count(self, before: int) -> int:
        """How many documents were written before this instant."""
        answer = self.post("/_count", json.dumps({"query": older(before)}))
        return 0 if answer is None else answer["count"]

    def page(self, since: int | None, before: int) -> list[tuple[str, int]]:
        """The oldest documents that were written in this time: the name of each, and when it was written."""
        asked = {"query": older(before, since), "sort": [{WRITTEN: "asc"}], "size": PAGE, "_source": False}
        answer = self.post("/_search", json.dumps(asked))
        hits = [] if answer is None else answer["hits"]["hits"]
        return [(hit["_id"], hit["sort"][0]) for hit in hits]

    def delete(self, names: list[str]) -> None:
        """Deletes documents; those that are gone already are no mistake."""
        wait = FIRST_WAIT
        for _ in range(TRIES):
            body = "".join(json.dumps({"delete": {"_id": name}}) + "\n" for name in names)
            answer = self.post("/_bulk", body, "application/x-ndjson")
            if answer is None:
                return
            items = [item["delete"] for item in answer["items"]]
            names = [item["_id"] for item in items if item["status"] >= 300 and item["status"] != 404]
            if not names:
                return
            time.sleep(wait)
            wait *= 2
        raise NotDone(f"{len(names)} documents were not deleted")


def kind_of(answer: dict[str, Any]) -> str:
    """What went wrong, without what a document holds."""
    error = answer.get("error")
    return error.get("type", "no reason") if isinstance(error, dict) else "no reason"


def older(before: int, since: int | None = None) -> dict[str, Any]:
    """Documents that were written before an instant, and not before another."""
    bounds = {"lt": before} if since is None else {"gte": since, "lt": before}
    return {"range": {WRITTEN: bounds}}


def sweep(index: Index, before: int, context: Any) -> tuple[int, bool]:
    """Deletes from the oldest on; how many, and whether some may be left that were written in one instant with others."""
    since, deleted, left = None, 0, False
    while page := index.page(since, before):
        if context is not None and context.get_remaining_time_in_millis() < MARGIN * 1000:
            raise NotDone(f"no time left after {deleted} documents")
        index.delete([name for name, _ in page])
        deleted += len(page)
        if len(page) < PAGE:
            break
        last = page[-1][1]
        # A whole page of one instant: what else is of it is found by the next sweep.
        left = left or page[0][1] == last
        since = last + (page[0][1] == last)
    return deleted, left


def emit(count: int, name: str) -> None:
    """One metric, as a line of the log."""
    metric = {"Name": "OverdueObjects", "Unit": "Count"}
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Platform", "Dataset"]], "Metrics": [metric]}
    record = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "Platform": os.environ["PLATFORM"],
        "Dataset": name,
        "OverdueObjects": count,
    }
    print(json.dumps(record), flush=True)


def handler(event: dict[str, str], context: Any) -> dict[str, int]:
    """Entry point: purges one index; answers with the counts, for tests and for a person who invokes it."""
    place = json.loads(os.environ["INDEXES"])[event["sink"]]
    index = Index(place["endpoint"], place["index"])
    now = int(time.time() * 1000)
    overdue = index.count(now - place["overdue_seconds"] * 1000)
    deleted, left = sweep(index, now - place["keep_seconds"] * 1000, context)
    while left:
        time.sleep(REFRESH)
        more, left = sweep(index, now - place["keep_seconds"] * 1000, context)
        deleted += more
    emit(overdue, event["sink"])
    return {"deleted": deleted, "overdue": overdue}
