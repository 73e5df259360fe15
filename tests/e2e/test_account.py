"""What exists once in an account: a stack of its own beside the platform's, and a platform that relies on it."""

import json
import shutil

import pytest
from support import lint, pipec
from support.archives import put_missing
from support.paths import EXAMPLES
from support.rules import values
from support.terraform import Terraform, policies, resources

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
