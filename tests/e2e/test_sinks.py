"""Sinks that jobs write: tables of a warehouse, on Spark and a PostgreSQL that plays it, and services on moto."""

import base64
import hashlib
import json
import re
import sys
import time
import uuid

import boto3
import pytest
from support import pipec
from support.paths import ROOT
from support.postgres import Postgres
from support.search import Search
from support.spark import Spark
from support.warehouse import Warehouse, read

HOME = ROOT / "tests" / "e2e" / "platforms" / "given"
ROLE = "arn:aws:iam::123456789012:role/load"
FIRST, SECOND, THIRD = (f"2026-03-0{day}T01:00:00Z" for day in (2, 3, 4))


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    return pipec.build(HOME, tmp_path_factory.mktemp("given") / "build")


def made(build) -> list[str]:
    """The statements that Terraform runs once, but for those about users."""
    text = (build / "terraform" / "sinks.tf").read_text()
    found = re.findall(r'^  sql +=  *("(?:[^"\\]|\\.)*")$', text, re.MULTILINE)
    return [json.loads(one) for one in found if "${" not in one]


@pytest.fixture(scope="session")
def database(build):
    with Postgres() as database:
        # What Redshift says of columns, and PostgreSQL by another name.
        database.run("CREATE VIEW svv_columns AS SELECT * FROM information_schema.columns")
        yield database


class House:
    """The jobs of the platform, each with its own folders, and the warehouse that they write."""

    def __init__(self, build, database, home: Spark, folder):
        self.build, self.database, self.home, self.folder = build, database, home, folder
        self.warehouse = Warehouse(database, home.session)

    def land(self, *sales):
        """Sales for the table that all jobs read: a file."""
        rows = [{"sale_id": number, "at": f"{day}T10:00:00Z", "amount": amount, "tags": ["it's", "a\\b"], "day": day}
                for number, day, amount in sales]
        for day in {row["day"] for row in rows}:
            place = self.folder / "sales" / f"day={day}"
            columns = "sale_id long, at timestamp, amount decimal(10,2), tags array<string>"
            text = self.home.session.sparkContext.parallelize([json.dumps(row) for row in rows if row["day"] == day])
            frame = self.home.session.read.schema(columns).json(text)
            frame.coalesce(1).write.mode("append").parquet(str(place))

    def run(self, job, at, *, deployed=True, more=()):
        sinks = re.findall(r'argument="sink__(\w+)"', (self.build / "glue" / f"{job}.py").read_text())
        places = {"processed_sales": "sales", "state": f"state-{job}", "quarantine": f"quarantine-{job}"}
        arguments = [text for name, place in places.items() for text in (f"--{name}", str(self.folder / place))]
        for sink in sinks:
            arguments += [f"--sink__{sink}", str(self.folder / "sinks" / sink)]
            if deployed:
                arguments += [f"--sink_workgroup__{sink}", "house", f"--sink_role__{sink}", ROLE]
        with self.home.own_settings(), self.home.module(self.build / "glue" / f"{job}.py") as module:
            sinks_of = sys.modules["pipec_sinks"]
            sinks_of.FIRST_WAIT = sinks_of.LONGEST_WAIT = 0.0
            module.main([job, *arguments, *more, "--run_at", at])

    def rows(self, table, order):
        return self.database.rows(f"SELECT * FROM {table} ORDER BY {order}")


@pytest.fixture
def house(build, database, spark_home, tmp_path, monkeypatch):
    database.run("DROP SCHEMA IF EXISTS shop CASCADE; DROP TABLE IF EXISTS days, totals, _loads")
    for statement in made(build):
        read(statement)
        if not statement.startswith("REVOKE"):
            database.run(statement.replace(" SUPER", " jsonb"))
    house = House(build, database, spark_home, tmp_path)
    monkeypatch.setattr(boto3, "client", house.warehouse.client)
    return house


def test_rows_that_come_are_added_and_none_twice(house):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-01", 7.5))
    house.run("send", FIRST)
    sales = house.rows("shop.sales", "sale_id")
    assert [(row["sale_id"], row["amount"], row["tags"]) for row in sales] == [
        (1, 5.0, ["it's", "a\\b"]), (2, 7.5, ["it's", "a\\b"])]
    assert not list((house.folder / "sinks" / "all_sales").rglob("*.parquet")), "what was taken is gone"
    # A run that is repeated because its end was not written down.
    for state in (house.folder / "state-send").iterdir():
        state.unlink()
    house.run("send", FIRST)
    assert len(house.rows("shop.sales", "sale_id")) == 2
    house.land((3, "2026-03-02", 1.0))
    house.run("send", SECOND)
    assert [row["sale_id"] for row in house.rows("shop.sales", "sale_id")] == [1, 2, 3]


