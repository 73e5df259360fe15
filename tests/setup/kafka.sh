#!/usr/bin/env bash
# A broker of Apache Kafka: its jars alone, which the tests start.
. "$(dirname "$0")/lib.sh"

need mvn "install Maven"
export JAVA_HOME=$CACHE/jdk

fetch() {
  rm -rf "$CACHE/kafka/jars"
  mvn --batch-mode --quiet -f "$SETUP/kafka/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DoutputDirectory="$CACHE/kafka/jars" -Dmdep.overWriteReleases=false
}

once "kafka" fetch "$SETUP/kafka/pom.xml"
