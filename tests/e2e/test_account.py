"""What exists once in an account: a stack of its own beside the platform's, and a platform that relies on it."""

import json
import re
import shutil

import pytest
from support import pipec, rules
from support.archives import put_missing
from support.lint import checkov
from support.paths import EXAMPLES
from support.rules import values
from support.terraform import Terraform, resources

ACCOUNT = """
/// The shop's account.
account shop {
  id                = "123456789012"
  glue_catalog      = managed
  quicksight        = managed
  dms_roles         = managed
  api_gateway_logs  = managed
  s3_public_access  = managed
  emr_public_access = managed
}
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """examples/clickstream, in an account of its own."""
    project = tmp_path_factory.mktemp("account") / "project"
    shutil.copytree(EXAMPLES / "clickstream", project)
    source = project / "clickstream.pipe"
    text = source.read_text().replace("  budget = ", "  audit  = [config { retain = 365 days }]\n  budget = ", 1)
    source.write_text(text + ACCOUNT)
    folder = pipec.build(project, project.parent / "build", "--env", "dev")
    put_missing(folder)
    return folder


@pytest.fixture(scope="module")
def account(build):
    """The state of the account's stack: laid out, valid, planned, applied, planned without changes; then it is destroyed."""
    with Terraform(build / "account") as terraform:
        yield terraform.check().state()
        terraform.destroy()
        assert not resources(terraform.state())


def test_each_part_is_there_once_and_as_the_platform_needs_it(account):
    (blocks,) = values(account, "aws_s3_account_public_access_block").values()
    assert all(blocks[name] for name in blocks if name.startswith(("block_", "ignore_", "restrict_")))
    (emr,) = values(account, "aws_emr_block_public_access_configuration").values()
    assert emr["block_public_security_group_rules"] and not emr["permitted_public_security_group_rule_range"]
    (catalog,) = values(account, "aws_glue_data_catalog_encryption_settings").values()
    (at_rest,) = catalog["data_catalog_encryption_settings"][0]["encryption_at_rest"]
    assert at_rest["sse_aws_kms_key_id"] == values(account, "aws_kms_key")["platform"]["arn"]
    assert at_rest["catalog_encryption_service_role"] == values(account, "aws_iam_role")["glue_catalog"]["arn"]
    (lake,) = values(account, "aws_lakeformation_data_lake_settings").values()
    assert any(admin.startswith("arn:aws:iam:") for admin in lake["admins"])
    assert not lake["create_database_default_permissions"] and not lake["create_table_default_permissions"]
    assert {role["name"] for role in values(account, "aws_iam_role").values()} >= {"dms-vpc-role", "dms-cloudwatch-logs-role"}
    (retained,) = values(account, "aws_config_retention_configuration").values()
    assert retained["retention_period_in_days"] == 365
    (subscribed,) = values(account, "aws_quicksight_account_subscription").values()
    assert (subscribed["edition"], subscribed["account_name"]) == ("ENTERPRISE", "account-clickstream-123456789012")
    (told,) = values(account, "aws_api_gateway_account").values()
    assert told["cloudwatch_role_arn"] == values(account, "aws_iam_role")["api_gateway_logs"]["arn"]


def test_nothing_in_it_is_open_or_wider_than_it_has_to_be(account, build):
    rules.policies_are_narrow(account)
    rules.buckets_are_private_and_purge(account)
    assert checkov(build / "account")["failed"] == []


def test_the_platform_has_none_of_it_and_says_what_is_missing(build, account):
    with Terraform(build / "terraform") as terraform:
        terraform.init()
        done = terraform.run("plan", "-input=false", "-no-color", allow=(1,))
        said = " ".join((done.stderr + done.stdout).replace("│", " ").split())
        assert "IAM_ALLOWED_PRINCIPALS" in said and "apply the stack in account/ of this build first." in said
        # The plugin's account is one that nobody has looked after; from here on it is as if somebody had.
        for name in ["lake_formation.tf", "account.tf"]:
            file = terraform.folder / name
            file.write_text(re.sub(r"(precondition {\n +condition +=).*", r'\1 local.account != ""', file.read_text()))
        plan = terraform.plan()
        terraform.apply()
        state = terraform.state()
        settled = terraform.assert_settled()
    pipec.pipec("verify", "-", build, stdin=json.dumps(settled)).ok()
    own = {resource["type"] for resource in resources(account)} - {resource["type"] for resource in resources(state)}
    assert own >= {"aws_lakeformation_data_lake_settings", "aws_config_configuration_recorder", "aws_config_delivery_channel"}
    assert "configuration" not in values(state, "aws_s3_bucket") and len(values(state, "aws_config_config_rule")) == 4
    assert "manage_config" not in plan.get("variables", {})


def test_another_account_than_the_one_that_is_meant_is_refused(build):
    for folder in ["account", "terraform"]:
        assert 'allowed_account_ids = ["123456789012"]' in (build / folder / "providers.tf").read_text()


def test_evidence_of_the_platform_says_what_it_rests_on(build):
    assumed = [one["says"] for one in json.loads((build / "evidence.json").read_text())["assumptions"]]
    assert "the stack in `account/` is applied, and looks after the data lake settings of Lake Formation" in assumed
    claims = {claim["id"] for claim in json.loads((build / "account" / "evidence.json").read_text())["claims"]}
    assert claims >= {"account.lake_formation", "account.config", "private.configuration", "encryption",
                      "permissions.glue_catalog"}


def test_verify_refuses_an_account_that_is_not_as_it_was_built(build):
    with Terraform(build / "account") as terraform:
        terraform.init()
        file = terraform.folder / "public_access.tf"
        file.write_text(file.read_text().replace("block_public_policy     = true", "block_public_policy     = false"))
        plan = terraform.plan()
    done = pipec.pipec("verify", "--account", "-", build, stdin=json.dumps(plan))
    assert done.status == 1 and "account.s3_public_access" in done.err, done.err
