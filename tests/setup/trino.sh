#!/usr/bin/env bash
# Trino as a library, and our few lines of Java that run queries on it: the engine behind Athena, without a server.
. "$(dirname "$0")/lib.sh"

fetch() { fetch_jars "$SETUP/trino/pom.xml" "$CACHE/trino/jars"; }

compile() {
  rm -rf "$CACHE/trino/classes"
  mkdir -p "$CACHE/trino/classes"
  "$CACHE/jdk/bin/javac" --release 17 -proc:none -d "$CACHE/trino/classes" -cp "$CACHE/trino/jars/*" "$SETUP"/trino/*.java
}

once "trino" fetch "$SETUP/trino/pom.xml"
once "trino-own" compile "$SETUP/trino/pom.xml" "$SETUP/trino/RunQueries.java"
