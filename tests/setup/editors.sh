#!/usr/bin/env bash
# What the tests of the editors' files need: the packages of the VS Code extension, Neovim, and Emacs.
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

missing=()
command -v nvim >/dev/null || missing+=(neovim)
# Emacs has Eglot from version 29 on; Debian 12 has 28.
emacs --batch --eval '(package-initialize)' --eval "(require 'eglot)" >/dev/null 2>&1 || missing+=(emacs-nox elpa-eglot)
if [ ${#missing[@]} -gt 0 ]; then
  need apt-get "install ${missing[*]}"
  say "editors: installing ${missing[*]}"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
fi
