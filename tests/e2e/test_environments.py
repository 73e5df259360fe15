"""Every environment of the whole platforms under Terraform; what may be destroyed goes without a trace, and the rest stays."""

import re

import pytest
from support import pipec
from support.archives import put_missing
from support.built import DECIDED, WHOLE
from support.lint import checkov
from support.paths import EXAMPLES
from support.terraform import Terraform, TerraformError, resources


def environments():
    """Each whole platform with each environment that it declares."""
    for name in WHOLE:
        texts = (path.read_text() for path in sorted((EXAMPLES / name).glob("*.pipe")))
        for environment in sorted({found for text in texts for found in re.findall(r"^env (\w+)", text, re.M)}):
            yield name, environment


@pytest.mark.parametrize(("name", "environment"), list(environments()), ids=map("-".join, environments()))
def test_an_environment_is_applied_once_and_destroyed_where_it_may_be(name, environment, tmp_path):
    build = pipec.build(EXAMPLES / name, tmp_path / "build", "--env", environment)
    put_missing(build)
    text = "".join(path.read_text() for path in sorted((build / "terraform").glob("*.tf")))
    variables = {"environment": environment, **DECIDED.get(name, {})}
    with Terraform(build / "terraform", variables=variables) as terraform:
        assert len(resources(terraform.check().state())) > 100
        if "prevent_destroy = true" in text:
            with pytest.raises(TerraformError, match="Instance cannot be destroyed"):
                terraform.destroy()
        else:
            terraform.destroy()
            assert resources(terraform.state()) == []
    assert checkov(build / "terraform")["failed"] == []


def test_there_are_environments_of_both_kinds():
    assert {"data-pipeline-dev", "data-pipeline-prod", "image-lake-prod"} <= {"-".join(one) for one in environments()}
