"""A broker of Apache Kafka on loopback, which knows who signs in by SASL/SCRAM or shows a certificate, and the part of Lambda
that reads a topic of it.

    with Broker() as broker:
        broker.make("payments", partitions=3)
        broker.send("payments", [b"…", (b"…", {"place": "tør"})])
        mapping = TopicMapping(broker, "payments", "readers", function, Settings(batch_size=100))
        mapping.poll()                          # -> Summary: what was invoked, delivered and given up
        broker.committed("payments", "readers") # -> how many records the group is done with, a partition each
    broker.passwords, broker.certificates   # where it listens with TLS: for names and passwords, and for certificates
    broker.authority                        # who signed its certificate, and `broker.certificate(name)`, in PEM

Lambda's part goes by the developer guide's pages on Kafka, with provisioned pollers: a batch may have records of several
partitions; of each, the lowest offset in `batchItemFailures` is where the rest begins that comes again; a function error fails
the whole batch, which with `bisect` is halved until the bad record is alone; what has used up its retries goes to the
on-failure destination, as the place where it stands, and the group goes on behind it.
"""

import itertools
import json
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from .aws import free_port, stop
from .certificates import Signer
from .esm import ENDLESS, Settings
from .events import kafka, kafka_record
from .lambda_api import PAYLOAD_LIMIT, Function, Result
from .paths import tool

