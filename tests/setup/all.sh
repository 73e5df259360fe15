#!/usr/bin/env bash
# Installs everything that the end-to-end tests need. Run it as often as you like.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/lib.sh"

# Two runs at once, in two checkouts that share a cache, take turns.
exec 9>"$CACHE/lock"
flock 9
for tool in python node editors java jars trino kafka postgres terraform; do
  bash "$here/$tool.sh" 9>&-
done
