# What the set-up scripts share. Sourced, never run.
#
# Every tool is installed below one cache folder, behind a stamp that holds a hash of all that decides what is
# installed: a second run compares hashes and is done. A tool that cannot be had is an error here, so that no test
# ever has to ask whether it may be skipped.
set -euo pipefail

SETUP=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$SETUP/../.." && pwd)
CACHE=${PIPEC_CACHE:-$ROOT/.cache}
mkdir -p "$CACHE/bin" "$CACHE/stamps"
CACHE=$(cd "$CACHE" && pwd)

say() { printf 'set-up: %s\n' "$*" >&2; }

fail() {
  printf 'set-up failed: %s\n' "$*" >&2
  exit 1
}

need() { # need COMMAND WHAT-TO-DO
  command -v "$1" >/dev/null || fail "\`$1\` is not installed: $2"
}

debian() { # debian WHAT-TO-DO PACKAGE…: installs packages of Debian
  local as_root=()
  need apt-get "$1"
  shift
  say "installing $*"
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" >&2
}

fetch_jars() { # fetch_jars POM FOLDER: the jars that a project of Maven depends on, and no others, in a folder
  need mvn "install Maven"
  rm -rf "$2"
  JAVA_HOME=$CACHE/jdk mvn --batch-mode --quiet -f "$1" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$2" -Dmdep.overWriteReleases=false
}

# once NAME FUNCTION [INPUT…]: runs FUNCTION unless it was done with these inputs before. An input is a file, a folder
# or plain text; the calling script itself is always one.
once() {
  local name=$1 action=$2 stamp=$CACHE/stamps/$1 wanted started
  shift 2
  wanted=$(fingerprint "$0" "$@")
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi
  say "$name …"
  started=$SECONDS
  "$action"
  printf '%s\n' "$wanted" >"$stamp"
  say "$name: $((SECONDS - started)) s"
}

fingerprint() {
  local input
  for input in "$@"; do
    if [ -d "$input" ]; then
      (cd "$input" && find . -type f ! -path '*/.*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    elif [ -f "$input" ]; then
      sha256sum <"$input"
    else
      printf '%s\n' "$input"
    fi
  done | sha256sum | cut -d' ' -f1
}
