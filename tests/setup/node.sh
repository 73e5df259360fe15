#!/usr/bin/env bash
# The validator of state machines, from npm.
. "$(dirname "$0")/lib.sh"

need npm "install Node.js 20"

packages() {
  rm -rf "$CACHE/npm"
  mkdir -p "$CACHE/npm"
  cp "$SETUP"/npm/package*.json "$CACHE/npm/"
  npm ci --prefix "$CACHE/npm" --silent --no-audit --no-fund --ignore-scripts
}

once "node" packages "$SETUP/npm"
