"""The terraform oracle: it accepts what is right, says what is wrong, and renders policies as AWS would see them."""

import json
import re
import shutil

import pytest
from support.paths import ORACLE
from support.terraform import Terraform, TerraformError, assert_room, policies, resources

HEAD = """terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

provider "aws" {
  region = "us-east-1"
}
"""
QUEUE = 'resource "aws_sqs_queue" "q" { name = "q" }\n'
JOB = 'resource "aws_glue_job" "j" {\n name = "j"\n role_arn = "arn:aws:iam::123456789012:role/x"\n %s\n}\n'
COMMAND = 'command { script_location = "s3://b/k" }'

# What is wrong, the configuration, and what terraform must say of it.
WRONG = [
    ("unknown attribute", 'resource "aws_s3_bucket" "b" {\n buckett = "x"\n}', r'Unsupported argument.*"buckett"'),
    ("unknown block", 'resource "aws_sqs_queue" "b" {\n encryption { enabled = true }\n}',
     r'Unsupported block type.*"encryption"'),
    ("unknown resource type", 'resource "aws_s3_buket" "b" {}', r"Invalid resource type"),
    ("unknown data source", 'data "aws_caller_identiti" "b" {}', r"Invalid data source"),
    ("missing attribute", 'resource "aws_iam_role" "r" { name = "r" }',
     r'Missing required argument.*"assume_role_policy" is required'),
    ("missing block", 'resource "aws_glue_trigger" "t" {\n name = "t"\n type = "ON_DEMAND"\n}',
     r"Insufficient actions blocks"),
    ("list for a string", 'resource "aws_s3_bucket" "b" { bucket = ["x"] }',
     r"Incorrect attribute value type.*string required"),
    ("word for a number", 'resource "aws_sqs_queue" "q" { delay_seconds = "soon" }',
     r"Incorrect attribute value type.*a number is required"),
    ("string for a set", 'resource "aws_db_subnet_group" "g" { subnet_ids = "subnet-1" }',
     r"Incorrect attribute value type.*set of string required"),
    ("block for an attribute", 'resource "aws_s3_bucket" "b" {\n tags { a = "b" }\n}', r"Unsupported block type.*tags"),
    ("attribute for a block", JOB % 'command = { script_location = "s3://b/k" }', r'Unsupported argument.*"command"'),
    ("too many blocks", JOB % f"{COMMAND}\n {COMMAND}", r"Too many command blocks"),
    ("unknown attribute in a block", JOB % 'command {\n script_location = "s3://b/k"\n script_path = "x"\n}',
     r'Unsupported argument.*"script_path"'),
    ("missing attribute in a block", JOB % 'command { name = "glueetl" }',
     r'Missing required argument.*"script_location"'),
    ("undeclared resource", 'output "x" { value = aws_sqs_queue.nope.arn }', r"Reference to undeclared resource"),
    ("unknown attribute of a reference", QUEUE + 'output "x" { value = aws_sqs_queue.q.arnn }',
     r'Unsupported attribute.*"arnn"'),
    ("another type's attribute", QUEUE + 'output "x" { value = aws_sqs_queue.q.bucket }', r"Unsupported attribute"),
    ("read-only attribute", 'resource "aws_sqs_queue" "q" { arn = "arn:aws:sqs:us-east-1:1:q" }',
     r"Value for unconfigurable attribute"),
    ("not JSON", 'resource "aws_sqs_queue" "q" { redrive_policy = "{oops" }', r"Invalid JSON"),
    ("secret in a plain output", 'resource "aws_db_instance" "d" {\n instance_class = "x"\n password = "p"\n}\n'
     'output "p" { value = aws_db_instance.d.password }', r"Output refers to sensitive values"),
    ("cycle", 'resource "aws_sqs_queue" "a" { name = aws_sqs_queue.b.name }\n'
     'resource "aws_sqs_queue" "b" { name = aws_sqs_queue.a.name }', r"Cycle:"),
    ("unknown argument of the provider", 'provider "aws" {\n alias = "x"\n regionn = "us-east-1"\n}\n'
     'resource "aws_sqs_queue" "q" { provider = aws.x }', r'Unsupported argument.*"regionn"'),
]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """One initialised folder in which each wrong configuration takes its turn."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "main.tf").write_text(HEAD)
    with Terraform(folder) as tf:
        yield tf.init()


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong_is_refused(bench, text, said):
    (bench.folder / "main.tf").write_text(f"{HEAD}\n{text}\n")
    with pytest.raises(TerraformError) as refused:
        bench.validate()
        bench.plan()
    assert re.search(said, re.sub(r"[\s│╷╵]+", " ", str(refused.value)))


@pytest.fixture(scope="module")
def good():
    with Terraform(ORACLE / "good") as tf:
        yield tf.check()


def test_what_is_right_is_accepted_and_settles(good):
    assert len(resources(good.state())) > 15
    assert not list((ORACLE / "good").glob(".terraform*")), "nothing may be left in the configuration's own folder"
    assert not list((ORACLE / "good").glob("*.tfstate"))


def test_references_and_computed_values_look_like_those_of_aws(good):
    outputs = good.outputs()
    assert "arn:aws:lambda:eu-west-1:123456789012:function:f" in outputs["arns"]
    assert "arn:aws:s3:::lake-123456789012" in outputs["arns"]
    assert outputs["tags_all"] == {"project": "demo", "tier": "raw"}


def test_policies_are_found_wherever_they_stand(good):
    found = {(policy.type, policy.attribute): policy for policy in policies(good.state())}
    assert ("aws_iam_role", "assume_role_policy") in found
    rights = found["aws_iam_role_policy", "policy"].document()
    assert rights["Statement"][0]["Action"] == ["s3:ListBucket", "s3:GetObject"]
    assert "arn:aws:s3:::lake-123456789012" in rights["Statement"][0]["Resource"]
    assert found["aws_iam_role", "assume_role_policy"].is_trust
    assert not found["aws_iam_role_policy", "policy"].is_trust


def test_policies_of_every_kind_of_resource_are_found():
    state = {"values": {"root_module": {"child_modules": [{"resources": [
        {"mode": "managed", "address": "module.x.aws_kms_key.k", "type": "aws_kms_key",
         "values": {"policy": '{"Statement": []}', "description": '{"Statement": []}'}},
        {"mode": "managed", "address": "module.x.aws_iam_role.r", "type": "aws_iam_role",
         "values": {"inline_policy": [{"name": "p", "policy": '{"Statement": [{}]}'}], "assume_role_policy": "{}"}},
        {"mode": "data", "address": "module.x.data.d", "type": "aws_iam_policy_document",
         "values": {"policy": '{"Statement": []}'}},
    ]}]}}}
    assert [(policy.address, policy.attribute) for policy in policies(state)] == [
        ("module.x.aws_kms_key.k", "policy"), ("module.x.aws_iam_role.r", "policy")]


def test_a_badly_laid_out_file_is_shown(tmp_path):
    (tmp_path / "main.tf").write_text('locals {\n  a = 1\n  long = 2\n}\n')
    with Terraform(tmp_path) as tf, pytest.raises(TerraformError, match=r"\+  a    = 1"):
        tf.fmt()


def test_a_plan_that_never_settles_is_found(tmp_path):
    (tmp_path / "main.tf").write_text(HEAD + '\nresource "aws_sqs_queue" "q" {\n  name = "q-${timestamp()}"\n}\n')
    with Terraform(tmp_path) as tf, pytest.raises(AssertionError, match="a second plan has changes"):
        tf.check()


def test_variables_are_handed_over_and_the_files_of_a_build_are_there(tmp_path):
    build = tmp_path / "build"
    shutil.copytree(ORACLE / "good", build / "terraform")
    (build / "manifest.json").write_text("{}")
    (build / "job.py").write_text("print(1)\n")
    (build / "terraform" / "more.tf").write_text(
        'variable "names" {\n  type = list(string)\n}\n\n'
        'output "got" {\n  value = [var.names, filesha1("${path.module}/../job.py")]\n}\n'
    )
    with Terraform(build / "terraform", variables={"names": ["a", "b"]}) as tf:
        tf.check()
        assert tf.outputs()["got"][0] == ["a", "b"]


def test_policies_that_are_too_long_are_found():
    def shown(*lengths):
        whole = [json.dumps({"Statement": [{"Sid": "x" * length}]}) for length in lengths]
        own = [{"address": f"aws_iam_role_policy.p{number}", "mode": "managed", "type": "aws_iam_role_policy",
                "values": {"role": "job", "policy": text}} for number, text in enumerate(whole)]
        return {"planned_values": {"root_module": {"resources": own}}}

    assert_room(shown(5_000, 5_000))
    with pytest.raises(AssertionError, match=r"job has 12052 characters"):
        assert_room(shown(6_000, 6_000))
