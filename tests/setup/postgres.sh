#!/usr/bin/env bash
# PostgreSQL, as Debian has it: `$CACHE/postgres` leads to its programs. Nothing of it is started.
. "$(dirname "$0")/lib.sh"

programs() {
  local found
  for found in /usr/lib/postgresql/*/bin; do
    if [ -x "$found/initdb" ] && [ -x "$found/postgres" ] && [ -x "$found/psql" ]; then
      echo "$found"
      return 0
    fi
  done
  return 1
}

if [ -x "$CACHE/postgres/initdb" ]; then exit 0; fi
if ! found=$(programs); then
  need apt-get "install PostgreSQL"
  say "postgres: installing postgresql"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends postgresql >&2
  found=$(programs) || fail "no PostgreSQL after installing postgresql"
fi
ln -sfn "$found" "$CACHE/postgres"