USER, PASSWORD = "reader", "local password for tests"
# One process is broker and controller; what it says to itself needs no name.
SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENTS://127.0.0.1:{clients},PASSWORDS://127.0.0.1:{passwords},CERTIFICATES://127.0.0.1:{certificates},\
ITSELF://127.0.0.1:{itself},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://127.0.0.1:{clients},PASSWORDS://127.0.0.1:{passwords},CERTIFICATES://127.0.0.1:{certificates},\
ITSELF://127.0.0.1:{itself}
listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT,PASSWORDS:SASL_SSL,CERTIFICATES:SSL,ITSELF:PLAINTEXT,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={folder}/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/authority.pem
listener.name.certificates.ssl.client.auth=required
inter.broker.listener.name=ITSELF
controller.listener.names=CONTROLLER
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.passwords.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Broker:
    """A broker that ends with its block."""

    def __enter__(self) -> "Broker":
        self._folder = tempfile.TemporaryDirectory(prefix="kafka-")
        names = ["clients", "passwords", "certificates", "itself", "controller"]
        folder, ports = self._folder.name, {name: free_port() for name in names}
        self._signer, self.passwords, self.certificates = Signer(), *(f"127.0.0.1:{ports[name]}" for name in names[1:3])
        self.authority = self._signer.certificate_pem()
        Path(folder, "authority.pem").write_text(self.authority)
        Path(folder, "broker.pem").write_text("".join(self.certificate("broker").values()))
        file = Path(folder, "server.properties")
        file.write_text(SETTINGS.format(folder=folder, **ports))
        login = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", "kUmBVkpoQmK2Xp8dJm0l5w", "-c", str(file), "--add-scram", login),
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        self.login = {
            "bootstrap_servers": f"127.0.0.1:{ports['clients']}", "security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": USER, "sasl_plain_password": PASSWORD,
        }  # fmt: skip
        self._log = Path(folder, "log").open("wb")
        self._process = subprocess.Popen(self._java("kafka.Kafka", str(file)), stdout=self._log, stderr=self._log)
        self.admin = self._wait()
        return self

    def __exit__(self, *_):
        self.admin.close()
        stop(self._process, 20)
        self._log.close()
        self._folder.cleanup()

    def _java(self, main: str, *arguments: str) -> list[str]:
        jars = tool("kafka", "jars")
        return [tool("jdk", "bin", "java"), "-Xmx320m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{jars}/*",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", main, *arguments]

    def _wait(self) -> KafkaAdminClient:
        end = time.monotonic() + 60
        while True:
            try:
                return KafkaAdminClient(**self.login)
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(Path(self._folder.name, "log").read_text()) from error
                time.sleep(0.2)

    def make(self, topic: str, *, partitions: int = 1, **settings: str):
        """A topic; dots of its settings are written as underscores."""
        configs = {name.replace("_", "."): value for name, value in settings.items()}
        self.admin.create_topics({topic: {"num_partitions": partitions, "configs": configs}}, wait_for_metadata=True)

    def certificate(self, name: str) -> dict[str, str]:
        """`privateKey` and `certificate` of a client of this name, as a secret has them."""
        return self._signer.sign(name)

    def send(self, topic: str, messages: Iterable, times: Iterable[int | None] = itertools.repeat(None)):
        """Values, or pairs of a value and texts beside it, to the partitions in turn; `times` are when each was sent, milliseconds."""
        count = len(self.admin.describe_topics([topic])[0]["partitions"])
        producer = KafkaProducer(**self.login, max_request_size=8 << 20)
        sent = []
        for number, (message, time_ms) in enumerate(zip(messages, times, strict=False)):
            value, beside = message if isinstance(message, tuple) else (message, {})
            headers = [(name, text.encode()) for name, text in beside.items()]
            # A message without a value must have a key.
            key = b"nothing" if value is None else None
            sent.append(producer.send(topic, value, key, headers, number % count, time_ms))
        for one in sent:
            one.get(30)
        producer.close()

    def consumer(self, group: str) -> KafkaConsumer:
        """A client that reads as a member of a group, and says itself what it is done with."""
        return KafkaConsumer(**self.login, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                             max_partition_fetch_bytes=8 << 20)

    def committed(self, topic: str, group: str) -> list[int | None]:
        """Where a group goes on, in each partition."""
        consumer = self.consumer(group)
        try:
            return [consumer.committed(TopicPartition(topic, part)) for part in sorted(consumer.partitions_for_topic(topic))]
        finally:
            consumer.close()


@dataclass
class Summary:
    """What one poll did. `delivered` and `discarded` are pairs of a partition and an offset."""

    invocations: int = 0
    errors: list[dict] = field(default_factory=list)
    delivered: list[tuple[int, int]] = field(default_factory=list)
    discarded: list[tuple[int, int]] = field(default_factory=list)


class TopicMapping:
    """Reads a topic into a function."""

    def __init__(self, broker: Broker, topic: str, group: str, invoke: Function | Callable[[dict], Result], settings: Settings,
                 on_failure: Callable[[dict], None] = lambda record: None):
        self.broker, self.topic, self.group = broker, topic, group
        self.invoke = invoke.invoke if isinstance(invoke, Function) else invoke
        self.settings, self.on_failure = settings, on_failure

    def poll(self) -> Summary:
        """Delivers everything that is in the topic now and was not settled before."""
        summary, consumer = Summary(), self.broker.consumer(self.group)
        try:
            parts = [TopicPartition(self.topic, part) for part in sorted(consumer.partitions_for_topic(self.topic))]
            consumer.assign(parts)
            ends = consumer.end_offsets(parts)
            waiting: list = []
            while waiting or any(consumer.position(part) < ends[part] for part in parts):
                if not waiting:
                    found = consumer.poll(timeout_ms=1000, max_records=self.settings.batch_size)
                    waiting = [record for records in found.values() for record in records]
                batch = self._batch(waiting)
                waiting = waiting[len(batch):]
                if batch:
                    self._settle([kafka_record(record) for record in batch], summary)
                    done = {TopicPartition(record.topic, record.partition): record.offset + 1 for record in batch}
                    consumer.commit({part: OffsetAndMetadata(offset, "", -1) for part, offset in done.items()})
        finally:
            consumer.close()
        return summary

    def _batch(self, records: list) -> list:
        """As many records as fit into a request."""
        size = 200
        for number, record in enumerate(records):
            size += len(json.dumps(kafka_record(record))) + 2
            if size > PAYLOAD_LIMIT and number:
                return records[:number]
        return records

    def _settle(self, batch: list[dict], summary: Summary):
        """Tries a batch until each of its records is delivered or discarded."""
        settings, tries, last = self.settings, 0, Result()
        limit = settings.maximum_retry_attempts if settings.maximum_retry_attempts >= 0 else ENDLESS
        while batch:
            last, tries = self.invoke(kafka(batch)), tries + 1
            summary.invocations += 1
            if last.error is not None:
                summary.errors.append(last.error)
            left = self._left(batch, last)
            summary.delivered += [place(record) for record in batch if record not in left]
            halved = settings.bisect and len(left) == len(batch) > 1
            batch = left
            if halved:
                middle = len(batch) // 2
                self._settle(batch[:middle], summary)
                batch, tries = batch[middle:], 0
            elif batch and tries > limit:
                assert settings.maximum_retry_attempts >= 0, f"{self.topic} is blocked by a record: {last.error}"
                self._discard(batch, tries, summary)
                return

    def _left(self, batch: list[dict], result: Result) -> list[dict]:
        """The records that come again."""
        if result.error is not None:
            return batch
        reported = (result.payload or {}).get("batchItemFailures") if self.settings.report_item_failures else None
        lowest: dict[str, int] = {}
        for failure in reported or []:
            name, offset = failure["itemIdentifier"]["topic-partition"], failure["itemIdentifier"]["offset"]
            lowest[name] = min(offset, lowest.get(name, offset))
        names = {f"{record['topic']}-{record['partition']}" for record in batch}
        assert lowest.keys() <= names, f"no such partition: {lowest}"
        return [record for record in batch
                if record["offset"] >= lowest.get(f"{record['topic']}-{record['partition']}", float("inf"))]

    def _discard(self, batch: list[dict], tries: int, summary: Summary):
        summary.discarded += [place(record) for record in batch]
        self.on_failure({
            "requestContext": {"requestId": str(uuid.uuid4()), "condition": "RetryAttemptsExhausted", "approximateInvokeCount": tries},
            "KafkaBatchInfo": {"topic": self.topic, "places": [place(record) for record in batch], "batchSize": len(batch)},
        })  # fmt: skip


def place(record: dict) -> tuple[int, int]:
    """Where a record stands: its partition, and its offset there."""
    return record["partition"], record["offset"]
