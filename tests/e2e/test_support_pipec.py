"""Running the compiler: its exit status and both of its outputs come back."""

import pytest
from support.pipec import build, pipec

STAND_IN = """#!/bin/sh
cat
echo "out $*"
echo "err $NO_COLOR" >&2
test "$1" != fail || exit 3
"""


@pytest.fixture(autouse=True)
def stand_in(tmp_path, monkeypatch):
    """A program that only repeats what it was told: this is about the helper, not about the compiler."""
    path = tmp_path / "pipec"
    path.write_text(STAND_IN)
    path.chmod(0o755)
    monkeypatch.setenv("PIPEC", str(path))


def test_what_it_says_and_how_it_ends(tmp_path):
    run = pipec("check", tmp_path, stdin="in\n")
    assert (run.status, run.out, run.err) == (0, f"in\nout check {tmp_path}\n", "err 1\n")


def test_a_build_is_one_only_if_it_is_there(tmp_path):
    with pytest.raises(AssertionError, match="wrote no build"):
        build("a", tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    assert build("a", tmp_path) == tmp_path


def test_a_failure_shows_everything():
    run = pipec("fail", "x")
    assert run.status == 3
    with pytest.raises(AssertionError, match="`pipec fail x` ended with 3\nout fail x\nerr"):
        run.ok()


def test_a_missing_binary_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PIPEC", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="cargo build"):
        pipec("check")
