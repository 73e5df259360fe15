#!/usr/bin/env bash
# A Python environment with the engines that the embedded one is measured against.
. "$(dirname "$0")/lib.sh"

python=${PYTHON:-python3}
need "$python" "install Python 3.11"

bench() {
  rm -rf "$CACHE/venv-bench"
  "$python" -m venv "$CACHE/venv-bench" || fail "no virtual environment: on Debian, install python3-venv"
  "$CACHE/venv-bench/bin/pip" install --quiet --disable-pip-version-check -r "$SETUP/requirements-bench.txt"
}

once "python-bench" bench "$SETUP/requirements-bench.txt" "in $CACHE" "$("$python" -V)"
