"""Firehose as a function sees it, with its limits and its bad days; everything else goes on to moto.

    with Gateway(aws) as gateway:
        gateway.fault = lambda stream, records: {0}          # the first record of each batch is refused
        with Function([binary], env=gateway.environment()) as function:
            ...
        gateway.records["clean"]                             # what was accepted, in order

moto's own Firehose accepts everything and shows only what it wrote to S3; here is what was put, record by record.
`firehose.Delivery` plays what the service does with it next.
"""

import base64
import http.client
import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .aws import Moto

TARGET = "Firehose_20150804."
RECORDS_LIMIT = 500
BATCH_LIMIT = 4 * 1024 * 1024
RECORD_LIMIT = 1000 * 1024
# Headers of one connection, which mean nothing on the next.
OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}

# Given the stream and the records of a batch: None takes it, a set of indices refuses those records, and text is the
# type of an error for the whole batch, such as "ServiceUnavailableException".
Fault = Callable[[str, list[bytes]], set[int] | str | None]


class Gateway:
    """One loopback endpoint for all of AWS."""

    def __init__(self, aws: Moto, streams: set[str] | None = None):
        self.aws = aws
        self.streams = streams  # the names that exist; None for any
        self.fault: Fault | None = None
        # Given a request of another service, as `AmazonSQS.SendMessageBatch`: an answer in place of the service's, or None.
        self.answers: dict[str, Callable[[dict], dict | None]] = {}
        self.refused: set[str] = set()  # operations of other services that fail, as `DynamoDB_20120810.PutItem`
        self.records: dict[str, list[bytes]] = defaultdict(list)
        self.batches: list[tuple[str, int]] = []
        self._lock = threading.Lock()

    def __enter__(self) -> "Gateway":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """What a program needs to take this for AWS."""
        return {**self.aws.environment(), "AWS_ENDPOINT_URL": self.url}

    def put(self, operation: str, request: dict) -> tuple[int, dict]:
        """One call of Firehose: status and answer."""
        stream = request.get("DeliveryStreamName", "")
        given = [request["Record"]] if operation == "PutRecord" else request.get("Records", [])
        records = [base64.b64decode(record["Data"]) for record in given]
        if self.streams is not None and stream not in self.streams:
            return _error("ResourceNotFoundException", f"Firehose {stream} not found under account.")
        if not 0 < len(records) <= RECORDS_LIMIT:
            return _error("ValidationException", f"{len(records)} records: 1 to {RECORDS_LIMIT} are taken")
        if sum(map(len, records)) > BATCH_LIMIT or max(map(len, records)) > RECORD_LIMIT:
            return _error("InvalidArgumentException", "the records exceed the size that is taken")
        with self._lock:
            return self._take(operation, stream, records)

    def _take(self, operation: str, stream: str, records: list[bytes]) -> tuple[int, dict]:
        self.batches.append((stream, len(records)))
        refused = (self.fault(stream, records) if self.fault else None) or set()
        if isinstance(refused, str):
            return _error(refused, "Slow down.", 500 if refused == "ServiceUnavailableException" else 400)
        answers = []
        for n, record in enumerate(records):
            if n in refused:
                answers.append({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
            else:
                self.records[stream].append(record)
                answers.append({"RecordId": str(uuid.uuid4())})
        if operation == "PutRecord":
            return (200, {**answers[0], "Encrypted": False}) if not refused else _error(
                "ServiceUnavailableException", "Slow down.", 500)
        return 200, {"FailedPutCount": len(refused), "Encrypted": False, "RequestResponses": answers}


def _error(kind: str, message: str, status: int = 400) -> tuple[int, dict]:
    return status, {"__type": kind, "message": message}


def _handler(gateway: Gateway):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_):
            pass

        def body(self) -> bytes:
            if "chunked" not in (self.headers.get("Transfer-Encoding") or "").lower():
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            return b"".join(parts)

        def answer(self, status: int, headers, body: bytes, length: int | None = None):
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in OF_CONNECTION | {"server", "date"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def serve(self):
            body = self.body()
            operation = (self.headers.get("X-Amz-Target") or "").removeprefix(TARGET)
            if operation in ("PutRecord", "PutRecordBatch"):
                status, answer = gateway.put(operation, json.loads(body))
                kind = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-RequestId", str(uuid.uuid4()))]
                if status >= 400:
                    kind.append(("x-amzn-ErrorType", answer["__type"]))
                return self.answer(status, kind, json.dumps(answer).encode())
            if self.headers.get("X-Amz-Target") in gateway.refused:
                kind = [("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-ErrorType", "InternalServerError")]
                return self.answer(500, kind, b'{"__type": "InternalServerError", "message": "Try again."}')
            answers = gateway.answers.get(self.headers.get("X-Amz-Target"))
            if answers and (answer := answers(json.loads(body))) is not None:
                return self.answer(200, [("Content-Type", "application/x-amz-json-1.0")], json.dumps(answer).encode())
            return self.forward(body)

        def forward(self, body: bytes):
            upstream = http.client.HTTPConnection("127.0.0.1", gateway.aws.port, timeout=120)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_CONNECTION}
            upstream.request(self.command, self.path, body, headers)
            got = upstream.getresponse()
            text = got.read()
            # The length of what HEAD only describes.
            length = int(got.getheader("Content-Length") or 0) if self.command == "HEAD" else None
            self.answer(got.status, got.getheaders(), text, length)
            upstream.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve

    return Handler
