"""Topics of Apache Kafka as streams: how a job signs in, what comes, how far it is behind.

Spark's checkpoint alone decides where a job goes on. What it tells the cluster after each
batch is for those who watch: a group of readers is where the job is, as of any reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from pyspark.sql import DataFrame, SparkSession

# Spark takes what is the client's own with this before it.
CLIENT = "kafka."
IAM = {
    "security.protocol": "SASL_SSL",
    "sasl.mechanism": "AWS_MSK_IAM",
    "sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "sasl.client.callback.handler.class": (
        "software.amazon.msk.auth.iam.IAMClientCallbackHandler"
    ),
}


@dataclass(frozen=True)
class Topic:
    """A topic, and who reads it."""

    name: str
    # The group of readers that the job is; nobody else is one of it.
    group: str
    # How many records come in one batch at most.
    most: str
    # What every client of the cluster is told.
    client: Mapping[str, str]

    @staticmethod
    def of(place: str) -> Topic:
        """`BROKERS/TOPIC?auth=iam&group=NAME&most=NUMBER`; secrets are named by ARN."""
        path, _, query = place.partition("?")
        brokers, _, name = path.rpartition("/")
        said = {name: values[-1] for name, values in parse_qs(query).items()}
        client = {
            "bootstrap.servers": brokers,
            # What a sender took back never was.
            "isolation.level": "read_committed",
            **_signed_in(said),
        }
        return Topic(name, said["group"], said["most"], client)

    def records(self, spark: SparkSession) -> DataFrame:
        """All records, from the oldest that the topic has."""
        options = {f"{CLIENT}{name}": value for name, value in self.client.items()}
        reader = spark.readStream.format("kafka").options(
            **options,
            **{
                f"{CLIENT}group.id": self.group,
                "subscribe": self.name,
                "startingOffsets": "earliest",
                "maxOffsetsPerTrigger": self.most,
                # What left the topic before it was read nobody brings back: the job goes
                # on with what is there, as every other reader does.
                "failOnDataLoss": "false",
            },
        )
        return reader.load()

    def tell(self, spark: SparkSession, ends: Mapping[str, int]) -> int:
        """Tells the cluster where the job goes on in each partition; returns how many
        records wait behind that."""
        assert spark._jvm is not None, "Spark's own process runs beside this one"
        java: Any = spark._jvm.java.util
        kafka: Any = spark._jvm.org.apache.kafka.clients
        common: Any = spark._jvm.org.apache.kafka.common
        settings = java.HashMap()
        for name, value in self.client.items():
            settings.put(name, value)
        settings.remove("isolation.level")
        reached, asked = java.HashMap(), java.HashMap()
        for partition, end in ends.items():
            place = common.TopicPartition(self.name, int(partition))
            reached.put(place, kafka.consumer.OffsetAndMetadata(end))
            asked.put(place, kafka.admin.OffsetSpec.latest())
        admin = kafka.admin.AdminClient.create(settings)
        try:
            admin.alterConsumerGroupOffsets(self.group, reached).all().get()
            newest = admin.listOffsets(asked).all().get()
            waiting = 0
            for partition, end in ends.items():
                place = common.TopicPartition(self.name, int(partition))
                waiting += max(0, newest.get(place).offset() - end)
            return waiting
        finally:
            admin.close()


def _signed_in(said: Mapping[str, str]) -> dict[str, str]:
    """How a client proves who it is, and whom it believes to be the cluster."""
    out: dict[str, str] = {}
    if said["auth"] == "iam":
        return dict(IAM)
    login = _secret(said["login"])
    if said["auth"] == "scram":
        out["security.protocol"] = "SASL_SSL"
        out["sasl.mechanism"] = "SCRAM-SHA-512"
        out["sasl.jaas.config"] = (
            "org.apache.kafka.common.security.scram.ScramLoginModule required "
            f"username={_quoted(login['username'])} "
            f"password={_quoted(login['password'])};"
        )
    else:
        out["security.protocol"] = "SSL"
        out["ssl.keystore.type"] = "PEM"
        out["ssl.keystore.certificate.chain"] = login["certificate"]
        out["ssl.keystore.key"] = login["privateKey"]
        if "privateKeyPassword" in login:
            out["ssl.key.password"] = login["privateKeyPassword"]
    if "authority" in said:
        out["ssl.truststore.type"] = "PEM"
        out["ssl.truststore.certificates"] = _secret(said["authority"])["certificate"]
    return out


def _quoted(text: str) -> str:
    """A text as JAAS reads it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _secret(arn: str) -> dict[str, str]:
    """The fields of a secret; they are in memory alone."""
    import boto3  # type: ignore[import-untyped]

    answer = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    return json.loads(answer["SecretString"])


def ends(log: str, place: int) -> dict[str, int]:
    """Where a batch ends in each partition of the topic of a source, which is the one at
    this place: as Spark's own log says it, before the batch is made."""
    # A version, what is true of all sources, and a line for each of them.
    line = log.splitlines()[2 + place]
    found = json.loads(line) if line != "-" else {}
    return {
        partition: end
        for partitions in found.values()
        for partition, end in partitions.items()
    }
