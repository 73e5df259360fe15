"""What `pipec explain cost` says, summed up again from the Terraform of the build and the tables of prices alone."""

import csv
import json
import math
import re

import pytest
from support import pipec
from support.paths import EXAMPLES, ROOT

HOURS = 730
SECONDS = HOURS * 3600
DAYS = HOURS / 24
GIB = 2**30


def prices(region):
    """Dollars for one unit of each thing in a region."""
    found = {}
    with open(ROOT / "stdlib/prices/aws.csv", newline="") as table:
        for row in csv.DictReader(table):
            if row["region"] in (region, "*"):
                found[row["item"]] = float(row["usd"]) / float(row["per"])
    return found


def blocks(build, kind):
    """The text of every resource of a type, by its label."""
    found = {}
    for path in sorted((build / "terraform").glob("*.tf")):
        pattern = rf'^resource "{kind}" "(\w+)" {{\n(.*?)^}}'
        found.update(re.findall(pattern, path.read_text(), re.MULTILINE | re.DOTALL))
    return found


def number(block, name):
    return float(re.search(rf"^ +{name} += (\d+)$", block, re.MULTILINE)[1])


def explained(example):
    return json.loads(pipec.pipec("explain", "cost", "--project", EXAMPLES / example, "--json").ok().out)


def bound(lines, which, *items):
    return sum(line["usd"][which] for line in lines if line["price_of"] in items)


def close(one, other):
    return one == pytest.approx(other, rel=1e-9, abs=1e-9)


def standing(build, price):
    """What is paid for because it is there, the same at both bounds."""
    alarms = blocks(build, "aws_cloudwatch_metric_alarm").values()
    metrics = sum(max(1, len(re.findall(r"^ +metric {$", alarm, re.MULTILINE))) for alarm in alarms)
    zones = sum(block.count("aws_subnet.") for block in blocks(build, "aws_vpc_endpoint").values()
                if '"Interface"' in block)
    return {
        "cloudwatch.alarm_month": metrics * price["cloudwatch.alarm_month"],
        "cloudwatch.dashboard_month": len(blocks(build, "aws_cloudwatch_dashboard")) * price["cloudwatch.dashboard_month"],
        "secrets.secret_month": len(blocks(build, "aws_secretsmanager_secret")) * price["secrets.secret_month"],
        "vpc.endpoint_hour": zones * HOURS * price["vpc.endpoint_hour"],
        "vpc.nat_hour": len(blocks(build, "aws_nat_gateway")) * HOURS * price["vpc.nat_hour"],
        "vpc.address_hour": len(blocks(build, "aws_eip")) * HOURS * price["vpc.address_hour"],
    }


def deliveries(build, rows, size, kept):
    """GiB that delivery streams take in, and that they convert: records are rounded up to 5 KiB."""
    gib = rows * SECONDS * math.ceil(size / 5120) * 5120 / GIB
    streams = {label: block for label, block in blocks(build, "aws_kinesis_firehose_delivery_stream").items()
               if not label.endswith("_quarantine")}
    came = sum(gib for label in streams if label in kept)
    converted = sum(gib for label, block in streams.items()
                    if label in kept and "data_format_conversion_configuration" in block)
    return came, converted


def test_clickstream_costs_what_its_terraform_says(clickstream):
    build, price, said = clickstream, prices("eu-west-1"), explained("clickstream")
    lines = said["lines"]
    rows, size = 500, 600
    stream = blocks(build, "aws_kinesis_stream")["clicks"]
    came, converted = deliveries(build, rows, size, ["clicks_landing", "clean"])
    day = rows * size * 86400 / GIB
    function = blocks(build, "aws_lambda_function")["clicks"]
    batches = rows * SECONDS / 500
    job = blocks(build, "aws_glue_job")["daily_pages"]
    low = standing(build, price) | {
        "kinesis.shard_hour": number(stream, "shard_count") * HOURS * price["kinesis.shard_hour"],
        "kinesis.put_unit": rows * SECONDS * price["kinesis.put_unit"],
        "firehose.in_gib": came * price["firehose.in_gib"],
        "firehose.converted_gib": converted * price["firehose.converted_gib"],
        "firehose.partitioned_gib": 0.05 * rows * size * SECONDS / GIB * price["firehose.partitioned_gib"],
        "kms.key_month": price["kms.key_month"],
        "glue.dpu_hour": DAYS / 60 * 2 * price["glue.dpu_hour"],
        # A twentieth of what came, in both zones that keep all of it.
        "s3.standard_gib_month": 0.05 * day * (30 + 180) * price["s3.standard_gib_month"],
        "s3.put": 2 * 0.05 * day * DAYS * GIB / 2**27 * price["s3.put"],
        "lambda.gb_second.x86_64": batches * 0.001 * number(function, "memory_size") / 1024 * price["lambda.gb_second.x86_64"],
    }
    for item, usd in low.items():
        assert close(bound(lines, "low", item), usd), item
    high = standing(build, price) | {
        "glue.dpu_hour": DAYS * number(job, "timeout") / 60 * number(job, "number_of_workers") * price["glue.dpu_hour"],
        "kms.key_month": 3 * price["kms.key_month"],
        # All that may run at once does, all the time.
        "lambda.gb_second.x86_64": 2 * SECONDS * number(function, "memory_size") / 1024 * price["lambda.gb_second.x86_64"],
        "athena.scanned_tib": 100 * 10 / 1024 * price["athena.scanned_tib"],
    }
    for item, usd in high.items():
        assert close(bound(lines, "high", item), usd), item
    others = {"lambda.request", "lambda.gb_second.arm64", "scheduler.start", "states.transition"}
    rest = bound(lines, "low", *others)
    assert rest < 1 and close(said["usd"]["low"], sum(low.values()) + rest)


