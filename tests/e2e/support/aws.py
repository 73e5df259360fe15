"""AWS on this machine: a moto server on a free port, and clients for it.

Real enough are S3, Kinesis, Firehose to S3, SQS, SNS, EventBridge, the Glue catalog, KMS and Step Functions' control
flow. Not run are Glue jobs, Athena queries, Lake Formation's enforcement and event source mappings (see `esm`).
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

from .events import REGION
from .paths import tool

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def stop(process: subprocess.Popen, patience: float):
    """Asks a process to end; one that has not after so many seconds is killed."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Moto:
    """One moto server; `with Moto() as aws: aws.client("s3")`."""

    def __enter__(self) -> "Moto":
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = tempfile.NamedTemporaryFile(prefix="moto-", suffix=".log")
        self._process = subprocess.Popen(
            [tool("venv", "bin", "python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            env={**os.environ, **CREDENTIALS},
        )
        end = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"moto did not start:\n{Path(self._log.name).read_text()}")
            time.sleep(0.05)
        self._configure()
        return self

    def __exit__(self, *_):
        stop(self._process, 10)
        self._log.close()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=2):
                return True
        except OSError:
            return False

    def requests(self) -> list[tuple[str, str, int]]:
        """What was asked of it so far: method, path with query, and status."""
        plain = re.sub(r"\x1b\[[0-9;]*m", "", Path(self._log.name).read_text(errors="replace"))
        return [(method, path, int(status))
                for method, path, status in re.findall(r'"([A-Z]+) (\S+) HTTP/[\d.]+" (\d+)', plain)]

    def reset(self):
        """Forgets everything: what a test wants that counts objects."""
        self._post("reset")
        self._configure()

    def _configure(self):
        """State machines are to be run, not only kept."""
        self._post("config", {"stepfunctions": {"execute_state_machine": True}})

    def _post(self, what: str, body: dict | None = None):
        data = json.dumps(body).encode() if body else b""
        request = urllib.request.Request(f"{self.url}/moto-api/{what}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    def client(self, service: str):
        """A boto3 client for this server."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )

    def environment(self) -> dict[str, str]:
        """What a program needs to find this server instead of AWS."""
        return {**CREDENTIALS, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.url,
                "AWS_S3_PATH_STYLE": "1", "AWS_EC2_METADATA_DISABLED": "true"}

    def bucket(self, name: str) -> str:
        """Makes a bucket, if it is not there, and returns its name."""
        s3 = self.client("s3")
        if name not in (bucket["Name"] for bucket in s3.list_buckets()["Buckets"]):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def around_functions(self, name: str, secret: str) -> str:
        """Makes what functions find beside their streams, all called the same: the table of what they have seen, a bucket, and
        the secret of pseudonyms. Returns the name."""
        self.client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}, {"AttributeName": "written", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"},
                                  {"AttributeName": "written", "AttributeType": "S"}],
        )  # fmt: skip
        self.client("secretsmanager").create_secret(Name=name, SecretString=secret)
        return self.bucket(name)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys below a prefix, in order."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def download(self, bucket: str, prefix: str, folder) -> list[Path]:
        """Copies what is below a prefix into a folder, under the same names."""
        s3, out = self.client("s3"), []
        for key in self.keys(bucket, prefix):
            path = Path(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(path))
            out.append(path)
        return out

    def stream(self, name: str, shards: int = 2) -> str:
        """Makes a Kinesis stream and returns its ARN."""
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]

    def put_records(self, stream: str, records, keys=None) -> int:
        """Puts records into a stream, as many at a time as it takes (500, 5 MB); returns how many.

        `keys` are the partition keys; without them each record has one of its own.
        """
        kinesis, batch, size, count = self.client("kinesis"), [], 0, 0
        for n, data in enumerate(records):
            if len(batch) == 500 or size + len(data) > 4_500_000:
                count += self._put(kinesis, stream, batch)
                batch, size = [], 0
            batch.append({"Data": data, "PartitionKey": keys[n] if keys else str(n)})
            size += len(data)
        return count + (self._put(kinesis, stream, batch) if batch else 0)

    @staticmethod
    def _put(kinesis, stream: str, batch: list[dict]) -> int:
        answer = kinesis.put_records(StreamName=stream, Records=batch)
        assert answer["FailedRecordCount"] == 0, answer
        return len(batch)

    def queue(self, name: str) -> str:
        """Makes a queue and returns its URL."""
        return self.client("sqs").create_queue(QueueName=name)["QueueUrl"]

    def drain(self, queue_url: str) -> list[str]:
        """Takes every message out of a queue and returns their bodies."""
        sqs, out = self.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                out.append(message["Body"])
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return out
