"""How fast the language server answers on a generated platform of 100 and of 1,000 transforms.

CPU of the server's lasting threads from a keystroke to its diagnostics, of completion and hover, and its memory. What is
found out about the whole platform once typing rests runs on a thread of its own; it has a figure of its own.

    editor.py PIPEC [--keys N] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generate import write  # noqa: E402

SIZES = [100, 1000]
# What a keystroke may take at the largest size, ms of CPU: median and 99 of 100; an answer, 99 of 100; memory, MiB.
MEDIAN, WORST, ANSWER, MEMORY = 10, 30, 20, 300
# The first analysis, ms of CPU, everything included.
FIRST = 1000
# How often the whole is looked at again.
RESTS = 5


class Server:
    """A server on its standard input and output."""

    def __init__(self, pipec: str, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen([pipec, "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.request("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        self.send({"method": "initialized", "params": {}})

    def send(self, message: dict) -> None:
        """Writes a message."""
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(text) + text)
        self.process.stdin.flush()

    def read(self) -> dict:
        """Reads a message; what the server asks is granted."""
        length = 0
        while line := self.process.stdout.readline().strip():
            name, value = line.split(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message = json.loads(self.process.stdout.read(length))
        if "id" in message and "method" in message:
            self.send({"id": message["id"], "result": None})
        return message

    def request(self, method: str, params: dict) -> object:
        """Asks, and waits for the answer."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while (message := self.read()).get("id") != self.number or "method" in message:
            pass
        return message.get("result")

    def diagnostics(self, uri: str, version: int) -> None:
        """Waits for what is said of a version of a file."""
        while True:
            message = self.read()
            params = message.get("params", {})
            if (
                message.get("method") == "textDocument/publishDiagnostics"
                and params.get("uri") == uri
                and params.get("version") == version
            ):
                return

    def cpu(self) -> float:
        """Milliseconds of CPU of the threads that last."""
        spent = 0
        for task in list(Path(f"/proc/{self.process.pid}/task").iterdir()):
            try:
                spent += int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
        return spent / 1e6

    def all_cpu(self) -> float:
        """Milliseconds of CPU of all threads that there ever were, once none of them has anything to do."""
        spent, still = -1, 0
        while still < 10:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
            now = int(fields[11]) + int(fields[12])
            still = still + 1 if now == spent else 0
            spent = now
            time.sleep(0.05)
        return spent * 1000 / os.sysconf("SC_CLK_TCK")

    def memory(self) -> tuple[float, float]:
        """MiB that it takes now, and took at most."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def worst(values: list[float]) -> float:
    """What 99 of 100 stay below."""
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


def measure(pipec: str, folder: Path, keys: int) -> tuple[float, float, float, float, float]:
    """Types into a transform in the middle of the platform; median and worst keystroke, worst answer, memory, and the CPU of
    the first analysis."""
    server = Server(pipec, folder)
    files = sorted(path for path in folder.glob("*.pipe") if "transform" in path.read_text() and "derive" in path.read_text())
    path = files[len(files) // 2]
    text = path.read_text()
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("derive"))
    head = next(number for number, line in enumerate(lines) if line.startswith("transform "))
    uri = path.as_uri()
    started = time.perf_counter()
    server.send({
        "method": "textDocument/didOpen",
        "params": {"textDocument": {"uri": uri, "languageId": "pipe", "version": 1, "text": text}},
    })
    server.diagnostics(uri, 1)
    wall = time.perf_counter() - started
    first = server.all_cpu()
    print(f"  first analysis {first:.0f} ms, {wall:.2f} s wall")
    end = len(lines[at])
    spent, answers = [], []
    typed = " + 1 "

    def type_key(key: int) -> int:
        letter = key % (2 * len(typed))
        column = end + min(letter, 2 * len(typed) - letter)
        grows = letter < len(typed)
        change = {
            "start": {"line": at, "character": column if grows else column - 1},
            "end": {"line": at, "character": column},
        }
        version = key + 2
        server.send({
            "method": "textDocument/didChange",
            "params": {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": change, "text": typed[letter] if grows else ""}],
            },
        })
        server.diagnostics(uri, version)
        return version

    for key in range(keys):
        before = server.cpu()
        type_key(key)
        spent.append(server.cpu() - before)
        if key % 5 == 0:
            for method, line, column in (("completion", at, end), ("hover", at, end), ("hover", head, len("transform c"))):
                before = server.cpu()
                server.request(
                    f"textDocument/{method}",
                    {"textDocument": {"uri": uri}, "position": {"line": line, "character": column}},
                )
                answers.append(server.cpu() - before)
    rests = []
    for key in range(keys, keys + RESTS):
        before = server.all_cpu()
        type_key(key)
        rests.append(server.all_cpu() - before)
    now, most = server.memory()
    print(
        f"  keystroke {statistics.median(spent):6.1f} ms median {worst(spent):6.1f} ms worst,"
        f" answers {statistics.median(answers):6.1f} ms median {worst(answers):6.1f} ms worst,"
        f" {now:.0f} MiB ({most:.0f} at most)\n"
        f"  once typing rests, the whole {statistics.median(rests):.0f} ms"
    )
    server.process.kill()
    return statistics.median(spent), worst(spent), worst(answers), most, first


def main() -> None:
    """Parses the command line, writes the platforms and prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    pipec = str(Path(arguments.pipec).resolve())
    medians = []
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            folder = Path(name) / str(size)
            write(folder, size, arguments.seed)
            print(f"{size} transforms:")
            median, slow, answer, memory, first = measure(pipec, folder, arguments.keys)
            medians.append(median)
    growth = medians[-1] / medians[0]
    within = median <= MEDIAN and slow <= WORST and answer <= ANSWER and memory <= MEMORY
    within = within and first <= FIRST and growth <= 2
    print(f"growth of a keystroke: {growth:.1f} times")
    print(f"{'within' if within else 'NOT within'} {MEDIAN} and {WORST} ms, {ANSWER} ms, {MEMORY} MiB, {FIRST} ms first, 2 times")


if __name__ == "__main__":
    main()
