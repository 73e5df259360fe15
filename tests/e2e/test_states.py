"""State machines: asl-validator of the files, and their control flow on moto's interpreter with jobs that do as told.

What is run is what is deployed, filled in as Terraform does it; only the waits are shortened.
"""

import json
import re
import time
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)
from support import lint, pipec
from support.paths import ROOT

ROLE = "arn:aws:iam::123456789012:role/states"


class Jobs:
    """AWS Glue as the interpreter calls it: each start takes the next state from the list, or raises it."""

    def __init__(self, *states):
        self.states = list(states)
        self.started = []
        self.runs = {}

    def start_job_run(self, **asked):
        self.started.append(asked)
        state = self.states.pop(0)
        if isinstance(state, Exception):
            raise state
        self.runs[f"jr_{len(self.started)}"] = state
        return {"JobRunId": f"jr_{len(self.started)}"}

    def get_job_run(self, JobName, RunId):
        return {"JobRun": {"Id": RunId, "JobRunState": self.runs[RunId]}}


def rendered(build, schedule="nightly", **variables) -> dict:
    """The definition as Terraform's `templatefile` fills it in."""
    text = (build / "states" / f"{schedule}.asl.json").read_text()
    values = {"partition": "aws", "job_daily_pages": "clickstream-test-daily-pages", "topic": "unused", **variables}
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda name: values[name[1]], text))


def hurried(state):
    """The same machine, with waits of a second."""
    if isinstance(state, dict):
        short = {"IntervalSeconds": 1, "MaxDelaySeconds": 2, "BackoffRate": 1.0, "Seconds": 1, "WaitTimeSeconds": 1}
        return {key: short.get(key, hurried(value)) for key, value in state.items()}
    return [hurried(entry) for entry in state] if isinstance(state, list) else state


def waited(self, env, resource_runtime_part, normalised_parameters, state_credentials):
    """What `.sync` does once a job is started. moto's own loop fails where no task token is waited for."""
    resolver = self._build_sync_resolver(env, resource_runtime_part, normalised_parameters, state_credentials)
    env.stack.append(resolver())


