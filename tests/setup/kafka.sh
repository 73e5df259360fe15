#!/usr/bin/env bash
# A broker of Apache Kafka: its jars alone, which the tests start.
. "$(dirname "$0")/lib.sh"

fetch() { fetch_jars "$SETUP/kafka/pom.xml" "$CACHE/kafka/jars"; }

once "kafka" fetch "$SETUP/kafka/pom.xml"
