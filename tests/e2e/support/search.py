"""Collections of OpenSearch Serverless, as far as documents are written to them and taken out: the bulk protocol, searches
by when a document was written, and the signature. It has no deletion by query, as the service has none.

    with Search() as search:
        search.url                              # the endpoint of a collection
        search.documents["sales"]               # the documents of an index, by their names
        search.fault = lambda document: 429     # the status of a document that is refused
"""

import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .aws import CREDENTIALS


class Search:
    """One endpoint, with as many indexes as are written."""

    def __init__(self):
        self.documents: dict[str, dict[str, dict]] = defaultdict(dict)
        self.fault: Callable[[dict], int | None] = lambda _: None
        self.requests = 0

    def __enter__(self) -> "Search":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def bulk(self, index: str, body: str) -> tuple[int, dict]:
        """The answer to a bulk request, in which every document stands behind what is done with it."""
        self.requests += 1
        if not body.endswith("\n"):
            return 400, {"error": {"type": "illegal_argument_exception", "reason": "ends without a line break"}}
        lines = [json.loads(line) for line in body[:-1].split("\n")]
        if "delete" in lines[0]:
            return 200, self.deleted(index, [line["delete"]["_id"] for line in lines])
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            assert set(action) == {"index"} and set(action["index"]) <= {"_id"}, action
            name = action["index"].get("_id", f"own-{len(self.documents[index])}")
            assert len(name.encode()) <= 512
            status = self.fault(document) or (200 if name in self.documents[index] else 201)
            item = {"_index": index, "_id": name, "status": status}
            if status < 300:
                self.documents[index][name] = document
            else:
                item["error"] = {"type": "rejected_execution_exception", "reason": "later"}
            items.append({"index": item})
        return 200, {"took": 1, "errors": any("error" in item["index"] for item in items), "items": items}


    def deleted(self, index: str, names: list[str]) -> dict:
        """The answer to a bulk request that deletes."""
        items = []
        for name in names:
            document = self.documents[index].get(name)
            status = 404 if document is None else self.fault(document) or 200
            if status == 200:
                del self.documents[index][name]
            items.append({"delete": {"_index": index, "_id": name, "status": status}})
        return {"took": 1, "errors": any(item["delete"]["status"] >= 300 for item in items), "items": items}

    def found(self, index: str, asked: dict, *, count: bool) -> tuple[int, dict]:
        """The answer to a search, or a count, of documents by when they were written."""
        self.requests += 1
        if index not in self.documents:
            return 404, {"error": {"type": "index_not_found_exception"}, "status": 404}
        ((field, bounds),) = asked["query"]["range"].items()
        assert set(bounds) <= {"gte", "lt"}
        low, high = bounds.get("gte", float("-inf")), bounds["lt"]
        hits = [(document[field], name) for name, document in self.documents[index].items() if low <= document[field] < high]
        if count:
            return 200, {"count": len(hits)}
        assert asked["sort"] == [{field: "asc"}] and asked["_source"] is False and asked["size"] <= 10_000
        # Documents of one instant come in no order.
        hits = sorted(hits, key=lambda hit: hit[0])[: asked["size"]]
        return 200, {"hits": {"hits": [{"_id": name, "sort": [written]} for written, name in hits]}}


def _handler(search: Search):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = re.fullmatch(r"/([a-z0-9_-]+)/(_bulk|_search|_count)", self.path)
            if not found or not self.signed(body, found[2]):
                status, answer = 403, {}
            elif found[2] == "_bulk":
                status, answer = search.bulk(found[1], body.decode())
            else:
                status, answer = search.found(found[1], json.loads(body), count=found[2] == "_count")
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def signed(self, body: bytes, what: str) -> bool:
            """Whether it is signed for this service, with all that it holds."""
            key = CREDENTIALS["AWS_ACCESS_KEY_ID"]
            said = self.headers.get("Authorization") or ""
            scope = rf"AWS4-HMAC-SHA256 Credential={key}/\d{{8}}/[a-z0-9-]+/aoss/aws4_request, SignedHeaders=(\S+), Signature=[0-9a-f]{{64}}"
            found = re.fullmatch(scope, said)
            whole = self.headers.get("x-amz-content-sha256") == hashlib.sha256(body).hexdigest()
            names = set(found[1].split(";")) if found else set()
            return whole and {"host", "x-amz-date", "x-amz-content-sha256"} <= names and (
                self.headers["Content-Type"] == ("application/x-ndjson" if what == "_bulk" else "application/json"))

    return Handler
