"""The model of what roles are needed for finds what is missing, what is unused, and what goes too far."""

import copy
import json

import pytest
from support import permissions
from support.needs import Plan

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/start"
FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:look"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:letters"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k"
STATEMENTS = [
    {"Sid": "Invoke", "Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": [FUNCTION]},
    {"Sid": "Letters", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE},
    {"Sid": "Encrypt", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": [KEY],
     "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}}},
]
TARGET = {"arn": FUNCTION, "role_arn": ROLE, "dead_letter_config": [{"arn": QUEUE}]}
RESOURCES = {
    "aws_s3_bucket": {"region": "eu-west-1"},
    "aws_iam_role": {"name": "start", "arn": ROLE},
    "aws_scheduler_schedule": {"target": [TARGET], "kms_key_arn": None},
    "aws_sqs_queue": {"name": "letters", "arn": QUEUE, "kms_master_key_id": "k"},
}


def plan(*statements, **more) -> dict:
    """A plan of a schedule that starts a function."""
    policy = {"role": "start", "policy": json.dumps({"Statement": list(statements)})}
    resources = [{"mode": "managed", "type": kind, "name": kind.removeprefix("aws_"), "values": values}
                 for kind, values in {**RESOURCES, "aws_iam_role_policy": policy, **more}.items()]
    return {"planned_values": {"root_module": {"resources": resources}}}


def changed(number: int, **more) -> list[dict]:
    """The statements, one of them with other values."""
    statements = copy.deepcopy(STATEMENTS)
    statements[number] |= more
    return statements


def found(tmp_path, *statements, **more) -> list[str]:
    with pytest.raises(AssertionError) as error:
        permissions.check(plan(*statements, **more), tmp_path)
    return str(error.value).splitlines()


def test_what_is_right_passes(tmp_path):
    assert permissions.check(plan(*STATEMENTS), tmp_path) == {"roles": 1, "statements": 3, "grants": 4, "needs": 4}


@pytest.mark.parametrize("number", range(len(STATEMENTS)))
def test_a_statement_that_is_taken_out_is_missed_by_a_call(tmp_path, number):
    left = [statement for at, statement in enumerate(STATEMENTS) if at != number]
    problems = found(tmp_path, *left)
    actions = STATEMENTS[number]["Action"]
    assert len(problems) == (1 if isinstance(actions, str) else len(actions))
    assert all(problem.startswith("iam_role is not let ") for problem in problems), problems


def test_an_action_that_nothing_calls_is_found(tmp_path):
    problems = found(tmp_path, *changed(0, Action=["lambda:InvokeFunction", "lambda:GetFunction"]))
    assert problems == ["iam_role loses nothing without the action lambda:GetFunction of Invoke"]


def test_a_statement_that_nothing_calls_is_found(tmp_path):
    more = {"Sid": "More", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
    assert found(tmp_path, *STATEMENTS, more) == ["iam_role loses nothing without the statement More"]
    again = STATEMENTS[0] | {"Sid": "Again"}
    assert found(tmp_path, *STATEMENTS, again) == ["iam_role loses nothing without the statement Invoke",
                                                   "iam_role loses nothing without the statement Again"]


def test_a_resource_that_nothing_calls_is_found(tmp_path):
    other = f"{FUNCTION}-other"
    assert found(tmp_path, *changed(0, Resource=[FUNCTION, other])) == [
        f"iam_role loses nothing without Invoke: lambda:InvokeFunction on {other}"]


@pytest.mark.parametrize("resource", [f"{FUNCTION}*", FUNCTION.replace("look", "*"), "*"])
def test_a_resource_that_goes_too_far_is_found(tmp_path, resource):
    assert found(tmp_path, *changed(0, Resource=[resource])) == [
        f"iam_role is let Invoke: lambda:InvokeFunction on {resource}, of which calls need ['{FUNCTION}']"]


def test_an_action_that_goes_too_far_is_found(tmp_path):
    assert found(tmp_path, *changed(0, Action=["lambda:*"])) == [
        "iam_role is let Invoke: lambda:* on " + FUNCTION + ", of which calls need only ['lambda:InvokeFunction']"]


def test_a_condition_that_is_gone_is_found(tmp_path):
    problems = found(tmp_path, *changed(2, Condition={}))
    assert problems == [f"iam_role is let Encrypt: {action} on {KEY} whatever of ['kms:ViaService'] the call says"
                        for action in ["kms:Decrypt", "kms:GenerateDataKey"]]


def test_a_condition_that_no_call_meets_is_found(tmp_path):
    elsewhere = {"StringEquals": {"kms:ViaService": ["sqs.eu-west-1.amazonaws.com", "s3.eu-west-1.amazonaws.com"]}}
    assert found(tmp_path, *changed(2, Condition=elsewhere)) == [
        "iam_role is let Encrypt where kms:ViaService is s3.eu-west-1.amazonaws.com, which no call says"]
    never = {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
    assert sum("is not let kms:" in problem for problem in found(tmp_path, *changed(2, Condition=never))) == 2


def test_a_role_that_nobody_takes_is_found(tmp_path):
    values = {"name": "start", "arn": f"{ROLE}-of-others"}
    assert found(tmp_path, *STATEMENTS, aws_iam_role=values) == ["iam_role: nothing in the plan is known to take this role"]


def test_policies_that_would_not_be_looked_at_are_found(tmp_path):
    attached = {"role": "start", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert found(tmp_path, *STATEMENTS, aws_iam_role_policy_attachment=attached) == [
        "iam_role has arn:aws:iam::aws:policy/AdministratorAccess, which nothing is known to need"]
    with pytest.raises(AssertionError, match="no rule for the statement"):
        permissions.check(plan({"Sid": "Not", "Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), tmp_path)


def test_who_calls_what_is_not_known_is_an_error(tmp_path):
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "look.py").write_text('import boto3\nboto3.client("s3").delete_bucket(Bucket="b")\n')
    function = {"role": ROLE, "function_name": "look", "arn": FUNCTION, "handler": "look.handler", "environment": [],
                "logging_config": [{"log_group": "/aws/lambda/look"}], "tracing_config": [], "vpc_config": [],
                "dead_letter_config": []}
    with pytest.raises(AssertionError, match=r"look.py calls \['delete_bucket'\], for which there is no rule"):
        permissions.roles(Plan(plan(*STATEMENTS, aws_lambda_function=function), tmp_path))
