"""Firehose with its limits and faults, moto behind the same address, and the delivery of what was put."""

import base64
import datetime as dt
import gzip
import json

import boto3
import pytest
from botocore.config import Config
from support.events import REGION
from support.firehose import Delivery, deliveries, expand, query_keys
from support.gateway import Gateway

AT = dt.datetime(2026, 1, 4, 5, 6, 7, tzinfo=dt.UTC)


@pytest.fixture
def gateway(aws):
    with Gateway(aws, {"clean"}) as there:
        yield there


@pytest.fixture
def client(gateway):
    def make(service):
        return boto3.client(
            service, endpoint_url=gateway.url, region_name=REGION, aws_access_key_id="t", aws_secret_access_key="t",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}))

    return make


def test_what_is_put_is_kept_in_order(gateway, client):
    answer = client("firehose").put_record_batch(
        DeliveryStreamName="clean", Records=[{"Data": str(n).encode()} for n in range(500)])
    assert answer["FailedPutCount"] == 0
    client("firehose").put_record(DeliveryStreamName="clean", Record={"Data": b"last"})
    assert gateway.records["clean"] == [str(n).encode() for n in range(500)] + [b"last"]
    assert gateway.batches == [("clean", 500), ("clean", 1)]


def test_the_limits_are_those_of_the_service(gateway, client):
    firehose = client("firehose")
    with pytest.raises(firehose.exceptions.ClientError, match="ValidationException"):
        firehose.put_record_batch(DeliveryStreamName="clean", Records=[{"Data": b"x"}] * 501)
    with pytest.raises(firehose.exceptions.InvalidArgumentException):
        firehose.put_record_batch(DeliveryStreamName="clean", Records=[{"Data": b"x" * 1_000_000}] * 5)
    with pytest.raises(firehose.exceptions.InvalidArgumentException):
        firehose.put_record_batch(DeliveryStreamName="clean", Records=[{"Data": b"x" * 1_025_000}])
    with pytest.raises(firehose.exceptions.ResourceNotFoundException):
        firehose.put_record_batch(DeliveryStreamName="other", Records=[{"Data": b"x"}])
    assert not gateway.records["clean"]


def test_faults_hit_single_records_and_whole_batches(gateway, client):
    firehose = client("firehose")
    gateway.fault = lambda stream, records: {n for n, record in enumerate(records) if record == b"b"}
    answer = firehose.put_record_batch(DeliveryStreamName="clean", Records=[{"Data": b"a"}, {"Data": b"b"}])
    assert answer["FailedPutCount"] == 1
    assert answer["RequestResponses"][1]["ErrorCode"] == "ServiceUnavailableException"
    assert gateway.records["clean"] == [b"a"]
    gateway.fault = lambda *_: "ServiceUnavailableException"
    with pytest.raises(firehose.exceptions.ServiceUnavailableException):
        firehose.put_record_batch(DeliveryStreamName="clean", Records=[{"Data": b"c"}])
    assert gateway.records["clean"] == [b"a"]


def test_everything_else_is_moto(aws, client):
    bucket = aws.bucket("support-gateway")
    client("s3").put_object(Bucket=bucket, Key="a/é b", Body=b"x" * 100_000)
    assert client("s3").head_object(Bucket=bucket, Key="a/é b")["ContentLength"] == 100_000
    assert client("s3").get_object(Bucket=bucket, Key="a/é b")["Body"].read() == b"x" * 100_000
    assert aws.keys(bucket, "a/") == ["a/é b"]
    url = client("sqs").create_queue(QueueName="support-gateway")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="m")
    assert aws.drain(url) == ["m"]


TABLE = {"name": "clicks", "database_name": "processed", "storage_descriptor": [{"columns": [
    {"name": "page", "type": "string"}, {"name": "amount", "type": "decimal(12,2)"}]}]}


def stream(**more):
    """The values of a delivery stream as terraform shows them."""
    return {"extended_s3_configuration": [{
        "bucket_arn": "arn:aws:s3:::support-delivery",
        "prefix": "clicks/day=!{partitionKeyFromQuery:day}/",
        "error_output_prefix": "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
        "processing_configuration": [{"processors": [{"type": "MetadataExtraction", "parameters": [
            {"parameter_name": "MetadataExtractionQuery", "parameter_value": "{day:.day}"},
            {"parameter_name": "JsonParsingEngine", "parameter_value": "JQ-1.6"}]}]}],
        "data_format_conversion_configuration": [{
            "enabled": True, "schema_configuration": [{"database_name": "processed", "table_name": "clicks"}],
            "input_format_configuration": [{"deserializer": [{"hive_json_ser_de": [{"timestamp_formats": None}]}]}]}],
        **more}]}


