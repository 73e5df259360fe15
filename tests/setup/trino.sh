#!/usr/bin/env bash
# Trino as a library, and our few lines of Java that run queries on it: the engine behind Athena, without a server.
. "$(dirname "$0")/lib.sh"

need mvn "install Maven"
export JAVA_HOME=$CACHE/jdk

fetch() {
  rm -rf "$CACHE/trino/jars"
  mvn --batch-mode --quiet -f "$SETUP/trino/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$CACHE/trino/jars" -Dmdep.overWriteReleases=false
}

compile() {
  rm -rf "$CACHE/trino/classes"
  mkdir -p "$CACHE/trino/classes"
  "$CACHE/jdk/bin/javac" --release 17 -proc:none -d "$CACHE/trino/classes" -cp "$CACHE/trino/jars/*" "$SETUP"/trino/*.java
}

once "trino" fetch "$SETUP/trino/pom.xml"
once "trino-own" compile "$SETUP/trino/pom.xml" "$SETUP/trino/RunQueries.java"
