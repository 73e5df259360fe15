"""Delivery pipelines: each system takes its file, its commands deploy, and only its jobs may."""

import json
import os
import subprocess

import pytest
import yaml
from support import pipec
from support.archives import put_missing
from support.aws import CREDENTIALS, Moto
from support.lint import checkov, parliament
from support.paths import EXAMPLES, JARS, JDK, PLUGINS, tool
from support.terraform import Terraform, policies

# How each system is written, its labels as odd as a text can be; its file; the schema of such files.
SYSTEMS = {
    "gitlab": ("gitlab", "gitlab-ci.yml", "gitlab-ci"),
    "github": (r'github_actions { runner = "odd: \"x\" \${{ y }} # z" }', "github-actions.yml", "github-workflows"),
    "bitbucket": (r'''bitbucket { runner = "odd: 'x' # z" }''', "bitbucket-pipelines.yml", "bitbucket-pipelines"),
    "jenkins": (r'''jenkins { agent = "odd 'x' \\ && \${y}" }''', "Jenkinsfile", None),
}
UUID = "{01234567-89ab-cdef-0123-456789abcdef}"
ARN = "arn:aws:iam::123456789012"
VARIABLES = {
    "gitlab": {"repository": "example/platform"},
    "github": {"repository": "example/platform"},
    "bitbucket": {"workspace": "example", "workspace_uuid": UUID, "repository_uuid": UUID,
                  "environment_uuids": {"dev": UUID, "prod": UUID}},
    "jenkins": {"jenkins_url": "https://ci.example.com/", "job_url": "https://ci.example.com/job/platform/job/main/"},
}
SUBJECTS = {
    "gitlab": ("project_path:example/platform:ref_type:branch:ref:main",) * 2,
    "github": ("repo:example/platform:ref:refs/heads/main", "repo:example/platform:environment:prod"),
    "bitbucket": (f"{UUID}:*", f"{UUID}:{UUID}:*"),
    "jenkins": ("https://ci.example.com/job/platform/job/main/",) * 2,
}


@pytest.fixture(scope="session", params=SYSTEMS)
def delivered(request, tmp_path_factory):
    """A system, the project that it delivers, and the project's build."""
    system = request.param
    folder = tmp_path_factory.mktemp(system)
    text = (EXAMPLES / "starter" / "starter.pipe").read_text()
    (folder / "platform.pipe").write_text(
        f"{text}\ndelivery ship {{ ci = {SYSTEMS[system][0]}, environments = [dev, prod], approve = [prod] }}\n\n"
        "env dev  { pipeline.destroyable = true }\nenv prod { zone.processed.retain = 400 days }\n")
    return system, folder, pipec.build(folder, folder / "build")