def run(build, jobs: Jobs, given: dict, schedule="nightly", **variables):
    """Runs the machine to its end: how it ended, and what was published."""
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), \
            mock.patch.multiple(StateTaskServiceGlue, _get_glue_client=lambda *_, **__: jobs, _eval_integration_pattern=waited):
        sns, sqs, states = (boto3.client(name, region_name="eu-west-1") for name in ("sns", "sqs", "stepfunctions"))
        topic = sns.create_topic(Name="operations")["TopicArn"]
        queue = sqs.create_queue(QueueName="mails")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
        machine = states.create_state_machine(
            name="nightly", roleArn=ROLE, definition=json.dumps(hurried(rendered(build, schedule, topic=topic, **variables))))
        started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))
        end = time.monotonic() + 120
        while (told := states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"][0])["status"] == "RUNNING":
            assert time.monotonic() < end
            time.sleep(0.1)
        if told["status"] == "FAILED":
            told = states.describe_execution(executionArn=started["executionArn"])
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return told, [json.loads(message["Body"]) for message in messages]


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


def test_the_validator_finds_nothing(clickstream):
    assert lint.state_machine(rendered(clickstream)) == []


def test_a_good_run(clickstream):
    jobs = Jobs("SUCCEEDED")
    told, published = run(clickstream, jobs, {"run_at": "2026-01-03T01:15:00Z"})
    assert told["status"] == "SUCCEEDED"
    assert jobs.started == [{"JobName": "clickstream-test-daily-pages", "Arguments": {"--run_at": "2026-01-03T01:15:00Z"}}]
    assert published == []


def test_a_run_by_hand_is_at_its_start(clickstream):
    jobs = Jobs("SUCCEEDED")
    told, _ = run(clickstream, jobs, {})
    assert told["status"] == "SUCCEEDED"
    # AWS gives the time as text, moto as Python's own.
    assert str(jobs.started[0]["Arguments"]["--run_at"]).startswith("20")


def test_a_failure_is_tried_again(clickstream):
    jobs = Jobs("FAILED", "SUCCEEDED")
    told, published = run(clickstream, jobs, {"run_at": "2026-01-03T01:15:00Z"})
    assert told["status"] == "SUCCEEDED"
    assert len(jobs.started) == 2 and jobs.started[0] == jobs.started[1], "a retry is for the same time"
    assert published == []


def test_what_always_fails_is_told_and_fails(clickstream):
    jobs = Jobs(*["FAILED"] * 10)
    told, published = run(clickstream, jobs, {"run_at": "2026-01-03T01:15:00Z"})
    assert told["status"] == "FAILED"
    assert told["error"] == "ScheduleFailed"
    assert len(jobs.started) == 4, "once, and three times more"
    (message,) = published
    assert message["schedule"] == "nightly" and message["run_at"] == "2026-01-03T01:15:00Z"
    assert message["execution"] == told["executionArn"] and message["failure"]["Error"] == "States.TaskFailed"


def test_a_run_that_still_goes_on_is_waited_for(clickstream):
    busy = ClientError({"Error": {"Code": "ConcurrentRunsExceededException", "Message": "busy"}}, "StartJobRun")
    jobs = Jobs(busy, busy, busy, busy, "SUCCEEDED")
    told, published = run(clickstream, jobs, {"run_at": "2026-01-03T01:15:00Z"})
    assert told["status"] == "SUCCEEDED"
    assert len(jobs.started) == 5, "more often than a failure"
    assert published == []


@pytest.fixture(scope="session")
def landing(tmp_path_factory):
    return pipec.build(ROOT / "tests" / "e2e" / "platforms" / "landing", tmp_path_factory.mktemp("states") / "build")


def with_others(others: list):
    """AWS's own calls; of executions it says that these run beside the one that asks. moto does not spell their names."""
    call = StateTaskServiceAwsSdk._eval_service_task

    def called(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        if self.resource.api_name != "sfn":
            call(self, env, resource_runtime_part, normalised_parameters, state_credentials)
            return
        assert normalised_parameters["StatusFilter"] == "RUNNING"
        env.stack.append({"Executions": [{"ExecutionArn": "its own"}, *others]})

    return mock.patch.object(StateTaskServiceAwsSdk, "_eval_service_task", called)


def statuses(states, machine) -> dict:
    told = states.list_executions(stateMachineArn=machine)["executions"]
    return {one["executionArn"]: one["status"] for one in told}


def waiting(build, queue) -> dict:
    return rendered(build, "on-drops", arrivals=queue, job_counted="landing-base-counted")


def test_runs_that_were_missed_are_made_up_for_as_far_as_is_said(landing):
    jobs = {"job_priced": "priced", "job_counted": "counted", "job_warmest": "warmest"}
    (wave,) = [state for state in rendered(landing, **jobs)["States"].values() if state["Type"] == "Parallel"]
    for branch in wave["Branches"]:
        (task,) = branch["States"].values()
        assert task["Parameters"]["Arguments"] == {"--run_at.$": "$.run_at", "--catch_up": "7"}


def test_a_schedule_runs_once_for_all_that_has_landed(landing):
    """What has landed is taken, and only then do the jobs run; where nothing has, they do not."""
    assert lint.state_machine(waiting(landing, "https://sqs.eu-west-1.amazonaws.com/123456789012/drops")) == []
    jobs, others = Jobs("SUCCEEDED"), []
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), with_others(others), \
            mock.patch.multiple(StateTaskServiceGlue, _get_glue_client=lambda *_, **__: jobs, _eval_integration_pattern=waited):
        sqs, states = (boto3.client(name, region_name="eu-west-1") for name in ("sqs", "stepfunctions"))
        queue = sqs.create_queue(QueueName="drops")["QueueUrl"]
        machine = states.create_state_machine(
            name="on-drops", roleArn=ROLE, definition=json.dumps(hurried(waiting(landing, queue))))["stateMachineArn"]

        def ended(given) -> str:
            asked = {"stateMachineArn": machine, "input": json.dumps(given), "name": f"run-{time.monotonic_ns()}"}
            started = states.start_execution(**asked)["executionArn"]
            end = time.monotonic() + 60
            while (status := statuses(states, machine)[started]) == "RUNNING":
                assert time.monotonic() < end
                time.sleep(0.1)
            return status

        at = {"run_at": "2026-01-03T01:15:00Z"}
        assert (ended(at), len(jobs.started)) == ("SUCCEEDED", 0), "nothing has landed"
        for _ in range(30):
            sqs.send_message(QueueUrl=queue, MessageBody="landed")
        others.append({"ExecutionArn": "another"})
        assert (ended(at), len(jobs.started)) == ("SUCCEEDED", 0), "another run still goes on"
        others.clear()
        assert (ended(at), len(jobs.started)) == ("SUCCEEDED", 1), "all of it runs together"
        assert (ended(at), len(jobs.started)) == ("SUCCEEDED", 1), "and is taken"
        jobs.states.append("SUCCEEDED")
        assert (ended({}), len(jobs.started)) == ("SUCCEEDED", 2), "by hand it runs in any case"


def test_a_person_is_taken_out_in_two_passes(library_build):
    named = {"schedule": "erase-persons", "job_erase_persons": "library-erase-persons"}
    assert lint.state_machine(rendered(library_build, **named)) == []
    jobs = Jobs("FAILED", "SUCCEEDED", "SUCCEEDED")
    told, _ = run(library_build, jobs, {"request": "r-1", "subject": "whatever else is said is handed to nobody"}, **named)
    assert told["status"] == "SUCCEEDED"
    asked = [(one["JobName"], one["Arguments"]["--request"], one["Arguments"]["--pass"]) for one in jobs.started]
    assert asked == [("library-erase-persons", "r-1", number) for number in ("first", "first", "second")]
    assert {name for one in jobs.started for name in one["Arguments"]} == {"--request", "--pass", "--run_at"}


@pytest.mark.parametrize("given", [{}, {"request": 3}, {"subject": "loans.reader", "values": ["ann"]}])
def test_nobody_is_taken_out_without_the_name_of_a_request(library_build, given):
    jobs = Jobs()
    told, _ = run(library_build, jobs, given, schedule="erase-persons", job_erase_persons="library-erase-persons")
    assert (told["status"], told["error"], jobs.started) == ("FAILED", "NoRequest", [])
