#!/usr/bin/env bash
# A JDK 17, as Glue 5.0 runs Spark 3.5 on; `$CACHE/jdk` leads to it, whatever else is on the machine.
. "$(dirname "$0")/lib.sh"

jdk_17() {
  local home
  for home in "${JAVA_HOME:-}" "$(readlink -f "$(command -v javac || true)" 2>/dev/null | sed 's#/bin/javac$##')" \
    /usr/lib/jvm/*17*; do
    [ -n "$home" ] && [ -x "$home/bin/javac" ] || continue
    if "$home/bin/javac" -version 2>&1 | grep -q '^javac 17\.'; then
      readlink -f "$home"
      return 0
    fi
  done
  return 1
}

if [ -x "$CACHE/jdk/bin/javac" ]; then exit 0; fi
if ! home=$(jdk_17); then
  debian "install a JDK 17 and set JAVA_HOME" openjdk-17-jdk-headless
  home=$(jdk_17) || fail "no JDK 17 after installing openjdk-17-jdk-headless"
fi
ln -sfn "$home" "$CACHE/jdk"
