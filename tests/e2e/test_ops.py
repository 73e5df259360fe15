"""The operations functions on moto's S3, as they stand in the build."""

import datetime
import importlib.util
import json

import pytest
from support.aws import CREDENTIALS

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


@pytest.fixture
def place(aws, monkeypatch, request):
    """A bucket of the test's own, and the function's environment."""
    bucket = aws.bucket("ops-" + request.node.name.replace("_", "-")[:50].strip("-"))
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.url,
                        "PLATFORM": "clickstream-test", "CONFIGURATION_BUCKET": bucket,
                        "CONFIGURATION_KEY": "ops/configuration.json"}.items():
        monkeypatch.setenv(name, value)

    def configure(*places):
        body = json.dumps({"places": [{"bucket": bucket, "kind": "dataset", "day_column": None, **one} for one in places]})
        aws.client("s3").put_object(Bucket=bucket, Key="ops/configuration.json", Body=body)

    configure.bucket = bucket
    return configure


def load(build, name):
    spec = importlib.util.spec_from_file_location(name, build / "ops" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def emitted(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_freshness_is_the_age_of_the_newest_object(clickstream, aws, place, capsys):
    s3 = aws.client("s3")
    for day in ("2026-01-01", "2026-01-02"):
        s3.put_object(Bucket=place.bucket, Key=f"clicks/day={day}/part-0.parquet", Body=b"x")
    place({"name": "processed.clicks", "prefix": "clicks/", "days": 183}, {"name": "raw.empty", "prefix": "none/", "days": 3},
          {"name": "errors", "kind": "copy", "prefix": "clicks/", "days": 3})
    ages = load(clickstream, "freshness_probe").handler({}, None)
    assert set(ages) == {"processed.clicks"}, "what has no object has no age, and copies have none"
    assert 0 <= ages["processed.clicks"] < 60
    (record,) = emitted(capsys)
    directive = record["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Pipec" and directive["Dimensions"] == [["Platform", "Dataset"]]
    assert record["Dataset"] == "processed.clicks" and record["Platform"] == "clickstream-test"
    assert record["AgeSeconds"] == pytest.approx(ages["processed.clicks"], abs=0.01)


def test_empty_markers_of_folders_are_not_rows(clickstream, aws, place):
    aws.client("s3").put_object(Bucket=place.bucket, Key="clicks_marker/day=2026-01-01/", Body=b"")
    place({"name": "d", "prefix": "clicks_marker/", "days": 3})
    assert load(clickstream, "freshness_probe").handler({}, None) == {}


def version(key, days, *, latest=True, marker=False):
    return {"Key": key, "IsLatest": latest, "LastModified": NOW - datetime.timedelta(days=days), "marker": marker}


@pytest.mark.parametrize(("place", "entries", "expected"), [
    ({"days": 33, "day_column": None}, [version("a", 34), version("b", 32)], 1),
    ({"days": 33, "day_column": None}, [version("a", 1, marker=True), version("a", 34, latest=False)], 0),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True), version("a", 34, latest=False)], 1),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True)], 1),
    ({"days": 33, "day_column": None}, [version("a", 2, marker=True), version("b", 1)], 0),
    ({"days": 33, "day_column": None}, [version("a", 4, marker=True), version("b", 1)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-01-01/p", 0)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-02-20/p", 90)], 0),
    ({"days": 33, "day_column": "day"}, [version("t/day=2026-02-20/p", 4), version("t/day=2026-02-20/p", 90, latest=False)], 1),
    ({"days": 33, "day_column": "day"}, [version("t/other", 90)], 0),
], ids=["old", "hidden today", "hidden long ago", "marker alone", "young marker", "marker before another", "old day",
        "young day", "replaced long ago", "no day"])
def test_what_is_overdue(clickstream, monkeypatch, place, entries, expected):
    module = load(clickstream, "purge_verifier")
    monkeypatch.setattr(module, "versions", lambda *_: iter(entries))
    assert module.overdue(None, {"bucket": "b", "prefix": "", **place}, NOW) == expected


def test_versions_and_markers_are_counted(clickstream, aws, place, capsys):
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    old, young = "t/day=2020-01-01/p", f"t/day={datetime.date.today()}/p"
    for key in (old, old, young):
        s3.put_object(Bucket=place.bucket, Key=key, Body=b"x")
    s3.delete_object(Bucket=place.bucket, Key=young)
    place({"name": "curated.t", "prefix": "t/", "days": 33, "day_column": "day"}, {"name": "none", "prefix": "u/", "days": 1})
    counts = load(clickstream, "purge_verifier").handler({}, None)
    assert counts == {"curated.t": 1, "none": 0}, "the old day is there; what hides since today is not late"
    records = emitted(capsys)
    assert [record.get("Dataset") for record in records] == ["curated.t", "none", None]
    assert records[-1]["OverdueObjects"] == 1
    assert records[-1]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Platform"]]
