"""The runtime API, driven by a bootstrap of a few lines: what it hands out, and how a function may end."""

import sys

import pytest
from support import events
from support.lambda_api import PAYLOAD_LIMIT, Function, RequestTooLarge

BOOTSTRAP = '''
import json, os, sys, time, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
def post(path, body):
    try:
        urllib.request.urlopen(urllib.request.Request(api + path, body, method="POST")).read()
    except urllib.error.HTTPError as refused:
        print("refused", refused.code, flush=True)
if os.environ.get("FAIL") == "init":
    post("/init/error", b'{"errorType":"Config","errorMessage":"no BUCKET"}')
    sys.exit(1)
if os.environ.get("FAIL") == "start":
    sys.exit(3)
served = 0
while True:
    with urllib.request.urlopen(api + "/invocation/next") as answer:
        event, headers = json.loads(answer.read()), answer.headers
    served += 1
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    print("serving", request, flush=True)
    if event.get("crash"):
        os._exit(7)
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("fail"):
        post(f"/invocation/{request}/error", b'{"errorType":"Boom","errorMessage":"as asked"}')
        continue
    left = int(headers["Lambda-Runtime-Deadline-Ms"]) / 1000 - time.time()
    answer = {"served": served, "event": event, "left": left, "arn": headers["Lambda-Runtime-Invoked-Function-Arn"],
              "region": os.environ["AWS_REGION"], "home": os.environ.get("HOME"), "big": "x" * event.get("big", 0)}
    post(f"/invocation/{request}/response", json.dumps(answer).encode())
'''


@pytest.fixture
def bootstrap(tmp_path):
    path = tmp_path / "bootstrap.py"
    path.write_text(BOOTSTRAP)
    return [sys.executable, path]


def test_an_event_goes_in_and_an_answer_comes_back(bootstrap):
    with Function(bootstrap, name="clean", timeout=20, env={"AWS_REGION": "eu-central-1"}) as function:
        first = function.invoke({"a": "é"}).ok()
        assert first["event"] == {"a": "é"}
        assert first["arn"].endswith(":function:clean")
        assert 15 < first["left"] <= 20
        assert first["region"] == "eu-central-1"
        assert first["home"] is None, "only what the service sets may be seen"
        assert function.invoke({}).ok()["served"] == 2, "one process serves one invocation after another"
        assert function.starts == 1
        assert function.logs().count("serving") == 2


def test_a_reported_error_is_the_result_and_the_sandbox_stays(bootstrap):
    with Function(bootstrap) as function:
        result = function.invoke({"fail": True})
        assert (result.payload, result.error["errorType"]) == (None, "Boom")
        assert function.invoke({}).ok()["served"] == 2


def test_a_crash_is_reported_and_the_next_invocation_starts_afresh(bootstrap):
    with Function(bootstrap) as function:
        function.invoke({})
        assert function.invoke({"crash": True}).error == {
            "errorType": "Runtime.ExitError", "errorMessage": "Runtime exited with status 7"}
        assert function.invoke({}).ok()["served"] == 1
        assert function.starts == 2


def test_a_timeout_ends_the_sandbox(bootstrap):
    with Function(bootstrap, timeout=0.5) as function:
        result = function.invoke({"sleep": 60})
        assert result.error["errorType"] == "Sandbox.Timedout"
        assert result.seconds < 5
        assert function.invoke({}).ok()["served"] == 1


@pytest.mark.parametrize(("where", "error"), [("init", "Config"), ("start", "Runtime.ExitError")])
def test_a_function_that_does_not_start_says_why(bootstrap, where, error):
    with Function(bootstrap, env={"FAIL": where}) as function:
        assert function.invoke({}).error["errorType"] == error


def test_six_megabytes_are_the_limit_both_ways(bootstrap):
    with Function(bootstrap) as function:
        with pytest.raises(RequestTooLarge):
            function.invoke(b" " * PAYLOAD_LIMIT + b"{}")
        assert function.invoke(b" " * (PAYLOAD_LIMIT - 2) + b"{}").error is None
        assert function.invoke({"big": PAYLOAD_LIMIT}).error["errorType"] == "Function.ResponseSizeTooLarge"
        assert function.invoke({}).error is None
        assert "refused 413" in function.logs()


def test_a_kinesis_event_has_the_documented_shape():
    event = events.kinesis(["a", b"b", {"c": 1}], arrivals=[1.0, 2.5, 3.0], shard="shardId-000000000006")
    record = event["Records"][1]
    assert set(record) == {"kinesis", "eventSource", "eventVersion", "eventID", "eventName", "invokeIdentityArn",
                           "awsRegion", "eventSourceARN"}
    assert record["kinesis"] == {
        "kinesisSchemaVersion": "1.0", "partitionKey": "1", "sequenceNumber": events.sequences(event)[1],
        "data": "Yg==", "approximateArrivalTimestamp": 2.5}
    assert record["eventID"] == f"shardId-000000000006:{events.sequences(event)[1]}"
