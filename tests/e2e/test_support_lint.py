"""Others' linters find what they are there for, and say nothing of what is right."""

import json

from support import lint

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def policy(**statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def test_parliament_knows_actions_and_their_resources():
    right, unknown, mismatch, broken = lint.parliament([
        policy(Action="s3:GetObject", Resource="arn:aws:s3:::lake/*"),
        policy(Action="s3:GetObjekt", Resource="arn:aws:s3:::lake/*"),
        policy(Action="s3:GetObject", Resource="arn:aws:s3:::lake"),
        "{",
    ])
    assert right == []
    assert [finding["issue"] for finding in unknown] == ["UNKNOWN_ACTION"]
    assert [finding["issue"] for finding in mismatch] == ["RESOURCE_MISMATCH"]
    assert broken


def test_the_validator_of_state_machines():
    states = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    assert lint.state_machine(states) == []
    assert lint.state_machine({**states, "StartAt": "B"})
    assert lint.state_machine({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}})
    assert lint.state_machine("{")


def test_checkov_finds_open_buckets_and_names_skips(tmp_path):
    (tmp_path / "main.tf").write_text('''
resource "aws_sqs_queue" "open" {
  name = "q"
}

resource "aws_sqs_queue" "excused" {
  # checkov:skip=CKV_AWS_27: holds nothing but the names of files
  name = "q2"
}

resource "aws_sqs_queue" "closed" {
  name              = "q3"
  kms_master_key_id = "alias/x"
}
''')
    said = lint.checkov(tmp_path)
    assert [(check, resource) for check, resource, *_ in said["failed"]] == [("CKV_AWS_27", "aws_sqs_queue.open")]
    assert [(check, resource, why) for check, resource, _, why in said["skipped"]] == [
        ("CKV_AWS_27", "aws_sqs_queue.excused", "holds nothing but the names of files")]
    assert said["passed"] >= 1
