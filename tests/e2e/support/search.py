"""Collections of OpenSearch Serverless, as far as documents are written to them: the bulk protocol and the signature.

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


def _handler(search: Search):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = re.fullmatch(r"/([a-z0-9_-]+)/_bulk", self.path)
            status, answer = search.bulk(found[1], body.decode()) if found and self.signed(body) else (403, {})
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def signed(self, body: bytes) -> bool:
            """Whether it is signed for this service, with all that it holds."""
            key = CREDENTIALS["AWS_ACCESS_KEY_ID"]
            said = self.headers.get("Authorization") or ""
            scope = rf"AWS4-HMAC-SHA256 Credential={key}/\d{{8}}/[a-z0-9-]+/aoss/aws4_request, SignedHeaders=(\S+), Signature=[0-9a-f]{{64}}"
            found = re.fullmatch(scope, said)
            whole = self.headers.get("x-amz-content-sha256") == hashlib.sha256(body).hexdigest()
            names = set(found[1].split(";")) if found else set()
            return whole and {"host", "x-amz-date", "x-amz-content-sha256"} <= names and (
                self.headers["Content-Type"] == "application/x-ndjson")

    return Handler