def test_a_lakehouse_costs_what_its_terraform_says(tmp_path):
    build = pipec.build(EXAMPLES / "batch-lakehouse", tmp_path / "build")
    price, said = prices("eu-west-1"), explained("batch-lakehouse")
    lines = said["lines"]
    day = 200
    rests = {"s3.standard_gib_month": 30, "s3.infrequent_gib_month": 60, "s3.intelligent_archive_gib_month": 90,
             "s3.archive_gib_month": 1095 - 180}
    low = standing(build, price) | {item: day * days * price[item] for item, days in rests.items()}
    low["s3.watched_object_month"] = day * 180 * GIB / 2**27 * price["s3.watched_object_month"]
    low["kms.key_month"] = price["kms.key_month"]
    for item, usd in low.items():
        assert close(bound([line for line in lines if line["item"] != "dataset raw.weather"], "low", item), usd), item
    # Two halves of a minute each for the job with a container, one for the other; nothing promises that files arrive.
    assert close(bound(lines, "low", "glue.dpu_hour"), DAYS / 60 * 2 * (2 + 1) * price["glue.dpu_hour"])
    assert said["usd"]["low"] < sum(low.values()) + 5
    assert said["usd"]["low"] <= said["budget"] == 2000


@pytest.mark.parametrize("example", ["clickstream", "batch-lakehouse", "data-pipeline", "starter"])
def test_every_line_is_its_factors_times_its_price(example):
    said = explained(example)
    price = prices(said["region"])
    total = {"low": 0.0, "high": 0.0}
    for line in said["lines"]:
        for which, item in (("low", "price_of"), ("high", "high_price_of")):
            usd = math.prod(factor[which] for factor in line["factors"]) * price[line[item]]
            assert close(line["usd"][which], usd), line
            total[which] += usd
    assert close(said["usd"]["low"], total["low"]) and close(said["usd"]["high"], total["high"])


def test_a_change_is_told_item_by_item(tmp_path):
    before = (EXAMPLES / "clickstream/clickstream.pipe").read_text()
    (tmp_path / "clickstream.pipe").write_text(before.replace("shards = 2", "shards = 3"))
    answer = pipec.pipec("explain", "cost", "--project", tmp_path, "--against", EXAMPLES / "clickstream", "--json")
    said = json.loads(answer.ok().out)
    assert [change["item"] for change in said["items"]] == ["source clicks"]
    grown = said["now"]["low"] - said["before"]["low"]
    assert close(round(grown, 6), round(HOURS * prices("eu-west-1")["kinesis.shard_hour"], 6))
    text = pipec.pipec("explain", "cost", "--project", tmp_path, "--against", EXAMPLES / "clickstream").ok().out
    assert "source clicks: +12.41 at least" in text


def test_a_build_claims_what_is_explained(clickstream):
    said = explained("clickstream")
    evidence = json.loads((clickstream / "evidence.json").read_text())
    (claim,) = [one for one in evidence["claims"] if one["kind"] == "cost"]
    told = {which: round(said["usd"][which], 2) for which in ("low", "high")}
    assert {which: claim[which] for which in told} == told and claim["budget"] == said["budget"] == 600
    assert {item["item"] for item in claim["items"]} == {line["item"] for line in said["lines"]}
    assert {line["resource"] for line in said["lines"]} <= set(claim["rests_on"])
