#!/usr/bin/env bash
# What the tests of the editors' files need: the packages of the VS Code extension, and Neovim.
. "$(dirname "$0")/lib.sh"

need npm "install Node.js 20"
need cc "install a C compiler"

extension=$ROOT/grammar/editors/vscode

packages() {
  rm -rf "$CACHE/vscode"
  mkdir -p "$CACHE/vscode"
  cp "$extension"/package*.json "$CACHE/vscode/"
  npm ci --prefix "$CACHE/vscode" --silent --no-audit --no-fund --ignore-scripts
}

once "vscode" packages "$extension/package.json" "$extension/package-lock.json"

if ! command -v nvim >/dev/null; then
  need apt-get "install Neovim 0.7 or later"
  say "editors: installing neovim"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends neovim >&2
fi
