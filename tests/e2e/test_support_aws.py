"""The moto server: the parts of it that the tests lean on do what AWS does."""

import json
import time


def test_objects_streams_and_queues(aws):
    bucket = aws.bucket("support-aws")
    assert aws.bucket(bucket) == bucket, "making it twice is no error"
    for n in range(3):
        aws.client("s3").put_object(Bucket=bucket, Key=f"a/day=2026-01-0{n}/é {n}", Body=b"x")
    assert aws.keys(bucket, "a/day=2026-01-01") == ["a/day=2026-01-01/é 1"]
    aws.stream("support-aws", shards=2)
    assert aws.put_records("support-aws", [b"x"] * 1_001) == 1_001
    url = aws.queue("support-aws")
    for n in range(25):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=str(n))
    assert sorted(map(int, aws.drain(url))) == list(range(25))
    assert aws.drain(url) == []


def test_state_machines_are_run(aws):
    states = aws.client("stepfunctions")
    definition = {"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "End": True,
        "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "Parameters": {"got.$": "$"}, "End": True}}},
    }}}
    machine = states.create_state_machine(
        name="support", definition=json.dumps(definition), roleArn="arn:aws:iam::123456789012:role/states")
    run = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="[1, 2]")
    end = time.monotonic() + 60
    while (told := states.describe_execution(executionArn=run["executionArn"]))["status"] == "RUNNING":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert told["status"] == "SUCCEEDED", told
    assert json.loads(told["output"]) == [{"got": 1}, {"got": 2}]