def test_a_run_that_is_killed_behind_its_load_adds_nothing_twice(house):
    house.land((1, "2026-03-01", 5.0))
    house.warehouse.killed = True
    with pytest.raises(ConnectionError):
        house.run("send", FIRST)
    assert len(house.rows("shop.sales", "sale_id")) == 1
    house.warehouse.killed = False
    house.land((2, "2026-03-02", 7.5))
    house.run("send", SECOND)
    assert [row["sale_id"] for row in house.rows("shop.sales", "sale_id")] == [1, 2]


def test_a_run_that_is_killed_between_two_loads_gives_each_table_its_rows_once(house):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-01", 50.0))
    house.warehouse.killed = True
    with pytest.raises(ConnectionError):
        house.run("apart", FIRST)
    found = [len(house.rows(f"shop.{table}", "sale_id")) for table in ("large", "small")]
    assert sorted(found) == [0, 1], "one of both has its rows"
    house.warehouse.killed = False
    house.land((3, "2026-03-02", 7.5), (4, "2026-03-02", 75.0))
    # What was killed is made up for first: it reads what it read, and then comes what has come since.
    for at in (SECOND, THIRD):
        house.run("apart", at)
    assert [row["sale_id"] for row in house.rows("shop.large", "sale_id")] == [2, 4]
    assert [row["sale_id"] for row in house.rows("shop.small", "sale_id")] == [1, 3]


def test_what_a_warehouse_does_not_take_fails_the_run_and_comes_again_whole(house):
    house.land((1, "2026-03-01", 5.0))
    house.warehouse.fault = lambda statement: "S3 is not reached\nwith a value" if statement.startswith("COPY") else None
    with pytest.raises(Exception, match=r"shop\.sales: S3 is not reached$"):
        house.run("send", FIRST)
    assert house.rows("shop.sales", "sale_id") == []
    house.warehouse.fault = lambda statement: None
    house.land((2, "2026-03-02", 7.5))
    house.run("send", SECOND)
    assert [row["sale_id"] for row in house.rows("shop.sales", "sale_id")] == [1, 2]


def test_rows_with_a_key_take_the_place_of_those_before(house):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-02", 2.5))
    house.run("sum_up", FIRST)
    house.land((3, "2026-03-02", 1.0))
    house.run("sum_up", SECOND)
    days = [(row["day"], row["sales"], row["amount"]) for row in house.rows("days", "day")]
    assert days == [("2026-03-01", 1, 5.0), ("2026-03-02", 2, 3.5)]
    assert any(statement.startswith("MERGE INTO") for statement in house.warehouse.statements)


def test_a_table_without_a_key_is_what_the_last_run_gave(house):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-02", 2.5))
    house.run("total", FIRST)
    house.land((3, "2026-03-02", 1.0))
    house.run("total", SECOND)
    assert house.rows("totals", "1") == [{"shop": "main", "sales": 3, "amount": 8.5}]


def test_a_table_that_lacks_a_column_gets_it(house):
    house.land((1, "2026-03-01", 5.0))
    house.run("sum_up", FIRST)
    house.database.run("ALTER TABLE days DROP COLUMN amount")
    house.run("sum_up", SECOND)
    assert house.rows("days", "day") == [{"day": "2026-03-01", "sales": 1, "amount": 5.0}]


def test_a_route_goes_to_a_table_and_to_a_folder(house):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-01", 50.0))
    house.run("apart", FIRST)
    assert [row["sale_id"] for row in house.rows("shop.large", "sale_id")] == [2]


def test_a_job_that_is_tried_out_leaves_rows_in_a_folder(house):
    house.land((1, "2026-03-01", 5.0))
    house.run("send", FIRST, deployed=False)
    frame = house.home.session.read.parquet(str(house.folder / "sinks" / "all_sales"))
    assert [row.sale_id for row in frame.collect()] == [1]
    assert house.warehouse.statements == []


