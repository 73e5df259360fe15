"""Runs the compiler as its users do: the built binary, its output and its exit status."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .paths import ROOT


@dataclass
class Run:
    """What one run printed and how it ended."""

    arguments: list[str]
    status: int
    out: str
    err: str

    def ok(self) -> "Run":
        """This run, if it ended well; else an assertion with everything it said."""
        assert self.status == 0, f"`pipec {' '.join(self.arguments)}` ended with {self.status}\n{self.out}{self.err}"
        return self


def binary() -> Path:
    """`$PIPEC`, or the development build of this checkout."""
    if given := os.environ.get("PIPEC"):
        path = Path(given).resolve()
    else:
        path = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve() / "debug" / "pipec"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `cargo build`, or set PIPEC to a built binary")
    return path


def pipec(*arguments, cwd=None, env=None, timeout: float = 600, stdin: str | None = None) -> Run:
    """Runs the compiler to its end; colours are off, so that output can be compared."""
    words = [str(argument) for argument in arguments]
    done = subprocess.run(
        [str(binary()), *words],
        cwd=cwd or ROOT,
        env={**os.environ, "NO_COLOR": "1", **(env or {})},
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(words, done.returncode, done.stdout, done.stderr)


def build(project, output, *arguments) -> Path:
    """Builds a project into `output` and returns that folder."""
    pipec("build", project, "-o", output, *arguments).ok()
    assert Path(output, "manifest.json").exists(), f"`pipec build` ended well and wrote no build to {output}"
    return Path(output)
