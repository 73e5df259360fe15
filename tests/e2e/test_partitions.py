"""What registers partitions for warehouses: the function on moto's catalog and S3."""

import json

import pytest
from support.aws import CREDENTIALS
from test_functions import load_operations

COLUMNS = [{"Name": "sale_id", "Type": "bigint"}]
KEYS = [{"Name": "day", "Type": "date"}, {"Name": "kind", "Type": "string"}]


@pytest.fixture
def place(aws, monkeypatch, request):
    """A table of two keys, with nothing in it."""
    name = "part-" + request.node.name.replace("_", "-")[5:40].strip("-")
    bucket, s3, glue = aws.bucket(name), aws.client("s3"), aws.client("glue")
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(DatabaseName=name, TableInput={"Name": "sales", "PartitionKeys": KEYS, "StorageDescriptor": {
        "Columns": COLUMNS, "Location": f"s3://{bucket}/sales/", "InputFormat": "in", "SerdeInfo": {"SerializationLibrary": "s"}}})
    known = {"processed.sales": {"bucket": bucket, "prefix": "sales/", "database": name, "table": "sales", "partition": ["day", "kind"]}}
    told = aws.bucket(f"{name}-told")
    s3.put_bucket_versioning(Bucket=told, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=told, Key="ops/partitions.json", Body=json.dumps(known))["VersionId"]
    for variable, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.url, "CONFIGURATION_BUCKET": told,
                            "CONFIGURATION_KEY": "ops/partitions.json", "CONFIGURATION_VERSION": version}.items():
        monkeypatch.setenv(variable, value)
    return Place(s3, glue, bucket, name, load_operations("partitions"))


class Place:
    def __init__(self, s3, glue, bucket, database, function):
        self.s3, self.glue, self.bucket, self.database, self.function = s3, glue, bucket, database, function

    def put(self, *keys):
        for key in keys:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"x")

    def start(self, **event):
        return self.function.handler(event, None)["processed.sales"]

    def known(self) -> dict[tuple[str, ...], str]:
        found = self.glue.get_partitions(DatabaseName=self.database, TableName="sales")["Partitions"]
        return {tuple(one["Values"]): one["StorageDescriptor"]["Location"].removeprefix(f"s3://{self.bucket}/") for one in found}


def test_a_file_makes_its_partition_known_once_and_what_is_no_partition_nothing(place):
    first = "sales/day=2026-01-01/kind=a%2Fb c/part-0.parquet"
    assert [place.start(dataset="processed.sales", key=first)["new"] for _ in range(2)] == [1, 0]
    for key in ["sales/_state.json", "sales/day=2026-01-01/part-0.parquet", "sales/kind=x/day=2026-01-01/p", "sales/day=2026-01-01/kind=x/deep/p"]:
        assert place.start(dataset="processed.sales", key=key)["new"] == 0
    assert place.known() == {("2026-01-01", "a/b c"): "sales/day=2026-01-01/kind=a%2Fb c/"}
    (made,) = place.glue.get_partitions(DatabaseName=place.database, TableName="sales")["Partitions"]
    assert made["StorageDescriptor"]["Columns"] == COLUMNS, "read as the table is"


def test_once_a_day_what_was_missed_is_registered_and_what_was_purged_forgotten(place):
    keys = [f"sales/day=2026-01-{day:02}/kind={kind}/part" for day in range(1, 29) for kind in "abcd"]
    place.put(*keys, "sales/temporary/x", "others/day=2026-01-01/kind=a/part")
    assert place.start() == {"new": 112, "forgotten": 0}
    assert place.start() == {"new": 0, "forgotten": 0}
    for key in keys[:30]:
        place.s3.delete_object(Bucket=place.bucket, Key=key)
    assert place.start() == {"new": 0, "forgotten": 30}
    assert len(place.known()) == 82 and ("2026-01-01", "a") not in place.known()


def test_a_catalog_that_refuses_is_an_error(place):
    place.glue.delete_table(DatabaseName=place.database, Name="sales")
    with pytest.raises(Exception, match="EntityNotFound"):
        place.start(dataset="processed.sales", key="sales/day=2026-01-01/kind=a/part")