class Services:
    """Whatever a day's sums go to, for one test alone."""

    def __init__(self, aws, search, name):
        self.aws, self.search = aws, search
        sqs, sns, bus = aws.client("sqs"), aws.client("sns"), aws.client("events")
        self.queues = {one: aws.queue(f"{name}-{one}") for one in ("queued", "heard", "told")}
        ordered = {"FifoQueue": "true", "FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"}
        self.queues["in_order"] = sqs.create_queue(QueueName=f"{name}.fifo", Attributes=ordered)["QueueUrl"]
        arn = {one: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
               for one, url in self.queues.items()}  # fmt: skip
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["heard"], Attributes={"RawMessageDelivery": "true"})
        bus.create_event_bus(Name=name)
        bus.put_rule(Name=name, EventBusName=name, EventPattern='{"source": ["given"], "detail-type": ["tell"]}')
        bus.put_targets(Rule=name, EventBusName=name, Targets=[{"Id": "1", "Arn": arn["told"]}])
        aws.stream(name)
        self.name = name
        aws.client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "day", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "day", "AttributeType": "S"}])
        self.told = {
            "tell": {"kind": "events", "bus": name, "source": "given", "detail_type": "tell"},
            "hear": {"kind": "topic", "arn": topic},
            "stack": {"kind": "queue", "url": self.queues["queued"], "fifo": False, "key": []},
            "order": {"kind": "queue", "url": self.queues["in_order"], "fifo": True, "key": ["day"]},
            "pass": {"kind": "stream", "name": name, "key": "day"},
            "keep": {"kind": "items", "table": name, "key": ["day"], "keep_seconds": 86_400},
            "find": {"kind": "index", "endpoint": search.url, "index": "days", "key": ["day"]},
        }

    def messages(self, queue):
        found = [json.loads(body) for body in self.aws.drain(self.queues[queue])]
        return sorted((one.get("detail", one) for one in found), key=lambda row: row["day"])

    def records(self):
        kinesis, found = self.aws.client("kinesis"), []
        for shard in kinesis.list_shards(StreamName=self.name)["Shards"]:
            at = kinesis.get_shard_iterator(StreamName=self.name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
            found += kinesis.get_records(ShardIterator=at["ShardIterator"])["Records"]
        return {one["PartitionKey"]: json.loads(one["Data"]) for one in found}


@pytest.fixture
def services(aws, spark_home, build):
    with Search() as search:
        services = Services(aws, search, f"given-{uuid.uuid4().hex[:12]}")
        # What Spark's own processes find around them: the modules come by `--extra-py-files`.
        around = {**aws.environment(), "PYTHONPATH": str(build / "glue")}
        spark_home.session.sparkContext.environment.update(around)
        yield services


def sent(house, services, job, at=FIRST):
    """Runs a job that sends its rows."""
    (sink,) = re.findall(r'argument="sink__(\w+)"', (house.build / "glue" / f"{job}.py").read_text())
    told = base64.b64encode(json.dumps(services.told[job]).encode()).decode()
    house.run(job, at, deployed=False, more=[f"--sink_told__{sink}", told])


DAYS = [{"day": "2026-03-01", "sales": 1, "amount": 5.0, "last": "2026-03-01T10:00:00Z"},
        {"day": "2026-03-02", "sales": 2, "amount": 3.5, "last": "2026-03-02T10:00:00Z"}]  # fmt: skip


def test_jobs_send_rows_as_functions_do(house, services):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-02", 2.5), (3, "2026-03-02", 1.0))
    for job in services.told:
        sent(house, services, job)
    for queue in services.queues:
        assert services.messages(queue) == DAYS, queue
    assert services.records() == {row["day"]: row for row in DAYS}
    items = services.aws.client("dynamodb").scan(TableName=services.name)["Items"]
    assert sorted((one["day"]["S"], one["sales"]["N"], one["amount"]["N"]) for one in items) == [
        ("2026-03-01", "1", "5.00"), ("2026-03-02", "2", "3.50")]
    assert all(int(one["_until"]["N"]) > time.time() for one in items)
    documents = services.search.documents["days"]
    assert sorted(one["day"] for one in documents.values()) == ["2026-03-01", "2026-03-02"]
    assert all(one["_written_at"] > 0 for one in documents.values())
    names = {hashlib.sha256(json.dumps([row["day"]]).encode()).hexdigest() for row in DAYS}
    assert set(documents) == names, "as functions name them"
    # The same again: what has a key takes its own place.
    for job in ("keep", "find"):
        sent(house, services, job, SECOND)
    assert len(services.aws.client("dynamodb").scan(TableName=services.name)["Items"]) == len(documents) == 2


def test_rows_that_are_not_taken_come_again_and_fail_the_run_in_the_end(house, services):
    house.land((1, "2026-03-01", 5.0), (2, "2026-03-02", 2.5))
    refused = [429, 429]
    services.search.fault = lambda document: refused.pop() if refused and document["day"] == "2026-03-02" else None
    sent(house, services, "find")
    assert len(services.search.documents["days"]) == 2 and refused == []
    services.told["stack"]["url"] += "-gone"
    with pytest.raises(Exception, match="QueueDoesNotExist|NonExistentQueue"):
        sent(house, services, "stack")
    assert not (house.folder / "state-stack" / "stack.json").exists(), "the run was not good, and is repeated"
