"""Generated jobs on topics of a real broker: how they sign in, what comes when they are killed, and what the cluster is told."""

import json
import re
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from support import pipec
from support.certificates import Signer
from support.kafka import PASSWORD, USER
from support.paths import ROOT
from support.spark import rows

START = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    return pipec.build(ROOT / "tests/e2e/platforms/brokers", tmp_path_factory.mktemp("brokers") / "build") / "glue"


@pytest.fixture
def secret(aws):
    """The ARN of a new secret with these fields."""
    client = aws.client("secretsmanager")

    def make(fields: dict) -> str:
        return client.create_secret(Name=f"kafka/{uuid.uuid4()}", SecretString=json.dumps(fields))["ARN"]

    return make


def payment(number: int, at: datetime, **more) -> dict:
    state = ["authorised", "captured", "refunded"][number % 3]
    name = str(uuid.UUID(int=number))
    return {"payment_id": name, "customer": "c", "at": at.isoformat(), "amount": f"{number}.25", "state": state, **more}


def places(lake, *targets: str) -> list:
    out = ["--state", lake / "state", "--quarantine", lake / "quarantine"]
    for target in targets:
        out += [f"--processed_{target}", lake / target]
    return out


def told(output: str) -> list[dict]:
    """What a job's log says of how far it is."""
    return [json.loads(line) for line in output.splitlines() if line.startswith('{"event": "told"')]


def away(spark_home, lake) -> Counter:
    """Why rows were turned away, and how often."""
    lines = spark_home.session.read.text(str(lake / "quarantine")).collect()
    return Counter(json.loads(row.value)["reason"] for row in lines)


@pytest.mark.slow
def test_a_killed_job_on_a_topic_loses_and_doubles_nothing(spark_home, aws, broker, jobs, secret, tmp_path, monkeypatch, capfd):
    broker.make("killed", partitions=3)
    login = secret({"username": USER, "password": PASSWORD})
    authority = secret({"certificate": broker.authority})
    place = f"kafka:{broker.passwords}/killed?auth=scram&login={login}&authority={authority}&group=test-rate&most=60"
    argv = [*places(tmp_path, "rate"), "--stream__payments", place]
    # Every seventh is four minutes behind: its window is over, and two minutes more.
    paid = [(number, START + 7 * number * timedelta(seconds=1)) for number in range(150)]
    behind = {number: timedelta(minutes=4) for number, _ in paid if number % 7 == 6}
    sent = [json.dumps(payment(number, at - behind.get(number, timedelta()))).encode() for number, at in paid]
    times = [int(at.timestamp() * 1000) for _, at in paid]
    broker.send("killed", sent[:60], times)
    job = spark_home.start_job(jobs / "rate.py", [*argv, "--every", "1 seconds"], env=aws.environment())
    until = time.monotonic() + 240
    while not told(job.output()) and job.process.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    job.kill()
    assert told(job.output()), job.output()
    # What is no row: a text, no bytes at all, and bytes that are no text.
    poison = [b"poison", None, b"\xff\xfe{}"]
    broker.send("killed", [*sent[60:], *poison], [*times[60:], *[times[-1]] * 3])
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    capfd.readouterr()
    spark_home.run_job(jobs / "rate.py", [*argv, "--until", "closed"])
    # Never more at once than it is let, and in the end nothing waits: the cluster knows that, too.
    said = told(capfd.readouterr().out)
    assert said[-1]["records_behind"] == 0 < len(said) > 1 and said[0]["source"] == "stream__payments"
    assert broker.committed("killed", "test-rate") == [51, 51, 51]
    expected: dict = {}
    for number, at in paid:
        if number not in behind:
            key = (at.replace(second=0), ["authorised", "captured", "refunded"][number % 3])
            count, total = expected.get(key, (0, 0))
            expected[key] = (count + 1, total + number * 100 + 25)
    found = rows(spark_home.session.read.parquet(str(tmp_path / "rate")), "window_start", "state")
    came = [((row["window_start"].replace(tzinfo=UTC), row["state"]), (row["payments"], int(row["total"] * 100))) for row in found]
    assert dict(came) == expected and len(came) == len(expected)
    assert away(spark_home, tmp_path) == {
        "late: arrived 2 min or more behind the end of its window": len(behind), "not JSON": 3}
    # No password is in what a job writes or says.
    texts = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in text for text in texts) and PASSWORD not in job.output()


def test_a_job_joins_topics_of_two_clusters_by_a_password_and_a_certificate(
        spark_home, aws, broker, jobs, secret, tmp_path, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    broker.make("ours", partitions=2)
    broker.make("theirs")
    authority = secret({"certificate": broker.authority})
    login, certificate = secret({"username": USER, "password": PASSWORD}), secret(broker.certificate("partner"))
    argv = places(tmp_path, "matched")
    argv += ["--stream__payments",
             f"kafka:{broker.passwords}/ours?auth=scram&login={login}&authority={authority}&group=test-ours&most=1000"]
    theirs = f"kafka:{broker.certificates}/theirs?auth=mtls&authority={authority}&group=test-theirs&most=1000"
    argv += ["--stream__partners", f"{theirs}&login={certificate}"]
    at = datetime.now(UTC) - MINUTE
    broker.send("ours", [json.dumps(payment(number, at)).encode() for number in range(6)])
    run = [*argv, "--until", "read"]
    spark_home.run_job(jobs / "matched.py", run)
    assert broker.committed("ours", "test-ours") == [3, 3] and broker.committed("theirs", "test-theirs") == [0]
    twins = [payment(number, at, state="captured") for number in (1, 3, 9)]
    broker.send("theirs", [json.dumps(twin).encode() for twin in twins])
    spark_home.run_job(jobs / "matched.py", run)
    spark_home.run_job(jobs / "matched.py", [*argv, "--until", "closed"])
    found = rows(spark_home.session.read.parquet(str(tmp_path / "matched")), "payment_id")
    assert [(row["payment_id"], row["state"], row["theirs"]) for row in found] == [
        (str(uuid.UUID(int=1)), "captured", "captured"), (str(uuid.UUID(int=3)), "authorised", "captured")]
    assert broker.committed("theirs", "test-theirs") == [3]
    # Who shows no certificate that the cluster believes in comes in nowhere, and is told so.
    with pytest.raises(Exception, match=re.compile("SSL|handshake", re.IGNORECASE)):
        stranger = secret(Signer().sign("stranger"))
        spark_home.run_job(jobs / "matched.py", [*places(tmp_path / "stranger", "matched"), *argv[-4:-1],
                                                 f"{theirs}&login={stranger}", "--until", "read"])