def test_the_system_takes_its_file(delivered, tmp_path):
    system, _, build = delivered
    _, name, schema = SYSTEMS[system]
    if schema:
        check = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(build / "ci" / name)]
        command = [tool("venv", "bin", "python"), *check]
    else:
        (groovy,) = JARS.glob("groovy-*.jar")
        command = [str(JDK / "bin" / "java"), "-cp", str(groovy), "org.codehaus.groovy.tools.FileSystemCompiler",
                   "-d", str(tmp_path), str(build / "ci" / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_its_jobs_may(delivered):
    system, _, build = delivered
    variables = {**VARIABLES[system], "state_bucket": "example-states",
                 "state_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
                 "plan_policies": [f"{ARN}:policy/reader"], "apply_policies": [f"{ARN}:policy/writer"],
                 "permissions_boundary": f"{ARN}:policy/boundary"}
    with Terraform(build / "ci" / "roles", variables=variables) as terraform:
        found = list(policies(terraform.check().state()))
    trusts = {policy.address.split(".")[1]: policy.document()["Statement"][0] for policy in found if policy.is_trust}
    assert sorted(trusts) == ["apply_dev", "apply_prod", "plan_dev", "plan_prod"]
    for role, subject in zip(["plan_prod", "apply_prod"], SUBJECTS[system], strict=True):
        (conditions,) = trusts[role]["Condition"].values()
        assert [value for name, value in conditions.items() if name.endswith(":sub")] == [subject]
        assert len(conditions) == 2, "the audience is asked for too"
    # The subjects of Bitbucket's tokens end in the number of a step; all others are compared whole.
    assert {name for trust in trusts.values() for name in trust["Condition"]} == {
        "StringLike" if system == "bitbucket" else "StringEquals"}
    state = {policy.address.split(".")[1]: policy.document() for policy in found if not policy.is_trust}
    written = {role for role, document in state.items() for statement in document["Statement"]
               if "s3:PutObject" in statement["Action"] and statement["Resource"][0].endswith(".tfstate")}
    assert written == {"apply_dev", "apply_prod"}
    if system != "gitlab":
        # What the linters look at is the same for all but the subjects.
        return
    assert [finding for said in parliament([json.dumps(document) for document in state.values()]) for finding in said] == []
    assert checkov(build / "ci" / "roles")["failed"] == []


def test_its_commands_leave_the_state_in_the_bucket(delivered, tmp_path):
    """The commands themselves, in a shell: what a plan makes is applied, and the state is where the settings say."""
    system, folder, build = delivered
    text = (build / "ci" / SYSTEMS[system][1]).read_text()
    if system != "gitlab":
        # One text makes the commands of all systems.
        for command in COMMANDS:
            assert command in text or json.dumps(command)[1:-1] in text, command
        return
    jobs = yaml.safe_load(text)
    assert [command for job in ("package dev", "plan dev", "apply dev") for command in jobs[job]["script"]] == COMMANDS
    with Moto() as aws:
        aws.client("s3").create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        backend = tmp_path / "backend.config"
        backend.write_text(
            f'bucket = "states"\nregion = "eu-west-1"\nendpoints = {{ s3 = "{aws.url}" }}\nuse_path_style = true\n'
            "use_lockfile = true\nskip_credentials_validation = true\nskip_requesting_account_id = true\n"
            "skip_metadata_api_check = true\nskip_region_validation = true\n")
        binaries = tmp_path / "bin"
        binaries.mkdir()
        (binaries / "pipec").symlink_to(pipec.binary())
        (binaries / "terraform").symlink_to(tool("bin", "terraform"))
        environment = {**os.environ, **CREDENTIALS, "PATH": f"{binaries}:{os.environ['PATH']}",
                       "TF_BACKEND_CONFIG": str(backend), "TF_CLI_ARGS_init": f"-plugin-dir={PLUGINS}",
                       "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        for command in COMMANDS:
            if command.startswith("pipec package"):
                # Archives are another test's; Terraform asks only that they are there.
                put_missing(folder / "build-dev")
                continue
            done = subprocess.run(["bash", "-euc", command], cwd=folder, env=environment, capture_output=True,
                                  text=True, check=False)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        (state,) = aws.client("s3").list_objects_v2(Bucket="states")["Contents"]
        assert state["Key"] == "starter/dev.tfstate"
    assert not list((folder / "build-dev" / "terraform").glob("*.tfstate"))


TERRAFORM = "terraform -chdir=build-dev/terraform"
INIT = (f'{TERRAFORM} init -input=false -backend-config="$TF_BACKEND_CONFIG" '
        '-backend-config="key=starter/dev.tfstate"')
COMMANDS = [
    "pipec build --env dev -o build-dev",
    """echo '{"terraform":{"backend":{"s3":{}}}}' > build-dev/terraform/backend.tf.json""",
    "pipec package build-dev",
    INIT,
    f"{TERRAFORM} plan -input=false -var environment=dev -out=plan.bin",
    f"{TERRAFORM} show -json plan.bin | pipec verify - build-dev",
    INIT,
    f"{TERRAFORM} apply -input=false plan.bin",
]
