#!/usr/bin/env bash
# Jars beside Spark's own: S3 for Spark, the Hive JSON SerDe that Firehose's record-format conversion uses, and our
# few lines of Java that let Spark call that SerDe.
. "$(dirname "$0")/lib.sh"

fetch() { fetch_jars "$SETUP/jars/pom.xml" "$CACHE/jars"; }

compile() {
  local out
  out=$(mktemp -d)
  "$CACHE/jdk/bin/javac" --release 17 -proc:none -d "$out" -cp "$(spark_jars)/*:$CACHE/jars/*" \
    "$ROOT"/tests/e2e/support/java/*.java
  "$CACHE/jdk/bin/jar" --create --file "$CACHE/jars/pipec-test-support.jar" -C "$out" .
  rm -rf "$out"
}

spark_jars() { "$CACHE/venv/bin/python" -c 'import pathlib, pyspark; print(pathlib.Path(pyspark.__file__).parent / "jars")'; }

once "jars" fetch "$SETUP/jars/pom.xml"
once "jars-own" compile "$SETUP/jars/pom.xml" "$SETUP/requirements-e2e.txt" "$ROOT/tests/e2e/support/java"
