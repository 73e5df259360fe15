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
  debian "install ${missing[*]}" "${missing[@]}"
fi