def test_a_delivery_is_converted_and_partitioned(aws, spark):
    aws.bucket("support-delivery")
    rows = [{"day": f"2026-01-0{1 + n % 2}", "page": "/é", "amount": "1.50"} for n in range(10)]
    records = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
    records += [b'{"day":"2026-01-01","page":"x"', b'{"page":"no day"}', b'{"day":"2026-01-02","page":{"a":']
    delivery = Delivery.from_terraform(stream(), TABLE)
    played = delivery.play(aws, spark, records, AT)
    assert (played.delivered, played.failed) == (10, 3)
    found = spark.read.parquet("s3://support-delivery/clicks/")
    assert found.groupBy("day").agg({"amount": "sum"}).orderBy("day").collect() == [
        (dt.date(2026, 1, 1), 7.5), (dt.date(2026, 1, 2), 7.5)]
    assert not [key for key in aws.keys("support-delivery") if key.endswith("_SUCCESS")]
    delivery.play(aws, spark, records[:2], AT)
    assert spark.read.parquet("s3://support-delivery/clicks/").count() == 12, "deliveries add up"
    told = [json.loads(line) for key in aws.keys("support-delivery", "errors/processing-failed/2026/01/04/")
            for line in aws.client("s3").get_object(Bucket="support-delivery", Key=key)["Body"].read().splitlines()]
    assert sorted(base64.b64decode(one["rawData"]) for one in told) == sorted(records[10:])


def test_what_the_serde_refuses_goes_to_the_error_prefix(aws, spark):
    aws.bucket("support-delivery")
    table = {"name": "clicks", "storage_descriptor": [{"columns": [{"name": "at", "type": "timestamp"}]}]}
    records = [b'{"day":"1","at":"2026-01-01 00:00:00.000001"}', b'{"day":"1","at":"2026-01-01T00:00:00Z"}']
    played = Delivery.from_terraform(stream(prefix="at/!{partitionKeyFromQuery:day}/"), table).play(aws, spark, records, AT)
    assert (played.delivered, played.failed) == (1, 1)
    [key] = aws.keys("support-delivery", "errors/format-conversion-failed/2026/01/04/")
    told = json.loads(aws.client("s3").get_object(Bucket="support-delivery", Key=key)["Body"].read())
    assert base64.b64decode(told["rawData"]) == records[1]
    assert "Timestamp format" in told["ErrorMessage"]


def test_a_delivery_without_conversion_is_what_arrived(aws):
    bucket = aws.bucket("support-raw")
    [s3] = stream(prefix="raw/", compression_format="GZIP", data_format_conversion_configuration=[])[
        "extended_s3_configuration"]
    s3 |= {"bucket_arn": f"arn:aws:s3:::{bucket}",
           "processing_configuration": [{"processors": [{"type": "AppendDelimiterToRecord", "parameters": []}]}]}
    Delivery.from_terraform({"extended_s3_configuration": [s3]}).play(aws, None, [b"a", b"{"], AT)
    [key] = aws.keys(bucket, "raw/2026/01/04/05/")
    assert gzip.decompress(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()) == b"a\n{\n"


def test_every_delivery_of_a_build_is_found_with_its_table():
    state = {"values": {"root_module": {"resources": [
        {"mode": "managed", "type": "aws_kinesis_firehose_delivery_stream", "values": {"name": "a", **stream()}},
        {"mode": "managed", "type": "aws_kinesis_firehose_delivery_stream", "values": {
            "name": "b", **stream(data_format_conversion_configuration=[], file_extension=".jsonl.gz")}},
        {"mode": "managed", "type": "aws_glue_catalog_table", "values": TABLE},
        {"mode": "managed", "type": "aws_glue_catalog_table", "values": {
            "name": "clicks", "database_name": "raw", "storage_descriptor": [{"columns": [{"name": "x", "type": "string"}]}]}},
    ]}}}
    found = deliveries(state)
    assert found["a"].columns == [("page", "string"), ("amount", "decimal(12,2)")]
    assert found["a"].keys == {"day": "day"}
    assert (found["b"].columns, found["b"].extension) == (None, ".jsonl.gz")


def test_prefixes_and_queries():
    assert expand("a/!{timestamp:yyyy-MM-dd}/!{firehose:error-output-type}/", AT, {}, "x") == "a/2026-01-04/x/"
    assert expand("a/day=!{partitionKeyFromQuery:day}/", AT, {"day": "1"}) == "a/day=1/"
    assert query_keys('{day: .day, "kind":.k}') == {"day": "day", "kind": "k"}
    for wrong in ("{day: .at | strftime}", ".day", "{day}"):
        with pytest.raises(ValueError, match="plain fields"):
            query_keys(wrong)
