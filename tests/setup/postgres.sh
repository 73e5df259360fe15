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
  debian "install PostgreSQL" postgresql
  found=$(programs) || fail "no PostgreSQL after installing postgresql"
fi
ln -sfn "$found" "$CACHE/postgres"
