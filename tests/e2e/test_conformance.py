"""One meaning on every engine: what `tests/conformance` makes by chance, in generated jobs, in generated functions and in SQL.

Its reference and the embedded engine's part need Rust alone, and run in `cargo test`.
"""

import json
import os
import subprocess

import pytest
from support.paths import FUNCTIONS, JDK, ROOT, tool


def conformance() -> str:
    """The test binary, built now."""
    listed = subprocess.run(
        ["cargo", "test", "--test", "conformance", "--no-run", "--message-format", "json"],
        cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target")}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in listed.stdout.splitlines() if line.startswith("{")]
    [binary] = [line["executable"] for line in found if line.get("executable") and line["target"]["name"] == "conformance"]
    return binary


def holds(name: str, environment: dict[str, str], record_property):
    done = subprocess.run(
        [conformance(), "--ignored", "--nocapture", name],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout[-8000:] + done.stderr[-8000:]
    # `make conformance` shows them.
    print(done.stdout)
    record_property("figures", done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["examples_are_true", "expressions_are_the_same", "streams_are_the_same",
                                  "transforms_are_the_same"])  # fmt: skip
def test_in_jobs(what, record_property):
    holds(f"{what}_in_jobs", {"PIPEC_PYTHON": tool("venv", "bin", "python"), "JAVA_HOME": str(JDK.resolve())}, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["examples_are_true", "expressions_are_the_same", "streams_are_the_same"])
def test_in_functions(what, record_property):
    holds(f"{what}_in_functions", {"CARGO_TARGET_DIR": str(FUNCTIONS)}, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["examples_are_true", "expressions_are_the_same", "transforms_are_the_same"])
def test_in_sql(what, record_property):
    tools = {"PIPEC_PYTHON": tool("venv", "bin", "python"), "PIPEC_TRINO": tool("trino"), "JAVA_HOME": str(JDK.resolve())}
    holds(f"{what}_in_sql", tools, record_property)
