"""The Lambda Runtime API on loopback: it starts one real bootstrap binary and invokes it as the service does.

    with Function([binary], env={"AWS_ENDPOINT_URL": moto.url}) as function:
        result = function.invoke(events.kinesis(lines))
        assert result.error is None, function.logs()

A crash or a timeout ends the sandbox; the next invocation starts a fresh one. Each sandbox has a server of its own,
so that a request of a dead one can never take an invocation meant for its successor.
"""

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .events import ACCOUNT, REGION

PAYLOAD_LIMIT = 6 * 1024 * 1024  # of a synchronous request, and of its response
INIT_TIMEOUT = 10.0
VERSION = "/2018-06-01/runtime"


class RequestTooLarge(Exception):
    """The service refuses a request over 6 MB before any function sees it."""


@dataclass
class Result:
    """An invocation's payload, or its error as the service would report it."""

    payload: object = None
    error: dict | None = None
    seconds: float = 0.0

    def ok(self):
        """The payload of an invocation that must not have failed."""
        assert self.error is None, self.error
        return self.payload


@dataclass
class _Invocation:
    body: bytes
    deadline: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    done: threading.Event = field(default_factory=threading.Event)
    result: Result = field(default_factory=Result)


class _Sandbox:
    """One process and the server that it talks to."""

    def __init__(self, function: "Function"):
        self.waiting: queue.Queue[_Invocation | None] = queue.Queue()
        self.running: dict[str, _Invocation] = {}
        self.ready = threading.Event()
        self.init_error: dict | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, function))
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # a process that is killed leaves broken connections behind
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.process = subprocess.Popen(
            function.arguments,
            cwd=function.folder,
            env=function.environment(self.server.server_port),
            stdin=subprocess.DEVNULL,
            stdout=function.log,
            stderr=function.log,
        )

    def stop(self):
        self.waiting.put(None)
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


def _handler(sandbox: _Sandbox, function: "Function"):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_):
            pass

        def answer(self, status: int, body: bytes = b"{}", headers=()):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def do_GET(self):
            if self.path != f"{VERSION}/invocation/next":
                return self.answer(404)
            sandbox.ready.set()
            invocation = sandbox.waiting.get()
            if invocation is None:
                self.close_connection = True
                return None
            sandbox.running[invocation.id] = invocation
            trace = f"Root=1-{int(time.time()):08x}-{invocation.id.replace('-', '')[:24]};Sampled=0"
            return self.answer(200, invocation.body, (
                ("Lambda-Runtime-Aws-Request-Id", invocation.id),
                ("Lambda-Runtime-Deadline-Ms", str(int(invocation.deadline * 1000))),
                ("Lambda-Runtime-Invoked-Function-Arn", function.arn),
                ("Lambda-Runtime-Trace-Id", trace),
            ))

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

        def do_POST(self):
            body = self.body()
            if self.path == f"{VERSION}/init/error":
                sandbox.init_error = _error(body)
                sandbox.ready.set()
                return self.answer(202)
            parts = self.path.removeprefix(f"{VERSION}/invocation/").split("/")
            invocation = sandbox.running.pop(parts[0], None) if len(parts) == 2 else None
            if invocation is None:
                return self.answer(400, b'{"errorType":"InvalidRequestID"}')
            status = 202
            if parts[1] == "error":
                invocation.result.error = _error(body)
            elif len(body) > PAYLOAD_LIMIT:
                status = 413
                invocation.result.error = {
                    "errorType": "Function.ResponseSizeTooLarge",
                    "errorMessage": f"Response payload size ({len(body)} bytes) exceeded maximum allowed payload size",
                }
            else:
                invocation.result.payload = json.loads(body) if body else None
            self.answer(status)
            return invocation.done.set()

    return Handler


def _error(body: bytes) -> dict:
    try:
        error = json.loads(body or b"{}")
    except ValueError:
        error = {"errorMessage": body.decode(errors="replace")}
    return error if isinstance(error, dict) else {"errorMessage": str(error)}


class Function:
    """A function that is deployed here. Use it in a `with` block; invocations run one after another."""

    def __init__(self, arguments, *, env=None, name="function", timeout: float = 30.0, memory: int = 512):
        self.arguments = [str(argument) for argument in ([arguments] if isinstance(arguments, str | Path) else arguments)]
        self.env, self.name, self.timeout, self.memory = dict(env or {}), name, timeout, memory
        self.arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.starts = 0
        self.invocations = 0
        self._sandbox: _Sandbox | None = None
        self._one = threading.Lock()

    def __enter__(self) -> "Function":
        self.folder = tempfile.mkdtemp(prefix="function-")
        self._log = Path(self.folder, "log")
        self.log = self._log.open("ab")
        return self

    def __exit__(self, *_):
        if self._sandbox:
            self._sandbox.stop()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, port: int) -> dict[str, str]:
        """What the service sets, and what the deployment adds; nothing of this machine but the path."""
        return {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "LAMBDA_TASK_ROOT": self.folder,
            "TZ": ":UTC",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **self.env,
        }

    def logs(self) -> str:
        """All that the function has written so far, on both of its outputs."""
        return self._log.read_text(errors="replace")

    def invoke(self, event) -> Result:
        """Invokes the function with an event: a value, or bytes that are sent as they are."""
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        if len(body) > PAYLOAD_LIMIT:
            raise RequestTooLarge(f"{len(body)} bytes, the limit is {PAYLOAD_LIMIT}")
        with self._one:
            started = time.monotonic()
            result = self._invoke(body)
            result.seconds = time.monotonic() - started
            self.invocations += 1
            return result

    def _invoke(self, body: bytes) -> Result:
        if self._sandbox is None:
            self.starts += 1
            self._sandbox = _Sandbox(self)
        if problem := self._initialised():
            return problem
        invocation = _Invocation(body, time.time() + self.timeout)
        self._sandbox.waiting.put(invocation)
        end = time.monotonic() + self.timeout
        while not invocation.done.wait(0.02):
            if (status := self._sandbox.process.poll()) is not None and not invocation.done.wait(0.1):
                return self._ended("Runtime.ExitError", f"Runtime exited with status {status}")
            if time.monotonic() > end:
                return self._ended("Sandbox.Timedout", f"Task timed out after {self.timeout:.2f} seconds")
        return invocation.result

    def _initialised(self) -> Result | None:
        """None once the function asks for its next event; else why it never did."""
        sandbox, end = self._sandbox, time.monotonic() + INIT_TIMEOUT
        while not sandbox.ready.wait(0.02):
            if (status := sandbox.process.poll()) is not None:
                return self._ended("Runtime.ExitError", f"Runtime exited with status {status}")
            if time.monotonic() > end:
                return self._ended("Sandbox.Timedout", f"init timed out after {INIT_TIMEOUT:.2f} seconds")
        if sandbox.init_error is not None:
            error = sandbox.init_error
            self._ended("", "")
            return Result(error=error)
        return None

    def _ended(self, kind: str, message: str) -> Result:
        self._sandbox.stop()
        self._sandbox = None
        return Result(error={"errorType": kind, "errorMessage": message})
