#!/usr/bin/env bash
# Two Python environments: one that runs the tests, one with the policy linters, whose pins fit nothing else.
. "$(dirname "$0")/lib.sh"

python=${PYTHON:-python3}
need "$python" "install Python 3.11"
"$python" -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || fail "Python 3.11 or later is needed, this is $("$python" -V)"

environment() { # environment FOLDER REQUIREMENTS
  rm -rf "$1"
  "$python" -m venv "$1" || fail "no virtual environment: on Debian, install python3-venv"
  "$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
}

e2e() { environment "$CACHE/venv" "$SETUP/requirements-e2e.txt"; }
lint() { environment "$CACHE/venv-lint" "$SETUP/requirements-lint.txt"; }

# A virtual environment holds absolute paths, so a cache that was moved is made again.
once "python" e2e "$SETUP/requirements-e2e.txt" "in $CACHE" "$("$python" -V)"
once "python-lint" lint "$SETUP/requirements-lint.txt" "in $CACHE" "$("$python" -V)"
